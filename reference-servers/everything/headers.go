package everything

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
)

// mismatch is the error for headers that do not fit the body.
func (s *Server) mismatch(message string) *rpcError {
	code := codeHeaderMismatch
	if s.broken("headers.reject.error-code") {
		code = codeInvalidRequest
	}
	return refuse(s.status("headers.reject.status-400", http.StatusBadRequest, http.StatusOK), code, "header mismatch: "+message)
}

// checkVersionHeader compares the header with the version in the body.
func (s *Server) checkVersionHeader(header http.Header, version string) *rpcError {
	value := header.Get(headerVersion)
	switch {
	case value == "" && !s.broken("headers.version.missing-rejected"):
		return s.mismatch("MCP-Protocol-Version is missing")
	case value != "" && value != version && !s.broken("headers.version.match"):
		return s.mismatch("MCP-Protocol-Version differs from the version in the body")
	}
	return nil
}

// named tells which member of the params Mcp-Name mirrors.
var named = map[string]string{"tools/call": "name", "prompts/get": "name", "resources/read": "uri"}

// checkHeaders compares the other headers with the body.
func (s *Server) checkHeaders(c *call, header http.Header) *rpcError {
	for _, name := range []string{headerVersion, headerMethod, headerName} {
		if s.broken("headers.values.invalid-chars-rejected") {
			header.Set(name, strings.Map(onlyPrintable, header.Get(name)))
		}
		if !printable(header.Get(name)) {
			return s.mismatch(name + " has characters that a header must not have")
		}
	}
	if err := s.checkMethodHeader(c, header); err != nil {
		return err
	}
	if err := s.checkNameHeader(c, header); err != nil {
		return err
	}
	if c.method != "tools/call" {
		if s.broken("xmcp.param.unrecognized-ignored") {
			for name := range header {
				if strings.HasPrefix(name, "Mcp-Param-") {
					return s.mismatch(name + " is not known")
				}
			}
		}
		return nil
	}
	return s.checkParamHeaders(c, header)
}

func (s *Server) checkMethodHeader(c *call, header http.Header) *rpcError {
	value := header.Get(headerMethod)
	switch {
	case value == "" && !s.broken("headers.method.missing-rejected"):
		return s.mismatch("Mcp-Method is missing")
	case value == "" || value == c.method,
		strings.EqualFold(value, c.method) && s.broken("headers.values.case-sensitive"),
		!strings.EqualFold(value, c.method) && s.broken("headers.method.mismatch-rejected"):
		return nil
	}
	return s.mismatch("Mcp-Method differs from the method in the body")
}

func (s *Server) checkNameHeader(c *call, header http.Header) *rpcError {
	member, ok := named[c.method]
	if !ok {
		if s.broken("headers.name.not-required-elsewhere") && header.Get(headerName) == "" && c.method == "resources/templates/list" {
			return s.mismatch("Mcp-Name is missing")
		}
		return nil
	}
	want, ok := c.params[member].(string)
	if !ok {
		return nil // the method says what is wrong
	}
	raw := header.Get(headerName)
	if raw == "" {
		if s.broken("headers.name.missing-rejected") {
			return nil
		}
		return s.mismatch("Mcp-Name is missing")
	}
	value, ok := unwrap(raw)
	if s.broken("headers.name.base64-decoded") {
		value = raw
	}
	if (!ok || value != want) && !s.broken("headers.name.mismatch-rejected") {
		return s.mismatch("Mcp-Name differs from " + member + " in the body")
	}
	return nil
}

// checkParamHeaders compares the headers that mirror arguments of a tool.
func (s *Server) checkParamHeaders(c *call, header http.Header) *rpcError {
	name, _ := c.params["name"].(string)
	t, found := s.tool(name)
	if !found {
		return nil
	}
	args, _ := c.params["arguments"].(object)
	properties, _ := t.inputSchema()["properties"].(object)
	for _, param := range sortedKeys(properties) {
		property, _ := properties[param].(object)
		suffix, ok := property["x-mcp-header"].(string)
		if !ok {
			continue
		}
		headerName := "Mcp-Param-" + suffix
		values, present := header[http.CanonicalHeaderKey(headerName)]
		want := args[param]
		switch {
		case want == nil && !present:
			if _, null := args[param]; null && s.broken("xmcp.param.null-not-expected") || !null && s.broken("xmcp.param.absent-not-expected") {
				return s.mismatch(headerName + " is missing")
			}
		case !present:
			if !s.broken("xmcp.param.missing-rejected") {
				return s.mismatch(headerName + " is missing")
			}
		case !s.mirrors(values[0], want) && !s.broken("xmcp.param.mismatch-rejected"):
			return s.mismatch(headerName + " differs from the argument " + param)
		}
	}
	return nil
}

// mirrors reports whether a header carries the argument.
func (s *Server) mirrors(raw string, want any) bool {
	if !printable(raw) {
		return false
	}
	value, ok := unwrap(raw)
	if s.broken("xmcp.param.base64-decoded") {
		value, ok = raw, true
	}
	if !ok {
		return s.broken("xmcp.param.invalid-chars-rejected")
	}
	switch want := want.(type) {
	case string:
		return value == want
	case bool:
		return value == string(encode(want))
	case json.Number:
		a, ok1 := rational(json.Number(value))
		b, ok2 := rational(want)
		if s.broken("xmcp.param.integer-numeric-compare") {
			return value == want.String()
		}
		return ok1 && ok2 && a.Cmp(b) == 0
	}
	return false
}

// printable reports whether the text has only what a header value may have.
func printable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r != '\t' && (r < ' ' || r > '~') })
}

func onlyPrintable(r rune) rune {
	if !printable(string(r)) {
		return -1
	}
	return r
}

// unwrap decodes a value in the form =?base64?...?=. All else stands for
// itself. It reports whether the value could be read.
func unwrap(value string) (string, bool) {
	coded, ok := strings.CutPrefix(value, "=?base64?")
	if !ok {
		return value, true
	}
	if coded, ok = strings.CutSuffix(coded, "?="); !ok {
		return value, true
	}
	plain, err := base64.StdEncoding.Strict().DecodeString(coded)
	return string(plain), err == nil
}
