package everything

var sseFaults = faultTable{
	"sse.endpoints.two":        {does: "answers the POST of a request with the id posted with status 404"},
	"sse.endpoint-event":       {does: "wraps the address for messages in JSON"},
	"sse.endpoint-event.first": {does: "pings before it names the address for messages"},
	"sse.message-events":       {does: "sends messages as events of type rpc"},
	"sse.responses-on-stream":  {does: "leaves out the response to a request with the id on-the-stream"},
	"sse.client-isolation":     {does: "sends responses to other clients as well"},
}
