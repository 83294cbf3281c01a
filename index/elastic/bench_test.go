package elastic

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"klank/index/indextest"
	"klank/mention"
)

// benchTogether is how many mentions one caller puts at a time, of how many
// callers there are.
const (
	benchTogether = 500
	benchCallers  = 4
	benchMentions = 4_000
)

// BenchmarkPut writes mentions with labels through an index, and the documents
// of them in a bare loop of bulk requests: what the cluster itself takes.
func BenchmarkPut(b *testing.B) {
	url, _ := indextest.Cluster(b)
	generator := indextest.NewGenerator(1)
	parallel := func(b *testing.B, ms []mention.Mention, write func(part []mention.Mention) error) {
		var wg sync.WaitGroup
		parts := make(chan []mention.Mention)
		for range benchCallers {
			wg.Go(func() {
				for part := range parts {
					if err := write(part); err != nil {
						b.Error(err)
					}
				}
			})
		}
		for len(ms) > 0 {
			n := min(benchTogether, len(ms))
			parts <- ms[:n]
			ms = ms[n:]
		}
		close(parts)
		wg.Wait()
	}
	run := func(name string, write func(ix *Index, index string, part []mention.Mention) error) {
		b.Run(name, func(b *testing.B) {
			_, prefix := indextest.Cluster(b)
			ix, err := Open(b.Context(), Config{URLs: []string{url}, Prefix: prefix})
			if err != nil {
				b.Fatal(err)
			}
			defer ix.Close()
			round := 0
			for b.Loop() {
				b.StopTimer()
				ms := make([]mention.Mention, benchMentions)
				for i := range ms {
					ms[i] = generator.Mention(round*benchMentions + i)
				}
				round++
				b.StartTimer()
				parallel(b, ms, func(part []mention.Mention) error { return write(ix, prefix+"-mentions-write", part) })
			}
			b.ReportMetric(float64(benchMentions*round)/b.Elapsed().Seconds(), "mentions/s")
		})
	}
	run("klank", func(ix *Index, _ string, part []mention.Mention) error {
		_, err := ix.Put(b.Context(), part)
		return err
	})
	run("bare", func(_ *Index, index string, part []mention.Mention) error {
		var body bytes.Buffer
		for i := range part {
			doc, err := document(&part[i], time.Now())
			if err != nil {
				return err
			}
			fmt.Fprintf(&body, "{\"index\":{\"_index\":%q,\"_id\":%q}}\n%s\n", index, part[i].ID, doc)
		}
		res, err := http.Post(url+"/_bulk?filter_path=errors", "application/x-ndjson", &body)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		var answer struct{ Errors bool }
		if err := json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(&answer); err != nil || answer.Errors {
			return fmt.Errorf("bulk: status %d, errors %v, %v", res.StatusCode, answer.Errors, err)
		}
		return nil
	})
}
