package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"klank/configs"
	"klank/crawler/schedule"
	"klank/index/desk"
	"klank/index/query"
	"klank/index/watch"
	"klank/index/watch/deliver"
	"klank/index/watch/notice"
	"klank/mention"
)

const (
	// lookOutbox is how often the service looks for messages that are due.
	lookOutbox = 10 * time.Second
	// watchedRuns bounds the runs that are looked through for the latest good one
	// of each source.
	watchedRuns = 10_000
)

// alerting checks rules and sends what they find.
type alerting struct {
	cfg      *configs.Config
	index    store
	desk     *desk.Store
	log      *slog.Logger
	now      func() time.Time
	zone     *time.Location
	checks   schedule.Schedule
	digests  schedule.Schedule
	rules    []watch.Rule
	channels map[string]deliver.Channel
	watch    watch.Config
	composer *notice.Composer
	sender   *deliver.Sender
	// crawled holds a token while a crawl has ended that no check followed yet.
	crawled chan struct{}
}

// newAlerting prepares rules and channels, and reads the channels' secrets.
func newAlerting(cfg *configs.Config, ix store, d *desk.Store, log *slog.Logger) (*alerting, error) {
	a := &alerting{cfg: cfg, index: ix, desk: d, log: log, now: time.Now, channels: map[string]deliver.Channel{}, crawled: make(chan struct{}, 1)}
	var err error
	if a.checks, a.digests, a.zone, err = cfg.AlertSchedules(); err != nil {
		return nil, usageError{err}
	}
	language, err := cfg.Language()
	if err != nil {
		return nil, usageError{err}
	}
	a.watch = watch.Config{Research: researchConfig(cfg, ix), Language: language, Sources: a.sources, Settled: a.settled}
	for i := range cfg.Alerts.Rules {
		a.rules = append(a.rules, ruleOf(&cfg.Alerts.Rules[i]))
	}
	for i := range cfg.Alerts.Channels {
		c := &cfg.Alerts.Channels[i]
		if a.channels[c.Name], err = newChannel(&cfg.Alerts.SMTP, c); err != nil {
			return nil, usageError{fmt.Errorf("alerts.channels %s: %w", c.Name, err)}
		}
	}
	a.composer = &notice.Composer{Language: cfg.Alerts.Language, PublicURL: cfg.Web.PublicURL, Index: ix, Zone: a.zone}
	a.sender = &deliver.Sender{Outbox: d, Channels: a.channels, Log: log, Now: a.now, Compose: a.compose}
	return a, nil
}

func ruleOf(a *configs.Alert) watch.Rule {
	r := watch.Rule{Name: a.Name, Query: a.Query, When: a.When, Edits: a.Edits, Over: a.Over, Drop: a.Drop, Only: a.Sources}
	switch a.When {
	case watch.Count, watch.Surge, watch.Sentiment, watch.Rating:
		r.Within = a.Time()
	case watch.Sources, watch.Waiting:
		r.After = a.Time()
	}
	return r
}

func newChannel(s *configs.SMTP, c *configs.Channel) (deliver.Channel, error) {
	switch c.Type {
	case "email":
		password, err := s.Password()
		if err != nil {
			return nil, err
		}
		return deliver.NewEmail(deliver.EmailConfig{Host: s.Host, Port: s.Port, TLS: s.TLS, Username: s.Username, Password: password, CAFile: s.CAFile, From: s.From, To: c.To})
	case "file":
		return &deliver.File{Dir: c.Dir}, nil
	}
	url, err := c.Address()
	if err != nil {
		return nil, err
	}
	secret, err := c.Secret()
	if err != nil {
		return nil, err
	}
	return deliver.NewWebhook(deliver.WebhookConfig{URL: url, Secret: secret, Slack: c.Type == "slack", AllowPrivate: c.AllowPrivate})
}

// sources are the configured sources with their latest runs.
func (a *alerting) sources(ctx context.Context) ([]watch.Source, error) {
	runs, err := a.index.Runs(ctx, watchedRuns)
	if err != nil {
		return nil, err
	}
	latest, good := map[string]mention.Run{}, map[string]time.Time{}
	for _, r := range runs { // the latest first
		if _, ok := latest[r.Source]; !ok {
			latest[r.Source] = r
		}
		if _, ok := good[r.Source]; !ok && r.Status == "done" {
			good[r.Source] = r.Ended
		}
	}
	var out []watch.Source
	for i := range a.cfg.Sources {
		name := a.cfg.Sources[i].Name
		out = append(out, watch.Source{Name: name, Latest: latest[name], Good: good[name]})
	}
	return out, nil
}

