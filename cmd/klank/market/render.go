package market

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
	"time"
)

//go:embed pages
var pageFiles embed.FS

// view is what a template shows.
type view struct {
	Site *site
	// Template is the page's part, Title its heading.
	Template, Title string
	// Data is a JSON-LD block.
	Data template.JS
	// Charset is declared in the page.
	Charset    string
	Prev, Next string
	Pages      []step
	Product    *product
	Offer      offer
	Average    float64
	Declared   int
	Related    []tile
	Tiles      []tile
	Texts      []*text
	Thread     []*post
	Quote      string
}

// step is a numbered page of a list.
type step struct {
	Number int
	Path   string
	Here   bool
}

// tile is a product or thread in a list.
type tile struct {
	Name, Path, Price, Blurb string
	Brand                    string
	Average                  float64
	Count                    int
	When                     time.Time
}

// post is a text of a thread with what was said in reply to it.
type post struct {
	*text
	Replies []*post
}

// lookup returns the template set of a site.
func (s *site) lookup() (*template.Template, error) {
	return template.New(s.name).Funcs(template.FuncMap{
		"day":   func(t time.Time) string { return longDate(t, s.Lang) },
		"date":  func(t time.Time) string { return t.Format(time.DateOnly) },
		"stamp": func(t time.Time) string { return t.Format(time.RFC3339) },
		"clock": func(t time.Time) string { return t.Format("15:04") },
		"grade": func(f float64) string { return decimal(f, s.Lang) },
		"stars": func(f float64) string {
			n := int(math.Round(f))
			return strings.Repeat("★", n) + strings.Repeat("☆", int(s.best)-n)
		},
		"broken":  broken,
		"account": accountName,
	}).ParseFS(pageFiles, "pages/layout.html", "pages/"+s.name+".html")
}

// broken returns markup as a careless shop writes it; it cannot stand in a
// template, which would refuse it.
func broken(which string) template.HTML {
	return map[string]template.HTML{
		"attributes": `<div class="lijst"data-x='1'" =los style="color:#333;" style="color:red" onclick=if(a>b){}>`,
		"entities":   `<p>Bezoek ook onze R&D-hoek &copy 2026 &nbsp R&Dreview &euro; 5 < 10 <3`,
		"nesting":    `<b><i>Let op:</b> prijzen zijn incl. btw</i><table><tr><td><b>Garantie<td>2 jaar<tr><td>Kleur<td>zwart</table>`,
		"comment":    `<!-- einde beoordelingen -- > <!--> <div> --> <![endif]-->`,
	}[which]
}

// show adds the page of a view at a path.
func (s *site) show(set *template.Template, path string, v view) error {
	v.Site, v.Charset = s, cmp.Or(v.Charset, "utf-8")
	var b bytes.Buffer
	if err := set.ExecuteTemplate(&b, v.Template, v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	body := b.Bytes()
	if v.Charset != "utf-8" {
		body = windows1252(b.String())
	}
	s.add(path, &page{contentType: "text/html; charset=" + v.Charset, body: body, language: s.Lang})
	return nil
}

// windows1252 encodes text of a page; what the charset lacks becomes a
// character reference.
func windows1252(s string) []byte {
	high := map[rune]byte{'€': 0x80, '…': 0x85, '‘': 0x91, '’': 0x92, '“': 0x93, '”': 0x94, '•': 0x95, '–': 0x96, '—': 0x97}
	var b []byte
	for _, r := range s {
		switch c, ok := high[r]; {
		case ok:
			b = append(b, c)
		case r < 0x80 || r >= 0xa0 && r <= 0xff:
			b = append(b, byte(r))
		default:
			b = fmt.Appendf(b, "&#%d;", r)
		}
	}
	return b
}

// steps numbers the pages of a list of n elements, size a page. path makes
// the path of a page; the first returned step is page 1.
func steps(n, size int, path func(page int) string) []step {
	var out []step
	for i := range (n + size - 1) / size {
		out = append(out, step{Number: i + 1, Path: path(i + 1)})
	}
	return out
}

// turn is a page of a list: its elements and its place among the others.
func turn[T any](v view, all []T, size int, pages []step, i int) (view, []T) {
	v.Pages = append([]step(nil), pages...)
	v.Pages[i].Here = true
	if i > 0 {
		v.Prev = pages[i-1].Path
	}
	if i+1 < len(pages) {
		v.Next = pages[i+1].Path
	}
	return v, all[i*size : min(len(all), (i+1)*size)]
}

// paged makes paths such as "/list" and "/list?page=2".
func paged(base, param string) func(int) string {
	return func(page int) string {
		if page == 1 {
			return base
		}
		return base + "?" + param + "=" + strconv.Itoa(page)
	}
}

// jsonLD encodes v for a script element.
func jsonLD(v any) (template.JS, error) {
	b, err := json.MarshalIndent(v, "", "  ")
	return template.JS(b), err // encoding/json escapes <, > and &
}

func decimal(f float64, lang string) string {
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if lang == "nl" {
		s = strings.Replace(s, ".", ",", 1)
	}
	return s
}

var dutchMonths = [...]string{"januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september", "oktober", "november", "december"}

func longDate(t time.Time, lang string) string {
	if lang == "nl" {
		return fmt.Sprintf("%d %s %d", t.Day(), dutchMonths[t.Month()-1], t.Year())
	}
	return t.Format("2 January 2006")
}

// accountName is a name as it stands in a path.
func accountName(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), "-")) }
