package steps

var sseWords = []step{}

var sseInvariants = []invariant{}
