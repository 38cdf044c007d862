package target

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// An expander replaces the variables of configuration files: ${NAME} and
// ${NAME:-default} of .mcp.json, ${env:NAME} and the predefined ones of editors.
type expander struct {
	lookup    func(string) (string, bool)
	workspace string
}

var (
	variable = regexp.MustCompile(`\$\{([^{}]*)\}`)
	plain    = regexp.MustCompile(`^(env:)?([A-Za-z_][A-Za-z0-9_]*)(:-(.*))?$`)
	spaced   = regexp.MustCompile(`^([a-z]+):`)
)

// expand returns text with its variables replaced, and the same as it may be
// shown: there, the name of a variable stands for a value that may be secret.
func (x expander) expand(text string) (value, said string, err error) {
	var real, shown strings.Builder
	end := 0
	for _, at := range variable.FindAllStringSubmatchIndex(text, -1) {
		lead, name := text[end:at[0]], text[at[2]:at[3]]
		end = at[1]
		v, s, e := x.value(name)
		if e != nil {
			return "", "", e
		}
		real.WriteString(lead + v)
		shown.WriteString(lead + s)
	}
	return real.String() + text[end:], shown.String() + text[end:], nil
}

func (x expander) value(name string) (value, said string, err error) {
	if v, ok := x.predefined(name); ok {
		return v, v, nil
	}
	m := plain.FindStringSubmatch(name)
	if m == nil {
		if space := spaced.FindStringSubmatch(name); space != nil {
			if space[1] == "input" {
				return "", "", usagef("${%s} asks the user, and mcpcheck asks nobody: want ${env:NAME} in its place", name)
			}
			return "", "", usagef("${%s:...} is known to an editor alone, want ${env:NAME} in its place", space[1])
		}
		// Not a form of any client: a shell's, perhaps, in a script.
		return "${" + name + "}", "${" + name + "}", nil
	}
	v, ok := x.lookup(m[2])
	switch {
	case ok:
	case m[3] != "" && m[1] == "":
		v = m[4]
	default:
		return "", "", usagef("the environment variable %s is not set%s", variableName(m[2]), map[bool]string{true: " and has no default"}[m[1] == ""])
	}
	if tellable(m[2]) {
		return v, v, nil
	}
	return v, "${" + m[1] + m[2] + "}", nil
}

func (x expander) predefined(name string) (string, bool) {
	switch name {
	case "workspaceFolder", "cwd", "workspaceRoot":
		return x.workspace, true
	case "workspaceFolderBasename":
		return filepath.Base(x.workspace), true
	case "userHome":
		home, err := os.UserHomeDir()
		return home, err == nil
	case "pathSeparator", "/":
		return string(filepath.Separator), true
	}
	return "", false
}

// tellable reports whether a variable of that name says where a server is,
// rather than who may use it.
func tellable(name string) bool {
	if secretName(name) {
		return false
	}
	for _, w := range []string{"URL", "HOST", "PORT", "ENDPOINT", "DOMAIN", "ORIGIN", "ADDR", "BASE"} {
		if strings.Contains(strings.ToUpper(name), w) {
			return true
		}
	}
	return false
}

// untilde expands a leading ~, which VS Code does though no shell is involved.
func untilde(path string) string {
	if path != "~" && !strings.HasPrefix(path, "~/") {
		return path
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return path
	}
	return home + path[1:]
}
