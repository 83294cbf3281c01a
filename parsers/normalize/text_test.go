package normalize

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/net/html"
)

func TestTextIsPlain(t *testing.T) {
	for in, want := range map[string]string{
		"":                            "",
		"  a \t b  ":                  "a b",
		"a\nb":                        "a b",
		"a\n\nb\r\n \r\nc":            "a\n\nb\n\nc",
		"Tom &amp; Jerry":             "Tom & Jerry",
		"Tom &amp;amp;amp;amp; Jerry": "Tom & Jerry",
		"&amp;lt;b&amp;gt;bold&amp;lt;/b&amp;gt;":                       "bold",
		"caf&eacute; &#8364;5":                                          "café €5",
		"a<br/>b<br>c":                                                  "a\n\nb\n\nc",
		"<p>one</p><p>two</p>":                                          "one\n\ntwo",
		"i <3 this, 4 < 5 and 6 > 5":                                    "i <3 this, 4 < 5 and 6 > 5",
		"nbsp\u00a0and\u200bzero":                                       "nbsp andzero",
		"<script>alert(1)</script>safe":                                 "safe",
		"AT&T is fine":                                                  "AT&T is fine",
		"it cost < then it was":                                         "it cost < then it was",
		"een <luie> dag </rant> en <b>meer</b>":                         "een <luie> dag </rant> en meer",
		"<klik?) op \"Tom & Ans\". Ik <b>wil</b> het>":                  "<klik?) op \"Tom & Ans\". Ik wil het>",
		"Ans <ans@example.com> of <https://example.com/a>":              "Ans <ans@example.com> of <https://example.com/a>",
		"<sigh onclick=x>a</sigh>":                                      "a</sigh>",
		"a <b and <i>c</i><!-- <d> -->":                                 "a <b and c",
		`<a title="1 < 2">x</a> < <p>y`:                                 "x <\n\ny",
		"<o:p>a</o:p> <x-y>b</x-y>":                                     "a b",
		"goed \u0096 foto\u0092s \u0091echt\u0092\u0085 \u0080 5\u0081": "goed – foto’s ‘echt’… € 5",
	} {
		if got := Text(in); got != want {
			t.Errorf("Text(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestHTMLBecomesParagraphs(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                                 "plain",
		"<p>one\ntwo</p>\n<p>three</p>":         "one two\n\nthree",
		"<ul><li>a</li><li>b</li></ul>":         "a\n\nb",
		"a<br><br>b":                            "a\n\nb",
		"<b>bo</b>ld and <i>it</i>alic":         "bold and italic",
		"<style>p{}</style><p>x</p><!-- no -->": "x",
		"x &lt;b&gt;not bold&lt;/b&gt;":         "x not bold",
		`<img class="e" alt="😀" src=x> hi`:      "😀 hi",
		"<pre>a\n\nb</pre>":                     "a\n\nb",
		"<td>a</td><td>b</td>":                  "a b",
		"<div>5 < 6</div>":                      "5 < 6",
		"unfinished <a href=":                   "unfinished a href=",
	} {
		if got := HTML(in); got != want {
			t.Errorf("HTML(%q) = %q, want %q", in, got, want)
		}
		n, err := html.Parse(strings.NewReader("<body>" + in))
		if err != nil {
			t.Fatal(err)
		}
		if got := Node(n); got != want && !strings.Contains(in, "<td>") && !strings.Contains(in, "unfinished") {
			t.Errorf("Node(%q) = %q, want %q", in, got, want)
		}
	}
	if got := Line("<h2>A\n\ntitle</h2><p>here"); got != "A title here" {
		t.Errorf("Line = %q", got)
	}
}

func TestTextCostIsLinear(t *testing.T) {
	const n = 1 << 20
	for name, in := range map[string]string{
		"amp":      "&" + strings.Repeat("amp;", n/4),
		"lt":       strings.Repeat("<", n),
		"open":     strings.Repeat("<a", n/2),
		"nested":   strings.Repeat("<", n/4) + "b" + strings.Repeat(">b", n/4),
		"attrs":    "<a " + strings.Repeat("x ", n/2) + ">",
		"tags":     strings.Repeat("<b>", n/3),
		"amphash":  strings.Repeat("&#38;", n/5),
		"comments": strings.Repeat("<!--", n/4),
		"script":   strings.Repeat("<script>", n/8),
	} {
		start := time.Now()
		Text(in)
		HTML(in)
		if d := time.Since(start); d > 10*time.Second {
			t.Errorf("%s: 1 MB took %v", name, d)
		}
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"a &amp;lt;b&amp;gt;", "<p>x<p>y", "<<b>b>", "&#x3c;b&#x3e;", "<script>", "5 < 6", "a\n\n\nb", "\xff<", "<A\v&#X3e", "a <luie> <b>b</b>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, got := range []string{Text(s), HTML(s)} {
			if hasTag(got) {
				t.Errorf("markup comes out of %q: %q", s, got)
			}
			if utf8.ValidString(s) && !utf8.ValidString(got) {
				t.Errorf("invalid UTF-8 out of %q: %q", s, got)
			}
			if strings.Contains(got, "\n\n\n") || strings.TrimSpace(got) != got {
				t.Errorf("white space not folded in %q: %q", s, got)
			}
		}
		if strings.Contains(Line(s), "\n") {
			t.Errorf("Line(%q) has line ends", s)
		}
	})
}
