package steps

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 7, 28, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		reason, value string
		want          time.Duration
		ok            bool
	}{
		{"seconds", "120", 2 * time.Minute, true},
		{"at once", "0", 0, true},
		{"a date", "Tue, 28 Jul 2026 12:00:30 GMT", 30 * time.Second, true},
		{"a date that is past", "Tue, 28 Jul 2026 11:00:00 GMT", 0, true},
		{"longer than can be counted", "99999999999999999999", 0, false},
		{"no header", "", 0, false},
		{"a sign", "-1", 0, false},
		{"a fraction", "1.5", 0, false},
		{"a unit", "1s", 0, false},
	} {
		got, ok := retryAfter(tt.value, now)
		if ok != tt.ok || ok && got != tt.want {
			t.Errorf("%s: %q is %s, %t; want %s, %t", tt.reason, tt.value, got, ok, tt.want, tt.ok)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("120")
	f.Add("Tue, 28 Jul 2026 12:00:30 GMT")
	f.Fuzz(func(t *testing.T, value string) {
		if d, ok := retryAfter(value, time.Now()); ok && d < 0 {
			t.Errorf("%q is %s: nobody waits so long", value, d)
		}
	})
}

func TestReadMetrics(t *testing.T) {
	const plain = "text/plain; version=0.0.4"
	for _, tt := range []struct {
		reason, kind, body string
		status             int
		fails, undecided   bool
	}{
		{"a counter", plain, "# TYPE a_total counter\na_total{x=\"y\"} 3\n", 200, false, false},
		{"a page of the site", "text/html", "<html>", 200, true, false},
		{"no type", "", "a 1\n", 200, true, false},
		{"not there", plain, "a 1\n", 404, true, false},
		{"no value", plain, "# TYPE a gauge\na\n", 200, true, false},
		{"nothing", plain, "", 200, true, false},
		{"no end of line", plain, "a 1", 200, true, false},
		{"OpenMetrics that reads the same", "application/openmetrics-text; version=1.0.0", "# TYPE a gauge\na 1\n# EOF\n", 200, false, false},
		{"OpenMetrics that does not", "application/openmetrics-text; version=1.0.0", "# TYPE a counter\na_total 1 # {x=\"y\"} 1\n# EOF\n", 200, true, true},
	} {
		_, err := readMetrics(&page{tt.status, http.Header{"Content-Type": {tt.kind}}, []byte(tt.body)})
		if (err != nil) != tt.fails || errors.As(err, &inconclusive{}) != tt.undecided {
			t.Errorf("%s: %v", tt.reason, err)
		}
	}
}

func TestCounters(t *testing.T) {
	const body = `# TYPE go_gc counter
go_gc 7
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total 7
# TYPE mcp_requests_total counter
mcp_requests_total{method="a"} 2
mcp_requests_total{method="b"} 3
# TYPE mcp_seconds histogram
mcp_seconds_bucket{le="1"} 4
mcp_seconds_bucket{le="+Inf"} 6
mcp_seconds_sum 9
mcp_seconds_count 6
# TYPE mcp_sessions gauge
mcp_sessions 9
`
	families, err := readMetrics(&page{200, http.Header{"Content-Type": {"text/plain"}}, []byte(body)})
	if err != nil {
		t.Fatal(err)
	}
	got := counters(families)
	if len(got) != 2 || got["mcp_requests_total"] != 5 || got["mcp_seconds"] != 6 {
		t.Errorf("got %v, want the requests 5 and the observations 6: neither what goes down as well nor what the runtime counts", got)
	}
}

func TestPathArgument(t *testing.T) {
	for _, tt := range []struct{ reason, properties, want string }{
		{"a path", `{"path":{"type":"string"}}`, "path"},
		{"part of a name", `{"file_path":{"type":"string"}}`, "file_path"},
		{"in camel case", `{"filePath":{"type":"string"}}`, "filePath"},
		{"a choice", `{"path":{"type":"string","enum":["a","b"]}}`, ""},
		{"a number", `{"file":{"type":"integer"}}`, ""},
		{"another word that ends so", `{"profile":{"type":"string"}}`, ""},
		{"a web address, where the file is not on the server", `{"url":{"type":"string"}}`, ""},
		{"none", `{"message":{"type":"string"}}`, ""},
	} {
		tool := &Tool{Schema: json.RawMessage(`{"type":"object","properties":` + tt.properties + `}`)}
		if got := pathArgument(tool); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.reason, got, tt.want)
		}
	}
}

func TestAuditLines(t *testing.T) {
	for _, tt := range []struct {
		reason, log string
		json, named bool
	}{
		{"a line that names the tool", `{"msg":"call","tool":"add"}` + "\n", true, true},
		{"deeper", `{"call":{"params":[{"name":"add"}]}}`, true, true},
		{"among others", "starting\n" + `{"tool":"add"}` + "\n", true, true},
		{"another tool", `{"tool":"added"}`, true, false},
		{"in a sentence, which no query finds", `{"msg":"called add"}`, true, false},
		{"as a key", `{"add":1}`, true, false},
		{"plain text", "called add\n", false, false},
		{"another value of JSON", "\"add\"\n[\"add\"]\nnull\n", false, false},
		{"nothing", "", false, false},
	} {
		isJSON := anyLine(tt.log, func(any) bool { return true })
		named := anyLine(tt.log, func(v any) bool { return holdsText(v, "add") })
		if isJSON != tt.json || named != tt.named {
			t.Errorf("%s: JSON %t, named %t", tt.reason, isJSON, named)
		}
	}
}

func TestSince(t *testing.T) {
	for _, tt := range []struct{ reason, before, log, want string }{
		{"more", "a\n", "a\nb\n", "b\n"},
		{"nothing new", "a\n", "a\n", ""},
		{"the beginning is lost", "a\nb\n", "b\nc\n", "b\nc\n"},
	} {
		if got := since(tt.before, tt.log); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.reason, got, tt.want)
		}
	}
}

func TestSpellings(t *testing.T) {
	for _, tt := range []struct {
		reason, uri string
		want        []string
	}{
		{"a path", "test://a/b/c", []string{"test://a/b/c", "TEST://a/b/c", "test://a/b/%63", "test://a/b/./c", "test://a/b/mcpcheck/../c"}},
		{"a host alone, which has no segments", "test://abc", []string{"test://abc", "TEST://abc", "test://%61bc"}},
		{"no hierarchy", "urn:x", []string{"urn:x", "URN:x", "urn:%78"}},
		{"no URI", "readme", []string{"readme"}},
	} {
		if got := spellings(tt.uri); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.reason, got, tt.want)
		}
	}
}

func TestNear(t *testing.T) {
	for _, tt := range []struct {
		endpoint string
		want     []string
	}{
		{"/mcp", []string{"/"}},
		{"", []string{"/"}},
		{"/servers/github/mcp", []string{"/", "/servers/github"}},
		{"/servers/github/", []string{"/", "/servers"}},
	} {
		if got := near(tt.endpoint); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.endpoint, got, tt.want)
		}
	}
}
