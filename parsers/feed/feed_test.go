package feed

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"klank/mention"
	"klank/parsers/foundtest"
	"klank/parsers/normalize"
)

func TestGolden(t *testing.T) { foundtest.Golden(t, "../../testdata/feeds/*", Parse) }

func TestDetectTellsFeedsFromOtherXMLAndJSON(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       bool
	}{
		{"rss", `<?xml version="1.0"?><!-- hi --><!DOCTYPE rss [<!ENTITY x "y">]><rss version="2.0"><channel/></rss>`, true},
		{"atom", `<feed xmlns="http://www.w3.org/2005/Atom"></feed>`, true},
		{"prefixed atom", `<a:feed xmlns:a="http://www.w3.org/2005/Atom"></a:feed>`, true},
		{"rss 1.0", `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"></rdf:RDF>`, true},
		{"json feed", ` {"version": "https://jsonfeed.org/version/1.1", "items": []}`, true},
		{"other rdf", `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:foaf="http://xmlns.com/foaf/0.1/"></rdf:RDF>`, false},
		{"sitemap", `<?xml version="1.0"?><urlset><url/></urlset>`, false},
		{"html", `<!DOCTYPE html><html><body>rss</body></html>`, false},
		{"json", `{"version": 3, "items": []}`, false},
		{"empty", ``, false},
		{"text", `rss <rss>`, false},
	} {
		if got := Detect(foundtest.Open("page", []byte(c.body))); got != c.want {
			t.Errorf("%s: got %v", c.name, got)
		}
	}
}

func TestAMalformedFeedGivesTheEntriesThatCanBeRead(t *testing.T) {
	body := `<?xml version="1.0" encoding="iso-8859-1"?><rss version="2.0"><channel><title>x</title>
<item><guid>1</guid><title>één</title></item>
<item><guid>2</guid><title>never closed
<item><guid>3</guid><title><a></b></title></item>
<item><guid>4</guid><title>four</title></item>
</channel>`
	f := Parse(foundtest.Open("feed.xml", []byte(body)))
	var ids []string
	for _, m := range f.Mentions {
		ids = append(ids, m.NativeID)
	}
	if strings.Join(ids, " ") != "1 4" || f.Mentions[0].Title != "één" {
		t.Errorf("mentions: %v", ids)
	}
	if len(f.Problems) != 2 || !strings.Contains(f.Problems[1].What, "2 entries read, 2 lost") {
		t.Errorf("problems: %+v", f.Problems)
	}
}

func TestDatesAreReadInTheLanguageOfTheFeed(t *testing.T) {
	for feed, want := range map[string]string{
		`<language>nl</language><item><title>x</title><pubDate>03/06/2026</pubDate></item>`:                         "2026-06-03",
		`<language>en-us</language><item><title>x</title><pubDate>03/06/2026</pubDate></item>`:                      "2026-03-06",
		`<language>nl-NL</language><item><title>x</title><pubDate>wo, 03 juni 2026 10:00:00 +0200</pubDate></item>`: "2026-06-03",
		`<language>nl-NL</language><item><title>x</title><pubDate>Wed, 03 Jun 2026 10:00:00 +0200</pubDate></item>`: "2026-06-03",
		`<item><title>x</title><pubDate>Wed, 03 Jun 2026 10:00:00 GMT</pubDate></item>`:                             "2026-06-03",
		`<item><title>x</title><pubDate>03/06/2026</pubDate></item>`:                                                "",
		`<language>de</language><item><title>x</title><dc:date>3. März 2026</dc:date></item>`:                       "2026-03-03",
		`<language>nl</language><item><title>x</title><pubDate>niet bekend</pubDate></item>`:                        "",
		`<item xml:lang="nl"><title>x</title><pubDate>2026-06-03</pubDate><description>tekst</description></item>`:  "2026-06-03",
	} {
		f := Parse(foundtest.Open("feed.xml", []byte(`<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>t</title>`+feed+`</channel></rss>`)))
		if len(f.Mentions) != 1 {
			t.Fatalf("%s: %+v", feed, f)
		}
		m := f.Mentions[0]
		if got := m.Published.Format("2006-01-02"); got != want && (want != "" || !m.Published.IsZero()) {
			t.Errorf("%s: published %s, want %q", feed, got, want)
		}
		if m.Undecided != "" != (want == "" && strings.Contains(feed, "03/06")) {
			t.Errorf("%s: undecided %q", feed, m.Undecided)
		}
	}
}

func TestHostileFeedsCostLittle(t *testing.T) {
	for name, body := range map[string]string{
		"deep":        "<rss>" + strings.Repeat("<a>", 1<<18),
		"unclosed":    "<rss><channel>" + strings.Repeat("<item>", 1<<17),
		"unclosed2":   "<rss><channel>" + strings.Repeat("<item>", 1<<17) + "</item>",
		"declaration": strings.Repeat("<!-- -->", 1<<17),
		"root":        "<rss " + strings.Repeat("a='b' ", 1<<17) + ">",
	} {
		d := foundtest.Open("feed.xml", []byte(body))
		Detect(d)
		if f := Parse(d); len(f.Problems) == 0 || len(f.Mentions) > 1 {
			t.Errorf("%s: %d mentions, problems %v", name, len(f.Mentions), f.Problems)
		}
	}
}

