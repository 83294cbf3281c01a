package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"klank/index/desk"
)

// auditPage is how many entries are read at once.
const auditPage = 500

func newAudit(e *env) *cobra.Command {
	var q desk.AuditQuery
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Show who saw saved pages, changed, exported or erased what",
		Long: `audit lists what was done, the latest first: saved pages that were looked at, labels
that were corrected, answers, exports, what was erased or put back, users and tokens.
It names no author and quotes no text. retention.audit in the configuration says how
long it is kept, 365 days without.`,
		Example: `  klank audit --limit 20
  klank audit --who anna --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if q.Limit < 1 {
				return usagef("--limit %d is out of range; give 1 or more", q.Limit)
			}
			return runAudit(cmd.Context(), e, q, asJSON)
		},
	}
	cmd.Flags().StringVar(&q.Who, "who", "", "only what they did, e.g. anna or token:dashboard")
	cmd.Flags().StringVar(&q.Action, "action", "", "only that, e.g. snapshot or forget")
	cmd.Flags().IntVar(&q.Limit, "limit", 100, "entries at most")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	return cmd
}

func runAudit(ctx context.Context, e *env, q desk.AuditQuery, asJSON bool) error {
	_, d, err := e.openDesk(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	var log []desk.AuditEntry
	for left := q.Limit; left > 0; {
		q.Limit = min(left, auditPage)
		page, next, err := d.AuditLog(ctx, q)
		if err != nil {
			return err
		}
		log, left = append(log, page...), left-len(page)
		if next == nil {
			break
		}
		q.After = *next
	}
	return e.printList(asJSON, len(log), func(i int) (any, string) {
		a := log[i]
		return a, strings.TrimRight(fmt.Sprintf("%s  %-20s %-16s %s %s", a.At.Format(time.RFC3339), clean(a.Who), clean(a.Action),
			clean(a.Object), clean(a.Detail)), " ")
	}, "nothing was done that is remembered")
}
