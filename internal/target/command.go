package target

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// split cuts a command line into words, as a POSIX shell does with quotes and
// backslashes. Nothing is expanded; what only a shell can do is refused.
func split(line string) ([]string, error) {
	var (
		words []string
		word  strings.Builder
		open  bool // a word has begun, though it may be empty
	)
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case c == 0:
			return nil, usagef("the command line holds a NUL character")
		case strings.IndexByte(" \t\r\n", c) >= 0:
			if open {
				words = append(words, word.String())
				word.Reset()
				open = false
			}
			continue
		case strings.IndexByte("|&;<>()`", c) >= 0:
			return nil, usagef("%q in column %d needs a shell: quote it, or say sh -c '...'", c, i+1)
		case c == '\\':
			i++
			if i == len(line) {
				return nil, usagef("the command line ends in a backslash, want a character after it")
			}
			if line[i] == '\n' {
				continue
			}
			word.WriteByte(line[i])
		case c == '\'' || c == '"':
			n, ok := quoted(&word, line[i:])
			if !ok {
				return nil, usagef("the quote %c in column %d is not closed", c, i+1)
			}
			i += n
		default:
			word.WriteByte(c)
		}
		open = true
	}
	if open {
		words = append(words, word.String())
	}
	return words, nil
}

// quoted writes what stands between the quote that s begins with and the one
// that closes it, at offset n.
func quoted(word *strings.Builder, s string) (n int, ok bool) {
	q := s[0]
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == q:
			return i, true
		case q == '"' && s[i] == '\\' && i+1 < len(s) && strings.IndexByte("$`\"\\\n", s[i+1]) >= 0:
			i++
			if s[i] != '\n' {
				word.WriteByte(s[i])
			}
		default:
			word.WriteByte(s[i])
		}
	}
	return 0, false
}

// quote writes words so that a shell, and split, reads them back.
func quote(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		if w == "" || strings.ContainsFunc(w, func(r rune) bool { return !identifier(r) && !strings.ContainsRune("-./:@%+=,{}$[]", r) }) {
			w = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
		quoted[i] = w
	}
	return strings.Join(quoted, " ")
}

// startable sees that the program of s exists. A PATH that s sets itself is the
// one that counts, as it does for the clients that read such files.
func (s *Server) startable() error {
	if s.Dir != "" {
		if err := directory(s.Dir, cmp.Or(s.saidDir, s.Dir)); err != nil {
			return err
		}
	}
	name, said := s.Command[0], s.Command[0]
	if s.said != nil {
		said = s.said[0]
	}
	if name == "" {
		return usagef("the command is empty")
	}
	if filepath.Base(name) != name {
		path := name
		if !filepath.IsAbs(path) {
			path = cmp.Or(s.Dir, ".") + string(filepath.Separator) + path
		}
		_, err := exec.LookPath(path)
		return missing(said, err)
	}
	own := ""
	for _, kv := range s.Env {
		if v, ok := strings.CutPrefix(kv, "PATH="); ok {
			own = v
		}
	}
	if own == "" {
		_, err := exec.LookPath(name)
		return missing(said, err)
	}
	for _, dir := range filepath.SplitList(own) {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil && filepath.IsAbs(dir) {
			if s.said == nil {
				s.said = s.Command
			}
			s.Command = append([]string{path}, s.Command[1:]...)
			return nil
		}
	}
	return missing(said, exec.ErrNotFound)
}

var assignment = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=`)

// interpreters run the scripts that users name in place of a command.
var interpreters = map[string]string{".js": "node", ".mjs": "node", ".cjs": "node", ".ts": "npx tsx", ".py": "python3", ".go": "go run"}

// missing says why the command name cannot be started, and what may be meant.
func missing(name string, err error) error {
	if err == nil {
		return nil
	}
	shown := maskCommand([]string{name})
	switch word, _, more := strings.Cut(name, " "); {
	case assignment.MatchString(name):
		variable, _, _ := strings.Cut(name, "=")
		return usagef("%q sets a variable, want --env %s=VALUE and the command alone", variable+"=", variable)
	case looksSecret(name):
		return usagef("the command is not found")
	case hostLike.MatchString(name):
		return usagef("%q is neither a URL nor a command; did you mean %s%s", shown, schemeFor(name), shown)
	case more:
		return usagef("command %q is not found: it holds blanks, want the program alone and its arguments apart from it", maskCommand([]string{word})+" ...")
	}
	if info, statErr := os.Stat(name); statErr == nil && !info.IsDir() && interpreters[filepath.Ext(name)] != "" {
		return usagef("%q is not executable; did you mean %q", shown, interpreters[filepath.Ext(name)]+" "+shown)
	}
	return usagef("command %q: %s", shown, cause(err))
}

// notACommand refuses a --target that names a file which another flag reads.
func notACommand(target string) error {
	info, err := os.Stat(target)
	if err != nil {
		return nil
	}
	switch ext := strings.ToLower(filepath.Ext(target)); {
	case info.IsDir():
		return usagef("--target %q is a directory, want a URL or a command line", target)
	case ext == ".json" || ext == ".jsonc":
		return usagef("--target %q is a file, want a URL or a command line; did you mean --config %s", target, quote([]string{target}))
	case ext == ".yaml" || ext == ".yml":
		return usagef("--target %q is a file, want a URL or a command line; did you mean --registry %s", target, quote([]string{target}))
	}
	return nil
}
