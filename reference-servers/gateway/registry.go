package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
)

// An entry is one server of the registry.
type entry struct {
	Name         string            `json:"name"`
	Endpoint     string            `json:"endpoint"`
	Endpoints    []string          `json:"endpoints"` // further replicas
	Transport    string            `json:"transport"`
	Type         string            `json:"type"` // says the same
	Headers      map[string]string `json:"headers"`
	Capabilities []string          `json:"capabilities"` // what is taken of it; all when empty
	HealthCheck  string            `json:"health_check"` // a path at each endpoint
	prefix       string
}

// read reads the registry.
func read(path string) ([]entry, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	entries, err := parse(data, os.LookupEnv)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return entries, nil
}

// parse reads {"servers": [...]}. Variables in URLs and headers come from lookup,
// so that the file holds no secrets.
func parse(data []byte, lookup func(string) (string, bool)) ([]entry, error) {
	var file struct {
		Servers []entry `json:"servers"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf(`no JSON such as {"servers": [{"name": ..., "endpoint": ...}]}: %w`, err)
	}
	if len(file.Servers) == 0 {
		return nil, errors.New(`"servers" is missing or empty, want a server`)
	}
	names := map[string]string{}
	for i := range file.Servers {
		e := &file.Servers[i]
		if e.Name == "" {
			return nil, fmt.Errorf(`server number %d: "name" is missing`, i+1)
		}
		if err := e.complete(lookup); err != nil {
			return nil, fmt.Errorf("server %q: %w", e.Name, err)
		}
		if other, taken := names[e.prefix]; taken {
			return nil, fmt.Errorf("server %q: its tools would begin with %s_ as those of %q do; give it another name", e.Name, e.prefix, other)
		}
		names[e.prefix] = e.Name
	}
	return file.Servers, nil
}

func (e *entry) complete(lookup func(string) (string, bool)) (err error) {
	if e.prefix = prefixOf(e.Name); e.prefix == "" {
		return errors.New("its name holds no letter, want one to begin the names of its tools with")
	}
	if len(e.prefix) > longest/2 {
		return fmt.Errorf("its name is longer than %d bytes, which leaves no room for those of its tools", longest/2)
	}
	switch kind := e.Transport + e.Type; kind {
	case "", "http", "streamable-http", "streamableHttp", "streamable_http":
		e.Transport = "http"
	case "sse", "http+sse":
		e.Transport = "sse"
	default:
		return fmt.Errorf("its transport is %q, want http or sse", kind)
	}
	if e.Endpoint != "" {
		e.Endpoints = slices.Insert(e.Endpoints, 0, e.Endpoint)
	}
	if len(e.Endpoints) == 0 {
		return errors.New(`"endpoint" is missing`)
	}
	for i, raw := range e.Endpoints {
		if e.Endpoints[i], err = expand(raw, lookup); err != nil {
			return err
		}
		u, err := url.Parse(e.Endpoints[i])
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
			return errors.New("an endpoint is no URL such as http://github-mcp:8080/mcp; what proves who asks belongs in headers")
		}
	}
	slices.Sort(e.Endpoints)
	e.Endpoints = slices.Compact(e.Endpoints)
	for name, value := range e.Headers {
		if e.Headers[name], err = expand(value, lookup); err != nil {
			return err
		}
	}
	for _, c := range e.Capabilities {
		if !slices.Contains([]string{"tools", "resources", "prompts", "completions", "logging"}, c) {
			return fmt.Errorf("it has the capability %q, want tools, resources, prompts or completions", c)
		}
	}
	if e.HealthCheck, err = expand(e.HealthCheck, lookup); err != nil {
		return err
	}
	if h, err := url.Parse(e.HealthCheck); err != nil || h.Host != "" || h.Scheme != "" {
		return fmt.Errorf(`"health_check" is %q, want a path such as /ready, which each replica is asked for`, e.HealthCheck)
	}
	return nil
}

// offers says whether something is to be taken of the server.
func (e *entry) offers(capability string) bool {
	return len(e.Capabilities) == 0 || slices.Contains(e.Capabilities, capability)
}

var variable = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)(:-[^}]*)?\}`)

// expand puts the values of ${VARIABLE} and ${VARIABLE:-default} into a text.
func expand(text string, lookup func(string) (string, bool)) (string, error) {
	var missing error
	out := variable.ReplaceAllStringFunc(text, func(m string) string {
		parts := variable.FindStringSubmatch(m)
		if v, ok := lookup(parts[1]); ok && (v != "" || parts[2] == "") {
			return v
		}
		if parts[2] == "" {
			missing = fmt.Errorf("the environment variable %s is not set", parts[1])
		}
		return strings.TrimPrefix(parts[2], ":-")
	})
	return out, missing
}
