package markup

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// pages are what the fuzz tests start from: markup plain and not.
var pages = []string{
	"", "text", "a < b &amp; c &lt <3", "<", "a<", "</", "<!", "<a", "<a b", "<a b=", "<a b='", "<a b=c", "<p>x</p", "</>", "</ x>", "<?xml version='1.0'?><a>",
	`<!DOCTYPE html><html lang=nl><head><title>A &amp; B</title><meta charset="utf-8"><link rel=next href="/x?a=1&amp;b=2"></head><body class='x y'><p>one<br>two<img src=a.png alt="b"/></p></body></html>`,
	`<A HREF="?a=1&copy=2&lt;&#39;&b">x</A><a href='?&copy' href=2 B C = "d e"f=g h>`, `<a b=c/d><a b=/><a b="c"/><br/><br / ><a / b>`, `<a "b=c 'd><a =b><a b==c><a b=c"d'e&f>`,
	"<!-- a --><!--><!---><!----><!-- a --!> b --><!-- a --- --><!-- a", "<!doctype  HTML PUBLIC 'a'><!DOCTYPE><!doctypehtml><![CDATA[x]]><!x>",
	`<script>if (a < b) "</scr" + "<\/script>"</script >x<style>a>b{}</STYLE><textarea>&lt;b></textarea><title>a<b>&amp;</title><noscript><img></noscript><iframe><p></iframe><xmp><b></xmp>`,
	"<script><!-- <script> </script> --></script><script><!-- a </script>b<plaintext>c</b>", "<title>never ends", "<script></script><title></title><script/>a</script>",
	"<pre>\na\r\nb\x00</pre><p\r\nid=x>", "<ul><li>a<li>b</ul><dl><dt>a<dd>b</dl><select><option>a<option>b</select>", "<p>a<div>b</div><p>c<p>d</p></p>", "<b><i>x</b></i><a><a></a>",
	"<table><tr><td>x</table>", "<div><svg viewbox='0 0 1 1'><path d=x /></svg></div>", "<p\r\nclass='a\r\nb\r'>x\r\n\ry</p><pre>\r\n\r\nx</pre><script>\r\n</script\r>", "<a href=/b/c/>x</a><br class=a/><a b=&amp;/ c=d&e=f>", "<svg viewBox='0 0 1 1' xmlns:xlink=x><title>a</title><style>b</style><defs><linearGradient ID=a gradientUnits=x /></defs><g><path D=x /><use xlink:href='#a'></use>t</g></svg>x",
	"<p><svg><p>x</svg><svg/>y<svg><title>a&amp;b</title><style>a&amp;</style></svg><svg><a><path></a></svg><div><svg><g></div>x", "<svg><svg></svg><text>&lt;</text></SVG><ul><li><svg></li></ul>",
	"<h1>a<h2>b</h2></h1>", "<a href=x class=y id=z>a</a><b title=x class=y>b</b>", "<form><form></form></form>", "<button><button></button>", "<div/>a</div>",
	"<html><head></head>\n <body>x</body> <!-- c --> </html> <!-- d -->\n", "<html><head> <!-- a --> <script>x</script></head><!-- b --><body><span>x</span><span></body>", "<html><head></head><body>a</body>b</html>c",
	"<html><head></head><body><ul><li><p>a</li></ul><textarea>\nx</textarea><custom-tag a=b>x</custom-tag><nobr>x</nobr><template><p></template>",
	"<html><head><title>x</title></head><body><b><b><b><b>x</b></b></b></b><object><p></object><ruby><rt>x</ruby><input type=hidden><hr><label>x</label></body></html>",
	"<footer><div><span>x</footer>y<p><span>x</p><ul><li><div>x<li>y</li></ul><p><button></p></button><li><ul></li></ul><div><form></div></form><div><b></div>x", "<html><body><p>x</body></html>", "<html><head><body>", "<html><head></head><frameset></frameset></html>", "<html><head></head><body><image><math><mi>x</math></body>",
}

func show(kind html.TokenType, name string, a atom.Atom, text string, attrs []html.Attribute) string {
	return fmt.Sprintf("%v %q %v %q %q", kind, name, a, text, attrs)
}

// compare holds the scanner to x/net's tokenizer and returns how many tokens
// it read by itself.
func compare(t *testing.T, page string) int {
	t.Helper()
	z, x := NewScanner(page), html.NewTokenizer(strings.NewReader(page))
	for plain := 0; ; plain++ {
		kind := z.Next()
		want := x.Next()
		if kind == html.TextToken && want == kind && z.Raw() != Lines(string(x.Raw())) {
			t.Fatalf("%q: raw text %q, want %q", page, z.Raw(), x.Raw())
		}
		tok := x.Token()
		if !z.Plain() {
			plain--
		}
		name, a, text, attrs := "", atom.Atom(0), "", []html.Attribute(nil)
		switch kind {
		case html.StartTagToken, html.SelfClosingTagToken, html.EndTagToken:
			name, a = z.Name(), z.Atom()
			for i := range z.Attributes() {
				k, v := z.Attribute(i)
				attrs = append(attrs, html.Attribute{Key: k, Val: v})
			}
		case html.TextToken, html.CommentToken, html.DoctypeToken:
			text = z.Text()
		}
		wantName, wantText := tok.Data, ""
		switch want {
		case html.TextToken, html.CommentToken, html.DoctypeToken:
			wantName, wantText = "", tok.Data
		}
		if got, want := show(kind, name, a, text, attrs), show(want, wantName, tok.DataAtom, wantText, tok.Attr); got != want {
			t.Fatalf("%q: token %s, want %s", page, got, want)
		}
		if kind == html.ErrorToken {
			return plain
		}
	}
}

func TestTheTokensAreThoseOfXNet(t *testing.T) {
	for _, page := range pages {
		compare(t, page)
	}
	plain := `<!DOCTYPE html><p class="a" id=b>x &amp; y<!-- c --></p><script>a</script>`
	if n := compare(t, plain); n != 8 {
		t.Errorf("of 8 tokens %d are read fast", n)
	}
}

func FuzzScanner(f *testing.F) {
	for _, page := range pages {
		f.Add(page)
	}
	f.Fuzz(func(t *testing.T, page string) { compare(t, page) })
}
