package market

import (
	"cmp"
	"encoding/json"
	"encoding/xml"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"klank/mention"
)

// seen is what a page says about one text.
type seen struct{ id, author, title, text, date, rating, reply string }

func seenOf(t Truth) seen {
	s := seen{t.NativeID, t.Author, t.Title, squeeze(t.Text), t.Published.Format(time.DateOnly), "", t.Reply}
	if t.Rating > 0 {
		s.rating = strconv.FormatFloat(t.Rating, 'f', -1, 64)
	}
	return s
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

// inner is an element's text with a space where an element ends.
func inner(s *goquery.Selection) string {
	h, _ := s.Html()
	d, err := goquery.NewDocumentFromReader(strings.NewReader(strings.ReplaceAll(strings.ReplaceAll(h, "<br/>", " "), "</p>", " </p>")))
	if err != nil {
		return ""
	}
	return squeeze(d.Text())
}

// markup reads the reviews of microdata, as far as the market uses it.
func markup(d *goquery.Document) []seen {
	var out []seen
	d.Find(`[itemtype$="/Review"],[itemtype$="/DiscussionForumPosting"],[itemtype$="/Comment"]`).Each(func(_ int, s *goquery.Selection) {
		own := func(sel string) *goquery.Selection {
			return s.Find(sel).FilterFunction(func(_ int, e *goquery.Selection) bool {
				up := e.ParentsFiltered(`[itemtype$="/Review"],[itemtype$="/DiscussionForumPosting"],[itemtype$="/Comment"]`)
				return up.First().IsSelection(s)
			})
		}
		title := own("[itemprop=headline]").Text()
		if s.Is(`[itemtype$="/Review"]`) {
			title = own("h3[itemprop=name],b [itemprop=name]").Text()
		}
		date, _ := own("time").Attr("datetime")
		out = append(out, seen{
			own("[itemprop=identifier]").AttrOr("content", s.AttrOr("id", "")), squeeze(own("[itemprop=author]").Text()), title, inner(own("[itemprop=reviewBody],[itemprop=text]")),
			day(date), strings.Replace(own("[itemprop=ratingValue]").Text(), ",", ".", 1), "",
		})
	})
	return out
}

func day(s string) string {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t.UTC().Format(time.DateOnly)
	}
	return s
}

// linked reads what JSON-LD objects of the market's kinds say.
func linked(v any) []seen {
	var out []seen
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			out = append(out, linked(e)...)
		}
	case map[string]any:
		text := func(keys ...string) string {
			for _, k := range keys {
				if s, ok := v[k].(string); ok {
					return s
				}
			}
			return ""
		}
		typ := text("@type")
		if types, ok := v["@type"].([]any); ok {
			typ, _ = types[0].(string)
		}
		if typ != "FAQPage" {
			if slices.Contains([]string{"Review", "BlogPosting", "Comment", "Question", "Answer"}, typ) {
				s := seen{
					id: text("identifier"), title: text("name", "headline"), text: squeeze(text("reviewBody", "articleBody", "text")),
					date: day(text("datePublished")),
				}
				if a, ok := v["author"].(map[string]any); ok {
					s.author, _ = a["name"].(string)
				}
				if r, ok := v["reviewRating"].(map[string]any); ok {
					s.rating = strconv.FormatFloat(r["ratingValue"].(float64), 'f', -1, 64)
				}
				out = append(out, s)
			}
			for _, k := range slices.Sorted(maps.Keys(v)) {
				out = append(out, linked(v[k])...)
			}
		}
	}
	return out
}

// selected reads a page by a source's selectors.
func selected(d *goquery.Document, c *Selectors) []seen {
	value := func(s *goquery.Selection, sel string) string {
		sel, attr, isAttr := strings.Cut(sel, "@")
		if sel != "" {
			s = s.Find(sel)
		}
		if isAttr {
			return s.AttrOr(attr, "")
		}
		return inner(s)
	}
	var out []seen
	d.Find(c.Review).Each(func(_ int, s *goquery.Selection) {
		rating, _, _ := strings.Cut(value(s, c.Rating), " van 5")
		date := strings.Fields(value(s, c.Date))
		month := slices.Index(dutchMonths[:], date[1]) + 1
		iso, err := time.Parse("2 1 2006", date[0]+" "+strconv.Itoa(month)+" "+date[2])
		if err != nil {
			return
		}
		out = append(out, seen{value(s, c.ID), value(s, c.Author), value(s, c.Title), value(s, c.Text), iso.Format(time.DateOnly), rating, value(s, c.Reply)})
	})
	return out
}

