package steps

import (
	"context"
	"slices"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/safety"
)

// outside are spellings of the path of a file that every Unix has, and that
// nobody means a tool to read.
var outside = []string{
	"/etc/passwd", "../../../../../../../../etc/passwd", "....//....//....//....//....//....//etc/passwd",
	"..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd", "/proc/self/root/etc/passwd", "file:///etc/passwd",
	"./../../../../../../../../etc/passwd", "~/../../../../../../etc/passwd",
}

// pathTool says which argument of a tool is a path; "" if none is.
func pathArgument(t *Tool) string {
	for _, name := range keys(propertiesOf(t)) {
		lower := strings.ToLower(name)
		if slices.ContainsFunc([]string{"path", "file", "filename", "folder", "directory", "dir", "uri"}, func(word string) bool {
			return lower == word || strings.HasSuffix(lower, "_"+word) || strings.HasPrefix(lower, word+"_") || strings.HasSuffix(name, strings.ToUpper(word[:1])+word[1:])
		}) {
			return name
		}
	}
	return ""
}

// pathTools takes those only that say of themselves that they read: one that the
// user allowed may write to the path that it is given.
func (w *World) pathTools(context.Context) error {
	safe, err := w.subject.safeTools()
	if err != nil {
		return err
	}
	for _, t := range safe {
		if safety.Callable(t.Raw, nil) && t.Arguments != nil && pathArgument(t) != "" && len(w.operation.tools) < candidates {
			w.operation.tools = append(w.operation.tools, t)
		}
	}
	if len(w.operation.tools) == 0 {
		return applicableIf("a tool that is marked with annotations.readOnlyHint takes a path", "no tool that is marked read-only has an argument that is called a path")
	}
	return nil
}

func (w *World) callOutside(ctx context.Context) error {
	for _, t := range w.operation.tools {
		for _, path := range outside {
			w.xs = append(w.xs, w.do(ctx, toolCall(t.Name, withText(t, pathArgument(t), path))))
		}
	}
	return nil
}

func (w *World) nothingLeaked(context.Context) error {
	answered := 0
	for _, x := range w.xs {
		m := x.Response()
		if m == nil {
			continue
		}
		answered++
		if text := string(m.Raw); strings.Contains(text, "root:") && strings.Contains(text, ":0:0:") {
			w.x = x
			return unmetf("no file of the system, for a path that leads out of what the tool may read", "the content of /etc/passwd, for %s", brief(string(x.Body)))
		}
	}
	if answered == 0 {
		return inconclusivef("no call was answered: %s", silence(w.xs[0]))
	}
	return nil
}
