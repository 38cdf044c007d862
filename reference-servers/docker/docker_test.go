package docker

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mcpcheck/mcpcheck/reference-servers/service"
)

type object = map[string]any

func TestTools(t *testing.T) {
	engine := newEngine(t, "web", "db")
	c, stderr := serve(t, engine.host(), service.Config{})
	for _, test := range []struct {
		name, tool string
		arguments  object
		want       string // of the structured content; with ! in front what it must not say
		fails      bool
	}{
		{"all containers", "list_containers", object{}, `"name":"db"`, false},
		{"what a container is told with", "list_containers", object{"status": "running"}, `{"detail":"Up 2 hours","id":"` + id("web") + `","image":"image-of-web","labels":{"a":"b"},"name":"web","ports":[{"container":80,"host":8080,"hostIp":"127.0.0.1","protocol":"tcp"}],"status":"running"}`, false},
		{"those that run", "list_containers", object{"all": false}, `!db`, false},
		{"a status that there is not", "list_containers", object{"status": "asleep"}, "", true},
		{"an argument that there is not", "list_containers", object{"filter": "x"}, "", true},
		{"one by name", "inspect_container", object{"container": "web"}, `"environment":["PASSWORD","PATH"]`, false},
		{"no value of the environment", "inspect_container", object{"container": "web"}, `!hunter2`, false},
		{"ports that are published, and not", "inspect_container", object{"container": "web"}, `"ports":[{"container":80,"host":8080,"hostIp":"127.0.0.1","protocol":"tcp"},{"container":81,"protocol":"udp"}]`, false},
		{"one by id", "inspect_container", object{"container": id("web")}, `"name":"web"`, false},
		{"one that there is not", "inspect_container", object{"container": "nope"}, "", true},
		{"none", "inspect_container", object{}, "", true},
		{"a log", "container_logs", object{"container": "web", "tail": 7}, `line 0 of web, tail 7\nline 1 of web, tail 7\nline 2`, false},
		{"a log of more lines than are given", "container_logs", object{"container": "web", "tail": 51}, "", true},
		{"the log of one that there is not", "container_logs", object{"container": "nope"}, "", true},
		{"start", "start_container", object{"container": "db"}, `"before":"exited","id":"` + id("db") + `","name":"db","status":"running"`, false},
		{"start again", "start_container", object{"container": "db"}, `"before":"running"`, false},
		{"stop", "stop_container", object{"container": "db", "timeout": 0}, `"status":"exited"`, false},
		{"stop with more time than there is", "stop_container", object{"container": "db", "timeout": 100000}, "", true},
		{"restart", "restart_container", object{"container": "db"}, `"before":"exited"`, false},
		{"images", "list_images", object{}, `{"created":"1970-01-01T00:00:01Z","id":"sha256:2","size":6,"tags":[]}`, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := c.call(test.tool, test.arguments)
			text, _ := json.Marshal(r.Result["structuredContent"])
			unwanted, negative := strings.CutPrefix(test.want, "!")
			switch {
			case r.failed() != test.fails:
				t.Errorf("got %s", r)
			case negative && strings.Contains(string(text), unwanted), !negative && !strings.Contains(string(text), test.want) && !test.fails:
				t.Errorf("got %s, want %s", text, test.want)
			}
		})
	}
	if strings.Contains(stderr.String(), "hunter2") {
		t.Error("the audit log holds a secret")
	}
}

// TestNamesStayNames demands that no name becomes another path of the engine's API.
func TestNamesStayNames(t *testing.T) {
	engine := newEngine(t, "web")
	c, _ := serve(t, engine.host(), service.Config{})
	for _, name := range []string{
		"../images", "..%2fimages", "web/../../images", "web/json?all=1", "web#", "web%00", "web\x00", "/web", "", ".", "..", "-web", "we b", "wéb", strings.Repeat("a", 300), "json", "web\n",
	} {
		before := len(engine.paths())
		for _, tool := range []string{"inspect_container", "container_logs", "start_container", "stop_container", "restart_container"} {
			if r := c.call(tool, object{"container": name}); !r.failed() {
				t.Errorf("%s of %q: %s", tool, name, r)
			}
		}
		for _, uri := range []string{scheme + name, scheme + name + "/logs"} {
			if r := c.ask("resources/read", object{"uri": uri}); r.Error == nil {
				t.Errorf("%q: %s", uri, r)
			}
		}
		for _, path := range engine.paths()[before:] {
			if name == "json" || path == "GET /containers/json" || strings.HasPrefix(path, "HEAD") {
				continue // a name that there could be, and the list of all
			}
			t.Errorf("%q makes the server ask %s", name, path)
		}
	}
}

func (e *fakeEngine) paths() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.asked)
}

func TestResources(t *testing.T) {
	engine := newEngine(t, "web", "db")
	c, _ := serve(t, engine.host(), service.Config{})
	list := c.ask("resources/list", object{}).String()
	for _, want := range []string{`"uri":"docker://container/` + id("web"), `"name":"web"`, `"title":"web (running)"`, `"title":"db (exited)"`} {
		if !strings.Contains(list, want) {
			t.Errorf("the list lacks %s: %s", want, list)
		}
	}
	for _, ref := range []string{id("web"), "web"} {
		r := c.ask("resources/read", object{"uri": scheme + ref})
		text := fmt.Sprint(r.Result["contents"])
		for _, want := range []string{`"id":"` + id("web"), `"name":"web"`, `"status":"running"`, `"image":"image-of-web"`, `"ports":[{"container":80`, `"labels":{"a":"b"}`} {
			if !strings.Contains(text, want) {
				t.Errorf("%s lacks %s: %s", ref, want, r)
			}
		}
	}
	if r := c.ask("resources/read", object{"uri": scheme + "db/logs"}); !strings.Contains(r.String(), "line 2 of db") {
		t.Errorf("the log: %s", r)
	}
	r := c.ask("resources/read", object{"uri": scheme + "nope"})
	if r.Error == nil || r.Error.Code != -32002 || fmt.Sprint(r.Error.Data) != "map[uri:docker://container/nope]" {
		t.Errorf("one that there is not: %s", r)
	}
	engine.change(func() { delete(engine.states, "web"); engine.states["db"] = "running" })
	if list := c.ask("resources/list", object{}).String(); strings.Contains(list, "web") || !strings.Contains(list, "db (running)") {
		t.Errorf("the list after a change: %s", list)
	}
}

