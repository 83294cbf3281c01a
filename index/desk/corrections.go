package desk

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"klank/index"
	"klank/mention"
)

// Labels are what a person says of some words instead of the analysis: all of
// the labels, also those that the analysis got right.
type Labels struct {
	// Sentiment is mention.Negative, Neutral or Positive.
	Sentiment string `json:"sentiment"`
	// Touchpoints and Care are of a sentence. The moments follow from the
	// touchpoints.
	Touchpoints []string `json:"touchpoints,omitempty"`
	Care        []string `json:"care,omitempty"`
	// Signals and Brands are of a whole mention.
	Signals []string `json:"signals,omitempty"`
	Brands  []string `json:"brands,omitempty"`
}

// Correction is what a person said of one sentence of a mention, or of the
// whole of it. Each change is kept: a later Version does not replace the one
// before.
type Correction struct {
	// Mention is the id, and Words the key of the words: see SentenceKey and
	// WholeKey. Where a mention has no such words any more, the correction rests.
	Mention string `json:"mention"`
	Words   string `json:"words"`
	// Version counts the changes from 1.
	Version int `json:"version"`
	// Labels is nil where the correction was taken back.
	Labels *Labels   `json:"labels"`
	By     string    `json:"by,omitempty"`
	At     time.Time `json:"at"`
}

const correctionsTable = `CREATE TABLE IF NOT EXISTS corrections (
	mention TEXT NOT NULL, words TEXT NOT NULL, version BIGINT NOT NULL, labels TEXT NOT NULL,
	said_by TEXT NOT NULL, said_at BIGINT NOT NULL, PRIMARY KEY (mention, words, version))`

const correctionColumns = `mention, words, version, labels, said_by, said_at`

// SentenceKey is the key of a sentence's words: their hash without case,
// spacing and punctuation, so that it holds however the text is cut from a
// page. It is empty for a span that is not in the text.
func SentenceKey(m *mention.Mention, span mention.Span) string {
	text := m.Text
	if span.In == "title" {
		text = m.Title
	}
	if span.Start < 0 || span.Start >= span.End || span.End > len(text) {
		return ""
	}
	return keyOf("sentence", text[span.Start:span.End])
}

// WholeKey is the key of all words of a mention.
func WholeKey(m *mention.Mention) string { return keyOf("whole", m.Title+"\n"+m.Text) }

func keyOf(what, words string) string {
	sum := sha256.Sum256([]byte(what + "\x00" + mention.NormalText(words)))
	return hex.EncodeToString(sum[:16])
}

// check refuses labels that no analysis could give, and puts the others in the
// order of the taxonomy.
func (l *Labels) check() error {
	if !slices.Contains([]string{mention.Negative, mention.Neutral, mention.Positive}, l.Sentiment) {
		return fmt.Errorf("%w: sentiment %q is none of negative, neutral, positive", ErrInput, l.Sentiment)
	}
	for _, list := range []struct {
		what  string
		given *[]string
		known []string
	}{{"touchpoint", &l.Touchpoints, mention.Journey}, {"care", &l.Care, mention.CareLenses}, {"signal", &l.Signals, mention.Signals}} {
		for _, v := range *list.given {
			if !slices.Contains(list.known, v) {
				return fmt.Errorf("%w: there is no %s %q", ErrInput, list.what, v)
			}
		}
		var kept []string
		for _, v := range list.known {
			if slices.Contains(*list.given, v) {
				kept = append(kept, v)
			}
		}
		*list.given = kept
	}
	for i := range l.Brands {
		if err := tidy("brand", &l.Brands[i], MaxNote); err != nil {
			return err
		}
	}
	slices.Sort(l.Brands)
	l.Brands = slices.DeleteFunc(slices.Compact(l.Brands), func(b string) bool { return b == "" })
	return nil
}

