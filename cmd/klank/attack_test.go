package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"golang.org/x/net/html"

	"klank/index/research"
	"klank/web/browsertest"
)

// hostileWords are what attackers write, each of which would show: an element
// or attribute that no page of ours has, a change of window.pwned, a formula, a
// terminal that changes colour, a header of its own.
var hostileWords = []string{
	`<script>window.pwned=1</script><x-pwned>`,
	`"><img src=x onerror="window.pwned=1"><x-pwned onclick=window.pwned=1>`,
	`'-window.pwned=1-' onmouseover='window.pwned=1`,
	`</textarea></title></style></script><svg onload=window.pwned=1><x-pwned>`,
	"javascript:window.pwned=1",
	`=HYPERLINK("http://evil.example","x")`,
	"@SUM(1+1)*cmd|' /C calc'!A0",
	"+1+cmd|' /C calc'!A0",
	"-2+3+cmd|' /C calc'!A0",
	"\tx=1", "\r=1+1",
	"red \x1b[31m and \x1b]0;title\x07 and \x9b31m",
	"\u202egnihton\u202c \u2066x\u2069 \u200e",
	"Subject: x\r\nBcc: evil@evil.example\r\n\r\nbody",
	"]]><x-pwned/><![CDATA[",
	"{{.}} ${7*7} %s%n %[1]d",
	"NUL \x00 BEL \x07 BS \x08\x08\x08 DEL \x7f",
	`" OR 1=1 -- '); DROP TABLE docs; rating:<3`,
}

// hostileMention has the words in every field that may hold some.
func hostileMention(n int) map[string]any {
	w := func(k int) string { return hostileWords[(n+k)%len(hostileWords)] }
	text := w(0) + " Levering duurde weken, waardeloos, wanneer hoor ik iets? " + w(1) + " I cancelled, never again. " + w(2)
	if n == 3 {
		text += " " + strings.Repeat("a<x-pwned>", 100_000)
	}
	return map[string]any{
		"native_id": fmt.Sprint(n, w(3)), "kind": []string{"review", "question", "comment", "post"}[n%4],
		"source":  map[string]any{"name": "shop" + w(4), "host": "shop.example"},
		"url":     []string{"javascript:window.pwned=1", "data:text/html,<script>window.pwned=1</script>", "https://shop.example/?x=\"><x-pwned>"}[n%3],
		"title":   w(5),
		"text":    text,
		"author":  map[string]any{"name": w(6), "url": "javascript:window.pwned=1"},
		"item":    map[string]any{"name": "Lumo " + w(7+n%3), "brand": "Lumo" + w(8), "url": "javascript:window.pwned=1"},
		"rating":  map[string]any{"value": 1 + n%5, "best": 5},
		"ratings": []any{map[string]any{"name": w(9), "value": 2, "best": 5}},
		"reply":   map[string]any{"author": w(10), "text": w(11)}, "language": "nl",
		"published": time.Now().AddDate(0, 0, -n).UTC().Format(time.RFC3339),
	}
}

// besieged is a data folder full of it, and the configuration of a house that
// sends alerts of everything.
func besieged(t *testing.T) *alertHouse {
	t.Helper()
	h := newAlertHouse(t)
	b, err := os.ReadFile(h.config)
	if err != nil {
		t.Fatal(err)
	}
	b = append(b, "brands: [{name: Lumo}, {name: Ovia, rival: true}]\nqueries: [{name: all, query: \"*\"}]\n"...)
	if err := os.WriteFile(h.config, b, 0o600); err != nil {
		t.Fatal(err)
	}
	var lines bytes.Buffer
	for n := range 3 * len(hostileWords) {
		line, err := json.Marshal(hostileMention(n))
		if err != nil {
			t.Fatal(err)
		}
		lines.Write(append(line, '\n'))
	}
	file := filepath.Join(t.TempDir(), "hostile.ndjson")
	if err := os.WriteFile(file, lines.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	h.run("import", file)
	ld, err := json.Marshal(map[string]any{"@type": "Product", "name": hostileWords[0], "review": []any{
		map[string]any{"@type": "Review", "author": hostileWords[1], "name": hostileWords[3], "reviewBody": "Lumo is slecht. " + strings.Join(hostileWords[:4], " "), "url": "javascript:window.pwned=1"}}})
	if err != nil {
		t.Fatal(err)
	}
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/robots.txt" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<html lang="nl"><title>%s</title><script>window.pwned=1</script><script type="application/ld+json">%s</script><x-pwned onclick="1"><a href="/x?y=<x-pwned>">next</a></html>`, hostileWords[3], ld)
	}))
	t.Cleanup(site.Close)
	h.run("crawl", "--allow-private", "--rate", "0", site.URL+"/p/1")
	return h
}

