package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"klank/index/desk"
)

// Setup leads through the first configuration: a Server with it serves nothing
// else until Start has returned what takes over. All functions are required.
type Setup struct {
	// File is where the configuration is going to stand, for people.
	File string
	// Find looks at a page, politely, for places where customers publish. Its
	// error is told as it is.
	Find func(ctx context.Context, url string) (*Found, error)
	// Draft writes the configuration that the answers make, valid and with
	// comments. Its error is told as it is.
	Draft func(a Answers) (string, error)
	// Start writes the configuration to File, which must not be there yet (else
	// the error is fs.ErrExist), begins to collect, and returns the service that
	// takes over.
	Start func(text string) (http.Handler, error)
}

// Answers are what a person has said so far.
type Answers struct {
	Brand   string
	Aliases []string
	Rivals  []string
	// Places are those that were chosen.
	Places  []Place
	Contact string
	// Every is how often the places are asked: one of Rhythms.
	Every string
	// Language is that of the comments: nl or en.
	Language string
}

// Rhythms are how often places can be asked, as the configuration spells it.
var Rhythms = []string{"every 6h", "every 24h", "every 168h"}

// Found is what Find saw on a page.
type Found struct {
	// URL is where the page is in the end, Mentions how many are on it.
	URL      string
	Mentions int
	Places   []Place
	// Problem says in words why little can be said, if so.
	Problem string
}

// PlaceKind says what a place is; its words are setup.kind.KIND.
type PlaceKind string

// The kinds of places.
const (
	PlacePage     PlaceKind = "page"     // the page itself, which has mentions
	PlaceReviews  PlaceKind = "reviews"  // a page of the site that looks like reviews
	PlaceSite     PlaceKind = "site"     // the whole site, from the page on
	PlaceFeed     PlaceKind = "feed"     // a feed of the site
	PlaceSitemap  PlaceKind = "sitemap"  // the site's list of its pages
	PlacePlatform PlaceKind = "platform" // a known platform, with an API
)

// May says whether a place may be read; its words are setup.may.MAY.
type May string

// What may be.
const (
	MayYes     May = "yes"     // robots.txt allows it
	MayNo      May = "no"      // robots.txt or a reservation keeps it out
	MayKey     May = "key"     // the platform's API answers with a key
	MayNever   May = "never"   // only for people who log in
	MayUnknown May = "unknown" // the site did not answer in time
)

// Place is where customers may publish about the brand.
type Place struct {
	URL  string
	Kind PlaceKind
	// Type is that of the source in the configuration; Platform is its name for
	// people, for platforms.
	Type, Platform string
	// May says whether klank may read it, Why in words, where there is more to
	// say.
	May May
	Why string
	// Own says that all of it is about the own brand.
	Own bool
	// Chosen is what the person has chosen, before that what is advised.
	Chosen bool
}

// usable tells whether a place can stand in the configuration: at once, or as
// an example to be completed with a key.
func (p *Place) usable() bool { return p.May != MayNo && p.May != MayNever }

// guide is a set-up under way. It is for one person: who opens a second window
// sees the same answers.
type guide struct {
	*Setup
	next atomic.Pointer[http.Handler] // takes over

	mu      sync.Mutex
	answers Answers
	places  []Place // found so far
	starts  sync.Mutex
}

// The bounds of what is said and found.
const (
	maxName   = 100
	maxNames  = 50
	maxPlaces = 200
)

// handover sends requests to what takes over, once there is something.
func (g *guide) handover(first http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if next := g.next.Load(); next != nil {
			(*next).ServeHTTP(w, r)
			return
		}
		first.ServeHTTP(w, r)
	})
}

