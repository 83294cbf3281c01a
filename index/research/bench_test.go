package research_test

import (
	"slices"
	"syscall"
	"testing"
	"time"

	"klank/index/indextest"
	"klank/index/research"
	"klank/mention"
)

// benchMentions is how many mentions the reports are measured on.
const benchMentions = 500_000

// BenchmarkReports makes every report of an index of benchMentions, of all
// brands and of one with a twentieth of them. It takes minutes to fill the
// index: go test -run xxx -bench Reports -benchtime 10x ./index/research
func BenchmarkReports(b *testing.B) {
	ix := open(b)
	g := indextest.NewGenerator(1)
	batch := make([]mention.Mention, 0, 500)
	for i := range benchMentions {
		if batch = append(batch, g.Mention(i)); len(batch) == cap(batch) {
			put(b, ix, batch...)
			batch = batch[:0]
		}
	}
	cfg := research.Config{Index: ix, Brands: []research.Brand{{Name: "Brand 1"}, {Name: "Brand 2", Rival: true}, {Name: "Brand 3", Rival: true}},
		Questions: []string{"Is het goed?", "Is the shipping quick?", "Is de reparatie snel?"}}
	for _, name := range research.Names() {
		for _, brand := range []string{"", "Brand 1"} {
			b.Run(name+"/"+brand, func(b *testing.B) {
				var took []time.Duration
				var spent time.Duration
				for b.Loop() {
					start, cpu := time.Now(), cpuTime()
					run(b, cfg, name, func(r *research.Request) { r.Brand = brand })
					took, spent = append(took, time.Since(start)), spent+cpuTime()-cpu
				}
				slices.Sort(took)
				b.ReportMetric(float64(took[(len(took)*95+99)/100-1].Milliseconds()), "p95-ms")
				b.ReportMetric(float64(spent.Milliseconds())/float64(len(took)), "cpu-ms/op")
			})
		}
	}
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
