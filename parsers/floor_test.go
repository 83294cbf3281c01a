package parsers

import (
	"compress/gzip"
	"encoding/json"
	"html"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"klank/mention"
)

// truth is what an independent reading says about one saved page.
type truth struct {
	Page, URL string
	Reviews   []struct {
		Weak        bool
		Author, Key string
		Rating      *float64
		DateISO     string `json:"date_iso"`
		Item        *string
	}
	Aggregates []struct{ Value *float64 }
}

var (
	signs = regexp.MustCompile(`[^\p{L}\p{N}]+`)
	tags  = regexp.MustCompile(`</?[a-zA-Z][^<>]*>`)
)

// short is how the truth abbreviates a text: letters and digits only.
func short(s string, n int) string {
	s = tags.ReplaceAllString(html.UnescapeString(html.UnescapeString(s)), " ")
	r := []rune(strings.ToLower(signs.ReplaceAllString(s, "")))
	return string(r[:min(n, len(r))])
}

// readTruth returns the pages with structured data, by file.
func readTruth(t *testing.T, root string) map[string]*truth {
	t.Helper()
	out := map[string]*truth{}
	for _, name := range []string{"extruct", "go-trafilatura", "product-extraction-benchmark", "recipe-scrapers", "schemaorg-examples"} {
		b, err := os.ReadFile(filepath.Join(root, "truth", name+".json"))
		if err != nil {
			t.Skip("the shared pages are not here")
		}
		var pages []*truth
		if err := json.Unmarshal(b, &pages); err != nil {
			t.Fatal(err)
		}
		for _, p := range pages {
			out[p.Page] = p
		}
	}
	return out
}

// TestFloorOnRealPages keeps what the parsers reach on saved pages of real
// sites, where these are available.
func TestFloorOnRealPages(t *testing.T) {
	root := "../../shared/pages"
	score := map[string][2]int{}
	count := func(name string, ok bool) {
		s := score[name]
		s[1]++
		if ok {
			s[0]++
		}
		score[name] = s
	}
	reg := New()
	for file, want := range readTruth(t, root) {
		res, err := reg.Parse(&mention.Page{URL: want.URL, Status: 200, Body: gunzip(t, filepath.Join(root, file))}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		used := map[int]bool{}
		for _, r := range want.Reviews {
			at := match(res.Mentions, used, short(r.Key, 40), short(r.Author, 40))
			used[at] = true
			if r.Weak {
				continue
			}
			if count("reviews", at >= 0); at < 0 {
				continue
			}
			m := res.Mentions[at]
			if r.Rating != nil {
				count("ratings", m.Rating != nil && math.Abs(m.Rating.Value-*r.Rating) < 0.011)
			}
			if r.DateISO != "" {
				count("dates", m.Published.Format("2006-01-02") == r.DateISO)
			}
			if r.Item != nil {
				count("items", m.Item != nil && short(m.Item.Name, 30) == short(*r.Item, 30))
			}
		}
		if len(want.Reviews)+len(want.Aggregates) > 0 {
			for i, m := range res.Mentions {
				// The truth knows nothing of reviews without markup.
				if m.Kind == mention.Review && m.Evidence.Parser != "blocks" {
					count("precision", used[i])
				}
			}
		}
		graded := map[int]bool{}
		for _, a := range want.Aggregates {
			if a.Value != nil {
				count("aggregates", hasGrade(res.Items, graded, *a.Value))
			}
		}
	}
	for name, floor := range map[string]float64{"reviews": 0.99, "precision": 0.99, "ratings": 0.99, "dates": 0.99, "items": 0.99, "aggregates": 0.99} {
		s := score[name]
		if got := float64(s[0]) / float64(max(1, s[1])); got < floor {
			t.Errorf("%s: %d of %d, the floor is %v", name, s[0], s[1], floor)
		}
	}
}

func match(ms []mention.Mention, used map[int]bool, key, author string) int {
	loose := -1
	for i, m := range ms {
		if used[i] || m.Kind != mention.Review {
			continue
		}
		same := key != "" && strings.HasPrefix(short(m.Text, 60), key)
		by := m.Author != nil && short(m.Author.Name, 40) == author || m.Author == nil && author == ""
		if by && (same || key == "") {
			return i
		}
		if same && loose < 0 {
			loose = i
		}
	}
	return loose
}

func hasGrade(items []mention.Item, used map[int]bool, value float64) bool {
	for i, it := range items {
		if !used[i] && it.Rating != nil && math.Abs(it.Rating.Value-value) < 0.011 {
			used[i] = true
			return true
		}
	}
	return false
}

func gunzip(t testing.TB, file string) []byte {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
