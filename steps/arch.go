package steps

var archWords = []step{}

var archInvariants = []invariant{}
