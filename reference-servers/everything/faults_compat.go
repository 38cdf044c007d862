package everything

var compatFaults = faultTable{}
