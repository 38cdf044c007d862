package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHealth(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/well":
			w.WriteHeader(http.StatusNoContent)
		case "/ill":
			http.Error(w, "no backend", http.StatusServiceUnavailable)
		case "/silent":
			<-r.Context().Done()
		}
	}))
	defer server.Close()
	for _, tt := range []struct {
		reason string
		args   []string
		status int
		says   string
	}{
		{"it says yes", []string{server.URL + "/well"}, conforms, ""},
		{"it says no, and why", []string{server.URL + "/ill"}, unfinished, `503 Service Unavailable: "no backend`},
		{"it says nothing", []string{server.URL + "/silent", "--timeout", "50ms"}, unfinished, "deadline exceeded"},
		{"nobody is there", []string{"http://127.0.0.1:1/"}, unfinished, "connection refused"},
		{"no URL", []string{"127.0.0.1:8080"}, misused, "is no URL"},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			o := call(t, append([]string{"serve", "health"}, tt.args...)...)
			if o.status != tt.status || !strings.Contains(o.stderr, tt.says) {
				t.Errorf("exit %d, %s; want %d, %q", o.status, o.stderr, tt.status, tt.says)
			}
		})
	}
}
