package steps

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// A misfit is the first way in which the header of a request does not fit its
// body, as far as the specification settles that.
type misfit string

const (
	fits          misfit = ""
	versionMisfit misfit = headerVersion + " differs from protocolVersion in _meta"
	methodMisfit  misfit = headerMethod + " is missing or differs from method"
	nameMisfit    misfit = headerName + " is missing or differs from the name in params"
	charsMisfit   misfit = "a header has a character that no header may have"
)

// nameMembers tells which member of the params Mcp-Name repeats.
var nameMembers = map[string]string{"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}

// nameless are the methods that have no Mcp-Name.
var nameless = map[string]bool{
	"server/discover": true, "tools/list": true, "prompts/list": true, "resources/list": true, "resources/templates/list": true,
	"completion/complete": true, listenMethod: true,
}

// fit compares the header of a request with its body. It does not judge a
// missing MCP-Protocol-Version, which a server of several eras may accept, nor a
// body that names no revision, which another rule refuses.
func fit(header http.Header, body []byte) misfit {
	var m struct {
		Method string                     `json:"method"`
		Params map[string]json.RawMessage `json:"params"`
	}
	var meta map[string]json.RawMessage
	var version, name string
	if json.Unmarshal(body, &m) != nil || m.Method == "" || json.Unmarshal(m.Params["_meta"], &meta) != nil ||
		json.Unmarshal(meta[metaPrefix+"protocolVersion"], &version) != nil {
		return fits
	}
	for _, field := range []string{headerVersion, headerMethod, headerName} {
		if value, _ := headerValue(header, field); !fieldText(value) {
			return charsMisfit
		}
	}
	if value, sent := headerValue(header, headerVersion); sent && value != version {
		return versionMisfit
	}
	if value, _ := headerValue(header, headerMethod); value != m.Method {
		return methodMisfit
	}
	member, named := nameMembers[m.Method]
	if !named || json.Unmarshal(m.Params[member], &name) != nil {
		return fits
	}
	if value, _ := headerValue(header, headerName); decodeValue(value) != name {
		return nameMisfit
	}
	return fits
}

// headerValue finds a field by its name in any letter case.
func headerValue(header http.Header, name string) (string, bool) {
	for have, values := range header {
		if strings.EqualFold(have, name) && len(values) > 0 {
			return values[0], true
		}
	}
	return "", false
}

// fieldText reports whether a value has visible ASCII, spaces and tabs only.
func fieldText(s string) bool {
	for i := range len(s) {
		if s[i] != '\t' && (s[i] < 0x20 || s[i] > 0x7E) {
			return false
		}
	}
	return true
}

// decodeValue decodes =?base64?…?=; all else stands for itself.
func decodeValue(value string) string {
	coded, begins := strings.CutPrefix(value, "=?base64?")
	coded, ends := strings.CutSuffix(coded, "?=")
	plain, err := base64.StdEncoding.DecodeString(coded)
	if !begins || !ends || err != nil {
		return value
	}
	return string(plain)
}

// refusedMisfit returns in which way a request did not fit, if it was refused.
// That it is refused at all is a requirement for each kind of misfit.
func refusedMisfit(x *wire.Exchange) misfit {
	c := x.Call
	if c.Notification || c.Verb != "" || c.Raw != nil || c.Pieces != nil || c.Raw11 != nil || x.Status() == 0 || refusal(x) != nil {
		return fits
	}
	switch x.Status() {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return fits // refused for something else, or by somebody else
	}
	return fit(x.Asked, x.Body)
}

func misfitStatus(_ *Conversation, x *wire.Exchange) (bool, error) {
	what := refusedMisfit(x)
	if what == fits {
		return false, nil
	}
	if x.Status() != http.StatusBadRequest {
		return true, unmetf("HTTP status 400", "%d, where %s", x.Status(), what)
	}
	return true, nil
}

// misfitCode accepts UnsupportedProtocolVersion where the two versions differ:
// one of them is then unsupported, and which rule goes first is not settled.
// Characters that no header may have never reach the server in many stacks.
func misfitCode(_ *Conversation, x *wire.Exchange) (bool, error) {
	what := refusedMisfit(x)
	if what == fits || what == charsMisfit {
		return false, nil
	}
	e, err := errorOf(x)
	switch {
	case err != nil:
		return true, unmetf("a JSON-RPC error with code -32020", "%s, where %s", silence(x), what)
	case e.Code == codeMismatch:
		return true, nil
	case what == versionMisfit && e.Code == "-32022":
		return false, nil
	}
	return true, unmetf("error code -32020", "code %s (%s), where %s", e.Code, brief(e.Message), what)
}

// nameNotRequired looks at requests whose method has no Mcp-Name.
func nameNotRequired(_ *Conversation, x *wire.Exchange) (bool, error) {
	c := x.Call
	if !nameless[c.Method] || x.Response() == nil {
		return false, nil
	}
	if c.Header != nil || c.Raw11 != nil || c.NoMeta || c.Meta != nil {
		return false, nil // a probe, which may be refused for what is odd about it
	}
	if e, err := errorOf(x); err == nil && e.Code == codeMismatch {
		return true, unmetf(x.Call.Method+" to be served without "+headerName, "error %s (%s)", e.Code, brief(e.Message))
	}
	return true, nil
}
