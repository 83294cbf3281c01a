package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// said is a page with a review whose author, words and profile are like no
// others, one that is broken, and links to a profile that is gone.
const said = `<html lang="nl"><title>Lamp</title>
<script type="application/ld+json">{"@type":"Product","name":"Lamp","review":[
{"@type":"Review","identifier":"r1","author":{"name":"Zebulon Uniekenaam","url":"/u/zebulon-uniekenaam"},"datePublished":"2026-03-03",
 "reviewRating":{"ratingValue":1},"name":"kopregel-qx1","reviewBody":"woordmerk-qx2 \u001b[31m, schreef @handvat-qx3, en hij is stuk."},
{"@type":"Review","author":"Zebulon Uniekenaam","datePublished":"woordmerk-qx2","reviewRating":{"ratingValue":"kopregel-qx1"},"reviewBody":""}]}</script>
<script type="application/ld+json">{"@type":"Review","author":"Zebulon Uniekenaam", "reviewBody":"woordmerk-qx2</script>
<a rel="author" href="/u/zebulon-uniekenaam">Zebulon</a> <a href="/p/2">next</a></html>`

func TestTheLogOfACrawlAndAServiceNamesNobodyAndNoSecret(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.Error(w, "woordmerk-qx2", http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, said)
	}))
	defer site.Close()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	ln.Close()
	dir := t.TempDir()
	config := filepath.Join(dir, "klank.yaml")
	text := fmt.Sprintf("contact: klank@lumo.example\nbrands: [{name: Lumo}]\ncrawl: {rate: 50}\nschedule: every 1h\n"+
		"sources: [{name: winkel, urls: [%q]}]\nweb: {addr: %q, token_env: KLANK_TEST_LOGS_TOKEN}\n", site.URL+"/", addr)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KLANK_TEST_LOGS_TOKEN", "geheim-qx4")
	flags := []string{"--config", config, "--data", filepath.Join(dir, "data"), "--log-format", "json"}
	var log bytes.Buffer
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan int, 1)
	go func() {
		done <- execute(ctx, append([]string{"run", "--allow-private"}, flags...), strings.NewReader(""), &bytes.Buffer{}, &log)
	}()
	ask := func(path string) string {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer geheim-qx4")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return ""
		}
		defer res.Body.Close()
		var body bytes.Buffer
		_, _ = body.ReadFrom(res.Body)
		return body.String()
	}
	deadline := time.Now().Add(2 * time.Minute)
	for !strings.Contains(ask("/api/v1/runs"), `"status":"`) || strings.Contains(ask("/api/v1/runs"), `"running"`) || !strings.Contains(ask("/api/v1/search?q=woordmerk"), "qx2") {
		if time.Now().After(deadline) {
			t.Fatal("the run does not end")
		}
		time.Sleep(100 * time.Millisecond)
	}
	for _, path := range []string{"/?token=geheim-qx4", "/search?q=woordmerk-qx2", "/mention/Zebulon%20Uniekenaam", "/status", "/dead"} {
		ask(path)
	}
	metrics := ask("/metrics")
	stop()
	if status := <-done; status != exitDone {
		t.Errorf("the service ends with status %d:\n%s", status, log.String())
	}
	if !strings.Contains(log.String(), "run ended") || !strings.Contains(metrics, "klank_frontier_urls") {
		t.Fatalf("there is nothing to look into:\n%s", log.String())
	}
	written := strings.ToLower(log.String() + metrics)
	for _, private := range []string{"zebulon", "uniekenaam", "qx1", "qx2", "qx3", "qx4", "\x1b"} {
		if at := strings.Index(written, private); at >= 0 {
			t.Errorf("the log or the metrics hold %q: …%s…", private, written[max(0, at-200):min(len(written), at+100)])
		}
	}
}
