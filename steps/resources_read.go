package steps

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/wire"
)

func (w *World) readListed(context.Context) (err error) {
	w.xs, err = w.subject.readings()
	if err == nil && len(w.xs) == 0 {
		err = notApplicable("the server lists no resource that is read through it")
	}
	return err
}

func (w *World) readURI(ctx context.Context, uri string) error {
	w.do(ctx, read(uri))
	return nil
}

func (w *World) readBoth(ctx context.Context, a, b string) error {
	w.xs = []*wire.Exchange{w.do(ctx, read(a)), w.do(ctx, read(b))}
	return nil
}

// uriOf returns the URI that a request about a resource named.
func uriOf(x *wire.Exchange) string {
	params, _ := x.Call.Params.(map[string]any)
	uri, _ := params["uri"].(string)
	return uri
}

func (w *World) eachReadable(context.Context) error {
	for _, x := range w.xs {
		w.x = x
		if badURI(w.subject.Revision, uriOf(x)) != nil || !uriScheme(schemeOf(uriOf(x))) {
			continue // required apart
		}
		if _, err := resultOf(x); err != nil {
			return fmt.Errorf("the listed resource %q: %w", brief(uriOf(x)), err)
		}
	}
	return nil
}

func schemeOf(uri string) string {
	scheme, _, _ := strings.Cut(uri, ":")
	return scheme
}

// A content is one element of the contents of a resources/read result.
type content struct {
	x       *wire.Exchange
	at      string
	raw     json.RawMessage
	members map[string]json.RawMessage
}

// contentsOf returns the contents that a result holds. One that asks for input
// has none; one that is ill-shaped is judged apart.
func contentsOf(x *wire.Exchange) (list []content, shaped error) {
	result, err := resultOf(x)
	if err != nil {
		return nil, nil //nolint:nilerr // whether it can be read is required apart
	}
	r, err := object(result)
	if err != nil {
		return nil, err
	}
	if asksForInput(r) {
		return nil, nil
	}
	var raws []json.RawMessage
	if json.Unmarshal(r["contents"], &raws) != nil || raws == nil {
		return nil, unmetf("contents, an array", "%s", absent(r["contents"]))
	}
	for i, raw := range raws {
		members, _ := object(raw)
		list = append(list, content{x, fmt.Sprintf("contents[%d] of %q", i, brief(uriOf(x))), raw, members})
	}
	return list, nil
}

// asksForInput reports whether a result is interim and holds nothing yet.
func asksForInput(result map[string]json.RawMessage) bool {
	return unquoted(result["resultType"]) == "input_required"
}

func (w *World) contentsShaped(context.Context) error {
	return w.eachRead(func(x *wire.Exchange) error {
		_, err := contentsOf(x)
		return err
	})
}

// eachRead judges each resources/read that brought a final result.
func (w *World) eachRead(judge func(*wire.Exchange) error) error {
	seen := false
	for _, x := range w.xs {
		raw, err := resultOf(x)
		if err != nil {
			continue
		}
		if r, err := object(raw); err == nil && asksForInput(r) {
			continue
		}
		seen = true
		w.x = x
		if err := judge(x); err != nil {
			return fmt.Errorf("resources/read of %q: %w", brief(uriOf(x)), err)
		}
	}
	if !seen {
		return inconclusivef("no listed resource could be read")
	}
	return nil
}

// eachContent judges each element of the contents that were read, of those that
// are a case of the requirement.
func (w *World) eachContent(judge func(content) (bool, error)) error {
	seen := false
	var advice error
	for _, x := range w.xs {
		list, _ := contentsOf(x)
		for _, c := range list {
			is, err := judge(c)
			seen = seen || is
			if err == nil {
				continue
			}
			w.x = x
			err = fmt.Errorf("%s: %w", c.at, err)
			if !isAdvisory(err) {
				return err
			}
			advice = err
		}
	}
	if !seen {
		return notApplicable("nothing of the kind is in what was read")
	}
	return advice
}

func (w *World) contentsHold(context.Context) error {
	return w.eachContent(func(c content) (bool, error) {
		if c.members == nil {
			return true, unmetf("an object", "%s", brief(string(c.raw)))
		}
		return true, badContent(c.members)
	})
}

// badContent says what is wrong with the members of resource contents, but for
// the form of the URI and the coding of the blob.
func badContent(members map[string]json.RawMessage) error {
	if !isString(members["uri"]) {
		return unmetf("uri, a string", "%s", absent(members["uri"]))
	}
	if err := badOptional("", map[string]memberType{"mimeType": {"string", ""}}, members); err != nil {
		return err
	}
	text, hasText := members["text"]
	blob, hasBlob := members["blob"]
	switch {
	case hasText && !isString(text):
		return unmetf("text, a string", "%s", brief(string(text)))
	case hasBlob && !isString(blob):
		return unmetf("blob, a string", "%s", brief(string(blob)))
	case !hasText && !hasBlob:
		return unmetf("text or blob", "members %s", strings.Join(keys(members), ", "))
	case hasText && hasBlob:
		return advisory(unmetf("text or blob", "both"))
	}
	return nil
}

func (w *World) contentsURI(context.Context) error {
	return w.eachContent(func(c content) (bool, error) {
		if !isString(c.members["uri"]) {
			return false, nil // required apart
		}
		return true, badURIMember(w.subject.Revision, "uri", c.members["uri"])
	})
}

func (w *World) blobsCoded(context.Context) error {
	return w.eachContent(func(c content) (bool, error) {
		if !isString(c.members["blob"]) {
			return false, nil
		}
		if err := badBase64(unquoted(c.members["blob"])); err != nil {
			return true, fmt.Errorf("blob: %w", err)
		}
		return true, nil
	})
}

func (w *World) templateType(context.Context) error {
	want := w.template.text("mimeType")
	if want == "" {
		return notApplicable("the template states no mimeType")
	}
	return w.eachContent(func(c content) (bool, error) {
		got := c.members["mimeType"]
		if got != nil && unquoted(got) != want {
			return true, unmetf(fmt.Sprintf("mimeType %q, as the template states", want), "%s", brief(string(got)))
		}
		return true, nil
	})
}

func (w *World) contentsSay(_ context.Context, want string) error {
	if _, err := w.result(); err != nil {
		return err
	}
	list, err := contentsOf(w.x)
	if err != nil {
		return err
	}
	for _, c := range list {
		if strings.Contains(unquoted(c.members["text"]), want) {
			return nil
		}
	}
	return unmetf(fmt.Sprintf("contents with a text that contains %q", want), "%d contents without", len(list))
}
