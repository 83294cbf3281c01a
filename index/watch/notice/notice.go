// Package notice words what alerts and digests say, in Dutch and English: as an
// e-mail with a plain and an HTML part, and as data for programs. Mentions are
// read from the index as a message is sent, so that nothing of them is kept on
// the way, and what was erased meanwhile is left out.
//
// What customers wrote is hostile: it becomes one line of text, is escaped, and
// its addresses become no links. Authors are not named.
package notice

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/url"
	text "text/template"
	"time"

	"klank/index"
	"klank/index/desk"
	"klank/index/watch"
	"klank/index/watch/deliver"
	"klank/mention"
)

//go:embed templates
var files embed.FS

var (
	asHTML = template.Must(template.ParseFS(files, "templates/*.html"))
	asText = text.Must(text.ParseFS(files, "templates/*.txt"))
)

// Composer words messages.
type Composer struct {
	// Language is "nl" or "en".
	Language string
	// PublicURL is where the UI is reached; empty: nothing is linked.
	PublicURL string
	Index     index.Getter
	// Zone is that of the times that are shown; nil is UTC.
	Zone *time.Location
}

// KindTest is the kind of an event that only shows that a channel works.
const KindTest = "test"

// shownMentions bounds the mentions of one event in a message.
const shownMentions = 20

// alert is a message on alerts; its JSON is what webhooks get.
type alert struct {
	ID      string  `json:"id"`
	Type    string  `json:"type"` // alert or test
	Rule    string  `json:"rule"`
	Subject string  `json:"summary"`
	Link    string  `json:"link,omitempty"`
	Events  []event `json:"events"`

	Lang  string `json:"-"`
	Why   string `json:"-"`
	Title string `json:"-"`
}

type event struct {
	ID        string      `json:"id"`
	Condition string      `json:"condition"`
	Raised    time.Time   `json:"raised"`
	Summary   string      `json:"summary"`
	Count     int         `json:"count"`
	Facts     watch.Facts `json:"facts"`
	Mentions  []said      `json:"mentions,omitempty"`
	Sources   []string    `json:"sources,omitempty"`
	Link      string      `json:"link,omitempty"`

	When     string `json:"-"`
	Rests    string `json:"-"`
	More     string `json:"-"`
	LinkText string `json:"-"`
}

// said is a mention in a message.
type said struct {
	ID        string    `json:"id"`
	Source    string    `json:"source,omitempty"`
	Item      string    `json:"item,omitempty"`
	Published time.Time `json:"published,omitzero"`
	Language  string    `json:"language,omitempty"`
	Rating    *float64  `json:"stars,omitempty"`
	Sentiment string    `json:"sentiment,omitempty"`
	Text      string    `json:"text,omitempty"`
	Original  string    `json:"url,omitempty"`
	Link      string    `json:"link,omitempty"`

	Day   string `json:"-"`
	Stars string `json:"-"`
	Tone  string `json:"-"`
	Open  string `json:"-"`
	At    string `json:"-"`
}

// Alert words the events of a message; nil where all that they tell of has been
// erased.
func (c *Composer) Alert(ctx context.Context, id, rule string, raised time.Time, events []desk.AlertEvent) (*deliver.Message, error) {
	v := newVoice(c.Language)
	a := alert{ID: id, Type: "alert", Rule: rule, Lang: v.code, Title: v.say("alert"), Why: v.say("why", rule), Link: c.page("/alerts", nil), Events: []event{}}
	for i := range events {
		if events[i].Kind == KindTest {
			a.Type = KindTest
		}
		e, err := c.event(ctx, v, &events[i])
		if err != nil {
			return nil, err
		}
		if e != nil {
			a.Events = append(a.Events, *e)
		}
	}
	if len(a.Events) == 0 {
		return nil, nil
	}
	latest := &a.Events[len(a.Events)-1]
	a.Subject = latest.Summary
	if n := len(a.Events) - 1; n > 0 {
		a.Subject = v.say("held", a.Subject, n)
	}
	return compose(&deliver.Message{ID: id, Rule: rule, At: raised, Subject: "klank " + rule + ": " + a.Subject, Data: a}, "alert", a)
}

