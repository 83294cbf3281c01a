package robots

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestMatchesEveryCaseOfGooglesParser(t *testing.T) {
	b, err := os.ReadFile("../../../shared/pages/truth/robots_google.json")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("skipped: ../shared/pages/truth/robots_google.json is not beside this checkout")
	}
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Test, Robots, Agent, URL string
		Allowed                  bool
	}
	if err := json.Unmarshal(b, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		if got := Parse([]byte(c.Robots)).Allowed(c.Agent, c.URL); got != c.Allowed {
			t.Errorf("%s: %q for %s of\n%s\ngave %v, want %v", c.Test, c.URL, c.Agent, c.Robots, got, c.Allowed)
		}
	}
	t.Logf("%d cases", len(cases))
}

func TestAllowed(t *testing.T) {
	for _, c := range []struct {
		name, robots, url string
		want              bool
	}{
		{"an empty file allows all", "", "/a", true},
		{"rules before any agent belong to nobody", "Disallow: /\nUser-agent: other\nDisallow: /", "/a", true},
		{"falls back to the star", "User-agent: *\nDisallow: /a", "/a", false},
		{"the own group replaces the star", "User-agent: *\nDisallow: /\n\nUser-agent: klank\nDisallow: /b", "/a", true},
		{"an own group without rules allows all", "User-agent: *\nDisallow: /\n\nUser-agent: klank\n", "/a", true},
		{"the token is compared without case and version", "User-agent: KLANK/2.0 (+x)\nDisallow: /", "/a", false},
		{"a longer token is another crawler", "User-agent: klank-news\nDisallow: /", "/a", true},
		{"groups of one agent are merged", "User-agent: klank\nDisallow: /a\n\nUser-agent: x\nDisallow: /\n\nUser-agent: klank\nDisallow: /b", "/b", false},
		{"several agents share a group", "User-agent: x\nUser-agent: klank\nDisallow: /a", "/a", false},
		{"a Crawl-delay line does not part the agents of a group", "User-agent: klank\nCrawl-delay: 2\nUser-agent: x\nDisallow: /a", "/a", false},
		{"the longest match wins", "User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", true},
		{"order does not matter", "User-agent: *\nAllow: /a/b\nDisallow: /a", "/a/c", false},
		{"allow wins a tie", "User-agent: *\nDisallow: /a\nAllow: /a", "/a", true},
		{"allow wins a tie over groups", "User-agent: *\nDisallow: /a\nUser-agent: *\nAllow: /a", "/a", true},
		{"the longest match wins over groups", "User-agent: *\nAllow: /a\nUser-agent: *\nDisallow: /a/b", "/a/b", false},
		{"an empty Disallow forbids nothing", "User-agent: *\nDisallow:", "/a", true},
		{"a star matches any run", "User-agent: *\nDisallow: /*/print", "/a/b/print?x", false},
		{"stars may follow each other", "User-agent: *\nDisallow: /a**b", "/axxb", false},
		{"a dollar ends the path", "User-agent: *\nDisallow: /a$", "/ab", true},
		{"a dollar after a star", "User-agent: *\nDisallow: /*.pdf$", "/x.pdf.pdf", false},
		{"a dollar elsewhere is a dollar", "User-agent: *\nDisallow: /a$b", "/a$b", false},
		{"the query belongs to the path", "User-agent: *\nDisallow: /*?sort=", "/list?sort=new", false},
		{"the fragment does not", "User-agent: *\nDisallow: /*print", "/a#print", true},
		{"a query without a path", "User-agent: *\nDisallow: /?x", "http://h.example?x=1", false},
		{"a URL within the query", "User-agent: *\nDisallow: /to?u=http://b.example/x", "http://h.example/to?u=http://b.example/x", false},
		{"escapes of plain letters are decoded to forbid", "User-agent: *\nDisallow: /%61bc", "/abc", false},
		{"escapes in the URL too", "User-agent: *\nDisallow: /abc", "/%61bc", false},
		{"hex digits have no case", "User-agent: *\nDisallow: /caf%c3%a9", "/caf%C3%A9", false},
		{"raw UTF-8 is escaped", "User-agent: *\nDisallow: /café", "/caf%C3%A9", false},
		{"an escaped slash is no slash", "User-agent: *\nDisallow: /a%2Fb", "/a/b", true},
		{"robots.txt itself is always allowed", "User-agent: *\nDisallow: /", "http://h.example/robots.txt", true},
		{"a byte order mark is skipped", "\ufeffUser-agent: *\nDisallow: /", "/a", false},
		{"carriage returns end lines", "User-agent: *\rDisallow: /a\r\nDisallow: /b", "/b", false},
		{"comments are cut", "User-agent: * # all\nDisallow: /a # not this", "/a", false},
		{"blanks around the colon", "User-agent\t: *\n  Disallow :\t/a  ", "/a", false},
		{"the colon may be missing", "user-agent *\ndisallow /a", "/a", false},
		{"HTML instead of rules allows all", "<!doctype html><html><body>Disallow: /</body></html>", "/a", true},
		{"paths keep their case", "User-agent: *\nDisallow: /A", "/a", true},
	} {
		if got := Parse([]byte(c.robots)).Allowed("klank", c.url); got != c.want {
			t.Errorf("%s: %q gave %v", c.name, c.url, got)
		}
	}
}

func TestZeroValueAllowsAll(t *testing.T) {
	var r Robots
	if !r.Allowed("klank", "/") || r.CrawlDelay("klank") != 0 || r.Sitemaps() != nil {
		t.Error("the zero value has rules")
	}
}

