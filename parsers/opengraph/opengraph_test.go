package opengraph

import (
	"testing"

	"klank/parsers/document"
	"klank/parsers/foundtest"
)

func TestGolden(t *testing.T) { foundtest.Golden(t, "testdata/*", Parse) }

func TestOnlyWhatAPageIsAboutIsRead(t *testing.T) {
	for name, c := range map[string]struct {
		metas        string
		items, posts int
	}{
		"nothing":                  {``, 0, 0},
		"a website":                {`<meta property="og:type" content="website"><meta property="og:title" content="Shop">`, 0, 0},
		"a website with a price":   {`<meta property="og:type" content="website"><meta property="og:title" content="Kettle"><meta property="product:price:amount" content="30">`, 1, 0},
		"a product without a name": {`<meta property="og:type" content="product">`, 0, 0},
		"names instead":            {`<meta name="og:type" content="product"><meta name="og:title" content="Kettle">`, 1, 0},
		"an article":               {`<meta property="og:type" content="article"><meta property="og:title" content="News"><meta property="article:published_time" content="2026-01-02">`, 0, 1},
		"an article at no time":    {`<meta property="og:type" content="article"><meta property="og:title" content="News">`, 0, 0},
	} {
		f := Parse(foundtest.Open("page.html", []byte("<head>"+c.metas)))
		if len(f.Items) != c.items || len(f.Mentions) != c.posts {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func FuzzParse(f *testing.F) {
	foundtest.Fuzz(f, "testdata/*", Present, func(d *document.Document) document.Found { d.MediaType = "text/html"; return Parse(d) })
}
