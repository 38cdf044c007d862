package everything

var resourcesFaults = faultTable{}
