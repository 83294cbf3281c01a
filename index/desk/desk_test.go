package desk

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// The environment of a process that writes cases until it is stopped.
const (
	writerEnv = "KLANK_TEST_DESK"        // the file or address
	writerID  = "KLANK_TEST_DESK_WRITER" // names what it writes
)

func TestMain(m *testing.M) {
	if place := os.Getenv(writerEnv); place != "" {
		if err := writeCases(place, os.Getenv(writerID)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// writeCases opens a desk, writes 20 cases, says so, and goes on writing as
// long as somebody listens.
func writeCases(place, id string) error {
	ctx := context.Background()
	s, err := openAny(place)
	if err != nil {
		return err
	}
	defer s.Close()
	for n := 1; ; n++ {
		c := Case{Mention: fmt.Sprintf("%s-%d", id, n), State: StateIgnored, Note: strings.Repeat("word ", 50), By: id, At: time.Now()}
		if _, err := s.SetCase(ctx, c); err != nil {
			return err
		}
		if _, err := fmt.Println(c.Mention); err != nil || n == 20 && !strings.HasPrefix(id, "endless") {
			return err
		}
	}
}

func writer(t *testing.T, place, id string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), writerEnv+"="+place, writerID+"="+id)
	cmd.Stderr = os.Stderr
	return cmd
}

func TestProcessesMayMakeTheDeskAtTheSameTime(t *testing.T) {
	everywhere(t, func(t *testing.T, place string) {
		var wg sync.WaitGroup
		for i := range 3 {
			cmd := writer(t, place, fmt.Sprint("p", i))
			wg.Go(func() {
				if err := cmd.Run(); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		cases, err := openTest(t, place).Cases(t.Context())
		if err != nil || len(cases) != 60 {
			t.Errorf("%d cases of three times 20, %v", len(cases), err)
		}
	})
}

func TestADeskIsReadableAfterItsProcessWasKilled(t *testing.T) {
	everywhere(t, func(t *testing.T, place string) {
		cmd := writer(t, place, "endless")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines, last := bufio.NewScanner(out), ""
		for n := 0; n < 40 && lines.Scan(); n++ {
			last = lines.Text()
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() {
			last = lines.Text() // written before it died
		}
		_ = cmd.Wait() // it was killed
		s := openTest(t, place)
		history, err := s.CaseHistory(t.Context(), last)
		if err != nil || len(history) != 1 || history[0].State != StateIgnored {
			t.Errorf("the last acknowledged case %q is %v, %v", last, history, err)
		}
		if _, err := s.SetCase(t.Context(), Case{Mention: "after", State: StateOpen, At: time.Now()}); err != nil {
			t.Error(err)
		}
	})
}

func TestAFullDeskSaysWhatToDo(t *testing.T) {
	s := openTest(t, filepath.Join(t.TempDir(), "desk.db"))
	var pages int
	if err := s.db.QueryRow("PRAGMA page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.Exec(fmt.Sprintf("PRAGMA max_page_count = %d", pages+1)); err != nil {
		t.Fatal(err)
	}
	var err error
	for i := 0; i < 1000 && err == nil; i++ {
		_, err = s.SetCase(t.Context(), Case{Mention: fmt.Sprint(i), State: StateIgnored, Note: strings.Repeat("n", MaxNote), At: time.Now()})
	}
	if err == nil || !strings.Contains(err.Error(), "no space left") || !strings.Contains(err.Error(), "free some") {
		t.Errorf("of a full desk it is said: %v", err)
	}
	if cases, err := s.Cases(t.Context()); err != nil || len(cases) == 0 {
		t.Errorf("a full desk reads %d cases, %v", len(cases), err)
	}
}

func TestADeskThatCannotBeWrittenSaysWhatToDo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "desk.db")
	s := openTest(t, path)
	if _, err := s.db.Exec("PRAGMA query_only = 1"); err != nil { // also for root, whom no rights stop
		t.Fatal(err)
	}
	_, err := s.SetCase(t.Context(), Case{Mention: "m", State: StateIgnored, At: time.Now()})
	if err == nil || !strings.Contains(err.Error(), "cannot be written; check the rights") {
		t.Errorf("of a read-only desk it is said: %v", err)
	}
	_, err = Open(t.Context(), filepath.Join(t.TempDir(), "missing", "desk.db"))
	if err == nil || !strings.Contains(err.Error(), "check the rights") {
		t.Errorf("of a missing folder it is said: %v", err)
	}
}

func TestABackupHoldsWhatTheDeskHolds(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, filepath.Join(dir, "desk.db"))
	if _, err := s.SetCase(t.Context(), Case{Mention: "m", State: StateIgnored, At: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(t.Context(), filepath.Join(dir, "copy.db")); err != nil {
		t.Fatal(err)
	}
	if cases, err := openTest(t, filepath.Join(dir, "copy.db")).Cases(t.Context()); err != nil || len(cases) != 1 {
		t.Errorf("the copy has %v, %v", cases, err)
	}
}
