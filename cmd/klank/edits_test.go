package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"klank/mention"
)

// opinion is a review in microdata that has neither an id nor a date.
func opinion(author, text string) string {
	return fmt.Sprintf(`<div itemprop=review itemscope itemtype="https://schema.org/Review"><b itemprop=author>%s</b><p itemprop=reviewBody>%s</p></div>`, author, text)
}

func kettle(opinions ...string) string {
	return `<div itemscope itemtype="https://schema.org/Product"><h1 itemprop=name>Kettle</h1>` + strings.Join(opinions, "") + `</div>`
}

func TestAnEditedReviewWithoutAnIDKeepsItsID(t *testing.T) {
	s := newLiveShop(t, "", "")
	ann, bob := opinion("Ann", "It boils fast and looks good on the counter."), opinion("Bob", "Mine broke after a week of tea.")
	s.shows("/", links("/k"), "/k", kettle(ann, bob))
	s.crawl(exitDone)
	before := s.byText()
	edited := opinion("Ann", "It boils fast and looks good, but the lid leaks.")
	s.shows("/k", kettle(opinion("Eve", "Quiet enough for the night."), bob, edited))
	contains(t, s.crawl(exitDone), "1 new, 1 changed, 1 known")
	contains(t, s.crawl(exitDone, "--deep"), "0 new, 0 changed")
	check := func() {
		t.Helper()
		after := s.byText()
		if a := after["It boils fast and looks good, but the lid leaks."]; a.ID != before["It boils fast and looks good on the counter."].ID || a.Revision != 2 || len(after) != 3 {
			t.Errorf("the edited review is %+v, of %d", a, len(after))
		}
	}
	check()
	out, _ := s.replay(exitDone)
	contains(t, out, "0 new, 0 changed, 3 same, 0 withdrawn")
	check()
}

func TestAnEditedReviewThatWasForgottenDoesNotComeBack(t *testing.T) {
	s := newLiveShop(t, "", "")
	bob := opinion("Bob", "Mine broke after a week of tea.")
	s.shows("/", links("/k"), "/k", kettle(opinion("Ann", "It boils fast and looks good on the counter."), bob))
	s.crawl(exitDone)
	s.shows("/k", kettle(bob, opinion("Ann", "It boils fast and looks good, but the lid leaks.")))
	s.crawl(exitDone)
	id := s.byText()["It boils fast and looks good, but the lid leaks."].ID
	s.run(t.Context(), exitDone, "forget", "--config", s.config, "--mention", id)
	s.shows("/k", kettle(bob, opinion("Ann", "It boils fast and looks good, but the lid leaks."), opinion("Eve", "Quiet enough for the night.")))
	s.crawl(exitDone, "--deep")
	if got := s.byText(); len(got) != 2 || got["Mine broke after a week of tea."].ID == "" || got["Quiet enough for the night."].ID == "" {
		t.Errorf("stored are %v", got)
	}
}

// byText returns what is stored, by its text.
func (s *liveShop) byText() map[string]mention.Mention {
	s.t.Helper()
	out, _ := s.run(s.t.Context(), exitDone, "export")
	got := map[string]mention.Mention{}
	for line := range strings.Lines(out) {
		var m mention.Mention
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			s.t.Fatal(err)
		}
		got[m.Text] = m
	}
	return got
}
