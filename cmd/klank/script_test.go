package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"klank": main, "soakweb": soakWeb})
}

// TestCommands runs testdata/script/*.txtar: every command as its user types
// it, with good and bad input.
func TestCommands(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"web":    scriptWeb,
			"status": scriptStatus,
			"lines":  scriptLines,
			"fill":   scriptFill,
			"port":   scriptPort,
			"expand": scriptExpand,
			"get":    scriptGet,
			"until":  scriptUntil,
		},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// scriptWeb serves a folder on loopback and sets $URL to it. Every file has
// an ETag; a file NAME.status beside NAME gives its status, /slow never ends.
func scriptWeb(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: web VARIABLE FOLDER")
	}
	dir := ts.MkAbs(args[1])
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	mux := http.NewServeMux()
	mux.HandleFunc("/endless", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		for r.Context().Err() == nil {
			if _, err := w.Write([]byte(strings.Repeat("<p>more</p>", 1000))); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		name := filepath.Join(dir, filepath.Clean("/"+r.URL.Path))
		if st, err := os.Stat(name); err == nil && st.IsDir() {
			name = filepath.Join(name, "index.html")
		}
		b, err := os.ReadFile(name)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		if s, err := os.ReadFile(name + ".status"); err == nil {
			code, _ := strconv.Atoi(strings.TrimSpace(string(s)))
			w.WriteHeader(code)
			return
		}
		etag := fmt.Sprintf(`"%d-%x"`, len(b), b[:min(8, len(b))])
		w.Header().Set("ETag", etag)
		if r.Header.Get("If-None-Match") == etag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		if strings.HasSuffix(name, ".html") {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
		}
		http.ServeContent(w, r, name, time.Time{}, strings.NewReader(string(b)))
	})
	srv := &http.Server{Handler: mux}
	go srv.Serve(ln)
	ts.Defer(func() { srv.Close() })
	ts.Setenv(args[0], "http://"+ln.Addr().String())
	ts.Setenv(args[0]+"_TLS", "https://"+ln.Addr().String())
}

// scriptStatus runs a command and holds its exit status: status N klank …
func scriptStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N COMMAND …")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		ee, ok := err.(interface{ ExitCode() int })
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = ee.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// scriptLines holds the number of lines of the last standard output.
func scriptLines(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: lines N")
	}
	got := strings.Count(ts.ReadFile("stdout"), "\n")
	if (strconv.Itoa(got) == args[0]) == neg {
		ts.Fatalf("%d lines, want %s", got, args[0])
	}
}

// scriptFill makes a file of N bytes by repeating a text, in which Go's escapes
// stand for bytes.
func scriptFill(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: fill FILE BYTES TEXT")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	text, err := strconv.Unquote(`"` + args[2] + `"`)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.Repeat(text, n/len(text)+1)[:n]), 0o644))
}

// scriptPort sets a variable to a loopback address that nobody listens on.
func scriptPort(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: port VARIABLE")
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Check(ln.Close())
	ts.Setenv(args[0], ln.Addr().String())
}

// scriptGet asks a URL, for as long as nobody listens there yet, and holds
// that the answer contains a text.
func scriptGet(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: get URL TEXT")
	}
	for try := 0; ; try++ {
		res, err := http.Get(args[0])
		if err != nil && try < 300 {
			time.Sleep(50 * time.Millisecond)
			continue
		}
		ts.Check(err)
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		ts.Check(err)
		if !strings.Contains(string(body), args[1]) {
			ts.Fatalf("%s answers %s without %q:\n%.2000s", args[0], res.Status, args[1], body)
		}
		return
	}
}

// scriptUntil asks a URL until the answer matches a regular expression.
func scriptUntil(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: until URL REGEXP")
	}
	want := regexp.MustCompile(args[1])
	var body []byte
	for range 600 {
		res, err := http.Get(args[0])
		if err == nil {
			body, _ = io.ReadAll(res.Body)
			res.Body.Close()
			if want.Match(body) {
				return
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	ts.Fatalf("%s does not come to answer %q:\n%.2000s", args[0], args[1], body)
}

// scriptExpand puts the script's variables into files.
func scriptExpand(ts *testscript.TestScript, neg bool, args []string) {
	for _, name := range args {
		text := os.Expand(ts.ReadFile(name), ts.Getenv)
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o644))
	}
}
