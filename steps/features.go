package steps

var featuresWords = []step{}

var featuresInvariants = []invariant{}
