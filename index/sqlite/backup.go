package sqlite

import "context"

// Backup writes the index as it is at this moment into a new file, while
// others read and write. The file at path must not exist.
func (ix *Index) Backup(ctx context.Context, path string) error {
	_, err := ix.readers.ExecContext(ctx, "VACUUM INTO ?", path)
	return ix.wrap("back up", err)
}
