package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"klank/index"
	"klank/index/research"
)

// ledger is an index of which only the state matters.
type ledger struct {
	index.Index
	state atomic.Int64
}

func (l *ledger) Changed(context.Context) (string, error) {
	return string(rune('a' + l.state.Load())), nil
}

// clock is a clock that a test sets.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func testAnswers(t *testing.T, ix index.Index) (*answers, *clock) {
	t.Helper()
	c := &clock{at: testNow}
	a := newAnswers(ix, c.now, slog.New(slog.DiscardHandler))
	t.Cleanup(a.close)
	return a, c
}

func TestTheSameIsWorkedOutOnceAtATime(t *testing.T) {
	a, _ := testAnswers(t, &ledger{})
	var runs atomic.Int64
	gate := make(chan struct{})
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			got, err := a.get(t.Context(), "key", time.Minute, func(context.Context) (any, int64, error) {
				<-gate
				return runs.Add(1), 10, nil
			})
			if err != nil || got.Value != int64(1) || got.Old {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	close(gate)
	wait.Wait()
	if runs.Load() != 1 {
		t.Errorf("worked out %d times", runs.Load())
	}
}

func TestAnOldAnswerIsGivenWhileANewOneIsMade(t *testing.T) {
	ix := &ledger{}
	a, c := testAnswers(t, ix)
	ask := func(fn compute) counted {
		t.Helper()
		got, err := a.get(t.Context(), "key", time.Minute, fn)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	says := func(v string) compute {
		return func(context.Context) (any, int64, error) { return v, 1, nil }
	}
	if got := ask(says("first")); got.Value != "first" || got.Old {
		t.Errorf("%+v", got)
	}
	c.pass(time.Hour)
	if got := ask(says("never")); got.Value != "first" || got.Old {
		t.Errorf("nothing has changed: %+v", got)
	}
	ix.state.Add(1)
	gate := make(chan struct{})
	slow := func(context.Context) (any, int64, error) { <-gate; return "second", 1, nil }
	for range 3 {
		if got := ask(slow); got.Value != "first" || !got.Old || !got.Made.Equal(testNow) {
			t.Errorf("while it is made: %+v", got)
		}
	}
	a.mu.Lock()
	j := a.jobs["key"]
	a.mu.Unlock()
	close(gate)
	<-j.done
	if got := ask(says("never")); got.Value != "second" || got.Old || !got.Made.Equal(testNow.Add(time.Hour)) {
		t.Errorf("%+v", got)
	}
}

func TestAnAnswerIsMadeAnewTheNextDay(t *testing.T) {
	a, c := testAnswers(t, &ledger{})
	yes := func(context.Context) (any, int64, error) { return 1, 1, nil }
	if _, err := a.get(t.Context(), "key", time.Minute, yes); err != nil {
		t.Fatal(err)
	}
	c.pass(24 * time.Hour)
	if got, err := a.get(t.Context(), "key", time.Minute, yes); err != nil || !got.Old {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestWhereTheIndexCannotTellAnAnswerHoldsForAMinute(t *testing.T) {
	a, c := testAnswers(t, nil)
	yes := func(context.Context) (any, int64, error) { return 1, 1, nil }
	for _, step := range []struct {
		pass time.Duration
		old  bool
	}{{0, false}, {59 * time.Second, false}, {2 * time.Second, true}} {
		c.pass(step.pass)
		if got, err := a.get(t.Context(), "key", time.Minute, yes); err != nil || got.Old != step.old {
			t.Errorf("after %v: %+v, %v", step.pass, got, err)
		}
	}
}

func TestAnswersThatWereNotUsedForLongestGo(t *testing.T) {
	a, _ := testAnswers(t, &ledger{})
	ask := func(key string, size int64) (fresh bool) {
		t.Helper()
		_, err := a.get(t.Context(), key, time.Minute, func(context.Context) (any, int64, error) {
			fresh = true
			return key, size, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return fresh
	}
	third := int64(maxAnswerBytes / 3)
	for _, key := range []string{"a", "b", "c"} {
		ask(key, third)
	}
	if ask("a", third) {
		t.Error("a is gone although there is room")
	}
	ask("d", third)
	if ask("a", third) || !ask("b", third) {
		t.Error("not the one that was not used for longest has gone")
	}
	ask("huge", maxAnswerBytes+1)
	if a.bytes > maxAnswerBytes || !ask("huge", maxAnswerBytes+1) {
		t.Errorf("%d bytes are kept", a.bytes)
	}
}

func TestAFailureIsToldAndNotKept(t *testing.T) {
	a, _ := testAnswers(t, &ledger{})
	broken := errors.New("broken")
	if _, err := a.get(t.Context(), "key", time.Minute, func(context.Context) (any, int64, error) { return nil, 0, broken }); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	if got, err := a.get(t.Context(), "key", time.Minute, func(context.Context) (any, int64, error) { return 1, 1, nil }); err != nil || got.Value != 1 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestAfterCloseNothingBegins(t *testing.T) {
	a, _ := testAnswers(t, &ledger{})
	a.close()
	if _, err := a.get(t.Context(), "key", time.Minute, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestAReportThatTakesLongSaysSoAndComesBack(t *testing.T) {
	s, ts := newTestServer(t, Config{Index: newTestIndex(t, testMentions(64)...)})
	s.patience = time.Millisecond
	s.answers.slots <- struct{}{}
	s.answers.slots <- struct{}{} // nothing can be worked out
	res, body := get(t, ts, "/report/trend?lang=en&brand=Lumara")
	if res.StatusCode != http.StatusAccepted || res.Header.Get("Refresh") == "" || !strings.Contains(body, "worked out for the first time") ||
		!strings.Contains(body, `href="/report/trend?lang=en&amp;brand=Lumara"`) {
		t.Errorf("%d %v\n%s", res.StatusCode, res.Header, body)
	}
	<-s.answers.slots
	<-s.answers.slots
	s.patience = time.Minute
	s.answers.mu.Lock()
	var under []*job
	for _, j := range s.answers.jobs {
		under = append(under, j)
	}
	s.answers.mu.Unlock()
	for _, j := range under {
		<-j.done
	}
	if res, _ := get(t, ts, "/report/trend?lang=en&brand=Lumara"); res.StatusCode != http.StatusOK {
		t.Errorf("%d", res.StatusCode)
	}
}

func TestFiguresAreWorkedOutInAdvance(t *testing.T) {
	s, _ := newTestServer(t, Config{Index: newTestIndex(t, testMentions(40)...), Reports: testReports})
	s.warm(t.Context())
	for _, name := range research.Names() {
		never := func(context.Context) (any, int64, error) { return nil, 0, errors.New("it is not there") }
		if _, err := s.answers.get(t.Context(), fmt.Sprintf("report %q %q %q %s %s", name, "", []string(nil), "0001-01-01", "0001-01-01"), time.Minute, never); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(s.answers.byKey); n < len(research.Names())+2 {
		t.Errorf("%d answers are kept, want the reports, the overview and the brands at least", n)
	}
}

func TestWhileBrandsAreCountedTheConfiguredOnesAreOffered(t *testing.T) {
	s, _ := newTestServer(t, Config{Index: newTestIndex(t, testMentions(40)...), Brands: []string{"Ours"}})
	s.patience = time.Millisecond
	s.answers.slots <- struct{}{}
	s.answers.slots <- struct{}{}
	if got, err := s.knownBrands(t.Context()); err != nil || !slices.Equal(got, []string{"Ours"}) {
		t.Errorf("%q, %v", got, err)
	}
	<-s.answers.slots
	<-s.answers.slots
	s.patience = time.Minute
	if got, err := s.knownBrands(t.Context()); err != nil || len(got) != 4 {
		t.Errorf("%q, %v", got, err)
	}
}