// setupRoutes are all there is while a set-up is under way.
func (s *Server) setupRoutes() []route {
	step := func(h http.HandlerFunc) http.HandlerFunc { return s.nearby(h) }
	return []route{
		{pattern: "GET /setup", handler: step(s.setupBrand), role: desk.Operator},
		{pattern: "POST /setup", handler: step(s.takeBrand)},
		{pattern: "GET /setup/places", handler: step(s.setupPlaces), role: desk.Operator},
		{pattern: "POST /setup/places", handler: step(s.takePlaces)},
		{pattern: "GET /setup/rhythm", handler: step(s.setupRhythm), role: desk.Operator},
		{pattern: "POST /setup/rhythm", handler: step(s.takeRhythm)},
		{pattern: "GET /setup/review", handler: step(s.setupReview), role: desk.Operator},
		{pattern: "POST /setup/review", handler: step(s.setupStart)},
		{pattern: "/api/", handler: s.notSetUp, role: anyone, api: true},
		{pattern: "GET /healthz", handler: s.healthz, role: anyone},
		{pattern: "GET /readyz", handler: s.readyz, role: anyone},
		{pattern: "GET /assets/{name}", handler: s.assets.serve, role: anyone},
		{pattern: "GET /login", handler: s.loginForm, role: anyone},
		{pattern: "POST /login", handler: s.login, role: anyone},
		{pattern: "POST /logout", handler: s.logout, role: anyone},
		{pattern: "/", handler: s.toSetup},
	}
}

// toSetup leads whoever asks for something else to the set-up, in the language
// that they ask for.
func (s *Server) toSetup(w http.ResponseWriter, r *http.Request) {
	target := setupURL(setupSteps[0])
	if r.URL.Query().Has("lang") {
		target += "?lang=" + pickLanguage(w, r)
	}
	http.Redirect(w, r, target, http.StatusSeeOther)
}

// nearby refuses whoever is not on this machine, unless they have shown who
// they are: the set-up writes a file and asks other machines.
func (s *Server) nearby(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		from, err := netip.ParseAddrPort(r.RemoteAddr)
		if who(r).Name == localName && (err != nil || !from.Addr().Unmap().IsLoopback()) {
			s.fail(w, r, http.StatusForbidden, "")
			return
		}
		h(w, r)
	}
}

func (s *Server) notSetUp(w http.ResponseWriter, _ *http.Request) {
	writeProblem(w, problem{Title: "not set up yet", Status: http.StatusServiceUnavailable, Detail: "open this address in a browser to set klank up"})
}

// setupSteps are the steps in their order; the words for each are
// setup.step.STEP.
var setupSteps = []string{"brand", "places", "rhythm", "review"}

type setupPage struct {
	Step    string
	Steps   []string
	Answers Answers

	// Typed are answers that could not be taken; nil for those that were.
	Typed *Answers
	// Aliases and Rivals are as a person writes them.
	Aliases, Rivals string
	About           string // the brand
	Places          []Place
	Rhythms         []string
	File            string
	// Draft is the configuration, and Seen its digest: what is written is what
	// was shown.
	Draft, Seen string
	// Failed is why the step could not be taken, in words; FailedKey the same as
	// a text of ours.
	Failed, FailedKey string
	URL               string // as it was typed
	Found             *Found
}

// setupURL is the page of a step.
func setupURL(step string) string {
	if step == setupSteps[0] {
		return "/setup"
	}
	return "/setup/" + step
}

// showSetup shows a step with what is known so far, or the earliest step that
// wants an answer before.
func (s *Server) showSetup(w http.ResponseWriter, r *http.Request, status int, step string, p *setupPage) {
	g := s.guide
	g.mu.Lock()
	if p.Typed == nil {
		p.Typed = &g.answers
	}
	p.Answers, p.About = *p.Typed, g.answers.Brand
	p.Places = slices.Clone(g.places)
	earliest := g.missing()
	g.mu.Unlock()
	at := slices.Index(setupSteps, step)
	if earliest < at {
		http.Redirect(w, r, setupURL(setupSteps[earliest]), http.StatusSeeOther)
		return
	}
	p.Aliases, p.Rivals = strings.Join(p.Answers.Aliases, ", "), strings.Join(p.Answers.Rivals, "\n")
	p.Step, p.Steps, p.Rhythms, p.File = step, setupSteps, Rhythms, g.File
	s.render(w, r, status, "setup", "setup.title", p)
}

// missing is the earliest step that wants an answer. g.mu is held.
func (g *guide) missing() int {
	switch {
	case g.answers.Brand == "":
		return 0
	case !slices.ContainsFunc(g.places, func(p Place) bool { return p.Chosen }):
		return 1
	case g.answers.Contact == "":
		return 2
	}
	return 3
}

