package steps

import (
	"errors"
	"testing"

	"github.com/mcpcheck/mcpcheck/internal/spec"
)

func TestBadURI(t *testing.T) {
	good := []string{
		"test://static-text", "file:///a/b%20c.txt", "urn:isbn:0451450523", "a:", "mailto:x@example.com",
		"http://[::1]:80/", "db://user:secret@host:5432/table?x[]=1#top", "x+y-z.1:/path", "http://:80/",
		"git+ssh://host/~user/(a)!$&'*,;=", "file:///", "MEMO://Insights",
	}
	for _, s := range good {
		for _, r := range spec.Revisions {
			if err := badURI(r, s); err != nil {
				t.Errorf("%s: badURI(%q) = %v, want nil", r, s, err)
			}
		}
	}
	bad := []string{
		"", "/etc/passwd", "static-text", "a/b:c", "://", ":x", "test://a b", "test://ü", "test:%zz", "test:%4",
		`file:///C:\x`, "x://host:port/", "http://[::1", "x://a#b#c", "x:{id}", "x://[]/", "x://[::1]x/",
	}
	for _, s := range bad {
		if badURI(spec.R20260728, s) == nil {
			t.Errorf("badURI(%q) = nil, want an error", s)
		}
	}
	for _, s := range []string{"my_scheme://x", "1a:x", "ä:x"} {
		if badURI(spec.R20250326, s) == nil {
			t.Errorf("badURI(2025-03-26, %q) = nil, want an error", s)
		}
		if err := badURI(spec.R20250618, s); err != nil {
			t.Errorf("badURI(2025-06-18, %q) = %v, want nil: the scheme is another requirement's", s, err)
		}
	}
}

func TestBadBase64(t *testing.T) {
	for s, want := range map[string]bool{
		"": false, "aGVsbG8=": false, "aGVsbG8h": false, "aGVs\nbG8=": true,
		"aGVsbG8": true, "data:text/plain;base64,aGVsbG8=": true, "_-8=": true, "a": true,
	} {
		if err := badBase64(s); (err != nil) != want {
			t.Errorf("badBase64(%q) = %v, want an error: %t", s, err, want)
		}
	}
	var u *unmet
	if !errors.As(badBase64("aGVs\nbG8="), &u) || !u.advisory {
		t.Error("line breaks in base64 cost conformance, want an advisory")
	}
}

func TestMIMEType(t *testing.T) {
	for s, want := range map[string]bool{
		"text/plain": true, "text/html; charset=utf-8": true, "text/html;profile=mcp-app": true, "inode/directory": true,
		"application/vnd.api+json": true, "image/*": true,
		"": false, "png": false, "image/": false, "/png": false, "image/png/x": false, "text plain": false, ".txt": false,
	} {
		if got := mimeType(s); got != want {
			t.Errorf("mimeType(%q) = %t, want %t", s, got, want)
		}
	}
}
