package load

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/internal/wire"
	"github.com/mcpcheck/mcpcheck/reports"
)

// noon is when attacks that never took place began.
var noon = time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)

// imagined is an attack that never took place: its server takes times that vary
// as they do in life, around a median.
type imagined struct {
	began    time.Time
	rate     float64
	duration time.Duration
	median   time.Duration
	failing  float64 // share
	slip     time.Duration
	seed     uint64
	sent     float64 // share of what was planned; 0 for all
	target   string
}

// take hands each sample to a function, and returns the record of all.
func (i imagined) take(each func(*record, sample)) *record {
	p := Plan{Target: i.target, Endpoint: wire.Endpoint{Transport: spec.StreamableHTTP}, Revision: spec.R20251125, Rate: i.rate, Duration: i.duration, Mix: Mix{{Name: "tools/call search", Weight: 1}}}
	s, err := p.schedule()
	if err != nil {
		panic(err)
	}
	if i.began.IsZero() {
		i.began = noon
	}
	rec := newRecord(p, &clocked{s, i.began}, 0, i.duration)
	rec.parts, rec.timeline = newParts(i.duration), newTimeline(i.duration)
	random := rand.New(rand.NewPCG(i.seed, 1))
	drift := 0.0 // servers have their moments
	for n := range s.planned() {
		if i.sent > 0 && float64(n) >= i.sent*float64(s.planned()) {
			break
		}
		drift = 0.9*drift + 0.1*random.NormFloat64()
		took := time.Duration(float64(i.median) * math.Exp(0.5*random.NormFloat64()+0.2*drift))
		due := i.began.Add(s.due(n))
		x := sample{seq: n, name: "tools/call search", due: due, sent: due.Add(i.slip), service: took, code: 200, out: 100, in: 200, url: "http://127.0.0.1/mcp"}
		if random.Float64() < i.failing {
			x.outcome, x.code = outcome{rpcError, "-32603"}, codeRPCError
		}
		rec.add(x)
		if each != nil {
			each(rec, x)
		}
	}
	return rec
}

func (i imagined) load() *reports.Load { return i.take(nil).report() }

// written is what --out would have got.
func (i imagined) written(encoder func(*bytes.Buffer) vegeta.Encoder) []byte {
	var b bytes.Buffer
	enc := encoder(&b)
	i.take(func(rec *record, x sample) {
		r := x.result()
		if rec.requests == 1 {
			r.Headers[fieldHead] = []string{rec.head()}
		}
		if err := enc.Encode(r); err != nil {
			panic(err)
		}
	})
	return b.Bytes()
}

func inGob(b *bytes.Buffer) vegeta.Encoder  { return vegeta.NewEncoder(b) }
func inJSON(b *bytes.Buffer) vegeta.Encoder { return vegeta.NewJSONEncoder(b) }
func inCSV(b *bytes.Buffer) vegeta.Encoder  { return vegeta.NewCSVEncoder(b) }

