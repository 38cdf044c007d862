package everything

var resumeFaults = faultTable{
	"resume.event-id.unique":         {does: "gives the last events of all streams one id"},
	"resume.replay-same-stream":      {does: "mixes the messages of later streams into one that is resumed"},
	"resume.no-duplicates-before-id": {does: "begins a resumed stream with the last event that was received"},
	"resume.via-get-any-origin":      {does: "resumes only streams that were opened by GET"},
}
