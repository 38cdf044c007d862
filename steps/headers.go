package steps

var headersWords = []step{}

var headersInvariants = []invariant{}
