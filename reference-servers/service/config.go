package service

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/time/rate"
)

// A Config says how a server is run: its transport, its limits, and who may do
// what. The zero Config serves over stdio, without limits.
type Config struct {
	Transport      string // stdio, http or sse
	Address        string // of http and sse
	MetricsAddress string // of /metrics, when it is not to share the Address
	Stateless      bool   // Streamable HTTP without sessions
	SessionTTL     time.Duration

	Auth      bool
	AuthToken string // one, or several with commas between
	TokenFile string // holds the same

	RateLimit string // such as 100, 100/s or 6000/m; none when empty
	RateBurst int

	AllowedHosts, AllowedOrigins   []string
	AllowedTools, AllowedResources []string
	Deny                           []string // regular expressions
	ReadOnly                       bool

	Timeout         time.Duration // of one request
	BackendTimeout  time.Duration // of one call of the backend
	BreakerFailures int
	BreakerCooldown time.Duration
	MaxBody         int64
	MaxConcurrent   int
	DrainDelay      time.Duration
	ShutdownTimeout time.Duration
	Audit           bool

	bad []error // what the environment held and no flag takes
}

// AddFlags defines a flag for each setting. Its default comes from the
// environment variable that its help names.
func (c *Config) AddFlags(fs *pflag.FlagSet) {
	f := flags{fs, &c.bad}
	f.text(&c.Transport, "transport", "MCP_TRANSPORT", "stdio", "speak over `NAME`: stdio, http (Streamable HTTP) or sse (HTTP+SSE)")
	f.text(&c.Address, "address", "MCP_ADDRESS", "127.0.0.1:8080", "listen at `HOST:PORT`, with http and sse")
	fs.BoolFunc("stdio", "the same as --transport stdio", func(string) error { c.Transport = "stdio"; return nil })
	fs.Func("http", "the same as --transport http --address `HOST:PORT`", func(a string) error { c.Transport, c.Address = "http", a; return nil })
	fs.Func("sse", "the same as --transport sse --address `HOST:PORT`", func(a string) error { c.Transport, c.Address = "sse", a; return nil })
	f.text(&c.MetricsAddress, "metrics-address", "MCP_METRICS_ADDRESS", "", "serve /metrics at `HOST:PORT` instead of beside the rest")
	f.flag(&c.Stateless, "stateless", "MCP_STATELESS", false, "keep no sessions, with http")
	f.time(&c.SessionTTL, "session-ttl", "MCP_SESSION_TTL", 30*time.Minute, "forget a session that was idle for so long")
	f.flag(&c.Auth, "auth", "AUTH_ENABLED", false, "want a bearer token, with http and sse")
	f.secret(&c.AuthToken, "auth-token", "AUTH_TOKEN", "the `TOKEN` wanted; several with commas between")
	f.text(&c.TokenFile, "auth-token-file", "AUTH_TOKEN_FILE", "", "read the token from `FILE`")
	f.text(&c.RateLimit, "rate-limit", "RATE_LIMIT", "", "let each client send requests at this `RATE`, such as 100/s or 6000/m")
	f.number(&c.RateBurst, "rate-burst", "RATE_BURST", 0, "let `N` of them come at once (default: as many as in a second)")
	f.list(&c.AllowedHosts, "allow-host", "MCP_ALLOWED_HOSTS", "serve requests to this `HOST` only; a loopback address always, * any")
	f.list(&c.AllowedOrigins, "allow-origin", "MCP_ALLOWED_ORIGINS", "serve requests of web pages from this `ORIGIN`; from loopback always, * any")
	f.list(&c.AllowedTools, "allow-tool", "MCP_ALLOWED_TOOLS", "offer this tool only; `NAME` may end in *")
	f.list(&c.AllowedResources, "allow-resource", "MCP_ALLOWED_RESOURCES", "offer this resource only; `URI` may end in *")
	f.list(&c.Deny, "deny", "MCP_DENY", "refuse arguments and resources that match this regular `EXPRESSION`")
	f.flag(&c.ReadOnly, "read-only", "MCP_READ_ONLY", false, "offer only the tools that change nothing")
	f.time(&c.Timeout, "request-timeout", "MCP_REQUEST_TIMEOUT", 60*time.Second, "give one request so much time")
	f.time(&c.BackendTimeout, "backend-timeout", "MCP_BACKEND_TIMEOUT", 30*time.Second, "give one call of the backend so much time")
	f.number(&c.BreakerFailures, "breaker-failures", "MCP_BREAKER_FAILURES", 5, "stop calling the backend after `N` failures in a row; 0 never")
	f.time(&c.BreakerCooldown, "breaker-cooldown", "MCP_BREAKER_COOLDOWN", 10*time.Second, "try the backend again after so long")
	f.size(&c.MaxBody, "max-body", "MCP_MAX_BODY", 4<<20, "refuse messages of more `BYTES`")
	f.number(&c.MaxConcurrent, "max-concurrent", "MCP_MAX_CONCURRENT", 256, "handle `N` tool calls and reads at once; more wait")
	f.time(&c.DrainDelay, "drain-delay", "MCP_DRAIN_DELAY", time.Second, "when told to end, go on serving open connections for at most so long")
	f.time(&c.ShutdownTimeout, "shutdown-timeout", "MCP_SHUTDOWN_TIMEOUT", 25*time.Second, "then give calls in flight so much time")
	f.flag(&c.Audit, "audit", "MCP_AUDIT", true, "write a line of JSON to stderr for each call, read, refusal and error")
}

