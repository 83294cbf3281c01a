package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"klank/analysis"
	"klank/analysis/sentiment"
	"klank/index"
	"klank/index/desk"
	"klank/index/query"
	"klank/mention"
)

// modelDir is the folder of the learnt models in a data folder; each is
// LANGUAGE.model, and what it replaced LANGUAGE.model.before.
const modelDir = "models"

// learntLanguages are those whose model can be learnt further.
var learntLanguages = []string{"nl", "en"}

func (e *env) modelFile(language string) string {
	return filepath.Join(e.data, modelDir, language+".model")
}

// newAnalyzer reads the embedded models, and those that klank learn has put
// into the data folder.
func (e *env) newAnalyzer() (*analysis.Analyzer, error) {
	a, err := analysis.New()
	if err != nil {
		return nil, err
	}
	for _, language := range learntLanguages {
		m, name, err := e.learntModel(language)
		if err != nil {
			return nil, err
		}
		if m != nil {
			a.UseModel(language, name, m)
		}
	}
	return a, nil
}

// learntModel reads the model that was learnt for a language and a name that
// changes with its content; nil where there is none.
func (e *env) learntModel(language string) (*sentiment.Model, string, error) {
	file, err := os.ReadFile(e.modelFile(language))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", fmt.Errorf("learnt model: %w", err)
	}
	m, err := sentiment.ReadModel(file)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w; klank learn makes it again, klank learn --undo goes without", e.modelFile(language), err)
	}
	sum := sha256.Sum256(file)
	return m, hex.EncodeToString(sum[:4]), nil
}

type learnFlags struct {
	from      string
	fromIndex bool
	undo      bool
}

func newLearn(e *env) *cobra.Command {
	var f learnFlags
	cmd := &cobra.Command{
		Use:   "learn",
		Short: "Learn sentiment further from your own rated mentions",
		Long: `learn takes the rated mentions of the index, or of a file that klank export
wrote, and learns the sentiment models further: stars are weak labels (one and
two are blame, three is neutral, four and five are praise), rare ones count
more, repeated texts count once. What people have corrected in the web UI is the
truth, whatever the stars are, and corrected sentences are texts of their own. A fifth of the authors is held back. It prints
the figures on their texts before and after, and keeps the new model only where
it is better. Mentions in the index keep their scores until klank replay.`,
		Example: `  klank learn
  klank export 'source:shop has:rating' > rated.ndjson && klank learn --from rated.ndjson
  klank learn --undo`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.undo {
				return e.undoLearning()
			}
			return runLearn(cmd.Context(), e, &f)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.from, "from", "", "NDJSON of mentions, as klank export writes it, instead of the index")
	fl.BoolVar(&f.fromIndex, "from-index", false, "the rated mentions of the index (the default)")
	fl.BoolVar(&f.undo, "undo", false, "go one learning back in each language")
	cmd.MarkFlagsMutuallyExclusive("from", "from-index", "undo")
	return cmd
}

func runLearn(ctx context.Context, e *env, f *learnFlags) error {
	r := ratings{judged: map[string]bool{}}
	var err error
	if f.from != "" {
		err = r.readFile(ctx, f.from)
	} else {
		err = r.readIndex(ctx, e)
	}
	if err != nil {
		return err
	}
	scorer, err := sentiment.New()
	if err != nil {
		return err
	}
	p := &printer{w: e.out}
	if r.corrections > 0 {
		p.linef("%d corrected label%s taken for the truth", r.corrections, plural(r.corrections))
	}
	learnt := 0
	for i, language := range learntLanguages {
		a, err := e.learn(ctx, scorer, language, r.texts[i])
		if errors.Is(err, sentiment.ErrTooFew) {
			p.linef("%s: not learnt: %s", language, strings.TrimPrefix(err.Error(), "sentiment: "))
			continue
		}
		if err != nil {
			return err
		}
		learnt++
		p.linef("%s: learnt from %d texts, measured on %d others; %d copies left out", language, a.Learnt, a.Before.Texts(), a.Copies)
		p.linef("  %-8s %8s %11s %12s %6s", "", "sign", "F1 of sign", "F1 of three", "stars")
		p.linef("  %-8s %8.3f %11.3f %12.3f %6.2f", "before", a.Before.Accuracy(), a.Before.Signs(), a.Before.Classes(), a.Before.Stars())
		p.linef("  %-8s %8.3f %11.3f %12.3f %6.2f", "after", a.After.Accuracy(), a.After.Signs(), a.After.Classes(), a.After.Stars())
		if !a.Better() {
			p.linef("  the model before is kept: the new one is no better")
			continue
		}
		if err := e.keepModel(language, a.Model); err != nil {
			return err
		}
		p.linef("  the new model is kept; klank replay scores what is stored, klank learn --undo takes it back")
	}
	if p.err == nil && learnt == 0 {
		return errors.New("learn: no language has enough rated texts; collect more reviews with stars first")
	}
	return p.err
}

// learn compares with the model in force, and begins with the embedded one, so
// that learning again does not drift.
func (e *env) learn(ctx context.Context, embedded *sentiment.Scorer, language string, rated []sentiment.Rated) (*sentiment.Adaptation, error) {
	inForce := embedded
	m, _, err := e.learntModel(language)
	if err != nil {
		return nil, err
	}
	if m != nil {
		inForce = embedded.With(language, m)
	}
	return inForce.Adapt(ctx, language, embedded.Model(language), rated)
}

