package desk

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"klank/index"
)

var noon = time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)

func TestACaseKeepsItsHistory(t *testing.T) {
	everywhere(t, func(t *testing.T, place string) {
		s := openTest(t, place)
		c, err := s.SetCase(t.Context(), Case{Mention: "m1", State: StateAssigned, Assignee: "Anna", Note: "asks for her money", By: "Bo", At: noon, Revision: 1})
		if err != nil || c.Version != 1 {
			t.Fatal(c, err)
		}
		c.State, c.By, c.At, c.Note = StateAnswered, "Anna", noon.Add(time.Hour), "called her"
		if c, err = s.SetCase(t.Context(), c); err != nil || c.Version != 2 {
			t.Fatal(c, err)
		}
		history, err := s.CaseHistory(t.Context(), "m1")
		if err != nil || len(history) != 2 || history[0] != c || history[1].Assignee != "Anna" || history[1].By != "Bo" || !history[1].At.Equal(noon) {
			t.Errorf("the history is %v, %v", history, err)
		}
		if history[0].Assignee != "" {
			t.Errorf("what is answered is still with %q", history[0].Assignee)
		}
		cases, err := s.Cases(t.Context())
		if err != nil || len(cases) != 1 || cases[0] != c {
			t.Errorf("the cases are %v, %v", cases, err)
		}
		if history, err := s.CaseHistory(t.Context(), "unknown"); err != nil || len(history) != 0 {
			t.Errorf("an untouched mention has %v, %v", history, err)
		}
	})
}

func TestOfTwoPeopleTheSecondIsTold(t *testing.T) {
	everywhere(t, func(t *testing.T, place string) {
		s := openTest(t, place)
		var won, told atomic.Int32
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				switch _, err := s.SetCase(t.Context(), Case{Mention: "m1", State: StateIgnored, At: noon}); {
				case err == nil:
					won.Add(1)
				case errors.Is(err, ErrConflict):
					told.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 || told.Load() != 7 {
			t.Errorf("%d won and %d were told, of 8", won.Load(), told.Load())
		}
		if _, err := s.SetCase(t.Context(), Case{Mention: "m1", Version: 5, State: StateIgnored, At: noon}); !errors.Is(err, ErrConflict) {
			t.Errorf("a version that never was: %v", err)
		}
	})
}

func TestWhatCannotBeKeptIsRefused(t *testing.T) {
	everywhere(t, func(t *testing.T, place string) {
		s := openTest(t, place)
		for name, c := range map[string]Case{
			"state":    {Mention: "m", State: "done"},
			"mention":  {State: StateIgnored},
			"assignee": {Mention: "m", State: StateAssigned, Assignee: " \x00 "},
			"note":     {Mention: "m", State: StateIgnored, Note: strings.Repeat("é", MaxNote+1)},
			"name":     {Mention: "m", State: StateIgnored, By: strings.Repeat("n", MaxName+1)},
		} {
			if _, err := s.SetCase(t.Context(), c); !errors.Is(err, ErrInput) {
				t.Errorf("%s: %v", name, err)
			}
		}
		c, err := s.SetCase(t.Context(), Case{Mention: "m", State: StateIgnored, Note: " a\x00b\x1b[31m\r\n\xffc'); \u202eDROP\u2066 TABLE cases; -- ", At: noon})
		if err != nil || c.Note != "ab[31m\n\uFFFDc'); DROP TABLE cases; --" {
			t.Errorf("a hostile note became %q, %v", c.Note, err)
		}
		if history, err := s.CaseHistory(t.Context(), "m"); err != nil || len(history) != 1 || history[0].Note != c.Note {
			t.Errorf("%v, %v", history, err)
		}
	})
}

// moving is an index that knows some ids as aliases.
type moving struct {
	index.Index
	moved map[string]string
}

func (m moving) Resolve(context.Context, []string) (map[string]string, error) { return m.moved, nil }

func (m moving) AliasesOf(context.Context, []string) ([]string, error) { return nil, nil }

func TestACaseGoesAlongWithAMentionThatGetsAnotherID(t *testing.T) {
	s := openTest(t, filepath.Join(t.TempDir(), "desk.db"))
	for _, c := range []Case{{Mention: "edit", State: StateIgnored, Revision: 1, At: noon}, {Mention: "plain", State: StateAssigned, Assignee: "Bo", Revision: 2, At: noon},
		{Mention: "done", State: StateAnswered, Revision: 3, At: noon}} {
		if _, err := s.SetCase(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	cases, err := s.CasesOf(t.Context(), moving{moved: map[string]string{"edit": "first"}})
	if err != nil || len(cases) != 3 || cases["first"].State != StateIgnored || cases["first"].Revision != 0 || cases["plain"].Assignee != "Bo" {
		t.Fatalf("%v, %v", cases, err)
	}
	if settled := SettledOf(cases); len(settled) != 2 || settled["first"] != 0 || settled["done"] != 3 {
		t.Errorf("settled are %v", settled)
	}
}
