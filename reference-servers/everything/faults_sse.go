package everything

var sseFaults = faultTable{}
