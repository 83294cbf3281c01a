package main

import (
	"database/sql"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"klank/cmd/klank/postgrestest"
	"klank/configs"
	"klank/index/desk"
	"klank/index/watch/deliver/delivertest"
)

// alertHouse is a data folder with a rule that sends to a mail server and to a
// webhook on loopback.
type alertHouse struct {
	t            *testing.T
	data, config string
	mail         *delivertest.MailServer
	hook         *delivertest.Hook
	n            int
}

func newAlertHouse(t *testing.T, more ...string) *alertHouse {
	t.Helper()
	h := &alertHouse{t: t, data: filepath.Join(t.TempDir(), "data"), mail: delivertest.NewMailServer(t, false), hook: delivertest.NewHook(t)}
	dir := t.TempDir()
	ca := filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(ca, h.mail.CertPEM, 0o600); err != nil {
		t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(h.mail.Addr)
	h.config = filepath.Join(dir, "klank.yaml")
	if err := os.WriteFile(h.config, []byte(fmt.Sprintf(`
alerts:
  smtp: {host: %q, port: %s, ca_file: %q, from: klank@lumo.test}
  channels:
    - {name: team, type: email, to: [team@lumo.test]}
    - {name: crm, type: webhook, url: %q, allow_private: true}
  rules:
    - {name: everything, when: new, send: [team, crm]}
digest: {send: [team]}
%s`, host, port, ca, h.hook.URL, strings.Join(more, ""))), 0o600); err != nil {
		t.Fatal(err)
	}
	h.brings()
	h.run("alerts", "run") // the rule begins
	return h
}

func (h *alertHouse) command(args ...string) *exec.Cmd {
	return klankCommand(h.t, h.data, append(args, "--config", h.config)...)
}

func (h *alertHouse) run(args ...string) string {
	h.t.Helper()
	out, err := h.command(args...).CombinedOutput()
	if err != nil {
		h.t.Fatalf("klank %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// brings adds a mention that was not there.
func (h *alertHouse) brings() string {
	h.t.Helper()
	h.n++
	text := fmt.Sprintf("Complaint number %d of Zoe Janszoon.", h.n)
	file := filepath.Join(h.t.TempDir(), "more.ndjson")
	if err := os.WriteFile(file, []byte(fmt.Sprintf(`{"native_id":"n%d","kind":"review","source":{"name":"shop","host":"shop.test"},"author":{"name":"Zoe Janszoon"},"text":%q}`+"\n", h.n, text)), 0o600); err != nil {
		h.t.Fatal(err)
	}
	h.run("import", file)
	return text
}

// leasesEnd is the time passing until a dead process's claims are free.
func (h *alertHouse) leasesEnd() {
	h.t.Helper()
	h.change("UPDATE alert_messages SET leased = 0")
}

// change makes the desk as some time leaves it.
func (h *alertHouse) change(statement string) {
	h.t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(h.data, deskFile))
	if err != nil {
		h.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("PRAGMA busy_timeout=10000; " + statement); err != nil {
		h.t.Fatal(err)
	}
}

// messages are those of the outbox.
func (h *alertHouse) messages() []desk.AlertMessage {
	h.t.Helper()
	d, err := desk.Open(h.t.Context(), filepath.Join(h.data, deskFile))
	if err != nil {
		h.t.Fatal(err)
	}
	defer d.Close()
	all, err := d.AlertMessages(h.t.Context(), 1000)
	if err != nil {
		h.t.Fatal(err)
	}
	return all
}

var messageID = regexp.MustCompile(`(?m)^Message-ID: <klank\.(\w+)@lumo\.test>$`)

// TestAKilledSenderSendsNothingTwice kills klank at each step of sending, and
// at moments of chance, and lets several go on at once. No e-mail comes twice,
// and none is lost unnoticed: it came, or klank says that it may not have.
func TestAKilledSenderSendsNothingTwice(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped with -short: starts many processes")
	}
	h := newAlertHouse(t)
	for _, at := range []string{"EHLO", "MAIL", "RCPT", "DATA", ".", "taken", "hook", "30ms", "120ms", "250ms"} {
		h.brings()
		cmd := h.command("alerts", "run")
		wanted, killed := make(chan struct{}), make(chan struct{})
		kill := sync.OnceFunc(func() { // returns when it is dead, or never was alive
			close(wanted)
			<-killed
		})
		h.mail.Reply(func(command string) string {
			if strings.HasPrefix(command, at) {
				kill()
			}
			return ""
		})
		h.mail.Taken(func() {
			if at == "taken" {
				kill()
			}
		})
		h.hook.Reply(func(int, http.ResponseWriter) {
			if at == "hook" {
				kill()
			}
		})
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		go func() {
			<-wanted
			_ = cmd.Process.Signal(syscall.SIGKILL)
			close(killed)
		}()
		if after, err := time.ParseDuration(at); err == nil {
			time.Sleep(after)
			kill()
		}
		if err := cmd.Wait(); err == nil && !strings.HasSuffix(at, "ms") {
			t.Errorf("at %s it was not killed", at)
		}
		kill()
		h.mail.Reply(nil)
		h.mail.Taken(nil)
		h.hook.Reply(nil)
		h.leasesEnd()
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() { _ = h.command("alerts", "run").Run() }) // exit status 3 where something is unsure
		}
		all.Wait()
	}
	mails, posts := map[string]int{}, map[string]int{}
	for _, m := range h.mail.Mails() {
		if id := messageID.FindStringSubmatch(m.Raw); id != nil {
			mails[id[1]]++
		} else {
			t.Errorf("an e-mail without its id:\n%s", m.Raw)
		}
	}
	for _, p := range h.hook.Posts() {
		posts[p.Header.Get("Webhook-Id")]++
	}
	messages := h.messages()
	if len(messages) != 20 {
		t.Errorf("%d messages of 10 alerts over 2 channels", len(messages))
	}
	unsure := 0
	for _, m := range messages {
		switch {
		case m.Channel == "crm" && (m.State != desk.AlertSent || posts[m.ID] == 0):
			t.Errorf("the webhook %+v came %d times", m, posts[m.ID])
		case m.Channel == "team" && mails[m.ID] > 1:
			t.Errorf("the e-mail %+v came %d times", m, mails[m.ID])
		case m.Channel == "team" && m.State == desk.AlertUnsure:
			unsure++
		case m.Channel == "team" && (m.State != desk.AlertSent || mails[m.ID] != 1):
			t.Errorf("the e-mail %+v came %d times", m, mails[m.ID])
		}
	}
	if unsure < 2 || unsure > 5 { // at the end of the message, and when it was taken
		t.Errorf("%d e-mails are unsure", unsure)
	}
}

func TestSeveralSendersOnOnePostgreSQLSendOnce(t *testing.T) {
	t.Setenv("KLANK_TEST_FRONTIER", postgrestest.URL(t))
	h := newAlertHouse(t, "frontier: {postgres_env: KLANK_TEST_FRONTIER}\n")
	for range 3 {
		h.brings()
	}
	var all sync.WaitGroup
	for range 3 {
		cmd := h.command("alerts", "run")
		all.Go(func() {
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
	all.Wait()
	text := ""
	for _, m := range h.mail.Mails() {
		text += m.Raw
	}
	for n := 2; n <= 4; n++ {
		if got := strings.Count(strings.ReplaceAll(text, "=\n", ""), fmt.Sprintf("> Complaint number %d", n)); got != 1 {
			t.Errorf("complaint %d came %d times", n, got)
		}
	}
	if len(h.mail.Mails()) != len(h.hook.Posts()) {
		t.Errorf("%d e-mails and %d posts", len(h.mail.Mails()), len(h.hook.Posts()))
	}
}

func TestWhatIsForgottenIsInNoAlertAnyMore(t *testing.T) {
	h := newAlertHouse(t)
	h.hook.Reply(func(_ int, w http.ResponseWriter) { w.WriteHeader(http.StatusBadGateway) })
	h.mail.Reply(func(string) string { return "421 later" })
	text := h.brings()
	if out, err := h.command("alerts", "run").CombinedOutput(); err == nil {
		t.Fatalf("it was sent:\n%s", out)
	}
	var ids []string
	for _, m := range h.events() {
		ids = append(ids, m.Subjects...)
	}
	if len(ids) != 1 {
		t.Fatalf("the history knows %q", ids)
	}
	if found := findsAnywhere(t, h.data, ids[0]); !slices.Contains(found, deskFile+": "+ids[0]) {
		t.Fatalf("before, its id stands in %q: the test would prove nothing", found)
	}
	h.run("forget", "--author", "Zoe Janszoon", "--source", "shop")
	for _, word := range append(ids, text, "Janszoon") {
		if found := findsAnywhere(t, h.data, word); len(found) != 0 {
			t.Errorf("left is %q", found)
		}
	}
	h.hook.Reply(nil)
	h.mail.Reply(nil)
	h.dueNow()
	h.run("alerts", "run")
	posts := h.hook.Posts()
	if len(posts) != 1 || len(h.mail.Mails()) != 0 {
		t.Errorf("after it was forgotten %d posts and %d e-mails were sent", len(posts)-1, len(h.mail.Mails()))
	}
	for _, m := range h.messages() {
		if m.State != desk.AlertDropped {
			t.Errorf("the message is %+v", m)
		}
	}
}

// events are the history.
func (h *alertHouse) events() []desk.AlertEvent {
	h.t.Helper()
	d, err := desk.Open(h.t.Context(), filepath.Join(h.data, deskFile))
	if err != nil {
		h.t.Fatal(err)
	}
	defer d.Close()
	all, err := d.AlertEvents(h.t.Context(), 1000)
	if err != nil {
		h.t.Fatal(err)
	}
	return all
}

// dueNow is the time passing until the next attempt.
func (h *alertHouse) dueNow() {
	h.t.Helper()
	h.change("UPDATE alert_messages SET not_before = 0")
}

func TestTheServiceTellsOfWhatACrawlBrings(t *testing.T) {
	hook := delivertest.NewHook(t)
	s := newLiveShop(t, "", fmt.Sprintf(`
schedule: every 1s
crawl: {rate: 50}
alerts:
  channels: [{name: crm, type: webhook, url: %q, allow_private: true}]
  rules: [{name: lids, when: new, query: lid, send: [crm]}]
`, hook.URL))
	s.shows("/", told(reviewsOfThree[1:2]...))
	cmd := klankCommand(t, s.dir, "run", "--config", s.config, "--addr", "127.0.0.1:0", "--allow-private")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop := sync.OnceFunc(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	defer stop()
	h := &alertHouse{t: t, data: s.dir}
	until(t, "the rule begins", func() bool { return len(h.rules()) == 1 })
	s.shows("/", told(reviewsOfThree[:2]...))
	until(t, "it is told", func() bool { return len(hook.Posts()) == 1 })
	stop()
	if body := string(hook.Posts()[0].Body); !strings.Contains(body, "Horrible lid") || strings.Contains(body, "Boils") || strings.Contains(body, "Janszoon") {
		t.Errorf("it tells %s", body)
	}
}

// until waits for a condition, which a busy machine may take long to reach.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for tries := 0; !holds(); tries++ {
		if time.Sleep(50 * time.Millisecond); tries > 1200 {
			t.Fatalf("a minute has passed, and not: %s", what)
		}
	}
}

// rules are those that were checked; none while there is no desk.
func (h *alertHouse) rules() []desk.AlertRule {
	h.t.Helper()
	if _, err := os.Stat(filepath.Join(h.data, deskFile)); err != nil {
		return nil
	}
	d, err := desk.Open(h.t.Context(), filepath.Join(h.data, deskFile))
	if err != nil {
		h.t.Fatal(err)
	}
	defer d.Close()
	all, err := d.AlertRules(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	return all
}

func TestTheDigestIsSentOnceForEachTimeOfItsSchedule(t *testing.T) {
	cfg, err := configs.Parse("klank.yaml", []byte(`
timezone: Europe/Amsterdam
alerts:
  quiet: {from: "22:00", to: "09:00"}
  channels: [{name: box, type: file, dir: box}]
digest: {schedule: 0 8 * * mon, send: [box]}
`))
	if err != nil {
		t.Fatal(err)
	}
	_, w := newTestWorkspace(t, cfg)
	var both [2]*alerting // as in two processes
	at := func(day, hour int) int {
		t.Helper()
		raised := 0
		for i := range both {
			if both[i] == nil {
				if both[i], err = newAlerting(cfg, w.index, w.desk, slog.New(slog.DiscardHandler)); err != nil {
					t.Fatal(err)
				}
			}
			both[i].now = func() time.Time { return time.Date(2026, 3, day, hour, 30, 0, 0, both[i].zone) }
			evs, failed, err := both[i].checkAll(t.Context())
			if err != nil || failed > 0 {
				t.Fatalf("%d failed, %v", failed, err)
			}
			raised += len(evs)
		}
		return raised
	}
	for _, c := range []struct{ day, hour, want int }{{1, 12, 0}, {2, 7, 0}, {2, 8, 1}, {2, 9, 0}, {8, 23, 0}, {25, 12, 1}, {25, 13, 0}, {30, 12, 1}} {
		if got := at(c.day, c.hour); got != c.want {
			t.Errorf("on March %d at half past %d: %d, want %d", c.day, c.hour, got, c.want)
		}
	}
	messages, err := w.desk.AlertMessages(t.Context(), 10)
	if err != nil || len(messages) != 3 {
		t.Fatalf("%d messages, %v", len(messages), err)
	}
	if first := messages[2]; first.NotBefore.In(both[0].zone).Format("02 15:04") != "02 09:00" {
		t.Errorf("in quiet hours it is sent at %s", first.NotBefore)
	}
}

func TestARuleFollowsAQueryThatIsSavedInTheUI(t *testing.T) {
	cfg, err := configs.Parse("klank.yaml", []byte("alerts: {rules: [{name: mine, when: new, query: 'saved:mine'}]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	_, w := newTestWorkspace(t, cfg)
	a, err := newAlerting(cfg, w.index, w.desk, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	state := func() (desk.AlertRule, int) {
		t.Helper()
		_, failed, err := a.checkAll(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		r, _, err := w.desk.AlertRule(t.Context(), "mine")
		if err != nil {
			t.Fatal(err)
		}
		return r, failed
	}
	if r, failed := state(); failed != 1 || !strings.Contains(r.Problem, "mine") {
		t.Errorf("before it is saved: %+v", r)
	}
	var prints []string
	for _, q := range []string{"laat", "stuk"} {
		if err := w.desk.SaveQuery(t.Context(), desk.Query{Name: "Mine", Query: q, By: "test", At: time.Now()}, true); err != nil {
			t.Fatal(err)
		}
		r, failed := state()
		if failed != 0 || r.Problem != "" {
			t.Errorf("of %s: %+v", q, r)
		}
		prints = append(prints, r.Print)
	}
	if prints[0] == prints[1] {
		t.Error("another query does not begin the rule anew")
	}
}
