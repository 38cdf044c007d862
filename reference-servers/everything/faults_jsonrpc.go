package everything

var jsonrpcFaults = faultTable{}
