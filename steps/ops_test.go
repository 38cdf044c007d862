package steps_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	everything "github.com/mcpcheck/mcpcheck/reference-servers/everything"
	"github.com/mcpcheck/mcpcheck/reports"
)

// TestConformingInProduction demands that a server which has all that the
// production profile asks for passes all of it, and that each of its requirements
// passes somewhere.
func TestConformingInProduction(t *testing.T) {
	passed := map[string]bool{}
	t.Run("served", func(t *testing.T) {
		for _, s := range served() {
			if s.Transport == spec.SSE && s.Revision != spec.R20241105 {
				continue
			}
			t.Run(string(s.Transport)+"/"+string(s.Revision), func(t *testing.T) {
				run := judgeInProduction(t, serveWith(t, s.Transport, everything.Options{Production: true}), s.Revision, "ops.")
				conforms(t, run)
				for _, r := range run.Results {
					passed[r.ID] = passed[r.ID] || r.Verdict == reports.Pass
				}
			})
		}
	})
	for id, q := range catalogue(t) {
		if q.Profile() == spec.Production && !passed[id] {
			t.Errorf("%s passes nowhere", id)
		}
	}
}

// TestProductionIsAskedFor demands that a run without the production profile
// judges none of it, and asks nothing for its sake.
func TestProductionIsAskedFor(t *testing.T) {
	e := serve(t, spec.StreamableHTTP, "")
	asked := make(chan string, 1000)
	server, err := everything.New(everything.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/mcp" {
			select {
			case asked <- r.Method + " " + r.URL.Path:
			default:
			}
		}
		server.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(h.Close)
	e.URL = h.URL + "/mcp"
	for _, q := range judge(t, e, spec.R20251125).Results {
		if strings.HasPrefix(q.ID, "ops.") {
			t.Errorf("%s is judged", q.ID)
		}
	}
	select {
	case what := <-asked:
		t.Errorf("the run has asked for %s", what)
	default:
	}
	bare := judgeInProduction(t, e, spec.R20251125, "ops.health.")
	if len(bare.Results) != 1 || bare.Results[0].Verdict != reports.Pass || len(asked) == 0 {
		t.Errorf("with the profile %v is judged, and %d addresses were asked: the test sees nothing", bare.Results, len(asked))
	}
}
