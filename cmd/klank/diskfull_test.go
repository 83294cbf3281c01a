package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// smallDisk mounts a file system of 16 MB, which fill fills to the last
// byte and empty relieves.
func smallDisk(t *testing.T, folder string) (fill, empty func()) {
	t.Helper()
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		t.Skip("skipped: only root on Linux may mount a small disk")
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", "size=16m", "klank-test", folder).CombinedOutput()
	if err != nil {
		t.Skipf("skipped: a small disk may not be mounted here: %s", out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", folder).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	})
	filler := filepath.Join(folder, "filler")
	fill = func() {
		f, err := os.Create(filler)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for err == nil { // to the last page
			_, err = f.Write(make([]byte, 4096))
		}
	}
	empty = func() {
		if err := os.Remove(filler); err != nil {
			t.Fatal(err)
		}
	}
	return fill, empty
}

// TestAFullDiskLosesNothing fills, in the middle of a crawl, the disk that
// holds the saved pages, the frontier, the index, or all of them: the crawl
// fails and says why, and when there is room again the next one ends with the
// mentions of an undisturbed run. KLANK_TEST_FAULTS=full fills the index's disk
// alone too.
func TestAFullDiskLosesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped with -short: waits for several crawls")
	}
	m := startMarket(t)
	calm := newFleet(t, m, "")
	calm.finish()
	want := exported(t, calm.data)
	disks := []string{".", "snapshots", frontierFile}
	if fullFaults() { // waits until pages were tried often enough
		disks = append(disks, indexFile)
	}
	for _, where := range disks {
		t.Run(where, func(t *testing.T) {
			f := newFleet(t, m, "")
			disk := filepath.Join(f.data, where)
			if strings.HasSuffix(where, ".db") { // the database alone
				disk = filepath.Join(t.TempDir(), "disk")
			}
			fill, empty := smallDisk(t, disk)
			if strings.HasSuffix(where, ".db") {
				if err := os.MkdirAll(f.data, 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.Symlink(filepath.Join(disk, where), filepath.Join(f.data, where)); err != nil {
					t.Fatal(err)
				}
			}
			p := f.start()
			if !wait(faultWait, func() bool { return len(f.log()) >= 15 }) {
				t.Fatal("the crawl does not begin")
			}
			fill()
			err := p.Wait()
			if code := p.ProcessState.ExitCode(); code != exitFailed && code != exitPartial || !strings.Contains(p.stderr.String(), "no space left") {
				t.Errorf("the crawl ended with %v\n%s", err, &p.stderr)
			}
			empty()
			f.finish()
			if diff := changedMentions(want, exported(t, f.data)); diff != "" {
				t.Errorf("the mentions differ from an undisturbed run's:\n%s", diff)
			}
			f.checkRequests()
		})
	}
}

// TestWithoutRoomForPagesNothingIsAsked has a snapshot folder that cannot be
// written, or made.
func TestWithoutRoomForPagesNothingIsAsked(t *testing.T) {
	m := startMarket(t)
	faults := map[string]func(folder string) error{
		"a file in its place": func(folder string) error { return os.WriteFile(folder, nil, 0o600) },
	}
	if os.Geteuid() != 0 { // root may write everywhere
		faults["no right to write"] = func(folder string) error { return os.Mkdir(folder, 0o500) }
	}
	for what, spoil := range faults {
		t.Run(what, func(t *testing.T) {
			f := newFleet(t, m, "")
			if err := os.MkdirAll(f.data, 0o755); err != nil {
				t.Fatal(err)
			}
			folder := filepath.Join(f.data, "snapshots")
			if err := spoil(folder); err != nil {
				t.Fatal(err)
			}
			p := f.start()
			_ = p.Wait()
			if code := p.ProcessState.ExitCode(); code != exitFailed || !strings.Contains(p.stderr.String(), folder) {
				t.Errorf("exit status %d\n%s", code, &p.stderr)
			}
			if n := len(f.log()); n > 0 {
				t.Errorf("%d requests without a place to keep what comes", n)
			}
		})
	}
}
