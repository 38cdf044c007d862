package steps

import (
	"net/http"
	"testing"
)

func TestFit(t *testing.T) {
	const meta = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}`
	const discover = `{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{` + meta + `}}`
	const read = `{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"file:///\u00e9",` + meta + `}}`
	header := func(version, method, name string) http.Header {
		h := http.Header{}
		for field, value := range map[string]string{headerVersion: version, headerMethod: method, headerName: name} {
			if value != "" {
				h[field] = []string{value}
			}
		}
		return h
	}
	tests := []struct {
		why    string
		header http.Header
		body   string
		want   misfit
	}{
		{"all is right", header("2026-07-28", "server/discover", ""), discover, fits},
		{"names are of any case", http.Header{"mcp-METHOD": {"server/discover"}}, discover, fits},
		{"no version may be an early one", header("", "server/discover", ""), discover, fits},
		{"the version differs", header("1900-01-01", "server/discover", ""), discover, versionMisfit},
		{"no method", header("2026-07-28", "", ""), discover, methodMisfit},
		{"the method differs", header("2026-07-28", "tools/list", ""), discover, methodMisfit},
		{"the method differs in case", header("2026-07-28", "SERVER/DISCOVER", ""), discover, methodMisfit},
		{"a byte that is not ASCII", header("2026-07-28", "server/discover\x80", ""), discover, charsMisfit},
		{"a name that is not asked for", header("2026-07-28", "server/discover", "x"), discover, fits},
		{"no name", header("2026-07-28", "resources/read", ""), read, nameMisfit},
		{"the name differs", header("2026-07-28", "resources/read", "x"), read, nameMisfit},
		{"the name is encoded", header("2026-07-28", "resources/read", "=?base64?ZmlsZTovLy/DqQ==?="), read, fits},
		{"the name is encoded badly", header("2026-07-28", "resources/read", "=?base64?ZmlsZTovLy/DqQ?="), read, nameMisfit},
		{"the marker is in capitals", header("2026-07-28", "resources/read", "=?BASE64?ZmlsZTovLy/DqQ==?="), read, nameMisfit},
		{"the body names no revision", header("2026-07-28", "tools/list", ""), `{"method":"server/discover","params":{}}`, fits},
		{"the body is no object", header("2026-07-28", "tools/list", ""), `[]`, fits},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			if got := fit(tt.header, []byte(tt.body)); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}
