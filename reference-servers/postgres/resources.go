package postgres

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// Resources are named as the database is built: postgres:///SCHEMA/TABLE/COLUMN.
const (
	root           = "postgres:///"
	schemaTemplate = root + "{schema}"
	tableTemplate  = root + "{schema}/{table}"
	columnTemplate = root + "{schema}/{table}/{column}"
)

// A catalogue keeps the list of resources as the database has it, and completes
// names.
type catalogue struct {
	*database
	server *server.MCPServer

	mu     sync.Mutex
	listed map[string]bool // URIs of schemas and tables
}

func (c *catalogue) addResources() {
	c.server.AddResource(mcp.NewResource(root, "schemas", mcp.WithResourceDescription("The schemas of the database"), mcp.WithMIMEType("application/json")), c.read)
	for _, t := range [][3]string{
		{schemaTemplate, "schema", "The tables and views of a schema"},
		{tableTemplate, "table", "The columns, keys and indexes of a table or view"},
		{columnTemplate, "column", "One column of a table or view"},
	} {
		c.server.AddResourceTemplate(mcp.NewResourceTemplate(t[0], t[1], mcp.WithTemplateDescription(t[2]), mcp.WithTemplateMIMEType("application/json")),
			server.ResourceTemplateHandlerFunc(c.read))
	}
}

// refresh lists the schemas and tables that there are now. While the database does
// not answer, those stay listed that there were.
func (c *catalogue) refresh(ctx context.Context) {
	tables, err := c.tables(ctx, "")
	if err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var added []server.ServerResource
	there := map[string]bool{}
	add := func(uri, name, description string) {
		if !there[uri] && !c.listed[uri] {
			added = append(added, server.ServerResource{Handler: c.read, Resource: mcp.NewResource(uri, name,
				mcp.WithResourceDescription(description), mcp.WithMIMEType("application/json"))})
		}
		there[uri] = true
	}
	for _, t := range tables {
		add(root+url.PathEscape(t.Schema), t.Schema, "Schema "+t.Schema)
		add(root+url.PathEscape(t.Schema)+"/"+url.PathEscape(t.Name), t.Schema+"."+t.Name, strings.TrimSuffix(t.Kind+": "+t.Comment, ": "))
	}
	if len(added) > 0 {
		c.server.AddResources(added...)
	}
	var gone []string
	for uri := range c.listed {
		if !there[uri] {
			gone = append(gone, uri)
		}
	}
	c.server.DeleteResources(gone...)
	c.listed = there
}

// watch looks for tables that came and went, of which the database tells nobody.
func (c *catalogue) watch(ctx context.Context) {
	tick := time.NewTicker(30 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			c.refresh(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// read reads any resource.
func (c *catalogue) read(ctx context.Context, r mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
	path, err := names(r.Params.URI)
	if err != nil {
		return nil, err
	}
	var content any
	switch len(path) {
	case 0:
		content, err = c.schemas(ctx)
	case 1:
		var tables []Table
		if tables, err = c.tables(ctx, path[0]); err == nil && len(tables) == 0 {
			err = missing("there is no schema %q of which a table may be read", path[0])
		}
		content = tables
	default:
		var t *Description
		if t, err = c.describe(ctx, path[0], path[1]); err == nil {
			content = t
			if len(path) == 3 {
				content, err = t.column(path[2])
			}
		}
	}
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(content)
	if err != nil {
		return nil, err
	}
	return []mcp.ResourceContents{mcp.TextResourceContents{URI: r.Params.URI, MIMEType: "application/json", Text: string(text)}}, nil
}

// names takes a URI apart, of which no more than three names may be made.
func names(uri string) (path []string, err error) {
	rest, ok := strings.CutPrefix(uri, root)
	if !ok {
		return nil, missing("%q is no resource: want %s", uri, columnTemplate)
	}
	if rest == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(rest, "/") {
		name, err := url.PathUnescape(part)
		if err != nil || name == "" || len(path) == 3 {
			return nil, missing("%q is no resource: want %s", uri, columnTemplate)
		}
		path = append(path, name)
	}
	return path, nil
}
