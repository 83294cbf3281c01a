package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"klank/crawler/frontier"
	"klank/index/desk"
	"klank/index/sqlite"
)

func newBackup(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "backup DIR",
		Short: "Copy the data folder while crawls go on",
		Long: `backup writes a copy of the data folder into DIR, which must not exist or be
empty: the state of the crawl, the index, the saved pages, what people added
and the secret. Crawls and the service may go on meanwhile. The copy is a data folder
like any other: name it with --data, or put it in the place of the old one.

What is kept in PostgreSQL or Elasticsearch is for their own tools to back up. What
klank forget erases stays in earlier backups.`,
		Example: `  klank backup /backups/klank-2026-03-14
  klank search --data /backups/klank-2026-03-14 delivery`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return runBackup(cmd.Context(), e, args[0]) },
	}
}

func runBackup(ctx context.Context, e *env, dir string) error {
	if _, err := os.Stat(filepath.Join(e.data, secretFile)); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is nothing in %s to back up; name the data folder with --data", e.data)
	}
	cfg, err := e.loadConfig()
	if err != nil {
		return err
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return usagef("%s is not empty; name a new folder", dir)
	}
	if err := os.MkdirAll(filepath.Join(dir, snapshotDir), 0o700); err != nil {
		return err
	}
	p := &printer{w: e.out}
	// In this order: what the crawl takes for done is in the index, and every
	// page that either of them names is saved.
	for _, part := range []struct {
		name string
		copy func(ctx context.Context, from, to string) error
	}{{frontierFile, backupFrontier}, {indexFile, backupIndex}, {deskFile, backupDesk}, {snapshotDir, backupPages}, {modelDir, backupModels}, {secretFile, backupFile}} {
		from := filepath.Join(e.data, part.name)
		if part.name == snapshotDir {
			from = e.snapshotsIn(cfg)
		}
		if _, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) {
			p.linef("%s: there is none", part.name)
			continue
		}
		if err := part.copy(ctx, from, filepath.Join(dir, part.name)); err != nil {
			return fmt.Errorf("%s: %w; what is in %s so far is no backup", part.name, err, dir)
		}
		p.linef("%s: copied", part.name)
	}
	return p.err
}

func backupFrontier(ctx context.Context, from, to string) error {
	fr, err := frontier.OpenSQLite(from)
	if err != nil {
		return err
	}
	return errors.Join(fr.Backup(ctx, to), fr.Close())
}

func backupIndex(ctx context.Context, from, to string) error {
	ix, err := sqlite.Open(from)
	if err != nil {
		return err
	}
	return errors.Join(ix.Backup(ctx, to), ix.Close())
}

func backupDesk(ctx context.Context, from, to string) error {
	d, err := desk.Open(ctx, from)
	if err != nil {
		return err
	}
	return errors.Join(d.Backup(ctx, to), d.Close())
}

// backupPages copies the files of saved pages. They only grow, so one that is
// being written is whole up to its last page.
func backupPages(ctx context.Context, from, to string) error {
	files, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, f := range files {
		if !f.Type().IsRegular() {
			continue
		}
		err := backupFile(ctx, filepath.Join(from, f.Name()), filepath.Join(to, f.Name()))
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // else retention has taken it away
			return err
		}
	}
	return nil
}

// backupModels copies the models that were learnt.
func backupModels(ctx context.Context, from, to string) error {
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	return backupPages(ctx, from, to)
}

// backupFile copies a file, and has it on disk when it returns.
func backupFile(ctx context.Context, from, to string) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}
