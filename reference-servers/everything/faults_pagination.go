package everything

var paginationFaults = faultTable{}
