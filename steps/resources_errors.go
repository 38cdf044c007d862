package steps

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/mcpcheck/mcpcheck/internal/wire"
)

// unknownURI names nothing on any server.
func unknownURI() string { return "conformance-" + randomHex() + "://nonexistent/" + randomHex() }

func (w *World) readUnknown(ctx context.Context) error { return w.readURI(ctx, unknownURI()) }

const retiredCode = "-32002"

// saysUnknown leaves to their own requirements what is forbidden apart: the code
// of earlier revisions, and empty contents. In those revisions -32602 is an
// advisory: SDKs of the later ones send it in all of them.
func (w *World) saysUnknown(ctx context.Context, want string) error {
	if m := w.x.Response(); m != nil && m.Result() != nil {
		list, err := contentsOf(w.x)
		if err == nil && len(list) == 0 && w.subject.Revision.Modern() {
			return rootCause{fmt.Errorf("a resource that does not exist is answered with empty contents")}
		}
	}
	e, err := w.rpcError()
	if err != nil {
		return err
	}
	switch {
	case w.subject.Revision.Modern() && e.Code == retiredCode:
		return rootCause{fmt.Errorf("error %s, which revision %s has retired, is still in use", retiredCode, w.subject.Revision)}
	case !w.subject.Revision.Modern() && e.Code == "-32602":
		return advisory(w.answersCode(ctx, want))
	}
	return w.answersCode(ctx, want)
}

func (w *World) notEmpty(context.Context) error {
	m, err := w.response()
	if err != nil {
		return inconclusive{err}
	}
	if m.Result() == nil {
		return nil
	}
	if list, err := contentsOf(w.x); err != nil || len(list) == 0 {
		return unmetf("an error for a resource that does not exist", "%s", brief(string(m.Result())))
	}
	return inconclusivef("the server answers with contents whatever the URI")
}

// errorRepeatsURI is an advisory: every revision shows the URI in its example and
// none asks for it.
func (w *World) errorRepeatsURI(context.Context) error {
	e, err := w.rpcError()
	if err != nil {
		return rootCause{fmt.Errorf("resources/read of what does not exist: %w", err)}
	}
	want := uriOf(w.x)
	data, err := object(e.Data)
	if err != nil {
		return advisory(unmetf("data.uri, the URI that was asked for", "%s", absent(e.Data)))
	}
	if unquoted(data["uri"]) != want {
		return advisory(unmetf(fmt.Sprintf("data.uri %q", want), "%s", absent(data["uri"])))
	}
	return nil
}

func notRetiredCode(_ *Conversation, m *wire.Message, e *wire.RPCError) (bool, error) {
	if m.Answers == nil || m.Answers.Call.Method != "resources/read" {
		return false, nil
	}
	if e.Code == retiredCode {
		return true, unmetf("error -32602 for a resource that does not exist", "the retired code %s", e.Code)
	}
	return true, nil
}

// failingResource makes sure that the server tells a resource that fails from
// one that does not exist. It is not listed: what is listed can be read.
func (w *World) failingResource(ctx context.Context, uri string) error {
	if _, err := w.subject.list("resources/list"); err != nil {
		return err
	}
	if err := w.join(ctx); err != nil {
		return err
	}
	codes := make([]string, 2)
	for i, u := range []string{uri, unknownURI()} {
		w.do(ctx, read(u))
		if e, err := w.rpcError(); err == nil {
			codes[i] = e.Code.String()
		}
	}
	if codes[0] == codes[1] {
		return notApplicable("the server has no resource %s whose reading fails", uri)
	}
	return nil
}

// notURIs are what resources/read cannot be asked for, each in a way of its own.
var notURIs = []string{"", "not a uri", "://", "http://[::1", "conformance-nul://nonexistent/%00"}

