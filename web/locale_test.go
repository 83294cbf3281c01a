package web

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"klank/index"
	"klank/index/desk"
	"klank/index/query"
	"klank/index/research"
	"klank/mention"
)

func testLocales(t *testing.T) map[string]*locale {
	t.Helper()
	all, err := loadLocales()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

var placeholder = regexp.MustCompile(`\{[a-z]+\}`)

func TestLanguagesHaveTheSameKeysAndPlaceholders(t *testing.T) {
	all := testLocales(t)
	en := all["en"].text
	for code, l := range all {
		for key, text := range en {
			other, ok := l.text[key]
			if !ok {
				t.Errorf("%s lacks %s", code, key)
				continue
			}
			if strings.TrimSpace(other) == "" {
				t.Errorf("%s: %s is empty", code, key)
			}
			want, got := placeholder.FindAllString(text, -1), placeholder.FindAllString(other, -1)
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(want, got) {
				t.Errorf("%s: %s has %q, in English %q", code, key, got, want)
			}
		}
		for key := range l.text {
			if _, ok := en[key]; !ok {
				t.Errorf("%s has %s, English lacks it", code, key)
			}
		}
	}
}

// lists are the closed lists whose words the interface looks up by value.
func lists() map[string][]string {
	var kinds, fields []string
	for _, k := range mention.Kinds {
		kinds = append(kinds, string(k))
	}
	for _, f := range query.Fields {
		fields = append(fields, f.Name)
	}
	return map[string][]string{
		"role": desk.Roles, "audit.action": auditActions, "recipient": recipientKinds,
		"register.authors": {"pseudonym", "name", "drop"}, "register.fact": {"controller", "contact", "purpose", "basis"},
		"moment": mention.Moments, "touchpoint": mention.Journey, "care": mention.CareLenses, "signal": mention.Signals,
		"sentiment": {mention.Negative, mention.Neutral, mention.Positive}, "kind": kinds, "field": fields,
		"sort": index.Sorts, "facet": append(slices.Clone(facetFields), "item", "care"), "period": periods,
		"run":          {"running", "done", "failed", "suspect", "interrupted"},
		"crawl.health": healths, "crawl.means": healths, "crawl.done": done,
		"setup.step": setupSteps, "setup.rhythm": Rhythms, "setup.kind": {"page", "reviews", "site", "feed", "sitemap", "platform"},
		"setup.may": {"yes", "no", "key", "never", "unknown"}, "try.link": {"next", "item", "feed", "page"},
		"queue.state": queueStates, "export": {"csv", "ndjson", "html"},
		"flag": {"rating_mismatch", "duplicate", "suspect", "corrected"}, "language": {"nl", "en", "de", "fr", "es", "it", "pt", "pl", "tr", "und"},
	}
}

func TestEveryLabelHasWordsAndEveryTextIsUsed(t *testing.T) {
	used := map[string]bool{}
	for list, values := range lists() {
		for _, v := range values {
			used[list+"."+v] = true
		}
	}
	for _, m := range mention.Moments {
		used["moment."+m+".short"], used["moment."+m+".full"], used["moment."+m+".help"] = true, true, true
	}
	for _, s := range mention.Signals {
		used["signal."+s+".help"] = true
	}
	for _, c := range []string{"400", "403", "404", "405", "410", "429", "500", "501", "503"} {
		used["error."+c+".title"], used["error."+c+".help"] = true, true
	}
	for _, name := range research.Names() {
		used["report."+name], used["report."+name+".help"] = true, true
	}
	for _, name := range reportTerms {
		used["report.term."+name], used["report.term."+name+".help"] = true, true
	}
	for _, f := range formats {
		used["report.file."+f.ext] = true
	}
	for _, p := range []string{"verified", "invited"} {
		used[p+".true"], used[p+".false"] = true, true
	}
	call := regexp.MustCompile(`(?:\bt|\bcount|\.t|\.count|render\(w, r, [^)]*?|showLogin\(w, r, [^)]*?)[ (]"([a-z][a-z0-9_.]*)"`)
	quoted := regexp.MustCompile(`"([a-z_]+(?:\.[a-z0-9_]+)*)"`)
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	templates, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	texts := testLocales(t)["en"].text
	for _, name := range append(sources, templates...) {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range quoted.FindAllStringSubmatch(string(data), -1) {
			used[m[1]], used[m[1]+".one"], used[m[1]+".other"] = true, true, true
		}
		if !strings.HasSuffix(name, ".html") {
			continue
		}
		for _, m := range call.FindAllStringSubmatch(string(data), -1) {
			if _, ok := texts[m[1]]; !ok {
				if _, ok := texts[m[1]+".other"]; !ok {
					t.Errorf("%s asks for the text %s, which there is not", name, m[1])
				}
			}
		}
	}
	for key := range texts {
		if !used[key] {
			t.Errorf("the text %s is not used", key)
		}
	}
	for key := range maps.Keys(used) {
		list, value, _ := strings.Cut(key, ".")
		if slices.Contains(lists()[list], value) {
			if _, ok := texts[key]; !ok {
				t.Errorf("no words for %s", key)
			}
		}
	}
}

func TestTheLanguageIsAskedForRememberedOrGuessed(t *testing.T) {
	_, ts := newTestServer(t, Config{Index: newTestIndex(t)})
	for _, c := range []struct {
		path, accept, cookie, want string
	}{
		{"/", "", "", "en"},
		{"/", "nl-BE,nl;q=0.9,en;q=0.8", "", "nl"},
		{"/", "fr,nl;q=0.5,en;q=0.3", "", "nl"},
		{"/", "fr", "", "en"},
		{"/", "not a language;;;", "", "en"},
		{"/", "en", "nl", "nl"},
		{"/", "nl", "xx", "nl"},
		{"/?lang=en", "nl", "nl", "en"},
		{"/?lang=xx", "nl", "", "nl"},
	} {
		headers := []string{"Accept-Language", c.accept}
		if c.cookie != "" {
			headers = append(headers, "Cookie", languageCookie+"="+c.cookie)
		}
		res, _ := get(t, ts, c.path, headers...)
		if got := res.Header.Get("Content-Language"); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
	if res, _ := get(t, ts, "/?lang=nl"); !strings.Contains(res.Header.Get("Set-Cookie"), languageCookie+"=nl") {
		t.Error("the choice is not remembered")
	}
}

func TestNumbersAndDatesAreWrittenAsPeopleDo(t *testing.T) {
	all := testLocales(t)
	en, nl := all["en"], all["nl"]
	when := time.Date(2026, 3, 7, 9, 5, 0, 0, time.UTC)
	for _, c := range [][2]string{
		{en.number(1234567), "1,234,567"}, {nl.number(1234567), "1.234.567"}, {en.number(999), "999"}, {en.number(-1234), "−1,234"},
		{nl.decimal(4.25, 1, true), "4,2"}, {en.decimal(4, 2, false), "4"}, {nl.decimal(8.5, 2, false), "8,5"}, {en.decimal(-.5, 2, true), "−0.50"},
		{en.decimal(-.001, 1, false), "0"},
		{en.percent(1, 3), "33%"}, {en.percent(1, 1000), "<1%"}, {en.percent(999, 1000), "99%"}, {en.percent(5, 5), "100%"}, {en.percent(0, 0), "–"},
		{en.date(when, mention.Second), "7 Mar 2026"}, {nl.date(when, mention.Day), "7 mrt 2026"}, {nl.date(when, mention.Month), "mrt 2026"},
		{nl.date(when, mention.Year), "2026"}, {en.date(time.Time{}, ""), "unknown"}, {en.clock(when), "7 Mar 2026, 09:05 UTC"},
		{en.bytes(999), "999 B"}, {nl.bytes(1_480_221), "1,5 MB"},
		{en.count("search.found", 1), "One mention"}, {nl.count("search.found", 1200), "1.200 vermeldingen"},
	} {
		if c[0] != c[1] {
			t.Errorf("%q, want %q", c[0], c[1])
		}
	}
}
