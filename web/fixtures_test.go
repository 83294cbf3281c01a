package web

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"klank/index"
	"klank/index/sqlite"
	"klank/mention"
)

// testNow is the clock of the tests.
var testNow = time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)

// said is a sentence that mentions are made of, with its labels.
type said struct {
	nl, en      string
	score       float64
	touchpoints []string
	care        []string
	signal      string
}

var things = []said{
	{"De lamp was binnen een dag in huis, netjes verpakt.", "The lamp arrived within a day, neatly packed.", .8, []string{"delivery"}, []string{"service"}, ""},
	{"De bezorging liet drie weken op zich wachten.", "Delivery kept us waiting for three weeks.", -.7, []string{"delivery"}, []string{"service"}, ""},
	{"Het licht is warm en precies fel genoeg om bij te lezen.", "The light is warm and just bright enough to read by.", .7, []string{"use"}, nil, ""},
	{"Na twee maanden flikkert hij al.", "After two months it already flickers.", -.6, []string{"use"}, nil, ""},
	{"Aan de telefoon namen ze echt de tijd voor me.", "On the phone they really took their time for me.", .9, []string{"service_contact"}, []string{"care", "service"}, ""},
	{"Op mijn mails krijg ik geen antwoord, wanneer hoor ik iets?", "My e-mails go unanswered, when will I hear from you?", -.8, []string{"service_contact"}, []string{"care"}, "needs_response"},
	{"Ik had eerst een paar tests gelezen en vergeleken.", "I had read and compared a few tests first.", 0, []string{"reviews_read", "research"}, nil, ""},
	{"In de winkel mocht ik alles rustig uitproberen.", "In the shop I could try everything at ease.", .6, []string{"store", "demo"}, []string{"service"}, ""},
	{"Voor deze prijs vind je niets beters.", "You will not find better for this price.", .5, []string{"price"}, nil, ""},
	{"Afrekenen ging pas na vier pogingen goed.", "Paying worked only at the fourth attempt.", -.5, []string{"checkout"}, nil, ""},
	{"Terugsturen was gratis en het geld stond er na twee dagen op.", "Sending it back was free and the money came after two days.", .7, []string{"returns"}, []string{"service"}, ""},
	{"De handleiding legt het installeren stap voor stap uit.", "The manual explains the set-up step by step.", .4, []string{"onboarding"}, []string{"support"}, ""},
	{"Ik raad hem iedereen aan.", "I recommend it to everyone.", .9, []string{"recommendation"}, []string{"experience"}, "advocate"},
	{"Koop hier niet, zoek een andere winkel.", "Do not buy here, look for another shop.", -.9, []string{"recommendation"}, []string{"experience"}, "detractor"},
	{"Mijn abonnement heb ik per direct opgezegd.", "I have cancelled my subscription at once.", -.6, []string{"billing"}, nil, "churn_risk"},
	{"Dit is al de derde die ik bij ze koop.", "This is the third one I have bought from them.", .6, nil, []string{"experience"}, "loyal"},
	{"De advertentie beloofde meer dan hij waarmaakt.", "The advert promised more than it keeps.", -.4, []string{"advert"}, nil, ""},
	{"Past er een gewone dimmer bij deze lamp?", "Does an ordinary dimmer fit this lamp?", 0, []string{"information"}, nil, "question"},
	{"Mijn oude lamp was stuk en ik zocht iets zuinigs.", "My old lamp broke and I wanted something economical.", 0, []string{"need"}, nil, ""},
}

var testBrands = []string{"Lumara", "Noorderlicht", "Vuurtoren & Zn."}

