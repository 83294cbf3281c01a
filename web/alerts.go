package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"klank/index/desk"
	"klank/index/watch"
	"klank/index/watch/notice"
)

// Alerts is what the configuration says of alerts.
type Alerts struct {
	Rules []AlertRule
	// Test sends a test over the channels of a rule; nil is not offered.
	Test func(ctx context.Context, rule string) error
	// FeedKey is what opens the feed of a saved query for whoever has no other
	// way to show who they are; nil where nothing does.
	FeedKey func(query string) string
	// PublicURL is where the UI is reached from elsewhere; empty where the
	// configuration does not say.
	PublicURL string
}

// AlertRule is a rule and the channels that it is sent over.
type AlertRule struct {
	watch.Rule
	Send []string
}

// alertRoutes are the page about alerts, what can be changed there, and feeds.
func (s *Server) alertRoutes() []route {
	return []route{
		{pattern: "GET /alerts", handler: s.alerts},
		{pattern: "POST /alerts", handler: s.changeAlerts, audit: "alerts"},
		{pattern: "GET /feeds/{file}", handler: s.feed, role: anyone}, // by the feed's own key, too
	}
}

const (
	// alertsShown bounds the events and the messages of the page, eventMentions
	// the mentions that an event links to.
	alertsShown   = 50
	eventMentions = 5
)

type alertsPage struct {
	Rules    []alertRuleRow
	Events   []alertEventRow
	Messages []alertMessageRow
	Feeds    []feedRow
	Said     string
	Problem  string
	Operator bool
	Test     bool
	Desk     bool
}

type alertRuleRow struct {
	AlertRule
	Condition string // the key of its words
	Span      string // the rule's time, in words
	Drop      string
	Link      string
	Single    bool // it holds or not, for nothing in particular
	State     desk.AlertRule
}

type alertEventRow struct {
	desk.AlertEvent
	Summary, Rests, Link string
	Mentions             []string
	More                 int
}

type alertMessageRow struct {
	desk.AlertMessage
	Look, Key   string
	When        time.Time
	Again, Next bool
}

type feedRow struct{ Name, URL, Path string }

// conditions are the words for them.
var conditions = map[string]string{
	watch.New: "alerts.when.new", watch.Count: "alerts.when.count", watch.Surge: "alerts.when.surge", watch.Sentiment: "alerts.when.sentiment",
	watch.Rating: "alerts.when.rating", watch.Sources: "alerts.when.source", watch.Waiting: "alerts.when.waiting",
}

// messageStates are the words for the states of a message, and how they look.
var messageStates = map[string][2]string{
	desk.AlertWaiting: {"alerts.state.waiting", ""}, desk.AlertSending: {"alerts.state.sending", ""}, desk.AlertHanded: {"alerts.state.sending", ""},
	desk.AlertSent: {"alerts.state.sent", "done"}, desk.AlertFailed: {"alerts.state.failed", "failed"}, desk.AlertUnsure: {"alerts.state.unsure", "suspect"},
	desk.AlertDropped: {"alerts.state.dropped", ""},
}

// alertsDone are the words for what a form did.
var alertsDone = map[string]string{"ack": "alerts.done.ack", "again": "alerts.done.again", "test": "alerts.done.test"}

// alerts shows where each rule stands, what was told, and what was sent.
func (s *Server) alerts(w http.ResponseWriter, r *http.Request) {
	p, err := s.fillAlerts(s.viewOf(w, r), r)
	if err != nil {
		s.failWith(w, r, "the alerts could not be read", err)
		return
	}
	p.Said = alertsDone[r.URL.Query().Get("done")]
	s.render(w, r, http.StatusOK, "alerts", "alerts.title", p)
}

