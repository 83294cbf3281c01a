package main

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"klank/configs"
	"klank/mention"
)

// accounts tells the accounts of companies from those of people.
type accounts struct{ names []string }

// officialEnds are what companies put behind their name in that of an account.
var officialEnds = []string{"", "nl", "be", "de", "uk", "eu", "com", "nederland", "belgie", "official", "officieel", "help", "helpt", "helps", "care", "webcare", "service", "support", "klantenservice"}

func newAccounts(cfg *configs.Config) *accounts {
	a := &accounts{}
	for _, b := range cfg.Brands {
		for _, n := range append([]string{b.Name}, b.Aliases...) {
			if n = bare(n); len(n) > 1 {
				a.names = append(a.names, n)
			}
		}
	}
	return a
}

// company tells whether an account, or the host of an address, is that of a
// brand in the configuration.
func (a *accounts) company(name, host string) bool {
	labels := strings.Split(host, ".")
	for _, s := range append(labels, name) {
		s = bare(s)
		for _, n := range a.names {
			if end, ok := strings.CutPrefix(s, n); ok && slices.Contains(officialEnds, end) {
				return true
			}
		}
	}
	return false
}

// bare is a name without case, spaces and signs.
func bare(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}

// hide replaces the accounts of people in what a mention says, by a key or, as
// authors are dropped, by nothing that tells them apart.
func (p *pipeline) hide(m *mention.Mention) {
	if p.authors == "name" || p.authors == authorsRaw {
		return
	}
	with := func(name, host string) (string, bool) {
		switch {
		case p.accounts.company(name, host), mention.IsAuthorKey(name): // one from an export
			return "", false
		case p.authors == "drop":
			return "@…", true
		}
		return "@" + mention.AuthorKey(p.secret, cmp.Or(host, m.Source.Host), name), true
	}
	m.Title = mention.ReplaceHandles(m.Title, with)
	m.Text = mention.ReplaceHandles(m.Text, with)
	if m.Reply != nil {
		r := *m.Reply
		r.Text = mention.ReplaceHandles(r.Text, with)
		r.Author = "" // an employee's name is personal data, too
		m.Reply = &r
	}
}
