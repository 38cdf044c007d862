package everything

var headersFaults = faultTable{
	"headers.version.legacy-invalid-400":    {does: "serves requests of any revision"},
	"headers.version.legacy-default":        {does: "refuses a request that declares no revision"},
	"headers.names.case-insensitive-legacy": {does: "overlooks header names in lower case"},
	"headers.names.case-insensitive":        {does: "overlooks header names in lower case"},
	"headers.version.match":                 {does: "does not compare MCP-Protocol-Version with the body"},
	"headers.version.missing-rejected":      {does: "serves a request without MCP-Protocol-Version"},
	"headers.method.missing-rejected":       {does: "serves a request without Mcp-Method"},
	"headers.method.mismatch-rejected":      {does: "does not compare Mcp-Method with the body"},
	"headers.values.case-sensitive":         {does: "compares Mcp-Method without regard to case"},
	"headers.values.invalid-chars-rejected": {does: "drops the characters that a header must not have"},
	"headers.values.ows-trimmed":            {does: "takes spaces around a header value for a part of it"},
	"headers.name.missing-rejected":         {does: "serves a request without Mcp-Name"},
	"headers.name.mismatch-rejected":        {does: "does not compare Mcp-Name with the body"},
	"headers.name.base64-decoded":           {does: "does not decode Mcp-Name"},
	"headers.name.not-required-elsewhere":   {does: "demands Mcp-Name for the list of templates"},
	"headers.reject.status-400":             {does: "reports a header mismatch with status 200"},
	"headers.reject.error-code":             {does: "reports a header mismatch as an invalid request"},
}