// controls are signs that change a terminal, or the direction of a text.
var controls = regexp.MustCompile("[\x00-\x08\x0b-\x1f\x7f\u0080-\u009f\u202a-\u202e\u2066-\u2069]")

func checkTerminal(t *testing.T, where, out string) {
	t.Helper()
	if at := controls.FindStringIndex(out); at != nil {
		t.Errorf("%s writes %q to a terminal", where, out[max(0, at[0]-40):min(len(out), at[1]+20)])
	}
}

// formula is what a spreadsheet computes: numbers with a sign are none.
var formula = regexp.MustCompile(`^[\s]*[=+@-]`)
var plainNumber = regexp.MustCompile(`^-?[0-9.]+$`)

func checkCSV(t *testing.T, where, out string) {
	t.Helper()
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(out, "\ufeff")))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Errorf("%s is no CSV: %v", where, err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if formula.MatchString(cell) && !plainNumber.MatchString(cell) {
				t.Errorf("%s has the formula %.60q", where, cell)
				return
			}
		}
	}
}

// checkHTML fails for what hostile words would add, and returns the links.
func checkHTML(t *testing.T, where, page string) (links []string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Errorf("%s: %v", where, err)
		return nil
	}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if n.Data == "x-pwned" || n.Data == "script" && n.FirstChild != nil && strings.Contains(n.FirstChild.Data, "window.pwned=1</") {
			t.Errorf("%s has the element %s", where, n.Data)
			return nil
		}
		for _, a := range n.Attr {
			v := strings.ToLower(strings.TrimSpace(a.Val))
			switch {
			case strings.HasPrefix(a.Key, "on"):
				t.Errorf("%s: %s has the attribute %s", where, n.Data, a.Key)
			case slices.Contains([]string{"href", "src", "action", "formaction", "data"}, a.Key) && (strings.HasPrefix(v, "javascript:") || strings.HasPrefix(v, "data:text")):
				t.Errorf("%s: %s leads to %.60s", where, n.Data, v)
			case a.Key == "href" && n.Data == "a":
				links = append(links, a.Val)
			}
		}
	}
	return links
}

func TestHostileMentionsHarmNoTerminalNoSheetAndNoMail(t *testing.T) {
	h := besieged(t)
	say := func(args ...string) string {
		t.Helper()
		var out bytes.Buffer
		if got := execute(t.Context(), append(args, "--data", h.data, "--config", h.config), strings.NewReader(""), &out, &out); got != exitDone {
			t.Errorf("klank %s: exit status %d\n%.2000s", strings.Join(args, " "), got, &out)
		}
		return out.String()
	}
	for _, args := range [][]string{{"search", "*", "--limit", "100"}, {"status"}, {"alerts"}, {"audit"}, {"replay", "--diff"},
		{"search", "slecht", "--sort", "relevance"}, {"digest"}, {"alerts", "run", "--dry-run"}, {"prune", "--dry-run"}} {
		checkTerminal(t, strings.Join(args, " "), say(args...))
	}
	file := filepath.Join(t.TempDir(), "out.html")
	for _, name := range research.Names() {
		checkTerminal(t, "report "+name, say("report", name))
		checkCSV(t, "report --csv "+name, say("report", name, "--csv"))
		say("report", name, "--html", file)
		page, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		checkHTML(t, "report --html "+name, string(page))
	}
	say("digest", "--out", file)
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	checkHTML(t, "digest --out", string(page))
	checkCSV(t, "search --csv", say("search", "*", "--csv", "--limit", "100"))
	checkCSV(t, "export", say("export", "--csv"))
	say("alerts", "run")
	say("digest", "--send")
	mails := h.mail.Mails()
	if len(mails) < 2 {
		t.Fatalf("%d mails were sent: the test would prove nothing", len(mails))
	}
	for _, m := range mails {
		checkMail(t, m.Raw)
	}
}

