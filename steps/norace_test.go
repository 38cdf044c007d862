//go:build !race

package steps_test

const slack = 1
