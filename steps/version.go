package steps

var versionWords = []step{}

var versionInvariants = []invariant{}
