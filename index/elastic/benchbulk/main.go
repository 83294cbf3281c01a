// Benchbulk compares how fast klank writes new mentions into an Elasticsearch
// with a bare loop around esutil.BulkIndexer that writes the very same
// documents: what the cluster and Elastic's own client give by themselves.
//
//	cd index/elastic/benchbulk && go run . -url http://127.0.0.1:9200
//
// Both write into indices of the same templates, in requests of the same size
// from as many workers, each round into new indices, in turns. The documents
// of the loop are made beforehand: they are read back from an index that klank
// has filled. What klank does besides counts as its own time: it makes the
// documents from mentions, tells new from known, notes what passes over the
// index are to look at, and returns a result for each mention.
//
// It is a module of its own, as esutil needs Elastic's typed API, which is to
// stay out of klank's own dependencies.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/elastic/go-elasticsearch/v8"
	"github.com/elastic/go-elasticsearch/v8/esutil"

	"klank/index"
	"klank/index/elastic"
	"klank/index/indextest"
	"klank/mention"
)

// flushBytes is klank's own setting (see package elastic), given to esutil too.
const flushBytes = 4 << 20

func main() {
	n := flag.Int("n", 10_000, "mentions a round")
	rounds := flag.Int("rounds", 5, "rounds of both")
	b := &bench{docs: map[string]json.RawMessage{}, prefix: fmt.Sprintf("klank-bench-%d", os.Getpid())}
	flag.StringVar(&b.url, "url", "http://127.0.0.1:9200", "the cluster")
	flag.IntVar(&b.workers, "workers", runtime.NumCPU(), "workers of esutil's indexer, by default its own default; klank has as many, from two to four")
	flag.IntVar(&b.callers, "callers", 4, "who put mentions into klank at the same time")
	flag.IntVar(&b.together, "together", 500, "mentions that each puts at a time")
	flag.Parse()
	if err := b.run(context.Background(), *n, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "benchbulk:", err)
		os.Exit(1)
	}
}

// bench is one comparison.
type bench struct {
	url    string
	es     *elasticsearch.Client
	ms     []mention.Mention
	docs   map[string]json.RawMessage // by id, as klank stores them
	prefix string
	made   int

	workers, callers, together int
}

func (b *bench) run(ctx context.Context, n, rounds int) (err error) {
	if b.es, err = elasticsearch.NewClient(elasticsearch.Config{Addresses: []string{b.url}}); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.clean()) }()
	generator := indextest.NewGenerator(1)
	for i := range n {
		b.ms = append(b.ms, generator.Mention(i))
	}
	if err := b.prepare(ctx); err != nil {
		return err
	}
	ways := []struct {
		name  string
		write func(context.Context, *elastic.Index, string) error
	}{{"klank", b.klank}, {"esutil", b.esutil}}
	rates := map[string][]float64{}
	fmt.Println("round  way     mentions/s  CPU-seconds: cluster, writer")
	for round := range rounds + 1 { // the first warms up
		if round%2 == 1 {
			slices.Reverse(ways)
		}
		for _, way := range ways {
			rate, cluster, own, err := b.measure(ctx, way.write)
			if err != nil {
				return fmt.Errorf("%s: %w", way.name, err)
			}
			if round == 0 {
				continue
			}
			fmt.Printf("%5d  %-6s  %10.0f  %21.1f, %.1f\n", round, way.name, rate, cluster, own)
			rates[way.name] = append(rates[way.name], rate)
		}
	}
	var ratios []float64
	for i := range rounds {
		ratios = append(ratios, rates["klank"][i]/rates["esutil"][i])
	}
	fmt.Printf("median: klank %.0f/s, esutil %.0f/s; ratio of the medians %.2f, of the rounds %.2f (%.2f to %.2f)\n", median(rates["klank"]), median(rates["esutil"]),
		median(rates["klank"])/median(rates["esutil"]), median(ratios), slices.Min(ratios), slices.Max(ratios))
	return nil
}

func median(vs []float64) float64 {
	vs = slices.Sorted(slices.Values(vs))
	return (vs[(len(vs)-1)/2] + vs[len(vs)/2]) / 2
}

// fresh opens an index of its own.
func (b *bench) fresh(ctx context.Context) (*elastic.Index, string, error) {
	b.made++
	prefix := fmt.Sprintf("%s-%d", b.prefix, b.made)
	ix, err := elastic.Open(ctx, elastic.Config{URLs: []string{b.url}, Prefix: prefix})
	return ix, prefix, err
}

// prepare lets klank write all mentions once, and reads the documents back.
func (b *bench) prepare(ctx context.Context) error {
	ix, prefix, err := b.fresh(ctx)
	if err != nil {
		return err
	}
	defer ix.Close()
	if err := b.klank(ctx, ix, prefix); err != nil {
		return err
	}
	for part := range slices.Chunk(b.ms, b.together) {
		ids := make([]string, len(part))
		for i := range part {
			ids[i] = part[i].ID
		}
		body, err := json.Marshal(map[string]any{"ids": ids})
		if err != nil {
			return err
		}
		var answer struct {
			Docs []struct {
				ID     string          `json:"_id"`
				Source json.RawMessage `json:"_source"`
			}
		}
		res, err := b.es.Mget(bytes.NewReader(body), b.es.Mget.WithIndex(prefix+"-mentions"), b.es.Mget.WithContext(ctx))
		if err != nil {
			return err
		}
		err = json.NewDecoder(res.Body).Decode(&answer)
		res.Body.Close()
		if err != nil {
			return err
		}
		for _, d := range answer.Docs {
			b.docs[d.ID] = d.Source
		}
	}
	if len(b.docs) != len(b.ms) {
		return fmt.Errorf("%d documents were read back of %d", len(b.docs), len(b.ms))
	}
	return nil
}

