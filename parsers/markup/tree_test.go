package markup

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// draw writes a tree as text that differs where trees differ.
func draw(b *strings.Builder, n *html.Node, depth int) {
	b.WriteString(strings.Repeat(" ", depth))
	b.WriteString(show(html.TokenType(n.Type), n.Namespace, n.DataAtom, n.Data, n.Attr))
	b.WriteString("\n")
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if c.Parent != n || c.PrevSibling == nil && n.FirstChild != c || c.NextSibling == nil && n.LastChild != c || c.NextSibling != nil && c.NextSibling.PrevSibling != c {
			b.WriteString("broken links\n")
		}
		draw(b, c, depth+1)
	}
}

// compareTrees holds the tree of a page to that of x/net, unless it was read
// loosely; then it must be whole.
func compareTrees(t *testing.T, page string) {
	t.Helper()
	var got, want strings.Builder
	b := newBuilder(page)
	b.run()
	draw(&got, b.doc, 0)
	b.tree.Free() // the next page is made of it
	if strings.Contains(got.String(), "broken links") {
		t.Fatalf("%q: %s", page, &got)
	}
	if b.loose {
		return
	}
	other, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatalf("%q: read by the rules, but %v", page, err)
	}
	draw(&want, other, 0)
	if got.String() != want.String() {
		t.Fatalf("%q: tree\n%swant\n%s", page, &got, &want)
	}
}

// shell puts the body of a page into the frame of a plain one.
func shell(body string) string {
	return "<!DOCTYPE html>\n<html lang=nl>\n<head>\n<title>T</title>\n<meta charset=utf-8>\n</head>\n<body>" + body + "</body>\n</html>\n"
}

func TestTheTreeIsThatOfXNet(t *testing.T) {
	for _, page := range pages {
		compareTrees(t, page)
		compareTrees(t, shell(page))
	}
	compareTrees(t, shell(strings.Repeat("<div>", 300)))
	compareTrees(t, shell(strings.Repeat("<b>", 20)+"x"+strings.Repeat("</b>", 20)+"y"))
}

func TestPlainPagesAreReadByTheRules(t *testing.T) {
	for body, want := range map[string]bool{
		`<div class="a">x<p>y<p>z</div><ul><li>a<li>b</ul><select><option>1<option>2</select>`:    true,
		`<h2>a</h2><form><input type=text><textarea>x</textarea></form><custom-tag></custom-tag>`: true,
		`<footer><div><span>x</footer><p><span>y</p><ul><li><div>z</li></ul>`:                     true,
		`<a><svg viewbox="0 0 1 1"><title>t</title><path d="x"/></svg></a>`:                       true,
		`<div><b></div>`: false, `<div><form></div>`: false, `<b><i>x</b></i>`: false, `<p><span><div>x</div></span></p>`: false, `</p>`: false, `<a><a></a></a>`: false,
	} {
		b := newBuilder(shell(body))
		if b.run(); b.loose == want {
			t.Errorf("%s: read loosely: %t", body, b.loose)
		}
	}
}

// TestBadNestingIsReadAsBrowsersDo holds trees that are read loosely to x/net.
func TestBadNestingIsReadAsBrowsersDo(t *testing.T) {
	for _, page := range []string{
		"x", "<p>x", "<div><p>a<div>b</div>c</div>", "<title>a</title><p>x", "<!doctype html><meta charset=utf-8><title>a</title><body class=x><p>y</p></body></html>",
		"<html><p>x</html>", "<head><script>a</script></head><div>x</div>", "<html><head></head><script>x</script><body>y", "<body a=b><body a=c d=e>",
		shell("</p>"), shell("a</br>b"), shell("</div>x"), shell("<div>a</span></div>b"), shell("<p><span><div>x</div></span></p>"), shell("<ul><li><div>a<li>b</ul>"),
		shell("<table><tr><td>x<td>y<tr><td>z</table>"), shell("<table><tbody><tr><th>a</th><td>b</td></tr></tbody></table>c"), shell("<table><caption>a</caption><col><thead><tr><th>b</thead><tfoot></table>"),
		shell("<table>x<tr><td>y</table>"), shell("<table><div>x</div><tr><td>y</table>z"), shell("<table><tr><td><table><tr><td>a</table>b</table>"), shell("<table><form><tr><td><input></form></table>"),
		shell("<td>x</td><tr>"), shell("<div><table><tr><td>a</div>b</table>c"), shell("<p>a<table><tr><td>b<p>c</table>d"), shell("<table><tr><td>a</tr></tbody></table>"),
		shell("<form>a<form>b</form>c</form>"), shell("<div><form>a</div>b</form>"), shell("<button>a<button>b</button>"), shell("<button><div>x</button>y"), shell("<a href=x>b<a href=y>c</a>"),
		shell("<h2>a<h3>b</h3>"), shell("<h2>a</h3>b"), shell("<dl><dt>a<dd>b<dt>c</dl>"), shell("<ruby>a<rt>b<rt>c</ruby>"), shell("<object><p>x</object>y"), shell("<image src=x>"),
		shell("<svg><foreignObject><div>x</div></foreignObject></svg>y"), shell("<svg><desc>a</desc><filter></filter></svg>"), shell("<svg><g><p>x</p>"), shell("<math><mi>x</mi></math>y"),
		shell("<x-a><x-b>c</x-a>d"), shell("<select><option>a</select><optgroup>"), shell("<template><p>a</template>b"), shell("a</body>b</html>c"), shell("<hr><p>x<hr>y"), shell("<p><button><p>x</button></p>"),
	} {
		var got, want strings.Builder
		tree := Parse(page)
		draw(&got, tree.Root, 0)
		other, err := html.Parse(strings.NewReader(page))
		if err != nil {
			t.Fatal(err)
		}
		if draw(&want, other, 0); got.String() != want.String() {
			t.Errorf("%q: tree\n%swant\n%s", page, &got, &want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, page := range pages {
		f.Add(page, true)
		f.Add(page, false)
	}
	f.Fuzz(func(t *testing.T, page string, whole bool) {
		if !whole {
			page = shell(page)
		}
		compareTrees(t, page)
	})
}