// keepModel writes a learnt model; the one before it stays for --undo.
func (e *env) keepModel(language string, m *sentiment.Model) error {
	data, err := m.Bytes()
	if err != nil {
		return err
	}
	file := e.modelFile(language)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("learnt model: %w", err)
	}
	// A crash between the steps leaves a whole model or none, never half a one.
	if err := os.WriteFile(file+".new", data, 0o600); err != nil {
		return fmt.Errorf("learnt model: %w", err)
	}
	if err := os.Rename(file, file+".before"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("learnt model: %w", err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		return fmt.Errorf("learnt model: %w", err)
	}
	return nil
}

// undoLearning goes one learning back in each language: to the model learnt
// before, or to the embedded one.
func (e *env) undoLearning() error {
	p := &printer{w: e.out}
	for _, language := range learntLanguages {
		file := e.modelFile(language)
		err := os.Rename(file+".before", file)
		switch {
		case err == nil:
			p.linef("%s: the model learnt before is back", language)
		case !errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("learnt model: %w", err)
		default:
			err = os.Remove(file)
			if err == nil {
				p.linef("%s: the model that klank comes with is back", language)
			} else if errors.Is(err, fs.ErrNotExist) {
				p.linef("%s: nothing was learnt", language)
			} else {
				return fmt.Errorf("learnt model: %w", err)
			}
		}
	}
	return p.err
}

// ratings gathers the rated texts of each language.
type ratings struct {
	texts [2][]sentiment.Rated // as learntLanguages
	// judged are the mentions of which a person has said what they are, and
	// corrections counts what was said of them and of their sentences.
	judged      map[string]bool
	corrections int
}

// Bounds of what is learnt from, so that memory is: 50,000 texts of 4 KB a
// language. Ids are hashes, so the first ones are a fair sample.
const (
	mostRatings     = 50_000
	longestRated    = 4096
	longestRatedRow = 16 << 20
)

// add takes a mention that has a text and a rating in a language that can be
// learnt.
func (r *ratings) add(m *mention.Mention) {
	if m.Rating == nil || m.Text == "" || m.DuplicateOf != "" {
		return
	}
	language := m.Language
	if m.Analysis != nil && m.Analysis.Language != "" {
		language = m.Analysis.Language
	}
	base, _, _ := strings.Cut(language, "-")
	for i, l := range learntLanguages {
		if l != base || len(r.texts[i]) >= mostRatings {
			continue
		}
		one := sentiment.Rated{Title: m.Title, Text: m.Text, Stars: starsOf(m.Rating.Score)}
		if len(one.Text) > longestRated {
			one.Text = strings.ToValidUTF8(one.Text[:longestRated], "")
		}
		if m.Author != nil {
			one.Author = m.Author.Key
			if one.Author == "" {
				one.Author = m.Author.Name
			}
		}
		r.texts[i] = append(r.texts[i], one)
	}
}

func (r *ratings) readIndex(ctx context.Context, e *env) error {
	cfg, err := e.loadConfig()
	if err != nil {
		return err
	}
	ix, err := e.openIndex(ctx, cfg)
	if err != nil {
		return err
	}
	defer ix.Close()
	corrected := map[string][]desk.Correction{}
	err = e.withDesk(ctx, cfg, func(d *desk.Store) error {
		all, err := d.Corrections(ctx, "")
		for _, c := range all {
			if c.Labels != nil {
				corrected[c.Mention] = append(corrected[c.Mention], c)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, id := range sortedKeys(corrected) {
		m, err := ix.Get(ctx, id, 0)
		if errors.Is(err, index.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		r.addCorrected(m, corrected[id])
	}
	return ix.Scan(ctx, &query.Term{Field: "has", Value: "rating"}, func(m *mention.Mention) error {
		if !r.judged[m.ID] {
			r.add(m)
		}
		return nil
	})
}

// addCorrected takes what people said of a mention and of its sentences. That
// is the truth, whatever the stars are.
func (r *ratings) addCorrected(m *mention.Mention, cs []desk.Correction) {
	said := map[string]float64{}
	for _, c := range cs {
		said[c.Words] = map[string]float64{mention.Negative: 0, mention.Neutral: 0.5, mention.Positive: 1}[c.Labels.Sentiment]
	}
	if score, ok := said[desk.WholeKey(m)]; ok {
		if m.Rating == nil || mood(m.Rating.Score) != mood(score) { // else the stars say it finer
			whole := *m
			whole.Rating = &mention.Rating{Score: score}
			m = &whole
		}
		r.judged[m.ID] = true
		r.corrections++
		r.add(m)
	}
	if m.Analysis == nil {
		return
	}
	for _, st := range m.Analysis.Sentences {
		score, ok := said[desk.SentenceKey(m, st.Span)]
		if !ok {
			continue
		}
		one := *m
		one.Title, one.Rating, one.DuplicateOf = "", &mention.Rating{Score: score}, ""
		if one.Text = m.Text; st.In == "title" {
			one.Text = m.Title
		}
		one.Text = one.Text[st.Start:st.End]
		r.corrections++
		r.add(&one)
	}
}

// mood is the class of a rating's score: blame, neither, praise.
func mood(score float64) int {
	switch stars := starsOf(score); {
	case stars < 3:
		return -1
	case stars > 3:
		return 1
	}
	return 0
}

// starsOf is a score of 0..1 in stars, 1..5.
func starsOf(score float64) int { return 1 + int(math.Round(4*score)) }

func (r *ratings) readFile(ctx context.Context, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return usagef("--from: %w", err)
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	s.Buffer(nil, longestRatedRow)
	for n := 1; s.Scan(); n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		if len(strings.TrimSpace(s.Text())) == 0 {
			continue
		}
		var m mention.Mention
		if err := json.Unmarshal(s.Bytes(), &m); err != nil {
			return usagef("%s, line %d: not a mention: %w", name, n, err)
		}
		r.add(&m)
	}
	if err := s.Err(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
