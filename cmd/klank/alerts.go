package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"klank/configs"
	"klank/index/desk"
	"klank/index/research/layout"
)

// alertsShown bounds the events and messages that klank alerts lists.
const alertsShown = 30

func newAlerts(e *env) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "alerts",
		Short: "Show the rules of alerts, what they told of, and what was sent",
		Long: `alerts shows where each rule of alerts.rules stands, what it has told of, and to
whom that was sent, when, and what failed. klank run checks the rules after each
crawl and by alerts.schedule; klank alerts run does so once, for cron.

An e-mail is never sent twice. One that klank was killed over is shown as unsure:
it may have arrived, and klank alerts again sends it once more.`,
		Example: `  klank alerts
  klank alerts test klachten         does it arrive?
  klank alerts run --dry-run         what would be sent now?
  */10 * * * * klank alerts run      from cron, beside klank crawl`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return listAlerts(cmd.Context(), e, asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as one JSON object")
	cmd.AddCommand(usageArgs(newAlertsRun(e)), usageArgs(newAlertsTest(e)), usageArgs(newAlertsAck(e)), usageArgs(newAlertsAgain(e)))
	return cmd
}

func newAlertsRun(e *env) *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Check all rules once, and send what is due",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withAlerting(cmd.Context(), e, func(a *alerting) error {
				if dry {
					return foreseeAlerts(cmd.Context(), e, a)
				}
				return runAlerts(cmd.Context(), e, a)
			})
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "print what would be sent; send and remember nothing")
	return cmd
}

func newAlertsTest(e *env) *cobra.Command {
	return &cobra.Command{
		Use:               "test RULE",
		Short:             "Send a test over the channels of a rule",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeRules,
		RunE: func(cmd *cobra.Command, args []string) error {
			return withAlerting(cmd.Context(), e, func(a *alerting) error { return testAlert(cmd.Context(), e, a, args[0]) })
		},
	}
}

func newAlertsAck(e *env) *cobra.Command {
	var by string
	cmd := &cobra.Command{
		Use:   "ack EVENT",
		Short: "Note that somebody took note of what a rule told of",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withAlertDesk(cmd.Context(), e, func(d *desk.Store) error {
				return d.AckAlert(cmd.Context(), args[0], by, time.Now())
			})
		},
	}
	cmd.Flags().StringVar(&by, "by", "command line", "who took note")
	return cmd
}

func newAlertsAgain(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "again MESSAGE",
		Short: "Send a message once more that failed, or that may not have arrived",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withAlertDesk(cmd.Context(), e, func(d *desk.Store) error {
				return d.AgainAlert(cmd.Context(), args[0], time.Now())
			})
		},
	}
}

// withAlertDesk opens the desk for as long as fn runs.
func withAlertDesk(ctx context.Context, e *env, fn func(*desk.Store) error) error {
	cfg, err := e.loadConfig()
	if err != nil {
		return err
	}
	d, err := e.alertDesk(ctx, cfg)
	if err != nil {
		return err
	}
	err = fn(d)
	if errors.Is(err, desk.ErrNoAlert) {
		err = usagef("there is none with this id, or nothing to be done with it; klank alerts lists them")
	}
	return errors.Join(err, d.Close())
}

