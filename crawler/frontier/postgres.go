package frontier

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// Postgres is a Frontier in a PostgreSQL database (13 or newer), shared by
// processes on any number of machines.
//
// Leases and due times are measured by the database's clock. Times that a
// caller passes or gets are the caller's: they are converted by the difference
// of the two clocks at that moment, so that a machine whose clock is wrong
// neither loses its leases nor comes early to a host that asked for a pause.
//
// The leases of a process that was killed are free when they expire. A call
// fails within callTimeout when the database is away, and at once when its
// context ends; whether a write that was cut off in this way has taken place
// is not known then.
//
// Transactions see each other's finished work between their statements (read
// committed) and hold the rows they change. Most of them meet on no row: those
// of one budget key are its worker's, and what changes many URLs of a source
// takes turns (lockSource). Where they wait for each other in a circle,
// PostgreSQL ends one, which is repeated here.
type Postgres struct {
	*store
	server *postgresServer
}

// postgresServer is the backend.
type postgresServer struct {
	host    string
	db      *sql.DB
	timeout time.Duration // of a call
	budgets *budgetRows
	queries rewritten
}

const (
	connectTimeout = 5 * time.Second
	// callTimeout bounds a transaction as this machine sees it; the server's
	// statement timeout is a little shorter, so that it gives the reason.
	callTimeout = 20 * time.Second
	// maxConnections is what one process takes of the server's.
	maxConnections = 8
	// maxTries is how often a transaction begins that met another.
	maxTries = 5
	// defaultSchema is where the tables are.
	defaultSchema = "klank"
)

// sessionSettings hold where the URL does not say otherwise. A process that is
// stopped within a transaction must not keep its locks. Every query is made to
// walk its index; with only that allowed, a plan that was kept from when the
// tables were small, or that trusts wrong statistics, does not read and sort a
// million URLs.
var sessionSettings = map[string]string{
	"search_path":                         defaultSchema,
	"application_name":                    "klank",
	"statement_timeout":                   "18s",
	"idle_in_transaction_session_timeout": "15s",
	"enable_seqscan":                      "off",
	"enable_bitmapscan":                   "off",
	"enable_sort":                         "off",
	"enable_hashjoin":                     "off",
	"enable_mergejoin":                    "off",
	"max_parallel_workers_per_gather":     "0",
}

// OpenPostgres opens the frontier in the database that url names, in the form
// of libpq ("postgres://user:password@host:5432/name?sslmode=verify-full"). It
// makes the schema and the tables when they are missing, and refuses tables of
// a newer version. The schema is klank, or what search_path in the URL says.
// Between here and the server there may be a pooler that keeps sessions, but
// not one that changes the server connection at each transaction. Errors tell
// nothing of the password.
func OpenPostgres(ctx context.Context, url string) (*Postgres, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("frontier: PostgreSQL: %w", err)
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	for name, value := range sessionSettings {
		if config.RuntimeParams[name] == "" {
			config.RuntimeParams[name] = value
		}
	}
	st := &store{dialect: dialect{
		elements:  "json_array_elements_text(?::json)",
		integer:   "BIGINT",
		forUpdate: " FOR UPDATE",
		forLease:  " FOR UPDATE OF b SKIP LOCKED",
	}}
	p := &postgresServer{host: config.Host, db: stdlib.OpenDB(*config), timeout: callTimeout, budgets: &st.budgets}
	st.backend = p
	p.db.SetMaxOpenConns(maxConnections)
	p.db.SetMaxIdleConns(maxConnections)
	p.db.SetConnMaxIdleTime(time.Minute)
	if err := p.migrate(ctx, config.RuntimeParams["search_path"]); err != nil {
		_ = p.db.Close()
		return nil, fmt.Errorf("frontier: PostgreSQL on %s: %w", config.Host, err)
	}
	return &Postgres{store: st, server: p}, nil
}

// Close ends the connections. Leases that are still held expire.
func (p *Postgres) Close() error { return p.server.db.Close() }

// postgresTypes translates migrations. Texts are compared byte by byte, as
// SQLite does.
var postgresTypes = strings.NewReplacer(
	"INTEGER PRIMARY KEY", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
	"INTEGER", "BIGINT",
	"TEXT", `TEXT COLLATE "C"`)

