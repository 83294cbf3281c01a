// Package index holds the questions that can be put to collected mentions
// and the interface that answers them. Back-ends live in sub-packages
// (sqlite and elastic) and are held to the same answers by indextest.
//
// It is not for crawling or parsing, and it never fetches anything.
package index

import (
	"context"
	"errors"
	"time"

	"klank/index/query"
	"klank/mention"
)

// ErrNotFound is returned by Getter.Get for an unknown id.
var ErrNotFound = errors.New("index: no such mention")

// Change says what Put did with one mention.
type Change string

// The outcomes of Put for one mention. Same covers what was already known
// word for word: that is how a crawler learns "already known".
const (
	New     Change = "new"
	Changed Change = "changed" // a new revision; the earlier one stays readable
	Same    Change = "same"
	// Refused is what the back-end can store neither now nor later, for what it
	// is. It is kept among the dead letters, with the reason.
	Refused Change = "refused"
)

// Index stores mentions and answers questions about them. All methods are
// safe for concurrent use. Put is durable when it returns, and idempotent:
// the same mentions again give Same. What is known of a mention is joined with
// what comes (see Merge). It returns one Change per mention, in order, also
// where an id stands twice; on an error nothing of the batch counts as stored.
type Index interface {
	Put(ctx context.Context, ms []mention.Mention) ([]Change, error)
	Search(ctx context.Context, r SearchRequest) (*SearchResult, error)
	Aggregate(ctx context.Context, r AggregateRequest) (*AggregateResult, error)
	Close() error
}

// Getter is the optional ability to read one mention; revision 0 means the
// latest. Unknown ids give ErrNotFound.
type Getter interface {
	Get(ctx context.Context, id string, revision int) (*mention.Mention, error)
}

// Deleter is the optional ability to delete all mentions a query matches,
// with their revisions. It returns how many mentions went.
type Deleter interface {
	Delete(ctx context.Context, q query.Node) (int, error)
}

// Scanner is the optional ability to walk all matches in id order in constant
// memory, for export and passes over the whole index. fn's error ends the
// walk and is returned.
type Scanner interface {
	Scan(ctx context.Context, q query.Node, fn func(*mention.Mention) error) error
}

// JSONScanner is the optional ability to walk all matches as Scanner does, each
// as JSON (mention.Mention's, without line ends), as the store has it: that
// saves reading and writing it again. doc is fn's until it returns.
type JSONScanner interface {
	ScanJSON(ctx context.Context, q query.Node, fn func(doc []byte) error) error
}

// Recorder is the optional ability to keep runs and their coverage.
type Recorder interface {
	PutRun(ctx context.Context, r mention.Run, cov []mention.Coverage) error
	// PutCoverage stores coverage alone, replacing that of the same source
	// and item: what a page declares is kept as it is found.
	PutCoverage(ctx context.Context, cov []mention.Coverage) error
	// Runs returns the latest runs first, at most limit.
	Runs(ctx context.Context, limit int) ([]mention.Run, error)
	// Coverage returns the latest coverage per source and item, of the given
	// sources or of all without any.
	Coverage(ctx context.Context, sources ...string) ([]mention.Coverage, error)
}

// Generation is the optional ability to name this very index: a random id
// given when it was created. Validators of another generation do not count.
type Generation interface {
	Generation() string
}

// Changes is the optional ability to tell whether anything was written: what
// was worked out of an index holds as long as Changed returns what it returned
// before the work began.
type Changes interface {
	// Changed returns a token that is another one after every committed write of
	// mentions, runs or coverage, by whichever process, and the same for the same
	// state, after a restart too. It costs well under a millisecond, or one small
	// request to a cluster. Other writes may change it too.
	Changed(ctx context.Context) (string, error)
}

// Accountant is the optional ability of a store without transactions to prove
// that nothing was lost on its way in.
type Accountant interface {
	// Account counts the mentions that the latest readings of pages gave (as told
	// to Absences.PutSeen), and which of them are there: of one source and one run,
	// or of all where these are empty.
	Account(ctx context.Context, source, run string) (*Account, error)
}

// Account balances what went in with what is there. Missing names some of the
// mentions that are neither indexed nor dead.
type Account struct {
	In, Indexed, Dead int
	Missing           []string
}

// Balances tells whether all that went in is indexed, or dead.
func (a *Account) Balances() bool { return a.In == a.Indexed+a.Dead }

// Checker is the optional ability to look for damage in the store itself. It
// takes the time of reading all of it.
type Checker interface {
	Check(ctx context.Context) error
}

// Compactor is the optional ability to give back the space of what was
// deleted. Afterwards no trace of it is left in the store, single words in
// the full-text index included: an erasure ends with it. It takes the time
// of rewriting the store.
type Compactor interface {
	Compact(ctx context.Context) error
}

// The sort orders of SearchRequest. Ties are broken by id, ascending.
const (
	SortNewest    = "newest" // published, newest first; without a date last
	SortOldest    = "oldest"
	SortRelevance = "relevance"
	SortRating    = "rating" // lowest score first; without a rating last
	SortSentiment = "sentiment"
)

// Sorts lists the sort orders.
var Sorts = []string{SortNewest, SortOldest, SortRelevance, SortRating, SortSentiment}

// SearchRequest asks for mentions. A nil Query matches everything.
type SearchRequest struct {
	Query query.Node
	// Sort is one of Sorts; empty means newest.
	Sort string
	// Limit is 1..1000; 0 means 20.
	Limit int
	// After is SearchResult.Next of the page before; empty for the first.
	After string
	// Highlight asks for the byte spans of matched words.
	Highlight bool
}

// SearchResult is one page of hits. Next is empty on the last page.
type SearchResult struct {
	Total int
	Hits  []Hit
	Next  string
	// Ranked is how many of the matches were ranked by relevance, where a back-end
	// does not rank all of so many: those it got last. The others follow by id. It
	// is 0 where all were.
	Ranked int
}

// Hit is one found mention with the spans where the query's words match.
type Hit struct {
	Mention    mention.Mention
	Highlights []mention.Span
}

// AggregateRequest asks for counts over the mentions that match Query.
type AggregateRequest struct {
	Query     query.Node
	Facets    []Facet
	Histogram *Histogram
}

// Facet asks for the most frequent values of a field (see query.Fields), and
// for each of them, when Sub is set, those of another.
type Facet struct {
	Field string
	// Size bounds the buckets; 0 means 10. Ties are broken by value.
	Size int
	Sub  *Facet
}

// Histogram asks for counts over time, by the published date (UTC). Buckets
// without mentions between the first and the last are returned with 0, unless
// a stray date makes thousands of them.
type Histogram struct {
	// Interval is day, week (from Monday), month or year.
	Interval string
	// Sub optionally splits every bucket by a field.
	Sub *Facet
}

// AggregateResult answers an AggregateRequest. Authors is the exact number of
// distinct author keys; RatingMean and SentimentMean are plain means over the
// mentions that have one, with their counts.
type AggregateResult struct {
	Total         int
	Authors       int
	RatingMean    float64 // of score, 0..1
	Rated         int
	SentimentMean float64
	Scored        int
	Facets        map[string][]Bucket
	Histogram     []TimeBucket
}

// Bucket is one value of a facet.
type Bucket struct {
	Value string   `json:"value"`
	Count int      `json:"count"`
	Sub   []Bucket `json:"sub,omitempty"`
}

// TimeBucket is one interval of a histogram.
type TimeBucket struct {
	Start time.Time `json:"start"`
	Count int       `json:"count"`
	Sub   []Bucket  `json:"sub,omitempty"`
}
