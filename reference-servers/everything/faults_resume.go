package everything

var resumeFaults = faultTable{}
