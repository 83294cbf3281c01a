package desk

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

var testTime = time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)

func TestAUserIsThereOnceAndGoesWithTheirSessions(t *testing.T) {
	everywhere(t, func(t *testing.T, place string) {
		s, ctx := openTest(t, place), t.Context()
		if has, err := s.HasUsers(ctx); has || err != nil {
			t.Errorf("a new desk has users: %v, %v", has, err)
		}
		anna := User{Name: "anna", Role: Reader, Password: "hash 1", Created: testTime}
		if err := s.AddUser(ctx, anna); err != nil {
			t.Fatal(err)
		}
		if err := s.AddUser(ctx, anna); !errors.Is(err, ErrExists) {
			t.Errorf("the same once more: %v", err)
		}
		if err := s.AddUser(ctx, User{Name: "olga", Role: Operator, Password: "hash 2", Created: testTime}); err != nil {
			t.Fatal(err)
		}
		if u, err := s.User(ctx, "anna"); err != nil || u.Role != Reader || u.Password != "hash 1" || !u.Created.Equal(testTime) {
			t.Errorf("%+v, %v", u, err)
		}
		if us, err := s.Users(ctx); err != nil || len(us) != 2 || us[0].Name != "anna" || us[0].Password != "" {
			t.Errorf("%+v, %v", us, err)
		}
		log := func(hash, name string, ends time.Time) {
			t.Helper()
			if err := s.AddSession(ctx, Session{Hash: hash, User: User{Name: name}, Created: testTime, Expires: ends}); err != nil {
				t.Fatal(err)
			}
		}
		log("a1", "anna", testTime.Add(time.Hour))
		log("a2", "anna", testTime.Add(2*time.Hour))
		log("o1", "olga", testTime.Add(time.Hour))
		there := func(hash string, at time.Time) bool {
			t.Helper()
			n, err := s.Session(ctx, hash, at)
			if err != nil && !errors.Is(err, ErrUnknown) {
				t.Fatal(err)
			}
			return err == nil && n.User.Name != "" && n.User.Role != ""
		}
		if !there("a1", testTime) || there("a1", testTime.Add(time.Hour)) || !there("a2", testTime.Add(time.Hour)) || there("none", testTime) {
			t.Error("a session holds as long as it should not, or not as long as it should")
		}
		if err := s.ExtendSession(ctx, "a1", testTime.Add(3*time.Hour)); err != nil || !there("a1", testTime.Add(2*time.Hour)) {
			t.Errorf("an extended session ends early (%v)", err)
		}
		if err := s.EndSession(ctx, "a2"); err != nil || there("a2", testTime) {
			t.Errorf("an ended session holds (%v)", err)
		}
		if err := s.SetPassword(ctx, "anna", "hash 3", testTime.Add(time.Minute)); err != nil || there("a1", testTime) || !there("o1", testTime) {
			t.Errorf("a new password ends other sessions than the user's (%v)", err)
		}
		if u, err := s.User(ctx, "anna"); err != nil || u.Password != "hash 3" || !u.Changed.Equal(testTime.Add(time.Minute)) {
			t.Errorf("%+v, %v", u, err)
		}
		if err := s.RemoveUser(ctx, "olga"); err != nil || there("o1", testTime) {
			t.Errorf("a session outlives its user (%v)", err)
		}
		for name, err := range map[string]error{"remove": s.RemoveUser(ctx, "olga"), "password": s.SetPassword(ctx, "olga", "x", testTime)} {
			if !errors.Is(err, ErrUnknown) {
				t.Errorf("%s of nobody: %v", name, err)
			}
		}
	})
}

func TestATokenHoldsUntilItExpiresOrIsRevoked(t *testing.T) {
	everywhere(t, func(t *testing.T, place string) {
		s, ctx := openTest(t, place), t.Context()
		for _, tok := range []Token{{Name: "b", Hash: "hb", Scope: ScopeWrite, Created: testTime, Expires: testTime.Add(time.Hour)},
			{Name: "a", Hash: "ha", Scope: ScopeRead, Created: testTime}} {
			if err := s.AddToken(ctx, tok); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.AddToken(ctx, Token{Name: "a", Hash: "hc", Scope: ScopeRead, Created: testTime}); !errors.Is(err, ErrExists) {
			t.Errorf("the same name once more: %v", err)
		}
		if tok, err := s.Token(ctx, "hb", testTime); err != nil || tok.Name != "b" || tok.Scope != ScopeWrite || !tok.Used.IsZero() {
			t.Errorf("%+v, %v", tok, err)
		}
		if err := s.UseToken(ctx, "a", testTime); err != nil {
			t.Fatal(err)
		}
		if tok, err := s.Token(ctx, "ha", testTime.AddDate(50, 0, 0)); err != nil || !tok.Expires.IsZero() || !tok.Used.Equal(testTime) {
			t.Errorf("%+v, %v", tok, err)
		}
		if err := s.RevokeToken(ctx, "a"); err != nil {
			t.Fatal(err)
		}
		for what, err := range map[string]error{"expired": second(s.Token(ctx, "hb", testTime.Add(time.Hour))), "revoked": second(s.Token(ctx, "ha", testTime)),
			"revoked again": s.RevokeToken(ctx, "a")} {
			if !errors.Is(err, ErrUnknown) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if toks, err := s.Tokens(ctx); err != nil || len(toks) != 1 || toks[0].Name != "b" {
			t.Errorf("%+v, %v", toks, err)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestTheAuditLogIsWalkedInPagesAndKeptForSomeTime(t *testing.T) {
	everywhere(t, func(t *testing.T, place string) {
		s, ctx := openTest(t, place), t.Context()
		for i := range 25 { // several at the same moment
			e := AuditEntry{At: testTime.Add(time.Duration(i/4) * time.Second), Who: fmt.Sprint("user", i%2), Role: Reader, Action: "snapshot", Object: fmt.Sprint(i)}
			if err := s.Audit(ctx, e, 0); err != nil {
				t.Fatal(err)
			}
		}
		walk := func(q AuditQuery) (objects map[string]bool) {
			t.Helper()
			objects = map[string]bool{}
			before := testTime.AddDate(1, 0, 0)
			for q.Limit = 4; ; {
				page, next, err := s.AuditLog(ctx, q)
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range page {
					if objects[e.Object] || e.At.After(before) {
						t.Errorf("%s comes twice, or out of order", e.Object)
					}
					objects[e.Object], before = true, e.At
				}
				if next == nil {
					return objects
				}
				q.After = *next
			}
		}
		if all, one, none := walk(AuditQuery{}), walk(AuditQuery{Who: "user1", Action: "snapshot"}), walk(AuditQuery{Who: "user1", Action: "login"}); len(all) != 25 || len(one) != 12 || len(none) != 0 {
			t.Errorf("there are %d, %d and %d", len(all), len(one), len(none))
		}
		if err := s.Audit(ctx, AuditEntry{At: testTime.Add(time.Hour), Who: "late", Role: Reader, Action: "login"}, time.Hour-5*time.Second); err != nil {
			t.Fatal(err)
		}
		if left := walk(AuditQuery{}); len(left) != 6 {
			t.Errorf("%d are left of 26, 5 of them young enough", len(left))
		}
	})
}
