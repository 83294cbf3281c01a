package web

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"klank/index"
	"klank/mention"
)

func TestLogLinesAndMetricsNameNobodyAndNoSecret(t *testing.T) {
	m := testMentions(1)[0]
	m.Author = &mention.Author{Name: "Zebulon Uniekenaam", Key: "sleutel-qx7"}
	m.Text, m.Title = "woordmerk-qx8 \x1b[31m staat hier", "kopregel-qx9"
	m.Reply = &mention.Reply{Author: "Medewerker Qx10", Text: "antwoord-qx11"}
	m.SetID("")
	var log bytes.Buffer
	d := newTestDesk(t, anna, olga)
	cfg := Config{Index: newTestIndex(t, m), Desk: d, Token: "geheim-token-qx12", Snapshot: testSnapshot,
		Log: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	secret, _ := NewToken()
	for _, ix := range []index.Index{cfg.Index, brokenIndex{cfg.Index, func(context.Context) error { return errors.New("disk on fire") }}} {
		cfg.Index = ix
		_, ts := newCheapServer(t, cfg)
		cookie := logIn(t, ts, "olga")
		do(t, ts, "POST", "/login", url.Values{"name": {"anna"}, "password": {"verkeerd-wachtwoord-qx13"}}.Encode())
		do(t, ts, "POST", "/login", url.Values{"name": {"wachtwoord-als-naam-qx14"}, "password": {"x"}}.Encode())
		get(t, ts, "/search?q=x&token=geheim-token-qx12")
		get(t, ts, "/api/v1/search", "Authorization", "Bearer "+secret)
		for _, path := range []string{"/", "/search?q=author%3A%22Zebulon+Uniekenaam%22", "/search?q=woordmerk-qx8", "/mention/" + m.ID,
			"/mention/Zebulon%20Uniekenaam", "/Zebulon-Uniekenaam", "/snapshot/Zebulon-Uniekenaam", "/api/v1/search?q=woordmerk-qx8", "/api/v1/mentions/Zebulon-Uniekenaam",
			"/api/v1/aggregate?facets=brand&q=kopregel-qx9", "/report/overview?brand=Zebulon+Uniekenaam", "/status", "/queue", "/register"} {
			get(t, ts, path, "Cookie", cookie)
		}
		_, metrics := get(t, ts, "/metrics", "Cookie", cookie)
		_, value, _ := strings.Cut(cookie, "=")
		written := strings.ToLower(log.String() + metrics)
		if len(log.String()) < 1000 || !strings.Contains(metrics, "klank_http_requests_total") {
			t.Fatalf("there is no log to look into:\n%s", log.String())
		}
		for _, private := range []string{"zebulon", "uniekenaam", "qx7", "qx8", "qx9", "qx10", "qx11", "qx12", "qx13", "qx14", value, secret, goodPassword, "anna", "olga", "\x1b"} {
			if strings.Contains(written, strings.ToLower(private)) {
				t.Errorf("the log or the metrics hold %q", private)
			}
		}
	}
}
