package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// What the soak asks of the crawler, and the sites hold it to.
const (
	soakInterval = 200 * time.Millisecond // between two requests to a host
	soakTimeout  = 3 * time.Second        // of a request
	soakMaxBody  = 256 << 10
	// soakTolerance is how much earlier than Retry-After says a request may
	// come: the two processes read their clocks for themselves.
	soakTolerance = 20 * time.Millisecond
	// soakPoison begins the native id of each review in a body that is not to
	// be read.
	soakPoison = "poison"
)

// soakSpec is what the program soakweb is started with, as JSON.
type soakSpec struct {
	Sites int
	// Edits is the time between two changes of a site's content, Faulty the
	// share of answers that are a fault.
	Edits  time.Duration
	Faulty float64
	// Outage is for how long some sites' robots.txt cannot be read, 0 for not
	// at all: some at the start, some later.
	Outage time.Duration
}

// soakReport is what the sites saw together, or one of them.
type soakReport struct {
	Requests, NotModified int
	Faults                map[string]int
	LeastGap              time.Duration
	// Short gaps, requests Early for a Retry-After, and Trespasses on what
	// robots.txt forbids, or forbids by being unreadable.
	Short, Early, Trespasses int
	Examples                 []string
}

func (r *soakReport) add(o *soakReport) {
	r.Requests, r.NotModified = r.Requests+o.Requests, r.NotModified+o.NotModified
	r.Short, r.Early, r.Trespasses = r.Short+o.Short, r.Early+o.Early, r.Trespasses+o.Trespasses
	if o.LeastGap > 0 && (r.LeastGap == 0 || o.LeastGap < r.LeastGap) {
		r.LeastGap = o.LeastGap
	}
	for kind, n := range o.Faults {
		r.Faults[kind] += n
	}
	r.Examples = append(r.Examples, o.Examples...)
}

// soakTruth is what a site shows now, and all that it ever showed: texts by
// native id. Pushed are those taken off the list, which moves: of them the index
// may not tell whether they are gone or were pushed off their page.
type soakTruth struct {
	Now, Ever map[string]string
	Pushed    map[string]bool
}

// soakWeb is the program soakweb (see TestMain): many faulty sites, each on a
// port of its own. It prints their hosts as JSON, the control's first, and ends
// when its standard input does. The control answers /report and /truth, and
// after /calm the sites change no more and have no faults.
func soakWeb() {
	var spec soakSpec
	if err := json.Unmarshal([]byte(os.Args[1]), &spec); err != nil {
		log.Fatal(err)
	}
	var calm atomic.Bool
	var sites []*soakSite
	var hosts []string
	serve := func(h http.Handler) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			log.Fatal(err)
		}
		hosts = append(hosts, l.Addr().String())
		s := &http.Server{Handler: h, ErrorLog: log.New(io.Discard, "", 0)} // it would tell of aborted answers
		go func() { log.Fatal(s.Serve(l)) }()
	}
	control := http.NewServeMux()
	control.HandleFunc("/calm", func(http.ResponseWriter, *http.Request) { calm.Store(true) })
	control.HandleFunc("/report", func(w http.ResponseWriter, _ *http.Request) {
		all := soakReport{Faults: map[string]int{}}
		for _, s := range sites {
			s.mu.Lock()
			all.add(&s.report)
			s.mu.Unlock()
		}
		json.NewEncoder(w).Encode(all)
	})
	control.HandleFunc("/truth", func(w http.ResponseWriter, _ *http.Request) {
		all := map[string]soakTruth{}
		for _, s := range sites {
			all[soakName(s.n)] = s.truth()
		}
		json.NewEncoder(w).Encode(all)
	})
	serve(control)
	for n := range spec.Sites {
		s := newSoakSite(n, spec, &calm)
		sites = append(sites, s)
		serve(s)
		go s.live()
	}
	json.NewEncoder(os.Stdout).Encode(hosts)
	io.Copy(io.Discard, os.Stdin)
}

func soakName(n int) string { return fmt.Sprintf("shop%03d", n) }

