package everything

var pingFaults = faultTable{}
