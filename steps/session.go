package steps

var sessionWords = []step{}

var sessionInvariants = []invariant{}
