package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"klank/mention"
)

const secretKey = "s3cret/key+of(ours"

// keyedAPI is a Stack Exchange API on loopback whose robots.txt forbids
// everything. It repeats the key that it is asked with wherever it can, as APIs
// do in links and messages.
type keyedAPI struct {
	*httptest.Server
	backoff int // of the first answer

	mu    sync.Mutex
	asked []time.Time
	paths []string
	keys  map[string]int
}

func newKeyedAPI(t *testing.T, backoff int) *keyedAPI {
	a := &keyedAPI{backoff: backoff, keys: map[string]int{}}
	a.Server = httptest.NewServer(a)
	t.Cleanup(a.Close)
	return a
}

func (a *keyedAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.asked, a.paths = append(a.asked, time.Now()), append(a.paths, r.URL.Path)
	a.keys[r.URL.Query().Get("key")]++
	first := len(a.asked) == 1
	a.mu.Unlock()
	switch r.URL.Path {
	case "/robots.txt":
		io.WriteString(w, "User-agent: *\nDisallow: /")
	case "/questions":
		page := r.URL.Query().Get("page")
		answer := map[string]any{
			"items": []any{map[string]any{
				"question_id": 100 + len(page), "title": "Which grinder? " + page, "body": "<p>Asked with " + r.URL.Query().Get("key") + ", the burrs of mine are worn.</p>",
				"creation_date": 1767225600, "score": 3, "owner": map[string]any{"display_name": "Ada", "user_id": 7},
				"link": "http://" + r.Host + "/q/1?" + r.URL.RawQuery,
			}},
			"has_more": page == "", "quota_max": 300, "quota_remaining": 200,
			"self": "http://" + r.Host + r.URL.RequestURI(),
		}
		if first && a.backoff > 0 {
			answer["backoff"] = a.backoff
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("ETag", `"`+r.URL.RawQuery+`"`)
		json.NewEncoder(w).Encode(answer)
	case "/moved":
		http.Redirect(w, r, "/questions?page=77&"+r.URL.RawQuery, http.StatusFound)
	case "/hidden":
		http.Redirect(w, r, "/by/"+r.URL.Query().Get("key"), http.StatusFound)
	default:
		http.Error(w, "no such method: "+r.URL.RequestURI(), http.StatusNotFound)
	}
}

// config writes a klank.yaml with a source of this API.
func (a *keyedAPI) config(t *testing.T, fields string) string {
	file := filepath.Join(t.TempDir(), "klank.yaml")
	text := fmt.Sprintf("crawl: {rate: 50}\nsources:\n  - name: stack\n    type: stackexchange\n    urls: ['%[1]s/questions', '%[1]s/moved', '%[1]s/hidden', '%[1]s/gone']\n%[2]s", a.URL, fields)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestAKeyIsThePermissionAndStandsNowhere(t *testing.T) {
	a := newKeyedAPI(t, 1)
	config := a.config(t, "    key_env: KLANK_TEST_KEY\n")
	t.Setenv("KLANK_TEST_KEY", secretKey)
	data := filepath.Join(t.TempDir(), "data")
	var said bytes.Buffer
	for _, args := range [][]string{
		{"crawl", "--all", "--allow-private"}, {"crawl", "--all", "--allow-private", "--log-format", "json"},
		{"status"}, {"status", "--json"}, {"export"}, {"check"}, {"replay", "--diff"},
	} {
		out, err := klankCommand(t, data, append(args, "--config", config)...).CombinedOutput()
		if err != nil && args[0] != "crawl" {
			t.Errorf("%q: %v\n%s", args, err, out)
		}
		said.Write(out)
	}
	for _, want := range []string{"access: api", "the official API (stackexchange), with a key", "Which grinder?", `"access":"api"`, "of the daily quota spent"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("%q is not in\n%s", want, said.String())
		}
	}
	for _, spelled := range []string{secretKey, "s3cret", "key%2Bof", "key+of"} {
		if strings.Contains(said.String(), spelled) {
			t.Errorf("%q was printed:\n%s", spelled, said.String())
		}
		searchFolder(t, data, spelled)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.keys[""] != 0 || len(a.keys) != 1 {
		t.Errorf("asked with the keys %v", a.keys)
	}
	if gap := a.asked[1].Sub(a.asked[0]); gap < 900*time.Millisecond {
		t.Errorf("the API was asked again %s after it asked for a second of rest", gap)
	}
}

// searchFolder fails where a word stands in a file of a folder, compressed or
// not.
func searchFolder(t *testing.T, dir, word string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if z, err := gzip.NewReader(bytes.NewReader(b)); err == nil {
			plain, err := io.ReadAll(z) // all members
			if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
				return err
			}
			b = append(b, plain...)
		}
		if bytes.Contains(b, []byte(word)) {
			t.Errorf("%q stands in %s", word, path)
		}
		return nil
	})
	if err != nil || files < 3 {
		t.Errorf("searched %d files: %v", files, err)
	}
}