func TestRuleNamesTheLine(t *testing.T) {
	r := Parse([]byte("# hello\r\nUser-agent: *\r\n\r\nDisallow: /a/%7euser # home\r\nAllow: /b\r\n"))
	rule, ok := r.Rule("klank", "https://h.example/a/~user/x")
	if want := (Rule{Pattern: "/a/%7euser", Line: 4}); !ok || rule != want {
		t.Errorf("got %+v %v", rule, ok)
	}
	if got := rule.String(); got != "Disallow: /a/%7euser" {
		t.Errorf("got %q", got)
	}
	if rule, ok := r.Rule("klank", "/b"); !ok || !rule.Allow || rule.Line != 5 {
		t.Errorf("got %+v %v", rule, ok)
	}
	if _, ok := r.Rule("klank", "/c"); ok {
		t.Error("a rule spoke for /c")
	}
}

func TestCrawlDelay(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"10": 10 * time.Second, "0.5": 500 * time.Millisecond, "2 seconds": 2 * time.Second,
		"": 0, "-1": 0, "NaN": 0, "soon": 0, "1e30": 1e9 * time.Second, "Inf": 1e9 * time.Second,
	} {
		if got := Parse([]byte("User-agent: *\nCrawl-delay: " + value)).CrawlDelay("klank"); got != want {
			t.Errorf("%q gave %v, want %v", value, got, want)
		}
	}
	r := Parse([]byte("User-agent: *\nCrawl-delay: 9\nDisallow: /x\nUser-agent: klank\nCrawl-delay: 1\nAllow: /\nUser-agent: klank\nCrawl-delay: 3\n"))
	if got := r.CrawlDelay("klank"); got != 3*time.Second {
		t.Errorf("the longest delay of the own groups: got %v", got)
	}
	if got := r.CrawlDelay("other"); got != 9*time.Second {
		t.Errorf("others: got %v", got)
	}
}

func TestSitemapsOfAllGroups(t *testing.T) {
	r := Parse([]byte("Sitemap: https://h.example/a.xml\nUser-agent: x\nsitemap:https://h.example/b.xml?x=1 # two\nSitemap:\n"))
	if want := []string{"https://h.example/a.xml", "https://h.example/b.xml?x=1"}; !slices.Equal(r.Sitemaps(), want) {
		t.Errorf("got %q", r.Sitemaps())
	}
}

func TestReadsFiveHundredKibibytesAndDropsTheCutLine(t *testing.T) {
	head := "User-agent: *\nDisallow: /early\n"
	tail := "Disallow: /"
	fill := strings.Repeat("#", MaxSize-len(head)-len(tail)-1) + "\n"
	body := []byte(head + fill + tail)
	if len(body) != MaxSize {
		t.Fatalf("the file has %d bytes", len(body))
	}
	if r := Parse(body); r.Allowed("klank", "/late") {
		t.Error("a file of just the limit lost its last line")
	}
	r := Parse(append(body, "late\nDisallow: /never"...))
	if r.Allowed("klank", "/early") || !r.Allowed("klank", "/other") || !r.Allowed("klank", "/never") {
		t.Error("a longer file was not cut at a line")
	}
}

func TestHostileFilesStayCheap(t *testing.T) {
	long := "/" + strings.Repeat("a", 4000)
	for name, body := range map[string]string{
		"many stars":  "User-agent: *\nDisallow: /" + strings.Repeat("*a", MaxSize/2) + "b",
		"many rules":  "User-agent: *\n" + strings.Repeat("Disallow: /*b\n", MaxSize/14),
		"many agents": strings.Repeat("User-agent: klank\n", MaxSize/36) + strings.Repeat("Disallow: /b\n", MaxSize/26),
		"many groups": strings.Repeat("User-agent: klank\nDisallow: /b\n", MaxSize/31),
	} {
		r := Parse([]byte(body))
		if !r.Allowed("klank", long) {
			t.Errorf("%s: forbidden", name)
		}
		if n := len(r.groups["klank"]); n > 20_000 {
			t.Errorf("%s: %d groups", name, n)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("User-agent: *\nDisallow: /a*b$\nAllow: /%61\nCrawl-delay: 1.5\nSitemap: x", "http://h.example/a?b#c")
	f.Add("\ufeffuser agent *\rdisallow /\r\n\x00:\n", "")
	f.Add("User-agent: klank\nAllow: index.html\nDisallow: $", "://")
	f.Fuzz(func(t *testing.T, body, url string) {
		r := Parse([]byte(body))
		rule, ok := r.Rule("klank", url)
		if got := r.Allowed("klank", url); got != (!ok || rule.Allow) {
			t.Fatalf("Allowed %v and Rule %v %v differ", got, rule, ok)
		}
		if ok && (rule.Line < 1 || !strings.Contains(body, rule.Pattern)) {
			t.Fatalf("rule %+v does not stand in the file", rule)
		}
		if r.CrawlDelay("klank") < 0 {
			t.Fatal("a negative delay")
		}
	})
}

func BenchmarkAllowed(b *testing.B) {
	r := Parse([]byte("User-agent: *\n" + strings.Repeat("Disallow: /private/*/x\nAllow: /shop/\nDisallow: /*?sort=\n", 20)))
	for b.Loop() {
		r.Allowed("klank", "https://shop.example/reviews/product-17?page=3")
	}
}
