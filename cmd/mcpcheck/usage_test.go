package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMistakes demands that what the user got wrong is told in one clear line,
// with status 2, before any server is asked anything.
func TestMistakes(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	config := file("mcp.json", `{"mcpServers": {"files": {"url": "http://127.0.0.1:1/mcp"}}}`)
	unset := file("unset.json", `{"mcpServers": {"files": {"url": "http://127.0.0.1:1/mcp", "headers": {"Authorization": "Bearer ${MCPCHECK_TEST_UNSET}"}}}}`)
	array := file("array.json", `[1]`)
	noObject := file("number.json", `{"add": 3}`)
	noJSON := file("broken.json", `{"add": {`)
	typo := file("known.yaml", "\n- {id: ping.repond-empty, reason: a}\n")
	features := filepath.Join(dir, "features")
	if err := os.Mkdir(features, 0o755); err != nil {
		t.Fatal(err)
	}
	file("features/mine.feature", "Feature: Mine\n  Scenario: One\n    Given a sesion\n    When the client requests ping\n    Then the result is empty\n")
	url := "http://127.0.0.1:1/mcp"
	for _, tt := range []struct {
		reason string
		args   []string
		want   string // the line begins so
	}{
		{"nothing to judge", nil, "no server is named, want --target URL or COMMAND"},
		{"an unknown flag", []string{"--target", url, "--bogus"}, "unknown flag: --bogus"},
		{"an unknown command", []string{"judge"}, `unknown command "judge" for "mcpcheck"`},
		{"a file that is missing", []string{"--config", filepath.Join(dir, "none.json")}, `--config "` + dir},
		{"an unknown server name", []string{"--config", config, "--server", "file"}, `--server "file" is not in --config "` + config + `"; did you mean "files"`},
		{"an unset variable", []string{"--config", unset}, `--config "` + unset + `": server "files": the environment variable "MCPCHECK_TEST_UNSET" is not set and has no default`},
		{"a bad revision", []string{"--target", url, "--revision", "2025-11-26"}, `--revision: revision "2025-11-26" is not published, want one of`},
		{"an unknown prefix", []string{"--target", url, "--only", "tool."}, "no requirement begins with tool."},
		{"an unknown requirement", []string{"--target", url, "--why", "ping.repond-empty"}, `no requirement is called "ping.repond-empty", did you mean "ping.respond-empty"?`},
		{"a requirement without a name", []string{"--target", url, "--why", ""}, `no requirement is called ""`},
		{"a requirement of the user's own", []string{"--target", url, "--why", "mine.one", "--features", features}, "--why tells of requirements of the specification"},
		{"two selections", []string{"--target", url, "--why", "ping.respond-empty", "--only", "ping."}, "--why names what is judged, as --only does: want one of them"},
		{"an unknown profile", []string{"--target", url, "--profile", "prod"}, `--profile is "prod", want spec or production`},
		{"a requirement of another profile", []string{"--target", url, "--only", "ops."}, "ops.audit.no-secrets is of the production profile: say --profile production"},
		{"why of another profile", []string{"--target", url, "--why", "ops.health.answers"}, "ops.health.answers is of the production profile: say --profile production"},
		{"a flag of another profile", []string{"--target", url, "--health-url", url}, "--health-url is of the production profile: say --profile production"},
		{"an address that is none", []string{"--target", url, "--profile", "production", "--metrics-url", "9090"}, `--metrics-url is "9090", want an address such as`},
		{"a backend that stays down", []string{"--target", url, "--profile", "production", "--backend-down", "true"}, "--backend-down and --backend-up need each other"},
		{"a list of an unknown profile", []string{"list", "--profile", "prod"}, `--profile is "prod", want spec or production`},
		{"an unknown format", []string{"--target", url, "--report", "xml=out.xml"}, `--report is "xml=out.xml", want FORMAT=PATH`},
		{"a report without a path", []string{"--target", url, "--report", "json"}, `--report is "json", want FORMAT=PATH`},
		{"a report nowhere", []string{"--target", url, "--report", "json=" + filepath.Join(dir, "none", "out.json")}, "--report: open "},
		{"arguments that are missing", []string{"--target", url, "--args", filepath.Join(dir, "none.json")}, "--args: open "},
		{"arguments that are no object", []string{"--target", url, "--args", array}, "--args: " + array + " is not an object of arguments by tool name"},
		{"arguments of a tool that are no object", []string{"--target", url, "--args", noObject}, "--args: " + noObject + " is not an object of arguments by tool name: it holds number where an object is wanted"},
		{"arguments that are not JSON", []string{"--target", url, "--args", noJSON}, "--args: " + noJSON + " is not an object of arguments by tool name: unexpected end of JSON input"},
		{"features that are no folder", []string{"--target", url, "--features", array}, `--features: "` + array + `" is no folder`},
		{"features with a typo", []string{"--target", url, "--features", features}, "--features " + features + `: mine.feature: scenario "One": no step says "a sesion", did you mean "a session"?`},
		{"features without a scenario", []string{"--target", url, "--features", t.TempDir()}, "--features "},
		{"no time at all", []string{"--target", url, "--timeout", "0s"}, "--timeout is 0s, want a time longer than 0"},
		{"a run of no length", []string{"--target", url, "--deadline", "-1s"}, "--deadline is -1s, want a time longer than 0"},
		{"fewer than no scenarios", []string{"--target", url, "--parallel", "-1"}, "--parallel is -1, want 1 or more"},
		{"no time over", []string{"--target", url, "--repeat", "0"}, "--repeat is 0, want 1 or more"},
		{"an unknown reference server", []string{"--reference", "everythin"}, `there is no reference server "everythin"; did you mean "everything"`},
		{"a baseline that is missing", []string{"--target", url, "--baseline", filepath.Join(dir, "none.yaml")}, "--baseline: open "},
		{"a baseline about nothing", []string{"--target", url, "--baseline", typo}, "--baseline " + typo + `: line 2: no requirement is called "ping.repond-empty", did you mean "ping.respond-empty"?`},
		{"a baseline with a typo", []string{"--target", url, "--baseline", array}, "--baseline " + array + ": line 1: want an entry with id and reason"},
		{"a baseline over a file", []string{"--target", url, "--write-baseline", array}, "--write-baseline: " + array + " exists already, want a new file"},
		{"a baseline nowhere", []string{"--target", url, "--write-baseline", filepath.Join(dir, "none", "b.yaml")}, "--write-baseline: open "},
		{"a baseline and a question", []string{"--target", url, "--why", "ping.respond-empty", "--baseline", typo}, "--why tells of one requirement as it is, whatever a baseline says"},
		{"an unset token", []string{"--target", url, "--token-env", "MCPCHECK_TEST_UNSET"}, `--token-env: the environment variable "MCPCHECK_TEST_UNSET" is not set`},
		{"nothing to list", []string{"list", "--only", "tool."}, "no requirement begins with tool."},
		{"nothing to explain", []string{"explain", "tools.call.unknwn-tool"}, `no requirement is called "tools.call.unknwn-tool", did you mean "tools.call.unknown-tool`},
		{"nothing to serve", []string{"serve"}, "serve needs the name of a server"},
		{"an unknown fault", []string{"serve", "everything", "--fault", "ping.respond-emty"}, `--fault: `},
		{"two transports", []string{"serve", "everything", "--stdio", "--http", "127.0.0.1:0"}, "if any flags in the group"},
		{"an address without a port", []string{"serve", "everything", "--http", "127.0.0.1"}, `address is "127.0.0.1", want HOST:PORT`},
	} {
		t.Run(tt.reason, func(t *testing.T) {
			o := call(t, tt.args...)
			if o.status != misused {
				t.Errorf("exit %d, want %d", o.status, misused)
			}
			if o.stdout != "" {
				t.Errorf("stdout is %q, want nothing", o.stdout)
			}
			if !strings.HasPrefix(o.stderr, "mcpcheck: "+tt.want) || strings.Count(o.stderr, "\n") != 1 {
				t.Errorf("stderr is\n\t%swant one line that begins\n\tmcpcheck: %s", o.stderr, tt.want)
			}
		})
	}
}
