//go:build unix

package parsers

import (
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"klank/mention"
)

// BenchmarkRealPages reads all saved pages of real sites, where these are
// available, with all parsers. An operation is one page; pages are counted by
// the second of CPU, since a machine may be busy with other things too.
func BenchmarkRealPages(b *testing.B) {
	var pages []*mention.Page
	size := 0
	root := "../../shared/pages/pages"
	_ = filepath.WalkDir(root, func(file string, e fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(file, ".gz") {
			p := &mention.Page{URL: "https://www.example.com/" + e.Name(), Status: 200, Body: gunzip(b, file)}
			pages, size = append(pages, p), size+len(p.Body)
		}
		return nil
	})
	if len(pages) == 0 {
		b.Skip("../shared/pages is not beside this checkout")
	}
	reg := New()
	b.SetBytes(int64(size / len(pages)))
	b.ReportAllocs()
	b.ResetTimer()
	n, start := 0, cpuSeconds()
	for b.Loop() {
		if _, err := reg.Parse(pages[n%len(pages)], Options{}); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric(float64(n)/(cpuSeconds()-start), "pages/cpu-s")
}

// cpuSeconds is how much CPU the process has used.
func cpuSeconds() float64 {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return float64(r.Utime.Nano()+r.Stime.Nano()) / 1e9
}
