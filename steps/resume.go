package steps

var resumeWords = []step{}

var resumeInvariants = []invariant{}
