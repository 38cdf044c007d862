package steps

var jsonrpcWords = []step{}

var jsonrpcInvariants = []invariant{}
