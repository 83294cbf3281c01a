package desk

import (
	"errors"
	"strings"
	"testing"
)

func TestQueriesAreSavedByName(t *testing.T) {
	everywhere(t, func(t *testing.T, place string) {
		s := openTest(t, place)
		for _, name := range []string{"", "two words", `quote"d`, "saved:x", "-x", strings.Repeat("n", 41), "<script>"} {
			if err := s.SaveQuery(t.Context(), Query{Name: name, Query: "lamp", At: noon}, false); !errors.Is(err, ErrInput) {
				t.Errorf("the name %q: %v", name, err)
			}
		}
		if err := s.SaveQuery(t.Context(), Query{Name: "Café-klachten", Query: "sentiment:negative", By: "Bo", At: noon}, false); err != nil {
			t.Fatal(err)
		}
		if err := s.SaveQuery(t.Context(), Query{Name: "CAFÉ-klachten", Query: "other", At: noon}, false); !errors.Is(err, ErrExists) {
			t.Errorf("a name that is taken: %v", err)
		}
		if err := s.SaveQuery(t.Context(), Query{Name: "CAFÉ-klachten", Query: "other", At: noon}, true); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Queries(t.Context()); err != nil || len(got) != 1 || got[0].Query != "other" || !got[0].At.Equal(noon) {
			t.Errorf("%v, %v", got, err)
		}
		if err := s.DeleteQuery(t.Context(), "café-klachten"); err != nil {
			t.Error(err)
		}
		if err := s.DeleteQuery(t.Context(), "café-klachten"); !errors.Is(err, ErrUnknown) {
			t.Errorf("a second time: %v", err)
		}
	})
}
