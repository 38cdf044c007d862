package everything

var statelessFaults = faultTable{}
