package everything

var errorsFaults = faultTable{}
