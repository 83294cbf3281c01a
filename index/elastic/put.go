package elastic

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/elastic/go-elasticsearch/v8/esapi"

	"klank/index"
	"klank/mention"
)

// Put stores mentions; see index.Index. What is already known of a mention is
// joined with what comes by index.Merge. What the cluster refuses for what it
// is goes to the dead letters, and is index.Refused.
func (ix *Index) Put(ctx context.Context, ms []mention.Mention) ([]index.Change, error) {
	return ix.PutSeen(ctx, ms, nil)
}

// PutSeen stores mentions and notes what pages gave; see index.Absences. The
// notes come last, and the page's own last of them: what fails half-way is
// found as it was, and noted when it is given again. Of one page only one
// process writes at a time, as it holds its host.
func (ix *Index) PutSeen(ctx context.Context, ms []mention.Mention, seen []index.Sighting) ([]index.Change, error) {
	for i := range ms {
		if ms[i].ID == "" {
			return nil, fmt.Errorf("index: put: mention %d of %d (%s) has no id", i+1, len(ms), ms[i].URL)
		}
	}
	changes, err := ix.putSeen(ctx, ms, seen)
	if err != nil {
		return nil, fmt.Errorf("index: put: %w", err)
	}
	return changes, nil
}

func (ix *Index) putSeen(ctx context.Context, ms []mention.Mention, seen []index.Sighting) ([]index.Change, error) {
	if err := ix.ready(ctx); err != nil {
		return nil, err
	}
	before, err := ix.readings(ctx, seen)
	if err != nil {
		return nil, err
	}
	if ms, seen, err = ix.succeed(ctx, ms, seen, before); err != nil {
		return nil, err
	}
	edits := make([]*edit, len(ms))
	for i := range ms {
		edits[i] = putEdit(ms[i])
		edits[i].fresh = true
	}
	changes, err := ix.write(ctx, edits)
	if err != nil {
		return nil, err
	}
	return changes, ix.see(ctx, seen)
}

// putEdit joins a mention with what is stored of it.
func putEdit(m mention.Mention) *edit {
	index.ToUTC(&m)
	return &edit{id: m.ID, apply: func(stored *mention.Mention) (*mention.Mention, index.Change) {
		if stored == nil {
			fresh := m
			fresh.Revision = 1
			return &fresh, index.New
		}
		joined, change := index.Merge(*stored, m)
		return &joined, change
	}}
}

// edit is what becomes of one mention: apply tells, from what is stored (nil
// for nothing). It may be asked again, when somebody else wrote meanwhile.
type edit struct {
	id    string
	apply func(stored *mention.Mention) (*mention.Mention, index.Change)
	// fresh says that the mention is probably new: then it is not read first.
	fresh  bool
	change index.Change
	done   bool
}

// maxRounds bounds how often an edit is tried against others that write the
// same mention. Each round somebody wins.
const maxRounds = 50

// write carries edits out, in order where an id stands twice, and returns the
// change of each. On an error some of them may be stored.
func (ix *Index) write(ctx context.Context, edits []*edit) ([]index.Change, error) {
	if err := ix.ready(ctx); err != nil {
		return nil, err
	}
	conflicts := 0
	for todo := edits; len(todo) > 0; {
		var now, later []*edit
		taken := map[string]bool{}
		for _, e := range todo {
			if taken[e.id] {
				later = append(later, e)
				continue
			}
			taken[e.id] = true
			now = append(now, e)
		}
		if err := ix.round(ctx, now); err != nil {
			return nil, err
		}
		todo = nil
		for _, e := range now {
			if !e.done {
				todo = append(todo, e)
			}
		}
		if len(todo) > 0 {
			if conflicts++; conflicts > maxRounds {
				return nil, fmt.Errorf("%w: mention %s is written by others all the time", ErrAway, todo[0].id)
			}
		}
		todo = append(todo, later...)
	}
	changes := make([]index.Change, len(edits))
	for i, e := range edits {
		changes[i] = e.change
	}
	return changes, nil
}

// round tries each of the edits, of different mentions, once.
func (ix *Index) round(ctx context.Context, edits []*edit) error {
	stored, err := ix.storedOf(ctx, edits)
	if err != nil {
		return err
	}
	now := time.Now()
	var earlier, fresh []*op
	var groups [][]*op
	ops := make([]*op, len(edits))
	for i, e := range edits {
		o, before, err := ix.opOf(e, stored[e.id], now)
		if err != nil {
			return err
		}
		if o == nil {
			e.done = true
			continue
		}
		ops[i] = o
		earlier = append(earlier, before...)
		if stored[e.id] == nil {
			fresh = append(fresh, o)
		} else {
			groups = append(groups, []*op{o})
		}
	}
	// A revision is kept before the mention that replaces it.
	if err := ix.send(ctx, earlier); err != nil {
		return err
	}
	noted := ix.noteFresh(fresh)
	if err := ix.bulk.doTogether(ctx, append(groups, noted...)); err != nil {
		return err
	}
	var last []*op
	for i, e := range edits {
		if ops[i] == nil {
			continue
		}
		letter, err := ix.conclude(ops[i], e, now)
		if err != nil {
			return err
		}
		if letter != nil {
			last = append(last, letter)
		}
	}
	corrections, err := ix.corrected(noted)
	if err != nil {
		return err
	}
	return ix.send(ctx, append(last, corrections...))
}

