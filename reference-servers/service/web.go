package service

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
)

type clientKey struct{}

// clientOf tells clients apart: by token, or else by address.
func clientOf(ctx context.Context) string {
	client, _ := ctx.Value(clientKey{}).(string)
	return client
}

// guardWeb lets in the requests that may come in.
func (g *Guard) guardWeb(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			err, _ := p.(error)
			switch {
			case errors.Is(err, http.ErrAbortHandler):
				panic(p)
			case p != nil:
				g.audit.Error("panic", "type", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
				g.refuse(w, http.StatusInternalServerError, "panic", &refusal{code: mcp.INTERNAL_ERROR, text: "internal error"})
			}
		}()
		if g.drained.Load() {
			w.Header().Set("Connection", "close") // the next request is for another replica
		}
		origin := r.Header.Get("Origin")
		switch {
		case !g.hostAllowed(r):
			g.refuse(w, http.StatusForbidden, "host", &refusal{code: mcp.INVALID_REQUEST, text: "the Host is not one that is served here"})
			return
		case origin != "" && !g.originAllowed(origin, r.Host):
			g.refuse(w, http.StatusForbidden, "origin", &refusal{code: mcp.INVALID_REQUEST, text: "the Origin is not allowed"})
			return
		}
		if origin != "" && cors(w, r, origin) {
			return
		}
		client, ok := g.authenticate(r)
		if !ok {
			w.Header().Set("WWW-Authenticate", `Bearer realm="mcp"`)
			g.refuse(w, http.StatusUnauthorized, "auth", &refusal{code: mcp.INVALID_REQUEST, text: "a valid bearer token is wanted"})
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), clientKey{}, client)))
	})
}

// refuse answers a message that is not let in, and notes it.
func (g *Guard) refuse(w http.ResponseWriter, status int, reason string, why *refusal) {
	g.rejected(reason, "", why)
	writeJSON(w, status, why.json())
}

// rejected notes a message that never became a request.
func (g *Guard) rejected(reason, session string, why *refusal) {
	g.metrics.refused.WithLabelValues(reason).Inc()
	g.audit.Warn("rejected", "request", why.id, "session", tag(session), "outcome", "rejected", "reason", reason, "code", why.code, "error", cut(why.text))
}

func writeJSON(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	w.Write(body)
}

// hostAllowed keeps web pages from reaching a server on loopback by a name of
// their own for its address.
func (g *Guard) hostAllowed(r *http.Request) bool {
	host := hostname(r.Host)
	if isLoopback(host) || slices.Contains(g.AllowedHosts, "*") {
		return true
	}
	if len(g.AllowedHosts) > 0 {
		return slices.ContainsFunc(g.AllowedHosts, func(h string) bool { return strings.EqualFold(h, host) || strings.EqualFold(h, r.Host) })
	}
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return !ok || !isLoopback(hostname(local.String()))
}

// originAllowed is asked once the Host is known to be right.
func (g *Guard) originAllowed(origin, host string) bool {
	if slices.ContainsFunc(g.AllowedOrigins, func(o string) bool { return o == "*" || strings.EqualFold(o, origin) }) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && (isLoopback(u.Hostname()) || strings.EqualFold(u.Host, host))
}

func hostname(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	return strings.Trim(host, "[]")
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.Unmap().IsLoopback()
}

// cors lets pages of an allowed origin read the answer, and says whether that was
// all that was asked.
func cors(w http.ResponseWriter, r *http.Request, origin string) (answered bool) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", origin)
	h.Add("Vary", "Origin")
	h.Set("Access-Control-Expose-Headers", "Mcp-Session-Id, Retry-After, WWW-Authenticate")
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	h.Set("Access-Control-Allow-Methods", "GET, POST, DELETE")
	h.Set("Access-Control-Allow-Headers", r.Header.Get("Access-Control-Request-Headers"))
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
	return true
}

func (g *Guard) authenticate(r *http.Request) (client string, ok bool) {
	if !g.Auth {
		return "address " + hostname(r.RemoteAddr), true
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", false
	}
	sum := sha256.Sum256([]byte(strings.TrimSpace(token)))
	for _, want := range g.tokens {
		if known := sha256.Sum256([]byte(want)); subtle.ConstantTimeCompare(sum[:], known[:]) == 1 {
			ok = true // and on: how long it takes says nothing of which
		}
	}
	return "token " + hex.EncodeToString(sum[:8]), ok
}

// body reads what was posted, or answers why it is not taken.
func (g *Guard) body(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		g.refuse(w, http.StatusUnsupportedMediaType, "type", &refusal{code: mcp.INVALID_REQUEST, text: "Content-Type is not application/json"})
		return nil, false
	}
	control := http.NewResponseController(w)
	control.SetReadDeadline(time.Now().Add(readTimeout)) //nolint:errcheck // not every writer has a connection
	reader := io.Reader(r.Body)
	if g.MaxBody > 0 {
		reader = http.MaxBytesReader(w, r.Body, g.MaxBody)
	}
	data, err := io.ReadAll(reader)
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		g.refuse(w, http.StatusRequestEntityTooLarge, "size", &refusal{code: mcp.INVALID_REQUEST, text: errTooLong.Error()})
		return nil, false
	case err != nil:
		g.refuse(w, http.StatusBadRequest, "body", &refusal{code: mcp.PARSE_ERROR, text: "the body cannot be read"})
		return nil, false
	}
	control.SetReadDeadline(time.Time{}) //nolint:errcheck // as above
	return data, true
}

// readTimeout bounds the time that a client takes to send a message.
const readTimeout = 30 * time.Second

// limitWeb says whether the client may send a request now, or answers when.
func (g *Guard) limitWeb(w http.ResponseWriter, r *http.Request, id []byte) bool {
	wait, ok := g.limits.allow(clientOf(r.Context()))
	if !ok {
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter(wait)))
		g.refuse(w, http.StatusTooManyRequests, "rate", limited(id, wait))
	}
	return ok
}
