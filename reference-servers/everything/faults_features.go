package everything

var featuresFaults = faultTable{}
