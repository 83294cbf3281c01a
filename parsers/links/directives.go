package links

import (
	"strings"

	"klank/mention"
	"klank/parsers/document"
)

// Directives returns what the page says about its own use: its headers and
// its meta elements (robots, klank, and tdm-reservation of the TDM
// Reservation Protocol) together.
func Directives(d *document.Document) mention.Directives {
	out := d.Page.Directives
	for _, m := range d.Outline().Metas {
		switch m.Name {
		case "robots", "klank":
			for _, w := range strings.FieldsFunc(strings.ToLower(m.Content), func(r rune) bool { return r == ',' || r == ' ' || r == ';' }) {
				out.NoIndex = out.NoIndex || w == "noindex" || w == "none"
				out.NoFollow = out.NoFollow || w == "nofollow" || w == "none"
			}
		case "tdm-reservation":
			out.TDMReserved = out.TDMReserved || strings.TrimSpace(m.Content) == "1"
		}
	}
	return out
}