// soakSite is one site, with the record of how it is asked.
type soakSite struct {
	n     int
	spec  soakSpec
	calm  *atomic.Bool
	began time.Time

	mu      sync.Mutex
	random  *rand.Rand
	reviews []soakReview // the newest first
	made    int
	ever    map[string]string
	pushed  map[string]bool
	menu    string // stands on each page, and is most of it

	report soakReport
	last   time.Time // it was asked
	rest   time.Time // until when it asked to be left alone
	// readable says that robots.txt was answered.
	readable bool
}

// soakReview stands on product page 1 to 4, or at 0 on the pages of the list.
type soakReview struct {
	id, text, date string
	page           int
}

func newSoakSite(n int, spec soakSpec, calm *atomic.Bool) *soakSite {
	s := &soakSite{n: n, spec: spec, calm: calm, began: time.Now(), random: rand.New(rand.NewPCG(1, uint64(n))), ever: map[string]string{}, pushed: map[string]bool{}}
	s.report.Faults = map[string]int{}
	s.menu = "<ul>" + strings.Repeat("<li class='menu item'><span>Coffee and more</span></li>", 20+n*31%1000) + "</ul>"
	for i := range 20 {
		s.write(max(0, i%8-3))
	}
	return s
}

var soakWords = strings.Fields(`the coffee is good but machine leaks after a week and service was slow friendly
	delivery came late broken box cheap price great taste I would buy it again never awful noise water tank small
	filter manual helpful returns refund easy website app crashed wonderful quality poor handle lid espresso`)

// soakFirst is before the first review.
var soakFirst = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

// text words a review anew; it tells which one it is.
func (s *soakSite) text(id string) string {
	words := []string{"Review", id + ":"}
	for range 20 + s.random.IntN(40) {
		words = append(words, soakWords[s.random.IntN(len(soakWords))])
	}
	return strings.Join(words, " ")
}

func (s *soakSite) write(page int) {
	s.made++
	r := soakReview{id: fmt.Sprintf("r%d", s.made), page: page, date: soakFirst.Add(time.Duration(s.made) * time.Hour).Format(time.RFC3339)}
	r.text = s.text(r.id)
	s.reviews = slices.Insert(s.reviews, 0, r)
	s.ever[r.id] = r.text
}

// live changes the site's content until it is to be calm.
func (s *soakSite) live() {
	for !s.calm.Load() {
		time.Sleep(s.spec.Edits)
		s.mu.Lock()
		s.change()
		s.mu.Unlock()
	}
}

// change writes, words anew or takes away a review. The oldest of a page stays:
// who misses it, and finds a new one, cannot tell that it was not pushed off.
func (s *soakSite) change() {
	if s.calm.Load() {
		return
	}
	i := s.random.IntN(len(s.reviews))
	r := &s.reviews[i]
	older := slices.ContainsFunc(s.reviews[i+1:], func(o soakReview) bool { return o.page == r.page })
	switch kind := s.random.IntN(3); {
	case kind == 0 && len(s.reviews) < 32:
		s.write(max(0, s.random.IntN(8)-3))
	case kind == 1 && older:
		s.pushed[r.id] = r.page == 0
		s.reviews = slices.Delete(s.reviews, i, i+1)
	default:
		r.text = s.text(r.id)
		s.ever[r.id] = r.text
	}
}

func (s *soakSite) truth() soakTruth {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := soakTruth{Now: map[string]string{}, Ever: maps.Clone(s.ever), Pushed: maps.Clone(s.pushed)}
	for _, r := range s.reviews {
		t.Now[r.id] = r.text
	}
	return t
}

func (s *soakSite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.RequestURI()
	s.mu.Lock()
	s.check(path)
	fault := ""
	if !s.calm.Load() && path != "/robots.txt" && !strings.HasPrefix(path, "/.well-known/") && s.random.Float64() < s.spec.Faulty {
		fault = soakFaults[s.random.IntN(len(soakFaults))]
		s.report.Faults[fault]++
	}
	seconds := 1 + s.random.IntN(3)
	body := s.page(r)
	s.mu.Unlock()
	switch {
	case path == "/robots.txt":
		s.robots(w)
	case fault != "":
		s.fail(w, r, fault, seconds, body)
	case strings.HasPrefix(path, "/round"):
		at, _ := strconv.Atoi(r.FormValue("at"))
		http.Redirect(w, r, fmt.Sprintf("/round?at=%d", (at+1)%3), http.StatusFound)
	case body == "":
		http.NotFound(w, r)
	default:
		s.answer(w, r, body)
	}
}

