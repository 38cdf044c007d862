package target

import (
	"net/url"

	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// host names the server of an endpoint for a reader, without credentials.
func host(e wire.Endpoint) string {
	if u, err := url.Parse(e.URL); err == nil && u.Host != "" {
		return u.Host
	}
	return e.URL
}
