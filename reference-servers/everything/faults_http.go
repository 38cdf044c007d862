package everything

var httpFaults = faultTable{}
