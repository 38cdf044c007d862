package reports_test

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mcpcheck/mcpcheck/reports"
)

func TestReadRoundTrip(t *testing.T) {
	r := sample()
	for i := range r.Runs { // what is not UTF-8 has no place in JSON, and comes back replaced
		r.Runs[i] = mapStrings(r.Runs[i])
	}
	got, err := reports.Read(bytes.NewReader(render(t, reports.JSON, r)))
	if err != nil {
		t.Fatal(err)
	}
	for i, run := range r.Runs {
		if run.Results == nil {
			r.Runs[i].Results = []reports.Result{}
		}
	}
	if !reflect.DeepEqual(got, r) {
		t.Error("the report that was read differs from the one that was written")
	}
}

// mapStrings returns a copy of the run with valid UTF-8 in every string.
func mapStrings(run reports.Run) reports.Run {
	v := reflect.New(reflect.TypeOf(run)).Elem()
	v.Set(reflect.ValueOf(run))
	var walk func(v reflect.Value)
	walk = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.String:
			var b strings.Builder
			for _, r := range v.String() {
				b.WriteRune(r)
			}
			v.SetString(b.String())
		case reflect.Struct:
			for i := range v.NumField() {
				walk(v.Field(i))
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i))
			}
		}
	}
	walk(v)
	return v.Interface().(reports.Run)
}

func TestReadRefuses(t *testing.T) {
	for _, c := range []struct{ reason, doc, want string }{
		{"empty", ``, "not a report of mcpcheck in JSON"},
		{"other text", `<testsuites/>`, "not a report of mcpcheck in JSON"},
		{"cut short", `{"schemaVersion":"1","runs":[`, "unexpected end of JSON input"},
		{"two documents", `{"schemaVersion":"1"}{}`, "after top-level value"},
		{"an array", `[]`, "cannot unmarshal array"},
		{"other JSON", `{"mcpServers":{}}`, `schemaVersion is missing, want "1"`},
		{"a later version", `{"schemaVersion":"2","runs":{}}`, `schemaVersion is "2", want "1"`},
		{"a version of another type", `{"schemaVersion":1}`, `schemaVersion is 1, want "1"`},
		{"a hostile version", `{"schemaVersion":"` + strings.Repeat("9", 5000) + `"}`, `99…, want "1"`},
		{"a verdict of the future", `{"schemaVersion":"1","runs":[{"results":[{"id":"a.b","level":"MUST","verdict":"passed"}]}]}`, `runs[0].results[0]: verdict of "a.b" is "passed", want one of "pass", `},
		{"no verdict", `{"schemaVersion":"1","runs":[{"results":[{"id":"a.b","level":"MUST"}]}]}`, `verdict of "a.b" is ""`},
		{"a level that is none", `{"schemaVersion":"1","runs":[{"results":[{"id":"a.b","level":"must","verdict":"pass"}]}]}`, `level of "a.b" is "must", want one of "MUST", `},
		{"unstable without an id", `{"schemaVersion":"1","runs":[{"unstable":[{"verdicts":[],"reasons":[]}]}]}`, `runs[0].unstable[0]: id is missing`},
		{"unstable with too few reasons", `{"schemaVersion":"1","runs":[{"unstable":[{"id":"a.b","verdicts":["pass","fail"],"reasons":["x"]}]}]}`, `1 reason of "a.b" for 2 verdicts, want one each`},
		{"unstable with a verdict of the future", `{"schemaVersion":"1","runs":[{"unstable":[{"id":"a.b","verdicts":["flaky"],"reasons":[""]}]}]}`, `a verdict of "a.b" is "flaky", want one of ["pass" `},
		{"no id", `{"schemaVersion":"1","runs":[{"results":[{"level":"MUST","verdict":"pass"}]}]}`, `runs[0].results[0]: id is missing`},
		{"a duration in words", `{"schemaVersion":"1","runs":[{"duration":"5s"}]}`, `duration is "5s", want a number of seconds`},
		{"a duration beyond all", `{"schemaVersion":"1","runs":[{"duration":1e400}]}`, `duration is 1e400, want at most`},
	} {
		t.Run(c.reason, func(t *testing.T) {
			_, err := reports.Read(strings.NewReader(c.doc))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error is %v, want one with %q", err, c.want)
			}
			if len(err.Error()) > 400 || strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("error is not one short line: %q", err)
			}
		})
	}
}

