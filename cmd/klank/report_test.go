package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"klank/index"
	"klank/index/research"
	"klank/index/sqlite"
	"klank/mention"
)

// hostile is what a publisher may write to reach a reader's browser, terminal
// or spreadsheet.
const hostile = "</title></svg><script>alert(1)</script><img src=x onerror=alert(1)>\"' =HYPERLINK(\"http://evil.example\") \x1b[31m\u202e"

// hostileFolder is a data folder whose mentions are full of hostile words.
func hostileFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	ix, err := sqlite.Open(filepath.Join(dir, indexFile))
	if err != nil {
		t.Fatal(err)
	}
	defer ix.Close()
	var ms []mention.Mention
	for i := range 80 {
		words := fmt.Sprintf("=1+1 %s number %d", hostile, i)
		touchpoints := []string{"delivery", "service_contact"}
		score := float64(i%3) - 1
		ms = append(ms, mention.Mention{ID: fmt.Sprintf("m%02d", i), Kind: mention.Review, Source: mention.Source{Name: "=cmd " + hostile, Type: "site", Host: "shop.example"},
			URL: "javascript:alert(1)", Title: "+" + hostile + " does it scratch?", Text: words, Language: "en", Brands: []string{[]string{"@Acme" + hostile, "Bolt"}[i%2]},
			Item: &mention.ItemRef{Name: "-" + hostile}, Author: &mention.Author{Key: fmt.Sprintf("=k%d", i%75)}, Rating: &mention.Rating{Value: 3, Best: 5, Score: 0.5},
			Published: time.Now().UTC().AddDate(0, -i%8, -i), Collected: time.Now(), Evidence: mention.Evidence{List: "https://shop.example/list", Rank: i%10 + 1, Fetched: time.Now()},
			Analysis: &mention.Analysis{Sentiment: mention.Sentiment{Score: score, Label: index.SentenceLabel(score)}, Touchpoints: touchpoints, Moments: mention.MomentsOf(touchpoints),
				Care: []string{"service"}, Signals: []string{mention.Signals[i/3%len(mention.Signals)]}, Aspects: []mention.Aspect{{Term: "=" + hostile, Score: score}},
				Sentences: []mention.Sentence{{Span: mention.Span{In: "text", End: len(words)}, Score: score, Touchpoints: touchpoints, Moments: mention.MomentsOf(touchpoints), Care: []string{"service"}}}}})
	}
	for i := range ms {
		if i%4 == 0 {
			ms[i].Kind = mention.Question
		}
	}
	if _, err := ix.Put(t.Context(), ms); err != nil {
		t.Fatal(err)
	}
	declared := 200
	if err := ix.PutRun(t.Context(), mention.Run{ID: "r1", Source: "=cmd " + hostile, Started: time.Now(), Ended: time.Now(), Status: "done"},
		[]mention.Coverage{{Item: "=" + hostile, Declared: &declared, Collected: 80, Reason: hostile}}); err != nil {
		t.Fatal(err)
	}
	return dir
}

func report(t *testing.T, dir string, args ...string) string {
	t.Helper()
	var out, errOut bytes.Buffer
	if status := execute(t.Context(), append([]string{"report", "--data", dir}, args...), nil, &out, &errOut); status != exitDone {
		t.Fatalf("report %v: status %d: %s", args, status, errOut.String())
	}
	return out.String()
}

func TestReportsNeverRunWhatPublishersWrite(t *testing.T) {
	dir := hostileFolder(t)
	for _, name := range research.Names() {
		if text := report(t, dir, name); strings.ContainsAny(text, "\x1b\u202e") {
			t.Errorf("%s: control characters reach the terminal", name)
		}
		if !json.Valid([]byte(report(t, dir, name, "--json"))) {
			t.Errorf("%s: no JSON", name)
		}
		lines, err := csv.NewReader(strings.NewReader(report(t, dir, name, "--csv"))).ReadAll()
		if err != nil || len(lines) < 2 {
			t.Fatalf("%s: CSV of %d lines, %v", name, len(lines), err)
		}
		for _, line := range lines {
			for i, cell := range line {
				if cell != "" && strings.ContainsRune("=+@\t\r", rune(cell[0])) || strings.HasPrefix(cell, "-") && !numeric.MatchString(cell) {
					t.Errorf("%s: a formula in column %s: %q", name, lines[0][i], cell)
				}
			}
		}
		page := filepath.Join(t.TempDir(), "report.html")
		if out := report(t, dir, name, "--html", page); out != "" {
			t.Errorf("%s --html wrote %q to standard output", name, out)
		}
		b, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		checkPage(t, name, string(b))
	}
}

