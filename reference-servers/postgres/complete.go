package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/mark3labs/mcp-go/mcp"

	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

// CompletePromptArgument completes the names that prompts take.
func (c *catalogue) CompletePromptArgument(ctx context.Context, prompt string, a mcp.CompleteArgument, known mcp.CompleteContext) (*mcp.Completion, error) {
	if !slices.Contains(promptNames, prompt) {
		return nil, service.Invalid(fmt.Errorf("there is no prompt %q", prompt))
	}
	return c.complete(ctx, a, known)
}

// CompleteResourceArgument completes the variables of the templates.
func (c *catalogue) CompleteResourceArgument(ctx context.Context, uri string, a mcp.CompleteArgument, known mcp.CompleteContext) (*mcp.Completion, error) {
	if !slices.Contains([]string{schemaTemplate, tableTemplate, columnTemplate}, uri) {
		return nil, service.Invalid(fmt.Errorf("there is no template %q", uri))
	}
	return c.complete(ctx, a, known)
}

// complete finds the names that begin as the value does, among those that the
// schema and the table leave which are known already.
func (c *catalogue) complete(ctx context.Context, a mcp.CompleteArgument, known mcp.CompleteContext) (*mcp.Completion, error) {
	found := []string{}
	find := func(name string) {
		if strings.HasPrefix(strings.ToLower(name), strings.ToLower(a.Value)) {
			found = append(found, name)
		}
	}
	schema, table := known.Arguments["schema"], known.Arguments["table"]
	switch a.Name {
	case "schema", "table":
		tables, err := c.tables(ctx, schema)
		if err != nil {
			return nil, err
		}
		for _, t := range tables {
			if a.Name == "schema" {
				find(t.Schema)
			} else {
				find(t.Name)
			}
		}
	case "column":
		if table == "" {
			break
		}
		t, err := c.describe(ctx, schema, table)
		if err != nil {
			break // a table that is not there has no columns
		}
		for _, column := range t.Columns {
			find(column.Name)
		}
	}
	slices.Sort(found)
	found = slices.Compact(found)
	const most = 100 // the specification's
	return &mcp.Completion{Values: found[:min(len(found), most)], Total: len(found), HasMore: len(found) > most}, nil
}
