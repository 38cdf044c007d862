package baseline

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/suggest"
)

// unexplained is how a reason begins that is still to be given.
const unexplained = "TODO"

var keys = []string{"id", "reason", "link", "revision", "transport", "server"}

// Parse reads a baseline: a YAML list of entries, each about one of the
// requirements in ids. A file without any is a baseline, too. Errors name the line.
func Parse(data []byte, ids []string) ([]Entry, error) {
	d := yaml.NewDecoder(bytes.NewReader(data))
	var doc, more yaml.Node
	switch err := d.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, malformed(err)
	}
	if err := d.Decode(&more); err == nil {
		return nil, fmt.Errorf("line %d: a second document begins here, want one list", more.Line)
	} else if !errors.Is(err, io.EOF) {
		return nil, malformed(err)
	}
	root := doc.Content[0]
	switch {
	case root.Kind == yaml.ScalarNode && root.Tag == "!!null":
		return nil, nil
	case root.Kind != yaml.SequenceNode:
		return nil, fmt.Errorf("line %d: want a list of entries, each with id and reason", root.Line)
	}
	known := make(map[string]bool, len(ids))
	for _, id := range ids {
		known[id] = true
	}
	var list []Entry
	first := map[string]int{}
	for _, n := range root.Content {
		e, err := entry(n)
		if err != nil {
			return nil, err
		}
		if !known[e.ID] {
			err := fmt.Errorf("line %d: no requirement is called %q", e.Line, e.ID)
			if near := suggest.Closest(e.ID, ids); near != "" {
				err = fmt.Errorf("%w, did you mean %q?", err, near)
			}
			return nil, err
		}
		if line, twice := first[e.where()]; twice {
			return nil, fmt.Errorf("line %d: the entry on %q in line %d says the same", e.Line, e.ID, line)
		}
		first[e.where()] = e.Line
		list = append(list, e)
	}
	return list, nil
}

// where tells entries apart.
func (e Entry) where() string {
	revisions := slices.Sorted(slices.Values(e.Revisions))
	return fmt.Sprintf("%q %q %q %q", e.ID, revisions, e.Transport, e.Server)
}

func entry(n *yaml.Node) (Entry, error) {
	e := Entry{Line: n.Line}
	if n.Kind != yaml.MappingNode {
		return e, fmt.Errorf("line %d: want an entry with id and reason", n.Line)
	}
	given := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i].Value, n.Content[i+1]
		switch {
		case n.Content[i].Kind != yaml.ScalarNode || !slices.Contains(keys, key):
			err := fmt.Errorf("line %d: %q is not a member of an entry", n.Content[i].Line, key)
			if near := suggest.Closest(key, keys); near != "" {
				return e, fmt.Errorf("%w, did you mean %q?", err, near)
			}
			return e, fmt.Errorf("%w, want one of %s", err, strings.Join(keys, ", "))
		case given[key]:
			return e, fmt.Errorf("line %d: %s is given twice", n.Content[i].Line, key)
		}
		given[key] = true
		if err := e.set(key, value); err != nil {
			return e, fmt.Errorf("line %d: %w", value.Line, err)
		}
	}
	switch {
	case e.ID == "":
		return e, fmt.Errorf("line %d: the entry has no id", e.Line)
	case e.Reason == "":
		return e, fmt.Errorf("line %d: the entry on %q has no reason, want why the failure is known", e.Line, e.ID)
	}
	return e, nil
}

// set takes the value of a member.
func (e *Entry) set(key string, n *yaml.Node) error {
	if key == "revision" {
		return e.revisions(n)
	}
	s, err := text(key, n)
	if err != nil {
		return err
	}
	switch key {
	case "id":
		e.ID = s
	case "reason":
		if strings.HasPrefix(strings.ToUpper(s), unexplained) {
			return fmt.Errorf("the reason is still %q, want why the failure is known", s)
		}
		e.Reason = s
	case "link":
		u, err := url.Parse(s)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return fmt.Errorf("link is %q, want an address that begins with https://", s)
		}
		if u.User != nil {
			return errors.New("link holds credentials, want an address without")
		}
		e.Link = s
	case "transport":
		if e.Transport = spec.Transport(s); !slices.Contains(spec.Transports, e.Transport) {
			return fmt.Errorf("transport is %q, want one of %s", s, strings.Join(names(spec.Transports), ", "))
		}
	case "server":
		e.Server = s
	}
	return nil
}

// revisions takes one or a list. YAML reads them as dates, so what counts is how
// they are written.
func (e *Entry) revisions(n *yaml.Node) error {
	list := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		if list = n.Content; len(list) == 0 {
			return errors.New("revision is an empty list, want one or more, or to leave it out for all")
		}
	}
	for _, n := range list {
		s, err := text("revision", n)
		if err != nil {
			return err
		}
		r, err := spec.ParseRevision(s)
		if err != nil {
			return err
		}
		if !slices.Contains(e.Revisions, r) {
			e.Revisions = append(e.Revisions, r)
		}
	}
	return nil
}

func text(key string, n *yaml.Node) (string, error) {
	s := strings.TrimSpace(n.Value)
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" || s == "" {
		return "", fmt.Errorf("%s is empty or no text", key)
	}
	return s, nil
}

func names[S ~string](list []S) []string {
	words := make([]string, len(list))
	for i, s := range list {
		words[i] = string(s)
	}
	return words
}

// malformed words an error of the YAML parser, which names the line itself.
func malformed(err error) error {
	return errors.New(strings.Join(strings.Fields(strings.TrimPrefix(err.Error(), "yaml: ")), " "))
}
