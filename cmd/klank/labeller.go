package main

import (
	"context"
	"fmt"
	"sync"

	"klank/configs"
	"klank/index"
	"klank/mention"
	"klank/web"
)

// labeller analyses single mentions of a workspace, for those who correct
// them. It is safe for concurrent use.
type labeller struct {
	replay *replay
	// pipe reads the models when they are needed first.
	pipe func() (*pipeline, error)
}

func newLabeller(e *env, cfg *configs.Config, w *workspace) *labeller {
	r := &replay{e: e, cfg: cfg, w: w, plan: labelsPlan(cfg), corrected: w.corrections()}
	return &labeller{replay: r, pipe: sync.OnceValues(func() (*pipeline, error) { return r.newPipeline(true, nil) })}
}

// relabel analyses a stored mention again and puts what people have corrected
// upon it.
func (l *labeller) relabel(ctx context.Context, id string) error {
	pipe, err := l.pipe()
	if err != nil {
		return err
	}
	if err := l.replay.corrected.refresh(ctx); err != nil {
		return err
	}
	m, err := l.replay.w.index.Get(ctx, id, 0)
	if err != nil {
		return err
	}
	_, err = l.replay.w.index.Reread(ctx, []index.Rereading{{ID: id, Mention: l.replay.analysed(pipe, m), Labels: true}})
	if err != nil {
		return fmt.Errorf("labels of %s: %w", id, err)
	}
	return nil
}

// explain says what made the labels of a mention, in the words of the web UI.
func (l *labeller) explain(_ context.Context, m *mention.Mention) ([]web.Explained, error) {
	pipe, err := l.pipe()
	if err != nil {
		return nil, err
	}
	found := pipe.analyzer.Explain(pipe.input(m, pipe.brandOf[m.Source.Name]))
	var out []web.Explained
	for i, reason := range found.Reasons {
		one := web.Explained{Text: reason.Text}
		if i < len(found.Sentences) {
			one.Score = found.Sentences[i].Score
		}
		for _, w := range reason.Words {
			one.Words = append(one.Words, web.ExplainedWord(w))
		}
		for _, label := range reason.Labels {
			one.Labels = append(one.Labels, web.ExplainedLabel(label))
		}
		out = append(out, one)
	}
	return out, nil
}
