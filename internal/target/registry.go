package target

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/spec"
)

// A listing is one server in the registry of a cluster.
type listing struct {
	Name         string          `json:"name"`
	Endpoint     string          `json:"endpoint"`
	URL          string          `json:"url"`
	Type         string          `json:"type"`
	Transport    string          `json:"transport"`
	Capabilities json.RawMessage `json:"capabilities"`
	HealthCheck  json.RawMessage `json:"health_check"`
	HealthURL    json.RawMessage `json:"healthCheck"`
}

// registry returns the servers of a registry: servers.json, bare or inside a
// ConfigMap.
func (s Selection) registry() ([]Server, error) {
	data, err := read("--registry", s.Registry)
	if err != nil {
		return nil, err
	}
	documents, err := documents(data)
	if err != nil {
		return nil, usagef("%s:%s", s.Registry, spaceUnlessPosition(err))
	}
	r := &registry{}
	for _, d := range documents {
		if err := r.collect(d, 0); err != nil {
			return nil, usagef("--registry %q: %v", s.Registry, err)
		}
	}
	switch {
	case !r.found && r.client:
		return nil, usagef(`--registry %q holds "mcpServers", as a client's file does; did you mean --config`, s.Registry)
	case !r.found:
		return nil, usagef(`--registry %q holds no "servers", neither at the top nor in the data of a ConfigMap`, s.Registry)
	case len(r.listings) == 0:
		return nil, usagef(`--registry %q: "servers" is empty, want a server`, s.Registry)
	}
	return s.listed(r.listings)
}

func (s Selection) listed(listings []listing) ([]Server, error) {
	names := make([]string, len(listings))
	for i, l := range listings {
		if slices.Contains(names[:i], l.Name) && l.Name != "" {
			return nil, usagef("--registry %q names the server %q twice", s.Registry, l.Name)
		}
		names[i] = l.Name
	}
	picked, err := pick("--registry", s.Registry, s.Only, names)
	if err != nil {
		return nil, err
	}
	var servers []Server
	x := expander{lookup: s.LookupEnv, workspace: "."}
	for _, i := range picked {
		server, err := listings[i].server(x)
		if err != nil {
			who := fmt.Sprintf("server %q", listings[i].Name)
			if listings[i].Name == "" {
				who = fmt.Sprintf("server number %d", i+1)
			}
			return nil, usagef("--registry %q: %s: %v", s.Registry, who, err)
		}
		servers = append(servers, server)
	}
	return servers, nil
}

// server makes a server of a listing.
func (l listing) server(x expander) (Server, error) {
	endpoint := l.Endpoint
	switch {
	case l.Name == "":
		return Server{}, usagef(`"name" is missing`)
	case endpoint == "" && l.URL == "":
		return Server{}, usagef(`"endpoint" is missing`)
	case endpoint == "":
		endpoint = l.URL
	}
	value, said, err := x.expand(endpoint)
	if err != nil {
		return Server{}, err
	}
	s, err := fromURL(value, said)
	if err != nil {
		return Server{}, usagef(`"endpoint": %v`, err)
	}
	s.Name = l.Name
	if s.Transport, err = (entry{Type: l.Type, Transport: l.Transport}).transport(); err != nil {
		return Server{}, err
	}
	if s.Transport == spec.Stdio {
		return Server{}, usagef("its type is stdio, but an endpoint is reached over HTTP")
	}
	if s.Capabilities, err = l.capabilities(); err != nil {
		return Server{}, err
	}
	s.HealthCheck, err = l.health(s.URL, x)
	return s, err
}

// capabilities are a list of names, or an object whose members are.
func (l listing) capabilities() ([]string, error) {
	if l.Capabilities == nil || string(l.Capabilities) == "null" {
		return nil, nil
	}
	var list []string
	if json.Unmarshal(l.Capabilities, &list) == nil {
		return list, nil
	}
	var object map[string]any
	if json.Unmarshal(l.Capabilities, &object) != nil {
		return nil, usagef(`"capabilities" is neither an array of strings nor an object`)
	}
	for _, name := range sorted(object) {
		if object[name] != nil && object[name] != false {
			list = append(list, name)
		}
	}
	return list, nil
}