func (s *Server) setupBrand(w http.ResponseWriter, r *http.Request) {
	s.showSetup(w, r, http.StatusOK, "brand", &setupPage{})
}

// names reads names from a field, one a line or with commas between them.
func names(text string) ([]string, bool) {
	var out []string
	for _, name := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' || r == '\n' || r == '\r' }) {
		if name = strings.TrimSpace(name); name == "" || slices.Contains(out, name) {
			continue
		}
		if !fitName(name) {
			return nil, false
		}
		out = append(out, name)
	}
	return out, len(out) <= maxNames
}

// fitName tells whether a text can be a name in a configuration.
func fitName(name string) bool {
	return name != "" && len(name) <= maxName && clean(name) == name && !strings.ContainsAny(name, "\n\t")
}

func (s *Server) takeBrand(w http.ResponseWriter, r *http.Request) {
	if !s.parseForm(w, r) {
		return
	}
	brand := strings.TrimSpace(r.PostForm.Get("brand"))
	aliases, okAliases := names(r.PostForm.Get("aliases"))
	rivals, okRivals := names(r.PostForm.Get("rivals"))
	failed := ""
	switch {
	case brand == "":
		failed = "setup.brand.missing"
	case !fitName(brand) || !okAliases || !okRivals:
		failed = "setup.names.unfit"
	case slices.Contains(rivals, brand):
		failed = "setup.rivals.own"
	}
	g := s.guide
	g.mu.Lock()
	if failed == "" {
		g.answers.Brand, g.answers.Aliases, g.answers.Rivals = brand, aliases, rivals
		g.answers.Language = s.viewOf(w, r).code
	}
	g.mu.Unlock()
	if failed != "" {
		s.showSetup(w, r, http.StatusUnprocessableEntity, "brand", &setupPage{FailedKey: failed,
			Typed: &Answers{Brand: clean(brand), Aliases: []string{clean(r.PostForm.Get("aliases"))}, Rivals: []string{clean(r.PostForm.Get("rivals"))}}})
		return
	}
	http.Redirect(w, r, setupURL("places"), http.StatusSeeOther)
}

func (s *Server) setupPlaces(w http.ResponseWriter, r *http.Request) {
	s.showSetup(w, r, http.StatusOK, "places", &setupPage{})
}

// takePlaces looks at one more page, or goes on with what is chosen.
func (s *Server) takePlaces(w http.ResponseWriter, r *http.Request) {
	if !s.parseForm(w, r) {
		return
	}
	g := s.guide
	g.mu.Lock()
	for i := range g.places {
		p := &g.places[i]
		p.Chosen = p.usable() && slices.Contains(r.PostForm["place"], p.URL)
	}
	ready := g.missing() > 1
	g.mu.Unlock()
	if r.PostForm.Get("do") == "find" {
		s.findPlaces(w, r)
		return
	}
	if !ready {
		s.showSetup(w, r, http.StatusUnprocessableEntity, "places", &setupPage{FailedKey: "setup.places.missing"})
		return
	}
	http.Redirect(w, r, setupURL("rhythm"), http.StatusSeeOther)
}

func (s *Server) findPlaces(w http.ResponseWriter, r *http.Request) {
	g, raw := s.guide, strings.TrimSpace(r.PostForm.Get("url"))
	p := &setupPage{URL: raw}
	if raw == "" {
		p.FailedKey = "setup.url.missing"
		s.showSetup(w, r, http.StatusUnprocessableEntity, "places", p)
		return
	}
	found, err := g.Find(r.Context(), raw)
	if err != nil {
		if r.Context().Err() == context.Canceled {
			return // nobody is waiting for the answer
		}
		p.Failed = clean(err.Error())
		s.showSetup(w, r, http.StatusUnprocessableEntity, "places", p)
		return
	}
	g.mu.Lock()
	for _, place := range found.Places {
		place.Own = r.PostForm.Get("about") == "own" && place.Kind != PlacePlatform
		if i := slices.IndexFunc(g.places, func(q Place) bool { return q.URL == place.URL }); i >= 0 {
			place.Chosen = place.Chosen || g.places[i].Chosen
			g.places[i] = place
		} else if len(g.places) < maxPlaces {
			g.places = append(g.places, place)
		}
	}
	g.mu.Unlock()
	p.Found, p.URL = found, ""
	s.showSetup(w, r, http.StatusOK, "places", p)
}

