package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
)

// show writes an event in one line, so that tables can name it.
func show(e *Event) string {
	var b strings.Builder
	if e.HasID {
		fmt.Fprintf(&b, "id=%q ", e.ID)
	}
	if e.Type != "" {
		fmt.Fprintf(&b, "event=%q ", e.Type)
	}
	if e.HasData {
		fmt.Fprintf(&b, "data=%q ", e.Data)
	}
	if e.Retry >= 0 {
		fmt.Fprintf(&b, "retry=%d ", e.Retry)
	}
	return strings.TrimSpace(b.String())
}

// readAll reads every event of a stream and why it ended.
func readAll(r io.Reader) ([]string, error) {
	var list []string
	for in := NewEventReader(r); ; {
		e, err := in.Read()
		if err != nil {
			return list, err
		}
		list = append(list, show(e))
	}
}

var streams = []struct {
	why, in string
	want    []string
}{
	{"an empty stream has no event", "", nil},
	{"blank lines alone are no event", "\n\n\r\r\r\n\r\n", nil},
	{"one line of data", "data: a\n\n", []string{`data="a"`}},
	{"only one space after the colon belongs to the syntax", "data:  a\n\n", []string{`data=" a"`}},
	{"no space is needed", "data:{\"a\":1}\n\n", []string{`data="{\"a\":1}"`}},
	{"colons in a value are part of it", "data: a:b: c\n\n", []string{`data="a:b: c"`}},
	{"lines of data join with LF", "data: a\ndata:\ndata: b\n\n", []string{`data="a\n\nb"`}},
	{"data without a colon is an empty line", "data\n\n", []string{`data=""`}},
	{"two of them are one LF", "data\ndata\n\n", []string{`data="\n"`}},
	{"CR ends a line", "data: a\rdata: b\r\r", []string{`data="a\nb"`}},
	{"CRLF ends a line once", "data: a\r\ndata: b\r\n\r\n", []string{`data="a\nb"`}},
	{"the ends may be mixed", "data: a\r\ndata: b\rdata: c\n\r\ndata: d\n\r", []string{`data="a\nb\nc"`, `data="d"`}},
	{"LF CR is two ends", "data: a\n\rdata: b\n\n", []string{`data="a"`, `data="b"`}},
	{"CR CR LF is two ends", "data: a\r\r\ndata: b\r\n\r\n", []string{`data="a"`, `data="b"`}},
	{"a byte order mark is skipped", "\uFEFFdata: a\n\n", []string{`data="a"`}},
	{"but only the first", "\uFEFF\uFEFFdata: a\n\ndata: b\n\n", []string{`data="b"`}},
	{"and only at the start", "\n\uFEFFdata: a\n\n", nil},
	{"a part of one is no mark", "\xEF\xBB\n\ndata: a\n\n", []string{`data="a"`}},
	{"comments are nothing", ": ok\n\n:\n\n:data: a\n\n", nil},
	{"a comment inside an event changes nothing", "data: a\n: ping\ndata: b\n\n", []string{`data="a\nb"`}},
	{"unknown fields are ignored", "dat: a\nfoo\nDATA: a\n data: a\n\n", nil},
	{"all fields", "event: message\nid: 7\nretry: 10\ndata: a\n\n", []string{`id="7" event="message" data="a" retry=10`}},
	{"a priming event has an id and empty data", "id: p-1\ndata:\n\n", []string{`id="p-1" data=""`}},
	{"an id alone is kept: a stream is resumed from it", "id: p-2\n\n", []string{`id="p-2"`}},
	{"an id may be empty, which forgets the last", "id\n\nid:\n\n", []string{`id=""`, `id=""`}},
	{"an id with NUL is ignored", "id: a\x00b\ndata: c\n\nid: \x00\n\n", []string{`data="c"`}},
	{"an id does not spread to the next event", "id: 1\ndata: a\n\ndata: b\n\n", []string{`id="1" data="a"`, `data="b"`}},
	{"the last type and id of an event count", "event: a\nevent: b\nid: 1\nid: 2\ndata: c\n\n", []string{`id="2" event="b" data="c"`}},
	{"retry alone is kept", "retry: 1500\n\n", []string{"retry=1500"}},
	{"retry may be 0", "retry:0\n\n", []string{"retry=0"}},
	{"retry may have leading zeros", "retry: 0042\n\n", []string{"retry=42"}},
	{"retry takes digits only", "retry: 1.5\n\nretry: +5\n\nretry: -0\n\nretry: -5\n\nretry: 5s\n\nretry: 1 \n\nretry: 0x9\n\nretry: 1_0\n\nretry:\n\nretry\n\nretry: ٣\n\n", nil},
	{"a retry beyond all measure is very long", "retry: 99999999999999999999\n\n", []string{fmt.Sprintf("retry=%d", math.MaxInt32)}},
	{"bytes that are not UTF-8 are kept", "data: \xff\x00\n\n", []string{`data="\xff\x00"`}},
	{"what no blank line ends is dropped", "data: a\n\ndata: b\n", []string{`data="a"`}},
	{"also in the middle of a line", "data: a\n\ndata: b", []string{`data="a"`}},
	{"a CR at the very end is an end", "data: a\r\r", []string{`data="a"`}},
}

