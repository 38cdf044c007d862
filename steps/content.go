package steps

var contentWords = []step{}

var contentInvariants = []invariant{}
