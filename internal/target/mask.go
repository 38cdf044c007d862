package target

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// redacted stands in place of a secret.
const redacted = "[redacted]"

var (
	issued = regexp.MustCompile(`^(sk-|sk_|pk_|rk_|ghp_|gho_|ghu_|ghs_|ghr_|github_pat_|glpat-|xox[a-z]-|xapp-|AKIA|ASIA|AIza|ya29\.|eyJ|npm_|hf_|pypi-|SG\.|shpat_|sbp_|lin_api_|ntn_|figd_|pat-)[A-Za-z0-9_.-]{6,}`)
	uuid   = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)
	mixed  = regexp.MustCompile(`[A-Za-z0-9+=]{16,}`)
	digits = regexp.MustCompile(`[0-9]`)
	letter = regexp.MustCompile(`[A-Za-z]`)
)

// looksSecret reports whether s by itself looks like a token: the prefix of a
// known issuer, a UUID, or a long run that mixes letters and digits.
func looksSecret(s string) bool {
	if issued.MatchString(s) || uuid.MatchString(s) {
		return true
	}
	for _, r := range mixed.FindAllString(s, -1) {
		if len(digits.FindAllString(r, 2)) == 2 && letter.MatchString(r) {
			return true
		}
	}
	return false
}

var secretWords = []string{"key", "token", "secret", "passw", "passphrase", "pwd", "sig", "auth", "credential", "cookie", "session", "bearer", "jwt", "dsn", "private"}

// secretName reports whether what is called name is likely to be a secret.
func secretName(name string) bool {
	name = strings.ToLower(name)
	for _, w := range secretWords {
		if strings.Contains(name, w) {
			return true
		}
	}
	return false
}

// maskURL replaces in s credentials, and parameters and path segments that look
// like tokens. It works on text, since what is shown need not parse.
func maskURL(s string) string {
	scheme := s[:strings.Index(s, "://")+1]
	if scheme != "" {
		scheme += "//"
	}
	rest, _, _ := strings.Cut(s[len(scheme):], "#")
	rest, query, hasQuery := strings.Cut(rest, "?")
	host, path, hasPath := strings.Cut(rest, "/")
	if at := strings.LastIndexByte(host, '@'); at >= 0 {
		host = redacted + "@" + host[at+1:]
	} else if at := strings.LastIndexByte(path, '@'); at >= 0 && !portOnly(host) {
		// A password with a slash in it: the host comes after all of that.
		host, path, hasPath = strings.Cut(path[at+1:], "/")
		host = redacted + "@" + host
	}
	out := scheme + host
	if hasPath {
		out += "/" + maskSegments(path)
	}
	if hasQuery {
		pairs := strings.Split(query, "&")
		for i, pair := range pairs {
			if name, value, ok := strings.Cut(pair, "="); ok && value != "" && (secretName(name) || looksSecret(value) || strings.Contains(value, "@")) {
				pairs[i] = name + "=" + redacted
			} else if looksSecret(pair) {
				pairs[i] = redacted
			}
		}
		out += "?" + strings.Join(pairs, "&")
	}
	return out
}

// portOnly reports whether what follows the colon in host is a port, if
// anything.
func portOnly(host string) bool {
	i := strings.LastIndexByte(host, ':')
	if i < 0 || strings.HasSuffix(host, "]") {
		return true
	}
	_, err := strconv.ParseUint(host[i+1:], 10, 16)
	return err == nil
}

// carriers are the flags of other programs whose argument is a pair or a
// credential, whatever its name.
var carriers = map[string]bool{"-H": true, "--header": true, "-e": true, "--env": true, "-u": true, "--user": true}

// maskCommand writes a command line without what looks like a secret.
func maskCommand(argv []string) string {
	masked := make([]string, len(argv))
	before := ""
	for i, arg := range argv {
		masked[i] = maskWord(before, arg)
		before = arg
	}
	return quote(masked)
}

// maskWord masks an argument, knowing the one before it.
func maskWord(before, arg string) string {
	flag := strings.HasPrefix(before, "-") && !strings.Contains(before, "=") && !strings.HasPrefix(arg, "-")
	i := strings.IndexAny(arg, "=: \t\r\n")
	named := i > 0 && (carriers[before] || secretName(arg[:i]))
	switch {
	case len(arg) > longest:
		return fmt.Sprintf("[%d characters]", len(arg))
	case flag && secretName(before):
		return variableOr(arg)
	case named && arg[i] == '=':
		return arg[:i+1] + variableOr(arg[i+1:])
	case named && arg[i] == ':' && !strings.HasPrefix(arg[i:], "://"):
		return arg[:i] + ": " + variableOr(strings.TrimSpace(arg[i+1:]))
	case strings.ContainsAny(arg, " \t\r\n"):
		return maskWords(arg)
	case i > 0 && arg[i] == '=':
		return arg[:i+1] + maskWord("", arg[i+1:])
	case strings.Contains(arg, "://"):
		return maskURL(arg)
	}
	return maskSegments(arg)
}

// longest bounds an argument that is shown, in bytes.
const longest = 1 << 10

var blankless = regexp.MustCompile(`\S+`)

// maskWords masks each word of a script, such as sh -c takes, and leaves the
// rest of it as it is.
func maskWords(script string) string {
	before, open := "", "" // open is the quote that a masked word has opened
	return blankless.ReplaceAllStringFunc(script, func(word string) string {
		if open != "" {
			if strings.Contains(word, open) {
				open = ""
			}
			return redacted
		}
		bare := strings.Trim(word, "\"'")
		masked := maskWord(before, bare)
		before = word
		if masked != bare {
			for _, quote := range []string{"\"", "'"} {
				if strings.Count(word, quote)%2 == 1 {
					open = quote
				}
			}
		}
		return strings.Replace(word, bare, masked, 1)
	})
}

// maskSegments masks the parts of a path that look like tokens.
func maskSegments(path string) string {
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if looksSecret(segment) {
			segments[i] = redacted
		}
	}
	return strings.Join(segments, "/")
}

var placeholder = regexp.MustCompile(`^\$\{[A-Za-z0-9_:]+\}$`)

// variableOr keeps the mere name of a variable, which tells more.
func variableOr(value string) string {
	if placeholder.MatchString(value) {
		return value
	}
	return redacted
}

// oneLine escapes what would not print, so that a name out of a file neither
// breaks a line nor talks to the terminal.
func oneLine(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	var b strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		q := strconv.QuoteRune(r)
		b.WriteString(q[1 : len(q)-1])
	}
	return b.String()
}

// cause words the failure of a system call, without the path that it repeats.
func cause(err error) string {
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return "not found in PATH"
	case errors.Is(err, fs.ErrNotExist):
		return "does not exist"
	case errors.Is(err, fs.ErrPermission):
		return "permission denied"
	}
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	var look *exec.Error
	if errors.As(err, &look) {
		err = look.Err
	}
	return err.Error()
}
