package blocks

import (
	"fmt"
	"strings"
	"testing"

	"klank/parsers/foundtest"
)

// reviewOf is a page of two reviews of which the first has this text.
func reviewOf(text string) []byte {
	var b strings.Builder
	b.WriteString("<html lang=nl><body>")
	for i, t := range []string{text, "<p>Een gewone tekst van een andere klant.</p>"} {
		fmt.Fprintf(&b, `<div class=review data-review-id=r%d00><b class=author>Klant %d</b><time datetime="2025-03-0%d"></time><div class=review-text>%s</div></div>`, i, i, i+1, t)
	}
	return []byte(b.String())
}

func TestTextsAreWhatTheirWritersWrote(t *testing.T) {
	for text, want := range map[string]string{
		"<p>Eerste alinea.</p><p>Tweede<br>regel.</p>":                            "Eerste alinea.\n\nTweede\n\nregel.",
		"Een.<br><br>Twee.":                                                       "Een.\n\nTwee.",
		"Heel goed 👍🏽 en mooi 😀":                                                  "Heel goed 👍🏽 en mooi 😀",
		"Vis &amp; patat, &quot;lekker&quot; &lt;3":                               `Vis & patat, "lekker" <3`,
		"Caf&amp;eacute; &amp;amp;amp; bar":                                       "Café & bar",
		"&lt;b&gt;Vet&lt;/b&gt; en &amp;lt;i&amp;gt;schuin&amp;lt;/i&amp;gt;":     "Vet en schuin",
		"Goed.<script>alert('x')</script><style>p{}</style> Echt.":                "Goed. Echt.",
		"&lt;script&gt;alert(1)&lt;/script&gt;Goed.":                              "Goed.",
		"<p>Prima ketel.</p><p>Lees meer</p>":                                     "Prima ketel.",
		"<p>Prima ketel.</p><a href='#' class=more>Lees meer</a>":                 "Prima ketel.",
		"<p>Prima ketel.</p><p>Was deze review nuttig?</p><button>Ja</button>":    "Prima ketel.",
		"<ul><li>stil</li><li>snel</li></ul>":                                     "stil\n\nsnel",
		"Woorden<span>die</span> <em>samen</em> blijven &nbsp; staan&shy;blijven": "Woordendie samen blijven staanblijven",
	} {
		f := Parse(foundtest.Open("p.html", reviewOf(text)))
		if len(f.Mentions) != 2 {
			t.Errorf("%s: %d mentions", text, len(f.Mentions))
			continue
		}
		if got := f.Mentions[0].Text; got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
