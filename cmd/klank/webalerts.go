package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"strings"

	"klank/configs"
	"klank/web"
)

// webAlerts is what the pages show of alerts. Where a channel cannot be used
// here, as a secret is not there, tests are not offered.
func webAlerts(cfg *configs.Config, w *workspace, log *slog.Logger) web.Alerts {
	out := web.Alerts{PublicURL: cfg.Web.PublicURL, FeedKey: func(query string) string { return feedKey(w.secret, query) }}
	for i := range cfg.Alerts.Rules {
		c := &cfg.Alerts.Rules[i]
		out.Rules = append(out.Rules, web.AlertRule{Rule: ruleOf(c), Send: c.Send})
	}
	if len(out.Rules) == 0 {
		return out
	}
	a, err := newAlerting(cfg, w.index, w.desk, log)
	if err != nil {
		log.Warn("tests of alerts cannot be sent from here", "error", err)
		return out
	}
	out.Test = func(ctx context.Context, rule string) error { return a.test(ctx, rule, func(string, error) {}) }
	return out
}

// feedKey is what opens the feed of a saved query, and nothing else. It follows
// from the secret of the installation, so that it is kept nowhere.
func feedKey(secret []byte, query string) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("klank feed 1 " + strings.ToLower(query)))
	return hex.EncodeToString(mac.Sum(nil)[:20])
}
