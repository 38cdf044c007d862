package github

import (
	"context"
	"fmt"
	"strconv"

	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

// addPrompts adds texts to begin with. They ask for nothing of GitHub themselves:
// what they need, the tools they name will get.
func addPrompts(s *server.MCPServer) {
	owner := mcp.WithArgument("owner", mcp.RequiredArgument(), mcp.ArgumentDescription("The account that owns the repository."))
	repo := mcp.WithArgument("repo", mcp.RequiredArgument(), mcp.ArgumentDescription("The repository's name."))

	addPrompt(s, mcp.NewPrompt("triage_issue", mcp.WithPromptTitle("Triage an issue"),
		mcp.WithPromptDescription("Find out what an issue is about, whether it is known, and what it lacks."),
		owner, repo, mcp.WithArgument("number", mcp.RequiredArgument(), mcp.ArgumentDescription("The issue's number."))),
		func(r repository, more map[string]string) (string, error) {
			n, err := strconv.Atoi(more["number"])
			if err != nil || n < 1 {
				return "", fmt.Errorf("number is %.20q, want that of an issue", more["number"])
			}
			return fmt.Sprintf("Read issue #%d of %s with get_issue, all pages of its comments. Look among the issues, open and closed, for others "+
				"about the same with list_issues, and with search_code for the code that it speaks of. Then say: what goes wrong or is wanted, in two "+
				"sentences; whether it is known already, and where; what its author would have to add; which labels fit. Change nothing.", n, r), nil
		})
	addPrompt(s, mcp.NewPrompt("review_queue", mcp.WithPromptTitle("What waits for review"),
		mcp.WithPromptDescription("Put the open pull requests of a repository in the order in which they should be looked at."),
		owner, repo),
		func(r repository, _ map[string]string) (string, error) {
			return fmt.Sprintf("List the open pull requests of %s with list_pull_requests, all pages, and read with get_issue what was said on each. "+
				"Put them in the order in which they should be reviewed: what others wait for first, then the oldest; drafts last. "+
				"Give each a line with its number, its title and the reason.", r), nil
		})
	addPrompt(s, mcp.NewPrompt("draft_issue", mcp.WithPromptTitle("Draft an issue"),
		mcp.WithPromptDescription("Write an issue about a problem, after looking whether there is one."),
		owner, repo, mcp.WithArgument("problem", mcp.RequiredArgument(), mcp.ArgumentDescription("What goes wrong, in your own words."))),
		func(r repository, more map[string]string) (string, error) {
			return fmt.Sprintf("Somebody met a problem with %s:\n\n%s\n\nLook with list_issues, in all states, whether it is known. If it is, name the issue "+
				"and stop. Otherwise draft an issue: a title of one line; what was done, what was expected, what happened. Show the draft, "+
				"and call create_issue only once it is agreed to.", r, more["problem"]), nil
		})
}

func addPrompt(s *server.MCPServer, p mcp.Prompt, write func(repository, map[string]string) (string, error)) {
	s.AddPrompt(p, func(_ context.Context, r mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
		args := r.Params.Arguments
		for _, a := range p.Arguments {
			if a.Required && args[a.Name] == "" {
				return nil, service.Invalid(fmt.Errorf("prompt %s needs the argument %s", p.Name, a.Name))
			}
		}
		where := repository{args["owner"], args["repo"]}
		if err := where.check(); err != nil {
			return nil, service.Invalid(err)
		}
		text, err := write(where, args)
		if err != nil {
			return nil, service.Invalid(err)
		}
		return mcp.NewGetPromptResult(p.Description, []mcp.PromptMessage{mcp.NewPromptMessage(mcp.RoleUser, mcp.NewTextContent(text))}), nil
	})
}