// migrationLock is the advisory lock of those who make or change tables.
const migrationLock = 0x6b6c616e6b // "klank"

func (p *postgresServer) migrate(ctx context.Context, schema string) error {
	t, err := p.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = t.Rollback() }()
	exec := func(query string) {
		if err == nil {
			_, err = t.ExecContext(ctx, query)
		}
	}
	exec("SET LOCAL statement_timeout = 0") // a new index may take long
	exec("SELECT pg_advisory_xact_lock(" + strconv.Itoa(migrationLock) + ")")
	var hasTables, hasSchema bool
	if err == nil {
		err = t.QueryRowContext(ctx, "SELECT to_regclass('frontier_version') IS NOT NULL, to_regnamespace($1) IS NOT NULL",
			pgx.Identifier{schema}.Sanitize()).Scan(&hasTables, &hasSchema)
	}
	if err != nil {
		return err
	}
	if !hasSchema { // one that was made for us needs no right to make schemas
		exec("CREATE SCHEMA " + pgx.Identifier{schema}.Sanitize())
	}
	var version int
	if hasTables {
		if err := t.QueryRowContext(ctx, "SELECT version FROM frontier_version").Scan(&version); err != nil {
			return err
		}
	} else {
		exec("CREATE TABLE frontier_version (version BIGINT NOT NULL)")
		exec("INSERT INTO frontier_version VALUES (0)")
	}
	if version > len(migrations) {
		return newer("the schema "+schema, version)
	}
	for _, m := range migrations[version:] {
		for statement := range strings.SplitSeq(strings.TrimSpace(postgresTypes.Replace(m)), ";\n") {
			exec(statement)
		}
	}
	exec("UPDATE frontier_version SET version = " + strconv.Itoa(len(migrations)))
	if err != nil {
		return err
	}
	return t.Commit()
}

// read implements backend. All that fn reads is from one moment.
func (p *postgresServer) read(ctx context.Context, fn func(*tx) error) error {
	err := cut(ctx, p.attempt(ctx, fn, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead}))
	if err != nil {
		err = fmt.Errorf("PostgreSQL on %s: %w", p.host, err)
	}
	return err
}

