package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"unicode/utf8"

	"klank/index"
	"klank/index/desk"
	"klank/index/query"
	"klank/index/text"
	"klank/mention"
)

// Explained says what made the labels of one sentence.
type Explained struct {
	Text string
	// Score is the sentence's, -1..1.
	Score float64
	// Words made the score, Labels the touchpoints, care lenses and signals.
	Words  []ExplainedWord
	Labels []ExplainedLabel
}

// ExplainedWord is a word or phrase with what it added to the score, by the
// rule that it is valued by; Effects are what stood around it and changed that.
type ExplainedWord struct {
	Words, Rule string
	Value       float64
	Effects     []string
}

// ExplainedLabel is a phrase, the pattern that it fits and the labels it gives.
type ExplainedLabel struct {
	Words, Rule string
	Labels      []string
}

// mentionDesk is what the page of a mention shows beside what was collected.
type mentionDesk struct {
	Work    casework
	History []caseEvent
	// Fix is the form that corrects labels, where one is asked for; FixWhole
	// leads to that of the whole mention, empty where nothing can be corrected.
	Fix      *fixForm
	FixWhole string
	// Corrected are the corrections that apply, and those that rest.
	Corrected []correctedRow
	// Explained is there when it was asked for; else WhyURL asks.
	Explained []Explained
	WhyURL    string
	// Similar too.
	Similar    []hit
	Searched   bool
	SimilarURL string
	Trail      *trail
	Diff       *revisionDiff
}

// correctedRow is a correction with the words that it is of; none are left
// where it rests.
type correctedRow struct {
	desk.Correction
	Quote, URL string
	Whole      bool
}

// revisionDiff sets an earlier revision beside the one that is shown.
type revisionDiff struct {
	Old, New                int
	TitleBefore, TitleAfter []piece
	TextBefore, TextAfter   []piece
	ReplyBefore, ReplyAfter []piece
}

// deskOf fills what the page of a mention shows beside what was collected.
func (s *Server) deskOf(r *http.Request, getter index.Getter, p *mentionPage) error {
	ctx, m, d := r.Context(), &p.Mention, &p.Desk
	path := pathOf(r)
	var err error
	if d.Trail, err = s.trailOf(ctx, r, m.ID); err != nil {
		return err
	}
	if p.Latest && s.cfg.Desk != nil {
		history, err := s.cfg.Desk.CaseHistory(ctx, m.ID)
		if err != nil {
			return err
		}
		var c desk.Case
		if len(history) > 0 {
			c = history[0]
		}
		d.Work, d.History = s.caseworkOf(r, m.ID, c, nil), caseEvents(history)
		d.Work.Back = path("#case")
		if err := s.correctionsOf(r, p); err != nil {
			return err
		}
	}
	if s.cfg.Explain != nil && m.Analysis != nil {
		d.WhyURL = path("#why", "why", "1")
		if r.URL.Query().Has("why") {
			if d.Explained, err = s.cfg.Explain(ctx, m); err != nil {
				return err
			}
		}
	}
	d.SimilarURL = path("#similar", "similar", "1")
	if d.Searched = r.URL.Query().Has("similar"); d.Searched {
		if d.Similar, err = s.similar(ctx, getter, m); err != nil {
			return err
		}
	}
	d.Diff, err = diffOf(ctx, getter, p)
	return err
}

// pathOf makes addresses of the mention's page: with the search that it was
// opened from, a fragment, and pairs of a name and a value.
func pathOf(r *http.Request) func(fragment string, pairs ...string) string {
	return func(fragment string, pairs ...string) string {
		q := url.Values{}
		for _, name := range []string{trailQuery, "sort", "after", "revision"} {
			if v := r.URL.Query(); v.Has(name) {
				q.Set(name, v.Get(name))
			}
		}
		for i := 0; i+1 < len(pairs); i += 2 {
			q.Set(pairs[i], pairs[i+1])
		}
		path := mentionURL(r.PathValue("id"))
		if len(q) > 0 {
			path += "?" + q.Encode()
		}
		return path + fragment
	}
}

