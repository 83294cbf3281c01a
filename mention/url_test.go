package mention

import (
	"encoding/json"
	"net/url"
	"os"
	"strings"
	"testing"
)

func TestCanonicalURL(t *testing.T) {
	for _, c := range []struct{ base, ref, want string }{
		{"", "HTTP://Shop.Example:80/a/../b?utm_source=x&q=1#top", "http://shop.example/b?q=1"},
		{"https://shop.example/p/1?x=2", "?page=2", "https://shop.example/p/1?page=2"},
		{"https://shop.example/p/1", "//cdn.example", "https://cdn.example/"},
		{"", "https://shop.example./", "https://shop.example/"},
		{"", "https://u:p@shop.example/p;jsessionid=12?PHPSESSID=3&a=b", "https://shop.example/p?a=b"},
		{"", "http://[::1]:8080/x", "http://[::1]:8080/x"},
		{"", "https://shop.example:443", "https://shop.example/"},
		{"https://shop.example/p/1", "2#top", "https://shop.example/p/2"},
		{"https://shop.example/p/1?x=2", "", "https://shop.example/p/1?x=2"},
		{"https://shop.example/p/1", "http:\\\\other.example\\a", "http://other.example/a"},
		{"", " https://sh\top.example/a/%2E%2e/b/%2e?#x ", "https://shop.example/b/"},
		{"", "https://B\u00fccher.example/\u00e9?q=\u00e9 'a'", "https://xn--bcher-kva.example/%C3%A9?q=%C3%A9%20%27a%27"},
		{"", "http://\u0646\u0627\u0645\u0647\u200c\u0627\u06cc.example/", "http://xn--mgba3gch31f060k.example/"},
		{"", "http://0x7f.1/", "http://127.0.0.1/"},
		{"", "http://[0:0::0:1]/", "http://[::1]/"},
		{"", "http://[::ffff:10.0.0.1]/", "http://[::ffff:a00:1]/"},
		{"https://shop.example/", "/50%-off/100%25", "https://shop.example/50%25-off/100%25"},
		{"", "https://shop.example/p;jsessionid=1;v=2/q", "https://shop.example/p;v=2/q"},
		{"", "https://shop.example/p?s=shoes&sid=0123456789abcdef0123456789abcdef&mtm_source=a", "https://shop.example/p?s=shoes"},
		{"", "https://shop.example/p?a=1&&b=2&gclid=3", "https://shop.example/p?a=1&b=2"},
	} {
		got, err := CanonicalURL(c.base, c.ref)
		if err != nil || got != c.want {
			t.Errorf("CanonicalURL(%q, %q) = %q, %v; want %q", c.base, c.ref, got, err, c.want)
		}
		if again, _ := CanonicalURL("", got); again != got {
			t.Errorf("CanonicalURL(%q) = %q: not stable", got, again)
		}
	}
	for _, bad := range []string{"shop.example/p", "mailto:a@b.c", "javascript:alert(1)", "http://", "%zz", "http://a b/", "http://1.2.3.4.5/", "http://256.1.1.1/", "http://0xfffffffffffffffff/",
		"http://x:65536/", "http://x:1a/", "http://[::1/", "http://[fe80::1%25eth0]/", "http://./", "http://u@/", "http://a%2Fb/", "http://\u00a0/"} {
		if got, err := CanonicalURL("", bad); err == nil {
			t.Errorf("CanonicalURL(%q) = %q, want an error", bad, got)
		}
	}
}

func FuzzCanonicalURLIsStable(f *testing.F) {
	f.Add("https://shop.example/p/1", "../2?utm_source=a&b=%zz#c")
	f.Add("", "http://a/./b//c/../d;jsessionid=1")
	f.Add("https://b\u00fccher.example:8443/a?b", "%2e%2E/c\\d?e'f&&utm_=1")
	f.Add("http://0x7f.1", "//[::ffff:1.2.3.4]:080?")
	f.Fuzz(func(t *testing.T, base, ref string) {
		u, err := CanonicalURL(base, ref)
		if err != nil {
			return
		}
		again, err := CanonicalURL("", u)
		if err != nil || again != u {
			t.Fatalf("%q became %q, %v", u, again, err)
		}
		l, err := parseLocation(u, nil) // without the short cuts
		if err != nil || l.String() != u {
			t.Fatalf("%q taken apart became %q, %v", u, l.String(), err)
		}
		if h := strings.Trim(l.host, "[]"); Host(u) != h && !IsLoopback(h) {
			t.Fatalf("the host of %q is %q", u, Host(u))
		}
		if g, err := url.Parse(u); err == nil && g.Path == "" {
			t.Fatalf("%q has no path", u)
		}
	})
}

