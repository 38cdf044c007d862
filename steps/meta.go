package steps

var metaWords = []step{}

var metaInvariants = []invariant{}
