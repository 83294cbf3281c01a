// Command klank listens to a market: it collects what customers publish about
// a brand and its rivals, politely and completely, says what it is about and
// at which moment of truth, and answers what people ask before they buy.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := execute(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
