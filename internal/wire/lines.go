package wire

import (
	"bufio"
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
		if len(line)+len(part) > MaxLine+1 {
			return nil, ErrLineTooLong
		}
		line = append(line, part...)
		switch {
		case err == nil:
			return line[:len(line)-1], nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(line) > 0:
			return line, io.ErrUnexpectedEOF
		default:
			return nil, err
		}
	}
}
