package github

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"unicode/utf8"

	gh "github.com/google/go-github/v89/github"
	"github.com/mark3labs/mcp-go/mcp"
	"github.com/mark3labs/mcp-go/server"

	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

// maxFile bounds the files that are read. GitHub itself gives out no more than 100 MB.
const maxFile = 8 << 20

func (b *backend) addResources(s *server.MCPServer, repositories []repository) {
	for _, r := range repositories {
		s.AddResource(mcp.NewResource(target{repository: r, kind: "issues"}.uri(), r.String()+" issues",
			mcp.WithResourceDescription("The open issues of "+r.String()+", the newest first."), mcp.WithMIMEType("application/json")), b.read)
		s.AddResource(mcp.NewResource(target{repository: r, kind: "pulls"}.uri(), r.String()+" pull requests",
			mcp.WithResourceDescription("The open pull requests of "+r.String()+", the newest first."), mcp.WithMIMEType("application/json")), b.read)
	}
	for _, t := range []struct{ uri, name, about, mime string }{
		{"github://{owner}/{repo}/issues{?state,page}", "issues", "The issues of a repository in this state: open, closed or all.", "application/json"},
		{"github://{owner}/{repo}/pulls{?state,page}", "pull requests", "The pull requests of a repository in this state: open, closed or all.", "application/json"},
		{"github://{owner}/{repo}/contents/{+path}{?ref}", "file", "A file of a repository, or what a folder holds, at a branch, tag or commit.", ""},
	} {
		s.AddResourceTemplate(mcp.NewResourceTemplate(t.uri, t.name, mcp.WithTemplateDescription(t.about), mcp.WithTemplateMIMEType(t.mime)), b.read)
	}
}

// read reads any resource. It takes the URI apart itself: what a template matches
// is not yet fit to be asked for.
func (b *backend) read(ctx context.Context, r mcp.ReadResourceRequest) ([]mcp.ResourceContents, error) {
	t, err := parseURI(r.Params.URI)
	if err != nil {
		return nil, service.Invalid(err)
	}
	var contents mcp.ResourceContents
	err = b.call(ctx, "read_"+t.kind, func(ctx context.Context) (err error) {
		var list any
		switch t.kind {
		case "issues":
			list, err = b.issuesOf(ctx, t)
		case "pulls":
			list, err = b.pullsOf(ctx, t)
		default:
			contents, err = b.contentsOf(ctx, t, r.Params.URI)
			return err
		}
		if err == nil {
			contents, err = asJSON(r.Params.URI, list)
		}
		return err
	})
	if err != nil {
		return nil, b.explain(err, fmt.Sprintf("%s of %s", cmp.Or(t.path, t.kind), t.repository))
	}
	return []mcp.ResourceContents{contents}, nil
}

func asJSON(uri string, v any) (mcp.ResourceContents, error) {
	data, err := json.MarshalIndent(v, "", "  ")
	return mcp.TextResourceContents{URI: uri, MIMEType: "application/json", Text: string(data)}, err
}

// further is the URI of the page that follows.
func further(t target, r *gh.Response) string {
	if r.NextPage == 0 {
		return ""
	}
	t.page = r.NextPage
	return t.uri()
}

func (b *backend) issuesOf(ctx context.Context, t target) (any, error) {
	list, resp, err := b.listIssues(ctx, listIssuesArgs{repository: t.repository, State: t.state, paged: paged{Page: t.page}})
	if err != nil {
		return nil, err
	}
	return struct {
		Issues []issue `json:"issues"`
		Next   string  `json:"next,omitempty"`
	}{list.Issues, further(t, resp)}, nil
}

func (b *backend) pullsOf(ctx context.Context, t target) (any, error) {
	list, resp, err := b.listPulls(ctx, listPullsArgs{repository: t.repository, State: t.state, paged: paged{Page: t.page}})
	if err != nil {
		return nil, err
	}
	return struct {
		PullRequests []pullRequest `json:"pull_requests"`
		Next         string        `json:"next,omitempty"`
	}{list.PullRequests, further(t, resp)}, nil
}

type entry struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Size     int    `json:"size,omitempty"`
	Resource string `json:"resource"`
}

func (b *backend) contentsOf(ctx context.Context, t target, uri string) (mcp.ResourceContents, error) {
	file, folder, _, err := b.Repositories.GetContents(ctx, t.Owner, t.Repo, t.path, &gh.RepositoryContentGetOptions{Ref: t.ref})
	if err != nil {
		return nil, err
	}
	if file == nil {
		entries := []entry{}
		for _, e := range folder {
			below := t
			below.path = e.GetPath()
			entries = append(entries, entry{e.GetName(), e.GetType(), e.GetSize(), below.uri()})
		}
		return asJSON(uri, map[string]any{"entries": entries})
	}
	var data []byte
	switch {
	case file.GetType() != "file":
		return nil, refused{fmt.Errorf("%s is a %s, which has no content of its own", t.path, file.GetType())}
	case file.GetSize() > maxFile:
		return nil, refused{fmt.Errorf("%s has %d bytes, more than the %d that are read", t.path, file.GetSize(), maxFile)}
	case file.GetEncoding() == "none": // GitHub holds back what is over 1 MB
		if data, err = b.raw(ctx, t); err != nil {
			return nil, err
		}
	default:
		text, err := file.GetContent()
		if err != nil {
			return nil, err
		}
		data = []byte(text)
	}
	kind := mime(t.path)
	if utf8.Valid(data) && !bytes.ContainsRune(data, 0) {
		return mcp.TextResourceContents{URI: uri, MIMEType: cmp.Or(kind, "text/plain"), Text: string(data)}, nil
	}
	return mcp.BlobResourceContents{URI: uri, MIMEType: cmp.Or(kind, "application/octet-stream"), Blob: base64.StdEncoding.EncodeToString(data)}, nil
}

// raw asks the API itself for a file as it is. go-github would follow the file's
// download_url to another host.
func (b *backend) raw(ctx context.Context, t target) ([]byte, error) {
	u := fmt.Sprintf("repos/%s/%s/contents%s", t.Owner, t.Repo, (&url.URL{Path: "/" + t.path}).EscapedPath())
	if t.ref != "" {
		u += "?ref=" + url.QueryEscape(t.ref)
	}
	request, err := b.NewRequest(ctx, http.MethodGet, u, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/vnd.github.raw+json")
	resp, err := b.BareDo(request)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = refused{fmt.Errorf("%s has more than the %d bytes that are read", t.path, maxFile)}
	}
	return data, err
}
