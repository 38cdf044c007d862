package steps

var promptsWords = []step{}

var promptsInvariants = []invariant{}