func entries(t *testing.T, f fetched) []seen {
	t.Helper()
	var feed struct {
		Items []struct {
			Title   string `xml:"title"`
			GUID    string `xml:"guid"`
			Creator string `xml:"http://purl.org/dc/elements/1.1/ creator"`
			Date    string `xml:"pubDate"`
			Content string `xml:"http://purl.org/rss/1.0/modules/content/ encoded"`
		} `xml:"channel>item"`
	}
	if err := xml.Unmarshal([]byte(f.body), &feed); err != nil {
		t.Fatal(err)
	}
	var out []seen
	for _, i := range feed.Items {
		at, err := time.Parse(time.RFC1123Z, i.Date)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, seen{i.GUID, i.Creator, i.Title, squeeze(strings.ReplaceAll(fragment(t, i.Content), "\n", " ")), at.UTC().Format(time.DateOnly), "", ""})
	}
	return out
}

func fragment(t *testing.T, h string) string {
	t.Helper()
	d, err := goquery.NewDocumentFromReader(strings.NewReader(strings.ReplaceAll(h, "</p>", " </p>")))
	if err != nil {
		t.Fatal(err)
	}
	return squeeze(d.Text())
}

func statuses(t *testing.T, f fetched) []seen {
	t.Helper()
	var list []status
	if err := json.Unmarshal([]byte(f.body), &list); err != nil {
		t.Fatal(err)
	}
	var out []seen
	for _, s := range list {
		out = append(out, seen{s.ID, s.Account.Acct, "", fragment(t, s.Content), day(s.CreatedAt), "", ""})
	}
	return out
}

// TestATextIsServedExactlyAsTheTruthSaysAndNoOtherIs reads every reachable
// page by the markup its site uses and compares with the truth, both ways.
func TestATextIsServedExactlyAsTheTruthSaysAndNoOtherIs(t *testing.T) {
	m := start(t)
	pages := crawl(t, m)
	for _, src := range m.Sources() {
		got, want := map[seen]bool{}, map[seen]bool{}
		for _, p := range pages[src.Host] {
			var found []seen
			switch typ := p.header.Get("Content-Type"); {
			case strings.HasPrefix(typ, "application/json"):
				found = statuses(t, p)
			case strings.HasPrefix(typ, "application/rss"):
				found = entries(t, p)
			case src.Selectors != nil:
				found = selected(document(t, p), src.Selectors)
			case src.Type == kindSite:
				d := document(t, p)
				found = markup(d)
				d.Find(`script[type="application/ld+json"]`).Each(func(_ int, s *goquery.Selection) {
					var v any
					if err := json.Unmarshal([]byte(s.Text()), &v); err != nil {
						t.Errorf("%s: %v", p.url, err)
					}
					found = append(found, linked(v)...)
				})
			}
			for _, s := range found {
				got[s] = true
			}
		}
		for _, truth := range m.Truth() {
			if truth.Host == src.Host {
				want[seenOf(truth)] = true
			}
		}
		for s := range want {
			if !got[s] {
				t.Errorf("%s: not served: %+v", src.Name, s)
			}
		}
		for s := range got {
			if !want[s] {
				t.Errorf("%s: served, but not in the truth: %+v", src.Name, s)
			}
		}
	}
}