func (s *Server) setupRhythm(w http.ResponseWriter, r *http.Request) {
	s.showSetup(w, r, http.StatusOK, "rhythm", &setupPage{})
}

func (s *Server) takeRhythm(w http.ResponseWriter, r *http.Request) {
	if !s.parseForm(w, r) {
		return
	}
	contact, every := strings.TrimSpace(r.PostForm.Get("contact")), r.PostForm.Get("every")
	if !fitContact(contact) || !slices.Contains(Rhythms, every) {
		s.showSetup(w, r, http.StatusUnprocessableEntity, "rhythm", &setupPage{FailedKey: "setup.contact.unfit", Typed: &Answers{Contact: clean(contact), Every: every}})
		return
	}
	s.guide.mu.Lock()
	s.guide.answers.Contact, s.guide.answers.Every = contact, every
	s.guide.mu.Unlock()
	http.Redirect(w, r, setupURL("review"), http.StatusSeeOther)
}

// fitContact tells whether a text can stand in the User-Agent as an e-mail
// address or the address of a page.
func fitContact(c string) bool {
	if !fitName(c) || strings.ContainsAny(c, " ()<>\"\\") {
		return false
	}
	if name, host, ok := strings.Cut(c, "@"); ok && !strings.Contains(c, "://") {
		return name != "" && strings.Contains(host, ".")
	}
	u, err := url.Parse(c)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

// chosen are the answers with the places that were chosen.
func (g *guide) chosen() Answers {
	g.mu.Lock()
	defer g.mu.Unlock()
	a := g.answers
	a.Places = nil
	for _, p := range g.places {
		if p.Chosen {
			a.Places = append(a.Places, p)
		}
	}
	return a
}

func (s *Server) setupReview(w http.ResponseWriter, r *http.Request) {
	s.reviewSetup(w, r, http.StatusOK, &setupPage{})
}

// reviewSetup shows the configuration before it is written.
func (s *Server) reviewSetup(w http.ResponseWriter, r *http.Request, status int, p *setupPage) {
	text, err := s.guide.Draft(s.guide.chosen())
	if err != nil && p.Failed == "" {
		p.Failed, status = clean(err.Error()), http.StatusUnprocessableEntity
	}
	p.Draft, p.Seen = clean(text), digest(text)
	s.showSetup(w, r, status, "review", p)
}

// setupStart writes what was shown and hands over to the service.
func (s *Server) setupStart(w http.ResponseWriter, r *http.Request) {
	if !s.parseForm(w, r) {
		return
	}
	g := s.guide
	g.starts.Lock() // a second click finds what the first one did
	defer g.starts.Unlock()
	if g.next.Load() != nil {
		http.Redirect(w, r, "/progress", http.StatusSeeOther)
		return
	}
	g.mu.Lock()
	ready := g.missing() == len(setupSteps)-1
	g.mu.Unlock()
	if !ready {
		s.showSetup(w, r, http.StatusUnprocessableEntity, "review", &setupPage{})
		return
	}
	text, err := g.Draft(g.chosen())
	if err == nil && digest(text) != r.PostForm.Get("seen") { // another window has changed it meanwhile
		s.reviewSetup(w, r, http.StatusConflict, &setupPage{FailedKey: "setup.changed"})
		return
	}
	var next http.Handler
	if err == nil {
		next, err = g.Start(text)
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		s.reviewSetup(w, r, http.StatusConflict, &setupPage{FailedKey: "setup.exists"})
	case err != nil:
		s.log.Error("web: the set-up could not be finished", "error", err)
		s.reviewSetup(w, r, http.StatusInternalServerError, &setupPage{Failed: clean(err.Error())})
	default:
		g.next.Store(&next)
		http.Redirect(w, r, "/progress", http.StatusSeeOther)
	}
}

// digest tells one configuration from another.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
