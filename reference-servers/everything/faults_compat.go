package everything

var compatFaults = faultTable{
	"compat.client-responses-not-processed": {does: "acknowledges responses, which clients no longer send"},
	"compat.get-delete-405":                 {does: "answers GET and DELETE with status 404"},
	"compat.last-event-id-ignored":          {does: "refuses a request with Last-Event-ID"},
	"compat.session-id-ignored":             {does: "repeats the session id that a client sends"},
}
