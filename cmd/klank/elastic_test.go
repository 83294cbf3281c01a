package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"klank/index/indextest"
	"klank/index/research"
)

// elasticConfigFile is the market's configuration with the index in a cluster.
func elasticConfigFile(t *testing.T, config, url, prefix string) string {
	t.Helper()
	b, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	edited := bytes.Replace(b, []byte("    urls: []\n"), fmt.Appendf(nil, "    urls: [%q]\n", url), 1)
	edited = bytes.Replace(edited, []byte("    prefix: klank\n"), fmt.Appendf(nil, "    prefix: %s\n", prefix), 1)
	if bytes.Equal(b, edited) {
		t.Fatalf("the configuration names no cluster:\n%s", b)
	}
	file := filepath.Join(t.TempDir(), "elastic.yaml")
	if err := os.WriteFile(file, edited, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// shareSecret has two data folders call the same people by the same keys: these
// stand in texts too, which are analysed with them.
func shareSecret(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(from, secretFile))
	if err == nil {
		err = os.MkdirAll(to, 0o700)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(to, secretFile), b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// askedOfBoth are questions to which both back-ends give the same pages.
var askedOfBoth = []struct{ query, sort string }{
	{"", "newest"}, {"", "rating"}, {"levering OR delivery", "oldest"}, {`"de koffie" OR "the coffee"`, "sentiment"}, {"lever*", "rating"}, {"leverng~", "newest"},
	{"rating:<3", "oldest"}, {"published:2025-06..2026-03", "newest"}, {"touchpoint:delivery -sentiment:positive", "rating"}, {"moment:smot has:reply", "newest"},
	{"signal:churn_risk OR kind:question", "sentiment"}, {"koffie NEAR/5 lekker OR laat", "newest"}, {"(goed OR good) NOT (slecht OR bad)", "oldest"},
}

// TestAnElasticsearchMayKeepTheIndex crawls the market twice with mentions in a
// cluster: everything once, then nothing again. It holds the same mentions as an
// index.db that is filled by a crawl of its own; and of the same mentions all
// reports and searches are the same, to the last count.
func TestAnElasticsearchMayKeepTheIndex(t *testing.T) {
	url, prefix := indextest.Cluster(t)
	m := startMarket(t)
	plain := marketConfig(t, m)
	config := elasticConfigFile(t, plain, url, prefix)
	data, other := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "other")
	run := func(data, config string, args ...string) string {
		t.Helper()
		out, err := klankCommand(t, data, append(args, "--config", config)...).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", args, err, out)
		}
		return string(out)
	}
	if out := run(data, config, "index", "setup"); !strings.Contains(out, "made the index "+prefix+"-mentions-000001") {
		t.Errorf("setup says\n%s", out)
	}
	for _, want := range []string{fmt.Sprintf("%d new", len(m.Truth())), " 0 new, 0 changed"} {
		out, err := klankCommand(t, data, crawlArgs(config)...).CombinedOutput()
		if err != nil || !bytes.Contains(out, []byte(want)) {
			t.Fatalf("crawl: %v, want %q in\n%s", err, want, out)
		}
	}
	if _, err := os.Stat(filepath.Join(data, indexFile)); err == nil {
		t.Error("an index.db was made although a cluster keeps the index")
	}
	shareSecret(t, data, other)
	if out, err := klankCommand(t, other, crawlArgs(plain)...).CombinedOutput(); err != nil {
		t.Fatalf("crawl into index.db: %v\n%s", err, out)
	}
	if diff := cmp.Diff(sortedByID(exported(t, other)), sortedByID(exported(t, data, "--config", config))); diff != "" {
		t.Errorf("the mentions are not those of a crawl into index.db (-index.db +cluster):\n%.2000s", diff)
	}
	other = filepath.Join(t.TempDir(), "imported")
	if out := run(data, config, "index", "verify"); !strings.Contains(out, fmt.Sprintf("in %d, indexed %d, dead letters 0", len(m.Truth()), len(m.Truth()))) {
		t.Errorf("verify says\n%s", out)
	}
	if out := run(data, config, "index", "reindex"); !strings.Contains(out, fmt.Sprintf("-000002 has %d mentions", len(m.Truth()))) {
		t.Errorf("reindex says\n%s", out)
	}
	// what was collected, imported into both, gives the same reports to the last count
	_, prefix = indextest.Cluster(t)
	imported := elasticConfigFile(t, plain, url, prefix)
	all := filepath.Join(t.TempDir(), "all.ndjson")
	if err := os.WriteFile(all, []byte(run(data, config, "export")), 0o600); err != nil {
		t.Fatal(err)
	}
	run(data, imported, "import", all)
	run(other, plain, "import", all)
	brands := m.Brands()
	for _, name := range research.Names() {
		args := []string{"report", name, "--json", "--brand", brands[0].Name, "--against", brands[1].Name}
		here, there := run(data, imported, args...), run(other, plain, args...)
		if diff := cmp.Diff(strings.Split(there, "\n"), strings.Split(here, "\n")); diff != "" {
			t.Errorf("report %s (-index.db +cluster):\n%.2000s", name, diff)
		}
	}
	for _, ask := range askedOfBoth {
		args := []string{"search", ask.query, "--sort", ask.sort, "--limit", "1000", "--json"}
		here, there := run(data, imported, args...), run(other, plain, args...)
		if diff := cmp.Diff(strings.Split(there, "\n"), strings.Split(here, "\n")); diff != "" {
			t.Errorf("search %q by %s (-index.db +cluster):\n%.2000s", ask.query, ask.sort, diff)
		}
		if !strings.Contains(there, "\n") {
			t.Errorf("search %q finds nothing in the market", ask.query)
		}
	}
	if out := run(data, config, "status"); !strings.Contains(out, "kruimelhof") {
		t.Errorf("status says\n%s", out)
	}
}

// TestAKilledCrawlIntoAClusterLosesNothing kills a crawl with SIGKILL at several
// places of it, and then lets it finish: the cluster holds each mention once, and
// what passes over the index say of copies and threads is that of a crawl that
// nobody disturbed.
func TestAKilledCrawlIntoAClusterLosesNothing(t *testing.T) {
	url, prefix := indextest.Cluster(t)
	m := startMarket(t)
	plain := marketConfig(t, m)
	calm := filepath.Join(t.TempDir(), "calm")
	if out, err := klankCommand(t, calm, crawlArgs(plain)...).CombinedOutput(); err != nil {
		t.Fatalf("undisturbed crawl: %v\n%s", err, out)
	}
	config := elasticConfigFile(t, plain, url, prefix)
	data := filepath.Join(t.TempDir(), "killed")
	shareSecret(t, calm, data)
	killed := 0
	for _, served := range []int{4, 12, 20, 30, 9} {
		served += len(m.Log())
		cmd := klankCommand(t, data, crawlArgs(config)...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() { _ = cmd.Wait(); close(ended) }()
		for end := time.Now().Add(time.Minute); len(m.Log()) < served && time.Now().Before(end); time.Sleep(time.Millisecond) {
			select {
			case <-ended:
				end = time.Now()
			default:
			}
		}
		_ = cmd.Process.Signal(syscall.SIGKILL)
		<-ended
		if !cmd.ProcessState.Success() {
			killed++
		}
	}
	if killed < 3 {
		t.Errorf("only %d crawls were killed before they ended", killed)
	}
	if out, err := klankCommand(t, data, crawlArgs(config)...).CombinedOutput(); err != nil {
		t.Fatalf("crawl after the kills: %v\n%s", err, out)
	}
	if diff := cmp.Diff(sortedByID(exported(t, calm)), sortedByID(exported(t, data, "--config", config))); diff != "" {
		t.Errorf("after the kills the mentions differ from an undisturbed run's:\n%.3000s", diff)
	}
	out, err := klankCommand(t, data, "index", "verify", "--config", config).CombinedOutput()
	if want := fmt.Sprintf("in %d, indexed %d, dead letters 0", len(m.Truth()), len(m.Truth())); err != nil || !bytes.Contains(out, []byte(want)) {
		t.Errorf("verify: %v, %s; want %s", err, out, want)
	}
}

// TestARunOfWhichSomethingIsMissingFails has one mention vanish from the cluster
// after it was acknowledged.
func TestARunOfWhichSomethingIsMissingFails(t *testing.T) {
	cluster, prefix := indextest.Cluster(t)
	to, err := url.Parse(cluster)
	if err != nil {
		t.Fatal(err)
	}
	created := regexp.MustCompile(`\{"create":\{"_id":"([^"]+)"`)
	var taken sync.Once
	forward := httputil.NewSingleHostReverseProxy(to)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(b))
		forward.ServeHTTP(w, r)
		if id := created.FindSubmatch(b); id != nil {
			taken.Do(func() {
				req, err := http.NewRequest(http.MethodDelete, cluster+"/"+prefix+"-mentions-write/_doc/"+string(id[1]), nil)
				if err != nil {
					t.Error(err)
					return
				}
				res, err := http.DefaultClient.Do(req)
				if err != nil || res.StatusCode != http.StatusOK {
					t.Errorf("%s is not taken away: %v, %v", id[1], res, err)
				}
			})
		}
	}))
	defer proxy.Close()
	m := startMarket(t)
	config := elasticConfigFile(t, marketConfig(t, m), proxy.URL, prefix)
	cmd := klankCommand(t, filepath.Join(t.TempDir(), "data"), crawlArgs(config)...)
	out, err := cmd.CombinedOutput()
	if err == nil || cmd.ProcessState.ExitCode() != exitPartial || !bytes.Contains(out, []byte("neither indexed nor dead letters")) {
		t.Errorf("the crawl ends with %v\n%s", err, out)
	}
}