func (a *alerting) settled(ctx context.Context) (map[string]int, error) {
	cases, err := a.desk.CasesOf(ctx, a.index)
	return desk.SettledOf(cases), err
}

// compose words a message of the outbox.
func (a *alerting) compose(ctx context.Context, m *desk.AlertMessage) (*deliver.Message, error) {
	if n := len(m.Events); n > 0 && m.Events[n-1].Kind == notice.KindDigest {
		return a.digest(ctx, m.ID, m.Events[n-1].Raised)
	}
	return a.composer.Alert(ctx, m.ID, m.Rule, m.Created, m.Events)
}

// check checks one rule. Without dry it records what it finds, and what is to
// be sent. It returns what is new, or nil.
func (a *alerting) check(ctx context.Context, r *watch.Rule, dry bool) (*desk.AlertEvent, error) {
	now, asked := a.now(), a.watch
	var err error
	if asked.Language, err = a.language(ctx); err != nil {
		return nil, err
	}
	state := desk.AlertRule{Name: r.Name, Print: printOf(asked.Language, r), Started: now, Checked: now}
	known, ok, err := a.desk.AlertRule(ctx, r.Name)
	if err != nil {
		return nil, err
	}
	if ok && known.Print == state.Print {
		state.Started = known.Started
	}
	f, err := watch.Check(ctx, asked, *r, state.Started, now)
	if err != nil {
		if !dry && ctx.Err() == nil {
			state.Problem = err.Error()
			err = errors.Join(err, a.desk.FailAlert(ctx, state))
		}
		return nil, err
	}
	facts, err := json.Marshal(f.Facts)
	if err != nil {
		return nil, fmt.Errorf("alert %s: %w", r.Name, err)
	}
	c := desk.AlertCheck{Rule: state, Kind: r.When, Facts: string(facts), Resolves: f.Resolves, KeepSince: now.Add(-watch.Memory), Channels: a.send(r.Name, now)}
	for _, s := range f.Subjects {
		c.Subjects = append(c.Subjects, desk.AlertSubject(s))
	}
	if dry {
		return a.desk.ForeseeAlert(ctx, c)
	}
	return a.desk.RaiseAlert(ctx, c)
}

// language is that of the configuration with the queries that people have saved
// by now. What is wrong with one is told of where it is used.
func (a *alerting) language(ctx context.Context) (*query.Language, error) {
	queries, err := a.desk.Queries(ctx)
	if err != nil || len(queries) == 0 {
		return a.watch.Language, err
	}
	saved := map[string]string{}
	for _, q := range queries {
		saved[q.Name] = q.Query
	}
	l, _ := a.watch.Language.With(saved)
	return l, nil
}

// printOf tells what a rule asks, its saved queries spelt out.
func printOf(l *query.Language, r *watch.Rule) string {
	spelt := *r
	if n, err := l.Parse(r.Query, time.Time{}); err == nil {
		spelt.Query = query.String(n)
	}
	sum := sha256.Sum256([]byte(spelt.Print()))
	return hex.EncodeToString(sum[:8])
}

// send are the channels of a rule, each with when it may be used.
func (a *alerting) send(rule string, now time.Time) []desk.AlertChannel {
	names := a.cfg.Digest.Send
	if r, err := a.cfg.AlertRule(rule); err == nil {
		names = r.Send
	}
	var out []desk.AlertChannel
	for _, name := range names {
		out = append(out, desk.AlertChannel{Name: name, NotBefore: a.cfg.Alerts.Quiet.Until(now, a.zone)})
	}
	return out
}

// checkAll checks every rule, and whether the digest is due. A rule that cannot
// be checked is logged, and holds up no other.
func (a *alerting) checkAll(ctx context.Context) (raised []desk.AlertEvent, failed int, err error) {
	for i := range len(a.rules) + 1 {
		name, check := configs.DigestName, a.checkDigest
		if i < len(a.rules) {
			name, check = a.rules[i].Name, func(ctx context.Context) (*desk.AlertEvent, error) { return a.check(ctx, &a.rules[i], false) }
		}
		ev, err := check(ctx)
		switch {
		case ctx.Err() != nil:
			return raised, failed, ctx.Err()
		case err != nil:
			failed++
			a.log.Error("a rule could not be checked", "rule", name, "error", err)
		case ev != nil:
			raised = append(raised, *ev)
			a.log.Info("alert", "rule", ev.Rule, "condition", ev.Kind, "count", ev.Count, "event", ev.ID)
		}
	}
	return raised, failed, nil
}

