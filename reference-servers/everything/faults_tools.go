package everything

var toolsFaults = faultTable{}