// settings are those of a Config that had to be understood first.
type settings struct {
	Config
	tokens []string
	rate   rate.Limit
	burst  int
	deny   []*regexp.Regexp
}

func (c Config) settings() (s settings, err error) {
	s.Config = c
	if err := errors.Join(c.bad...); err != nil {
		return s, err
	}
	s.Transport = cmp.Or(c.Transport, "stdio")
	switch s.Transport {
	case "stdio", "http", "sse":
	case "streamable-http":
		s.Transport = "http"
	case "http+sse":
		s.Transport = "sse"
	default:
		return s, fmt.Errorf("transport is %q, want stdio, http or sse", c.Transport)
	}
	if s.tokens, err = c.authTokens(); err != nil {
		return s, err
	}
	if s.rate, err = parseRate(c.RateLimit); err != nil {
		return s, err
	}
	s.ShutdownTimeout = cmp.Or(c.ShutdownTimeout, 25*time.Second)
	s.burst = max(cmp.Or(c.RateBurst, int(s.rate)), 1)
	for _, text := range c.Deny {
		expr, err := regexp.Compile(text)
		if err != nil {
			return s, fmt.Errorf("deny: %w", err)
		}
		s.deny = append(s.deny, expr)
	}
	if c.MaxBody < 0 || c.MaxConcurrent < 0 || c.BreakerFailures < 0 || c.RateBurst < 0 {
		return s, fmt.Errorf("max-body, max-concurrent, breaker-failures and rate-burst must not be negative")
	}
	return s, nil
}

func (c Config) authTokens() (tokens []string, err error) {
	if !c.Auth {
		return nil, nil
	}
	text := c.AuthToken
	if c.TokenFile != "" {
		data, err := os.ReadFile(c.TokenFile)
		if err != nil {
			return nil, fmt.Errorf("auth-token-file: %w", err)
		}
		text += "," + string(data)
	}
	for token := range strings.SplitSeq(text, ",") {
		if token = strings.TrimSpace(token); token != "" {
			tokens = append(tokens, token)
		}
	}
	if len(tokens) == 0 {
		return nil, fmt.Errorf("a bearer token is wanted of clients, but none is given: set AUTH_TOKEN or AUTH_TOKEN_FILE")
	}
	return tokens, nil
}

// parseRate reads a number of requests, by the second unless it says otherwise.
func parseRate(text string) (rate.Limit, error) {
	if text == "" || text == "0" {
		return 0, nil
	}
	number, unit, _ := strings.Cut(text, "/")
	by, known := map[string]float64{"": 1, "s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3600, "hour": 3600}[unit]
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || !known || !(n >= 0 && n <= 1e9) {
		return 0, fmt.Errorf("rate-limit is %q, want a number of requests such as 100/s, 6000/m or 0 for no limit", text)
	}
	return rate.Limit(n / by), nil
}