// run is the alerts of the service: rules are checked after each crawl and by
// their schedule, and what is due is sent, until ctx ends.
func (a *alerting) run(ctx context.Context) {
	if len(a.rules) == 0 && a.cfg.Digest.Schedule == "" {
		return
	}
	var sending sync.WaitGroup
	defer sending.Wait()
	raised := make(chan struct{}, 1)
	sending.Go(func() { a.keepSending(ctx, raised) })
	next := time.Time{} // at once: that is when the rules begin
	for {
		if now := a.now(); !now.Before(next) {
			enrichIndex(ctx, a.index, a.log)                // else copies would be told of
			if evs, _, _ := a.checkAll(ctx); len(evs) > 0 { // errors are logged
				wake(raised)
			}
			next = a.nextCheck(now)
		}
		select {
		case <-ctx.Done():
			return
		case <-a.crawled:
			next = time.Time{}
		case <-time.After(min(lookAgain, max(0, next.Sub(a.now())))):
		}
	}
}

// nextCheck is when the rules or the digest are due after now.
func (a *alerting) nextCheck(now time.Time) time.Time {
	next := now.AddDate(100, 0, 0)
	for _, s := range []schedule.Schedule{a.checks, a.digests} {
		if due := s.Next(now); !due.IsZero() && due.Before(next) {
			next = due
		}
	}
	return next
}

// crawlEnded has the rules checked soon.
func (a *alerting) crawlEnded() { wake(a.crawled) }

// wake leaves a token for whoever waits; one is enough.
func wake(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// keepSending sends what is due, now and then and when something was raised,
// until ctx ends.
func (a *alerting) keepSending(ctx context.Context, raised <-chan struct{}) {
	tick := time.NewTicker(lookOutbox)
	defer tick.Stop()
	for {
		if _, _, err := a.sender.Run(ctx); err != nil && ctx.Err() == nil {
			a.log.Error("alerts could not be sent; trying again", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-raised:
		case <-tick.C:
		}
	}
}

// test sends a test over the channels of a rule, and tells of each how that
// went.
func (a *alerting) test(ctx context.Context, rule string, told func(channel string, err error)) error {
	now := a.now()
	ev := desk.AlertEvent{ID: "test", Rule: rule, Kind: notice.KindTest, Raised: now, Count: 1}
	var errs []error
	for _, c := range a.send(rule, now) {
		// Another id each time: a receiver would pass over a second one.
		m, err := a.composer.Alert(ctx, fmt.Sprintf("test-%d-%s", now.UnixNano(), c.Name), rule, now, []desk.AlertEvent{ev})
		if err == nil {
			err = a.channels[c.Name].Send(ctx, m, func() error { return nil })
		}
		told(c.Name, err)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// alertDesk opens the desk of a data folder, and says so where there is none.
func (e *env) alertDesk(ctx context.Context, cfg *configs.Config) (*desk.Store, error) {
	if !e.hasIndex(cfg) {
		return nil, fmt.Errorf("nothing has been collected in %s yet; run klank crawl first, or name the folder with --data", e.data)
	}
	return e.newDesk(ctx, cfg)
}

// withAlerting opens what alerts need for as long as fn runs.
func withAlerting(ctx context.Context, e *env, fn func(*alerting) error) (err error) {
	cfg, err := e.loadConfig()
	if err != nil {
		return err
	}
	d, err := e.alertDesk(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	ix, err := e.openIndex(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ix.Close()) }()
	a, err := newAlerting(cfg, ix, d, e.log())
	if err != nil {
		return err
	}
	return fn(a)
}

// conditionWords says a rule's condition in a few words.
func conditionWords(r *watch.Rule) string {
	hours := func(d time.Duration) string { return fmt.Sprintf("%gh", d.Hours()) }
	switch r.When {
	case watch.Count:
		return fmt.Sprintf("more than %d in %s", r.Over, hours(r.Within))
	case watch.Surge:
		return "more than usual in " + hours(r.Within)
	case watch.Sentiment:
		return fmt.Sprintf("more negative than in the %s before, by %g", hours(r.Within), r.Drop)
	case watch.Rating:
		return fmt.Sprintf("fewer stars than in the %s before, by %g", hours(r.Within), r.Drop)
	case watch.Sources:
		return "a source is suspect, or without a good run for " + hours(r.After)
	case watch.Waiting:
		return "no reply for " + hours(r.After)
	}
	if r.Edits {
		return "new, or edited"
	}
	return "new"
}