func (e *env) completeRules(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var names []string
	if cfg, err := e.loadConfig(); err == nil && len(args) == 0 {
		for _, r := range cfg.Alerts.Rules {
			names = append(names, r.Name)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

func runAlerts(ctx context.Context, e *env, a *alerting) error {
	if len(a.rules) == 0 && a.digests.IsZero() {
		return usagef("there is nothing to check: alerts.rules in klank.yaml is empty")
	}
	enrichIndex(ctx, a.index, a.log) // else copies would be told of
	raised, failed, err := a.checkAll(ctx)
	if err != nil {
		return err
	}
	p := &printer{w: e.out}
	for _, ev := range raised {
		p.linef("%s: %s, %d", clean(ev.Rule), ev.Kind, ev.Count)
	}
	sent, unsent, err := a.sender.Run(ctx)
	if err != nil {
		return err
	}
	p.linef("%s checked, %d told of something; %s sent", counted(len(a.rules), "rule"), len(raised), counted(sent, "message"))
	if failed+unsent > 0 {
		return errors.Join(p.err, partialError{fmt.Sprintf("%s could not be checked, %s not sent; klank alerts says why", counted(failed, "rule"), counted(unsent, "message"))})
	}
	return p.err
}

func foreseeAlerts(ctx context.Context, e *env, a *alerting) error {
	p := &printer{w: e.out}
	none := true
	for i := range a.rules {
		ev, err := a.check(ctx, &a.rules[i], true)
		if err != nil {
			return err
		}
		if ev == nil {
			continue
		}
		m, err := a.composer.Alert(ctx, ev.ID, ev.Rule, ev.Raised, []desk.AlertEvent{*ev})
		if err != nil {
			return err
		}
		if m == nil {
			continue
		}
		none = false
		var to []string
		for _, c := range a.send(ev.Rule, ev.Raised) {
			to = append(to, c.Name)
		}
		p.linef("to %s: %s\n%s", cmp.Or(strings.Join(to, ", "), "nobody"), clean(m.Subject), cleanLines(m.Text))
	}
	if none {
		p.linef("nothing would be sent")
	}
	return p.err
}

func testAlert(ctx context.Context, e *env, a *alerting, rule string) error {
	if rule != configs.DigestName {
		if _, err := a.cfg.AlertRule(rule); err != nil {
			return usageError{err}
		}
	}
	p, n := &printer{w: e.out}, 0
	err := a.test(ctx, rule, func(channel string, err error) {
		n++
		if err != nil {
			p.linef("%s: %s", clean(channel), clean(err.Error()))
			return
		}
		p.linef("%s: sent", clean(channel))
	})
	switch {
	case n == 0:
		return usagef("the rule %s is sent nowhere: it has no send", rule)
	case err != nil:
		return errors.Join(p.err, fmt.Errorf("not everything was sent: %w", err))
	}
	return p.err
}

// alertList is what klank alerts --json prints.
type alertList struct {
	Rules    []ruleState    `json:"rules"`
	Events   []eventState   `json:"events"`
	Messages []messageState `json:"messages"`
}

type ruleState struct {
	Name      string    `json:"name"`
	Condition string    `json:"condition"`
	Query     string    `json:"query,omitempty"`
	Send      []string  `json:"send"`
	Started   time.Time `json:"started,omitzero"`
	Checked   time.Time `json:"checked,omitzero"`
	Holds     int       `json:"holds"`
	Problem   string    `json:"problem,omitempty"`
}

type eventState struct {
	ID       string    `json:"id"`
	Rule     string    `json:"rule"`
	Raised   time.Time `json:"raised"`
	Count    int       `json:"count"`
	Subjects []string  `json:"subjects"`
	Acked    time.Time `json:"acked,omitzero"`
	AckedBy  string    `json:"acked_by,omitempty"`
}

type messageState struct {
	ID        string    `json:"id"`
	Rule      string    `json:"rule"`
	Channel   string    `json:"channel"`
	State     string    `json:"state"`
	Created   time.Time `json:"created"`
	NotBefore time.Time `json:"not_before,omitzero"`
	Ended     time.Time `json:"ended,omitzero"`
	Attempts  int       `json:"attempts"`
	Problem   string    `json:"problem,omitempty"`
}

// readAlerts reads the history of the desk, and the rules of the configuration
// with where they stand.
func readAlerts(ctx context.Context, cfg *configs.Config, d *desk.Store) (*alertList, error) {
	list := &alertList{Rules: []ruleState{}, Events: []eventState{}, Messages: []messageState{}}
	known, err := d.AlertRules(ctx)
	if err != nil {
		return nil, err
	}
	states := map[string]desk.AlertRule{}
	for _, r := range known {
		states[r.Name] = r
	}
	for i := range cfg.Alerts.Rules {
		c := &cfg.Alerts.Rules[i]
		r, s := ruleOf(c), states[c.Name]
		list.Rules = append(list.Rules, ruleState{c.Name, conditionWords(&r), c.Query, c.Send, s.Started, s.Checked, s.Holds, s.Problem})
	}
	events, err := d.AlertEvents(ctx, alertsShown)
	if err != nil {
		return nil, err
	}
	for _, ev := range events {
		list.Events = append(list.Events, eventState{ev.ID, ev.Rule, ev.Raised, ev.Count, ev.Subjects, ev.Acked, ev.AckedBy})
	}
	messages, err := d.AlertMessages(ctx, alertsShown)
	if err != nil {
		return nil, err
	}
	for _, m := range messages {
		list.Messages = append(list.Messages, messageState{m.ID, m.Rule, m.Channel, m.State, m.Created, m.NotBefore, m.Ended, m.Attempts, m.Problem})
	}
	return list, nil
}

func listAlerts(ctx context.Context, e *env, asJSON bool) error {
	cfg, err := e.loadConfig()
	if err != nil {
		return err
	}
	return withAlertDesk(ctx, e, func(d *desk.Store) error {
		list, err := readAlerts(ctx, cfg, d)
		if err != nil {
			return err
		}
		if asJSON {
			return jsonLines(e.out).Encode(list)
		}
		p := &printer{w: e.out}
		list.print(p)
		return p.err
	})
}

func (l *alertList) print(p *printer) {
	if len(l.Rules) == 0 {
		p.linef("no rules: write some under alerts.rules in klank.yaml (docs/alerts.md)")
	}
	for _, r := range l.Rules {
		state := fmt.Sprintf("holds for %d", r.Holds)
		switch {
		case r.Checked.IsZero():
			state = "not checked yet"
		case r.Problem != "":
			state = "could not be checked: " + r.Problem
		}
		p.linef("%-20s %s; %s; to %s", layout.Shorten(clean(r.Name), 20), r.Condition, clean(state), cmp.Or(strings.Join(r.Send, ", "), "nobody"))
	}
	if len(l.Events) > 0 {
		p.linef("\ntold of:")
	}
	for _, ev := range l.Events {
		acked := ""
		if !ev.Acked.IsZero() {
			acked = ", noted by " + clean(ev.AckedBy)
		}
		p.linef("  %s  %-20s %d%s  (%s)", ev.Raised.Local().Format("2006-01-02 15:04"), layout.Shorten(clean(ev.Rule), 20), ev.Count, acked, ev.ID)
	}
	if len(l.Messages) > 0 {
		p.linef("\nmessages:")
	}
	for _, m := range l.Messages {
		when := m.Ended
		note := ""
		switch m.State {
		case desk.AlertWaiting, desk.AlertSending, desk.AlertHanded:
			when, note = m.NotBefore, ", next try then"
		case desk.AlertFailed, desk.AlertUnsure:
			note = "; klank alerts again " + m.ID
		}
		if m.Problem != "" {
			note = ": " + clean(m.Problem) + note
		}
		p.linef("  %s  %-20s to %s: %s%s", when.Local().Format("2006-01-02 15:04"), layout.Shorten(clean(m.Rule), 20), clean(m.Channel), m.State, note)
	}
}
