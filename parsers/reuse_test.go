package parsers

import (
	"encoding/json"
	"sync"
	"testing"
)

// TestWhatIsReadOutlivesThePagesAfter holds that results share nothing with the
// room that is used again for the next page.
func TestWhatIsReadOutlivesThePagesAfter(t *testing.T) {
	reg := New()
	templates := []string{"jsonld", "microdata", "plain", "none"}
	said := map[string]string{}
	kept := map[string]Result{}
	for _, template := range templates {
		r, err := reg.Parse(page("https://www.example.com/p/1", shopPage(template)), Options{})
		if err != nil {
			t.Fatal(err)
		}
		kept[template], said[template] = r, asJSON(t, r)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for _, template := range templates {
				r, err := reg.Parse(page("https://www.example.com/p/1", shopPage(template)), Options{})
				if got := asJSON(t, r); err != nil || got != said[template] {
					t.Errorf("%s: another time it is %s (%v)", template, got, err)
				}
			}
		})
	}
	all.Wait()
	for _, template := range templates {
		if got := asJSON(t, kept[template]); got != said[template] {
			t.Errorf("%s: after other pages it is %s", template, got)
		}
	}
}

func asJSON(t *testing.T, r Result) string {
	t.Helper()
	b, err := json.Marshal(r)
	if err != nil {
		t.Error(err)
	}
	return string(b)
}
