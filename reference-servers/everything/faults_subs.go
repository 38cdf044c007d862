package everything

var subsFaults = faultTable{
	"subs.listen.supported":             {does: "does not know subscriptions/listen"},
	"subs.listen.sse":                   {does: "answers who listens with plain JSON"},
	"subs.listen.stays-open":            {does: "closes the stream of who asked for everything"},
	"subs.ack.sent-first":               {does: "does not acknowledge a subscription"},
	"subs.ack.nothing-before":           {does: "tells of a change before it acknowledges"},
	"subs.filter.requested-only":        {does: "tells every subscription of every change of a list"},
	"subs.filter.opt-in-only":           {does: "tells of a change on the stream of another request"},
	"subs.notification.subscription-id": {does: "leaves the id of the subscription out"},
	"subs.client-cancel.stdio":          {does: "goes on with a cancelled subscription"},
	"subs.client-cancel.http":           {does: "keeps a subscription whose stream was closed"},
	"subs.no-state-across-connections":  {does: "speaks to a subscription whose connection is gone"},
	"subs.teardown.result":              {does: "ends a subscription without a result"},
	"subs.teardown.result-shape":        {does: "leaves the id out of the result of a subscription"},
	"subs.ack.shape": {"acknowledges changes of resources with a word", func(o *outgoing) {
		with(o.notice("notifications/subscriptions/acknowledged")["notifications"], func(filter object) {
			if filter["resourcesListChanged"] != nil {
				filter["resourcesListChanged"] = "yes"
			}
		})
	}},
	"subs.ack.subset": {"acknowledges more than was asked for", func(o *outgoing) {
		with(o.notice("notifications/subscriptions/acknowledged")["notifications"], func(filter object) {
			filter["promptsListChanged"], filter["toolsListChanged"] = true, true
		})
	}},
	"subs.notification.id-absent-elsewhere": {"names a subscription in reports of progress", func(o *outgoing) {
		if params := o.notice("notifications/progress"); params != nil && o.revision == rev2026_07_28 {
			params["_meta"] = object{metaSubscription: "mcpcheck-listens"}
		}
	}},
}
