//go:build browser

// Package browser opens pages in a headless Chromium, for the tests of what is
// drawn. It reports what a reader would see, and all that went wrong.
package browser

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// A View is how a reader looks at a page.
type View struct {
	Scheme string // "light" or "dark"
	Width  int64
}

// Views are those in which a page has to be readable.
var Views = []View{{"light", 1280}, {"dark", 1280}, {"light", 420}}

// A Page is what came of opening one.
type Page struct {
	seen
	// Troubles are messages on the console, requests that left, words that lie
	// outside of their picture or on one another.
	Troubles []string
	PDF      []byte
}

// seen is what a look at a page tells.
type seen struct {
	Text     string   `json:"text"` // all that can be read
	Pictures int      `json:"pictures"`
	Scripts  int      `json:"scripts"`
	Paper    string   `json:"paper"` // the colour of the background
	Wider    float64  `json:"wider"` // than the window, in pixels
	Wrong    []string `json:"wrong"`
}

// New starts a browser, which ends with the test.
func New(t *testing.T) context.Context {
	t.Helper()
	ctx, end := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()), chromedp.Flag("disable-component-update", true))...)
	t.Cleanup(end)
	ctx, end = chromedp.NewContext(ctx)
	t.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("no browser: %v; want chromium installed", err)
	}
	return ctx
}

// Open shows a file.
func Open(ctx context.Context, t *testing.T, file string, v View) *Page {
	t.Helper()
	path, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	tab, end := chromedp.NewContext(ctx)
	defer end()
	p := &Page{}
	if err := p.open(tab, "file://"+path, v); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return p
}

func (p *Page) open(tab context.Context, url string, v View) error {
	var l listener
	err := chromedp.Do(tab, chromedp.EmulateViewport(v.Width, 1000))
	if err == nil {
		err = chromedp.Listen(tab, func(e any) { l.hear(e, url) })
	}
	if err == nil {
		_, err = chromedp.Call(tab, log.Enable, cdp.Empty{}) //nolint:forbidigo // the log of the browser
	}
	if err == nil {
		_, err = chromedp.Call(tab, network.Enable, network.EnableParams{})
	}
	if err == nil {
		_, err = chromedp.Call(tab, runtime.Enable, cdp.Empty{})
	}
	if err == nil {
		_, err = chromedp.Call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: v.Scheme}}})
	}
	if err == nil {
		err = chromedp.Do(tab, chromedp.Navigate(url))
	}
	if err == nil {
		p.seen, err = chromedp.Run(tab, chromedp.Evaluate[seen](look))
	}
	if err == nil {
		background := true
		var printed page.PrintToPDFResult
		printed, err = chromedp.Call(tab, page.PrintToPDF, page.PrintToPDFParams{PrintBackground: &background})
		p.PDF = printed.Data
	}
	p.Troubles = append(l.heard(), p.Wrong...)
	return err
}

// A listener notes what a page that stands alone does not do.
type listener struct {
	mu       sync.Mutex
	asked    int
	troubles []string
}

func (l *listener) hear(e any, url string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch e := e.(type) {
	case *runtime.EventExceptionThrown:
		l.troubles = append(l.troubles, fmt.Sprintf("exception: %v", e.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		l.troubles = append(l.troubles, fmt.Sprintf("console: %s", e.Type))
	case *log.EventEntryAdded: //nolint:forbidigo // the same
		l.troubles = append(l.troubles, fmt.Sprintf("log: %s %s", e.Entry.Text, e.Entry.URL)) //nolint:forbidigo // the same
	case *network.EventRequestWillBeSent:
		switch {
		case e.Request.URL == url:
			l.asked++
		case !strings.HasPrefix(e.Request.URL, "data:"):
			l.troubles = append(l.troubles, "a request leaves: "+e.Request.URL)
		}
	}
}

func (l *listener) heard() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asked == 0 { // then no other would have been seen either
		return append(l.troubles, "the request for the page itself was not seen")
	}
	return l.troubles
}

// look reads the page as it is laid out. Pixels are rounded, so a few are let go.
const look = `(() => {
	const troubles = [], pictures = [...document.querySelectorAll("svg.chart")];
	for (const svg of pictures) {
		const frame = svg.getBoundingClientRect(), name = svg.getAttribute("aria-label");
		const words = [...svg.querySelectorAll("text")].map(t => ({text: t.textContent, axis: t.classList.contains("axis"), r: t.getBoundingClientRect()}));
		if (!(frame.width > 100 && frame.height > 60)) troubles.push(name + ": it is " + frame.width + " by " + frame.height);
		if (words.length < 2) troubles.push(name + ": an axis without labels");
		for (const w of words)
			if (w.r.left < frame.left - 3 || w.r.right > frame.right + 3 || w.r.top < frame.top - 3 || w.r.bottom > frame.bottom + 3)
				troubles.push(name + ": " + w.text + " lies outside");
		for (const [i, a] of words.entries())
			for (const b of words.slice(i + 1))
				if (a.axis == b.axis && a.r.left < b.r.right - 2 && b.r.left < a.r.right - 2 && a.r.top < b.r.bottom - 4 && b.r.top < a.r.bottom - 4)
					troubles.push(name + ": " + a.text + " lies on " + b.text);
		for (const shape of svg.querySelectorAll("path.stroke, path.fill, circle")) {
			const style = getComputedStyle(shape);
			if (style.stroke == "none" && style.fill == "none" && !shape.classList.contains("none") && !shape.classList.contains("stack")) troubles.push(name + ": a shape that is not seen: " + shape.outerHTML.slice(0, 80));
		}
	}
	return {
		text: document.body.innerText, paper: getComputedStyle(document.body).backgroundColor, pictures: pictures.length, scripts: document.scripts.length,
		wider: document.documentElement.scrollWidth - document.documentElement.clientWidth, wrong: troubles,
	};
})()`
