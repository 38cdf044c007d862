package steps

import (
	"testing"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

func TestTraceContext(t *testing.T) {
	grammars := map[string]func(string) bool{"traceparent": traceparent, "tracestate": tracestate, "baggage": baggage}
	for _, tt := range []struct {
		grammar, value string
		want           bool
	}{
		{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01", true},
		{"traceparent", "01-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01-more", true},
		{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01-more", false},
		{"traceparent", "ff-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01", false},
		{"traceparent", "00-0AF7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01", false},
		{"traceparent", "00-00000000000000000000000000000000-00f067aa0ba902b7-01", false},
		{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", false},
		{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-01", false},
		{"traceparent", "", false},
		{"tracestate", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", true},
		{"tracestate", "fw529a3039@dt=FfAB , , 1a-2f@foo=bar", true},
		{"tracestate", "", true},
		{"tracestate", "Rojo=1", false},
		{"tracestate", "rojo", false},
		{"tracestate", "rojo=", false},
		{"tracestate", "rojo=a=b", false},
		{"tracestate", "rojo=ü", false},
		{"baggage", "key1=value1;property1;property2, key2 = value2, key3=value3; propertyKey=propertyValue", true},
		{"baggage", "userId=Am%C3%A9lie", true},
		{"baggage", "serverNode=", true},
		{"baggage", "key1", false},
		{"baggage", "", false},
		{"baggage", "key 1=v", false},
		{"baggage", "key=a b", false},
		{"baggage", `key="a"`, false},
	} {
		if got := grammars[tt.grammar](tt.value); got != tt.want {
			t.Errorf("%s(%q) = %v, want %v", tt.grammar, tt.value, got, tt.want)
		}
	}
}

func TestKeysOfMeta(t *testing.T) {
	rules := map[string]func(*Conversation, keyOfMeta) (bool, error){
		"prefix": prefixFormed, "label": labelsFormed, "name": nameFormed, "dns": prefixReversed, "free": prefixFree,
	}
	for _, tt := range []struct {
		key string
		r   spec.Revision
		bad string // the one rule that it breaks
	}{
		{"progressToken", spec.R20251125, ""},
		{"com.example/x", spec.R20251125, ""},
		{"com.example/", spec.R20251125, ""},
		{"com.example.mcp/x", spec.R20251125, ""},
		{"io.modelcontextprotocol/related-task", spec.R20251125, ""},
		{"openai/outputTemplate", spec.R20251125, ""},
		{"a/b/c", spec.R20251125, "prefix"},
		{"/x", spec.R20251125, "prefix"},
		{"com..example/x", spec.R20251125, "prefix"},
		{"com.1example/x", spec.R20251125, "label"},
		{"com.example-/x", spec.R20251125, "label"},
		{"_fastmcp", spec.R20251125, "name"},
		{"com.example/x y", spec.R20251125, "name"},
		{"example.com/x", spec.R20251125, "dns"},
		{"com.mcp.tools/x", spec.R20251125, "free"},
		{"io.modelcontextprotocol/mine", spec.R20251125, "free"},
		{"io.modelcontextprotocol/mine", spec.R20250618, ""},
		{"mcp.dev/x", spec.R20250618, "free"},
		{"tools.mcp.com/x", spec.R20250618, "free"},
	} {
		c := &Conversation{Session: &wire.Session{}}
		c.SetRevision(tt.r)
		for name, rule := range rules {
			if name == "dns" && tt.r < spec.R20251125 {
				continue
			}
			if _, err := rule(c, splitKey(tt.key)); (err != nil) != (name == tt.bad) {
				t.Errorf("%q in %s by the rule of %s: %v", tt.key, tt.r, name, err)
			}
		}
	}
}

func TestIsInteger(t *testing.T) {
	for _, tt := range []struct {
		raw  string
		want bool
	}{
		{"1", true}, {"-5", true}, {"1.0", true}, {"1e3", true}, {"9223372036854775807", true},
		{"1.5", false}, {`"1"`, false}, {"null", false}, {"true", false}, {"{}", false}, {"1e999999999", false}, {"", false},
	} {
		if got := isInteger([]byte(tt.raw)); got != tt.want {
			t.Errorf("isInteger(%s) = %v, want %v", tt.raw, got, tt.want)
		}
	}
}
