package steps

var paginationWords = []step{}

var paginationInvariants = []invariant{}
