package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"klank/analysis"
	"klank/analysis/brands"
	"klank/mention"
)

// analyzed is one line of analyze --json: the fields of the analysis at the
// top level, with the id of the input.
type analyzed struct {
	ID json.RawMessage `json:"id,omitempty"`
	mention.Analysis
}

// explained is the same with the reasons: analyze --json --explain.
type explained struct {
	ID json.RawMessage `json:"id,omitempty"`
	analysis.Explanation
}

type analyzeFlags struct {
	json, explain bool
	lang          string
}

func newAnalyze(e *env) *cobra.Command {
	var f analyzeFlags
	cmd := &cobra.Command{
		Use:   "analyze",
		Short: "Score texts from standard input: sentiment, moments of truth, care, signals",
		Long: `analyze reads standard input: plain lines, or NDJSON with "text" (and optional
"id", "title", "lang", "item"), and says for each what the analysis finds. The
brands are those of the configuration. With --explain it shows the words and
the rules that made each result; "learned" are the weights of the model.`,
		Example: `  echo 'Snelle levering, maar de klantenservice liet me barsten.' | klank analyze
  echo 'Niet slecht, maar veel te duur.' | klank analyze --explain
  klank export | klank analyze --json > again.ndjson`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runAnalyze(cmd.Context(), e, &f) },
	}
	cmd.Flags().BoolVar(&f.json, "json", false, "one JSON line an input")
	cmd.Flags().BoolVar(&f.explain, "explain", false, "show the words and rules that made each result")
	cmd.Flags().StringVar(&f.lang, "lang", "", "take the language as given (nl, en) instead of detecting it")
	return cmd
}

func runAnalyze(ctx context.Context, e *env, f *analyzeFlags) error {
	cfg, err := e.loadConfig()
	if err != nil {
		return err
	}
	known, err := brands.New(brandsOf(cfg))
	if err != nil {
		return err
	}
	a, err := e.newAnalyzer()
	if err != nil {
		return err
	}
	a.UseBrands(known)
	if err := a.UsePatterns(cfg.Labels.Patterns()...); err != nil {
		return err
	}
	w := bufio.NewWriterSize(e.out, 1<<16)
	enc := jsonLines(w)
	r := bufio.NewReaderSize(e.in, 1<<16)
	for n := 1; ; n++ {
		line, err := r.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return fmt.Errorf("standard input: %w", err)
		}
		end := err == io.EOF
		if end && len(line) == 0 {
			break
		}
		if ctx.Err() != nil {
			w.Flush()
			return ctx.Err()
		}
		in, id, err := analyzeInput(bytes.TrimRight(line, "\r\n"))
		if err != nil {
			w.Flush()
			return usagef("standard input, line %d: %w", n, err)
		}
		if f.lang != "" {
			in.Language = f.lang
		}
		if err := f.write(w, enc, a, in, id); err != nil {
			return fmt.Errorf("write: %w", err)
		}
		if end {
			break
		}
	}
	return w.Flush()
}

// write analyses one input and writes what was found.
func (f *analyzeFlags) write(w io.Writer, enc *json.Encoder, a *analysis.Analyzer, in analysis.Input, id json.RawMessage) error {
	if f.explain {
		res := a.Explain(in)
		if f.json {
			return enc.Encode(explained{id, res})
		}
		if err := printAnalysis(w, in, &res.Analysis); err != nil {
			return err
		}
		return printReasons(w, &res)
	}
	res := a.Analyze(in)
	if f.json {
		return enc.Encode(analyzed{id, res})
	}
	return printAnalysis(w, in, &res)
}

func analyzeInput(line []byte) (analysis.Input, json.RawMessage, error) {
	if len(line) == 0 || line[0] != '{' {
		return analysis.Input{Text: string(line)}, nil, nil
	}
	var in struct {
		ID    json.RawMessage `json:"id"`
		Title string          `json:"title"`
		Text  *string         `json:"text"`
		Lang  string          `json:"lang"`
		Item  json.RawMessage `json:"item"`
	}
	if err := json.Unmarshal(line, &in); err != nil {
		return analysis.Input{}, nil, fmt.Errorf("not a JSON object: %w", err)
	}
	if in.Text == nil {
		return analysis.Input{}, nil, fmt.Errorf(`no "text" in the object`)
	}
	var item mention.ItemRef
	if json.Unmarshal(in.Item, &item) != nil {
		item = mention.ItemRef{} // not the item of an export: somebody's own field
	}
	return analysis.Input{Title: in.Title, Text: *in.Text, LanguageHint: in.Lang, ItemBrand: item.Brand, ItemName: item.Name}, in.ID, nil
}

func printAnalysis(w io.Writer, in analysis.Input, a *mention.Analysis) error {
	p := &printer{w: w}
	p.linef("%-8s %+.2f  %s  %s", a.Sentiment.Label, a.Sentiment.Score, a.Language, strings.Join(nonEmpty(
		labelWords("touchpoints", a.Touchpoints), labelWords("care", a.Care), labelWords("signals", a.Signals)), "  "))
	for _, b := range a.Brands {
		p.linef("  %+.2f  brand %s  %s", b.Score, clean(b.Name), strings.Join(b.Touchpoints, ","))
	}
	for _, x := range a.Aspects {
		p.linef("  %+.2f  aspect %s", x.Score, clean(x.Term))
	}
	for _, s := range a.Sentences {
		text := in.Text
		if s.In == "title" {
			text = in.Title
		}
		p.linef("  %+.2f  %s  %s", s.Score, clean(text[s.Start:s.End]), strings.Join(append(append([]string{}, s.Touchpoints...), s.Care...), ","))
	}
	return p.err
}

// printReasons shows what made the score and the labels of each sentence.
func printReasons(w io.Writer, x *analysis.Explanation) error {
	p := &printer{w: w}
	p.linef("  because: rules %+.2f, learned words %+.2f", x.Polarity.Rules, x.Polarity.Learned)
	for _, r := range x.Reasons {
		p.linef("  %s", clean(r.Text))
		for _, s := range r.Words {
			p.linef("    %+.2f  %s  (%s)  %s", s.Value, clean(s.Words), clean(s.Rule), strings.Join(s.Effects, ", "))
		}
		for _, l := range r.Labels {
			p.linef("    %s  %s  (%s)", strings.Join(l.Labels, ","), clean(l.Words), clean(l.Rule))
		}
	}
	return p.err
}

func labelWords(name string, labels []string) string {
	if len(labels) == 0 {
		return ""
	}
	return name + "=" + strings.Join(labels, ",")
}
