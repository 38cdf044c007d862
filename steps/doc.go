// Package steps turns the words of feature files into acts of an MCP client and
// judges what the server does.
//
// It has three parts. The vocabulary is one table of everything a feature file
// can say. A World is all the state of one scenario. A Subject is what the
// scenarios of a run share: the server under test, what it offers, and every
// conversation held with it.
//
// The Gherkin keyword decides the verdict. A Given that cannot be had leaves the
// scenario inconclusive, a When that cannot be done is mcpcheck's own error, and
// a Then that is not met is a failure of the server. Requirements that hold of
// every message are not scenarios but invariants, judged over all traffic of the
// run.
//
// The package generates no load itself, does not launch reference servers and
// writes no reports. A feature file can ask for load all the same: Config.Load
// puts it on the server, and the steps judge the figures that come of it.
package steps
