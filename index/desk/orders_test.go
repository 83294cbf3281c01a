package desk

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

func TestEveryHolderIsToldOfAnOrderUntilItIsCarriedOut(t *testing.T) {
	eachDesk(t, func(t *testing.T, a, b *Store) {
		ctx := t.Context()
		for _, id := range []string{"one", "two"} {
			if err := a.Hold(ctx, id, "machine "+id, alertTime); err != nil {
				t.Fatal(err)
			}
		}
		n, err := b.GiveOrder(ctx, []byte("sealed"), alertTime)
		if err != nil || n != 1 {
			t.Fatalf("order %d, %v", n, err)
		}
		if err := b.Hold(ctx, "late", "machine late", alertTime); err != nil {
			t.Fatal(err)
		}
		owes := func() string {
			t.Helper()
			hs, err := b.Holders(ctx)
			if err != nil {
				t.Fatal(err)
			}
			s := ""
			for _, h := range hs {
				s += fmt.Sprint(h.ID, " ", h.Owes, " ", h.Since.IsZero(), "; ")
			}
			return s
		}
		if got := owes(); got != "one 1 false; two 1 false; late 0 true; " {
			t.Errorf("owed is %s", got)
		}
		if err := a.CarriedOut(ctx, "one", 1); err != nil {
			t.Fatal(err)
		}
		if os, err := b.Orders(ctx, "one"); err != nil || len(os) != 0 {
			t.Errorf("one is told of %v, %v", os, err)
		}
		os, err := b.Orders(ctx, "two")
		if err != nil || len(os) != 1 || string(os[0].Sealed) != "sealed" || !os[0].At.Equal(alertTime) {
			t.Errorf("two is told of %v, %v", os, err)
		}
		if found, err := a.Release(ctx, "two"); err != nil || !found {
			t.Errorf("release: %v, %v", found, err)
		}
		var sealed string
		if err := a.db.QueryRow("SELECT sealed FROM orders").Scan(&sealed); err != nil || sealed != "" {
			t.Errorf("after all have carried it out the order says %q, %v", sealed, err)
		}
	})
}

func TestOrdersThatAreGivenAtTheSameTimeHaveNumbersOfTheirOwn(t *testing.T) {
	eachDesk(t, func(t *testing.T, a, b *Store) {
		var wg sync.WaitGroup
		var mu sync.Mutex
		seen := map[int]bool{}
		for i := range 8 {
			wg.Go(func() {
				n, err := []*Store{a, b}[i%2].GiveOrder(t.Context(), nil, alertTime)
				mu.Lock()
				defer mu.Unlock()
				if err != nil || seen[n] {
					t.Errorf("order %d again, or %v", n, err)
				}
				seen[n] = true
			})
		}
		wg.Wait()
	})
}

func TestAnotherSecretShows(t *testing.T) {
	eachDesk(t, func(t *testing.T, a, b *Store) {
		for _, own := range []string{"first", "second"} {
			if got, err := []*Store{a, b}[len(own)%2].SecretPrint(t.Context(), own); err != nil || got != "first" {
				t.Errorf("%s: %q, %v", own, got, err)
			}
		}
	})
}

func TestOneProcessAtATimeErasesInAHolder(t *testing.T) {
	eachDesk(t, func(t *testing.T, a, b *Store) {
		ctx := t.Context()
		if err := a.Hold(ctx, "one", "machine", alertTime); err != nil {
			t.Fatal(err)
		}
		until := alertTime.Add(time.Hour)
		claim := func(s *Store, at time.Time) bool {
			t.Helper()
			mine, err := s.Claim(ctx, "one", at, until)
			if err != nil {
				t.Fatal(err)
			}
			return mine
		}
		if !claim(a, alertTime) || claim(b, alertTime) {
			t.Error("both have the turn")
		}
		if err := a.Unclaim(ctx, "one"); err != nil || !claim(b, alertTime) {
			t.Errorf("after the turn nobody has it, %v", err)
		}
		if !claim(a, until.Add(time.Second)) {
			t.Error("a turn never ends that was not given back")
		}
	})
}
