package everything

var versionFaults = faultTable{}
