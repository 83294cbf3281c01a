package main

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"klank/crawler/fetch"
	"klank/crawler/frontier"
)

// scrapeTimeout bounds what one scrape may ask of the frontier.
const scrapeTimeout = 5 * time.Second

// crawlMetrics tells Prometheus how the collecting stands, read from the
// frontier at each scrape, so that it is right whichever process crawls.
type crawlMetrics struct {
	frontier              frontier.Inspector
	hosts                 func() []fetch.HostStatus
	urls, started, errors *prometheus.Desc
	interval, paused      *prometheus.Desc
	backoff               *prometheus.Desc
}

// newMetrics gathers the crawl's state and the process's own. hosts are the
// budgets of a process that crawls; nil for one that does not.
func newMetrics(fr frontier.Inspector, hosts func() []fetch.HostStatus) prometheus.Gatherer {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), &crawlMetrics{
		frontier: fr, hosts: hosts,
		interval: prometheus.NewDesc("klank_host_interval_seconds", "Spacing of requests to a host now in force.", []string{"host"}, nil),
		backoff:  prometheus.NewDesc("klank_host_backoff_seconds", "The part of that spacing that is due to answers of an overloaded host.", []string{"host"}, nil),
		paused:   prometheus.NewDesc("klank_host_paused_seconds", "How long a host is still left alone, as it asked.", []string{"host"}, nil),
		urls:     prometheus.NewDesc("klank_frontier_urls", "URLs known, by source and state.", []string{"source", "state"}, nil),
		started:  prometheus.NewDesc("klank_run_started_timestamp_seconds", "When the latest run of a source began.", []string{"source", "status"}, nil),
		errors:   prometheus.NewDesc("klank_run_errors", "Errors of the latest run of a source.", []string{"source"}, nil),
	})
	return r
}

// Describe implements prometheus.Collector.
func (c *crawlMetrics) Describe(ch chan<- *prometheus.Desc) {
	ch <- c.urls
	ch <- c.started
	ch <- c.errors
	ch <- c.interval
	ch <- c.paused
	ch <- c.backoff
}

// Collect implements prometheus.Collector.
func (c *crawlMetrics) Collect(ch chan<- prometheus.Metric) {
	if c.hosts != nil {
		for _, h := range c.hosts() {
			ch <- prometheus.MustNewConstMetric(c.interval, prometheus.GaugeValue, h.Interval.Seconds(), h.Host)
			ch <- prometheus.MustNewConstMetric(c.backoff, prometheus.GaugeValue, h.Backoff.Seconds(), h.Host)
			if !h.PausedUntil.IsZero() {
				ch <- prometheus.MustNewConstMetric(c.paused, prometheus.GaugeValue, max(0, time.Until(h.PausedUntil).Seconds()), h.Host)
			}
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	stats, err := c.frontier.Stats(ctx)
	if err != nil {
		ch <- prometheus.NewInvalidMetric(c.urls, err)
		return
	}
	for _, s := range stats {
		for state, n := range map[string]int{"pending": s.Pending, "leased": s.Leased, "fetched": s.Fetched, "done": s.Done, "failed": s.Failed, "dead": s.Dead} {
			ch <- prometheus.MustNewConstMetric(c.urls, prometheus.GaugeValue, float64(n), s.Source, state)
		}
		if s.Run.ID != "" {
			ch <- prometheus.MustNewConstMetric(c.started, prometheus.GaugeValue, float64(s.Run.Started.Unix()), s.Source, s.Run.Status)
			ch <- prometheus.MustNewConstMetric(c.errors, prometheus.GaugeValue, float64(s.Run.Errors), s.Source)
		}
	}
}
