package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"klank/crawler"
	"klank/crawler/fetch"
)

// plainEvery is how often progress is told where no terminal shows a bar.
const plainEvery = 10 * time.Second

// progress shows a crawl while it runs: a bar on a terminal, else a line now
// and then. What fails is told at once, on a line of its own.
type progress struct {
	mu   sync.Mutex
	w    io.Writer
	log  *slog.Logger // nil for text
	bar  *progressbar.ProgressBar
	last time.Time
	// every is how often progress is told without a bar; 0 is never.
	every time.Duration

	pages, mentions, failed int
	known, left             map[string]int
	robots                  map[string]int
}

func newProgress(e *env) *progress {
	p := &progress{w: e.err, last: time.Now(), every: plainEvery, known: map[string]int{}, left: map[string]int{}, robots: map[string]int{}}
	switch {
	case e.logFormat == "json":
		p.log = e.log()
	case terminal(e.err):
		p.bar = progressbar.NewOptions(1, progressbar.OptionSetWriter(e.err), progressbar.OptionShowCount(),
			progressbar.OptionSetWidth(28), progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionSetPredictTime(true), progressbar.OptionClearOnFinish())
	}
	return p
}

// newServiceProgress tells in log lines what goes wrong, and nothing else.
func newServiceProgress(log *slog.Logger) *progress {
	return &progress{log: log, known: map[string]int{}, left: map[string]int{}, robots: map[string]int{}}
}

// event takes one event of the engine, which calls it one at a time.
func (p *progress) event(ev crawler.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if ev.Known > 0 {
		p.known[ev.Source], p.left[ev.Source] = ev.Known, ev.Left
	}
	switch ev.Kind {
	case crawler.EventBegin:
		switch {
		case ev.Joined:
			p.say("joining a run that is under way", "source", ev.Source)
		case ev.Resumed:
			p.say("going on with the run that was interrupted", "source", ev.Source)
		}
	case crawler.EventPage:
		p.pages++
		p.mentions += ev.New + ev.Changed + ev.Same
		if ev.Blocked != "" {
			p.say("no content", "source", ev.Source, "url", ev.URL, "reason", ev.Blocked)
		}
	case crawler.EventError:
		var fe *fetch.Error
		if errors.As(ev.Err, &fe) && fe.Class == fetch.Gone {
			break // a dead link is counted, not shouted
		}
		p.failed++
		if ev.Retry.IsZero() {
			p.say("given up", "source", ev.Source, "url", ev.URL, "reason", reason(ev.Err)+advice(fe))
		} else {
			p.say("will be tried again", "source", ev.Source, "url", ev.URL, "reason", reason(ev.Err))
		}
	case crawler.EventRobots:
		if p.robots[ev.Source]++; p.robots[ev.Source] == 1 {
			p.say("kept out", "source", ev.Source, "url", ev.URL, "reason", reason(ev.Err))
		}
	case crawler.EventWaiting:
		wait := time.Until(ev.Until)
		switch {
		case wait <= 2*time.Second:
		case ev.Host == "":
			p.say("waiting for what is tried again", "source", ev.Source, "for", wait.Round(time.Second))
		default:
			p.say("a host is left alone", "source", ev.Source, "host", ev.Host, "for", wait.Round(time.Second))
		}
	}
	p.show()
}

// reason is what went wrong with a URL that is named beside it.
func reason(err error) string {
	fe, ok := errors.AsType[*fetch.Error](err)
	switch {
	case !ok:
		return fmt.Sprint(err)
	case fe.Err == nil:
		return fmt.Sprintf("HTTP status %d", fe.Status)
	case fe.Class == fetch.Robots:
		return fe.Err.Error()
	}
	return fmt.Sprintf("%s: %v", fe.Class, fe.Err)
}

// advice says what a user can do about a failure, where there is something.
func advice(err *fetch.Error) string {
	if err == nil {
		return ""
	}
	switch err.Class {
	case fetch.TooLarge:
		return "; raise crawl.max_body in the configuration to read it"
	case fetch.Timeout:
		return "; raise crawl.timeout in the configuration to wait longer"
	case fetch.DNS:
		return "; check the spelling of the host and this machine's network"
	case fetch.TLS:
		return "; no trusted connection could be made, so nothing was asked"
	}
	return ""
}

// say prints one line above the bar.
func (p *progress) say(what string, args ...any) {
	if p.log != nil {
		p.log.Info(what, args...)
		return
	}
	line := "klank: " + what
	for i := 0; i+1 < len(args); i += 2 {
		line += fmt.Sprintf("  %v=%s", args[i], clean(fmt.Sprint(args[i+1])))
	}
	if p.bar != nil {
		_ = p.bar.Clear()
	}
	fmt.Fprintln(p.w, line)
}

func (p *progress) show() {
	known, left := 0, 0
	for s := range p.known {
		known += p.known[s]
		left += p.left[s]
	}
	if p.bar != nil {
		p.bar.ChangeMax(max(known, 1))
		p.bar.Describe(fmt.Sprintf("%d pages, %d mentions", p.pages, p.mentions))
		_ = p.bar.Set(min(known-left, max(known-1, 0))) // the end clears the bar
		return
	}
	if p.every > 0 && time.Since(p.last) >= p.every {
		p.last = time.Now()
		p.say("crawling", "pages", p.pages, "mentions", p.mentions, "waiting", left, "errors", p.failed)
	}
}

// tick shows how far a work is whose end is known: on the bar, else with a line now and then.
func (p *progress) tick(what string, done, total int) {
	switch {
	case p.bar != nil && total > 0:
		p.bar.ChangeMax(total + 1) // the end of all clears the bar
		p.bar.Describe(what)
		_ = p.bar.Set(done)
	case p.bar == nil && time.Since(p.last) >= plainEvery:
		p.last = time.Now()
		args := []any{"done", done}
		if total > 0 {
			args = append(args, "of", total)
		}
		p.say(what, args...)
	}
}

// close removes the bar.
func (p *progress) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