func TestEventReader(t *testing.T) {
	for _, c := range streams {
		t.Run(c.why, func(t *testing.T) {
			for how, r := range chunkings([]byte(c.in)) {
				got, err := readAll(r)
				if !slices.Equal(got, c.want) || err != io.EOF {
					t.Errorf("%s: %q gives %q (%v), want %q and EOF", how, c.in, got, err, c.want)
				}
			}
		})
	}
}

// chunkings are readers that bring the same bytes in different portions.
func chunkings(data []byte) map[string]io.Reader {
	list := map[string]io.Reader{
		"at once":           bytes.NewReader(data),
		"byte by byte":      iotest.OneByteReader(bytes.NewReader(data)),
		"by halves":         iotest.HalfReader(bytes.NewReader(data)),
		"EOF with the data": iotest.DataErrReader(bytes.NewReader(data)),
	}
	for seed := range uint64(8) {
		list["at random "+strconv.FormatUint(seed, 10)] = &split{data, rand.New(rand.NewPCG(seed, 1))}
	}
	return list
}

// split is a reader that returns portions of random size.
type split struct {
	rest []byte
	rand *rand.Rand
}

func (s *split) Read(p []byte) (int, error) {
	if len(s.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.rest[:1+s.rand.IntN(min(len(s.rest), 9))])
	s.rest = s.rest[n:]
	return n, nil
}

// An event must come when it is complete, not when the next byte comes: the
// next may never come.
func TestEventReaderIsPrompt(t *testing.T) {
	for _, in := range []string{"data: a\n\n", "data: a\r\r", "data: a\r\n\r\n", "\uFEFFdata: a\n\n", "\n\n:\n\nid:1\n\n"} {
		out, feed := io.Pipe()
		go feed.Write([]byte(in)) //nolint:errcheck // the reader tells
		if _, err := NewEventReader(out).Read(); err != nil {
			t.Errorf("%q: %v", in, err)
		}
		out.Close()
	}
}

func TestEventReaderPassesErrorsOn(t *testing.T) {
	broken := errors.New("reset")
	_, err := readAll(io.MultiReader(strings.NewReader("data: a\n\ndata: b"), iotest.ErrReader(broken)))
	if err != broken {
		t.Errorf("error is %v, want %v", err, broken)
	}
}

// endless is an endless repetition of one byte.
type endless byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

