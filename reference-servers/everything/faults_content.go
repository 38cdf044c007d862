package everything

var contentFaults = faultTable{}
