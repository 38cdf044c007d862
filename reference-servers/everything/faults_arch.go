package everything

var archFaults = faultTable{}