// check holds a request to the rules.
func (s *soakSite) check(path string) {
	now := time.Now()
	wrong := func(count *int, format string, args ...any) {
		if *count++; len(s.report.Examples) < 5 {
			s.report.Examples = append(s.report.Examples, fmt.Sprintf("%s after %s: %s: ", soakName(s.n), now.Sub(s.began).Round(time.Millisecond), path)+fmt.Sprintf(format, args...))
		}
	}
	if gap := now.Sub(s.last); !s.last.IsZero() {
		if gap < soakInterval*9/10 {
			wrong(&s.report.Short, "%s after the one before", gap)
		}
		if s.report.LeastGap == 0 || gap < s.report.LeastGap {
			s.report.LeastGap = gap
		}
	}
	if early := s.rest.Sub(now); early > soakTolerance {
		wrong(&s.report.Early, "%s too early for the Retry-After", early)
	}
	if path != "/robots.txt" && !s.readable || strings.HasPrefix(path, "/private/") {
		wrong(&s.report.Trespasses, "robots.txt forbids it; it was read: %t", s.readable)
	}
	s.last = now
	s.report.Requests++
}

// robots answers robots.txt, other than in an outage: of every tenth site at the
// start, of another at the time when it is asked for again.
func (s *soakSite) robots(w http.ResponseWriter) {
	up := time.Since(s.began)
	if !s.calm.Load() && (s.n%10 == 7 && up < s.spec.Outage || s.n%10 == 8 && up > 4*time.Minute && up < 4*time.Minute+10*s.spec.Outage) {
		http.Error(w, "out of order", http.StatusInternalServerError)
		return
	}
	s.mu.Lock()
	s.readable = true
	s.mu.Unlock()
	w.Header().Set("Cache-Control", "max-age=300")
	io.WriteString(w, "User-agent: *\nDisallow: /private/\n")
}

// page is the body of a path; empty where there is none.
func (s *soakSite) page(r *http.Request) string {
	switch path := r.URL.Path; {
	case path == "/":
		return s.html(links("/p/1", "/p/2", "/p/3", "/p/4", "/list?page=1", "/private/1", "/round?at=0", "/again?page=1"))
	case strings.HasPrefix(path, "/p/"):
		at, _ := strconv.Atoi(path[len("/p/"):])
		return s.html(s.articles(at))
	case path == "/list":
		at, _ := strconv.Atoi(r.FormValue("page"))
		all := s.articlesOf(0)
		from := (at - 1) * soakPerPage
		if from < 0 || from >= len(all) {
			return ""
		}
		body := strings.Join(all[from:min(from+soakPerPage, len(all))], "")
		if from+soakPerPage < len(all) {
			body += next(fmt.Sprintf("/list?page=%d", at+1))
		}
		return s.html(body)
	case path == "/again": // of some sites a list that comes to no end
		at, _ := strconv.Atoi(r.FormValue("page"))
		if s.n%4 == 1 && !s.calm.Load() {
			return s.html(links("/p/1", "/p/2") + next(fmt.Sprintf("/again?page=%d", at+1)))
		}
		return s.html(links("/p/1", "/p/2"))
	}
	return ""
}

const soakPerPage = 5

func (s *soakSite) articles(page int) string { return strings.Join(s.articlesOf(page), "") }

func (s *soakSite) articlesOf(page int) (all []string) {
	for _, r := range s.reviews {
		if r.page != page {
			continue
		}
		a := strings.Replace(article(r.id, r.text), "<p>", "<time datetime="+r.date+">then</time><p>", 1)
		if s.n%3 == 0 { // broken, yet what a browser reads
			a = "</div><span title=un\"quoted>" + strings.Replace(a, "</p>", "<b>", 1) + "</section><td>"
		}
		all = append(all, a)
	}
	return all
}

func (s *soakSite) html(body string) string {
	if s.n%3 == 0 {
		return "<html lang=en><div class='shop><p>" + `'>` + s.menu + body + "<div><table><p"
	}
	return "<!doctype html><html lang=en><head><title>" + soakName(s.n) + "</title></head><body>" + s.menu + body + "</body></html>"
}

