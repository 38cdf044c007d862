package service

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/mark3labs/mcp-go/mcp"
)

// serveStdio serves one client, until its input or the context ends and what was
// asked by then is answered.
func (g *Guard) serveStdio(ctx context.Context, s Server, stdin io.Reader, stdout io.Writer) error {
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	p := g.newPipe(base, s.MCP, "stdio", "stdio")
	if err := s.MCP.RegisterSession(base, p); err != nil {
		return err
	}
	defer s.MCP.UnregisterSession(base, p.id)
	written := make(chan error, 1)
	go func() {
		written <- p.write(func(data []byte) error {
			_, err := stdout.Write(append(data, '\n'))
			return err
		})
	}()
	read := make(chan error, 1)
	go func() { read <- g.readLines(ctx, stdin, p) }()
	var failed error
	select {
	case failed = <-read:
	case failed = <-written:
		return failed // nobody reads the answers any more
	case <-ctx.Done():
	}
	g.drained.Store(true)
	limit, stop := context.WithTimeout(base, g.ShutdownTimeout)
	defer stop()
	return errors.Join(failed, p.finish(limit))
}

func (g *Guard) readLines(ctx context.Context, stdin io.Reader, p *pipe) error {
	lines := bufio.NewReaderSize(stdin, 64<<10)
	for {
		line, err := readLine(lines, g.MaxBody)
		if ctx.Err() != nil {
			return nil
		}
		switch {
		case errors.Is(err, errTooLong):
			why := &refusal{code: mcp.INVALID_REQUEST, text: errTooLong.Error()}
			g.rejected("size", p.id, why)
			p.put(why.json())
			continue
		case len(bytes.TrimSpace(line)) > 0:
			p.receive(line)
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

var errTooLong = errors.New("the message is too long")

// readLine reads a line of at most so many bytes; of a longer one it drops all.
func readLine(r *bufio.Reader, limit int64) (line []byte, err error) {
	long := false
	for {
		part, err := r.ReadSlice('\n')
		if long = long || limit > 0 && int64(len(line)+len(part)) > limit+1; long {
			line = nil
		} else {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case long && (err == nil || errors.Is(err, io.EOF)):
			return nil, errTooLong
		}
		return line, err
	}
}
