package target

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A clientFile is the configuration file of an MCP client.
type clientFile struct {
	path      string
	workspace string // what the client would call the workspace folder
	dir       string // in which the client starts servers, "" for here
	editor    bool   // in the dialect of VS Code
	servers   []member
	expander
}

// config returns the servers of a configuration file, in its order, or in the
// order of --server.
func (s Selection) config() ([]Server, error) {
	f, err := s.openConfig()
	if err != nil {
		return nil, err
	}
	names := make([]string, len(f.servers))
	for i, m := range f.servers {
		names[i] = m.name
	}
	wanted, err := pick("--config", s.Config, s.Only, names)
	if err != nil {
		return nil, err
	}
	var servers []Server
	for _, i := range wanted {
		m := f.servers[i]
		var e entry
		if err := decode(m.value, &e); err != nil {
			return nil, usagef("--config %q: server %q: %v", s.Config, m.name, err)
		}
		if e.off() && len(s.Only) == 0 {
			s.Note(oneLine(fmt.Sprintf("server %q is passed over: it is disabled in %s", m.name, s.Config)))
			continue
		}
		server, err := f.server(e)
		if err != nil {
			return nil, usagef("--config %q: server %q: %v", s.Config, m.name, err)
		}
		server.Name = m.name
		servers = append(servers, server)
	}
	if len(servers) == 0 {
		return nil, usagef("--config %q: every server in it is disabled, want --server NAME to judge one anyway", s.Config)
	}
	return servers, nil
}

func (s Selection) openConfig() (*clientFile, error) {
	data, err := read("--config", s.Config)
	if err != nil {
		return nil, err
	}
	if ext := strings.ToLower(filepath.Ext(s.Config)); ext == ".toml" || ext == ".yaml" || ext == ".yml" {
		hint := ""
		if ext != ".toml" {
			hint = "; did you mean --registry"
		}
		return nil, usagef("--config %q: a %s file is not read, want JSON%s", s.Config, ext, hint)
	}
	f := &clientFile{path: s.Config}
	f.locate()
	f.expander = expander{lookup: s.LookupEnv, workspace: f.workspace}
	if err := f.parse(data); err != nil {
		return nil, err
	}
	return f, nil
}

// locate finds the workspace. A project keeps its file in its root (.mcp.json)
// or in a folder with a dot (.vscode, .cursor), and its servers run in the
// root. Other files are read as though the client was started here.
func (f *clientFile) locate() {
	here, err := os.Getwd()
	if err != nil {
		here = "."
	}
	f.workspace = here
	path := f.path
	if !filepath.IsAbs(path) {
		path = filepath.Join(here, path)
	}
	dir := filepath.Dir(path)
	switch base := filepath.Base(dir); {
	case filepath.Base(path) == ".mcp.json":
		f.workspace, f.dir = dir, dir
	case len(base) > 1 && strings.HasPrefix(base, "."):
		f.workspace, f.dir = filepath.Dir(dir), filepath.Dir(dir)
	}
}

// parse finds the servers: under "mcpServers" for most clients, under "servers"
// in VS Code's mcp.json, and under "mcp" in its settings.
func (f *clientFile) parse(data []byte) error {
	var top struct {
		MCPServers json.RawMessage `json:"mcpServers"`
		Servers    json.RawMessage `json:"servers"`
		MCP        json.RawMessage `json:"mcp"`
	}
	if err := decode(data, &top); err != nil {
		return usagef("%s:%v", f.path, spaceUnlessPosition(err))
	}
	raw, key := top.MCPServers, "mcpServers"
	if raw == nil {
		raw, key, f.editor = top.Servers, "servers", true
		if raw == nil && top.MCP != nil {
			var settings struct {
				Servers json.RawMessage `json:"servers"`
			}
			if decode(top.MCP, &settings) == nil {
				raw, key = settings.Servers, "mcp.servers"
			}
		}
	} else if top.Servers != nil {
		return usagef(`--config %q holds both "mcpServers" and "servers", want one`, f.path)
	}
	if raw == nil {
		return usagef(`--config %q holds neither "mcpServers" nor "servers"`, f.path)
	}
	list, err := members(raw)
	switch {
	case err != nil && raw[0] == '[':
		return usagef("--config %q: %q is an array, want an object by name; did you mean --registry", f.path, key)
	case err != nil:
		return usagef("--config %q: %q is wrong: %v", f.path, key, err)
	case len(list) == 0:
		return usagef("--config %q: %q is empty, want a server", f.path, key)
	}
	f.servers = list
	return nil
}

// spaceUnlessPosition words an error of decode after "FILE:".
func spaceUnlessPosition(err error) string {
	if text := err.Error(); text[0] < '0' || text[0] > '9' {
		return " " + text
	}
	return err.Error()
}

// pick returns the indexes of the wanted names, or of all.
func pick(flag, path string, only, names []string) ([]int, error) {
	var picked []int
	if len(only) == 0 {
		for i := range names {
			picked = append(picked, i)
		}
		return picked, nil
	}
	for _, name := range only {
		i := slices.Index(names, name)
		if i < 0 {
			return nil, usagef("--server %q is not in %s %q%s", name, flag, path, choice(name, names))
		}
		if !slices.Contains(picked, i) {
			picked = append(picked, i)
		}
	}
	return picked, nil
}
