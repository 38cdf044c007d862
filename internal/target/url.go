package target

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

var (
	schemed  = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]*)://`)
	hostLike = regexp.MustCompile(`^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]*):[0-9]+(/\S*)?$|^([A-Za-z0-9-]+\.)+[A-Za-z]{2,}/\S*$|^localhost(/\S*)?$`)
	local    = regexp.MustCompile(`^(localhost|127\.|\[::1\]|0\.0\.0\.0|:|[A-Za-z0-9-]+:)`)
	slips    = regexp.MustCompile(`^(?i)(https?)(:/?|/+)([^/\s].*)$`)
)

// schemeOf returns the scheme of what is meant as a URL, well written or not.
func schemeOf(s string) (string, bool) {
	if m := schemed.FindStringSubmatch(s); m != nil {
		return strings.ToLower(m[1]), true
	}
	if m := slips.FindStringSubmatch(s); m != nil {
		return strings.ToLower(m[1]), true
	}
	return "", false
}

// schemeFor is the scheme that a host without one most likely has.
func schemeFor(host string) string {
	switch {
	case strings.HasPrefix(host, ":"):
		return "http://localhost"
	case local.MatchString(host):
		return "http://"
	}
	return "https://"
}

func websocketHint(scheme string) string {
	if scheme == "ws" || scheme == "wss" {
		return "; WebSocket is not a transport of the specification"
	}
	return ""
}

// fromURL makes a server of an http URL; said is the URL as it may be shown,
// before masking. Credentials in the URL become a header, which is what they
// mean to HTTP, so that the URL can be passed on. Its errors quote nothing that
// may be one.
func fromURL(raw, said string) (Server, error) {
	if m := slips.FindStringSubmatch(said); m != nil && !schemed.MatchString(said) {
		return Server{}, usagef("%q is not a URL; did you mean %s", oneLine(maskURL(said)), maskURL(strings.ToLower(m[1])+"://"+m[3]))
	}
	if !schemed.MatchString(raw) && hostLike.MatchString(raw) {
		return Server{}, usagef("the URL has no scheme; did you mean %s%s", schemeFor(raw), maskURL(said))
	}
	u, err := url.Parse(raw)
	if err != nil {
		return Server{}, usagef("the URL is malformed: %s", unquoted(err))
	}
	switch scheme := strings.ToLower(u.Scheme); {
	case !schemed.MatchString(raw):
		return Server{}, usagef("the URL has no scheme, want http:// or https://")
	case scheme != "http" && scheme != "https":
		if shown, ok := schemeOf(said); ok {
			return Server{}, usagef("the scheme of the URL is %q, want http or https", shown)
		}
		return Server{}, usagef("the scheme of the URL is neither http nor https")
	case u.Hostname() == "":
		return Server{}, usagef("the URL has no host")
	}
	if port := u.Port(); port != "" || strings.HasSuffix(u.Host, ":") {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return Server{}, usagef("the port of the URL is out of range, want 1 to 65535")
		}
	}
	if strings.ContainsAny(raw, " \t") {
		return Server{}, usagef("the URL holds a blank, want %%20")
	}
	s := Server{said: []string{said}}
	if user := u.User; user != nil {
		password, _ := user.Password()
		basic := base64.StdEncoding.EncodeToString([]byte(user.Username() + ":" + password))
		s.Header = http.Header{"Authorization": {"Basic " + basic}}
		if at := strings.LastIndexByte(authority(said), '@'); at >= 0 {
			s.said = []string{schemed.FindString(said) + said[at+1:]}
		}
	}
	u.User, u.Fragment, u.RawFragment = nil, "", ""
	s.URL = u.String()
	return s, nil
}

// authority returns s up to where the path begins.
func authority(s string) string {
	start := len(schemed.FindString(s))
	if end := strings.IndexAny(s[start:], "/?#"); end >= 0 {
		return s[:start+end]
	}
	return s
}

// unquoted is the reason of an error of a parser, up to what it quotes of its
// input, which may be part of a password.
func unquoted(err error) string {
	var parse *url.Error
	if errors.As(err, &parse) {
		err = parse.Err
	}
	text := err.Error()
	if i := strings.IndexAny(text, "\"'`"); i >= 0 {
		text = text[:i]
	}
	text = strings.TrimPrefix(strings.TrimPrefix(text, "net/url: "), "yaml: ")
	return strings.TrimRight(strings.TrimSuffix(strings.TrimSpace(text), " in"), " :")
}
