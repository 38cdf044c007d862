//go:build browser

package reports_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mcpcheck/mcpcheck/internal/browser"
)

// TestBrowserPages lays out every kind of page as readers do: by day, by night
// and on a telephone.
func TestBrowserPages(t *testing.T) {
	ctx := browser.New(t)
	for _, tt := range measurements() {
		t.Run(tt.reason, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "page.html")
			if err := os.WriteFile(file, []byte(page(t, tt.run)), 0o644); err != nil {
				t.Fatal(err)
			}
			papers := map[string]string{}
			for _, v := range browser.Views {
				p := browser.Open(ctx, t, file, v)
				papers[v.Scheme] = p.Paper
				for _, x := range p.Troubles {
					t.Errorf("%v: %s", v, x)
				}
				if p.Scripts != 0 || p.Pictures != tt.pictures || p.Wider > 0 || len(p.PDF) < 1000 {
					t.Errorf("%v: %d scripts, %d pictures, %v px too wide, %d bytes of PDF, want 0, %d, 0 and a document", v, p.Scripts, p.Pictures, p.Wider, len(p.PDF), tt.pictures)
				}
				for _, w := range tt.words {
					if !strings.Contains(p.Text, w) {
						t.Errorf("%v: %q cannot be read", v, w)
					}
				}
			}
			if papers["light"] == papers["dark"] {
				t.Errorf("by night the page is as by day, on %s", papers["light"])
			}
		})
	}
}