// testMentions makes n mentions of three invented lamp makers, in Dutch and
// English, always the same ones.
func testMentions(n int) []mention.Mention {
	r := rand.New(rand.NewPCG(8, 17))
	var out []mention.Mention
	for i := range n {
		nl := i%5 != 0 && i%3 != 1
		m := mention.Mention{NativeID: fmt.Sprint("m", i), Kind: mention.Review, Language: "en",
			Source:    mention.Source{Name: "lampentest", Type: "site", Host: "lampentest.example"},
			Collected: testNow.Add(-time.Hour), PublishedPrecision: mention.Day}
		brand := testBrands[(i+i/5)%len(testBrands)]
		m.Brands = []string{brand}
		m.Item = &mention.ItemRef{Name: brand + " leeslamp", Brand: brand, URL: "https://lampentest.example/p/" + fmt.Sprint(i%7)}
		m.Author = &mention.Author{Key: mention.AuthorKey([]byte("test"), "lampentest.example", fmt.Sprint("author ", i%41))}
		m.Published = testNow.AddDate(0, -(i*i+i/3)%19, -i%27)
		switch i % 6 {
		case 3:
			m.Kind, m.Source = mention.Post, mention.Source{Name: "licht.social", Type: "mastodon", Host: "licht.social"}
		case 5:
			m.Source = mention.Source{Name: "kijk en vergelijk", Type: "site", Host: "vergelijk.example"}
		}
		if nl {
			m.Language = "nl"
		}
		count := 2 + r.IntN(3)
		var scores float64
		a := &mention.Analysis{Language: m.Language, Version: "test/1"}
		picked := map[int]bool{}
		for len(picked) < count {
			k := r.IntN(len(things))
			if picked[k] {
				continue
			}
			picked[k] = true
			text := things[k].en
			if nl {
				text = things[k].nl
			}
			if m.Text != "" {
				m.Text += " "
			}
			a.Sentences = append(a.Sentences, mention.Sentence{Span: mention.Span{In: "text", Start: len(m.Text), End: len(m.Text) + len(text)},
				Score: things[k].score, Touchpoints: things[k].touchpoints, Moments: mention.MomentsOf(things[k].touchpoints), Care: things[k].care})
			m.Text += text
			scores += things[k].score
			a.Touchpoints = union(a.Touchpoints, things[k].touchpoints)
			a.Care = union(a.Care, things[k].care)
			if things[k].signal != "" {
				a.Signals = union(a.Signals, []string{things[k].signal})
			}
		}
		a.Moments = mention.MomentsOf(a.Touchpoints)
		a.Sentiment.Score = scores / float64(count)
		a.Sentiment.Label = index.SentenceLabel(a.Sentiment.Score)
		m.Analysis = a
		m.Title = title(nl, a.Sentiment.Label, i)
		if m.Kind == mention.Review && i%11 != 0 {
			v := float64(max(1, min(5, int(3.4+2.4*a.Sentiment.Score))))
			m.Rating = &mention.Rating{Value: v, Best: 5, Score: (v - 1) / 4}
		}
		if i%13 == 4 {
			m.Reply = &mention.Reply{Author: brand, Text: "Dank voor je bericht, we nemen contact op.", Published: m.Published.AddDate(0, 0, 2)}
		}
		m.URL = m.Item.URL + "#" + m.NativeID
		m.Page = m.Item.URL
		m.Evidence = mention.Evidence{Snapshot: fmt.Sprintf("2026-06/lampentest.warc.gz:%d", 1000*i), Parser: "jsonld", Fetched: testNow.Add(-time.Hour),
			SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", List: m.Page, Rank: 1 + i%10}
		m.SetID("")
		out = append(out, m)
	}
	return out
}

func title(nl bool, label string, i int) string {
	titles := map[string][2][]string{
		mention.Positive: {{"Heel tevreden", "Wat een fijne lamp", "Precies goed"}, {"Very pleased", "What a fine lamp", "Just right"}},
		mention.Neutral:  {{"Gaat wel", "", "Twee kanten"}, {"So so", "", "Two sides to it"}},
		mention.Negative: {{"Teleurgesteld", "Nooit meer", "Jammer"}, {"Disappointed", "Never again", "A pity"}},
	}
	if nl {
		return titles[label][0][i%3]
	}
	return titles[label][1][i%3]
}

func union(a, b []string) []string {
	for _, s := range b {
		if !slices.Contains(a, s) {
			a = append(a, s)
		}
	}
	return a
}

// hostileText tries to run, to reorder and to pretend.
const hostileText = `<script>alert("text")</script><img src=x onerror=alert(1)> =cmd|' /C calc'!A0 ` +
	"javascript:alert(2) \x1b[31mred\x07 \u202egnp.exe\u202c {{.}} ' \" & end of text"

func hostileMention() mention.Mention {
	m := mention.Mention{NativeID: "hostile", Kind: mention.Review, Title: `"><script>alert('title')</script>`, Text: hostileText, Language: "en",
		Source: mention.Source{Name: `<b onmouseover=alert(3)>source`, Type: "site", Host: `evil.example"><script>alert(4)</script>`},
		URL:    "javascript:alert('url')", Page: "data:text/html,<script>alert('page')</script>",
		Item:      &mention.ItemRef{Name: `<svg onload=alert(5)>`, Brand: `"><img src=x onerror=alert(6)>`, URL: "javascript:alert(7)"},
		Brands:    []string{`"><script>alert('brand')</script>`},
		Author:    &mention.Author{Name: `<script>alert(8)</script>`, URL: "javascript:alert(9)", Key: `"><script>alert(10)</script>`},
		Published: testNow.AddDate(0, 0, -1), Rating: &mention.Rating{Value: 1, Best: 5},
		Reply:  &mention.Reply{Author: `<script>alert(11)</script>`, Text: `<script>alert(12)</script> reply`},
		Flags:  []mention.Flag{{Name: "suspect", Reason: `<script>alert(13)</script>`}},
		Parent: `"><script>alert(14)</script>`, Thread: `javascript:alert(15)`,
		Evidence: mention.Evidence{Snapshot: `../../<script>alert(16)</script>`, Parser: `<script>alert(17)</script>`, SHA256: `<script>alert(18)</script>`},
	}
	m.Analysis = &mention.Analysis{Sentiment: mention.Sentiment{Score: -.9, Label: mention.Negative}, Version: `<script>alert(19)</script>`,
		Signals: []string{"detractor"}, Touchpoints: []string{"use"}, Moments: []string{"smot"},
		Aspects: []mention.Aspect{{Term: `<script>alert(20)</script>`, Score: -1}},
		Brands:  []mention.BrandScore{{Name: `<script>alert(21)</script>`, Score: -1}},
		Sentences: []mention.Sentence{
			{Span: mention.Span{In: "text", Start: 0, End: 30}, Score: -.9, Touchpoints: []string{`<script>alert(22)</script>`}},
			{Span: mention.Span{In: "text", Start: 10, End: 9999}, Score: 1},
			{Span: mention.Span{In: "text", Start: -4, End: 3}, Score: 1},
		}}
	m.SetID("")
	return m
}

func newTestIndex(t testing.TB, ms ...mention.Mention) *sqlite.Index {
	t.Helper()
	ix, err := sqlite.Open(filepath.Join(t.TempDir(), "index.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ix.Close() })
	if len(ms) > 0 {
		if _, err := ix.Put(context.Background(), ms); err != nil {
			t.Fatal(err)
		}
	}
	return ix
}

// fill records a run with its coverage.
func fill(t testing.TB, ix index.Recorder) {
	t.Helper()
	declared, all := 64, 12
	err := ix.PutRun(context.Background(), mention.Run{ID: "r1", Source: "lampentest", Started: testNow.Add(-2 * time.Hour),
		Ended: testNow.Add(-time.Hour), Status: "done", Pages: 31, Bytes: 1_480_221, Errors: 1},
		[]mention.Coverage{
			{Run: "r1", Source: "lampentest", Item: "Lumara leeslamp", Declared: &declared, Collected: 41, Blocked: 2, Capped: true},
			{Run: "r1", Source: "lampentest", Item: "Noorderlicht leeslamp", Declared: &all, Collected: 12},
			{Run: "r1", Source: "licht.social", Collected: 10}})
	if err != nil {
		t.Fatal(err)
	}
}

func newTestServer(t testing.TB, cfg Config) (*Server, *httptest.Server) {
	t.Helper()
	if cfg.Now == nil {
		cfg.Now = func() time.Time { return testNow }
	}
	if cfg.Version == "" {
		cfg.Version = "test"
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s.patience = time.Minute // a slow machine is no reason for another page
	t.Cleanup(s.Close)
	ts := httptest.NewServer(s.Handler())
	t.Cleanup(ts.Close)
	return s, ts
}

func testSnapshot(_ context.Context, locator string) (*mention.Page, error) {
	if locator != "some.warc.gz:12" {
		return nil, fmt.Errorf("no %s: %w", locator, fs.ErrNotExist)
	}
	return &mention.Page{URL: "https://lampentest.example/p/1", Status: 200, ContentType: "text/html; charset=iso-8859-1", Fetched: testNow,
		Body: []byte("<!doctype html>\n<title>Lamp</title>\n<script>alert('saved')</script>\n<p>Caf\xe9lamp: heel tevreden.</p>\n")}, nil
}

func testStatus(context.Context) (*Status, error) {
	return &Status{Sources: []SourceStatus{
		{Name: "lampentest", Type: "site", Pending: 12, Done: 31, Dead: 1, NextDue: testNow.Add(6 * time.Hour)},
		{Name: "licht.social", Type: "mastodon", Done: 4, Fetched: 1},
		{Name: "oude winkel", Type: "site", Problem: "robots.txt forbids every page"},
	}, DeadLetters: []DeadLetter{{URL: "https://lampentest.example/p/9", Source: "lampentest", Reason: "410 gone", Attempts: 3, Since: testNow.Add(-time.Hour)}}}, nil
}
