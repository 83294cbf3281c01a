// Package deliver sends what alerts and digests say: by e-mail, to webhooks and
// into files. What is to be sent waits in an outbox (see desk.AlertMessage),
// from which a Sender takes one message at a time.
//
// An e-mail is never sent twice: right before its last byte leaves, the outbox
// notes that it is handed over, and what was interrupted after that is shown as
// perhaps sent and left to people. A webhook is tried until it is taken, with
// the same id each time, by which its receiver knows a second one.
//
// It is not for deciding what is worth telling, or for the words.
package deliver

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"time"
	"unicode"

	"klank/index/desk"
)

// Message is what is sent, in a form for each kind of channel.
type Message struct {
	// ID is the same for each attempt, Rule the name of what it is about.
	ID, Rule string
	// At is when it was raised.
	At time.Time
	// Subject is one line, Text plain text, and HTML a page of its own.
	Subject, Text, HTML string
	// Data is written as JSON for programs.
	Data any
}

// Channel is a way to tell somebody. Send calls hand right before nothing can
// be undone any more, and stops where that returns an error. Errors are *Error
// or count as passing.
type Channel interface {
	Send(ctx context.Context, m *Message, hand func() error) error
	// Again tells whether what was perhaps sent may be sent once more, as the
	// receiver knows a second one.
	Again() bool
}

// Error is why a message was not sent, or perhaps was.
type Error struct {
	Err error
	// Permanent says that another attempt will not do better.
	Permanent bool
	// Unsure says that it may have arrived all the same.
	Unsure bool
	// After is how long the receiver asks to be left alone.
	After time.Duration
}

func (e *Error) Error() string { return e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }

// Outbox is where messages wait; *desk.Store is one.
type Outbox interface {
	ClaimAlert(ctx context.Context, owner string, now time.Time, lease time.Duration) (*desk.AlertMessage, error)
	HandAlert(ctx context.Context, m *desk.AlertMessage) (mine bool, err error)
	SettleAlert(ctx context.Context, m *desk.AlertMessage, state, problem string, now, again time.Time) error
}

const (
	// attemptTime bounds one attempt; lease is longer, so that nobody takes over
	// what is still being sent.
	attemptTime = 2 * time.Minute
	lease       = 3 * time.Minute
	// A message is tried again after firstRetry, then after twice as long each
	// time, up to longestRetry; after so many attempts, some two days, it is
	// given up.
	firstRetry   = time.Minute
	longestRetry = 6 * time.Hour
	maxAttempts  = 16
	// grace is how long an attempt that is handed over may go on when the
	// program is told to stop, and how long it may take to note how it went.
	grace = time.Second
)

// Sender sends what is due. Several senders of one outbox, in one process or in
// many, send each message once.
type Sender struct {
	Outbox   Outbox
	Channels map[string]Channel
	// Compose words a message; nil where there is nothing left to tell.
	Compose func(ctx context.Context, m *desk.AlertMessage) (*Message, error)
	Log     *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

func (s *Sender) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

// Run sends all that is due, and tells how many were sent and how many failed,
// for now or for good. Its error is that of the outbox.
func (s *Sender) Run(ctx context.Context) (sent, failed int, err error) {
	owner := rand.Text()
	for ctx.Err() == nil {
		m, err := s.Outbox.ClaimAlert(ctx, owner, s.now(), lease)
		if err != nil || m == nil {
			return sent, failed, err
		}
		state, problem, again := s.attempt(ctx, m)
		note, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		err = s.Outbox.SettleAlert(note, m, state, problem, s.now(), again)
		cancel()
		if err != nil {
			return sent, failed, err
		}
		log := s.Log.With("rule", m.Rule, "channel", m.Channel, "message", m.ID)
		switch state {
		case desk.AlertSent:
			sent++
			log.Info("alert sent", "events", len(m.Events))
		case desk.AlertDropped:
			log.Info("alert dropped", "reason", problem)
		default:
			failed++
			log.Warn("alert not sent", "state", state, "attempt", m.Attempts, "not_before", again, "error", address.ReplaceAllString(problem, "(an address)"))
		}
	}
	return sent, failed, nil
}

// attempt tries once, and tells in which state that leaves the message.
func (s *Sender) attempt(ctx context.Context, m *desk.AlertMessage) (state, problem string, again time.Time) {
	ch := s.Channels[m.Channel]
	switch {
	case ch == nil:
		return desk.AlertFailed, fmt.Sprintf("there is no channel %q in alerts.channels any more", m.Channel), again
	case m.Unsure && !ch.Again():
		return desk.AlertUnsure, "klank was stopped while this was being sent; it may have arrived", again
	}
	err := s.send(ctx, ch, m)
	if err == nil {
		return desk.AlertSent, "", again
	}
	if errors.Is(err, errNothing) {
		return desk.AlertDropped, err.Error(), again
	}
	problem = oneLine(err.Error())
	e, ok := errors.AsType[*Error](err)
	if !ok {
		e = &Error{}
	}
	switch {
	case e.Unsure && !ch.Again():
		return desk.AlertUnsure, problem, again
	case ctx.Err() != nil: // stopped: the next start goes on at once
		return desk.AlertWaiting, problem, s.now()
	case e.Permanent || m.Attempts >= maxAttempts:
		return desk.AlertFailed, problem, again
	}
	wait := min(firstRetry<<min(m.Attempts-1, 20), longestRetry)
	return desk.AlertWaiting, problem, s.now().Add(max(wait, min(e.After, longestRetry)))
}

var (
	errNothing = errors.New("what it tells of has been erased")
	errTaken   = errors.New("another process has taken it over")
)

func (s *Sender) send(ctx context.Context, ch Channel, m *desk.AlertMessage) error {
	ctx, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	msg, err := s.Compose(ctx, m)
	if err != nil {
		return err
	}
	if msg == nil {
		return errNothing
	}
	return ch.Send(ctx, msg, func() error {
		mine, err := s.Outbox.HandAlert(ctx, m)
		if err == nil && !mine {
			err = errTaken
		}
		return err
	})
}

// address is an e-mail address, which no log line is to hold.
var address = regexp.MustCompile(`[^\s<>:;,"]+@[^\s<>:;,"]+`)

// longestProblem bounds what is kept of an error.
const longestProblem = 300

// oneLine makes what a server said fit to be shown.
func oneLine(s string) string {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "\uFFFD"), func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }), " ")
	if r := []rune(s); len(r) > longestProblem {
		return string(r[:longestProblem]) + "…"
	}
	return s
}