// readNoURI asks first for what is a URI and names nothing: a server that has
// contents for that has them for anything.
func (w *World) readNoURI(ctx context.Context) error {
	w.named["unknown"] = w.do(ctx, read(unknownURI()))
	for _, uri := range notURIs {
		x := w.do(ctx, read(uri))
		w.xs = append(w.xs, x)
		if x.Response() == nil {
			w.spoilt = true
			break // it is judged by whether the server is still alive
		}
	}
	return nil
}

func (w *World) noContents(context.Context) error {
	if list, _ := contentsOf(w.named["unknown"]); len(list) > 0 {
		return rootCause{errors.New("the server has contents for a resource that does not exist")}
	}
	answered := false
	for _, x := range w.xs {
		answered = answered || x.Response() != nil
		if list, _ := contentsOf(x); len(list) > 0 {
			w.x = x
			return unmetf(fmt.Sprintf("an error to resources/read of %q", uriOf(x)), "a result with %d contents", len(list))
		}
	}
	if !answered {
		return inconclusivef("none of the requests was answered")
	}
	return nil
}

// readOutside tries the ways out of a directory that the server exposes. Nothing
// is read but files that every system has and everybody may read.
func (w *World) readOutside(ctx context.Context) error {
	base, err := w.directory()
	if err != nil {
		return err
	}
	const up = 12 // more than any directory is deep
	for _, c := range []struct{ step, file string }{
		{"../", "etc/passwd"}, {"%2e%2e/", "etc/passwd"}, {"..%2f", "etc/passwd"}, {"%252e%252e%252f", "etc/passwd"},
		{`..%5c`, "Windows%5cwin.ini"}, {"../", "Windows/win.ini"},
	} {
		w.xs = append(w.xs, w.do(ctx, read(base+strings.Repeat(c.step, up)+c.file)))
	}
	return nil
}

// directory finds one that the server exposes part of the file system by. The
// root leads nowhere: all is within it.
func (w *World) directory() (string, error) {
	l, err := w.subject.list("resources/list")
	if err != nil {
		return "", err
	}
	found := ""
	for _, item := range l.items {
		uri, isFile := strings.CutPrefix(item.text("uri"), "file://")
		switch dir := path.Dir(uri); {
		case !isFile:
		case strings.HasPrefix(uri, "/etc/"), strings.HasPrefix(strings.ToLower(uri), "/c:/windows"):
			return "", notApplicable("the server lists %q, so that nothing shows in whether its neighbours can be read", item.text("uri"))
		case dir != "/" && dir != "." && found == "":
			found = "file://" + dir + "/"
		}
	}
	templates, err := w.subject.list("resources/templates/list")
	if err != nil {
		templates = &listing{} // having none is no failure
	}
	for _, item := range templates.items {
		before, _, _ := strings.Cut(item.text("uriTemplate"), "{")
		place, isFile := strings.CutPrefix(before, "file://")
		dir := place[:strings.LastIndexByte(place, '/')+1]
		switch {
		case !isFile && before != "":
		case strings.Count(dir, "/") < 2:
			return "", notApplicable("the resource template %s is for the whole file system", item.label())
		case found == "":
			found = "file://" + dir
		}
	}
	if found == "" {
		return "", notApplicable("the server exposes no directory by file:// resources")
	}
	return found, nil
}

func (w *World) nothingOutside(context.Context) error {
	answered := false
	for _, x := range w.xs {
		answered = answered || x.Response() != nil
		list, _ := contentsOf(x)
		for _, c := range list {
			data := []byte(unquoted(c.members["text"]))
			if blob, err := base64.StdEncoding.DecodeString(unquoted(c.members["blob"])); err == nil {
				data = slices.Concat(data, blob)
			}
			if bytes.Contains(data, []byte("root:x:0:0:")) || bytes.Contains(data, []byte("root:*:0:0:")) || bytes.Contains(data, []byte("[fonts]")) {
				w.x = x
				return unmetf("an error, or contents of the directory that is exposed", "a file of the system as %q", uriOf(x))
			}
		}
	}
	if !answered {
		return inconclusivef("none of the requests was answered")
	}
	return nil
}