func TestWithoutAKeyAnAPIIsAskedLikeAnySite(t *testing.T) {
	a := newKeyedAPI(t, 0)
	out, err := klankCommand(t, t.TempDir(), "crawl", "--all", "--allow-private", "--config", a.config(t, "")).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "kept out by robots.txt: 4") {
		t.Errorf("%v\n%s", err, out)
	}
	if len(a.paths) != 1 || a.paths[0] != "/robots.txt" {
		t.Errorf("asked for %q", a.paths)
	}
}

func TestAMissingKeyIsSaidAndNothingAsked(t *testing.T) {
	a := newKeyedAPI(t, 0)
	for fields, want := range map[string]string{
		"    key_env: KLANK_TEST_NO_KEY\n":                        "the environment variable KLANK_TEST_NO_KEY is not set",
		"    key_file: /nowhere/key\n":                            "key_file: open /nowhere/key",
		"    key_env: KLANK_TEST_SHORT\n":                         "fewer than 8 characters",
		"  - {name: b, type: youtube, urls: ['" + a.URL + "']}\n": "youtube answers with a key only",
	} {
		t.Setenv("KLANK_TEST_SHORT", "short")
		config := a.config(t, fields)
		cmd := klankCommand(t, t.TempDir(), "check", "--config", config)
		out, _ := cmd.CombinedOutput()
		if !strings.Contains(string(out), want) || cmd.ProcessState.ExitCode() != exitPartial {
			t.Errorf("check: want %q in\n%s", want, out)
		}
		out, _ = klankCommand(t, t.TempDir(), "crawl", "--all", "--allow-private", "--config", config).CombinedOutput()
		if !strings.Contains(string(out), want) {
			t.Errorf("crawl: want %q in\n%s", want, out)
		}
	}
	if n := len(a.keys); n > 1 || n == 1 && a.keys[""] == 0 {
		t.Errorf("asked with the keys %v", a.keys)
	}
}

func TestADaysUnitsAreSpentOverAllRuns(t *testing.T) {
	a := newKeyedAPI(t, 0)
	t.Setenv("KLANK_TEST_KEY", secretKey)
	data := filepath.Join(t.TempDir(), "data")
	config := a.config(t, "    key_env: KLANK_TEST_KEY\n    units_per_day: 3\n")
	for range 2 {
		out, _ := klankCommand(t, data, "crawl", "--all", "--allow-private", "--config", config).CombinedOutput()
		if !strings.Contains(string(out), "the day's units are used up") {
			t.Errorf("the report does not say why:\n%s", out)
		}
	}
	a.mu.Lock()
	asked := len(a.asked)
	a.mu.Unlock()
	if asked != 3 {
		t.Errorf("asked %d times for 3 units", asked)
	}
	out, err := klankCommand(t, data, "status", "--json", "--config", config).Output()
	var status statusReport
	if err = errors.Join(err, json.Unmarshal(out, &status)); err != nil {
		t.Fatal(err)
	}
	if len(status.Hosts) != 1 || status.Hosts[0].Units != 3 || !status.Hosts[0].PausedUntil.After(time.Now()) || !strings.Contains(status.Hosts[0].Reason, "used up") {
		t.Errorf("hosts %+v", status.Hosts)
	}
	var run mention.Run
	if len(status.Runs) > 0 {
		run = status.Runs[0]
	}
	if run.Access != "api" || run.AccessReason == "" {
		t.Errorf("run %+v", run)
	}
}