func TestHostKeepsThePortOfLoopbackOnly(t *testing.T) {
	for u, want := range map[string]string{
		"http://127.0.0.1:8080/a":       "127.0.0.1:8080",
		"http://localhost:1/a":          "localhost:1",
		"https://Shop.example:8443/a":   "shop.example",
		"http://[::1]:99/":              "[::1]:99",
		"::not a url":                   "",
		"https://shop.example./reviews": "shop.example",
	} {
		if got := Host(u); got != want {
			t.Errorf("Host(%q) = %q, want %q", u, got, want)
		}
	}
}

func TestPunycodeOfTheRFCsSamples(t *testing.T) { // RFC 3492, section 7.1
	for label, want := range map[string]string{
		"\u4ed6\u4eec\u4e3a\u4ec0\u4e48\u4e0d\u8bf4\u4e2d\u6587": "xn--ihqwcrb4cv8a8dqg056pqjye",
		"pro\u010dprost\u011bnemluv\u00ed\u010desky":             "xn--proprostnemluvesky-uyb24dma41a",
		"\u305d\u306e\u30b9\u30d4\u30fc\u30c9\u3067":             "xn--d9juau41awczczp",
		"b\u00fccher": "xn--bcher-kva",
	} {
		if got, err := punycode(label); err != nil || got != want {
			t.Errorf("punycode(%q) = %q, %v; want %q", label, got, err, want)
		}
	}
}

// The cases of the WHATWG URL standard, as far as they are about http and
// https, with what CanonicalURL does beyond it done to what they expect.
func TestCanonicalURLFollowsTheWHATWGCases(t *testing.T) {
	raw, err := os.ReadFile("../../shared/pages/url/whatwg-url/urltestdata.json")
	if err != nil {
		t.Skip("the shared URL cases are not here: ", err)
	}
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		t.Fatal(err)
	}
	var resolve, resolved, fail, failed int
	for _, item := range list {
		var c struct {
			Input, Base, Href, Protocol, Hostname, Host, Pathname, Search string
			Failure                                                       bool
		}
		if json.Unmarshal(item, &c) != nil { // a comment
			continue
		}
		got, err := CanonicalURL(c.Base, c.Input)
		switch {
		case c.Failure && strings.Contains(strings.ToLower(c.Input), "xn--"):
			continue // whether a name given in punycode is a good one is left to the DNS
		case c.Failure || (c.Protocol != "http:" && c.Protocol != "https:"):
			fail++
			if err != nil {
				failed++
			} else {
				t.Logf("%q against %q gave %q, want an error", c.Input, c.Base, got)
			}
			continue
		case strings.HasSuffix(c.Hostname, "."):
			continue // here the host's last dot is dropped
		}
		resolve++
		want := c.Protocol + "//" + c.Host + string(appendEscaped(nil, c.Pathname, inPath))
		if q := cleanQuery(strings.TrimPrefix(c.Search, "?")); q != "" {
			want += "?" + q
		}
		if err == nil && got == want {
			resolved++
		} else {
			t.Logf("%q against %q gave %q, %v; want %q", c.Input, c.Base, got, err, want)
		}
	}
	t.Logf("%d of %d resolve, %d of %d are refused", resolved, resolve, failed, fail)
	if resolved < resolve || failed < fail {
		t.Errorf("%d cases went wrong", resolve-resolved+fail-failed)
	}
}

func BenchmarkCanonicalURL(b *testing.B) {
	for name, c := range map[string][2]string{
		"absolute": {"https://shop.example/p/1", "https://www.shop.example/kettles/steel-kettle-1-7?page=2&sort=new#reviews"},
		"address":  {"", "http://127.0.0.1:8080/kettles/steel-kettle-1-7?page=2&sort=new"},
		"relative": {"https://shop.example/p/1", "/kettles/steel-kettle-1-7?page=2&sort=new"},
		"slow":     {"https://shop.example/p/1", "../kettles/steel kettle?utm_source=x&page=2"},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := CanonicalURL(c[0], c[1]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