// conclude tells from its result what became of an edit: done, or to be tried
// again; or refused, which is to be kept as a dead letter.
func (ix *Index) conclude(o *op, e *edit, now time.Time) (letter *op, err error) {
	e.fresh = false
	switch r := &o.result; {
	case r.status == http.StatusNotFound && strings.Contains(r.reason, "require_alias"):
		return nil, errNotSetUp
	case r.conflict() || r.err == nil && r.status == http.StatusNotFound:
		return nil, nil // somebody else was first
	case r.refused():
		e.change, e.done = index.Refused, true
		return ix.deadLetter(o, r.reason, now), nil
	case r.err != nil:
		return nil, r.err
	case r.status >= 300:
		return nil, o.failure()
	}
	e.done = true
	return nil, nil
}

// opOf is what an edit asks to be written (nil for nothing), and what is to be
// written before: the revision to be kept, and that it is pending.
func (ix *Index) opOf(e *edit, s *stored, now time.Time) (o *op, before []*op, err error) {
	var old *mention.Mention
	where := object{"require_alias": true}
	verb := "create"
	if s != nil {
		old, verb = s.mention, "index"
		where["if_seq_no"], where["if_primary_term"] = s.seqNo, s.primaryTerm
	}
	m, change := e.apply(old)
	e.change = change
	switch {
	case m == nil && (old == nil || change != index.Withdrawn), m == old:
		return nil, nil, nil
	case m == nil:
		return &op{action: action("delete", ix.name(writeAlias), e.id, where), id: e.id}, nil, nil
	}
	if old != nil {
		was, err := plainDocument(old)
		if err != nil {
			return nil, nil, err
		}
		is, err := plainDocument(m)
		if err != nil {
			return nil, nil, err
		}
		if bytes.Equal(was, is) {
			return nil, nil, nil
		}
		if change == index.Changed {
			kept, err := ix.revision(old, was)
			if err != nil {
				return nil, nil, err
			}
			before = append(before, kept)
		}
		if index.Relevant(old, m) {
			before = append(before, ix.pendingOp(m.ID))
		}
	}
	doc, err := document(m, now)
	if err != nil {
		return nil, nil, err
	}
	return &op{action: action(verb, ix.name(writeAlias), e.id, where), document: doc, id: e.id}, before, nil
}

func revisionID(id string, revision int) string { return hash(id, fmt.Sprint(revision)) }

// revision is the op that keeps an earlier revision.
func (ix *Index) revision(m *mention.Mention, doc []byte) (*op, error) {
	readAt := m.Evidence.Fetched
	if readAt.IsZero() {
		readAt = m.Collected
	}
	b, err := json.Marshal(struct {
		ID       string          `json:"id"`
		Revision int             `json:"revision"`
		Source   string          `json:"source,omitempty"`
		Read     time.Time       `json:"read"`
		Doc      json.RawMessage `json:"doc"`
	}{m.ID, m.Revision, m.Source.Name, readAt, doc})
	return &op{action: action("index", ix.name(revisions), revisionID(m.ID, m.Revision), nil), document: b, id: m.ID}, err
}

// deadLetter is the op that keeps what the cluster refused.
func (ix *Index) deadLetter(o *op, reason string, now time.Time) *op {
	letter := struct {
		ID     string          `json:"id"`
		At     time.Time       `json:"at"`
		Reason string          `json:"reason"`
		Doc    json.RawMessage `json:"doc,omitempty"`
	}{o.id, now.UTC(), reason, o.document}
	if o.result.status == http.StatusRequestEntityTooLarge {
		letter.Doc = nil
	}
	b, _ := json.Marshal(letter) // the document is JSON
	return &op{action: action("index", ix.name(dead), hash(o.id), nil), document: b, id: o.id}
}

// send writes ops that must not fail.
func (ix *Index) send(ctx context.Context, ops []*op) error {
	if len(ops) == 0 {
		return nil
	}
	if err := ix.bulk.do(ctx, ops); err != nil {
		return err
	}
	for _, o := range ops {
		if err := o.failure(); err != nil {
			return err
		}
	}
	return nil
}

// failure is the error of an op that had to pass: nil where it did, or where
// what it deletes was not there.
func (o *op) failure() error {
	gone := bytes.HasPrefix(o.action, []byte(`{"delete"`)) && o.result.status == http.StatusNotFound
	if o.result.err != nil || o.result.status < 300 || gone {
		return o.result.err
	}
	return fmt.Errorf("elasticsearch: %s: status %d: %s", o.id, o.result.status, o.result.reason)
}