// checkMail takes a mail apart as a mail program does.
func checkMail(t *testing.T, raw string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Errorf("a mail cannot be read: %v", err)
		return
	}
	if len(m.Header["Bcc"]) > 0 || len(m.Header["Subject"]) != 1 {
		t.Errorf("the mail has the headers %v", m.Header)
	}
	kind, params, _ := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if !strings.HasPrefix(kind, "multipart/") {
		t.Fatalf("a mail is %s", kind)
	}
	for parts := multipart.NewReader(m.Body, params["boundary"]); ; {
		part, err := parts.NextPart() // quoted-printable is undone
		if err != nil {
			return
		}
		body, err := io.ReadAll(part)
		if err != nil {
			t.Error(err)
		}
		if strings.HasPrefix(part.Header.Get("Content-Type"), "text/html") {
			checkHTML(t, "a mail", string(body))
		} else {
			checkTerminal(t, "a mail's text", strings.ReplaceAll(string(body), "\r\n", "\n"))
		}
	}
}

// serving starts klank serve over a data folder, and returns its address.
func serving(t *testing.T, h *alertHouse) string {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	log := &serviceLog{}
	ended := make(chan int, 1)
	go func() {
		ended <- execute(ctx, []string{"serve", "--addr", "127.0.0.1:0", "--config", h.config, "--data", h.data}, strings.NewReader(""), io.Discard, log)
	}()
	t.Cleanup(func() {
		stop()
		if code := <-ended; code != exitDone {
			t.Errorf("klank serve ended with %d:\n%s", code, log)
		}
	})
	return log.address(t)
}

// visited are the pages that links lead to from the front page, as far as they
// are of different kinds: of each path a few, with the links of the menu.
func visited(t *testing.T, base string) []string {
	t.Helper()
	const most = 6
	queue, seen, kinds := []string{"/", "/queue", "/register", "/audit", "/alerts", "/status", "/try", "/dead", "/search?q=*", "/search?q=slecht", "/report"}, map[string]bool{}, map[string]int{}
	var out []string
	for len(queue) > 0 {
		path := queue[0]
		queue = queue[1:]
		kind := regexp.MustCompile(`^/[a-z]*(/[a-z]+)?`).FindString(path)
		if strings.HasPrefix(path, "/mention/") {
			kind = "/mention"
		}
		if seen[path] || kinds[kind] >= most {
			continue
		}
		seen[path] = true
		kinds[kind]++
		res, err := http.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode >= 500 {
			t.Errorf("%s: %s, %v", path, res.Status, err)
		}
		switch kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type")); kind {
		case "text/html":
			if res.Header.Get("Content-Disposition") == "" { // else it is saved
				out = append(out, path)
			}
			for _, link := range checkHTML(t, path, string(body)) {
				if u, err := url.Parse(link); err == nil && u.Host == "" && strings.HasPrefix(u.Path, "/") {
					queue = append(queue, u.RequestURI())
				}
			}
		case "text/csv":
			checkCSV(t, path, string(body))
		case "application/atom+xml":
			checkFeed(t, path, body)
		}
	}
	return out
}

func checkFeed(t *testing.T, path string, body []byte) {
	t.Helper()
	var feed struct {
		Entries []struct {
			Content struct {
				Type string `xml:"type,attr"`
				Text string `xml:",chardata"`
			} `xml:"content"`
			Links []struct {
				Href string `xml:"href,attr"`
			} `xml:"link"`
		} `xml:"entry"`
	}
	if err := xml.Unmarshal(body, &feed); err != nil || len(feed.Entries) == 0 {
		t.Errorf("%s has %d entries, %v", path, len(feed.Entries), err)
	}
	for _, e := range feed.Entries {
		if e.Content.Type != "text" { // shown as it is
			checkHTML(t, path, e.Content.Text)
		}
		for _, l := range e.Links {
			if !strings.HasPrefix(l.Href, "http") && !strings.HasPrefix(l.Href, "/") {
				t.Errorf("%s leads to %.60s", path, l.Href)
			}
		}
	}
}

func TestHostileMentionsExecuteNothingInABrowser(t *testing.T) {
	tab := browsertest.Open(t)
	h := besieged(t)
	base := serving(t, h)
	pages := visited(t, base)
	if len(pages) < 25 {
		t.Errorf("only %d pages were found: %q", len(pages), pages)
	}
	for _, path := range pages {
		ctx, cancel := context.WithTimeout(tab, time.Minute)
		err := chromedp.Do(ctx, chromedp.Navigate(base+path), chromedp.WaitReady("main"))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		pwned, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`"pwned" in window || document.querySelector("x-pwned") !== null`))
		if cancel(); err != nil || pwned {
			t.Errorf("%s executes what a mention says, or %v", path, err)
		}
	}
}
