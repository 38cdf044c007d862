package everything

var lifecycleFaults = faultTable{}