// SetCorrection adds a change. c.Version is that of the correction that was
// changed, 0 for the first; the stored one is one higher, and returned.
// ErrConflict says that it is not the latest.
func (s *Store) SetCorrection(ctx context.Context, c Correction) (Correction, error) {
	labels := []byte{}
	if err := errors.Join(tidy("mention", &c.Mention, MaxNote), tidy("key", &c.Words, MaxName), tidy("name", &c.By, MaxName)); err != nil {
		return c, err
	}
	if c.Mention == "" || c.Words == "" {
		return c, fmt.Errorf("%w: a correction needs a mention and words of it", ErrInput)
	}
	if c.Labels != nil {
		if err := c.Labels.check(); err != nil {
			return c, err
		}
		var err error
		if labels, err = json.Marshal(c.Labels); err != nil {
			return c, fmt.Errorf("desk: %w", err)
		}
	}
	c.Version, c.At = c.Version+1, c.At.UTC().Truncate(time.Millisecond)
	err := s.write(ctx, func(tx *sql.Tx) error {
		var latest int
		err := tx.QueryRowContext(ctx, `SELECT COALESCE(MAX(version), 0) FROM corrections WHERE mention = $1 AND words = $2`, c.Mention, c.Words).Scan(&latest)
		if err != nil {
			return err
		}
		if latest != c.Version-1 {
			return ErrConflict
		}
		return insertOnce(tx.ExecContext(ctx, `INSERT INTO corrections (`+correctionColumns+`) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
			c.Mention, c.Words, c.Version, string(labels), c.By, c.At.UnixMilli()))
	})
	return c, err
}

// Corrections returns the latest of each words of every mention, or of one,
// those that were taken back too.
func (s *Store) Corrections(ctx context.Context, mention string) ([]Correction, error) {
	return collect(ctx, s, func(row *sql.Rows) (c Correction, err error) {
		var at int64
		var labels string
		err = row.Scan(&c.Mention, &c.Words, &c.Version, &labels, &c.By, &at)
		c.At = time.UnixMilli(at).UTC()
		if err != nil || labels == "" {
			return c, err
		}
		err = json.Unmarshal([]byte(labels), &c.Labels)
		return c, err
	}, `SELECT `+correctionColumns+` FROM corrections c WHERE (mention = $1 OR $1 = '')
		AND version = (SELECT MAX(version) FROM corrections WHERE mention = c.mention AND words = c.words) ORDER BY mention, words`, mention)
}

// CorrectionsMark is another value after every change of corrections.
func (s *Store) CorrectionsMark(ctx context.Context) (int64, error) {
	return s.mark(ctx, "corrections")
}

// Apply replaces the labels of a mention that was analysed by those of its
// corrections, and flags it mention.FlagCorrected. What the labels of the whole
// mention owe to a corrected sentence follows. It tells whether any applied;
// doing it again changes nothing.
func Apply(m *mention.Mention, corrections []Correction) bool {
	if m.Analysis == nil || len(corrections) == 0 {
		return false
	}
	said := map[string]*Labels{}
	for _, c := range corrections {
		if c.Labels != nil && c.Words != "" {
			said[c.Words] = c.Labels
		}
	}
	a := *m.Analysis
	a.Sentences = slices.Clone(a.Sentences)
	touchpoints, care := listsOf(a.Sentences)
	applied, shift := false, 0.0
	for i := range a.Sentences {
		st := &a.Sentences[i]
		l := said[SentenceKey(m, st.Span)]
		if l == nil {
			continue
		}
		score := scoreOf(l.Sentiment, st.Score)
		applied, shift = true, shift+score-st.Score
		st.Score, st.Touchpoints, st.Moments, st.Care = score, l.Touchpoints, mention.MomentsOf(l.Touchpoints), l.Care
	}
	if applied {
		after, cared := listsOf(a.Sentences)
		a.Touchpoints = follow(a.Touchpoints, touchpoints, after)
		a.Care = follow(a.Care, care, cared)
		a.Moments = mention.MomentsOf(a.Touchpoints)
		a.Sentiment.Score = max(-1, min(1, a.Sentiment.Score+shift/float64(len(a.Sentences))))
		if shift != 0 {
			a.Sentiment.Label = index.SentenceLabel(a.Sentiment.Score)
		}
	}
	if l := said[WholeKey(m)]; l != nil {
		applied = true
		a.Sentiment = mention.Sentiment{Score: scoreOf(l.Sentiment, a.Sentiment.Score), Label: l.Sentiment}
		a.Signals, m.Brands = l.Signals, slices.Clone(l.Brands)
		a.Brands = brandScores(a.Brands, l.Brands, a.Sentiment.Score)
	}
	if !applied {
		return false
	}
	m.Analysis = &a
	if !slices.ContainsFunc(m.Flags, func(f mention.Flag) bool { return f.Name == mention.FlagCorrected }) {
		m.Flags = append(slices.Clone(m.Flags), mention.Flag{Name: mention.FlagCorrected})
	}
	return true
}

// plain is the score of a sentiment that the analysis saw otherwise.
const plain = 0.7

// scoreOf is the score where the analysis agrees, else a plain one.
func scoreOf(label string, score float64) float64 {
	switch {
	case index.SentenceLabel(score) == label:
		return score
	case label == mention.Negative:
		return -plain
	case label == mention.Positive:
		return plain
	}
	return 0
}

// listsOf gathers the labels of sentences.
func listsOf(ss []mention.Sentence) (touchpoints, care []string) {
	for i := range ss {
		touchpoints, care = append(touchpoints, ss[i].Touchpoints...), append(care, ss[i].Care...)
	}
	return touchpoints, care
}

// follow gives the labels of the whole when those of its sentences change: what
// only the whole had stays.
func follow(whole, before, after []string) []string {
	var out []string
	for _, l := range whole {
		if !slices.Contains(before, l) || slices.Contains(after, l) {
			out = append(out, l)
		}
	}
	for _, l := range after {
		if !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	return out
}

// brandScores keeps what is known of the named brands; others have the
// attitude of the whole.
func brandScores(known []mention.BrandScore, names []string, score float64) []mention.BrandScore {
	var out []mention.BrandScore
	for _, name := range names {
		i := slices.IndexFunc(known, func(b mention.BrandScore) bool { return strings.EqualFold(b.Name, name) })
		if i >= 0 {
			out = append(out, known[i])
		} else {
			out = append(out, mention.BrandScore{Name: name, Score: score})
		}
	}
	return out
}
