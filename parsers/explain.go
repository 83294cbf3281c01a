package parsers

import (
	"fmt"

	"klank/mention"
	"klank/parsers/blocks"
	"klank/parsers/document"
	"klank/parsers/selectors"
)

// Explanation tells why Parse finds what it finds where that is not plain from
// the page's markup.
type Explanation struct {
	// Selectors tell what each of the source's own rules found.
	Selectors []selectors.Hit `json:"selectors,omitempty"`
	// Blocks are the groups of blocks on the page that may be mentions, taken
	// or not. Parse asks for them only where it finds no mention otherwise,
	// and not on pages whose source has a rule for blocks.
	Blocks []blocks.Group `json:"blocks,omitempty"`
}

// Explain tells how a page is read by the source's selectors and by the guess
// at blocks. It returns an error for selectors that do not compile.
func (r *Registry) Explain(p *mention.Page, o Options) (Explanation, error) {
	var e Explanation
	d, _ := document.Open(p)
	defer d.Close()
	if inner := listOf(o.LoadMore, d).markup(); inner != p {
		d, _ = document.Open(inner)
		defer d.Close()
	}
	if o.Selectors != nil {
		s, err := selectors.Compile(*o.Selectors)
		if err != nil {
			return e, fmt.Errorf("parsers: %w", err)
		}
		e.Selectors = s.Explain(d)
	}
	e.Blocks = blocks.Explain(d)
	return e, nil
}