func TestEventReaderLimits(t *testing.T) {
	line := func(n int64) io.Reader {
		return io.MultiReader(strings.NewReader("data: "), io.LimitReader(endless('x'), n), strings.NewReader("\n"))
	}
	blank := func() io.Reader { return strings.NewReader("\n") }
	small := func() io.Reader { return strings.NewReader("data: a\n\n") }
	const half = MaxEvent / 2
	for _, c := range []struct {
		why string
		in  io.Reader
		n   int
		err error
	}{
		{"16 MiB in one line", io.MultiReader(line(MaxEvent), blank(), small()), MaxEvent, nil},
		{"16 MiB in two lines", io.MultiReader(line(half), line(half-1), blank(), small()), MaxEvent, nil},
		{"a byte more in one line", io.MultiReader(line(MaxEvent+1), blank()), 0, ErrEventTooLong},
		{"a byte more in two lines", io.MultiReader(line(half), line(half), blank()), 0, ErrEventTooLong},
		{"a line without end", endless('x'), 0, ErrEventTooLong},
		{"data without end", io.MultiReader(strings.NewReader("data"), endless(':')), 0, ErrEventTooLong},
	} {
		t.Run(c.why, func(t *testing.T) {
			r := NewEventReader(c.in)
			e, err := r.Read()
			if err != c.err || err == nil && len(e.Data) != c.n {
				t.Fatalf("%d bytes (%v), want %d (%v)", len(e.Data), err, c.n, c.err)
			}
			if err == nil {
				if e, err = r.Read(); err != nil || string(e.Data) != "a" {
					t.Errorf("next event: %v, want \"a\"", err)
				}
			}
		})
	}
	t.Run("keep-alives do not add up", func(t *testing.T) {
		comments := io.LimitReader(&cycle{text: ": a comment, to keep the connection open\n"}, MaxEvent+MaxEvent/2)
		got, err := readAll(io.MultiReader(comments, strings.NewReader("\n"), small()))
		if err != io.EOF || len(got) != 1 {
			t.Errorf("%q (%v), want one event", got, err)
		}
	})
}

// cycle is an endless repetition of a text.
type cycle struct {
	text string
	at   int
}

func (c *cycle) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = c.text[c.at]
		c.at = (c.at + 1) % len(c.text)
	}
	return len(p), nil
}

// plainly reads a whole stream in the simplest way that the algorithm allows.
func plainly(in string) []string {
	in = strings.TrimPrefix(in, "\uFEFF")
	in = strings.ReplaceAll(strings.ReplaceAll(in, "\r\n", "\n"), "\r", "\n")
	lines := strings.Split(in, "\n")
	var list []string
	e := &Event{Retry: -1}
	for _, line := range lines[:len(lines)-1] {
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "":
			e.Data = bytes.TrimSuffix(e.Data, []byte("\n"))
			if s := show(e); s != "" {
				list = append(list, s)
			}
			e = &Event{Retry: -1}
		case name == "data":
			e.HasData, e.Data = true, append(e.Data, value+"\n"...)
		case name == "event":
			e.Type = value
		case name == "id" && !strings.Contains(value, "\x00"):
			e.HasID, e.ID = true, value
		case name == "retry" && value != "" && strings.Trim(value, "0123456789") == "":
			if n, err := strconv.Atoi(value); err == nil && n <= math.MaxInt32 {
				e.Retry = n
			} else {
				e.Retry = math.MaxInt32
			}
		}
	}
	return list
}

func FuzzEventReader(f *testing.F) {
	for i, c := range streams {
		f.Add([]byte(c.in), uint64(i))
	}
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		got, err := readAll(bytes.NewReader(data))
		got = slices.DeleteFunc(got, func(s string) bool { return s == "" })
		if err != io.EOF {
			t.Fatalf("%q: %v", data, err)
		}
		if want := plainly(string(data)); !slices.Equal(got, want) {
			t.Fatalf("%q gives %q, want %q", data, got, want)
		}
		for how, r := range map[string]io.Reader{
			"byte by byte": iotest.OneByteReader(bytes.NewReader(data)),
			"at random":    &split{data, rand.New(rand.NewPCG(seed, 2))},
		} {
			again, err := readAll(r)
			again = slices.DeleteFunc(again, func(s string) bool { return s == "" })
			if err != io.EOF || !slices.Equal(again, got) {
				t.Fatalf("%s: %q gives %q (%v), want %q", how, data, again, err, got)
			}
		}
	})
}
