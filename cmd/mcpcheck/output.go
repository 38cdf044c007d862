package main

import (
	"errors"
	"io"
	"os"
	"strings"

	"github.com/mcpcheck/mcpcheck/reports"
)

// An output is a place for a report.
type output struct {
	writer reports.Writer
	path   string // "" for the standard output
	stdout io.Writer
}

// outputs settles where reports go, before any work is done.
func (o *settings) outputs(stdout io.Writer) ([]output, error) {
	text := reports.Text(textOptions(stdout, o.strict, o.verbose))
	if o.question != nil {
		text = o.question.writer(textOptions(stdout, o.strict, o.verbose))
	}
	list := []output{}
	console := false
	for _, spec := range o.reports {
		format, path, ok := strings.Cut(spec, "=")
		w, known := reports.Writers[format]
		if !ok || !known || path == "" {
			return nil, usage("--report is %q, want FORMAT=PATH with one of the formats text, json, junit, html", spec)
		}
		if path == "-" {
			console, path = true, ""
			if format == "text" {
				w = text
			}
		} else if err := writable(path); err != nil {
			return nil, usage("--report: %v", err)
		}
		list = append(list, output{w, path, stdout})
	}
	if !console {
		list = append(list, output{text, "", stdout})
	}
	return list, nil
}

// writable finds out before the run whether a report can be written after it.
func writable(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	return f.Close()
}

func (out output) write(r *reports.Report) error {
	if out.path == "" {
		return out.writer(out.stdout, r)
	}
	f, err := os.Create(out.path)
	if err != nil {
		return err
	}
	return errors.Join(out.writer(f, r), f.Close())
}

// publish writes a report everywhere, and returns its status.
func publish(outputs []output, r *reports.Report) error {
	for _, out := range outputs {
		if err := out.write(r); err != nil {
			return cannot("report: %v", err)
		}
	}
	if status := r.Status(false); status != conforms {
		return verdict(status)
	}
	return nil
}