func (s *Server) fillAlerts(v *view, r *http.Request) (*alertsPage, error) {
	ctx, a := r.Context(), &s.cfg.Alerts
	p := &alertsPage{Operator: who(r).Operator(), Test: a.Test != nil, Desk: s.cfg.Desk != nil}
	states := map[string]desk.AlertRule{}
	if p.Desk {
		known, err := s.cfg.Desk.AlertRules(ctx)
		if err != nil {
			return nil, err
		}
		for _, k := range known {
			states[k.Name] = k
		}
		if err := s.alertHistory(v, r, p); err != nil {
			return nil, err
		}
	}
	for _, rule := range a.Rules {
		row := alertRuleRow{AlertRule: rule, Condition: conditions[rule.When], Span: notice.Lasting(v.code, max(rule.Within, rule.After)), Link: ask(rule.Query), State: states[rule.Name]}
		row.Single = rule.When == watch.Count || rule.When == watch.Sentiment || rule.When == watch.Rating
		row.Drop = v.decimal(rule.Drop, 2, false)
		p.Rules = append(p.Rules, row)
	}
	saved, err := s.saved(ctx)
	for _, q := range saved {
		p.Feeds = append(p.Feeds, s.feedOf(r, q.Name))
	}
	return p, err
}

// alertHistory reads what was told and what was sent.
func (s *Server) alertHistory(v *view, r *http.Request, p *alertsPage) error {
	events, err := s.cfg.Desk.AlertEvents(r.Context(), alertsShown)
	if err != nil {
		return err
	}
	for i := range events {
		ev := &events[i]
		row := alertEventRow{AlertEvent: *ev}
		var facts watch.Facts
		if row.Summary, row.Rests, facts, err = notice.Summary(v.code, ev); err != nil {
			return err
		}
		row.Link = ask(facts.Query)
		if ev.Kind == watch.Sources {
			row.Link = "/status"
		}
		if ev.Kind == watch.New || ev.Kind == watch.Waiting { // others tell of no single mentions
			row.Mentions = ev.Subjects[:min(len(ev.Subjects), eventMentions)]
			row.More = ev.Count - len(row.Mentions)
		}
		p.Events = append(p.Events, row)
	}
	messages, err := s.cfg.Desk.AlertMessages(r.Context(), alertsShown)
	for _, m := range messages {
		words := messageStates[m.State]
		row := alertMessageRow{AlertMessage: m, Key: words[0], Look: words[1], When: m.Ended}
		switch m.State {
		case desk.AlertWaiting, desk.AlertSending, desk.AlertHanded:
			row.When, row.Next = m.NotBefore, true
		case desk.AlertFailed, desk.AlertUnsure:
			row.Again = true
		}
		p.Messages = append(p.Messages, row)
	}
	return err
}

// changeAlerts acknowledges an event, sends a message again, or sends a test.
func (s *Server) changeAlerts(w http.ResponseWriter, r *http.Request) {
	if !s.parseForm(w, r) {
		return
	}
	ctx, d, id := r.Context(), s.cfg.Desk, r.PostForm.Get("id")
	do := r.PostForm.Get("do")
	var err error
	switch {
	case do == "ack" && d != nil:
		err = d.AckAlert(ctx, id, who(r).Name, s.now())
	case do == "again" && d != nil:
		err = d.AgainAlert(ctx, id, s.now())
	case do == "test" && s.cfg.Alerts.Test != nil && slices.ContainsFunc(s.cfg.Alerts.Rules, func(a AlertRule) bool { return a.Name == id }):
		if err := s.cfg.Alerts.Test(ctx, id); err != nil {
			s.testFailed(w, r, err)
			return
		}
	default:
		s.fail(w, r, http.StatusBadRequest, "")
		return
	}
	switch {
	case errors.Is(err, desk.ErrNoAlert):
		s.fail(w, r, http.StatusNotFound, "")
	case err != nil:
		s.failWith(w, r, "the desk could not be written", err)
	default:
		http.Redirect(w, r, "/alerts?"+url.Values{"done": {do}}.Encode(), http.StatusSeeOther)
	}
}

// testFailed shows the page with why a test was not sent.
func (s *Server) testFailed(w http.ResponseWriter, r *http.Request, failed error) {
	p, err := s.fillAlerts(s.viewOf(w, r), r)
	if err != nil {
		s.failWith(w, r, "the alerts could not be read", err)
		return
	}
	p.Problem = cmp.Or(clean(failed.Error()), "?")
	s.render(w, r, http.StatusBadGateway, "alerts", "alerts.title", p)
}
