// Package elastic keeps the index in an Elasticsearch 8. It gives the answers
// that package sqlite gives (index/indextest holds both to them), for many
// workers on several machines and for many millions of mentions; and people
// look at the same data with Kibana. It talks to the cluster through
// go-elasticsearch's esapi, and nothing outside this package knows of that.
//
// # How it is stored
//
// All names begin with a prefix (klank unless configured):
//
//	mentions       the alias that is read, mentions-write the one written to,
//	               both of one index mentions-000001, -000002, … (see Reindex):
//	               each mention as the contract spells it, and under facet and
//	               fold what queries ask for that is not spelled so; words is
//	               title and text together, as they are and in Dutch and English
//	               stems
//	revisions      earlier revisions
//	pages          what the latest reading of each page gave, and absences what
//	               no page gives any more, in how many good runs
//	aliases        the ids that edited texts would have; moves what came to pages
//	               and went from them in the latest run
//	runs-2026.11   runs by the month they began, and coverage-2026.11 coverage by
//	               the month it was found
//	pending, near  what passes over the index have not looked at since it was
//	               stored or changed, and the keys of near-identical texts
//	dead           what the cluster refused, with its reason (see Account)
//
// There is no transaction over several mentions: what of a Put that failed was
// stored is stored, and given again it is Same. A mention is only written over
// the version that was read, so that two who write it both count.
//
// It is not for other versions than Elasticsearch 8, nor for data streams: ids
// are unique only within one index.
package elastic

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"github.com/elastic/elastic-transport-go/v8/elastictransport"

	"klank/index"
)

// Config says which cluster, and how to get in.
type Config struct {
	// URLs are the nodes, e.g. https://es1.example:9200; or CloudID names an
	// Elastic Cloud deployment.
	URLs    []string
	CloudID string
	// APIKey (as the cluster encodes it), or Username and Password.
	APIKey, Username, Password string
	// CAFile is a PEM file with the authority that signed the nodes'
	// certificates; empty for those of the system.
	CAFile string
	// Prefix begins all names in the cluster; empty means klank.
	Prefix string
	// Replicas are the copies of each shard beside the first.
	Replicas int
	// Synonyms are groups of words that mean the same, for who searches with
	// Kibana (klank's own queries bring theirs; see query.Language).
	Synonyms [][]string
	// Patience is how long a write goes on trying while the cluster is away or
	// overloaded, before it gives up with ErrAway; 0 means 30 s.
	Patience time.Duration
}

// ErrAway is wrapped by errors that say that the cluster cannot be reached or
// takes nothing now: the same later may pass.
var ErrAway = errors.New("elasticsearch is away")

// Index is an index in a cluster. It implements index.Index, Getter, Deleter,
// Scanner, JSONScanner, RowScanner, Sampler, Rereader, Absences, Aliases,
// Expirer, Compactor, Enrichable, Recorder, Generation, Changes and Accountant.
// It is safe for concurrent use, also by several processes.
type Index struct {
	cfg        Config
	transport  *elastictransport.Client
	idle       func() // closes idle connections
	bulk       *bulker
	generation atomic.Pointer[string]
	// stale says that something was written since the cluster was last told to
	// make all of it visible; see fresh.
	stale atomic.Bool
	// handed are the notes that Pending has handed out, by their sequence numbers.
	handedMu sync.Mutex
	handed   map[int64]*handedNote
}

var prefixPattern = regexp.MustCompile(`^[a-z][a-z0-9-]{0,49}$`)

// New returns an index without asking the cluster anything: it may be away.
// Setup must have been called once, by whoever it was.
func New(cfg Config) (*Index, error) {
	if cfg.Prefix == "" {
		cfg.Prefix = "klank"
	}
	if !prefixPattern.MatchString(cfg.Prefix) {
		return nil, fmt.Errorf("elasticsearch: the prefix %q is not allowed; allowed are up to 50 of a-z, 0-9 and -, beginning with a letter", cfg.Prefix)
	}
	if cfg.Patience == 0 {
		cfg.Patience = 30 * time.Second
	}
	ix := &Index{cfg: cfg, handed: map[int64]*handedNote{}}
	if err := ix.connect(); err != nil {
		return nil, err
	}
	ix.bulk = newBulker(ix)
	ix.stale.Store(true) // somebody else may just have written
	return ix, nil
}

// Open returns the index of a cluster, set up where it is not (see Setup). It
// waits for a cluster that is away as writes do.
func Open(ctx context.Context, cfg Config) (*Index, error) {
	ix, err := New(cfg)
	if err != nil {
		return nil, err
	}
	err = ix.patiently(ctx, func() error {
		_, err := ix.Setup(ctx)
		return err
	})
	if err != nil {
		return nil, errors.Join(err, ix.Close())
	}
	return ix, nil
}

// Close waits for what is being written. It may be called more than once.
func (ix *Index) Close() error {
	ix.bulk.close()
	ix.idle()
	return nil
}

// name is a full name in the cluster.
func (ix *Index) name(short string) string { return ix.cfg.Prefix + "-" + short }

// The short names of indices and aliases.
const (
	readAlias  = "mentions"
	writeAlias = "mentions-write"
	revisions  = "revisions"
	pages      = "pages"
	absences   = "absences"
	aliases    = "aliases"
	moves      = "moves"
	runs       = "runs"
	coverage   = "coverage"
	pending    = "pending"
	near       = "near"
	dead       = "dead"
)

// Generation returns the random id that the index was given when it was first
// set up, and keeps through Reindex; empty while the cluster has not been
// reached since New.
func (ix *Index) Generation() string {
	if g := ix.generation.Load(); g != nil {
		return *g
	}
	return ""
}

var (
	_ index.Index       = (*Index)(nil)
	_ index.Getter      = (*Index)(nil)
	_ index.Deleter     = (*Index)(nil)
	_ index.JSONScanner = (*Index)(nil)
	_ index.Scanner     = (*Index)(nil)
	_ index.RowScanner  = (*Index)(nil)
	_ index.Sampler     = (*Index)(nil)
	_ index.Rereader    = (*Index)(nil)
	_ index.Absences    = (*Index)(nil)
	_ index.Aliases     = (*Index)(nil)
	_ index.Expirer     = (*Index)(nil)
	_ index.Compactor   = (*Index)(nil)
	_ index.Recorder    = (*Index)(nil)
	_ index.Generation  = (*Index)(nil)
	_ index.Changes     = (*Index)(nil)
	_ index.Enrichable  = (*Index)(nil)
	_ index.Accountant  = (*Index)(nil)
)
