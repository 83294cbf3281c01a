package indextest

import (
	"context"
	"testing"

	"klank/index"
	"klank/mention"
)

func testChanges(t *testing.T, ix index.Index) {
	c := ability[index.Changes](t, ix)
	ctx := context.Background()
	token := func() string {
		t.Helper()
		s, err := c.Changed(ctx)
		if err != nil || s == "" {
			t.Fatalf("Changed: %q, %v", s, err)
		}
		return s
	}
	known := map[string]string{token(): "nothing"}
	ms := corpus()
	edited := ms[0]
	edited.Text += " Toch niet."
	for _, step := range []struct {
		name string
		do   func() error
	}{
		{"putting mentions", func() error { _, err := ix.Put(ctx, ms); return err }},
		{"an edit", func() error { _, err := ix.Put(ctx, []mention.Mention{edited}); return err }},
		{"amending", func() error {
			_, err := ability[index.Enrichable](t, ix).Amend(ctx, []string{ms[1].ID}, func(m *mention.Mention) { m.DuplicateOf = ms[0].ID })
			return err
		}},
		{"a run", func() error {
			return ability[index.Recorder](t, ix).PutRun(ctx, mention.Run{ID: "1", Source: "shop", Started: now}, nil)
		}},
		{"coverage", func() error {
			return ability[index.Recorder](t, ix).PutCoverage(ctx, []mention.Coverage{{Source: "shop", Collected: 1}})
		}},
		{"a deletion", func() error {
			_, err := ability[index.Deleter](t, ix).Delete(ctx, parse(t, "kind:question"))
			return err
		}},
	} {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		after := token()
		if before, is := known[after]; is {
			t.Errorf("after %s the token is that after %s", step.name, before)
		}
		known[after] = step.name
		search(t, ix, index.SearchRequest{Query: parse(t, "levering")})
		aggregate(t, ix, index.AggregateRequest{})
		if again := token(); again != after {
			t.Errorf("after %s and a question the token is another one", step.name)
		}
	}
}
