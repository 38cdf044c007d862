package steps

var pingWords = []step{}

var pingInvariants = []invariant{}
