package markup

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestTheTreeOfTagsAtRandomIsThatOfXNet nests tags well and badly, which
// random bytes seldom do.
func TestTheTreeOfTagsAtRandomIsThatOfXNet(t *testing.T) {
	tags := strings.Fields("svg g path title style use lineargradient clippath text p div span b a ul li ol h2 h3 button select option optgroup form dl dd dt pre textarea br img input hr script table td section label meta desc noscript article i")
	attrs := []string{"", " class=x", " viewbox='1'", " xlink:href=a", " id=b class=a", " gradientunits=q type=hidden"}
	texts := []string{"x", "\n", " ", "&amp;", "<!--c-->"}
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 20000 {
		var b strings.Builder
		var open []string
		few := tags
		if i := r.IntN(len(tags) - 4); n%2 == 0 { // few tags meet more often
			few = append([]string{"svg", "div", "p"}, tags[i:i+4]...)
		}
		for range 1 + r.IntN(14) {
			switch r.IntN(5) {
			case 0, 1:
				tag := few[r.IntN(len(few))]
				b.WriteString("<" + tag + attrs[r.IntN(len(attrs))])
				if r.IntN(6) == 0 {
					b.WriteString("/")
				} else {
					open = append(open, tag)
				}
				b.WriteString(">")
			case 2, 3:
				if i := len(open) - 1; i >= 0 {
					if r.IntN(6) == 0 {
						i = r.IntN(len(open))
					}
					b.WriteString("</" + open[i] + ">")
					open = open[:i]
				}
			default:
				b.WriteString(texts[r.IntN(len(texts))])
			}
		}
		compareTrees(t, shell(b.String()))
	}
}