func TestReadTakesNewMembers(t *testing.T) {
	doc := `{"schemaVersion":"1","later":{},"runs":[{"target":"x","later":1,"results":[{"id":"a.b","level":"MAY","verdict":"pass","later":[]}]}]}`
	r, err := reports.Read(strings.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	if r.Status(false) != 0 {
		t.Errorf("status is %d, want 0", r.Status(false))
	}
}

func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	if err := reports.JSON(&b, small()); err != nil { // a large seed would keep the fuzzer busy with making it smaller
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(`{"schemaVersion":"1","started":"2026-01-02T03:04:05+01:00","strict":true,"runs":[{"duration":1e-3,"results":null}]}`))
	f.Add([]byte(`{"schemaVersion":"1","runs":[{"target":"\u001b\ud800","results":[{"id":"a","level":"MUST","verdict":"fail","got":"\u2028]]>"}]}]}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		r, err := reports.Read(bytes.NewReader(doc))
		if err != nil {
			return
		}
		once := render(t, reports.JSON, r)
		again, err := reports.Read(bytes.NewReader(once))
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if twice := render(t, reports.JSON, again); !bytes.Equal(once, twice) {
			t.Errorf("a report changes by being read and written:\n%s\n%s", once, twice)
		}
		if r.Status(false) != again.Status(false) {
			t.Error("the status changes by being read and written")
		}
		render(t, reports.Text(reports.TextOptions{Verbose: true}), r)
		parseJUnit(t, render(t, reports.JUnit, r))
	})
}

func TestDuration(t *testing.T) {
	for _, c := range []struct {
		d    time.Duration
		want string
	}{
		{0, "0"}, {1, "0.000000001"}, {time.Second, "1"}, {1500 * time.Millisecond, "1.5"}, {-1500 * time.Millisecond, "-1.5"},
		{1<<63 - 1, "9223372036.854775807"}, {-1 << 63, "-9223372036.854775808"},
	} {
		got, err := json.Marshal(reports.Duration(c.d))
		if err != nil || string(got) != c.want {
			t.Errorf("%v is %s, %v, want %s", c.d, got, err, c.want)
		}
		var back reports.Duration
		if err := json.Unmarshal(got, &back); err != nil || time.Duration(back) != c.d {
			t.Errorf("%s is read as %v, %v, want %v", got, time.Duration(back), err, c.d)
		}
	}
	for _, c := range []struct {
		doc  string
		want time.Duration
	}{
		{"1e-3", time.Millisecond}, {"15E-1", 1500 * time.Millisecond}, {"null", 7}, {"0.0000000004", 0},
	} {
		got := reports.Duration(7)
		if err := json.Unmarshal([]byte(c.doc), &got); err != nil || time.Duration(got) != c.want {
			t.Errorf("%s is read as %v, %v, want %v", c.doc, time.Duration(got), err, c.want)
		}
	}
	for _, doc := range []string{`"1"`, `true`, `{}`, `[1]`, `1e300`, `9223372036.854775808`, `-1e11`} {
		var d reports.Duration
		if err := json.Unmarshal([]byte(doc), &d); err == nil {
			t.Errorf("%s is read as %v, want an error", doc, time.Duration(d))
		}
	}
}

// TestFormatIsDocumented holds docs/report-format.md to the members that exist.
func TestFormatIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../docs/report-format.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := make(map[string]bool)
	for _, m := range regexp.MustCompile("(?m)^\\| `(\\w+)`").FindAllSubmatch(text, -1) {
		documented[string(m[1])] = true
	}
	r := sample()
	r.Strict = true
	withKnown := expected()
	r.Runs, r.Baseline = append(r.Runs, withKnown.Runs...), withKnown.Baseline
	var doc any
	if err := json.Unmarshal(render(t, reports.JSON, r), &doc); err != nil {
		t.Fatal(err)
	}
	found := make(map[string]bool)
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, member := range v {
				found[name] = true
				walk(member)
			}
		case []any:
			for _, element := range v {
				walk(element)
			}
		}
	}
	walk(doc)
	for name := range found {
		if !documented[name] {
			t.Errorf("member %q is written but not documented", name)
		}
	}
	for name := range documented {
		if !found[name] {
			t.Errorf("member %q is documented but not in a report in which everything occurs", name)
		}
	}
}