var numeric = regexp.MustCompile(`^-?[0-9.]+$`)

// checkPage holds a page to its own elements: nothing that runs, loads or leads
// to anything but evidence and pages of the web.
func checkPage(t *testing.T, name, page string) {
	t.Helper()
	z := html.NewTokenizer(strings.NewReader(page))
	ids, svg := map[string]bool{}, 0
	var links []string
	for {
		switch z.Next() {
		case html.ErrorToken:
			for _, l := range links {
				if !ids[strings.TrimPrefix(l, "#")] {
					t.Errorf("%s: a link leads to %s, which is not there", name, l)
				}
			}
			if svg == 0 && name != "questions" {
				t.Errorf("%s: no chart", name)
			}
			return
		case html.StartTagToken, html.SelfClosingTagToken:
			tok := z.Token()
			switch tok.Data {
			case "script", "img", "iframe", "object", "link", "form", "use", "image":
				t.Errorf("%s: <%s>", name, tok.Data)
			case "svg":
				svg++
			}
			for _, a := range tok.Attr {
				switch {
				case strings.HasPrefix(a.Key, "on"), a.Key == "src", a.Key == "style":
					t.Errorf("%s: attribute %s on <%s>", name, a.Key, tok.Data)
				case a.Key == "id":
					ids[a.Val] = true
				case a.Key == "href" && strings.HasPrefix(a.Val, "#"):
					links = append(links, a.Val)
				case a.Key == "href" && !strings.HasPrefix(a.Val, "https://") && !strings.HasPrefix(a.Val, "http://"):
					t.Errorf("%s: a link to %s", name, a.Val)
				}
			}
		}
	}
}

func TestAReportIsSaidInTheLanguageThatIsAskedFor(t *testing.T) {
	dir := hostileFolder(t)
	page := filepath.Join(t.TempDir(), "report.html")
	report(t, dir, "moments", "--lang", "nl", "--html", page)
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	checkPage(t, "moments", string(b))
	text := report(t, dir, "moments", "--lang", "nl")
	for _, words := range []string{"Momenten van de waarheid", "bezorging", "Bewijs"} {
		if !strings.Contains(string(b), words) {
			t.Errorf("the page lacks %q", words)
		}
	}
	if !strings.Contains(text, "MOMENTEN VAN DE WAARHEID") || !strings.Contains(text, "de vermeldingen: klank search") || strings.Contains(text, "note:") || strings.ContainsAny(text, "\x1b\u202e") {
		t.Errorf("the text: %s", text)
	}
	if plain := report(t, dir, "moments"); !strings.Contains(plain, "service_contact") {
		t.Error("without --lang labels are not as queries have them")
	}
}

func TestReportsThatDoNotExistAreRefusedWithTheNamesOfThoseThatDo(t *testing.T) {
	dir := hostileFolder(t)
	for _, args := range [][]string{{"nonsense"}, {"overview", "--from", "yesterday"}, {"overview", "--json", "--csv"}, {"overview", "--lang", "fr"}, {}, {"overview", "--from", "2026-02-01", "--to", "2026-01-01"}} {
		var out, errOut bytes.Buffer
		if status := execute(t.Context(), append([]string{"report", "--data", dir}, args...), nil, &out, &errOut); status != exitUsage {
			t.Errorf("report %v: status %d: %s", args, status, errOut.String())
		}
	}
	var out, errOut bytes.Buffer
	execute(t.Context(), []string{"report", "nonsense", "--data", dir}, nil, &out, &errOut)
	for _, name := range research.Names() {
		if !strings.Contains(errOut.String(), name) {
			t.Errorf("%q does not name %s", errOut.String(), name)
		}
	}
}
