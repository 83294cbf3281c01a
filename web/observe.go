package web

import (
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/klauspost/compress/gzhttp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics counts and times the requests of one server.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "klank_http_requests_total", Help: "HTTP requests answered, by route and status.",
		}, []string{"route", "code"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "klank_http_request_duration_seconds", Help: "Time to answer an HTTP request, by route.",
			Buckets: []float64{.001, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20},
		}, []string{"route"}),
	}
	m.registry.MustRegister(m.requests, m.duration)
	return m
}

func (m *metrics) handler(more prometheus.Gatherer, log *slog.Logger) http.Handler {
	all := prometheus.Gatherers{m.registry}
	if more != nil {
		all = append(all, more)
	}
	return promhttp.HandlerFor(all, promhttp.HandlerOpts{
		ErrorLog:           slog.NewLogLogger(log.Handler(), slog.LevelError),
		ErrorHandling:      promhttp.ContinueOnError,
		DisableCompression: true, // compress does it for every route
	})
}

// recorder remembers the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(p)
}

func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// statusGone counts requests that nobody waited for; it is never sent.
const statusGone = 499

// observe counts, times and logs every request, and turns a panic into an
// error page and a log line with its stack.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		rec := &recorder{ResponseWriter: w}
		matched := &routeName{}
		r = r.WithContext(context.WithValue(r.Context(), routeKey{}, matched))
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler {
					panic(p)
				}
				s.log.Error("web: a request failed badly", "method", r.Method, "route", matched.label(),
					"panic", p, "stack", string(debug.Stack()))
				if rec.status == 0 {
					s.fail(rec, r, http.StatusInternalServerError, "")
				}
			}
			took := time.Since(start)
			if rec.status == 0 {
				rec.status = statusGone
			}
			s.metrics.requests.WithLabelValues(matched.label(), strconv.Itoa(rec.status)).Inc()
			s.metrics.duration.WithLabelValues(matched.label()).Observe(took.Seconds())
			s.log.Debug("web: request", "method", r.Method, "route", matched.label(), "status", rec.status, "took", took)
		}()
		next.ServeHTTP(rec, r)
	})
}

// routeName carries the matched pattern from the mux out to observe; the
// paths themselves would give metrics without bound.
type routeName struct{ pattern string }

type routeKey struct{}

func (n *routeName) label() string {
	if n.pattern == "" {
		return "refused"
	}
	return n.pattern
}

// routeOf names the route of a request, for the log: a path may hold what
// somebody searched for.
func routeOf(r *http.Request) string {
	if n, ok := r.Context().Value(routeKey{}).(*routeName); ok {
		return n.label()
	}
	return ""
}

// withTimeout bounds the time of a request through its context. Nothing is
// cut off in the middle of an answer: handlers ask the index with this
// context and explain when it has ended.
func withTimeout(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), requestTimeout)
		defer cancel()
		if n, ok := ctx.Value(routeKey{}).(*routeName); ok {
			_, n.pattern = mux.Handler(r)
		}
		mux.ServeHTTP(w, r.WithContext(ctx))
	})
}

// compress gzips answers that are worth it for clients that ask.
func compress(next http.Handler) http.Handler { return gzhttp.GzipHandler(next) }
