package steps

var compatWords = []step{}

var compatInvariants = []invariant{}
