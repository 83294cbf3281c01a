// Package web serves what klank knows: server-rendered pages for people and a
// JSON API for programs, with health checks and metrics beside them.
//
// It reads from an index and shows; it never crawls, parses or analyses, and
// it changes nothing in the index. Pages work without JavaScript, load nothing
// from other hosts, and treat every word that a mention contains as hostile.
package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"klank/index"
	"klank/index/desk"
	"klank/index/query"
	"klank/index/research"
	"klank/mention"
)

// Config is what a Server needs. Only Index is required.
type Config struct {
	// Index answers the questions. Its optional abilities (index.Getter,
	// index.Recorder) are used where it has them.
	Index index.Index
	// Addr is the HOST:PORT to be bound (see CheckAddr). Its host is a valid
	// Host header beside the loopback names; empty means loopback only.
	Addr string
	// Token, when set, makes whoever presents it an operator.
	Token string
	// Desk holds users, sessions, tokens of the API, and who did what. Without
	// it there are none.
	Desk *desk.Store
	// Proxy in front may say who its users are.
	Proxy Proxy
	// TLS has Serve speak it, with a certificate that is read again when its
	// files change.
	TLS TLS
	// RateLimit is how many requests a minute a token or an address may send to
	// the API; 0 is no limit.
	RateLimit int
	// Register is what the configuration says of personal data.
	Register Register
	// AuditFor is how long it is remembered who did what; 0 is without end.
	AuditFor time.Duration
	// Brands are the configured brand names, in the order of the menu. Brands
	// found in the index are added behind them.
	Brands []string
	// Reports is what reports draw on; without an index of its own they read Index,
	// where that can answer them.
	Reports research.Config
	// Language reads queries; nil is the plain one.
	Language *query.Language
	// Snapshot opens a saved page by its locator (mention.Evidence.Snapshot);
	// an error that is fs.ErrNotExist means it is no longer kept. Nil switches the
	// viewer off.
	Snapshot func(ctx context.Context, locator string) (*mention.Page, error)
	// Status tells what the collecting side is doing. Nil leaves it to what
	// the index has recorded.
	Status func(ctx context.Context) (*Status, error)
	// Relabel analyses a stored mention again, and puts what people have corrected
	// upon it; nil switches correcting off.
	Relabel func(ctx context.Context, id string) error
	// Explain says what made the labels of a mention; nil switches it off.
	Explain func(ctx context.Context, m *mention.Mention) ([]Explained, error)
	// Crawl is what can be done about collecting; nil is nothing.
	Crawl *Crawl
	// Setup leads through the first configuration; nil where there is one. With
	// it there is no Index yet, and nothing else is served.
	Setup *Setup
	// Alerts is what the configuration says of alerts.
	Alerts Alerts
	// Gatherer adds the metrics of the rest of the program to /metrics.
	Gatherer prometheus.Gatherer
	// Version is shown at the foot of every page.
	Version string
	// Ready says whether the program can do its work; nil means always.
	Ready func(ctx context.Context) error
	// Log receives requests (debug) and failures (error); nil discards them.
	Log *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Server serves the pages and the API of one index. It is safe for concurrent
// use.
type Server struct {
	cfg     Config
	log     *slog.Logger
	now     func() time.Time
	assets  *assets
	views   map[string]*view
	guide   *guide // nil but while klank is set up
	metrics *metrics
	routes  []route
	handler http.Handler
	answers *answers
	// patience is how long a page waits for figures (see reportPatience).
	patience time.Duration
	router   *http.ServeMux
	slow     *slowdown
	limits   *limits
	// hashing bounds the passwords that are checked at the same time; nobody is
	// the hash for users that are not there.
	hashing     chan struct{}
	nobody      string
	certificate *certificate // nil without TLS
	// spoken is the question language with what people have saved.
	spoken atomic.Pointer[spoken]
	// beyond says that other machines can reach what is served.
	beyond atomic.Bool
}

// The bounds of one request. A page that needs longer than requestTimeout is
// given up with an explanation; shutdownGrace keeps a stop under two seconds.
const (
	requestTimeout = 20 * time.Second
	shutdownGrace  = 1500 * time.Millisecond
	maxFormBytes   = 16 << 10
	// passwordsAtOnce bounds the memory for comparing them: 64 MB each.
	passwordsAtOnce = 2
)

// New checks the configuration and prepares templates, languages and assets.
func New(cfg Config) (*Server, error) {
	if cfg.Index == nil && cfg.Setup == nil {
		return nil, errors.New("web: no index to serve")
	}
	s := &Server{cfg: cfg, log: cfg.Log, now: cfg.Now, hashing: make(chan struct{}, passwordsAtOnce)}
	if cfg.Addr != "" {
		if err := s.mayBind(context.Background(), cfg.Addr); err != nil {
			return nil, err
		}
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	var err error
	if s.assets, err = loadAssets(); err != nil {
		return nil, fmt.Errorf("web: assets: %w", err)
	}
	locales, err := loadLocales()
	if err != nil {
		return nil, fmt.Errorf("web: languages: %w", err)
	}
	if s.views, err = loadViews(locales, s.assets); err != nil {
		return nil, fmt.Errorf("web: templates: %w", err)
	}
	if cfg.TLS != (TLS{}) {
		if s.certificate, err = newCertificate(cfg.TLS, s.log); err != nil {
			return nil, err
		}
	}
	s.metrics = newMetrics()
	if cfg.Setup != nil {
		s.guide = &guide{Setup: cfg.Setup}
	}
	s.answers, s.patience = newAnswers(cfg.Index, s.now, s.log), reportPatience
	s.slow = newSlowdown(s.now)
	s.limits = newLimits(cfg.RateLimit, s.now)
	s.nobody = standardHashing.nobody()
	s.routes = s.allRoutes()
	s.handler = s.wrap(s.mux())
	if s.guide != nil {
		s.handler = s.guide.handover(s.handler)
	}
	return s, nil
}

// mayBind is CheckAddr for this server, which remembers the answer.
func (s *Server) mayBind(ctx context.Context, addr string) error {
	guarded := s.cfg.Token != "" || s.cfg.Proxy.Header != ""
	if !guarded && s.cfg.Desk != nil {
		var err error
		if guarded, err = s.cfg.Desk.HasUsers(ctx); err != nil {
			return fmt.Errorf("web: users: %w", err)
		}
	}
	if err := CheckAddr(addr, guarded); err != nil {
		return err
	}
	if loopback, _ := isLoopback(addr); !loopback {
		s.beyond.Store(true)
	}
	return nil
}

// Close ends what a server does on its own and waits for it: reports that are
// being worked out. Serve calls it.
func (s *Server) Close() { s.answers.close() }

// Handler returns the whole service as one handler, guards included.
func (s *Server) Handler() http.Handler { return s.handler }

// Serve answers requests on ln until ctx ends, then lets running requests
// finish for at most 1.5 s and returns nil. It refuses a listener that
// CheckAddr would refuse, and closes ln in any case.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	if err := s.mayBind(ctx, ln.Addr().String()); err != nil {
		ln.Close()
		return err
	}
	// Requests outlive ctx by the grace, so that a stop does not cut answers
	// that are already under way.
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	srv := &http.Server{
		Handler:           s.handler,
		BaseContext:       func(net.Listener) context.Context { return base },
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      requestTimeout + 10*time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	defer s.Close()
	if s.cfg.Index != nil { // else klank is being set up
		s.answers.work.Add(1)
		go func() {
			defer s.answers.work.Done()
			s.warm(s.answers.ctx)
		}()
	}
	failed := make(chan error, 1)
	if s.certificate != nil {
		srv.TLSConfig = s.certificate.config()
		go func() { failed <- srv.ServeTLS(ln, "", "") }()
	} else {
		go func() { failed <- srv.Serve(ln) }()
	}
	select {
	case err := <-failed:
		return fmt.Errorf("web: serve: %w", err)
	case <-ctx.Done():
	}
	grace, stop := context.WithTimeout(context.WithoutCancel(ctx), shutdownGrace)
	defer stop()
	if err := srv.Shutdown(grace); err != nil {
		cancel()
		srv.Close()
	}
	<-failed
	return nil
}

// route is one entry of the service: what it answers and to whom.
type route struct {
	pattern string
	handler http.HandlerFunc
	// role is who may: anyone, desk.Reader or desk.Operator. Empty: readers
	// where the method only reads, operators where it changes things.
	role string
	// audit is the word in the audit log for what the route does. Empty: the
	// pattern for routes that change things, and nothing for others.
	audit string
	// api routes answer errors as application/problem+json.
	api bool
}

func (s *Server) allRoutes() []route {
	if s.guide != nil {
		return s.setupRoutes()
	}
	return append(slices.Concat(s.apiRoutes(), s.crawlRoutes(), s.reportRoutes(), s.deskRoutes(), s.alertRoutes()), []route{
		{pattern: "GET /{$}", handler: s.overview},
		{pattern: "GET /search", handler: s.search},
		{pattern: "GET /mention/{id}", handler: s.mention},
		{pattern: "GET /snapshot/{locator...}", handler: s.snapshot, audit: "snapshot"},
		{pattern: "GET /audit", handler: s.auditLog, role: desk.Operator},
		{pattern: "GET /register", handler: s.register},
		{pattern: "GET /metrics", handler: s.metrics.handler(s.cfg.Gatherer, s.log).ServeHTTP, api: true},
		{pattern: "GET /healthz", handler: s.healthz, role: anyone},
		{pattern: "GET /readyz", handler: s.readyz, role: anyone},
		{pattern: "GET /assets/{name}", handler: s.assets.serve, role: anyone},
		{pattern: "GET /login", handler: s.loginForm, role: anyone},
		{pattern: "POST /login", handler: s.login, role: anyone},
		{pattern: "POST /logout", handler: s.logout, role: anyone},
		{pattern: "/", handler: s.elsewhere},
	}...)
}

func (s *Server) mux() *http.ServeMux {
	mux := http.NewServeMux()
	s.router = mux
	for _, r := range s.routes {
		var h http.Handler = r.handler
		if r.role != anyone {
			h = s.requireRole(r)
		}
		mux.Handle(r.pattern, h)
	}
	return mux
}

// wrap puts around every route what holds for all of them. From the outside
// in: measuring and recovering, security headers, the Host check, the check
// for cross-site requests, compression, and the bound on time.
func (s *Server) wrap(mux *http.ServeMux) http.Handler {
	h := withTimeout(mux)
	h = compress(h)
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(s.crossOrigin))
	h = protection.Handler(h)
	h = s.checkHost(h)
	h = strictTransport(securityHeaders(h))
	return s.observe(h)
}

func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	writePlain(w, http.StatusOK, "ok\n")
}

func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	if s.cfg.Ready != nil {
		if err := s.cfg.Ready(r.Context()); err != nil {
			writePlain(w, http.StatusServiceUnavailable, "not ready: "+clean(err.Error())+"\n")
			return
		}
	}
	writePlain(w, http.StatusOK, "ready\n")
}

func writePlain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write([]byte(text))
}
