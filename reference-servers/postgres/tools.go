package postgres

import (
	"context"
	"encoding/json"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"
)

// arguments are those of all tools.
type arguments struct {
	SQL        string            `json:"sql"`
	Parameters []json.RawMessage `json:"parameters"`
	MaxRows    int               `json:"maxRows"`
	Analyze    bool              `json:"analyze"`
	Schema     string            `json:"schema"`
	Table      string            `json:"table"`
}

// Tables is what list_tables gives, for an answer is an object.
type Tables struct {
	Tables []Table `json:"tables"`
}

func (d *database) tools(writes bool) []server.ServerTool {
	statement := mcp.WithString("sql", mcp.Required(), mcp.Description("one statement; values stand in it as $1, $2 and so on"))
	values := mcp.WithArray("parameters", mcp.Description("the values of $1, $2 and so on, in order"),
		mcp.Items(map[string]any{"description": "text, or a number, boolean or null; what JSON numbers do not hold exactly is given as text"}))
	list := []server.ServerTool{
		tool("query", "Read rows with one SELECT, VALUES or TABLE. It cannot write.", func(ctx context.Context, a arguments) (any, error) {
			p, err := parameters(a.Parameters)
			if err != nil {
				return nil, err
			}
			return d.query(ctx, a.SQL, p, a.MaxRows)
		}, statement, values,
			mcp.WithInteger("maxRows", mcp.Min(1), mcp.Description("how many rows to give at most")),
			mcp.WithTitleAnnotation("Query"), mcp.WithOutputSchema[Result](), readOnly),
		tool("explain", "Tell how the database would run a statement, without running it.", func(ctx context.Context, a arguments) (any, error) {
			p, err := parameters(a.Parameters)
			if err != nil {
				return nil, err
			}
			return d.explain(ctx, a.SQL, p, a.Analyze)
		}, statement, values,
			mcp.WithBoolean("analyze", mcp.Description("run it, which must be a query then, and tell what it took")),
			mcp.WithTitleAnnotation("Explain"), mcp.WithOutputSchema[Plan](), readOnly),
		tool("list_tables", "List the tables and views that may be read.", func(ctx context.Context, a arguments) (any, error) {
			t, err := d.tables(ctx, a.Schema)
			return Tables{t}, err
		}, mcp.WithString("schema", mcp.Description("only those of this schema")),
			mcp.WithTitleAnnotation("List tables"), mcp.WithOutputSchema[Tables](), readOnly),
		tool("describe_table", "Tell the columns, keys and indexes of a table or view.", func(ctx context.Context, a arguments) (any, error) {
			return d.describe(ctx, a.Schema, a.Table)
		}, mcp.WithString("table", mcp.Required(), mcp.Description("its name, without the schema")),
			mcp.WithString("schema", mcp.Description("its schema; without it, the search path is looked through")),
			mcp.WithTitleAnnotation("Describe a table"), mcp.WithOutputSchema[Description](), readOnly),
	}
	if writes {
		list = append(list, tool("execute", "Run one statement that may write, and commit it.", func(ctx context.Context, a arguments) (any, error) {
			p, err := parameters(a.Parameters)
			if err != nil {
				return nil, err
			}
			return d.execute(ctx, a.SQL, p)
		}, statement, values, mcp.WithTitleAnnotation("Execute"), mcp.WithOutputSchema[Done](),
			mcp.WithReadOnlyHintAnnotation(false), mcp.WithDestructiveHintAnnotation(true),
			mcp.WithIdempotentHintAnnotation(false), mcp.WithOpenWorldHintAnnotation(false)))
	}
	return list
}

func readOnly(t *mcp.Tool) {
	yes, no := true, false
	t.Annotations.ReadOnlyHint, t.Annotations.DestructiveHint = &yes, &no
	t.Annotations.IdempotentHint, t.Annotations.OpenWorldHint = &yes, &no
}

// tool makes a tool of a function. What the function has against a call is told in
// its result, where the model that calls reads it, but for a call that was given up.
func tool(name, description string, f func(context.Context, arguments) (any, error), options ...mcp.ToolOption) server.ServerTool {
	options = append(options, mcp.WithDescription(description), mcp.WithSchemaAdditionalProperties(false))
	return server.ServerTool{Tool: mcp.NewTool(name, options...), Handler: func(ctx context.Context, r mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		var a arguments
		if err := r.BindArguments(&a); err != nil {
			return mcp.NewToolResultErrorf("arguments: %v", err), nil
		}
		answer, err := f(ctx, a)
		if err != nil {
			return mcp.NewToolResultError(err.Error()), nil
		}
		text, err := json.Marshal(answer)
		if err != nil {
			return mcp.NewToolResultError("the answer is no JSON: " + err.Error()), nil
		}
		return mcp.NewToolResultStructured(json.RawMessage(text), string(text)), nil
	}}
}
