package main

import (
	"context"
	"fmt"
	"time"

	"klank/configs"
	"klank/crawler/frontier"
	"klank/crawler/schedule"
	"klank/mention"
)

// nextDue says when a source is due whose latest run is given; the zero time
// is now. A source without schedule always is, and so is one whose run was
// interrupted: it goes on.
func nextDue(when schedule.Schedule, latest mention.Run) time.Time {
	if when.IsZero() || latest.ID == "" || latest.Ended.IsZero() {
		return time.Time{}
	}
	return when.Next(latest.Started)
}

// latestRuns are the latest runs by source. Due times follow from them and
// from the configuration: nothing else is kept.
func latestRuns(ctx context.Context, fr frontier.Inspector) (map[string]mention.Run, error) {
	stats, err := fr.Stats(ctx)
	if err != nil {
		return nil, err
	}
	return runsOf(stats), nil
}

func runsOf(stats []frontier.SourceStats) map[string]mention.Run {
	runs := map[string]mention.Run{}
	for _, s := range stats {
		runs[s.Source] = s.Run
	}
	return runs
}

// knownRuns are the latest runs; none where nothing was crawled yet.
func (e *env) knownRuns(ctx context.Context, cfg *configs.Config) (map[string]mention.Run, error) {
	fr, err := e.knownFrontier(ctx, cfg)
	if err != nil || fr == nil {
		return nil, err
	}
	defer fr.Close()
	return latestRuns(ctx, fr)
}

// keepDue leaves the sources in the configuration that are due, and tells of
// the others when they will be.
func keepDue(ctx context.Context, e *env, cfg *configs.Config) error {
	runs, err := e.knownRuns(ctx, cfg)
	if err != nil {
		return err
	}
	var due []configs.Source
	for i := range cfg.Sources {
		s := &cfg.Sources[i]
		when, err := cfg.ScheduleOf(s)
		if err != nil {
			return usageError{err}
		}
		if next, now := nextDue(when, runs[s.Name]), time.Now(); next.After(now) {
			fmt.Fprintf(e.err, "klank: %s is not due until %s (%s)\n", clean(s.Name), dueWords(next, now), when)
			continue
		}
		due = append(due, *s)
	}
	cfg.Sources = due
	return nil
}

// dueTimes says when each configured source is due; what is due already is
// so now.
func dueTimes(cfg *configs.Config, runs map[string]mention.Run, now time.Time) (map[string]time.Time, error) {
	due := map[string]time.Time{}
	for i := range cfg.Sources {
		s := &cfg.Sources[i]
		when, err := cfg.ScheduleOf(s)
		if err != nil {
			return nil, usageError{err}
		}
		if due[s.Name] = nextDue(when, runs[s.Name]); due[s.Name].Before(now) {
			due[s.Name] = now
		}
	}
	return due, nil
}

// dueWords is a due time for a person.
func dueWords(due, now time.Time) string {
	switch {
	case due.IsZero(): // not configured
		return "-"
	case due.After(now):
		return due.Format("2006-01-02 15:04:05 MST")
	}
	return "now"
}
