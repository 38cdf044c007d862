package everything

var resultFaults = faultTable{}
