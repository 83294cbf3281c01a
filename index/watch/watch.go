// Package watch checks the rules of alerts: a question that is asked of an
// index, and a condition on what it finds. It tells what a rule holds for at a
// moment; what was told before, and to whom it is sent, is kept elsewhere (see
// desk.RaiseAlert and package deliver).
//
// It is not for statistics: those are the reports' (package research), so that
// an alert never disagrees with the report that it leads to.
package watch

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"klank/index"
	"klank/index/query"
	"klank/index/research"
	"klank/mention"
)

// The conditions of rules.
const (
	New       = "new"            // a mention that was not there
	Count     = "count"          // more than so many in a time
	Surge     = "surge"          // more than the season lets expect
	Sentiment = "sentiment_drop" // a greater share is negative
	Rating    = "rating_drop"    // fewer stars
	Sources   = "source"         // a source is suspect, or silent
	Waiting   = "waiting"        // no reply for so long
)

// Conditions lists the conditions.
var Conditions = []string{New, Count, Surge, Sentiment, Rating, Sources, Waiting}

const (
	// lookBack is how long after it was collected a mention can be new.
	lookBack = 30 * 24 * time.Hour
	// Memory is how long it must be remembered what was told of: longer than any
	// condition looks back.
	Memory = 200 * 24 * time.Hour
	// longestLine bounds those who are looked at for Waiting.
	longestLine = 1000
)

// Rule is a question and a condition.
type Rule struct {
	Name, Query string
	// When is one of Conditions.
	When string
	// Edits has New hold again for a mention whose words change.
	Edits bool
	// Over is the number that Count exceeds.
	Over int
	// Within is the time that Count, Sentiment and Rating look at, and a day or
	// a week for Surge.
	Within time.Duration
	// Drop is the least change for Sentiment (0..1) and Rating (stars).
	Drop float64
	// After is how long a mention waits, or a source has no good run.
	After time.Duration
	// Only names the sources of Sources; empty is all.
	Only []string
}

// Print changes when the rule asks something else, so that it begins anew.
func (r *Rule) Print() string { return fmt.Sprintf("%+v", *r) }

// Config is what rules draw on.
type Config struct {
	Research research.Config
	// Language reads queries.
	Language *query.Language
	// Sources returns the configured sources with their runs.
	Sources func(context.Context) ([]Source, error)
	// Settled returns the mentions that need no answer any more, with the
	// revision of each that was judged; see research.Line.
	Settled func(context.Context) (map[string]int, error)
}

// Source is what is known of a configured source. Good is when its latest good
// run ended; zero where none is known.
type Source struct {
	Name   string
	Latest mention.Run
	Good   time.Time
}

// Finding is what a rule holds for.
type Finding struct {
	Subjects []Subject
	// Resolves says that the condition is a state, which ends, and not an event.
	Resolves bool
	Facts    Facts
}

// Subject is something that a rule holds for: the id of a mention, one of the
// words below, or such a word with the name of a source or a day behind a blank.
type Subject struct {
	ID       string
	Revision int
}

// The words of subjects that are no mentions.
const (
	Over    = "over"    // Count
	Down    = "down"    // Sentiment and Rating
	Since   = "since"   // Surge, with the day
	Suspect = "suspect" // Sources, with the name
	Silent  = "silent"  // Sources, with the name
)

// Split takes a subject apart: the word and what stands behind it, or an empty
// word and the id of a mention.
func Split(subject string) (word, rest string) {
	word, rest, _ = strings.Cut(subject, " ")
	if slices.Contains([]string{Over, Down, Since, Suspect, Silent}, word) {
		return word, rest
	}
	return "", subject
}

// Facts are the figures of a finding: numbers, times and queries, and nobody's
// words.
type Facts struct {
	// Query finds the mentions behind it.
	Query string `json:"query,omitempty"`
	// Count is how many there are, Before how many there were as long before.
	Count  int `json:"count"`
	Before int `json:"before,omitempty"`
	// Expected is the baseline of a surge.
	Expected *float64 `json:"expected,omitempty"`
	// Value, Was and Change are shares or stars; Low and High bound the change
	// with 95 % confidence, and N is the smaller of the numbers it rests on.
	Value  *float64 `json:"value,omitempty"`
	Was    *float64 `json:"was,omitempty"`
	Change *float64 `json:"change,omitempty"`
	Low    *float64 `json:"low,omitempty"`
	High   *float64 `json:"high,omitempty"`
	N      int      `json:"n,omitempty"`
	// Coverage is how much of what the sources declare was collected.
	Coverage *float64 `json:"coverage,omitempty"`
	// Hours is the time that was looked at, or that something has lasted.
	Hours float64 `json:"hours,omitempty"`
}

// Check tells what a rule holds for now. started is since when it asks what it
// asks: New holds only for what was collected since.
func Check(ctx context.Context, cfg Config, r Rule, started, now time.Time) (*Finding, error) {
	q, err := cfg.Language.Parse(r.Query, now)
	if err != nil {
		return nil, fmt.Errorf("alert %s: %w", r.Name, err)
	}
	var f *Finding
	switch r.When {
	case New:
		f, err = checkNew(ctx, cfg, r, q, started, now)
	case Count, Sentiment, Rating:
		f, err = checkTimes(ctx, cfg, r, q, now)
	case Surge:
		f, err = checkSurge(ctx, cfg, r, q, now)
	case Sources:
		f, err = checkSources(ctx, cfg, r, started, now)
	case Waiting:
		f, err = checkWaiting(ctx, cfg, r, q, now)
	default:
		return nil, fmt.Errorf("alert %s: there is no condition %q; there are %s", r.Name, r.When, strings.Join(Conditions, ", "))
	}
	if err != nil {
		return nil, fmt.Errorf("alert %s: %w", r.Name, err)
	}
	if f.Facts.Query == "" {
		f.Facts.Query = query.String(q)
	}
	return f, nil
}

