package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

var promptNames = []string{"explore_schema", "write_query", "improve_query"}

func (d *database) prompts() []server.ServerPrompt {
	return []server.ServerPrompt{
		{
			Prompt: mcp.NewPrompt("explore_schema", mcp.WithPromptDescription("Get to know the tables of a schema"),
				mcp.WithArgument("schema", mcp.ArgumentDescription("the schema; public if it goes unsaid"))),
			Handler: prompt("Get to know a schema", func(ctx context.Context, a map[string]string) (string, any, error) {
				schema := a["schema"]
				if schema == "" {
					schema = "public"
				}
				tables, err := d.tables(ctx, schema)
				return fmt.Sprintf("Below are the tables of the schema %q. Say what the data is about, how the tables belong together "+
					"(describe_table tells their keys), and which questions they could answer.", schema), tables, err
			}),
		},
		{
			Prompt: mcp.NewPrompt("write_query", mcp.WithPromptDescription("Write a query that answers a question of a table"),
				mcp.WithArgument("question", mcp.RequiredArgument(), mcp.ArgumentDescription("what to find out")),
				mcp.WithArgument("table", mcp.RequiredArgument(), mcp.ArgumentDescription("the table to start from")),
				mcp.WithArgument("schema", mcp.ArgumentDescription("its schema"))),
			Handler: prompt("Write a query", func(ctx context.Context, a map[string]string) (string, any, error) {
				if a["question"] == "" || a["table"] == "" {
					return "", nil, service.Invalid(errors.New("the prompt wants the arguments question and table"))
				}
				t, err := d.describe(ctx, a["schema"], a["table"])
				return "Write one SELECT for PostgreSQL that answers the question below, with its values as parameters, check it with explain, " +
					"run it with query, and say what came of it.\n\nQuestion: " + a["question"], t, err
			}),
		},
		{
			Prompt: mcp.NewPrompt("improve_query", mcp.WithPromptDescription("Find out why a query is slow"),
				mcp.WithArgument("sql", mcp.RequiredArgument(), mcp.ArgumentDescription("the query"))),
			Handler: prompt("Find out why a query is slow", func(ctx context.Context, a map[string]string) (string, any, error) {
				if a["sql"] == "" {
					return "", nil, service.Invalid(errors.New("the prompt wants the argument sql"))
				}
				plan, err := d.explain(ctx, a["sql"], nil, false)
				return "Below is the plan of a query. Say which steps cost the most and why, and propose a better query or an index.\n\n" + a["sql"], plan, err
			}),
		},
	}
}

// prompt makes a prompt of a request and the data that belongs to it.
func prompt(description string, f func(context.Context, map[string]string) (string, any, error)) server.PromptHandlerFunc {
	return func(ctx context.Context, r mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
		request, data, err := f(ctx, r.Params.Arguments)
		var refused *refusal
		if errors.As(err, &refused) {
			err = service.Invalid(refused) // what an argument names is not there
		}
		if err != nil {
			return nil, err
		}
		text, err := json.MarshalIndent(data, "", "  ")
		if err != nil {
			return nil, err
		}
		return mcp.NewGetPromptResult(description, []mcp.PromptMessage{
			mcp.NewPromptMessage(mcp.RoleUser, mcp.NewTextContent(request)),
			mcp.NewPromptMessage(mcp.RoleUser, mcp.NewTextContent(string(text))),
		}), nil
	}
}