// measure writes all mentions into an index of their own, and returns how many
// a second, and the seconds of CPU that the cluster and this process used.
func (b *bench) measure(ctx context.Context, write func(context.Context, *elastic.Index, string) error) (rate, cluster, own float64, err error) {
	ix, prefix, err := b.fresh(ctx)
	if err != nil {
		return 0, 0, 0, err
	}
	defer ix.Close()
	runtime.GC()
	clusterBefore, ownBefore, err := b.cpu()
	if err != nil {
		return 0, 0, 0, err
	}
	start := time.Now()
	if err := write(ctx, ix, prefix); err != nil {
		return 0, 0, 0, err
	}
	took := time.Since(start)
	clusterAfter, ownAfter, err := b.cpu()
	if err != nil {
		return 0, 0, 0, err
	}
	all, err := ix.Aggregate(ctx, index.AggregateRequest{})
	if err != nil {
		return 0, 0, 0, err
	}
	if all.Total != len(b.ms) {
		return 0, 0, 0, fmt.Errorf("%d mentions are stored of %d", all.Total, len(b.ms))
	}
	return float64(len(b.ms)) / took.Seconds(), clusterAfter - clusterBefore, ownAfter - ownBefore, b.clean()
}

// klank puts mentions from several callers.
func (b *bench) klank(ctx context.Context, ix *elastic.Index, _ string) error {
	parts := make(chan []mention.Mention, len(b.ms)/b.together+1)
	for part := range slices.Chunk(b.ms, b.together) {
		parts <- part
	}
	close(parts)
	errs := make([]error, b.callers)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			for part := range parts {
				changes, err := ix.Put(ctx, part)
				if err == nil && slices.ContainsFunc(changes, func(c index.Change) bool { return c != index.New }) {
					err = errors.New("not all mentions are new")
				}
				if errs[i] = err; err != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// esutil adds the documents to a bulk indexer, and waits until it has written
// all of them.
func (b *bench) esutil(ctx context.Context, _ *elastic.Index, prefix string) error {
	bi, err := esutil.NewBulkIndexer(esutil.BulkIndexerConfig{Client: b.es, Index: prefix + "-mentions-write", NumWorkers: b.workers, FlushBytes: flushBytes})
	if err != nil {
		return err
	}
	var failed atomic.Pointer[string]
	for i := range b.ms {
		err := bi.Add(ctx, esutil.BulkIndexerItem{Action: "create", DocumentID: b.ms[i].ID, Body: bytes.NewReader(b.docs[b.ms[i].ID]),
			OnFailure: func(_ context.Context, _ esutil.BulkIndexerItem, res esutil.BulkIndexerResponseItem, err error) {
				reason := fmt.Sprint(res.Error.Reason, err)
				failed.Store(&reason)
			}})
		if err != nil {
			return err
		}
	}
	err = bi.Close(ctx)
	if reason := failed.Load(); reason != nil {
		err = errors.Join(err, errors.New(*reason))
	}
	return err
}

// cpu is the time that the cluster's processes and this one have used, in
// seconds.
func (b *bench) cpu() (cluster, own float64, err error) {
	var stats struct {
		Nodes map[string]struct {
			Process struct {
				CPU struct {
					Millis float64 `json:"total_in_millis"`
				} `json:"cpu"`
			} `json:"process"`
		} `json:"nodes"`
	}
	res, err := b.es.Nodes.Stats(b.es.Nodes.Stats.WithMetric("process"))
	if err != nil {
		return 0, 0, err
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&stats); err != nil {
		return 0, 0, err
	}
	for _, n := range stats.Nodes {
		cluster += n.Process.CPU.Millis / 1000
	}
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0, 0, err
	}
	return cluster, time.Duration(used.Utime.Nano() + used.Stime.Nano()).Seconds(), nil
}

// clean deletes what was made.
func (b *bench) clean() error {
	res, err := b.es.Cat.Indices(b.es.Cat.Indices.WithIndex(b.prefix+"-*"), b.es.Cat.Indices.WithH("index"))
	if err != nil {
		return err
	}
	var names bytes.Buffer
	_, err = names.ReadFrom(res.Body)
	res.Body.Close()
	if err != nil {
		return err
	}
	for name := range strings.FieldsSeq(names.String()) {
		res, err := b.es.Indices.Delete([]string{name})
		if err != nil {
			return err
		}
		res.Body.Close()
	}
	for _, path := range []string{"/_index_template/", "/_component_template/"} {
		req, err := http.NewRequest(http.MethodDelete, path+b.prefix+"-*", nil)
		if err != nil {
			return err
		}
		res, err := b.es.Perform(req)
		if err != nil {
			return err
		}
		res.Body.Close()
	}
	return nil
}
