package load

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/mcpcheck/mcpcheck/internal/spec"
	"github.com/mcpcheck/mcpcheck/reports"
)

// A head says what attack the results after it are part of. It goes with the
// first of them, so that vegeta takes it for one more header field.
type head struct {
	Target    string           `json:"target"`
	Transport spec.Transport   `json:"transport"`
	Revision  spec.Revision    `json:"revision"`
	Began     time.Time        `json:"began"`
	Planned   uint64           `json:"planned"`
	Plan      reports.LoadPlan `json:"plan"`
}

func (rec *record) head() string {
	p := rec.plan
	text, err := json.Marshal(head{p.Target, p.Endpoint.Transport, p.Revision, rec.schedule.began.Add(rec.from), rec.planned(), p.report()})
	if err != nil {
		return "" // none of its types can fail
	}
	return string(text)
}

// A Source is a file of results.
type Source struct {
	Name string
	io.Reader
}

// errForeign says that a file is something else.
var errForeign = errors.New("it holds no results of mcpcheck load --out")

// decoder finds out how results are encoded: in gob, as they are written, or in
// what vegeta encode makes of that.
func decoder(r *bufio.Reader) (_ vegeta.Decoder, lines bool, err error) {
	start, err := r.Peek(1)
	switch {
	case errors.Is(err, io.EOF):
		return nil, false, errors.New("it is empty")
	case err != nil:
		return nil, false, err
	case start[0] == '{':
		return vegeta.NewJSONDecoder(r), true, nil
	case start[0] >= '0' && start[0] <= '9':
		return vegeta.NewCSVDecoder(r), true, nil
	}
	return vegeta.NewDecoder(r), false, nil
}

// A tail notes the last byte that was read.
type tail struct {
	io.Reader
	last byte
}

func (t *tail) Read(b []byte) (int, error) {
	n, err := t.Reader.Read(b)
	if n > 0 {
		t.last = b[n-1]
	}
	return n, err
}

// readSource calls each for the results of a file.
func readSource(src Source, each func(*head, sample) error) error {
	end := &tail{Reader: src}
	decode, lines, err := decoder(bufio.NewReader(end))
	if err != nil {
		return err
	}
	for n := 0; ; n++ {
		var r vegeta.Result
		err := decode(&r)
		cut := errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) && lines && end.last != '\n'
		switch {
		case cut && n > 0:
			return fmt.Errorf("it is cut off after %d results", n)
		case errors.Is(err, io.EOF) && n > 0 && !cut:
			return nil
		case err != nil && n > 0:
			return fmt.Errorf("it is damaged after %d results", n)
		case err != nil:
			return errForeign
		}
		h, s, err := readResult(&r)
		if err == nil && n == 0 && h == nil {
			err = errForeign
		}
		if err == nil {
			err = each(h, s)
		}
		if err != nil {
			return err
		}
	}
}

// readResult takes from a result what sample.result wrote into it.
func readResult(r *vegeta.Result) (h *head, s sample, err error) {
	name, words := r.Headers.Get(fieldOperation), r.Headers.Get(fieldOutcome)
	if name == "" || words == "" {
		return nil, s, errForeign
	}
	if text := r.Headers.Get(fieldHead); text != "" {
		h = &head{}
		if err := json.Unmarshal([]byte(text), h); err != nil {
			return nil, s, errForeign
		}
	}
	slip, err := strconv.ParseInt(r.Headers.Get(fieldSlip), 10, 64)
	if err != nil || slip < 0 || r.Latency < time.Duration(slip) || r.Timestamp.Unix() < 0 || r.Timestamp.Year() > 9999 {
		return nil, s, fmt.Errorf("the times of result %d cannot be", r.Seq)
	}
	s = sample{
		seq: r.Seq, name: name, url: r.URL, code: int(r.Code), due: r.Timestamp, sent: r.Timestamp.Add(time.Duration(slip)),
		service: r.Latency - time.Duration(slip), out: int(r.BytesOut), in: int(r.BytesIn), retryAfter: r.Headers.Get(fieldRetryAfter),
	}
	if text := r.Headers.Get(fieldFirst); text != "" {
		first, err := strconv.ParseInt(text, 10, 64)
		if err != nil || first < 0 {
			return nil, s, fmt.Errorf("the times of result %d cannot be", r.Seq)
		}
		s.first = time.Duration(first)
	}
	if s.outcome, err = readOutcome(words); err != nil {
		return nil, s, fmt.Errorf("result %d: %w", r.Seq, err)
	}
	return h, s, nil
}

// readOutcome reads what outcome.String wrote.
func readOutcome(words string) (outcome, error) {
	for k, name := range kindNames {
		if detail, ok := strings.CutPrefix(words, name); ok && (detail == "" || detail[0] == ' ') && kind(k) != abandoned {
			return outcome{kind(k), strings.TrimPrefix(detail, " ")}, nil
		}
	}
	return outcome{}, fmt.Errorf("there is no outcome %q", words)
}
