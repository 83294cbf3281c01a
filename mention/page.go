package mention

import "time"

// Page is one fetched (or saved) response: what a crawler hands to a parser.
type Page struct {
	// URL is the canonical URL that was asked for.
	URL string
	// Source is what the page was fetched for; empty for files.
	Source Source
	// Status is the HTTP status; 200 for files.
	Status int
	// ContentType is the Content-Type header as received.
	ContentType string
	// Body is the decompressed body in its original charset. Nobody may write
	// to it once the page is handed on: what is read off it shares its memory.
	Body []byte
	// Link holds the Link headers (RFC 8288) as received.
	Link []string
	// Language is the Content-Language header: a hint, nothing more.
	Language string
	// Fetched is when the response arrived; for files zero unless it is
	// known, and then relative dates stay empty.
	Fetched time.Time
	// ETag and LastModified are the validators as received (RFC 9110).
	ETag, LastModified string
	// SHA256 is the hex digest of Body, Snapshot locates the saved record.
	SHA256, Snapshot string
	// Directives are what the response says about its own use.
	Directives Directives
	// Origin is the page whose list this one goes on with, where this one
	// does not say so itself: an answer to "load more". Nil for all others.
	Origin *Origin
}

// Origin is the page that a list belongs to.
type Origin struct {
	// Page is its canonical URL.
	Page string `json:"page"`
	// Item is what it is about; nil when that is not known.
	Item *ItemRef `json:"item,omitempty"`
}

// Directives are a page's wishes about its use: X-Robots-Tag and robots meta
// (noindex, nofollow), and the TDM Reservation Protocol.
type Directives struct {
	NoIndex     bool `json:"noindex,omitempty"`
	NoFollow    bool `json:"nofollow,omitempty"`
	TDMReserved bool `json:"tdm_reserved,omitempty"`
}

// Merge returns the directives that hold when either d or e asks for them.
func (d Directives) Merge(e Directives) Directives {
	return Directives{d.NoIndex || e.NoIndex, d.NoFollow || e.NoFollow, d.TDMReserved || e.TDMReserved}
}

// LinkKind says what a link promises; a crawler orders its work by it.
type LinkKind string

// The kinds of links, in the order in which a crawler follows them.
const (
	LinkNext LinkKind = "next" // the next page of the same list: pagination, cursor, Link rel=next
	LinkItem LinkKind = "item" // a product, thread or article that carries mentions
	LinkFeed LinkKind = "feed" // RSS, Atom or JSON feed of the page or its comments
	LinkPage LinkKind = "page" // any other link
)

// Link is a URL found on a page, absolute and canonical.
type Link struct {
	URL  string   `json:"url"`
	Kind LinkKind `json:"kind"`
	// NoFollow repeats rel=nofollow (also ugc and sponsored) of the link.
	NoFollow bool `json:"nofollow,omitempty"`
	// Origin is the Page.Origin of the page it leads to.
	Origin *Origin `json:"origin,omitempty"`
}

// Problem is something a stage could not read or had to guess. The rest of
// the page is still used.
type Problem struct {
	// Where names the parser or part, e.g. "jsonld: block 2".
	Where string `json:"where"`
	// What says what is wrong, in words for a person.
	What string `json:"what"`
}