// write implements backend.
func (p *postgresServer) write(ctx context.Context, fn func(*tx) error) error {
	for try := 1; ; try++ {
		err := p.attempt(ctx, fn, nil)
		if err == nil || errors.Is(err, ErrLeaseLost) {
			return err
		}
		if try == maxTries || !collided(err) {
			return fmt.Errorf("frontier: PostgreSQL on %s: %w", p.host, cut(ctx, err))
		}
		select {
		case <-time.After(rand.N(time.Duration(try) * 20 * time.Millisecond)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Compact implements Erasures. Others wait until the table is rewritten.
func (p *postgresServer) Compact(ctx context.Context) error {
	c, err := p.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("frontier: PostgreSQL on %s: %w", p.host, err)
	}
	defer c.Close()
	for _, s := range []string{"SET statement_timeout = 0", "VACUUM (FULL) urls", "RESET statement_timeout"} {
		if _, err := c.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("frontier: PostgreSQL on %s: compact: %w", p.host, err)
		}
	}
	return nil
}

func (p *postgresServer) attempt(ctx context.Context, fn func(*tx) error, options *sql.TxOptions) error {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	c, err := p.begin(ctx, options)
	if err != nil {
		return err
	}
	defer func() { _ = c.Rollback() }()
	t := &tx{ctx: ctx, run: numbered{c, &p.queries}}
	if err := t.askTime(); err != nil {
		return err
	}
	if err := fn(t); err != nil {
		return err
	}
	if err := c.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	p.budgets.keep(t.made)
	return nil
}

// begin begins a transaction. After a restart of the server every connection
// that was kept fails once; only when none can be made is the server away.
func (p *postgresServer) begin(ctx context.Context, options *sql.TxOptions) (c *sql.Tx, err error) {
	for range maxConnections + 1 {
		c, err = p.db.BeginTx(ctx, options)
		var away *pgconn.ConnectError
		if err == nil || ctx.Err() != nil || errors.As(err, &away) {
			break
		}
	}
	return c, err
}

// collided tells whether a transaction was ended for another's sake.
func collided(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.Code == "40P01" || e.Code == "40001") // deadlock, serialization failure
}

// cut is err, or why the caller's ctx ended when that was first. A caller is
// not to take a call's own timeout for the end of its context.
func cut(ctx context.Context, err error) error {
	switch {
	case err != nil && ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("the database does not answer in time: %v", err)
	}
	return err
}

// askTime asks for the database's time. Compared with this machine's before
// the question, it can be late by the time that the answer takes, never early.
func (t *tx) askTime() error {
	before := time.Now()
	var micros int64
	if err := t.row("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint").Scan(&micros); err != nil {
		return err
	}
	now := time.UnixMicro(micros)
	t.now, t.ahead = now.UnixMilli(), now.Sub(before)
	return nil
}

// insert implements backend, with one statement for all links, and one for
// those that were known.
func (p *postgresServer) insert(t *tx, source, run int64, links []found) (added []int64, known []found, err error) {
	n := len(links)
	urls, budgets := make([]string, n), make([]int64, n)
	states, priorities, depths, hops := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	for i, l := range links {
		urls[i], budgets[i], states[i] = l.URL, l.budget, int64(l.state())
		priorities[i], depths[i], hops[i] = int64(l.Priority), int64(l.Depth), int64(l.Hops)
	}
	number := func(scan func(...any) error) (n int64, err error) { err = scan(&n); return n, err }
	rows, err := t.rows(`INSERT INTO urls (source, url, budget, state, priority, due, depth, hops, run)
		SELECT ?, l.url, l.budget, l.state, l.priority, ?, l.depth, l.hops, ?
		FROM unnest(?::text[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[])
			WITH ORDINALITY AS l (url, budget, state, priority, depth, hops, n)
		ORDER BY l.n ON CONFLICT (source, url) DO NOTHING RETURNING CASE WHEN state = 0 THEN budget ELSE 0 END`,
		source, t.now, run, urls, budgets, states, priorities, depths, hops)
	if err != nil {
		return nil, nil, err
	}
	if added, err = collect(rows, number); err != nil {
		return nil, nil, err
	}
	inserted := len(added)
	added = slices.DeleteFunc(added, func(budget int64) bool { return budget == 0 })
	if inserted == n {
		return added, nil, nil
	}
	rows, err = t.rows(`SELECT l.n - 1 FROM unnest(?::text[], ?::bigint[], ?::bigint[]) WITH ORDINALITY AS l (url, depth, priority, n)
		JOIN urls u ON u.source = ? AND u.url = l.url COLLATE "C"
		WHERE u.depth > l.depth OR u.priority > l.priority FOR UPDATE OF u`,
		urls, depths, priorities, source)
	if err != nil {
		return nil, nil, err
	}
	nearer, err := collect(rows, number)
	for _, i := range nearer {
		known = append(known, links[i])
	}
	return added, known, err
}

// numbered writes the placeholders of a query as PostgreSQL wants them. The
// texts are few: the driver keeps a prepared statement for each.
type numbered struct {
	runner
	*rewritten
}

func (r numbered) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return r.runner.ExecContext(ctx, r.dollars(query), args...)
}

func (r numbered) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return r.runner.QueryContext(ctx, r.dollars(query), args...)
}

// rewritten holds the answers of dollars, which are as many as there are
// queries in this package.
type rewritten struct{ queries sync.Map }

// dollars turns each ? into $1, $2 and so on, and each ?1 into $1. No query
// has a question mark that is anything else.
func (r *rewritten) dollars(query string) string {
	if q, ok := r.queries.Load(query); ok {
		return q.(string)
	}
	var b strings.Builder
	n := 0
	for i := range len(query) {
		switch {
		case query[i] != '?':
			b.WriteByte(query[i])
		case i+1 < len(query) && query[i+1] >= '1' && query[i+1] <= '9':
			b.WriteByte('$')
		default:
			n++
			b.WriteString("$" + strconv.Itoa(n))
		}
	}
	r.queries.Store(query, b.String())
	return b.String()
}
