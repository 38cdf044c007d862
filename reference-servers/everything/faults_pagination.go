package everything

var paginationFaults = faultTable{
	"pagination.next-cursor.string": {does: "names the next page by a number", rewrite: func(o *outgoing) {
		if r := o.to("resources/templates/list"); r["nextCursor"] != nil {
			r["nextCursor"] = 2
		}
	}},
	"pagination.cursor.opaque-position": {does: "begins a page of prompts with the last prompt of the page before"},
	"pagination.walk.terminates": {does: "lets the last page of templates point to itself", rewrite: func(o *outgoing) {
		if r := o.to("resources/templates/list"); r != nil && r["nextCursor"] == nil && o.params["cursor"] != nil {
			r["nextCursor"] = o.params["cursor"]
		}
	}},
	"pagination.cursor.stable":           {does: "moves on when a cursor is used again"},
	"pagination.invalid-cursor.code":     {does: "takes a cursor that it did not issue for the beginning"},
	"pagination.invalid-cursor.graceful": {does: "refuses the next request for the list after a cursor that is a number"},
	"pagination.cursor.accepted":         {does: "refuses its own cursors for templates"},
	"pagination.request.params-optional": {does: "refuses a request for a list without params"},
}
