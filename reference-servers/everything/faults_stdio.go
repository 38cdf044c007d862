package everything

var stdioFaults = faultTable{}
