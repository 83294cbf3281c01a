package links

import (
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"klank/mention"
	"klank/parsers/document"
)

func open(pageURL, body string, headers ...string) *document.Document {
	d, _ := document.Open(&mention.Page{URL: pageURL, ContentType: "text/html", Body: []byte(body), Link: headers})
	return d
}

// kinds returns what each link of the page was found to be.
func kinds(pageURL, body string) map[string]mention.LinkKind {
	out := map[string]mention.LinkKind{}
	for _, l := range Find(open(pageURL, body)) {
		out[l.URL] = l.Kind
	}
	return out
}

func TestNextPagesAreFoundHoweverTheyAreNumbered(t *testing.T) {
	for _, c := range []struct{ page, link string }{
		{"/list", `<a rel="next" href="/anything">`},
		{"/list", `<link rel="next" href="/anything">`},
		{"/list", `<a href="?page=2">2</a>`},
		{"/list?page=2&sort=new", `<a href="/list?sort=new&page=3">3</a>`},
		{"/list", `<a href="/list/page/2/">2</a>`},
		{"/list/page/2", `<a href="/list/page/3/"><span>3</span></a>`},
		{"/list", `<a href="/list?p=2" aria-label="Pagina 2"><svg></svg></a>`},
		{"/list", `<a href="?start=20" class="next">›</a>`},
		{"/list", `<a href="/list?after=abc">Volgende ›</a>`},
		{"/list", `<a href="/list?cursor=abc">Meer reviews</a>`},
		{"/list", `<a href="/list?after=abc" aria-label="Go to next page"><i></i></a>`},
		{"/p/kettle", `<a href="/p/kettle/reviews?page=2">2</a>`},
		{"/topic/1908", `<a href="/topic/1908/2">2</a>`},
		{"/Reviews-d123-Place.html", `<a href="/Reviews-or10-d123-Place.html">2</a>`},
		{"/a/post", `<a href="/a/post/comment-page-2/#comments">Older comments</a>`},
	} {
		for u, k := range kinds("https://www.example.com"+c.page, c.link) {
			if k != mention.LinkNext {
				t.Errorf("on %s %s is %s: %s", c.page, c.link, k, u)
			}
		}
	}
}

func TestOtherLinksAreNoNextPages(t *testing.T) {
	for _, c := range []struct {
		page, link string
		want       mention.LinkKind
	}{
		{"/list", `<a href="/p/12">12</a>`, mention.LinkItem},
		{"/list", `<a href="/p/12-kettle">Kettle</a>`, mention.LinkItem},
		{"/list", `<a href="/list?page=1">1</a>`, ""},
		{"/list?page=2", `<a href="/list?page=2#reviews">2</a>`, ""},
		{"/list", `<a href="https://other.example/list?page=2">2</a>`, mention.LinkPage},
		{"/blog/one", `<a href="/blog/another-one">Next</a>`, mention.LinkItem},
		{"/list", `<a href="/list?sort=new">Newest</a>`, mention.LinkPage},
		{"/x", `<a href="/forum/viewtopic.php?t=3">Kettles</a>`, mention.LinkItem},
		{"/x", `<li><a href="/a-kettle-of-note">A kettle of note</a></li>`, mention.LinkItem},
		{"/x", `<nav><li><a href="/a-kettle-of-note">A kettle of note</a></li></nav>`, mention.LinkPage},
		{"/x", `<li><a href="/author/a-kettle-of-note">A kettle of note</a></li>`, mention.LinkPage},
		{"/x", `<a itemprop="url" href="/kettle-2">Kettle</a>`, mention.LinkItem},
		{"/x", `<a href="/blog/feed/">RSS</a>`, mention.LinkFeed},
		{"/x", `<a href="/photo.JPG">Photo</a>`, ""},
	} {
		got := mention.LinkKind("")
		for _, k := range kinds("https://www.example.com"+c.page, c.link) {
			got = k
		}
		if got != c.want {
			t.Errorf("on %s %s is %q, want %q", c.page, c.link, got, c.want)
		}
	}
}

