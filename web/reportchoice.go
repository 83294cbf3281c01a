package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"klank/index/research"
)

// choice is what a page of figures is about. It stands in the address of the
// page, and links to other such pages take it along.
type choice struct {
	Brand   string
	Against []string // the brands to compare with; empty: those configured
	Period  string   // one of periods; "" with dates of its own
	// From and To are days (2026-01-31), To included; "" is open.
	From, To string
	// Lang is the language that the address asks for, "" where it does not.
	Lang string
}

// periods are the choices of how far pages of figures look back.
var periods = []string{"all", "12m", "90d"}

// maxAgainst bounds the brands that are compared.
const maxAgainst = 8

func readChoice(r *http.Request) choice {
	q := r.URL.Query()
	c := choice{Brand: strings.TrimSpace(q.Get("brand")), Period: q.Get("period"), From: q.Get("from"), To: q.Get("to")}
	for _, b := range q["against"] {
		if b = strings.TrimSpace(b); b != "" && len(c.Against) < maxAgainst && !slices.Contains(c.Against, b) {
			c.Against = append(c.Against, b)
		}
	}
	switch {
	case c.From != "" || c.To != "":
		c.Period = ""
	case !slices.Contains(periods, c.Period):
		c.Period = periods[0]
	}
	if slices.Contains(languages, q.Get("lang")) {
		c.Lang = q.Get("lang")
	}
	return c
}

// URL is the address of path with the choice in it.
func (c choice) URL(path string) string {
	q := url.Values{}
	set := func(name, value string) {
		if value != "" {
			q.Set(name, value)
		}
	}
	set("brand", c.Brand)
	if len(c.Against) > 0 {
		q["against"] = c.Against
	}
	if c.Period != periods[0] {
		set("period", c.Period)
	}
	set("from", c.From)
	set("to", c.To)
	set("lang", c.Lang)
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// days are the bounds of the period as times, the end excluded. An error says
// what is wrong with the address.
func (c choice) days(now time.Time) (from, to time.Time, err error) {
	today := time.Date(now.UTC().Year(), now.UTC().Month(), now.UTC().Day(), 0, 0, 0, 0, time.UTC)
	switch c.Period {
	case "12m":
		return today.AddDate(-1, 0, 0), time.Time{}, nil
	case "90d":
		return today.AddDate(0, 0, -90), time.Time{}, nil
	}
	if from, err = dayOf("from", c.From); err != nil {
		return from, to, err
	}
	if to, err = dayOf("to", c.To); err != nil || to.IsZero() {
		return from, to, err
	}
	return from, to.AddDate(0, 0, 1), nil
}

func dayOf(name, s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return t, fmt.Errorf("%s=%s: want a day such as 2026-01-31", name, s)
	}
	return t, nil
}

// published spells the period in the query language, "" for all time.
func (c choice) published() string {
	switch {
	case c.Period == periods[0]:
		return ""
	case c.Period != "":
		return "published:" + c.Period
	}
	return "published:" + c.From + ".." + c.To
}

// request is the choice as a request for a report.
func (c choice) request(name string, now time.Time) (research.Request, error) {
	from, to, err := c.days(now)
	return research.Request{Name: name, Brand: c.Brand, Against: c.Against, From: from, To: to, Now: now}, err
}

// switcher is the form that changes the choice of a page.
type switcher struct {
	choice
	Path    string
	Brands  []string
	Periods []string
	// Rivals tells that the page compares brands, so that they can be chosen; Own
	// that without a brand it is about ours, and not about all.
	Rivals, Own bool
}

// Chosen tells whether a brand is among those compared with.
func (s switcher) Chosen(brand string) bool { return slices.Contains(s.Against, brand) }
