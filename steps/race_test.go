//go:build race

package steps_test

// slack is by how much the times to wait are longer: the race detector makes
// both sides slower by that much and more.
const slack = 3