// answer is a whole page, or a 304.
func (s *soakSite) answer(w http.ResponseWriter, r *http.Request, body string) {
	etag := fmt.Sprintf(`"%x"`, sha256.Sum256([]byte(body)))
	w.Header().Set("ETag", etag)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if r.Header.Get("If-None-Match") == etag {
		s.mu.Lock()
		s.report.NotModified++
		s.mu.Unlock()
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if s.n%2 == 0 {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(gzipped(body))
		return
	}
	io.WriteString(w, body)
}

func gzipped(body string) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	io.WriteString(z, body)
	z.Close()
	return b.Bytes()
}

// soakFaults are what may come instead of an answer.
var soakFaults = []string{
	"429 seconds", "429 date", "429", "503 seconds", "503 date", "503", "500",
	"cut length", "cut chunks", "cut gzip", "broken gzip", "bomb",
	"reset before", "reset within", "hang", "stall", "trickle",
	"wrong type", "huge", "redirect loop",
}

// fail answers with a fault. Whatever body comes, other than by a trickle, has
// a review that is not to be read.
func (s *soakSite) fail(w http.ResponseWriter, r *http.Request, fault string, seconds int, page string) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	bad := "<html lang=en><body>" + article(soakPoison+"-"+strings.ReplaceAll(fault, " ", "-"), "This was never whole.") + page
	flush := func() { http.NewResponseController(w).Flush() }
	switch kind, how, _ := strings.Cut(fault, " "); kind {
	case "429", "503", "500":
		s.refuse(w, kind, how, seconds)
		io.WriteString(w, bad)
	case "reset":
		if how == "within" {
			h.Set("Content-Length", strconv.Itoa(len(bad)+1))
			io.WriteString(w, bad)
			flush()
		}
		if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
			c.(*net.TCPConn).SetLinger(0)
			c.Close()
		}
	case "cut", "broken", "bomb":
		s.cut(w, fault, bad)
	case "hang", "stall":
		if kind == "stall" {
			io.WriteString(w, bad)
			flush()
		}
		select {
		case <-r.Context().Done():
		case <-time.After(3 * soakTimeout):
		}
		panic(http.ErrAbortHandler)
	case "trickle":
		for part := range slices.Chunk([]byte(page), len(page)/8+1) {
			w.Write(part)
			flush()
			time.Sleep(soakTimeout / 24)
		}
	case "wrong":
		h.Set("Content-Type", "image/png")
		io.WriteString(w, bad)
	case "huge":
		io.WriteString(w, bad+strings.Repeat("<p>more</p>", soakMaxBody/8))
	case "redirect":
		http.Redirect(w, r, "/round?at=0", http.StatusFound)
	}
}

// refuse writes the head of an answer of that status, which may ask to be left
// alone for some seconds.
func (s *soakSite) refuse(w http.ResponseWriter, status, how string, seconds int) {
	now := time.Now()
	until := now.Add(time.Duration(seconds) * time.Second)
	switch how {
	case "seconds":
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
	case "date":
		now = now.Truncate(time.Second)
		until = now.Add(time.Duration(seconds) * time.Second)
		w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
		w.Header().Set("Retry-After", until.UTC().Format(http.TimeFormat))
	}
	if how != "" {
		s.mu.Lock()
		s.rest = until
		s.mu.Unlock()
	}
	code, _ := strconv.Atoi(status)
	w.WriteHeader(code)
}

// cut writes a body that is damaged, or larger than it looks.
func (s *soakSite) cut(w http.ResponseWriter, fault, bad string) {
	b := []byte(bad)
	if fault != "cut length" && fault != "cut chunks" {
		w.Header().Set("Content-Encoding", "gzip")
		if fault == "bomb" {
			bad += strings.Repeat(" ", 8<<20)
		}
		b = gzipped(bad)
	}
	switch fault {
	case "cut length":
		w.Header().Set("Content-Length", strconv.Itoa(2*len(b)))
	case "cut gzip":
		b = b[:len(b)*2/3]
	case "broken gzip":
		b[len(b)-6] ^= 1 // of the checksum
	}
	w.Write(b)
	if fault == "cut chunks" {
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}
