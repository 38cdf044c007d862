package wire

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
)

// sendRaw carries a call whose HTTP header section was given byte for byte. It
// serves what net/http rightly refuses to send: white space around values,
// control characters, and names in any letter case.
func (s *Session) sendRaw(ctx context.Context, x *Exchange) {
	life, cut := context.WithCancel(s.life)
	defer cut()
	x.mu.Lock()
	x.cut = cut
	x.mu.Unlock()
	if ended, _ := x.Ended(); ended { // given up before it began
		return
	}
	stop := context.AfterFunc(ctx, cut)
	conn, err := s.dial(life)
	stop()
	if err != nil {
		s.broken(x, err)
		return
	}
	stop = context.AfterFunc(life, func() { conn.Close() })
	defer stop()
	defer conn.Close()
	head := fmt.Sprintf("%sContent-Length: %d\r\nConnection: close\r\n\r\n", x.Call.Raw11, len(x.Body))
	x.note("sent", "request", s.redact.head(head), s.redact.text(string(x.Body)))
	if _, err := conn.Write(append([]byte(head), x.Body...)); err != nil {
		s.broken(x, err)
		return
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		s.broken(x, err)
		return
	}
	defer resp.Body.Close()
	x.head(resp)
	x.read(resp.Body)
}

func (s *Session) dial(ctx context.Context) (net.Conn, error) {
	u, err := url.Parse(s.Endpoint.URL)
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: connectLimit}
	port := u.Port()
	if u.Scheme == "https" {
		if port == "" {
			port = "443"
		}
		return (&tls.Dialer{NetDialer: dialer, Config: &tls.Config{ServerName: u.Hostname()}}).DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	}
	if port == "" {
		port = "80"
	}
	return dialer.DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
}

// RawHead returns the header section that Call.Raw11 takes: the request line
// and each field on a line of its own, as given.
func (s *Session) RawHead(fields ...string) []byte {
	u, err := url.Parse(s.Endpoint.URL)
	if err != nil {
		return nil
	}
	head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\n", u.RequestURI(), u.Host)
	for name, values := range s.Endpoint.Header {
		for _, v := range values {
			head += name + ": " + v + "\r\n"
		}
	}
	for _, f := range fields {
		head += f + "\r\n"
	}
	return []byte(head)
}
