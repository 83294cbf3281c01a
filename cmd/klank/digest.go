package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"klank/configs"
	"klank/index/desk"
	"klank/index/watch/deliver"
	"klank/index/watch/notice"
	"klank/web"
)

type digestFlags struct {
	out, language string
	send          bool
}

func newDigest(e *env) *cobra.Command {
	var f digestFlags
	cmd := &cobra.Command{
		Use:   "digest",
		Short: "Make the summary of the last days: what changed, whom to answer, how the sources do",
		Long: `digest tells of the last days (digest.days, seven unless said otherwise): what
changed, which touchpoints were spoken of most, whom to answer first, and how the
sources do. Every number stands with its interval and what it is out of, and links
to the mentions behind it where web.public_url says where the UI is.

klank run sends it by digest.schedule to the channels of digest.send.`,
		Example: `  klank digest
  klank digest --language nl --out overzicht.html
  klank digest --send`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withAlerting(cmd.Context(), e, func(a *alerting) error { return makeDigest(cmd.Context(), e, a, &f) })
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.out, "out", "", "write it to this file: HTML, or plain text where the name ends in .txt")
	fl.BoolVar(&f.send, "send", false, "send it to the channels of digest.send, now")
	fl.StringVar(&f.language, "language", "", "nl or en; else alerts.language")
	cmd.MarkFlagsMutuallyExclusive("out", "send")
	cmd.MarkFlagsMutuallyExclusive("language", "send")
	return cmd
}

func makeDigest(ctx context.Context, e *env, a *alerting, f *digestFlags) error {
	switch f.language {
	case "":
	case "nl", "en":
		a.composer.Language = f.language
	default:
		return usagef("--language %q is not allowed; allowed are nl, en", f.language)
	}
	enrichIndex(ctx, a.index, a.log) // else copies would count
	if f.send {
		return sendDigest(ctx, e, a)
	}
	m, err := a.digest(ctx, "preview", a.now())
	if err != nil {
		return err
	}
	if f.out == "" {
		p := &printer{w: e.out}
		p.linef("%s", cleanLines(m.Text))
		return p.err
	}
	body := m.HTML
	if strings.EqualFold(filepath.Ext(f.out), ".txt") {
		body = m.Text
	}
	if err := os.WriteFile(f.out, []byte(body), 0o600); err != nil {
		return fmt.Errorf("digest: %w", err)
	}
	return nil
}

func sendDigest(ctx context.Context, e *env, a *alerting) error {
	if len(a.cfg.Digest.Send) == 0 {
		return usagef("the digest is sent nowhere: name channels under digest.send in klank.yaml")
	}
	now := a.now()
	state, err := a.digestState(ctx, now)
	if err != nil {
		return err
	}
	if _, err := a.raiseDigest(ctx, state, now, now, time.Time{}); err != nil {
		return err
	}
	sent, failed, err := a.sender.Run(ctx)
	if err != nil {
		return err
	}
	p := &printer{w: e.out}
	p.linef("%s sent", counted(sent, "message"))
	if failed > 0 {
		return errors.Join(p.err, partialError{counted(failed, "message") + " not sent; klank alerts says why"})
	}
	return p.err
}

// digest words the digest of the days before now.
func (a *alerting) digest(ctx context.Context, id string, now time.Time) (*deliver.Message, error) {
	speech, err := web.Speech(a.composer.Language)
	if err != nil {
		return nil, err
	}
	asked := a.watch.Research
	asked.Settled = a.settled
	return a.composer.Digest(ctx, notice.Digest{Research: asked, Speech: speech, Days: a.cfg.Digest.Days, Brand: a.cfg.Digest.Brand}, id, now)
}

// digestState is where the schedule of the digest stands: Started is the time
// of the latest one, or when the schedule began.
func (a *alerting) digestState(ctx context.Context, now time.Time) (desk.AlertRule, error) {
	state, ok, err := a.desk.AlertRule(ctx, configs.DigestName)
	if !ok || state.Print != a.cfg.Digest.Schedule {
		state = desk.AlertRule{Name: configs.DigestName, Print: a.cfg.Digest.Schedule, Started: now}
	}
	return state, err
}

// raiseDigest has a digest sent for a time of the schedule, once. quiet is the
// end of quiet hours that hold it back.
func (a *alerting) raiseDigest(ctx context.Context, state desk.AlertRule, slot, now, quiet time.Time) (*desk.AlertEvent, error) {
	state.Started, state.Checked = slot, now
	c := desk.AlertCheck{Rule: state, Kind: notice.KindDigest, Facts: "{}", KeepSince: now.AddDate(-1, 0, 0),
		Subjects: []desk.AlertSubject{{ID: slot.UTC().Format(time.RFC3339Nano)}}}
	for _, name := range a.cfg.Digest.Send {
		c.Channels = append(c.Channels, desk.AlertChannel{Name: name, NotBefore: quiet})
	}
	return a.desk.RaiseAlert(ctx, c)
}

// checkDigest raises the digest that is due. Those that were missed are made up
// for by one.
func (a *alerting) checkDigest(ctx context.Context) (*desk.AlertEvent, error) {
	if a.digests.IsZero() || len(a.cfg.Digest.Send) == 0 {
		return nil, nil
	}
	now := a.now()
	state, err := a.digestState(ctx, now)
	if err != nil {
		return nil, err
	}
	var slot time.Time
	for next := a.digests.Next(state.Started); !next.IsZero() && !next.After(now); next = a.digests.Next(next) {
		slot = next
	}
	if !slot.IsZero() {
		return a.raiseDigest(ctx, state, slot, now, a.cfg.Alerts.Quiet.Until(now, a.zone))
	}
	state.Checked = now
	_, err = a.desk.RaiseAlert(ctx, desk.AlertCheck{Rule: state, KeepSince: now.AddDate(-1, 0, 0)})
	return nil, err
}