// Summary says in one line what an event tells of, and what its figures rest
// on, which is empty where it only counts.
func Summary(language string, ev *desk.AlertEvent) (summary, rests string, facts watch.Facts, err error) {
	if err := json.Unmarshal([]byte(cmp.Or(ev.Facts, "{}")), &facts); err != nil {
		return "", "", facts, fmt.Errorf("notice: event %s: %w", ev.ID, err)
	}
	v := newVoice(language)
	return v.summary(ev, &facts), v.rests(ev.Kind, &facts), facts, nil
}

// compose fills in the parts of a message from its templates.
func compose(m *deliver.Message, name string, data any) (*deliver.Message, error) {
	var plain, page bytes.Buffer
	if err := errors.Join(asText.ExecuteTemplate(&plain, name+".txt", data), asHTML.ExecuteTemplate(&page, name+".html", data)); err != nil {
		return nil, fmt.Errorf("notice: %w", err)
	}
	m.Text, m.HTML = plain.String(), page.String()
	return m, nil
}

// event words one event; nil where all that it tells of has been erased.
func (c *Composer) event(ctx context.Context, v *voice, ev *desk.AlertEvent) (*event, error) {
	e := &event{ID: ev.ID, Condition: ev.Kind, Raised: ev.Raised, Count: ev.Count}
	var err error
	if e.Summary, e.Rests, e.Facts, err = Summary(v.code, ev); err != nil {
		return nil, err
	}
	zone := c.Zone
	if zone == nil {
		zone = time.UTC
	}
	e.When = v.say("raised", ev.Raised.In(zone).Format("2006-01-02 15:04 MST"))
	e.Link, e.LinkText = c.page("/search", url.Values{"q": {e.Facts.Query}, "sort": {index.SortNewest}}), v.say("all")
	switch ev.Kind {
	case watch.Sources:
		e.Link, e.LinkText = c.page("/status", nil), v.say("status")
		for _, s := range ev.Subjects {
			word, name := watch.Split(s)
			e.Sources = append(e.Sources, v.say(cmp.Or(word, watch.Suspect), quote(name)))
		}
	case watch.New, watch.Waiting:
		gone, err := c.mentions(ctx, v, e, ev)
		if err != nil || gone {
			return nil, err
		}
	case KindTest:
		e.Link = ""
	}
	return e, nil
}

// mentions adds the first mentions of an event, and tells whether none is left.
func (c *Composer) mentions(ctx context.Context, v *voice, e *event, ev *desk.AlertEvent) (gone bool, err error) {
	left := 0
	for _, id := range ev.Subjects {
		m, err := c.Index.Get(ctx, id, 0)
		if errors.Is(err, index.ErrNotFound) {
			continue
		}
		if err != nil {
			return false, err
		}
		if left++; left <= shownMentions {
			e.Mentions = append(e.Mentions, c.said(v, m))
		}
	}
	if rest := ev.Count - len(e.Mentions); rest > 0 && left > shownMentions {
		e.More = v.say("more", rest)
	}
	return left == 0, nil
}

func (c *Composer) said(v *voice, m *mention.Mention) said {
	s := said{ID: m.ID, Source: quote(cmp.Or(m.Source.Name, m.Source.Host)), Published: m.Published, Language: m.Language, Original: webLink(m.URL),
		Link: c.page("/mention/"+url.PathEscape(m.ID), nil), Day: day(m.Published, m.PublishedPrecision), Stars: v.starsOf(m.Rating), Open: v.say("open"), At: v.say("original")}
	if m.Item != nil {
		s.Item = quote(m.Item.Name)
	}
	if m.Rating != nil {
		stars := 1 + 4*m.Rating.Score
		s.Rating = &stars
	}
	if m.Analysis != nil && words[m.Analysis.Sentiment.Label][0] != "" {
		s.Sentiment, s.Tone = m.Analysis.Sentiment.Label, v.say(m.Analysis.Sentiment.Label)
	}
	switch {
	case m.Title != "" && m.Text != "":
		s.Text = quote(m.Title + ": " + m.Text)
	default:
		s.Text = quote(cmp.Or(m.Title, m.Text, v.say("notext")))
	}
	return s
}