func TestTheTruthIsConsistent(t *testing.T) {
	m := start(t)
	truth := m.Truth()
	ids, texts, dated := map[string]bool{}, map[string]bool{}, map[string]bool{}
	languages, kinds := map[string]int{}, map[mention.Kind]int{}
	first, last := truth[0].Published, truth[0].Published
	for _, x := range truth {
		key := x.Host + " " + x.NativeID
		if x.NativeID != "" && ids[key] {
			t.Errorf("id twice: %s", key)
		}
		ids[key] = true
		if texts[x.Text] {
			t.Errorf("text twice: %q", x.Text)
		}
		texts[x.Text] = true
		key = strings.Join([]string{x.Host, x.Item, x.Author, x.Published.String()}, " ")
		if dated[key] && x.NativeID == "" {
			t.Errorf("author and date twice: %s", key)
		}
		dated[key] = true
		languages[x.Language]++
		kinds[x.Kind]++
		if x.Published.Before(first) {
			first = x.Published
		}
		if x.Published.After(last) {
			last = x.Published
		}
		if x.Kind == mention.Review && (x.Rating < 1 || x.Rating > x.Best || x.Item == "" || x.Brand == "") {
			t.Errorf("review without grade or item: %+v", x)
		}
		if x.Author == "" || x.Text == "" {
			t.Errorf("nobody or nothing: %+v", x)
		}
	}
	replies := 0
	for _, x := range truth {
		if x.Reply != "" {
			replies++
		}
		if x.Parent != "" && !ids[x.Host+" "+x.Parent] {
			t.Errorf("%s answers %s, which is not there", cmp.Or(x.NativeID, x.Text), x.Parent)
		}
		if (x.Kind == mention.Comment || x.Kind == mention.Answer) != (x.Parent != "") {
			t.Errorf("%s is a %s with parent %q", x.NativeID, x.Kind, x.Parent)
		}
	}
	if replies != 3 {
		t.Errorf("%d owner's replies", replies)
	}
	if len(truth) != 207 || languages["nl"] != 115 || languages["en"] != 92 {
		t.Errorf("%d texts, languages %v", len(truth), languages)
	}
	for _, k := range mention.Kinds {
		if kinds[k] == 0 && k != mention.Survey {
			t.Errorf("no %s", k)
		}
	}
	if first.Before(time.Date(2025, 4, 1, 0, 0, 0, 0, time.UTC)) || !last.Before(time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("from %v to %v", first, last)
	}
}

func TestOneProductDeclaresMoreThanItShows(t *testing.T) {
	m := start(t)
	pages := crawl(t, m)
	short := 0
	for _, d := range m.Declared() {
		if d.Reviews < d.Shown {
			t.Errorf("%s declares %d and shows %d", d.URL, d.Reviews, d.Shown)
		}
		if d.Reviews > d.Shown {
			short++
		}
		i := slices.IndexFunc(pages[d.Host], func(f fetched) bool { return f.url == d.URL })
		if i < 0 {
			t.Errorf("%s is not reached", d.URL)
			continue
		}
		n := strconv.Itoa(d.Reviews)
		body := pages[d.Host][i].body
		if !strings.Contains(body, `"reviewCount": `+n+",") && !strings.Contains(body, `reviewCount">`+n+"<") &&
			!strings.Contains(body, `reviewCount>`+n+"<") && !strings.Contains(body, `score-aantal">`+n+" ") {
			t.Errorf("%s does not declare %s", d.URL, n)
		}
	}
	if short != 1 || len(m.Declared()) != 19 {
		t.Errorf("%d of %d products declare more", short, len(m.Declared()))
	}
}

func TestHostileTextsAreCharactersOnly(t *testing.T) {
	m := start(t)
	odd := map[string]bool{}
	for _, x := range m.Truth() {
		if x.Odd {
			for name, part := range map[string]string{"script": "<script>alert('korting')</script>", "formula": "=HYPERLINK(", "bidi": "\u202e", "bell": "\a"} {
				if strings.Contains(x.Text, part) {
					odd[name] = true
				}
			}
		}
	}
	if len(odd) != 4 {
		t.Errorf("odd texts: %v", odd)
	}
	for _, pages := range crawl(t, m) {
		for _, p := range pages {
			if strings.Contains(p.body, "<script>alert") {
				t.Errorf("%s holds a live script", p.url)
			}
		}
	}
}