// health returns the URL of the health check, which is a path at the endpoint's
// host or a URL of its own.
func (l listing) health(endpoint string, x expander) (string, error) {
	raw := l.HealthCheck
	if raw == nil {
		raw = l.HealthURL
	}
	if raw == nil || string(raw) == "null" || string(raw) == `""` {
		return "", nil
	}
	var text string
	if json.Unmarshal(raw, &text) != nil {
		var object struct{ Path, URL, Endpoint string }
		if json.Unmarshal(raw, &object) != nil || object.Path+object.URL+object.Endpoint == "" {
			return "", usagef(`"health_check" is neither a path nor a URL`)
		}
		text = object.URL
		if text == "" {
			text = object.Endpoint
		}
		if text == "" {
			text = object.Path
		}
	}
	value, _, err := x.expand(text)
	if err != nil {
		return "", err
	}
	base, err := url.Parse(endpoint)
	if err != nil {
		return "", usagef(`"endpoint" is malformed`)
	}
	if !schemed.MatchString(value) {
		value = base.Scheme + "://" + base.Host + "/" + strings.TrimPrefix(value, "/")
	}
	s, err := fromURL(value, value)
	if err != nil {
		return "", usagef(`"health_check": %v`, err)
	}
	return s.URL, nil
}

// A registry is what was found of one in a file.
type registry struct {
	listings []listing
	found    bool // "servers" was there, though it may be empty
	client   bool // "mcpServers" was there
}

// collect takes the servers out of a document, which is a registry, a ConfigMap
// that holds one, or a List of such. Other objects of a manifest hold none.
func (r *registry) collect(document json.RawMessage, depth int) error {
	var top struct {
		Kind       any             `json:"kind"`
		Data       json.RawMessage `json:"data"`
		Items      json.RawMessage `json:"items"`
		Servers    json.RawMessage `json:"servers"`
		MCPServers json.RawMessage `json:"mcpServers"`
	}
	if json.Unmarshal(document, &top) != nil {
		return nil
	}
	r.client = r.client || top.MCPServers != nil
	if top.Servers != nil {
		r.found = true
		return r.add(top.Servers)
	}
	if depth > 1 {
		return nil
	}
	var items []json.RawMessage
	if json.Unmarshal(top.Items, &items) == nil {
		for _, item := range items {
			if err := r.collect(item, depth+1); err != nil {
				return err
			}
		}
	}
	var data map[string]json.RawMessage
	if top.Kind != nil && top.Kind != "ConfigMap" || json.Unmarshal(top.Data, &data) != nil {
		return nil
	}
	for _, key := range sorted(data) {
		if err := r.value(key, data[key], depth); err != nil {
			return err
		}
	}
	return nil
}

// value takes the servers out of a value of a ConfigMap. A value that is not a
// document is none of ours, unless its name says that it is.
func (r *registry) value(key string, raw json.RawMessage, depth int) error {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return nil
	}
	inner, err := documents([]byte(text))
	if err != nil {
		if filepath.Ext(key) == ".json" {
			return fmt.Errorf("data[%q]:%s", key, spaceUnlessPosition(err))
		}
		return nil
	}
	for _, d := range inner {
		if err := r.collect(d, depth+2); err != nil {
			return fmt.Errorf("data[%q]: %w", key, err)
		}
	}
	return nil
}

// add files the servers of a list, or of an object by name.
func (r *registry) add(raw json.RawMessage) error {
	if list, err := members(raw); err == nil {
		for _, m := range list {
			l := listing{}
			if err := decode(m.value, &l); err != nil {
				return fmt.Errorf("server %q: %w", m.name, err)
			}
			l.Name = m.name
			r.listings = append(r.listings, l)
		}
		return nil
	} else if raw[0] == '{' {
		return fmt.Errorf(`"servers" is wrong: %w`, err)
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return errors.New(`"servers" is neither an array nor an object`)
	}
	for i, item := range list {
		l := listing{}
		if err := decode(item, &l); err != nil {
			return fmt.Errorf("server number %d: %w", i+1, err)
		}
		r.listings = append(r.listings, l)
	}
	return nil
}
