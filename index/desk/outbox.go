package desk

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// The states of an AlertMessage. A message is claimed before it is sent, and
// handed over right before the last byte leaves: from then on nobody but its
// receiver knows whether it arrived.
const (
	AlertWaiting = "waiting" // for its time, or for the next attempt
	AlertSending = "sending" // claimed, and surely not sent yet
	AlertHanded  = "handed"  // claimed, and perhaps sent
	AlertSent    = "sent"
	AlertFailed  = "failed" // given up; AgainAlert starts anew
	AlertUnsure  = "unsure" // perhaps sent: nobody tries again by itself
	AlertDropped = "dropped"
)

// AlertMessage is what is, or was, to be sent over one channel: one event of a
// rule, or those that were held back together.
type AlertMessage struct {
	// ID is the same for every attempt: receivers recognise a second one by it.
	ID, Rule, Channel string
	State             string
	// NotBefore is when it is tried next, Ended when it reached its last state.
	Created, NotBefore, Ended time.Time
	Attempts                  int
	// Problem is what the latest attempt failed with.
	Problem string
	// Events are what it tells of, in their order.
	Events []AlertEvent
	// Unsure says of a claimed message that an earlier attempt may have arrived.
	Unsure bool
	owner  string
}

// enqueue puts an event into the message of its rule that a channel still holds
// back, or into a new one.
func enqueue(ctx context.Context, tx *sql.Tx, ev *AlertEvent, ch AlertChannel) error {
	at := ev.Raised
	if ch.NotBefore.After(at) {
		at = ch.NotBefore
	}
	id := ""
	// The update locks the message, so that nobody claims it meanwhile.
	err := tx.QueryRowContext(ctx, `UPDATE alert_messages SET not_before = not_before WHERE id = (SELECT min(id) FROM alert_messages
		WHERE rule = $1 AND channel = $2 AND state = $3 AND attempts = 0 AND not_before > $4) AND state = $3 RETURNING id`,
		ev.Rule, ch.Name, AlertWaiting, millis(ev.Raised)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		id = newID()
		_, err = tx.ExecContext(ctx, `INSERT INTO alert_messages (id, rule, channel, state, created, not_before, attempts, owner, leased, ended, problem)
			VALUES ($1, $2, $3, $4, $5, $6, 0, '', 0, 0, '')`, id, ev.Rule, ch.Name, AlertWaiting, millis(ev.Raised), millis(at))
	}
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO alert_parts (message, event) VALUES ($1, $2)", id, ev.ID)
	return err
}

const messageColumns = "id, rule, channel, state, created, not_before, attempts, ended, problem"

func (m *AlertMessage) scan(row interface{ Scan(...any) error }) error {
	var created, notBefore, ended int64
	if err := row.Scan(&m.ID, &m.Rule, &m.Channel, &m.State, &created, &notBefore, &m.Attempts, &ended, &m.Problem); err != nil {
		return err
	}
	m.Created, m.NotBefore, m.Ended = moment(created), moment(notBefore), moment(ended)
	return nil
}

// ClaimAlert takes the next message that is due for the owner, who has it until
// the lease ends: then whoever held it is taken for dead. It returns nil where
// nothing is due.
func (s *Store) ClaimAlert(ctx context.Context, owner string, now time.Time, lease time.Duration) (*AlertMessage, error) {
	var m *AlertMessage
	err := s.write(ctx, func(tx *sql.Tx) error {
		var id, state string
		err := tx.QueryRowContext(ctx, `SELECT id, state FROM alert_messages WHERE state IN ($1, $2, $3) AND not_before <= $4 AND leased <= $4
			ORDER BY not_before, id LIMIT 1`, AlertWaiting, AlertSending, AlertHanded, millis(now)).Scan(&id, &state)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		got := &AlertMessage{owner: owner, Unsure: state == AlertHanded}
		err = got.scan(tx.QueryRowContext(ctx, `UPDATE alert_messages SET state = $1, owner = $2, leased = $3, attempts = attempts + 1
			WHERE id = $4 AND state = $5 AND leased <= $6 RETURNING `+messageColumns, AlertSending, owner, millis(now.Add(lease)), id, state, millis(now)))
		if errors.Is(err, sql.ErrNoRows) { // another was quicker
			return nil
		}
		m = got
		return err
	})
	if err != nil || m == nil {
		return nil, err
	}
	m.Events, err = s.eventsOf(ctx, m.ID)
	return m, err
}

func (s *Store) eventsOf(ctx context.Context, message string) ([]AlertEvent, error) {
	return s.alertEvents(ctx, `SELECT id, rule, kind, raised, count, facts, acked, acked_by FROM alert_events
		WHERE id IN (SELECT event FROM alert_parts WHERE message = $1) ORDER BY raised, id`, message)
}

// HandAlert notes that a claimed message is about to arrive. It tells whether
// it is still the claimer's: otherwise it must not be sent.
func (s *Store) HandAlert(ctx context.Context, m *AlertMessage) (mine bool, err error) {
	err = s.write(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, "UPDATE alert_messages SET state = $1 WHERE id = $2 AND owner = $3 AND state = $4", AlertHanded, m.ID, m.owner, AlertSending)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		mine = n == 1
		return err
	})
	return mine && err == nil, err
}

// SettleAlert notes how an attempt went: state is AlertSent, AlertFailed,
// AlertUnsure or AlertDropped, or AlertWaiting for another attempt at a time.
// What is no longer the claimer's stays as it is.
func (s *Store) SettleAlert(ctx context.Context, m *AlertMessage, state, problem string, now, again time.Time) error {
	ended := now
	if state == AlertWaiting {
		ended = time.Time{}
	}
	return s.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE alert_messages SET state = $1, problem = $2, not_before = $3, ended = $4, owner = '', leased = 0
			WHERE id = $5 AND owner = $6`, state, problem, max(millis(again), millis(m.NotBefore)), millis(ended), m.ID, m.owner)
		return err
	})
}

// AgainAlert has a message that failed, or that perhaps was sent, sent once
// more.
func (s *Store) AgainAlert(ctx context.Context, id string, now time.Time) error {
	return s.write(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, "UPDATE alert_messages SET state = $1, not_before = $2, attempts = 0, ended = 0 WHERE id = $3 AND state IN ($4, $5)",
			AlertWaiting, millis(now), id, AlertFailed, AlertUnsure)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrNoAlert)
		}
		return nil
	})
}

// AlertMessages returns the latest messages, latest first, at most limit, each
// with the ids of its events only.
func (s *Store) AlertMessages(ctx context.Context, limit int) ([]AlertMessage, error) {
	out, err := collect(ctx, s, func(rows *sql.Rows) (m AlertMessage, err error) {
		err = m.scan(rows)
		return m, err
	}, "SELECT "+messageColumns+" FROM alert_messages ORDER BY created DESC, id LIMIT $1", limit)
	if err != nil {
		return nil, err
	}
	for i := range out {
		if out[i].Events, err = s.partsOf(ctx, out[i].ID); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s *Store) partsOf(ctx context.Context, message string) ([]AlertEvent, error) {
	return collect(ctx, s, func(rows *sql.Rows) (ev AlertEvent, err error) {
		err = rows.Scan(&ev.ID)
		return ev, err
	}, "SELECT event FROM alert_parts WHERE message = $1 ORDER BY event", message)
}
