package steps

var resultWords = []step{}

var resultInvariants = []invariant{}