func TestAnnotations(t *testing.T) {
	c, _ := serve(t, newEngine(t).host(), service.Config{})
	type hints struct{ ReadOnlyHint, DestructiveHint, IdempotentHint, OpenWorldHint bool }
	var got struct {
		Tools []struct {
			Name        string
			Annotations hints
		}
	}
	text, _ := json.Marshal(c.ask("tools/list", object{}).Result)
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	reads := hints{true, false, true, false}
	want := map[string]hints{
		"list_containers": reads, "inspect_container": reads, "container_logs": reads, "list_images": reads,
		"start_container": {false, false, true, false}, "stop_container": {false, true, true, false}, "restart_container": {false, true, false, false},
	}
	if len(got.Tools) != len(want) {
		t.Errorf("%d tools, want %d", len(got.Tools), len(want))
	}
	for _, tool := range got.Tools {
		if tool.Annotations != want[tool.Name] {
			t.Errorf("%s has %+v, want %+v", tool.Name, tool.Annotations, want[tool.Name])
		}
	}
	c, _ = serve(t, newEngine(t).host(), service.Config{ReadOnly: true})
	if list := c.ask("tools/list", object{}).String(); strings.Contains(list, "stop_container") || !strings.Contains(list, "list_images") {
		t.Errorf("a read-only server offers %s", list)
	}
	if r := c.call("stop_container", object{"container": "web"}); !r.failed() {
		t.Errorf("a read-only server stops a container: %s", r)
	}
}

func TestPrompts(t *testing.T) {
	c, _ := serve(t, newEngine(t, "web", "db").host(), service.Config{})
	r := c.ask("prompts/get", object{"name": "diagnose_container", "arguments": object{"container": "web", "symptom": "it is slow"}}).String()
	for _, want := range []string{"it is slow", "line 2 of web", `docker://container/` + id("web") + `/logs`, `\"exitCode\": 3`} {
		if !strings.Contains(r, want) {
			t.Errorf("the prompt lacks %s: %s", want, r)
		}
	}
	if strings.Contains(r, "hunter2") {
		t.Errorf("the prompt holds a secret: %s", r)
	}
	if r := c.ask("prompts/get", object{"name": "review_engine"}).String(); !strings.Contains(r, "db (image-of-db): exited") {
		t.Errorf("the review: %s", r)
	}
	for _, arguments := range []object{{}, {"container": "nope"}, {"container": "../images"}} {
		if r := c.ask("prompts/get", object{"name": "diagnose_container", "arguments": arguments}); r.Error == nil || r.Error.Code != -32602 {
			t.Errorf("with %v: %s", arguments, r)
		}
	}
}

func TestCompletion(t *testing.T) {
	c, _ := serve(t, newEngine(t, "web-1", "db", "web-2").host(), service.Config{})
	complete := func(ref object, argument, value string) reply {
		return c.ask("completion/complete", object{"ref": ref, "argument": object{"name": argument, "value": value}})
	}
	template := object{"type": "ref/resource", "uri": scheme + "{id}"}
	prompt := object{"type": "ref/prompt", "name": "diagnose_container"}
	for _, r := range []reply{complete(template, "id", "web"), complete(prompt, "container", "web")} {
		if got := fmt.Sprint(r.Result["completion"]); !strings.Contains(got, "values:[web-1 web-2]") {
			t.Errorf("got %s", r)
		}
	}
	if r := complete(prompt, "symptom", ""); !strings.Contains(fmt.Sprint(r.Result), "values:[]") {
		t.Errorf("an argument of free text: %s", r)
	}
	for _, ref := range []object{{"type": "ref/prompt", "name": "nope"}, {"type": "ref/resource", "uri": "nope://{x}"}} {
		if r := complete(ref, "id", ""); r.Error == nil || r.Error.Code != -32602 {
			t.Errorf("%v: %s", ref, r)
		}
	}
}

func TestOptions(t *testing.T) {
	g, err := service.New("docker", "1", service.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(t.Context(), Options{Host: "nonsense"}, g); err == nil || !strings.Contains(err.Error(), "docker-host") {
		t.Errorf("got %v", err)
	}
}

func FuzzTail(f *testing.F) {
	f.Add([]byte("some text"), 3)
	f.Add([]byte("\xff\xfe€€"), 2)
	f.Fuzz(func(t *testing.T, data []byte, size int) {
		k := &tail{limit: 10}
		for part := range slices.Chunk(data, max(1, size)) {
			if n, err := k.Write(part); n != len(part) || err != nil {
				t.Fatal(n, err)
			}
		}
		text := k.String()
		if !json.Valid([]byte(fmt.Sprintf("%q", text))) && strings.ToValidUTF8(text, "") != text {
			t.Fatalf("%q is no text", text)
		}
		if len(data) <= 10 && k.cut || len(data) > 10 && !k.cut {
			t.Fatalf("%d bytes of 10, cut: %v", len(data), k.cut)
		}
	})
}
