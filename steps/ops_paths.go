package steps

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/safety"
	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// outside are spellings of the path of a file that every Unix has, and that
// nobody means a tool to read.
var outside = []string{
	"/etc/passwd", "../../../../../../../../etc/passwd", "....//....//....//....//....//....//etc/passwd",
	"..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd", "/proc/self/root/etc/passwd", "file:///etc/passwd",
	"./../../../../../../../../etc/passwd", "~/../../../../../../etc/passwd",
}

// pathArgument says which argument of a tool is a path; "" if none is.
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

func (w *World) deniedResources(context.Context) error {
	f, err := w.subject.facts()
	switch {
	case err != nil:
		return err
	case !f.offers("resources"):
		return w.subject.undeclared("resources")
	case len(w.subject.Operations.Denied) == 0:
		return applicableIf("mcpcheck is told of a resource that the server is to refuse: --denied URI", "mcpcheck was not told which resources the server is to deny")
	}
	return nil
}

func (w *World) readDenied(ctx context.Context) error {
	for _, uri := range w.subject.Operations.Denied {
		for _, spelt := range spellings(uri) {
			w.xs = append(w.xs, w.do(ctx, wire.Call{Method: "resources/read", Params: map[string]any{"uri": spelt}}))
		}
	}
	return nil
}

// spellings are URIs that a server may take for the same one (RFC 3986, section 6.2.2).
func spellings(uri string) []string {
	list := []string{uri}
	scheme, rest, ok := strings.Cut(uri, ":")
	if !ok {
		return list
	}
	list = append(list, strings.ToUpper(scheme)+":"+rest)
	last := rest[strings.LastIndex(rest, "/")+1:]
	folder := rest[:len(rest)-len(last)]
	if last != "" {
		list = append(list, fmt.Sprintf("%s:%s%%%02x%s", scheme, folder, last[0], last[1:]))
	}
	if strings.Count(folder, "/") > 2 || strings.HasPrefix(folder, "/") && !strings.HasPrefix(folder, "//") { // not within the host
		list = append(list, scheme+":"+folder+"./"+last, scheme+":"+folder+"mcpcheck/../"+last)
	}
	return list
}

func (w *World) allDenied(context.Context) error {
	answered := 0
	for _, x := range w.xs {
		m := x.Response()
		if m == nil {
			continue
		}
		answered++
		r, err := object(m.Result())
		var contents []json.RawMessage
		if err == nil && json.Unmarshal(r["contents"], &contents) == nil && len(contents) > 0 {
			w.x = x
			return unmetf("an error for a resource that is to be denied", "its contents, for %s", brief(string(x.Body)))
		}
	}
	if answered == 0 {
		return inconclusivef("no request was answered: %s", silence(w.xs[0]))
	}
	return nil
}
