package everything

var promptsFaults = faultTable{}
