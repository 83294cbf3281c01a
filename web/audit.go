package web

import (
	"net/http"

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
