package everything

var metaFaults = faultTable{}
