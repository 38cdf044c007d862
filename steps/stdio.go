package steps

var stdioWords = []step{}

var stdioInvariants = []invariant{}
