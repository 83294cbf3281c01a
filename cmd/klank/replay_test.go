package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"klank/crawler/snapshot"
	"klank/mention"
)

// savedShop is a data folder that pages are saved into by hand.
type savedShop struct {
	t      *testing.T
	dir    string
	config string
	now    time.Time
}

// Selectors that read too much, and better ones.
const (
	poorRules   = `{review: .review, id: "@data-id", title: h3, text: p}`
	betterRules = `{review: article.review, id: "@data-id", title: h3, text: p}`
)

func newSavedShop(t *testing.T) *savedShop {
	s := &savedShop{t: t, dir: t.TempDir(), now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	s.rules(poorRules)
	return s
}

// rules configures two sources of the shop, both with the same selectors.
func (s *savedShop) rules(selectors string) {
	s.config = filepath.Join(s.t.TempDir(), "klank.yaml")
	text := "sources:\n"
	for _, name := range []string{"shop", "outlet"} {
		text += fmt.Sprintf("  - {name: %s, urls: [\"https://shop.example/%s\"], selectors: %s}\n", name, name, selectors)
	}
	if err := os.WriteFile(s.config, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// save saves a page of a source, a day after the one before, and returns the
// file and where in it the record begins and ends.
func (s *savedShop) save(source, path, body string) (file string, start, end int64) {
	s.t.Helper()
	s.now = s.now.AddDate(0, 0, 1)
	store, err := snapshot.Open(filepath.Join(s.dir, snapshotDir))
	if err != nil {
		s.t.Fatal(err)
	}
	defer store.Close()
	locator, err := store.Put(s.t.Context(), &mention.Page{URL: "https://shop.example" + path, Status: 200, ContentType: "text/html; charset=utf-8",
		Source: mention.Source{Name: source, Type: "site", Host: "shop.example"}, Fetched: s.now, Body: []byte("<html lang=en><body>" + body + "</body></html>")})
	if err != nil {
		s.t.Fatal(err)
	}
	name, offset, _ := strings.Cut(locator, ":")
	file = filepath.Join(s.dir, snapshotDir, name)
	info, err := os.Stat(file)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := fmt.Sscan(offset, &start); err != nil {
		s.t.Fatal(err)
	}
	return file, start, info.Size()
}

// replay runs the command and returns what it prints.
func (s *savedShop) replay(status int, args ...string) (stdout, stderr string) {
	s.t.Helper()
	return s.run(s.t.Context(), status, append([]string{"replay", "--config", s.config}, args...)...)
}

func (s *savedShop) run(ctx context.Context, status int, args ...string) (stdout, stderr string) {
	s.t.Helper()
	var out, errOut bytes.Buffer
	if got := execute(ctx, append(args, "--data", s.dir), strings.NewReader(""), &out, &errOut); got != status {
		s.t.Errorf("klank %s: exit status %d, want %d\n%s%s", strings.Join(args, " "), got, status, &out, &errOut)
	}
	return out.String(), errOut.String()
}

// holds compares the index with native ids and their texts: "r1=Good r2=Bad".
func (s *savedShop) holds(want string) []mention.Mention {
	s.t.Helper()
	out, _ := s.run(s.t.Context(), exitDone, "export")
	var ms []mention.Mention
	var got []string
	for dec := json.NewDecoder(strings.NewReader(out)); dec.More(); {
		var m mention.Mention
		if err := dec.Decode(&m); err != nil {
			s.t.Fatal(err)
		}
		ms = append(ms, m)
		got = append(got, m.NativeID+"="+m.Text)
	}
	slices.Sort(got)
	if strings.Join(got, " ") != want {
		s.t.Errorf("the index holds %q, want %q", strings.Join(got, " "), want)
	}
	return ms
}

func article(id, text string) string {
	return fmt.Sprintf("<article class=review data-id=%s><h3>Review</h3><p>%s</p></article>", id, text)
}

// sham is a block that only the poor rules take for a review.
func sham(id, text string) string {
	return strings.ReplaceAll(article(id, text), "article", "div")
}

func contains(t *testing.T, text, want string) {
	t.Helper()
	if !strings.Contains(text, want) {
		t.Errorf("%q is missing in:\n%s", want, text)
	}
}

func TestReplayKeepsWhatAnotherPageStillGives(t *testing.T) {
	s := newSavedShop(t)
	s.save("shop", "/1", article("r1", "Good")+article("r2", "Fine"))
	s.save("shop", "/2", sham("r1", "Good")+sham("r3", "Advert")) // r1 is stored as read here
	s.replay(exitDone)
	s.holds("r1=Good r2=Fine r3=Advert")
	s.rules(betterRules)
	out, _ := s.replay(exitDone)
	contains(t, out, "0 new, 1 changed, 1 same, 1 withdrawn")
	for _, m := range s.holds("r1=Good r2=Fine") {
		if m.Page != "https://shop.example/1" {
			t.Errorf("%s is evidenced by %s, which does not give it", m.NativeID, m.Page)
		}
	}
}

func TestReplayOfSomePagesKeepsWhatTheOthersGive(t *testing.T) {
	for name, args := range map[string][]string{
		"since":  {"--since", "2026-03-03"},
		"source": {"--source", "outlet"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSavedShop(t)
			s.save("shop", "/1", article("r1", "Good")+sham("r4", "Banner"))
			s.save("outlet", "/2", sham("r1", "Good")+sham("r3", "Advert"))
			s.replay(exitDone)
			s.rules(betterRules)
			out, _ := s.replay(exitDone, args...)
			contains(t, out, "1 saved page read again, 1 mention: 0 new, 0 changed, 0 same, 1 withdrawn")
			s.holds("r1=Good r4=Banner")
		})
	}
}

func TestReplayReadsTheLatestPageAndThoseThatMentionsRestOn(t *testing.T) {
	s := newSavedShop(t)
	s.save("shop", "/1", article("r1", "Good")+article("r2", "First words")+sham("r3", "Advert"))
	s.replay(exitDone)
	s.save("shop", "/1", article("r2", "Later words")) // the list has moved on
	s.replay(exitDone)
	s.holds("r1=Good r2=Later words r3=Advert")
	s.rules(betterRules)
	out, _ := s.replay(exitDone)
	contains(t, out, "2 saved pages read again, 3 mentions: 0 new, 0 changed, 2 same, 1 withdrawn")
	s.save("shop", "/1", "<form><h1>Please log in</h1></form>") // a wall takes nothing away
	s.replay(exitDone)
	s.holds("r1=Good r2=Later words")
}

func TestReplayWithdrawsNothingThatADamagedPageMayHold(t *testing.T) {
	s := newSavedShop(t)
	s.save("shop", "/1", article("r1", "Good")+sham("r3", "Advert"))
	file, start, end := s.save("shop", "/2", article("r2", "Fine"))
	s.save("shop", "/3", article("r4", "Quiet"))
	s.replay(exitDone)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	damaged := bytes.Clone(whole)
	clear(damaged[(start+end)/2 : (start+end)/2+20])
	if err := os.WriteFile(file, damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	s.rules(betterRules)
	for _, args := range [][]string{{"--diff"}, nil} {
		out, errOut := s.replay(exitPartial, args...)
		contains(t, out, "2 saved pages read again, 2 mentions: 0 new, 0 changed, 2 same, 0 withdrawn")
		contains(t, errOut, "cannot be read: 1;")
		contains(t, errOut, filepath.Base(file))
		contains(t, errOut, "nothing is withdrawn")
		s.holds("r1=Good r2=Fine r3=Advert r4=Quiet")
	}

	// the end of a file that a kill has torn is no damage
	if err := os.WriteFile(file, append(whole, whole[start:(start+end)/2]...), 0o600); err != nil {
		t.Fatal(err)
	}
	out, _ := s.replay(exitDone)
	contains(t, out, "3 same, 1 withdrawn")
	contains(t, out, "torn ends of files, as a kill leaves them (no page was lost by it): 1")
	s.holds("r1=Good r2=Fine r4=Quiet")
}

func TestReplayWithholdsPagesThatAskForIt(t *testing.T) {
	s := newSavedShop(t)
	s.save("shop", "/1", article("r1", "Good"))
	s.save("shop", "/2", `<meta name=robots content=noindex>`+article("r2", "Private"))
	s.save("shop", "/3", `<meta name=tdm-reservation content=1>`+article("r3", "Reserved"))
	out, _ := s.replay(exitDone)
	contains(t, out, "3 saved pages read again, 1 mention: 1 new")
	s.holds("r1=Good")
}

func TestReplayDiffIsSafeOnATerminal(t *testing.T) {
	s := newSavedShop(t)
	s.save("shop", "/1", article("r1", "Good \x1b]0;owned\a \u202egnp.exe"))
	out, _ := s.replay(exitDone, "--diff")
	contains(t, out, "+ text: Good ")
	if strings.ContainsAny(out, "\x1b\a\u202e") {
		t.Errorf("control characters get through:\n%q", out)
	}
	s.holds("")
}

func TestReplayDiffShowsWhereALongTextDiffers(t *testing.T) {
	s := newSavedShop(t)
	text := strings.Repeat("Een lange tekst met één verschil. ", 40)
	s.save("shop", "/1", article("r1", text+"Einde A."))
	s.replay(exitDone)
	s.save("shop", "/1", article("r1", text+"Einde B."))
	out, _ := s.replay(exitDone, "--diff")
	contains(t, out, "verschil. Einde A.")
	contains(t, out, "verschil. Einde B.")
	for line := range strings.Lines(out) {
		if len([]rune(line)) > 200 {
			t.Errorf("a line of %d characters: %s", len(line), line)
		}
	}
}

func TestStoppedReplayChangesNothing(t *testing.T) {
	s := newSavedShop(t)
	s.save("shop", "/1", article("r1", "Good"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, errOut := s.run(ctx, exitFailed, "replay", "--config", s.config)
	contains(t, errOut, "nothing is lost")
	s.holds("")
	s.replay(exitDone)
	s.holds("r1=Good")
}

// TestReplayOfAWholeMarketChangesNothing holds that what a crawl has stored is
// what its saved pages give.
func TestReplayOfAWholeMarketChangesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped with -short: waits for a crawl")
	}
	m := startMarket(t)
	config := marketConfig(t, m)
	data := filepath.Join(t.TempDir(), "data")
	if out, err := klankCommand(t, data, crawlArgs(config)...).CombinedOutput(); err != nil {
		t.Fatalf("crawl: %v\n%s", err, out)
	}
	out, err := klankCommand(t, data, "replay", "--diff", "--json", "--config", config).Output()
	if err != nil || len(out) > 0 {
		t.Errorf("differences (%v):\n%.3000s", err, out)
	}
}