// TestAClusterThatGoesAwayLosesNothing cuts a crawl off from the cluster: pages
// that were fetched wait, and when it is back they are read from what is saved.
func TestAClusterThatGoesAwayLosesNothing(t *testing.T) {
	url, prefix := indextest.Cluster(t)
	w := newWire(t, url)
	m := startMarket(t)
	config := elasticConfigFile(t, marketConfig(t, m), w.url, prefix)
	data := filepath.Join(t.TempDir(), "data")
	cmd := klankCommand(t, data, crawlArgs(config)...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	served := func(n int) {
		t.Helper()
		for end := time.Now().Add(time.Minute); len(m.Log()) < n; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%d requests are not reached", n)
			}
		}
	}
	served(20)
	w.setCut(true)
	served(len(m.Log()) + 5)
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	asked := time.Now()
	_ = cmd.Wait() // stopped, or given up
	if took := time.Since(asked); took > 20*time.Second {
		t.Errorf("it takes %s to stop while the cluster is away", took)
	}
	w.setCut(false)
	before := len(m.Log())
	out, err := klankCommand(t, data, crawlArgs(config)...).CombinedOutput()
	if err != nil {
		t.Fatalf("crawl with the cluster back: %v\n%s\nafter\n%s", err, out, said.String())
	}
	out, err = klankCommand(t, data, "index", "verify", "--config", config).CombinedOutput()
	if want := fmt.Sprintf("in %d, indexed %d, dead letters 0", len(m.Truth()), len(m.Truth())); err != nil || !bytes.Contains(out, []byte(want)) {
		t.Errorf("verify: %v, %s; want %s", err, out, want)
	}
	asks := map[string]int{}
	for _, r := range m.Log()[:before] {
		asks[r.Host+r.Path]++
	}
	again := 0
	for _, r := range m.Log()[before:] {
		if asks[r.Host+r.Path] > 0 && !strings.HasSuffix(r.Path, ".txt") && !strings.HasSuffix(r.Path, ".json") {
			again++
		}
	}
	// one a host may have been under way as the crawl was stopped
	if again > len(m.Requests()) {
		t.Errorf("%d pages that were fetched are fetched again", again)
	}
}
