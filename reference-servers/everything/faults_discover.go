package everything

var discoverFaults = faultTable{}
