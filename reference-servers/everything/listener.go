package everything

import (
	"bytes"
	"net"
)

// Listener prepares a listener for [Server.Handler]. It matters only for faults
// of header names and values, which net/http has set right before any handler
// sees them.
func (s *Server) Listener(l net.Listener) net.Listener {
	switch {
	case s.broken("headers.names.case-insensitive"), s.broken("headers.names.case-insensitive-legacy"):
		return listener{l, overlookLower}
	case s.broken("headers.values.ows-trimmed"):
		return listener{l, overlookSpaced}
	}
	return l
}

type listener struct {
	net.Listener
	spoil func(request []byte)
}

func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &spoiledConn{c, l.spoil}, nil
}

type spoiledConn struct {
	net.Conn
	spoil func([]byte)
}

func (c *spoiledConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.spoil(p[:n])
	return n, err
}

// overlookLower spoils the protocol's header names in lower case, so that the
// server does not know them.
func overlookLower(request []byte) {
	for _, name := range []string{"mcp-protocol-version:", "mcp-method:", "mcp-session-id:"} {
		if i := bytes.Index(request, []byte("\r\n"+name)); i >= 0 {
			request[i+2] = 'x'
		}
	}
}

// overlookSpaced spoils the names of headers whose value begins with more than
// the usual space.
func overlookSpaced(request []byte) {
	for _, space := range []string{":  ", ": \t"} {
		if i := bytes.Index(request, []byte("\r\nM")); i >= 0 && bytes.Contains(request, []byte(space)) {
			request[i+2] = 'x'
		}
	}
}
