package enrich_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"klank/index"
	"klank/index/enrich"
	"klank/index/query"
	"klank/index/sqlite"
	"klank/mention"
)

// desk is an index with passes over it.
type desk struct {
	*sqlite.Index
	t *testing.T
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	ix, err := sqlite.Open(filepath.Join(t.TempDir(), "index.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ix.Close() })
	return &desk{ix, t}
}

func (d *desk) put(ms ...mention.Mention) {
	d.t.Helper()
	if _, err := d.Put(d.t.Context(), ms); err != nil {
		d.t.Fatal(err)
	}
}

// pass runs a pass, and another one, which is to change nothing.
func (d *desk) pass() enrich.Report {
	d.t.Helper()
	r, err := enrich.Run(d.t.Context(), d.Index)
	if err != nil {
		d.t.Fatal(err)
	}
	if again, err := enrich.Run(d.t.Context(), d.Index); err != nil || again != (enrich.Report{}) {
		d.t.Errorf("a second pass gives %+v, %v", again, err)
	}
	return r
}

// marks tells what the passes say: "id>original" for copies, "id!rule" for
// suspects, sorted.
func (d *desk) marks() string {
	d.t.Helper()
	var out []string
	err := d.Scan(d.t.Context(), nil, func(m *mention.Mention) error {
		if m.DuplicateOf != "" {
			out = append(out, m.ID+">"+m.DuplicateOf)
		}
		if (m.DuplicateOf != "") != slices.ContainsFunc(m.Flags, func(f mention.Flag) bool { return f.Name == mention.FlagDuplicate && f.Reason != "" }) {
			d.t.Errorf("%s is a copy of %q with flags %v", m.ID, m.DuplicateOf, m.Flags)
		}
		for _, f := range m.Flags {
			if f.Name == mention.FlagSuspect {
				rule, _, _ := strings.Cut(f.Reason, ":")
				out = append(out, m.ID+"!"+rule)
			}
		}
		return nil
	})
	if err != nil {
		d.t.Fatal(err)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func (d *desk) has(want string) {
	d.t.Helper()
	if got := d.marks(); got != want {
		d.t.Errorf("marked are %q, want %q", got, want)
	}
}

const (
	kettle = `We have used this kettle every morning for three months now. It boils a litre in under two minutes, the lid closes with
a firm click and the handle stays cool. The only thing that bothers me is the beep at the end, which wakes the whole house at six.`
	toaster = `Deze broodrooster staat mooi op het aanrecht, maar wat we ook instellen, de ene kant van het brood verbrandt en de andere blijft
wit. De winkel nam hem zonder vragen terug en het geld stond binnen een week op de rekening.`
	medium = "Snel bezorgd en goed verpakt, maar de handleiding is alleen in het Duits."
)

// review is a review by its id, at "host/item", published on a day of 2026.
func review(id, place, author, text string, day int) mention.Mention {
	host, item, _ := strings.Cut(place, "/")
	m := mention.Mention{ID: id, Kind: mention.Review, Source: mention.Source{Name: host, Host: host}, Text: text,
		Rating: &mention.Rating{Value: 4, Best: 5, Score: 0.75}, Published: time.Date(2026, 1, day, 10, 0, 0, 0, time.UTC), PublishedPrecision: mention.Day,
		Collected: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)}
	if item != "" {
		m.Item = &mention.ItemRef{Name: item}
	}
	if author != "" {
		m.Author = &mention.Author{Key: author}
	}
	return m
}

func TestCopiesAreLinkedToTheFirstPublishedInWhateverOrderTheyCame(t *testing.T) {
	near := strings.Replace(kettle, "firm", "loud", 1)
	shouted := strings.ToUpper(strings.ReplaceAll(kettle, ",", " ,"))
	ms := []mention.Mention{
		review("a", "maker.example/Kettle", "k1", kettle, 3),
		review("b", "shop.example/Kettle 3000", "k2", near, 4),
		review("c", "mall.example/Kettle", "", shouted, 5),
		review("d", "mall.example/Kettle", "k4", toaster, 1),
		review("e", "other.example/Toaster", "k5", medium, 9),
		review("f", "shop.example/Toaster", "k6", medium, 8),
		review("g", "mall.example/Toaster", "k7", strings.Replace(medium, "Duits", "Frans", 1), 8),
	}
	undated := review("h", "blog.example/", "", kettle, 1)
	undated.Published = time.Time{}
	ms = append(ms, undated)
	want := "b>a c>a e>f h>a"
	all := newDesk(t)
	all.put(ms...)
	if r := all.pass(); r.Looked != 8 || r.Duplicates != (enrich.Count{Marked: 4}) {
		t.Errorf("the report says %+v", r)
	}
	all.has(want)
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 5 {
		rnd.Shuffle(len(ms), func(i, j int) { ms[i], ms[j] = ms[j], ms[i] })
		d := newDesk(t)
		for part := range slices.Chunk(ms, 1+rnd.IntN(3)) {
			d.put(part...)
			d.pass()
		}
		d.has(want)
	}
	// copies are found as before, and can be left out
	for q, want := range map[string]int{"kettle": 4, "kettle -flag:duplicate": 1, "has:duplicate": 4} {
		n, err := query.Parse(q, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if res, err := all.Search(t.Context(), index.SearchRequest{Query: n}); err != nil || res.Total != want {
			t.Errorf("%s finds %d, %v; want %d", q, res.Total, err, want)
		}
	}
	m, err := all.Get(t.Context(), "b", 0)
	if err != nil || m.Revision != 1 || m.Flags[0].Reason != "the same text is at maker.example, published 2026-01-03" {
		t.Errorf("the copy is %+v, %v", m, err)
	}
}

// What comes bit by bit, is edited and goes, with a pass now and then, ends as
// if one pass had seen the end.
func TestPassesOverPartsEndAsOneOverAll(t *testing.T) {
	texts := []string{kettle, strings.Replace(kettle, "firm", "loud", 1), kettle + " Still fine.", toaster, medium, medium + "!", "Goede service, snelle levering!"}
	for seed := range uint64(2) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		some := func(i int) mention.Mention {
			return review(fmt.Sprintf("m%02d", i), fmt.Sprintf("h%d.example/i%d", rnd.IntN(3), rnd.IntN(2)), []string{"", "ann", "bob"}[rnd.IntN(3)], texts[rnd.IntN(len(texts))], 1+rnd.IntN(9))
		}
		parts, last := newDesk(t), map[string]mention.Mention{}
		for range 90 {
			m := some(rnd.IntN(40))
			if old, ok := last[m.ID]; ok && rnd.IntN(4) == 0 {
				if _, err := parts.Delete(t.Context(), &query.Term{Field: "id", Value: old.ID}); err != nil {
					t.Fatal(err)
				}
				delete(last, m.ID)
				continue
			}
			if old, ok := last[m.ID]; ok { // only an author edits
				m.Source, m.Item, m.Author = old.Source, old.Item, old.Author
			}
			parts.put(m)
			last[m.ID] = m
			if rnd.IntN(3) == 0 {
				parts.pass()
			}
		}
		parts.pass()
		all := newDesk(t)
		for _, m := range last {
			all.put(m)
		}
		all.pass()
		if got, want := parts.marks(), all.marks(); got != want || !strings.Contains(want, ">") {
			t.Errorf("seed %d: bit by bit\n%s\nat once\n%s", seed, got, want)
		}
	}
}

func TestAnOriginalMayComeChangeAndGo(t *testing.T) {
	d := newDesk(t)
	d.put(review("b", "shop.example/Kettle", "k2", kettle, 4), review("c", "mall.example/Kettle", "k3", kettle, 5))
	d.pass()
	d.has("c>b")
	d.put(review("a", "maker.example/Kettle", "k1", kettle, 3))
	d.pass()
	d.has("b>a c>a")
	d.put(review("b", "shop.example/Kettle", "k2", toaster, 4)) // an edit
	if r := d.pass(); r.Duplicates != (enrich.Count{Cleared: 1}) {
		t.Errorf("the report says %+v", r)
	}
	d.has("c>a")
	d.put(review("b", "shop.example/Kettle", "k2", kettle, 4))
	d.pass()
	if _, err := d.Delete(t.Context(), &query.Term{Field: "id", Value: "a"}); err != nil {
		t.Fatal(err)
	}
	d.pass()
	d.has("c>b")
	seen := review("c", "mall.example/Kettle", "k3", kettle, 5) // a crawl finds it again
	seen.Flags = []mention.Flag{{Name: "rating_mismatch", Reason: "x"}}
	d.put(seen)
	d.has("c>b")
	d.put(review("b", "shop.example/Kettle", "k2", toaster, 4))
	d.pass()
	d.has("")
	if m, _ := d.Get(t.Context(), "c", 0); len(m.Flags) != 1 || m.Flags[0].Name != "rating_mismatch" {
		t.Errorf("the flags of others are %v", m.Flags)
	}
}

func TestShortTextsAreCopiesOnlyAsTheVerySameReview(t *testing.T) {
	d := newDesk(t)
	short := func(id, place, author string, day int) mention.Mention {
		return review(id, place, author, "Goede service, snelle levering!", day)
	}
	d.put(short("a", "one.example/Kettle", "k1", 3), short("b", "two.example/Kettle", "k2", 3), short("c", "one.example/Kettle", "k3", 3),
		short("d", "two.example/Kettle", "k4", 4), short("e", "two.example/Toaster", "k5", 3))
	d.pass()
	d.has("") // a and c say the same at one.example: b may be either's
	if _, err := d.Delete(t.Context(), &query.Term{Field: "id", Value: "c"}); err != nil {
		t.Fatal(err)
	}
	d.put(short("f", "three.example/Kettle", "k6", 3))
	d.pass()
	d.has("b>a f>a")
}

func TestOnOneHostTheAuthorDecides(t *testing.T) {
	d := newDesk(t)
	d.put(review("a", "shop.example/Kettle", "ann", kettle, 3),
		review("b", "shop.example/Kettle, red", "ann", kettle, 5),  // shown for another colour too
		review("c", "shop.example/Toaster", "bob", kettle, 6),      // somebody else's words
		review("d", "shop.example/Kettle", "eve", kettle, 7),       // the same item: may be a form's
		review("e", "shop.example/Kettle", "ann b.", kettle, 3),    // another spelling of the name
		review("f", "shop.example/Lamp", "", kettle, 8),            // nobody knows
		review("g", "shop.example/Kettle 2", "dan", medium, 3),     // shorter, the same
		review("h", "shop.example/Kettle 3", "dan", medium+"!", 4)) // by its author again
	quote := review("i", "shop.example/Lamp", "joe", kettle, 9)
	quote.Kind = mention.Comment
	d.put(quote)
	if r := d.pass(); r.Suspects != (enrich.Count{Marked: 1}) {
		t.Errorf("the report says %+v", r)
	}
	d.has("b>a c!copied text e>a f>a h>g")
	m, err := d.Get(t.Context(), "c", 0)
	if want := `copied text: the words of another author on "Kettle", published 2026-01-03`; err != nil || m.Flags[0].Reason != want {
		t.Errorf("the reason is %v, %v; want %s", m.Flags, err, want)
	}
}

func TestWhatAHundredPeopleSayIsNobodys(t *testing.T) {
	d := newDesk(t)
	var ms []mention.Mention
	for i := range 130 {
		ms = append(ms, review(fmt.Sprintf("m%03d", i), fmt.Sprintf("h%d.example/Shop", i), "", "The customer has left no explanation with this grade of the shop.", 1+i%28))
	}
	d.put(ms[:60]...)
	if r := d.pass(); r.Duplicates.Marked != 59 {
		t.Errorf("the report says %+v", r)
	}
	d.put(ms[60:]...)
	if r := d.pass(); r.Duplicates != (enrich.Count{Cleared: 59}) {
		t.Errorf("the report says %+v", r)
	}
	d.has("")
}

// graded is a review without a text of some grade, on a day counted from 2026.
func graded(id, place string, stars, day int, text string) mention.Mention {
	m := review(id, place, "", text, 1)
	m.Author = &mention.Author{Key: id}
	m.Rating = &mention.Rating{Value: float64(stars), Best: 5, Score: float64(stars-1) / 4}
	m.Published = time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC)
	return m
}

// steady are reviews of an item, one every some days over a hundred days.
func steady(place string, every int) []mention.Mention {
	var out []mention.Mention
	for day := 1; day <= 100; day += every {
		out = append(out, graded(fmt.Sprintf("%s-%03d", place, day), place, 3+day%3, day, fmt.Sprintf("Day %d of %s was fine.", day, place)))
	}
	return out
}

func TestABurstOfFiveStarsIsSuspectBesideItsHistory(t *testing.T) {
	burst := func(place string, n, stars int) []mention.Mention {
		var out []mention.Mention
		for i := range n {
			out = append(out, graded(fmt.Sprintf("%s/x%02d", place, i), place, stars, 110+i%3, fmt.Sprintf("Praise number %d for %s.", i, place)))
		}
		return out
	}
	for name, c := range map[string]struct {
		ms   []mention.Mention
		want int
	}{
		"a burst":              {slices.Concat(steady("a.example/Kettle", 5), burst("a.example/Kettle", 14, 5)), 14},
		"other grades":         {slices.Concat(steady("a.example/Kettle", 5), burst("a.example/Kettle", 14, 4)), 0},
		"few":                  {slices.Concat(steady("a.example/Kettle", 5), burst("a.example/Kettle", 9, 5)), 0},
		"a new item":           {burst("a.example/Kettle", 14, 5), 0},
		"other items' history": {slices.Concat(steady("a.example/Toaster", 5), steady("b.example/Kettle", 5), burst("a.example/Kettle", 14, 5)), 0},
		"busy every day": {slices.Concat(steady("a.example/Kettle", 1), func() []mention.Mention {
			var more []mention.Mention
			for i, m := range slices.Concat(steady("a.example/Kettle", 1), steady("a.example/Kettle", 1), steady("a.example/Kettle", 1)) {
				m.ID, m.Rating.Score = fmt.Sprint("more", i), 1
				more = append(more, m)
			}
			return more
		}(), burst("a.example/Kettle", 14, 5)), 0},
		"only the month is known": {slices.Concat(steady("a.example/Kettle", 5), func() []mention.Mention {
			ms := burst("a.example/Kettle", 14, 5)
			for i := range ms {
				ms[i].PublishedPrecision = mention.Month
			}
			return ms
		}()), 0},
	} {
		d := newDesk(t)
		for part := range slices.Chunk(c.ms, 20) {
			d.put(part...)
			d.pass()
		}
		if got := strings.Count(d.marks(), "!burst"); got != c.want {
			t.Errorf("%s: %d are suspect, want %d", name, got, c.want)
		}
		if c.want > 0 {
			m, err := d.Get(t.Context(), "a.example/Kettle/x00", 0)
			if want := "burst: 14 reviews with five stars in 3 days from 2026-04-20 on, where 1 are usual at most"; err != nil || m.Flags[0].Reason != want {
				t.Errorf("the reason is %v, %v; want %s", m.Flags, err, want)
			}
			all := strings.Count(d.marks(), "!")
			if all != c.want {
				t.Errorf("%s: %d marks in all", name, all)
			}
		}
	}
}

func TestFiveStarsWithoutAWordAreSuspectUnlessOthersGradeSoToo(t *testing.T) {
	d := newDesk(t)
	said := graded("a", "shop.example/Kettle", 3, 1, "It is fine.")
	titled := graded("t", "shop.example/Kettle", 5, 1, "")
	titled.Title = "Great"
	d.put(said, titled, graded("b", "shop.example/Kettle", 5, 2, ""), graded("c", "shop.example/Toaster", 5, 2, ""), graded("d", "shop.example/Toaster", 2, 3, ""),
		graded("e", "other.example/Toaster", 5, 3, ""))
	d.pass()
	d.has("b!no text e!no text")
	d.put(graded("f", "shop.example/Kettle", 4, 9, ""))
	if r := d.pass(); r.Suspects != (enrich.Count{Cleared: 1}) {
		t.Errorf("the report says %+v", r)
	}
	d.has("e!no text")
}

func TestRepliesFindTheirThreadWhicheverCameFirst(t *testing.T) {
	said := func(id, parent, thread string) mention.Mention {
		return mention.Mention{ID: id, Kind: mention.Comment, Source: mention.Source{Host: "forum.example"}, Text: "Said " + id, Parent: parent, Thread: thread}
	}
	ms := []mention.Mention{said("r3", "r2", ""), said("r2", "r1", ""), said("r1", "top", ""), said("s1", "lost", ""), said("q1", "other", ""), said("other", "", "big")}
	for _, batch := range []int{1, 2, 7} {
		d := newDesk(t)
		for part := range slices.Chunk(append(slices.Clone(ms), said("top", "", "")), batch) {
			d.put(part...)
			if _, err := enrich.Run(t.Context(), d.Index); err != nil {
				t.Fatal(err)
			}
		}
		d.pass()
		for id, want := range map[string]string{"top": "", "r1": "top", "r2": "top", "r3": "top", "s1": "", "q1": "big"} {
			if m, err := d.Get(t.Context(), id, 0); err != nil || m.Thread != want {
				t.Errorf("in batches of %d: %s is of thread %q, %v; want %q", batch, id, m.Thread, err, want)
			}
		}
	}
}

func TestAPassThatIsStoppedBeginsAgain(t *testing.T) {
	d := newDesk(t)
	d.put(review("a", "maker.example/Kettle", "k1", kettle, 3), review("b", "shop.example/Kettle", "k2", kettle, 4))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := enrich.Run(ctx, d.Index); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled pass gives %v", err)
	}
	d.has("")
	d.pass()
	d.has("b>a")
}

func TestTextsOfTheSamePhrasesAreNoCopies(t *testing.T) {
	d := newDesk(t)
	r := rand.New(rand.NewPCG(7, 7))
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	for i := range 400 { // their keys are near each other's, as they are of the same words
		var b strings.Builder
		for range 6 {
			fmt.Fprintf(&b, "%s %s, %s. ", pick("The lid", "The spout", "Delivery", "The handle", "The help desk", "The base", "This filter", "Their app", "The manual", "My first cup"),
				pick("was a big disappointment", "works just as promised", "is fine for the price", "could be so much better", "made my week", "broke in a month", "was gone by noon", "has no equal here", "took three weeks", "smells of plastic"),
				pick("would buy again", "never again", "my mother loves it", "so I sent it back", "what a let-down", "no more of that for me", "ask me in a year", "five stars from us", "it could be luck", "as the photo shows"))
		}
		d.put(review(fmt.Sprint("t", i), fmt.Sprintf("shop.example/Thing %d", i%20), fmt.Sprint("k", i), b.String(), 1+i%28))
	}
	if got := d.pass(); got.Duplicates.Marked > 2 || got.Suspects.Marked > 2 {
		t.Errorf("of texts that only share phrases %+v are marked", got)
	}
}