func merged(t *testing.T, files ...[]byte) *reports.Run {
	t.Helper()
	var sources []Source
	for i, f := range files {
		sources = append(sources, Source{fmt.Sprintf("run%d.bin", i+1), bytes.NewReader(f)})
	}
	run, _, err := Merge(sources...)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// TestResultsTellTheSame demands that results which are read again make the
// report that the attack itself made, in each encoding of vegeta's.
func TestResultsTellTheSame(t *testing.T) {
	i := imagined{rate: 200, duration: 2 * time.Second, median: 5 * time.Millisecond, failing: 0.05, slip: time.Millisecond, target: "weather"}
	want := i.load()
	for name, encoder := range map[string]func(*bytes.Buffer) vegeta.Encoder{"gob": inGob, "JSON": inJSON, "CSV": inCSV} {
		run := merged(t, i.written(encoder))
		if run.Target != "weather" || run.Transport != spec.StreamableHTTP || run.Revision != spec.R20251125 {
			t.Errorf("%s: the run is of %s over %s at %s", name, run.Target, run.Transport, run.Revision)
		}
		for _, x := range [][3]any{
			{"plan", run.Load.Plan, want.Plan}, {"latency", run.Load.Latency, want.Latency}, {"service", run.Load.Service, want.Service},
			{"slip", run.Load.Slip, want.Slip}, {"outcomes", run.Load.Outcomes, want.Outcomes}, {"operations", run.Load.Operations, want.Operations},
			{"parts", run.Load.Parts, want.Parts}, {"timeline", text(t, run.Load.Timeline), text(t, want.Timeline)}, {"distribution", run.Load.Distribution, want.Distribution}, {"throughput", run.Load.Throughput, want.Throughput}, {"rate", run.Load.Rate, want.Rate},
			{"planned", run.Load.Planned, want.Planned}, {"notes", run.Load.Notes, want.Notes}, {"duration", run.Load.Duration, want.Duration},
		} {
			if got, want := fmt.Sprintf("%+v", x[1]), fmt.Sprintf("%+v", x[2]); got != want {
				t.Errorf("%s: the %s is\n%s, want\n%s", name, x[0], got, want)
			}
		}
	}
}

func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestMerge demands that rates are those of all attacks together, whether they
// were made at once or in turns.
func TestMerge(t *testing.T) {
	at := func(after time.Duration, rate float64) []byte {
		return imagined{began: noon.Add(after), rate: rate, duration: 2 * time.Second, median: time.Millisecond, seed: uint64(after)}.written(inGob)
	}
	for _, tt := range []struct {
		reason   string
		files    [][]byte
		requests uint64
		rate     float64
		planned  time.Duration
		note     string
	}{
		{"at once", [][]byte{at(0, 100), at(0, 200)}, 600, 300, 2 * time.Second, "of 2 attacks"},
		{"nearly at once", [][]byte{at(time.Second, 100), at(0, 100)}, 400, 400.0 / 3, 3 * time.Second, "of 2 attacks"},
		{"in turns, and given in another order", [][]byte{at(time.Hour, 100), at(0, 100)}, 400, 100, 4 * time.Second, "of 2 attacks, with 59m58s between them that do not count"},
	} {
		l := merged(t, tt.files...).Load
		if l.Requests != tt.requests || l.Planned != tt.requests || math.Abs(l.Rate-tt.rate) > 0.02*tt.rate || math.Abs(l.Throughput-tt.rate) > 0.02*tt.rate {
			t.Errorf("%s: %d of %d requests at %.1f/s, throughput %.1f/s, want %d at %.1f/s", tt.reason, l.Requests, l.Planned, l.Rate, l.Throughput, tt.requests, tt.rate)
		}
		if time.Duration(l.Plan.Duration) != tt.planned || math.Abs(l.Plan.Rate-tt.rate) > 0.001*tt.rate || len(l.Parts) != partsOf {
			t.Errorf("%s: planned was %.1f/s for %s, in %d parts, want %.1f/s for %s", tt.reason, l.Plan.Rate, l.Plan.Duration, len(l.Parts), tt.rate, tt.planned)
		}
		if len(l.Notes) != 1 || l.Notes[0] != tt.note || l.GeneratorBound {
			t.Errorf("%s: the notes are %q, want %q", tt.reason, l.Notes, tt.note)
		}
	}
}

// TestMergeTellsWhoWasLate demands that an attack which was cut off is not taken
// for one that could not send.
func TestMergeTellsWhoWasLate(t *testing.T) {
	whole := imagined{rate: 200, duration: 2 * time.Second, median: time.Millisecond}
	cut, late := whole, whole
	cut.sent, late.slip = 0.5, 50*time.Millisecond
	for _, tt := range []struct {
		reason      string
		i           imagined
		bound, stop bool
	}{{"a whole one", whole, false, false}, {"one that was interrupted", cut, false, true}, {"one that was late", late, true, false}} {
		if l := merged(t, tt.i.written(inGob)).Load; l.GeneratorBound != tt.bound || l.Interrupted != tt.stop {
			t.Errorf("%s: generator-bound %v, interrupted %v, want %v and %v", tt.reason, l.GeneratorBound, l.Interrupted, tt.bound, tt.stop)
		}
	}
}

func TestMergeRefuses(t *testing.T) {
	i := imagined{rate: 50, duration: time.Second, median: time.Millisecond}
	good, lines := i.written(inGob), i.written(inJSON)
	other := i
	other.target = "other"
	foreign := func(f func(*vegeta.Result)) []byte {
		r := sample{name: "x", due: noon, sent: noon}.result()
		r.Headers[fieldHead] = []string{newRecordHead()}
		f(r)
		var b bytes.Buffer
		if err := vegeta.NewEncoder(&b).Encode(r); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	var struck bytes.Buffer
	if err := gob.NewEncoder(&struck).Encode(struct{ Name string }{"x"}); err != nil {
		t.Fatal(err)
	}
	const not = "run1.bin: it holds no results of mcpcheck load --out"
	for _, tt := range []struct {
		reason string
		files  [][]byte
		want   string
	}{
		{"an empty file", [][]byte{{}}, "run1.bin: it is empty"},
		{"a picture", [][]byte{[]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")}, not},
		{"a text", [][]byte{[]byte("to whom it may concern\n")}, not},
		{"a program", [][]byte{[]byte("\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00")}, not},
		{"JSON of another kind", [][]byte{[]byte("{\"a\":1}\n")}, not},
		{"numbers", [][]byte{[]byte("1,2,3\n")}, not},
		{"gob of another kind", [][]byte{struck.Bytes()}, not},
		{"results of vegeta's own", [][]byte{foreign(func(r *vegeta.Result) { r.Headers = nil })}, not},
		{"results without their head", [][]byte{foreign(func(r *vegeta.Result) { delete(r.Headers, fieldHead) })}, not},
		{"a head that is none", [][]byte{foreign(func(r *vegeta.Result) { r.Headers[fieldHead] = []string{"{"} })}, not},
		{"an outcome that there is not", [][]byte{foreign(func(r *vegeta.Result) { r.Headers[fieldOutcome] = []string{"fine"} })}, `run1.bin: result 0: there is no outcome "fine"`},
		{"an answer before the request", [][]byte{foreign(func(r *vegeta.Result) { r.Latency = -1 })}, "run1.bin: the times of result 0 cannot be"},
		{"sent before it was due", [][]byte{foreign(func(r *vegeta.Result) { r.Headers[fieldSlip] = []string{"-5"} })}, "run1.bin: the times of result 0 cannot be"},
		{"a file that is cut off", [][]byte{good[:len(good)-10]}, "run1.bin: it is cut off after 49 results"},
		{"one in lines", [][]byte{lines[:len(lines)-10]}, "run1.bin: it is cut off after 49 results"},
		{"one that is cut off early", [][]byte{good[:20]}, not},
		{"one that goes on as something else", [][]byte{append(bytes.Clone(lines), "{]\n"...)}, "run1.bin: it is damaged after 50 results"},
		{"the second of two", [][]byte{good, {}}, "run2.bin: it is empty"},
		{"two servers", [][]byte{good, other.written(inGob)}, `run2.bin: the target is "other", that of the results before is "": they cannot be merged`},
	} {
		var sources []Source
		for i, f := range tt.files {
			sources = append(sources, Source{fmt.Sprintf("run%d.bin", i+1), bytes.NewReader(f)})
		}
		_, _, err := Merge(sources...)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s: %v, want %s", tt.reason, err, tt.want)
		}
	}
}

func newRecordHead() string {
	return newRecord(Plan{Rate: 1, Duration: time.Second}, &clocked{constant{1, time.Second}, noon}, 0, time.Second).head()
}

func FuzzMerge(f *testing.F) {
	i := imagined{rate: 3, duration: time.Second, median: time.Millisecond, failing: 0.2}
	for _, encoder := range []func(*bytes.Buffer) vegeta.Encoder{inGob, inJSON, inCSV} {
		whole := i.written(encoder)
		f.Add(whole)
		f.Add(whole[:len(whole)/2])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		run, _, err := Merge(Source{"run.bin", bytes.NewReader(data)})
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("the error is no line: %q", err)
			}
			return
		}
		if run.Load.Requests == 0 {
			t.Error("a report of no requests")
		}
		for name, write := range reports.Writers {
			if err := write(&bytes.Buffer{}, &reports.Report{Runs: []reports.Run{*run}}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