func TestEveryCaseOfTheLibraryIsReadWithoutPanic(t *testing.T) {
	root := "../../../shared/pages/feeds"
	if _, err := os.Stat(root); err != nil {
		t.Skip("skipped: ../shared/pages/feeds is not beside this checkout")
	}
	files, detected, mentions := 0, 0, 0
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		d := foundtest.Open(filepath.Base(path), body)
		if Detect(d) {
			detected++
		} else if filepath.Ext(path) == ".xml" {
			t.Logf("not a feed: %s", path)
		}
		f := Parse(d)
		mentions += len(f.Mentions)
		if want, ok := entries(t, path); ok && len(f.Mentions) != want {
			t.Errorf("%s: %d mentions of %d entries that say something", path, len(f.Mentions), want)
		}
		for _, m := range f.Mentions {
			if m.Kind == "" || strings.Contains(m.Text, "\x00") {
				t.Errorf("%s: %+v", path, m)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files, %d detected as feeds, %d mentions", files, detected, mentions)
}

// entries counts the entries with words in what the library is expected to
// read, which stands beside the feed; ok says that it does.
func entries(t *testing.T, feed string) (n int, ok bool) {
	beside := strings.TrimSuffix(feed, ".xml") + ".json"
	if filepath.Ext(feed) == ".json" {
		beside = strings.TrimSuffix(feed, ".json") + "_expected.json"
	}
	body, err := os.ReadFile(beside)
	if err != nil || beside == feed || strings.HasSuffix(feed, "_expected.json") {
		return 0, false
	}
	var want struct{ Items, Entries []map[string]any }
	if err := json.Unmarshal(body, &want); err != nil {
		t.Fatalf("%s: %v", beside, err)
	}
	for _, e := range append(want.Items, want.Entries...) {
		words := ""
		for _, field := range []string{"title", "description", "summary", "content", "content_html", "content_text"} {
			switch v := e[field].(type) {
			case string:
				words += normalize.HTML(v)
			case map[string]any:
				s, _ := v["value"].(string)
				words += normalize.HTML(s)
			}
		}
		if words != "" {
			n++
		}
	}
	return n, true
}

func TestCommentsOfMediaAndRepliesAreLinked(t *testing.T) {
	f := Parse(foundtest.Open("feed.xml", []byte(`<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/" xmlns:thr="http://purl.org/syndication/thread/1.0"><channel><title>t</title>
<item><guid>v1</guid><title>Kettle test</title><media:group><media:comments><media:comment>Nice &lt;b&gt;one&lt;/b&gt;</media:comment><media:comment> </media:comment><media:comment>Too loud</media:comment></media:comments></media:group></item>
<item><guid>c1</guid><title>Re</title><description>Agreed</description><thr:in-reply-to ref="v1"/></item></channel></rss>`)))
	var got []string
	for _, m := range f.Mentions {
		got = append(got, string(m.Kind)+" "+m.Parent+" "+m.Title+m.Text)
		if !m.NativeLinks {
			t.Errorf("parent of %+v cannot be found", m.Mention)
		}
	}
	if want := "post  Kettle test|comment v1 Nice one|comment v1 Too loud|comment v1 ReAgreed"; strings.Join(got, "|") != want {
		t.Errorf("got %q, want %q", strings.Join(got, "|"), want)
	}
}

func FuzzParse(f *testing.F) {
	foundtest.Seed(f, "../../testdata/feeds/*")
	f.Fuzz(func(t *testing.T, body []byte) {
		d := foundtest.Open("feed", body)
		Detect(d)
		for _, m := range Parse(d).Mentions {
			if m.Kind != mention.Post && m.Kind != mention.Comment && m.Kind != mention.Review {
				t.Errorf("kind %q", m.Kind)
			}
		}
	})
}

func TestALongFeedIsReadUpToItsBound(t *testing.T) {
	const entry = `<item><title>t</title><link>https://shop.example/p</link><description>words</description></item>`
	for name, feed := range map[string]string{
		"rss": `<rss version="2.0"><channel><title>Reviews</title>` + strings.Repeat(entry, maxEntries+20) + `</channel></rss>`,
		"rdf": `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><channel><title>Reviews</title></channel>` +
			strings.Repeat(entry, maxEntries+20) + `</rdf:RDF>`,
		"atom": `<feed xmlns="http://www.w3.org/2005/Atom"><title>Reviews</title>` +
			strings.Repeat(`<entry><title>t</title><content>words</content></entry>`, maxEntries+20) + `</feed>`,
		"json":  `{"version":"https://jsonfeed.org/version/1.1","title":"Reviews","items":[` + strings.Repeat(`{"id":"1","content_text":"words"},`, maxEntries+20) + `{}]}`,
		"empty": `<rss version="2.0"><channel><title>Reviews</title>` + strings.Repeat(`<item/>`, maxEntries+20) + `</channel></rss>`,
	} {
		f := Parse(foundtest.Open("feed", []byte(feed)))
		if len(f.Mentions) > maxEntries || name != "empty" && len(f.Mentions) < maxEntries {
			t.Errorf("%s: %d mentions", name, len(f.Mentions))
		}
		if len(f.Problems) != 1 || !strings.Contains(f.Problems[0].What, "more than 10000 entries") {
			t.Errorf("%s: problems %v", name, f.Problems)
		}
	}
}
