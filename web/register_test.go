package web

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"klank/index/desk"
	"klank/mention"
)

func TestTheRegisterSaysWhatArticle30AsksAndWhatIsMissing(t *testing.T) {
	d := newTestDesk(t, anna, olga)
	_, ts := newCheapServer(t, Config{Desk: d, AuditFor: 365 * 24 * time.Hour, Alerts: Alerts{FeedKey: func(string) string { return "k" }}, Register: Register{Controller: "Lumo <b>B.V.</b>", Purpose: "weten wat klanten zeggen",
		Authors: "pseudonym", PagesFor: 90 * 24 * time.Hour,
		Sources:    []RegisterSource{{Name: "keukenwinkel", Type: "site", Terms: "toegestaan, 3 maart", For: 30 * 24 * time.Hour, Pages: true}, {Name: "forum", Type: "discourse"}},
		Kinds:      map[mention.Kind]time.Duration{mention.Survey: 365 * 24 * time.Hour},
		Recipients: []Recipient{{Kind: "email", Where: "team@lumo.example"}}}})
	reader, operator := logIn(t, ts, "anna"), logIn(t, ts, "olga")
	_, body := get(t, ts, "/register?lang=en", "Cookie", operator)
	for _, want := range []string{"Lumo &lt;b&gt;B.V.&lt;/b&gt;", "weten wat klanten zeggen", "Missing.</strong> Write it into privacy.register.basis",
		"privacy.register.contact", "keukenwinkel", "toegestaan, 3 maart", "30 days", "No note.", "Without end", "90 days after a newer copy", "365 days.",
		"What they did, for 365 days.", "2 users: ", "anna", "(reader)", "team@lumo.example", "lampentest", "there is a key", "the address of a feed"} {
		if !strings.Contains(body, want) {
			t.Errorf("the register lacks %q", want)
		}
	}
	_, body = get(t, ts, "/register?lang=nl", "Cookie", reader)
	if !strings.Contains(body, "Ontbreekt.") || !strings.Contains(body, "2 gebruikers") || strings.Contains(body, "olga") || strings.Contains(body, "⟦") {
		t.Error("a reader's register in Dutch shows who the others are, or lacks words")
	}
}

func TestTheAuditLogIsForOperatorsAndPages(t *testing.T) {
	d := newTestDesk(t, anna, olga)
	_, ts := newCheapServer(t, Config{Desk: d})
	for i := range auditShown + 5 {
		err := d.Audit(t.Context(), desk.AuditEntry{At: testNow.Add(time.Duration(i/2) * time.Second), Who: "shell:root", Role: desk.Operator, Action: "requeue",
			Object: fmt.Sprintf("object-%03d", i), Detail: "<script>"}, 0)
		if err != nil {
			t.Fatal(err)
		}
	}
	if res, _ := get(t, ts, "/audit", "Cookie", logIn(t, ts, "anna")); res.StatusCode != 403 {
		t.Errorf("a reader sees the audit log: %d", res.StatusCode)
	}
	cookie := logIn(t, ts, "olga")
	seen := map[string]int{}
	path := "/audit?lang=en&action=requeue"
	for pages := 0; path != ""; pages++ {
		if pages > 2 {
			t.Fatal("the pages have no end")
		}
		res, body := get(t, ts, path, "Cookie", cookie)
		if res.StatusCode != 200 || strings.Contains(body, "<script>") || !strings.Contains(body, "put pages back") {
			t.Fatalf("%s: %d", path, res.StatusCode)
		}
		for i := range auditShown + 5 {
			seen[fmt.Sprintf("object-%03d", i)] += strings.Count(body, fmt.Sprintf("object-%03d", i))
		}
		_, next, found := strings.Cut(body, `<a class="button" href="/audit?`)
		path = ""
		if found {
			next, _, _ = strings.Cut(next, `"`)
			path = "/audit?" + strings.ReplaceAll(next, "&amp;", "&")
		}
	}
	for object, n := range seen {
		if n != 1 {
			t.Errorf("%s is shown %d times", object, n)
		}
	}
	for path, want := range map[string]int{"/audit?after=nonsense!": 400, "/audit?who=nobody": 200, "/audit?action=nothing": 200} {
		if res, _ := get(t, ts, path, "Cookie", cookie); res.StatusCode != want {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
}

func TestEveryChangeHasAWordInTheAuditLog(t *testing.T) {
	s, _ := newTestServer(t, Config{Index: newTestIndex(t)})
	for _, rt := range s.routes {
		method, _ := concrete(rt.pattern)
		if rt.role != anyone && (!safe(method) || rt.audit != "") && !slices.Contains(auditActions, rt.audit) {
			t.Errorf("%s is recorded as %q, which is no word of the audit log", rt.pattern, rt.audit)
		}
	}
}
