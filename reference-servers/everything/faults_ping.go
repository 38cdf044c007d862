package everything

var pingFaults = faultTable{
	"ping.respond-before-initialized": {does: "refuses ping until the client is initialized"},
	"ping.respond-empty":              {"answers ping with the time of day", tellTime},
	"ping.server.no-excess":           {does: "pings a dozen times before it returns a prompt"},
}

func tellTime(o *outgoing) {
	if r := o.to("ping"); r != nil {
		r["time"] = "12:00"
	}
}