// stored is a mention with the version of its document.
type stored struct {
	mention            *mention.Mention
	seqNo, primaryTerm int64
}

// storedOf reads the mentions that edits are of, save those that are probably
// new.
func (ix *Index) storedOf(ctx context.Context, edits []*edit) (map[string]*stored, error) {
	var ids []string
	for _, e := range edits {
		if !e.fresh {
			ids = append(ids, e.id)
		}
	}
	out := map[string]*stored{}
	err := ix.mget(ctx, ix.name(writeAlias), ids, func(id string, d *gotten) error {
		m, err := read(d.Source)
		out[id] = &stored{m, d.SeqNo, d.PrimaryTerm}
		return err
	})
	return out, err
}

// gotten is one document of an answer to mget.
type gotten struct {
	ID          string          `json:"_id"`
	Found       bool            `json:"found"`
	SeqNo       int64           `json:"_seq_no"`
	PrimaryTerm int64           `json:"_primary_term"`
	Source      json.RawMessage `json:"_source"`
	Error       *cause          `json:"error"`
}

// readTogether bounds the documents of one mget.
const readTogether = 500

// mget calls fn for those documents of an index that are there, as they are
// now, whether searches see them yet or not. While the cluster is away it waits.
func (ix *Index) mget(ctx context.Context, index string, ids []string, fn func(id string, d *gotten) error) error {
	for part := range slices.Chunk(ids, readTogether) {
		var docs []gotten
		err := ix.patiently(ctx, func() (err error) {
			docs, err = ix.mgetNow(ctx, index, part)
			return err
		})
		if err != nil {
			return err
		}
		for i := range docs {
			if err := fn(docs[i].ID, &docs[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// mgetNow returns those documents of an index that are there.
func (ix *Index) mgetNow(ctx context.Context, index string, ids []string) ([]gotten, error) {
	var answer struct {
		Docs []gotten `json:"docs"`
	}
	err := ix.call(ctx, "read documents", esapi.MgetRequest{Index: index, Body: body(object{"ids": ids}), SourceExcludes: derived}, &answer)
	if isStatus(err, http.StatusNotFound) {
		return nil, nil // the index is made with its first document
	}
	if err != nil {
		return nil, err
	}
	for _, d := range answer.Docs {
		if d.Error != nil && d.Error.Type != "index_not_found_exception" {
			// the index is there and its shard is not, as while a node starts
			return nil, fmt.Errorf("%w: read %s: %s: %s", ErrAway, d.ID, d.Error.Type, d.Error.words())
		}
	}
	return slices.DeleteFunc(answer.Docs, func(d gotten) bool { return !d.Found }), nil
}

// Get returns one mention; see index.Getter.
func (ix *Index) Get(ctx context.Context, id string, revision int) (*mention.Mention, error) {
	m, err := ix.get(ctx, id, revision)
	if err != nil {
		return nil, fmt.Errorf("index: get: %w", err)
	}
	if m == nil {
		return nil, index.ErrNotFound
	}
	return m, nil
}

// get returns nil where there is no such mention.
func (ix *Index) get(ctx context.Context, id string, revision int) (*mention.Mention, error) {
	if id == "" {
		return nil, nil
	}
	docs, err := ix.mgetNow(ctx, ix.name(readAlias), []string{id})
	if err != nil || len(docs) == 0 {
		return nil, err
	}
	m, err := read(docs[0].Source)
	if err != nil || revision == 0 || m.Revision == revision {
		return m, err
	}
	docs, err = ix.mgetNow(ctx, ix.name(revisions), []string{revisionID(id, revision)})
	if err != nil || len(docs) == 0 {
		return nil, err
	}
	var r struct {
		Doc json.RawMessage `json:"doc"`
	}
	if err := json.Unmarshal(docs[0].Source, &r); err != nil {
		return nil, err
	}
	return read(r.Doc)
}

// Reread stores what saved pages give now; see index.Rereader.
func (ix *Index) Reread(ctx context.Context, rs []index.Rereading) ([]index.Change, error) {
	edits := make([]*edit, len(rs))
	var withdrawn []string
	for i := range rs {
		r := rs[i]
		if r.ID == "" || r.Mention != nil && r.Mention.ID != r.ID {
			return nil, fmt.Errorf("index: reread: rereading %d of %d has no id, or that of another mention", i+1, len(rs))
		}
		if r.Mention != nil {
			m := *r.Mention
			index.ToUTC(&m)
			r.Mention = &m
		}
		edits[i] = &edit{id: r.ID, apply: r.Apply}
	}
	changes, err := ix.write(ctx, edits)
	if err != nil {
		return nil, fmt.Errorf("index: reread: %w", err)
	}
	for i, c := range changes {
		if c == index.Withdrawn {
			withdrawn = append(withdrawn, rs[i].ID)
		}
	}
	if err := ix.forget(ctx, withdrawn); err != nil {
		return nil, fmt.Errorf("index: reread: %w", err)
	}
	return changes, nil
}
