package reports

import (
	"fmt"
	"io"
	"sync"
	"time"
	"unicode/utf8"
)

// redraw is how often a Progress is drawn at most.
const redraw = 100 * time.Millisecond

// A Progress is one line on a terminal that tells how far a run has come. It is
// rewritten in place, so it is for a terminal only: whoever makes one knows that w
// is no pipe and no file. Its methods may be called concurrently.
type Progress struct {
	w     io.Writer
	width int

	mu    sync.Mutex
	total int
	done  int
	area  string
	began time.Time
	drawn string // what is on the terminal now
	stop  chan struct{}
	ended chan struct{}
}

// NewProgress returns a Progress for a terminal of the given width in columns; 0
// stands for 80.
func NewProgress(w io.Writer, width int) *Progress {
	if width <= 0 {
		width = 80
	}
	return &Progress{w: w, width: width}
}

// Start draws the line and keeps it current until Clear. A total of 0 is one not
// yet known. Started anew, a Progress counts from zero.
func (p *Progress) Start(total int) {
	p.Clear()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stop != nil { // another Start came in between
		return
	}
	p.total, p.done, p.area, p.began = total, 0, "", time.Now()
	p.stop, p.ended = make(chan struct{}), make(chan struct{})
	p.draw()
	go p.keep(p.stop, p.ended)
}

// Done counts one requirement of the area as judged.
func (p *Progress) Done(area string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	p.area = line(area, maxLabel)
}

// Say puts a text on the line, for whoever counts by other things than
// requirements. It stays until the next one, or until Clear.
func (p *Progress) Say(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.show(line(text, maxLabel))
}

// Clear wipes the line away and stops drawing it. To clear what was never started
// does nothing.
func (p *Progress) Clear() {
	p.mu.Lock()
	stop, ended := p.stop, p.ended
	p.stop = nil
	p.mu.Unlock()
	if stop != nil {
		close(stop)
		<-ended
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.drawn == "" {
		return
	}
	p.show("")
	fmt.Fprint(p.w, "\r")
}

// keep draws by the clock rather than by Done: that bounds the rate, and time
// passes on the line also when nothing else does.
func (p *Progress) keep(stop <-chan struct{}, ended chan<- struct{}) {
	defer close(ended)
	tick := time.NewTicker(redraw)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			p.mu.Lock()
			p.draw()
			p.mu.Unlock()
		}
	}
}

func (p *Progress) draw() {
	count := fmt.Sprintf("%d/%d", p.done, p.total)
	if p.total <= 0 {
		count = fmt.Sprint(p.done)
	}
	p.show(fmt.Sprintf("checking  %s  %.0f s  %s", count, time.Since(p.began).Truncate(time.Second).Seconds(), p.area))
}

// show puts text in place of what is on the line. The last column stays free,
// since to write there would make some terminals go on to the next line.
func (p *Progress) show(text string) {
	if r := []rune(text); len(r) >= p.width {
		text = string(r[:p.width-1])
	}
	if text == p.drawn {
		return
	}
	rest := utf8.RuneCountInString(p.drawn) - utf8.RuneCountInString(text)
	fmt.Fprintf(p.w, "\r%s%*s", text, max(rest, 0), "")
	p.drawn = text
}
