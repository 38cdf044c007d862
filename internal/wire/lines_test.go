package wire

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func readLines(r io.Reader) ([]string, error) {
	var list []string
	for in := NewLineReader(r); ; {
		line, err := in.Read()
		if err != nil {
			if len(line) > 0 {
				list = append(list, string(line))
			}
			return list, err
		}
		list = append(list, string(line))
	}
}

var outputs = []struct {
	why, in string
	want    []string
	err     error
}{
	{"nothing", "", nil, io.EOF},
	{"one line", "a\n", []string{"a"}, io.EOF},
	{"a blank line is one", "a\n\nb\n", []string{"a", "", "b"}, io.EOF},
	{"CR is left for whom it may concern", "a\r\n", []string{"a\r"}, io.EOF},
	{"CR alone ends nothing", "a\rb\n", []string{"a\rb"}, io.EOF},
	{"the last line may be unterminated", "a\nb", []string{"a", "b"}, io.ErrUnexpectedEOF},
	{"any byte may stand in a line", "\x00\xff\u2028\n", []string{"\x00\xff\u2028"}, io.EOF},
}

func TestLineReader(t *testing.T) {
	for _, c := range outputs {
		t.Run(c.why, func(t *testing.T) {
			for how, r := range chunkings([]byte(c.in)) {
				got, err := readLines(r)
				if !slices.Equal(got, c.want) || err != c.err {
					t.Errorf("%s: %q gives %q (%v), want %q (%v)", how, c.in, got, err, c.want, c.err)
				}
			}
		})
	}
	t.Run("what came before an error is kept", func(t *testing.T) {
		got, err := readLines(io.MultiReader(strings.NewReader("a\nb"), iotest.ErrReader(errors.New("broken"))))
		if !slices.Equal(got, []string{"a", "b"}) || err != io.ErrUnexpectedEOF {
			t.Errorf("%q (%v), want a, b, and that b is unterminated", got, err)
		}
	})
}

func TestLineReaderLimits(t *testing.T) {
	long := func(n int64, end string) io.Reader {
		return io.MultiReader(io.LimitReader(endless('x'), n), strings.NewReader(end))
	}
	for _, c := range []struct {
		why string
		in  io.Reader
		n   int
		err error
	}{
		{"64 MiB", long(MaxLine, "\nnext\n"), MaxLine, nil},
		{"64 MiB, unterminated", long(MaxLine, ""), MaxLine, io.ErrUnexpectedEOF},
		{"a byte more", long(MaxLine+1, "\n"), 0, ErrLineTooLong},
		{"a byte more, unterminated", long(MaxLine+1, ""), 0, ErrLineTooLong},
		{"without end", endless('x'), 0, ErrLineTooLong},
	} {
		t.Run(c.why, func(t *testing.T) {
			r := NewLineReader(c.in)
			line, err := r.Read()
			if len(line) != c.n || err != c.err {
				t.Fatalf("%d bytes (%v), want %d (%v)", len(line), err, c.n, c.err)
			}
			if err == nil {
				if next, err := r.Read(); string(next) != "next" || err != nil {
					t.Errorf("next line is %q (%v), want \"next\"", next, err)
				}
			}
		})
	}
}

func FuzzLineReader(f *testing.F) {
	for i, c := range outputs {
		f.Add([]byte(c.in), uint64(i))
	}
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		got, err := readLines(&split{data, rand.New(rand.NewPCG(seed, 3))})
		want, last := strings.Split(string(data), "\n"), io.EOF
		if len(data) > 0 && !bytes.HasSuffix(data, []byte("\n")) {
			last = io.ErrUnexpectedEOF
		} else {
			want = want[:len(want)-1]
		}
		if !slices.Equal(got, want) || err != last {
			t.Fatalf("%q gives %q (%v), want %q (%v)", data, got, err, want, last)
		}
	})
}
