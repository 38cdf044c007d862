package steps

var httpWords = []step{}

var httpInvariants = []invariant{}
