package everything

var headersFaults = faultTable{}
