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

func compareTrees(t *testing.T, page string) {
	t.Helper()
	var got, want strings.Builder
	tree, err := Parse(page)
	if err == nil {
		draw(&got, tree.Root, 0)
		tree.Free() // the next page is made of it
	}
	other, otherErr := html.Parse(strings.NewReader(page))
	if otherErr == nil {
		draw(&want, other, 0)
	}
	if got.String() != want.String() || (err == nil) != (otherErr == nil) {
		t.Fatalf("%q: tree (%v)\n%swant (%v)\n%s", page, err, &got, otherErr, &want)
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

func TestPlainPagesAreReadFast(t *testing.T) {
	for body, want := range map[string]bool{
		`<div class="a">x<p>y<p>z</div><ul><li>a<li>b</ul><select><option>1<option>2</select>`:    true,
		`<h2>a</h2><form><input type=text><textarea>x</textarea></form><custom-tag></custom-tag>`: true,
		`<footer><div><span>x</footer><p><span>y</p><ul><li><div>z</li></ul>`:                     true,
		`<a><svg viewbox="0 0 1 1"><title>t</title><path d="x"/></svg></a>`:                       true,
		`<div><b></div>`: false, `<div><form></div>`: false, `<b><i>x</b></i>`: false, `<p><span><div>x</div></span></p>`: false, `<table></table>`: false, `</p>`: false, `<a><a></a></a>`: false,
	} {
		b := builder{z: NewScanner(shell(body)), doc: &html.Node{Type: html.DocumentNode}}
		b.open = append(b.stack[:0], b.doc)
		if got := b.run(); got != want {
			t.Errorf("%s: read fast: %t, want %t", body, got, want)
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
