// Package browsertest has the Chromium of this machine for tests that look at
// pages as people do.
package browsertest

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Open starts a Chromium with a fresh profile, which ends with the test. Where
// there is none the test is skipped, or fails where KLANK_TEST_REQUIRE asks for
// chromium.
func Open(t testing.TB) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if strings.Contains(os.Getenv("KLANK_TEST_REQUIRE"), "chromium") {
			t.Fatal("no chromium on this machine, and KLANK_TEST_REQUIRE asks for it")
		}
		t.Skip("skipped: no chromium on this machine, so the pages are not looked at in a browser")
	}
	if testing.Short() {
		t.Skip("skipped with -short: no browser")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("lang", "en"),
		chromedp.UserDataDir(t.TempDir()), chromedp.WSURLReadTimeout(60*time.Second))
	alloc, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(func() { chromedp.Cancel(ctx); cancel() })
	if err := chromedp.Do(ctx); err != nil { // the first context of all is the browser's
		t.Fatalf("chromium does not start: %v", err)
	}
	return ctx
}
