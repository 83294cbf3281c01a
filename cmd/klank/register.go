package main

import (
	"net/url"
	"strings"

	"klank/configs"
	"klank/web"
)

// registerOf is what the configuration says of the processing of personal data.
func registerOf(cfg *configs.Config) web.Register {
	c := cfg.Privacy.Register
	r := web.Register{Controller: c.Controller, Contact: c.Contact, Purpose: c.Purpose, Basis: c.Basis,
		Authors: cfg.Privacy.Authors, PagesFor: cfg.Retention.PagesFor(), Kinds: cfg.Retention.MentionsFor()}
	for i := range cfg.Sources {
		s := &cfg.Sources[i]
		terms := s.Terms
		if terms == "" {
			terms = s.API().Terms
		}
		r.Sources = append(r.Sources, web.RegisterSource{Name: s.Name, Type: s.Type, Terms: terms, For: cfg.RetentionOf(s), Pages: cfg.KeepsPages(s)})
	}
	if es := &cfg.Index.Elasticsearch; es.Used() {
		where := "Elastic Cloud"
		if len(es.URLs) > 0 {
			where = strings.Join(hostsOf(es.URLs), ", ")
		}
		r.Recipients = append(r.Recipients, web.Recipient{Kind: "elasticsearch", Where: where})
	}
	if cfg.Frontier.PostgresEnv != "" {
		r.Recipients = append(r.Recipients, web.Recipient{Kind: "postgres", Where: "$" + cfg.Frontier.PostgresEnv})
	}
	for _, ch := range cfg.Alerts.Channels {
		where := ch.Name // whose address may be a secret
		switch {
		case len(ch.To) > 0:
			where = strings.Join(ch.To, ", ")
		case ch.URL != "":
			where = strings.Join(hostsOf([]string{ch.URL}), ", ")
		case ch.Dir != "":
			where = ch.Dir
		}
		r.Recipients = append(r.Recipients, web.Recipient{Kind: ch.Type, Where: where})
	}
	return r
}

// hostsOf leaves of URLs only the hosts: the rest may hold secrets.
func hostsOf(urls []string) []string {
	var out []string
	for _, raw := range urls {
		if u, err := url.Parse(raw); err == nil && u.Host != "" {
			out = append(out, u.Host)
		}
	}
	return out
}
