package everything

var opsFaults = faultTable{
	"ops.health.answers":              {does: "says that it is not alive while it serves"},
	"ops.readiness.answers":           {does: "says that it is not ready while it serves"},
	"ops.readiness.backend":           {does: "says that it is ready while its backend is down"},
	"ops.metrics.format":              {does: "leaves the last of its metrics without a value"},
	"ops.metrics.counts-calls":        {does: "counts no calls"},
	"ops.audit.tool-call":             {does: "does not say in its audit log which tool was called"},
	"ops.audit.no-secrets":            {does: "writes arguments into its audit log"},
	"ops.permission.outside-paths":    {does: "reads files outside of its folder"},
	"ops.permission.denied-resources": {does: "reads a resource that it denies when a letter of its URI is percent-encoded"},
	"ops.isolation.colliding-ids":     {does: "remembers answers by the id of the request, whoever sent it"},
	"ops.sessions.any-connection":     {does: "loses a session after a few connections"},
	"ops.drain.calls-answered":        {does: "abandons the calls in progress at SIGTERM"},
	"ops.breaker.fails-fast":          {does: "lets calls wait while its backend is down"},
	"ops.breaker.recovers":            {does: "goes on without its backend when that is up again"},
	"ops.rate-limit.retry-after":      {does: "does not say when to come back after too many requests"},
	"ops.rate-limit.recovers":         {does: "refuses a client for ever after too many requests"},
}
