package desk

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"
)

var alertTime = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// eachDesk runs a test on each kind of desk, opened twice, as by two processes.
func eachDesk(t *testing.T, test func(t *testing.T, a, b *Store)) {
	everywhere(t, func(t *testing.T, place string) { test(t, openTest(t, place), openTest(t, place)) })
}

func check(at time.Time, channels []AlertChannel, subjects ...string) AlertCheck {
	c := AlertCheck{Rule: AlertRule{Name: "klachten", Print: "p", Started: alertTime, Checked: at}, Kind: "new", Facts: "{}", Channels: channels, KeepSince: at.AddDate(0, 0, -40)}
	for _, s := range subjects {
		c.Subjects = append(c.Subjects, AlertSubject{ID: s})
	}
	return c
}

func raise(t *testing.T, s *Store, c AlertCheck) []string {
	t.Helper()
	ev, err := s.RaiseAlert(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if ev == nil {
		return nil
	}
	return ev.Subjects
}

func TestASubjectIsToldOfOnceUnlessItsRevisionGrows(t *testing.T) {
	eachDesk(t, func(t *testing.T, a, b *Store) {
		if got := raise(t, a, check(alertTime, nil, "m2", "m1", "m2")); fmt.Sprint(got) != "[m2 m1]" {
			t.Errorf("first: %v", got)
		}
		if got := raise(t, b, check(alertTime, nil, "m1", "m3")); fmt.Sprint(got) != "[m3]" {
			t.Errorf("by another process: %v", got)
		}
		c := check(alertTime, nil)
		c.Subjects = []AlertSubject{{"m1", 2}, {"m2", 0}}
		if got := raise(t, a, c); fmt.Sprint(got) != "[m1]" {
			t.Errorf("a greater revision: %v", got)
		}
		c = check(alertTime, nil, "m3")
		c.Resolves = true
		raise(t, a, c)
		if got := raise(t, a, check(alertTime, nil, "m1", "m3")); fmt.Sprint(got) != "[m1]" {
			t.Errorf("after it held no more: %v", got)
		}
	})
}

func TestOfSeveralThatFindTheSameOneRaisesIt(t *testing.T) {
	eachDesk(t, func(t *testing.T, a, b *Store) {
		channel := []AlertChannel{{Name: "team"}}
		var wg sync.WaitGroup
		var mu sync.Mutex
		told := map[string]int{}
		for i := range 8 {
			s := []*Store{a, b}[i%2]
			wg.Go(func() {
				for k := range 5 {
					ev, err := s.RaiseAlert(t.Context(), check(alertTime, channel, fmt.Sprint("m", (i+k)%6), fmt.Sprint("m", (i*k)%6)))
					if err != nil {
						t.Error(err)
						return
					}
					if ev != nil {
						mu.Lock()
						for _, id := range ev.Subjects {
							told[id]++
						}
						mu.Unlock()
					}
				}
			})
		}
		wg.Wait()
		for id, n := range told {
			if n != 1 {
				t.Errorf("%s was raised %d times", id, n)
			}
		}
	})
}

func TestAMessageIsClaimedByOneAndTakenOverWhenItsLeaseEnds(t *testing.T) {
	eachDesk(t, func(t *testing.T, a, b *Store) {
		raise(t, a, check(alertTime, []AlertChannel{{Name: "team"}}, "m1"))
		first := claim(t, a, "one", alertTime)
		if first == nil || first.Attempts != 1 || first.Unsure || len(first.Events) != 1 || fmt.Sprint(first.Events[0].Subjects) != "[m1]" {
			t.Fatalf("claimed %+v", first)
		}
		if m := claim(t, b, "two", alertTime.Add(30*time.Second)); m != nil {
			t.Errorf("claimed twice: %+v", m)
		}
		second := claim(t, b, "two", alertTime.Add(2*time.Minute))
		if second == nil || second.ID != first.ID || second.Unsure {
			t.Fatalf("taken over: %+v", second)
		}
		if mine, err := a.HandAlert(t.Context(), first); mine || err != nil {
			t.Errorf("the one that was late may send: %v, %v", mine, err)
		}
		if mine, err := b.HandAlert(t.Context(), second); !mine || err != nil {
			t.Fatalf("the holder may not send: %v, %v", mine, err)
		}
		third := claim(t, a, "three", alertTime.Add(4*time.Minute))
		if third == nil || !third.Unsure {
			t.Fatalf("that it may have arrived is lost: %+v", third)
		}
		if err := b.SettleAlert(t.Context(), second, AlertFailed, "late", alertTime, time.Time{}); err != nil {
			t.Fatal(err)
		}
		settle(t, a, third, AlertUnsure, alertTime.Add(4*time.Minute))
		if m := claim(t, a, "four", alertTime.Add(time.Hour)); m != nil {
			t.Errorf("sent again: %+v", m)
		}
		if err := a.AgainAlert(t.Context(), first.ID, alertTime.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if m := claim(t, a, "five", alertTime.Add(time.Hour)); m == nil || m.ID != first.ID || m.Unsure {
			t.Errorf("asked for once more: %+v", m)
		}
		if err := a.AgainAlert(t.Context(), "none", alertTime); !errors.Is(err, ErrNoAlert) {
			t.Errorf("of none: %v", err)
		}
	})
}

func claim(t *testing.T, s *Store, owner string, now time.Time) *AlertMessage {
	t.Helper()
	m, err := s.ClaimAlert(t.Context(), owner, now, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func settle(t *testing.T, s *Store, m *AlertMessage, state string, now time.Time) {
	t.Helper()
	if err := s.SettleAlert(t.Context(), m, state, "", now, time.Time{}); err != nil {
		t.Fatal(err)
	}
}

func TestManyClaimersSendEachMessageOnce(t *testing.T) {
	eachDesk(t, func(t *testing.T, a, b *Store) {
		const messages = 20
		for i := range messages {
			c := check(alertTime, []AlertChannel{{Name: "team"}}, "m")
			c.Rule.Name = fmt.Sprint("rule", i)
			raise(t, a, c)
		}
		var mu sync.Mutex
		sent := map[string]int{}
		var wg sync.WaitGroup
		for i := range 4 {
			s := []*Store{a, b}[i%2]
			wg.Go(func() {
				for empty := 0; empty < 3; {
					m, err := s.ClaimAlert(t.Context(), fmt.Sprint("owner", i), alertTime, time.Minute)
					if err != nil {
						t.Error(err)
						return
					}
					if m == nil {
						empty++
						continue
					}
					mu.Lock()
					sent[m.ID]++
					mu.Unlock()
					if err := s.SettleAlert(t.Context(), m, AlertSent, "", alertTime, time.Time{}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if len(sent) != messages {
			t.Errorf("%d messages were claimed, want %d", len(sent), messages)
		}
		for id, n := range sent {
			if n != 1 {
				t.Errorf("%s was claimed %d times", id, n)
			}
		}
	})
}

func TestWhatIsHeldBackIsSentTogether(t *testing.T) {
	eachDesk(t, func(t *testing.T, a, _ *Store) {
		morning := alertTime.Add(8 * time.Hour)
		quiet := []AlertChannel{{"team", morning}, {"chat", time.Time{}}}
		raise(t, a, check(alertTime, quiet, "m1"))
		raise(t, a, check(alertTime.Add(time.Hour), quiet, "m2"))
		if m := claim(t, a, "x", alertTime.Add(time.Hour)); m == nil || m.Channel != "chat" || len(m.Events) != 1 {
			t.Errorf("without quiet hours: %+v", m)
		}
		if m := claim(t, a, "x", alertTime.Add(time.Hour)); m == nil || m.Channel != "chat" {
			t.Errorf("without quiet hours, the second: %+v", m)
		}
		if m := claim(t, a, "x", alertTime.Add(time.Hour)); m != nil {
			t.Errorf("not held back: %+v", m)
		}
		all, err := a.AlertMessages(t.Context(), 10)
		if err != nil || len(all) != 3 {
			t.Fatalf("%d messages, %v; want 3", len(all), err)
		}
		var held *AlertMessage
		for held == nil || held.Channel != "team" { // the others' leases have ended by then
			if held = claim(t, a, "y", morning); held == nil {
				t.Fatal("nothing in the morning")
			}
		}
		if len(held.Events) != 2 {
			t.Errorf("in the morning: %+v", held)
		}
	})
}

func TestAnEventIsAcknowledgedOnceAndForgetsItsMentions(t *testing.T) {
	eachDesk(t, func(t *testing.T, a, _ *Store) {
		raise(t, a, check(alertTime, []AlertChannel{{Name: "team"}}, "m1", "m2"))
		events, err := a.AlertEvents(t.Context(), 10)
		if err != nil || len(events) != 1 || events[0].Count != 2 {
			t.Fatalf("%+v, %v", events, err)
		}
		for _, who := range []string{"ann", "bob"} {
			if err := a.AckAlert(t.Context(), events[0].ID, who, alertTime.Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
		}
		if err := a.AckAlert(t.Context(), "none", "ann", alertTime); !errors.Is(err, ErrNoAlert) {
			t.Errorf("of none: %v", err)
		}
		if err := a.ForgetMentions(t.Context(), []string{"m1"}); err != nil {
			t.Fatal(err)
		}
		events, err = a.AlertEvents(t.Context(), 10)
		if err != nil || events[0].AckedBy != "ann" || fmt.Sprint(events[0].Subjects) != "[m2]" {
			t.Errorf("%+v, %v", events, err)
		}
		if r, ok, err := a.AlertRule(t.Context(), "klachten"); err != nil || !ok || r.Holds != 2 || !r.Started.Equal(alertTime) {
			t.Errorf("the rule: %+v, %v, %v", r, ok, err)
		}
		// A year later the next event takes the old one's place.
		raise(t, a, check(alertTime.AddDate(1, 1, 0), nil, "m9"))
		if events, err = a.AlertEvents(t.Context(), 10); err != nil || len(events) != 1 || events[0].Subjects[0] != "m9" {
			t.Errorf("after a year: %+v, %v", events, err)
		}
	})
}