// dated is a mention to be put in order.
type dated struct {
	Subject
	published int64
}

// checkNew finds the mentions that match, the newest first. That each is told
// of once is for who keeps what was told of.
func checkNew(ctx context.Context, cfg Config, r Rule, q query.Node, started, now time.Time) (*Finding, error) {
	from := now.Add(-lookBack)
	if started.After(from) {
		from = started
	}
	q = research.Standing(&query.And{Nodes: []query.Node{&query.Range{Field: "collected", From: from}, q}})
	var all []dated
	if err := index.ScanRows(ctx, cfg.Research.Index, q, nil, func(row *index.Row) error {
		d := dated{Subject{ID: row.ID}, row.Published}
		if r.Edits {
			d.Revision = row.Revision
		}
		all = append(all, d)
		return nil
	}); err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b dated) int { return cmp.Or(cmp.Compare(b.published, a.published), cmp.Compare(a.ID, b.ID)) })
	f := &Finding{Facts: Facts{Count: len(all), Query: r.Query}}
	for _, d := range all {
		f.Subjects = append(f.Subjects, d.Subject)
	}
	return f, nil
}

// checkTimes compares a stretch of time with the one before.
func checkTimes(ctx context.Context, cfg Config, r Rule, q query.Node, now time.Time) (*Finding, error) {
	c, err := research.CompareTimes(ctx, cfg.Research, q, r.Within, now)
	if err != nil {
		return nil, err
	}
	f := &Finding{Resolves: true, Facts: Facts{Query: c.Mentions.Query, Count: c.Mentions.Count, Before: c.MentionsBefore.Count, N: c.Mentions.Count,
		Coverage: c.Mentions.Coverage, Hours: r.Within.Hours()}}
	switch r.When {
	case Count:
		if c.Mentions.Count > r.Over {
			f.Subjects = []Subject{{ID: Over}}
		}
	case Sentiment:
		f.Facts.figures(c.Negative, c.NegativeBefore, c.NegativeChange)
		if ch := c.NegativeChange; ch.Value != nil && *ch.Low > 0 && *ch.Value >= r.Drop {
			f.Subjects = []Subject{{ID: Down}}
		}
	case Rating:
		f.Facts.figures(c.Stars, c.StarsBefore, c.StarsChange)
		if ch := c.StarsChange; ch.Value != nil && *ch.High < 0 && -*ch.Value >= r.Drop {
			f.Subjects = []Subject{{ID: Down}}
		}
	}
	return f, nil
}

// figures takes over a value, the one before, and the change.
func (f *Facts) figures(now, before, change research.Number) {
	f.Value, f.Was, f.Change, f.Low, f.High = now.Value, before.Value, change.Value, change.Low, change.High
	f.N, f.Coverage, f.Query = change.N, change.Coverage, change.Query
}

func checkSurge(ctx context.Context, cfg Config, r Rule, q query.Node, now time.Time) (*Finding, error) {
	interval := "day"
	if r.Within > 24*time.Hour {
		interval = "week"
	}
	surges, err := research.Surges(ctx, cfg.Research, q, interval, now)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(surges, func(a, b research.Surge) int { return b.Start.Compare(a.Start) })
	f := &Finding{}
	for i, s := range surges {
		f.Subjects = append(f.Subjects, Subject{ID: Since + " " + s.Start.Format(time.DateOnly)})
		if i == 0 {
			f.Facts = Facts{Query: s.Mentions.Query, Count: s.Mentions.Count, Expected: s.Expected.Value, N: s.Mentions.N, Coverage: s.Mentions.Coverage, Hours: r.Within.Hours()}
		}
	}
	return f, nil
}

func checkSources(ctx context.Context, cfg Config, r Rule, started, now time.Time) (*Finding, error) {
	sources, err := cfg.Sources(ctx)
	if err != nil {
		return nil, err
	}
	f := &Finding{Resolves: true}
	for _, s := range sources {
		if len(r.Only) > 0 && !slices.Contains(r.Only, s.Name) {
			continue
		}
		since := s.Good
		if since.IsZero() { // it has had no chance before
			since = started
		}
		if s.Latest.Status == Suspect {
			f.Subjects = append(f.Subjects, Subject{ID: Suspect + " " + s.Name})
		}
		if quiet := now.Sub(since); quiet > r.After {
			f.Subjects = append(f.Subjects, Subject{ID: Silent + " " + s.Name})
			f.Facts.Hours = max(f.Facts.Hours, quiet.Hours())
		}
	}
	f.Facts.Count = len(f.Subjects)
	return f, nil
}

// checkWaiting finds those of the report respond who have waited for so long.
func checkWaiting(ctx context.Context, cfg Config, r Rule, q query.Node, now time.Time) (*Finding, error) {
	line, err := research.NewLine(ctx, cfg.Research, research.Request{Query: q, To: now.Add(-r.After), Now: now}, longestLine)
	if err != nil {
		return nil, err
	}
	settled, err := cfg.Settled(ctx)
	if err != nil {
		return nil, err
	}
	open, _, err := line.Open(ctx, settled)
	if err != nil {
		return nil, err
	}
	f := &Finding{Facts: Facts{Count: len(open), Query: r.Query, Hours: r.After.Hours()}}
	for _, w := range open {
		f.Subjects = append(f.Subjects, Subject{ID: w.ID})
	}
	return f, nil
}