// diffOf compares an earlier revision with the latest, and the latest with
// the one before.
func diffOf(ctx context.Context, getter index.Getter, p *mentionPage) (*revisionDiff, error) {
	shown := max(p.Revision, 1)
	other := shown - 1
	if !p.Latest {
		other = 0 // the latest
	} else if other == 0 {
		return nil, nil
	}
	m, err := getter.Get(ctx, p.ID, other)
	if errors.Is(err, index.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	old, new := m, &p.Mention
	if !p.Latest {
		old, new = new, old
	}
	d := &revisionDiff{Old: max(old.Revision, 1), New: max(new.Revision, 1)}
	d.TitleBefore, d.TitleAfter = wordDiff(old.Title, new.Title)
	d.TextBefore, d.TextAfter = wordDiff(old.Text, new.Text)
	d.ReplyBefore, d.ReplyAfter = wordDiff(replyText(old), replyText(new))
	return d, nil
}

func replyText(m *mention.Mention) string {
	if m.Reply == nil {
		return ""
	}
	return m.Reply.Text
}

// The bounds of looking for similar mentions: how many are shown, how many
// words are counted, and how many of them, the rarest, are looked for.
const (
	similarShown   = 6
	similarCounted = 8
	similarWords   = 4
	similarLetters = 5
)

// similar finds mentions that are nearly the same, and then those that share
// the rarest words.
func (s *Server) similar(ctx context.Context, getter index.Getter, m *mention.Mention) ([]hit, error) {
	var found []index.Hit
	seen := map[string]bool{m.ID: true}
	if ix, ok := s.cfg.Index.(index.Enrichable); ok {
		ids, err := ix.Similar(ctx, []uint64{m.NearKey()}, similarShown)
		if err != nil {
			return nil, err
		}
		for _, id := range slices.Concat(ids...) {
			if seen[id] {
				continue
			}
			near, err := getter.Get(ctx, id, 0)
			if err == nil {
				found, seen[id] = append(found, index.Hit{Mention: *near}), true
			} else if !errors.Is(err, index.ErrNotFound) {
				return nil, err
			}
		}
	}
	rare, err := s.rarest(ctx, m)
	if err != nil || len(rare) == 0 {
		return hits(found), err
	}
	res, err := s.cfg.Index.Search(ctx, index.SearchRequest{Query: query.Simplify(&query.Or{Nodes: rare}), Sort: index.SortRelevance,
		Limit: similarShown + len(seen), Highlight: true})
	if err != nil {
		return nil, err
	}
	for _, h := range res.Hits {
		if !seen[h.Mention.ID] && len(found) < similarShown {
			found = append(found, h)
		}
	}
	return hits(found), nil
}

// rarest asks for the words of a mention that the fewest others have, of the
// longest ones.
func (s *Server) rarest(ctx context.Context, m *mention.Mention) ([]query.Node, error) {
	words := text.Words(m.Title + "\n" + m.Text)
	slices.Sort(words)
	words = slices.DeleteFunc(slices.Compact(words), func(w string) bool { return utf8.RuneCountInString(w) < similarLetters })
	slices.SortStableFunc(words, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	type counted struct {
		node query.Node
		n    int
	}
	var all []counted
	for _, w := range words[:min(len(words), similarCounted)] {
		node := &query.Text{Words: []string{w}}
		res, err := s.cfg.Index.Search(ctx, index.SearchRequest{Query: node, Limit: 1})
		if err != nil {
			return nil, err
		}
		if res.Total > 1 { // another one has it
			all = append(all, counted{node, res.Total})
		}
	}
	slices.SortStableFunc(all, func(a, b counted) int { return cmp.Compare(a.n, b.n) })
	var out []query.Node
	for _, c := range all[:min(len(all), similarWords)] {
		out = append(out, c.node)
	}
	return out, nil
}

// fixForm corrects the labels of a sentence, or of a whole mention.
type fixForm struct {
	// Words is the key of what is corrected (desk.SentenceKey), and Version that
	// of the correction so far.
	Words   string
	Version int
	Whole   bool
	// Quote are the words; Corrected tells that somebody corrected them before.
	Quote       string
	Corrected   bool
	Sentiment   string
	Sentiments  []string
	Touchpoints []fixGroup
	Care        []fixOption
	Signals     []fixOption
	Brands      []fixOption
	// URL takes the form, Back is where it leads to.
	URL, Back string
}

// fixGroup are the touchpoints of a moment.
type fixGroup struct {
	Moment  string
	Options []fixOption
}

type fixOption struct {
	Value string
	On    bool
}

func options(values, on []string) []fixOption {
	out := make([]fixOption, len(values))
	for i, v := range values {
		out[i] = fixOption{v, slices.Contains(on, v)}
	}
	return out
}

// fixWhole stands for the whole mention where a key of words is asked for.
const fixWhole = "whole"

// correctionsOf tells what was corrected, gives every sentence the address of
// its form, and makes the form that the page was asked for.
func (s *Server) correctionsOf(r *http.Request, p *mentionPage) error {
	m, path := &p.Mention, pathOf(r)
	all, err := s.cfg.Desk.Corrections(r.Context(), m.ID)
	if err != nil || m.Analysis == nil {
		return err
	}
	versions, quotes := map[string]desk.Correction{}, map[string]string{desk.WholeKey(m): ""}
	for _, c := range all {
		versions[c.Words] = c
	}
	act := s.cfg.Relabel != nil && who(r).Operator()
	asked := r.URL.Query().Get("fix")
	for _, parts := range [][]sentence{p.TitleParts, p.TextParts} {
		for i := range parts {
			key := desk.SentenceKey(m, parts[i].Span)
			if !parts[i].Labelled || key == "" {
				continue
			}
			quotes[key] = parts[i].Text
			parts[i].Corrected = versions[key].Labels != nil
			if !act {
				continue
			}
			parts[i].Fix = path("#fix", "fix", key)
			if asked == key && p.Desk.Fix == nil {
				p.Desk.Fix = sentenceForm(&parts[i], key)
			}
		}
	}
	if act {
		p.Desk.FixWhole = path("#fix", "fix", fixWhole)
		if asked == fixWhole {
			p.Desk.Fix = s.wholeForm(m)
		}
	}
	if f := p.Desk.Fix; f != nil {
		f.Sentiments = []string{mention.Negative, mention.Neutral, mention.Positive}
		f.Version, f.Corrected = versions[f.Words].Version, versions[f.Words].Labels != nil
		f.URL, f.Back = mentionURL(m.ID)+"/labels", path("#h-title")
	}
	for _, c := range all {
		if c.Labels == nil {
			continue
		}
		row := correctedRow{Correction: c, Whole: c.Words == desk.WholeKey(m)}
		row.Quote = quotes[c.Words]
		if act && row.Whole {
			row.URL = p.Desk.FixWhole
		} else if act && row.Quote != "" {
			row.URL = path("#fix", "fix", c.Words)
		}
		p.Desk.Corrected = append(p.Desk.Corrected, row)
	}
	return nil
}

func sentenceForm(st *sentence, key string) *fixForm {
	f := &fixForm{Words: key, Quote: st.Text, Sentiment: st.Label, Care: options(mention.CareLenses, st.Care)}
	for _, moment := range mention.Moments {
		f.Touchpoints = append(f.Touchpoints, fixGroup{moment, options(mention.Touchpoints[moment], st.Touchpoints)})
	}
	return f
}

// wholeForm offers the brands of the configuration and those found.
func (s *Server) wholeForm(m *mention.Mention) *fixForm {
	brands := slices.Clone(s.cfg.Brands)
	for _, b := range m.Brands {
		if !slices.Contains(brands, b) {
			brands = append(brands, b)
		}
	}
	return &fixForm{Words: desk.WholeKey(m), Whole: true, Sentiment: m.Analysis.Sentiment.Label,
		Signals: options(mention.Signals, m.Analysis.Signals), Brands: options(brands, m.Brands)}
}

// anyLabel are the words for a label of the taxonomy, of whichever list.
func (l *locale) anyLabel(value string) string {
	for _, list := range []string{"touchpoint", "care", "signal", "moment"} {
		if words, ok := l.text[list+"."+value]; ok {
			return words
		}
	}
	return clean(value)
}

// setLabels corrects the labels of a mention, or takes a correction back.
func (s *Server) setLabels(w http.ResponseWriter, r *http.Request) {
	m := s.mentionToChange(w, r)
	if m == nil {
		return
	}
	if s.cfg.Relabel == nil || m.Analysis == nil {
		s.fail(w, r, http.StatusNotImplemented, "")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxFormBytes)
	if err := r.ParseForm(); err != nil {
		s.fail(w, r, http.StatusBadRequest, "")
		return
	}
	in := r.PostForm
	version, err := strconv.Atoi(cmp.Or(in.Get("version"), "0"))
	if err != nil {
		s.fail(w, r, http.StatusBadRequest, "version")
		return
	}
	c := desk.Correction{Mention: m.ID, Words: in.Get("words"), Version: version, By: who(r).Name, At: s.now()}
	if in.Get("do") != "undo" {
		c.Labels = &desk.Labels{Sentiment: in.Get("sentiment"), Touchpoints: in["touchpoint"], Care: in["care"], Signals: in["signal"], Brands: in["brand"]}
	}
	if c.Labels != nil && !hasWords(m, c.Words) {
		s.render(w, r, http.StatusConflict, "changed", "fix.changed", mentionURL(m.ID))
		return
	}
	_, err = s.cfg.Desk.SetCorrection(r.Context(), c)
	switch {
	case errors.Is(err, desk.ErrConflict):
		s.render(w, r, http.StatusConflict, "changed", "fix.changed", mentionURL(m.ID))
		return
	case errors.Is(err, desk.ErrInput):
		s.fail(w, r, http.StatusBadRequest, err.Error())
		return
	case err != nil:
		s.failWith(w, r, "the desk could not be written", err)
		return
	}
	if err := s.cfg.Relabel(r.Context(), m.ID); err != nil {
		s.failWith(w, r, "the labels could not be stored", err)
		return
	}
	http.Redirect(w, r, localTarget(in.Get("back")), http.StatusSeeOther)
}

// hasWords tells whether a key is of words that a mention has now.
func hasWords(m *mention.Mention, key string) bool {
	return key == desk.WholeKey(m) || slices.ContainsFunc(m.Analysis.Sentences, func(st mention.Sentence) bool {
		return desk.SentenceKey(m, st.Span) == key
	})
}
