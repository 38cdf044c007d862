package spec

import "encoding/json"

// A span is the revisions in which a method exists, and the definition of what
// a server sends for it. An empty end is open.
type span struct {
	definition string
	from, to   Revision
}

func (s span) in(r Revision) bool {
	return r >= s.from && (s.to == "" || r <= s.to)
}

func find(table map[string]span, r Revision, method string) (string, bool) {
	s, ok := table[method]
	if !ok || !s.in(r) {
		return "", false
	}
	return s.definition, true
}

var results = map[string]span{
	"initialize":               {"InitializeResult", R20241105, R20251125},
	"ping":                     {"EmptyResult", R20241105, R20251125},
	"logging/setLevel":         {"EmptyResult", R20241105, R20251125},
	"resources/subscribe":      {"EmptyResult", R20241105, R20251125},
	"resources/unsubscribe":    {"EmptyResult", R20241105, R20251125},
	"tools/list":               {"ListToolsResult", R20241105, ""},
	"tools/call":               {"CallToolResult", R20241105, ""},
	"resources/list":           {"ListResourcesResult", R20241105, ""},
	"resources/templates/list": {"ListResourceTemplatesResult", R20241105, ""},
	"resources/read":           {"ReadResourceResult", R20241105, ""},
	"prompts/list":             {"ListPromptsResult", R20241105, ""},
	"prompts/get":              {"GetPromptResult", R20241105, ""},
	"completion/complete":      {"CompleteResult", R20241105, ""},
	"tasks/get":                {"GetTaskResult", R20251125, R20251125},
	"tasks/result":             {"GetTaskPayloadResult", R20251125, R20251125},
	"tasks/cancel":             {"CancelTaskResult", R20251125, R20251125},
	"tasks/list":               {"ListTasksResult", R20251125, R20251125},
	"server/discover":          {"DiscoverResult", R20260728, ""},
	"subscriptions/listen":     {"SubscriptionsListenResult", R20260728, ""},
}

var notifications = map[string]span{
	"notifications/cancelled":                  {"CancelledNotification", R20241105, ""},
	"notifications/progress":                   {"ProgressNotification", R20241105, ""},
	"notifications/message":                    {"LoggingMessageNotification", R20241105, ""},
	"notifications/resources/updated":          {"ResourceUpdatedNotification", R20241105, ""},
	"notifications/resources/list_changed":     {"ResourceListChangedNotification", R20241105, ""},
	"notifications/prompts/list_changed":       {"PromptListChangedNotification", R20241105, ""},
	"notifications/tools/list_changed":         {"ToolListChangedNotification", R20241105, ""},
	"notifications/tasks/status":               {"TaskStatusNotification", R20251125, R20251125},
	"notifications/elicitation/complete":       {"ElicitationCompleteNotification", R20251125, R20251125},
	"notifications/subscriptions/acknowledged": {"SubscriptionsAcknowledgedNotification", R20260728, ""},
}

var serverRequests = map[string]span{
	"ping":                   {"PingRequest", R20241105, R20251125},
	"sampling/createMessage": {"CreateMessageRequest", R20241105, ""},
	"roots/list":             {"ListRootsRequest", R20241105, ""},
	"elicitation/create":     {"ElicitRequest", R20250618, ""},
	"tasks/get":              {"GetTaskRequest", R20251125, R20251125},
	"tasks/result":           {"GetTaskPayloadRequest", R20251125, R20251125},
	"tasks/cancel":           {"CancelTaskRequest", R20251125, R20251125},
	"tasks/list":             {"ListTasksRequest", R20251125, R20251125},
}

// ResultDefinition names the result of a client's request when it is complete:
// "tools/list" has "ListToolsResult".
func ResultDefinition(r Revision, method string) (string, bool) { return find(results, r, method) }

// NotificationDefinition names a notification that a server may send.
func NotificationDefinition(r Revision, method string) (string, bool) {
	return find(notifications, r, method)
}

// ServerRequestDefinition names a request that a server may make of a client.
// In the modern era it travels inside an InputRequiredResult.
func ServerRequestDefinition(r Revision, method string) (string, bool) {
	return find(serverRequests, r, method)
}

// ReceivedDefinition is ResultDefinition for a result at hand: in the modern
// era its resultType says what it is, and one that an extension has added is
// only known to be a Result.
func ReceivedDefinition(r Revision, method string, result []byte) (string, bool) {
	definition, ok := ResultDefinition(r, method)
	if !ok || !r.Modern() {
		return definition, ok
	}
	var is struct {
		ResultType any `json:"resultType"`
	}
	if json.Unmarshal(result, &is) != nil {
		return definition, true
	}
	switch is.ResultType {
	case "input_required":
		return "InputRequiredResult", true
	case "complete", nil:
		return definition, true
	}
	if _, ok := is.ResultType.(string); ok {
		return "Result", true
	}
	return definition, true
}

// ErrorDefinition names the JSON-RPC message that carries an error.
func ErrorDefinition(r Revision) string {
	if r >= R20251125 {
		return "JSONRPCErrorResponse"
	}
	return "JSONRPCError"
}

// ResponseDefinition names the JSON-RPC message that carries a result.
func ResponseDefinition(r Revision) string {
	if r >= R20251125 {
		return "JSONRPCResultResponse"
	}
	return "JSONRPCResponse"
}
