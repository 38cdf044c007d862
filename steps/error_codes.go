package steps

var errorsWords = []step{}

var errorsInvariants = []invariant{}
