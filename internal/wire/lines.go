package wire

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// MaxLine is the size of the longest line that is read from stdout, in bytes.
const MaxLine = 64 << 20

// ErrLineTooLong says that a line exceeds MaxLine.
var ErrLineTooLong = errors.New("the line is longer than 64 MiB")

// A LineReader reads what a server writes to stdout, line by line.
type LineReader struct {
	in *bufio.Reader
}

// NewLineReader reads lines from r.
func NewLineReader(r io.Reader) *LineReader {
	return &LineReader{in: bufio.NewReaderSize(r, 64<<10)}
}

// Read returns the next line without its LF. What stands after the last LF
// comes with io.ErrUnexpectedEOF, since it was never ended.
func (r *LineReader) Read() ([]byte, error) {
	var line []byte
	for {
		part, err := r.in.ReadSlice('\n')
		line = append(line, part...)
		if len(bytes.TrimSuffix(line, []byte("\n"))) > MaxLine {
			return nil, ErrLineTooLong
		}
		switch {
		case err == nil:
			return line[:len(line)-1], nil
		case errors.Is(err, bufio.ErrBufferFull):
		case len(line) > 0: // whatever ended the input, this was said
			return line, io.ErrUnexpectedEOF
		default:
			return nil, err
		}
	}
}