func TestALinkFoundTwiceIsOneOfTheMoreTellingKind(t *testing.T) {
	got := Find(open("https://www.example.com/l", `<a rel=nofollow href="/x">a</a><a href="/y" rel="ugc">b</a><a href="/x#z" rel=next>c</a><a href="/y" rel="sponsored">d</a>`))
	want := []mention.Link{{URL: "https://www.example.com/x", Kind: mention.LinkNext}, {URL: "https://www.example.com/y", Kind: mention.LinkPage, NoFollow: true}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestLinkHeadersAreReadAfterRFC8288(t *testing.T) {
	got := Find(open("https://api.example.com/v1/items", "", `<https://api.example.com/v1/items?max_id=7>; rel="next", <https://api.example.com/v1/items?since_id=9>; rel="prev"`,
		`</feed>;title="a, \"b\"; c" ; REL=alternate;type="application/atom+xml", <?x>;rel="last next";rel=prev, broken, <`))
	want := []mention.Link{{URL: "https://api.example.com/v1/items?max_id=7", Kind: mention.LinkNext}, {URL: "https://api.example.com/feed", Kind: mention.LinkFeed},
		{URL: "https://api.example.com/v1/items?x", Kind: mention.LinkNext}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestThePageIsKnownUnderTheURLThatItNames(t *testing.T) {
	for _, c := range []struct{ page, body, header, want string }{
		{"/p/1?color=red", `<link rel="canonical" href="/p/1">`, "", "/p/1"},
		{"/p/1?color=red", `<link href="https://www.example.com/p/1?utm_source=x" rel="nofollow canonical">`, "", "/p/1"},
		{"/p/1?color=red", `<p>text`, `</p/1>; rel="canonical"`, "/p/1"},
		{"/list?sort=new&page=2", `<link rel="canonical" href="/list?page=2">`, "", "/list?page=2"},
		{"/list?page=1", `<link rel="canonical" href="/list">`, "", "/list"},
		{"/p/1", `<link rel="canonical" href="/p/1#reviews">`, "", ""},
		{"/p/1", `<p>text`, "", ""},
		{"/p/1", `<a rel="canonical" href="/p/2">2</a>`, "", ""},
		{"/p/1", `<link rel="canonical" href="https://other.example/p/1">`, "", ""},
		{"/p/1", `<link rel="canonical" href="/">`, "", ""},
		{"/list?page=2", `<link rel="canonical" href="/list">`, "", ""},
		{"/list/page/3/", `<link rel="canonical" href="/list/">`, "", ""},
		{"/p/1", `<link rel="canonical" href="javascript:x">`, "", ""},
	} {
		want := c.want
		if want != "" {
			want = "https://www.example.com" + want
		}
		if got := Canonical(open("https://www.example.com"+c.page, c.body, c.header)); got != want {
			t.Errorf("%s with %s%s is %q, want %q", c.page, c.body, c.header, got, want)
		}
	}
}

func TestDirectivesOfHeadersAndMarkupAddUp(t *testing.T) {
	for body, want := range map[string]mention.Directives{
		`<meta name=robots content="NOINDEX">`:                 {NoIndex: true},
		`<meta name=robots content="none">`:                    {NoIndex: true, NoFollow: true},
		`<meta name=Klank content="index, nofollow">`:          {NoFollow: true},
		`<meta name=googlebot content="noindex">`:              {},
		`<meta name=robots content="noindexifembedded">`:       {},
		`<meta name="tdm-reservation" content="1">`:            {TDMReserved: true},
		`<meta name="tdm-reservation" content="0">`:            {},
		`<!-- <meta name=robots content="noindex"> --><p>text`: {},
	} {
		if got := Directives(open("https://www.example.com/", body)); got != want {
			t.Errorf("%s: %+v, want %+v", body, got, want)
		}
	}
	d := open("https://www.example.com/", `<meta name=robots content=noindex>`)
	d.Page.Directives.NoFollow = true
	if got := Directives(d); !got.NoFollow || !got.NoIndex {
		t.Errorf("got %+v", got)
	}
}

func FuzzFind(f *testing.F) {
	f.Add("https://www.example.com/list?page=1", `<a href="?page=2" rel=next>2</a>`, `<x>; rel="next"`)
	f.Add("https://www.example.com/t/1", `<base href="//"><a href="/t/1/2">2</a>`, `<;>,,<`)
	f.Add("", `<a href="http://x/page/2">`, "")
	f.Fuzz(func(t *testing.T, pageURL, body, header string) {
		if c := Canonical(open(pageURL, body, header)); c != "" && mention.Host(c) != mention.Host(pageURL) {
			t.Errorf("%q is known as %q", pageURL, c)
		}
		seen := map[string]bool{}
		for _, l := range Find(open(pageURL, body, header)) {
			u, err := url.Parse(l.URL)
			if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Fragment != "" || l.Kind == "" || seen[l.URL] {
				t.Errorf("link %+v (%v) of %q", l, err, body)
			}
			seen[l.URL] = true
		}
	})
}

func FuzzSplit(f *testing.F) {
	for _, s := range []string{"https://www.example.com/a/b?c=1&d", "https://a.example/", "https://a.example", "http://a:80/b", "https://a.example?x=/", "https://a.example/%41?b#c", "://a/b", "a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := mention.CanonicalURL("", s)
		if err != nil {
			return
		}
		got, ok := split(u)
		want, err := url.Parse(u)
		if ok != (err == nil) || ok && (got.Host != want.Host || got.Path != want.Path || got.RawQuery != want.RawQuery) {
			t.Errorf("%q is %+v, want %+v (%v)", u, got, want, err)
		}
	})
}
