package gateway

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// An offer is what the gateway lists: by the gateway's names, what is whose.
type offer struct {
	tools     map[string]offered[mcp.Tool]
	prompts   map[string]offered[mcp.Prompt]
	resources map[string]offered[mcp.Resource]
	templates map[string]offered[mcp.ResourceTemplate]
}

type offered[T any] struct {
	from *upstream
	own  string // the name that the server knows it by
	item T
	text []byte // of the item, to see whether it changed
}

func newOffer() offer {
	return offer{map[string]offered[mcp.Tool]{}, map[string]offered[mcp.Prompt]{}, map[string]offered[mcp.Resource]{}, map[string]offered[mcp.ResourceTemplate]{}}
}

// put adds an item under its new name. An item that cannot be written, nobody can
// be told of.
func put[T any](to map[string]offered[T], from *upstream, name, own string, item T) {
	if text, err := json.Marshal(item); err == nil {
		to[name] = offered[T]{from, own, item, text}
	}
}

// changes are what came or is not what it was, and the names of what went.
func changes[T any](before, now map[string]offered[T]) (came []string, went []string) {
	for name, o := range now {
		if b, was := before[name]; !was || !bytes.Equal(b.text, o.text) || b.own != o.own {
			came = append(came, name)
		}
	}
	for name := range before {
		if _, is := now[name]; !is {
			went = append(went, name)
		}
	}
	slices.Sort(came)
	slices.Sort(went)
	return came, went
}

// offer tells mcp-go, and so the clients, of what changed with the servers.
func (w *gateway) offer() {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := newOffer()
	for _, prefix := range slices.Sorted(maps.Keys(w.upstreams)) {
		if c := w.upstreams[prefix].catalogue(); c != nil {
			c.add(now, w.upstreams[prefix])
		}
	}
	before := w.offered
	w.offered = now

	came, went := changes(before.tools, now.tools)
	var tools []server.ServerTool
	for _, name := range came {
		tools = append(tools, server.ServerTool{Tool: now.tools[name].item, Handler: w.callTool})
	}
	told(tools, w.mcp.AddTools, went, w.mcp.DeleteTools)

	came, went = changes(before.prompts, now.prompts)
	var prompts []server.ServerPrompt
	for _, name := range came {
		prompts = append(prompts, server.ServerPrompt{Prompt: now.prompts[name].item, Handler: w.getPrompt})
	}
	told(prompts, w.mcp.AddPrompts, went, w.mcp.DeletePrompts)

	came, went = changes(before.resources, now.resources)
	var resources []server.ServerResource
	for _, uri := range came {
		resources = append(resources, server.ServerResource{Resource: now.resources[uri].item, Handler: w.read})
	}
	told(resources, w.mcp.AddResources, went, w.mcp.DeleteResources)

	came, went = changes(before.templates, now.templates)
	if len(came)+len(went) == 0 {
		return
	}
	w.setTemplates(now)
}

func (w *gateway) setTemplates(now offer) {
	templates := []server.ServerResourceTemplate{{Template: mcp.NewResourceTemplate(anyURI, "any"), Handler: w.read}}
	for _, t := range now.templates {
		templates = append(templates, server.ServerResourceTemplate{Template: t.item, Handler: w.read})
	}
	w.mcp.SetResourceTemplates(templates...)
}

func told[T any](came []T, add func(...T), went []string, remove func(...string)) {
	if len(came) > 0 {
		add(came...)
	}
	if len(went) > 0 {
		remove(went...)
	}
}

// anyURI matches every URI. A server may know resources that it does not list, so
// mcp-go is to leave all of them to the gateway. It is not listed itself.
const anyURI = "{+uri}"

func withoutAny(list []mcp.ResourceTemplate) []mcp.ResourceTemplate {
	kept := make([]mcp.ResourceTemplate, 0, len(list))
	for _, t := range list {
		if t.URITemplate.Raw() != anyURI {
			kept = append(kept, t)
		}
	}
	return kept
}

// canonical puts the prefix before a URI that lacks it, when only one server knows
// it: servers tell of URIs in their texts too, which the gateway leaves alone.
func (w *gateway) canonical(uri string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if prefix, _, ok := splitURI(uri); ok && w.upstreams[prefix] != nil {
		return uri
	}
	knows := map[string]bool{}
	for prefix, u := range w.upstreams {
		name := uriOf(prefix, uri)
		if _, listed := w.offered.resources[name]; listed {
			knows[prefix] = true
		}
		for _, t := range w.offered.templates {
			if t.from == u && t.item.URITemplate.Regexp().MatchString(name) {
				knows[prefix] = true
			}
		}
	}
	if len(knows) == 1 {
		for prefix := range knows {
			return uriOf(prefix, uri)
		}
	}
	return uri
}

// A catalogue is what a server lists, as it lists it.
type catalogue struct {
	tools       []mcp.Tool
	prompts     []mcp.Prompt
	resources   []mcp.Resource
	templates   []mcp.ResourceTemplate
	completions bool
}

// add adds what the server lists, under the gateway's names.
func (c *catalogue) add(to offer, u *upstream) {
	for _, t := range c.tools {
		own := t.Name
		t.Name = nameOf(u.prefix, own)
		put(to.tools, u, t.Name, own, t)
	}
	for _, p := range c.prompts {
		own := p.Name
		p.Name = nameOf(u.prefix, own)
		put(to.prompts, u, p.Name, own, p)
	}
	for _, r := range c.resources {
		own := r.URI
		r.URI = uriOf(u.prefix, own)
		put(to.resources, u, r.URI, own, r)
	}
	for _, t := range c.templates {
		own := t.URITemplate.Raw()
		var renamed mcp.URITemplate
		text, _ := json.Marshal(uriOf(u.prefix, own))
		if strings.TrimSpace(own) == "" || renamed.UnmarshalJSON(text) != nil {
			continue
		}
		t.URITemplate = &renamed
		put(to.templates, u, uriOf(u.prefix, own), own, t)
	}
}
