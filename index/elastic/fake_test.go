package elastic_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"klank/index/elastic"
)

// fakeCluster takes bulk and multi-get requests over HTTP as Elasticsearch
// does, and fails as a loaded one does: at random, with a seed.
type fakeCluster struct {
	*httptest.Server
	mu   sync.Mutex
	rand *rand.Rand
	docs map[string]map[string]*fakeDoc // by index and id
	// faults is in how many of ten requests and documents something fails.
	faults   int
	requests int
	largest  int
	// away refuses everything; die carries out everything, and never answers.
	away, die bool
	// most is the largest request that is taken; 0 is any.
	most int
}

type fakeDoc struct {
	source  json.RawMessage
	seqNo   int64
	created int
}

func newFakeCluster(t *testing.T, faults int) (*fakeCluster, elastic.Config) {
	f := &fakeCluster{rand: rand.New(rand.NewPCG(1, 2)), docs: map[string]map[string]*fakeDoc{}, faults: faults}
	f.Server = httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(f.Close)
	return f, elastic.Config{URLs: []string{f.URL}}
}

func (f *fakeCluster) fails() bool { return f.rand.IntN(10) < f.faults }

func (f *fakeCluster) serve(w http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests++
	f.largest = max(f.largest, len(b))
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Elastic-Product", "Elasticsearch")
	lost := false
	switch {
	case f.away:
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case f.most > 0 && len(b) > f.most:
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	case f.fails():
		switch status := []int{429, 502, 503, 504, 0}[f.rand.IntN(5)]; status {
		case 0:
			lost = true // it is carried out, and the answer never comes
		default:
			w.WriteHeader(status)
			return
		}
	}
	var answer any
	switch {
	case r.URL.Path == "/_bulk":
		answer = f.bulk(b)
	case strings.HasSuffix(r.URL.Path, "/_mapping"):
		answer = object{"klank-mentions-000001": object{"mappings": object{"_meta": object{"generation": "fake", "layout": 1}}}}
	default:
		answer = f.mget(strings.Split(r.URL.Path, "/")[1], b)
	}
	if lost || f.die {
		panic(http.ErrAbortHandler)
	}
	_ = json.NewEncoder(w).Encode(answer)
}

type object = map[string]any

func (f *fakeCluster) bulk(b []byte) any {
	lines := bufio.NewScanner(bytes.NewReader(b))
	lines.Buffer(nil, 1<<24)
	items := []any{}
	for lines.Scan() {
		var action map[string]struct {
			Index string `json:"_index"`
			ID    string `json:"_id"`
			SeqNo *int64 `json:"if_seq_no"`
		}
		if err := json.Unmarshal(lines.Bytes(), &action); err != nil {
			panic(err)
		}
		for verb, a := range action {
			var source json.RawMessage
			if verb != "delete" {
				lines.Scan()
				source = bytes.Clone(lines.Bytes())
			}
			status, reason := f.one(verb, a.Index, a.ID, a.SeqNo, source)
			item := object{"status": status}
			if status >= 300 {
				item["error"] = object{"type": "fake_exception", "reason": reason}
			}
			items = append(items, object{verb: item})
		}
	}
	return object{"items": items}
}

func (f *fakeCluster) one(verb, index, id string, seqNo *int64, source json.RawMessage) (int, string) {
	mention := strings.HasSuffix(index, "-write")
	index = strings.TrimSuffix(index, "-write")
	if f.docs[index] == nil {
		f.docs[index] = map[string]*fakeDoc{}
	}
	d := f.docs[index][id]
	switch {
	case f.fails():
		return http.StatusTooManyRequests, "rejected"
	case mention && bytes.Contains(source, []byte("unmappable")):
		return http.StatusBadRequest, "failed to parse field [rating.value] of type [double]"
	case verb == "create" && d != nil, seqNo != nil && (d == nil || d.seqNo != *seqNo):
		return http.StatusConflict, "version conflict"
	case verb == "delete" && d == nil:
		return http.StatusNotFound, "not found"
	case verb == "delete":
		delete(f.docs[index], id)
		return http.StatusOK, ""
	case d == nil:
		d = &fakeDoc{seqNo: -1}
		f.docs[index][id] = d
	}
	if verb == "create" {
		d.created++
	}
	d.source, d.seqNo = source, d.seqNo+1
	return http.StatusOK, ""
}

func (f *fakeCluster) mget(index string, b []byte) any {
	index = strings.TrimSuffix(index, "-write")
	var q struct{ IDs []string }
	if err := json.Unmarshal(b, &q); err != nil {
		panic(err)
	}
	docs := []any{}
	for _, id := range q.IDs {
		d := f.docs[index][id]
		if d == nil {
			docs = append(docs, object{"_id": id, "found": false})
			continue
		}
		var m object
		_ = json.Unmarshal(d.source, &m)
		delete(m, "facet")
		delete(m, "fold")
		docs = append(docs, object{"_id": id, "found": true, "_seq_no": d.seqNo, "_primary_term": 1, "_source": m})
	}
	return object{"docs": docs}
}

func (f *fakeCluster) set(fn func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fn()
}

// count is how many documents an index has.
func (f *fakeCluster) count(index string) (n int) {
	f.set(func() { n = len(f.docs[index]) })
	return n
}

// noted are the mentions that passes over the index are to look at.
func (f *fakeCluster) noted() map[string]bool {
	out := map[string]bool{}
	f.set(func() {
		for _, d := range f.docs["klank-pending"] {
			var n struct{ ID []string }
			if err := json.Unmarshal(d.source, &n); err != nil {
				panic(err)
			}
			for _, id := range n.ID {
				out[id] = true
			}
		}
	})
	return out
}

func newIndex(t *testing.T, cfg elastic.Config) *elastic.Index {
	t.Helper()
	ix, err := elastic.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ix.Close() })
	return ix
}
