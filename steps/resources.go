package steps

var resourcesWords = []step{}

var resourcesInvariants = []invariant{}
