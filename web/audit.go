package web

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"klank/index/desk"
)

// audit remembers that whoever makes the request has done something to object:
// an id, a source, a path, never a text or an author's name.
func (s *Server) audit(r *http.Request, action, object, detail string) {
	if s.cfg.Desk == nil {
		return
	}
	id := who(r)
	err := s.cfg.Desk.Audit(r.Context(), desk.AuditEntry{At: s.now(), Who: id.Name, Role: id.Role, Action: action,
		Object: object, Detail: detail}, s.cfg.AuditFor)
	if err != nil {
		s.log.Error("web: the audit log could not be written", "action", action, "error", err)
	}
}

// auditShown is how many entries a page of the audit log has.
const auditShown = 100

// auditActions are the words that have texts; they are chosen from.
var auditActions = []string{"login", "snapshot", "labels", "queue", "saved", "export", "forget", "requeue", "source", "try", "alerts",
	"user.add", "user.password", "user.remove", "token.add", "token.revoke"}

type auditPage struct {
	Who, Action string
	Actions     []string
	Entries     []desk.AuditEntry
	Next        string // the address of the next page
	Days        int    // it is kept for; 0 is without end
	Off         bool   // nothing is remembered
}

// auditLog shows who did what, the latest first.
func (s *Server) auditLog(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	p := &auditPage{Who: strings.TrimSpace(q.Get("who")), Action: q.Get("action"), Actions: auditActions,
		Days: days(s.cfg.AuditFor), Off: s.cfg.Desk == nil}
	if p.Off {
		s.render(w, r, http.StatusOK, "audit", "audit.title", p)
		return
	}
	after, ok := readAuditPlace(q.Get("after"))
	if !ok {
		s.fail(w, r, http.StatusBadRequest, "")
		return
	}
	var next *desk.AuditPlace
	var err error
	p.Entries, next, err = s.cfg.Desk.AuditLog(r.Context(), desk.AuditQuery{Who: p.Who, Action: p.Action, Limit: auditShown, After: after})
	if err != nil {
		s.failWith(w, r, "the audit log could not be read", err)
		return
	}
	if next != nil {
		q.Set("after", writeAuditPlace(*next))
		p.Next = (&url.URL{Path: r.URL.Path, RawQuery: q.Encode()}).String()
	}
	s.render(w, r, http.StatusOK, "audit", "audit.title", p)
}

// writeAuditPlace makes a place in the audit log fit for an address.
func writeAuditPlace(p desk.AuditPlace) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(p.At, 10) + " " + p.ID))
}

func readAuditPlace(s string) (p desk.AuditPlace, ok bool) {
	if s == "" {
		return p, true
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return p, false
	}
	at, id, ok := strings.Cut(string(b), " ")
	p.ID = id
	p.At, err = strconv.ParseInt(at, 10, 64)
	return p, ok && err == nil
}
