package everything

var sessionFaults = faultTable{}
