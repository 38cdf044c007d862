package everything

var jsonrpcFaults, errorFaults, lifecycleFaults, discoverFaults, httpFaults, stdioFaults,
	toolFaults, contentFaults, resourceFaults, paginationFaults, headerFaults, statelessFaults,
	metaFaults, featureFaults faultTable
