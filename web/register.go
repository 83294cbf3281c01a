package web

import (
	"net/http"
	"time"

	"klank/index"
	"klank/index/desk"
	"klank/mention"
)

// Register is what the record of processing activities says that the index
// cannot tell (GDPR, Article 30). What the controller has not filled in is said
// to be missing.
type Register struct {
	// Controller is who decides on the processing, Contact where they are
	// reached, Purpose what it is for, Basis on which ground of Article 6.
	Controller, Contact, Purpose, Basis string
	// Authors is what is kept of them in the index: pseudonym, name or drop.
	Authors string
	Sources []RegisterSource
	// Kinds is how long after its publication a mention of a kind is kept at
	// most; a kind that is missing is kept as its source says.
	Kinds map[mention.Kind]time.Duration
	// PagesFor is how long a saved page is kept that is not the latest of its
	// URL; 0 is without end.
	PagesFor time.Duration
	// Recipients are others that data goes to by themselves.
	Recipients []Recipient
}

// RegisterSource is where personal data comes from.
type RegisterSource struct {
	Name, Type string
	// Terms is the note on what the source's terms of use say.
	Terms string
	// For is how long what it gave is kept; 0 is without end.
	For time.Duration
	// Pages tells whether raw pages are kept.
	Pages bool
}

// Recipient is where data goes: Kind is elasticsearch, postgres, email, slack,
// webhook or file, Where an address or a host.
type Recipient struct{ Kind, Where string }

// Days is For in days.
func (s RegisterSource) Days() int { return days(s.For) }

// days rounds up.
func days(d time.Duration) int { return int((d + 24*time.Hour - 1) / (24 * time.Hour)) }

// recipientKinds are the values of Recipient.Kind that have words.
var recipientKinds = []string{"elasticsearch", "postgres", "email", "slack", "webhook", "file"}

type registerPage struct {
	Register
	// Facts are what the controller says, in the order of Article 30.
	Facts []registerFact
	// KindRows are the kinds that are kept for some time only.
	KindRows []kindRow
	// Found are sources of which there are mentions and no configuration.
	Found []string
	// Users have access, and tokens of the API; Token and Proxy are other ways in.
	Users        []desk.User
	Tokens       int
	Token, Proxy bool
	Feeds        bool // their addresses open them
	TLS          bool
	PagesDays    int // 0 is without end
	AuditDays    int
	Made         time.Time
}

type kindRow struct {
	Kind mention.Kind
	Days int
}

// registerFact is a thing that only the controller can say: Key names its words.
type registerFact struct{ Key, Value string }

// register shows the record of processing.
func (s *Server) register(w http.ResponseWriter, r *http.Request) {
	p := &registerPage{Register: s.cfg.Register, AuditDays: days(s.cfg.AuditFor), PagesDays: days(s.cfg.Register.PagesFor), Token: s.cfg.Token != "", Proxy: s.cfg.Proxy.Header != "", Feeds: s.cfg.Alerts.FeedKey != nil && !s.open(r.Context()),
		TLS: overTLS(r), Made: s.now()}
	p.Facts = []registerFact{{"controller", p.Controller}, {"contact", p.Contact}, {"purpose", p.Purpose}, {"basis", p.Basis}}
	for _, kind := range mention.Kinds {
		if d := p.Kinds[kind]; d > 0 {
			p.KindRows = append(p.KindRows, kindRow{kind, days(d)})
		}
	}
	if err := s.fillRegister(r, p); err != nil {
		s.failWith(w, r, "the register could not be made", err)
		return
	}
	s.render(w, r, http.StatusOK, "register", "register.title", p)
}

func (s *Server) fillRegister(r *http.Request, p *registerPage) error {
	known, err := s.cfg.Index.Aggregate(r.Context(), index.AggregateRequest{Facets: []index.Facet{{Field: "source", Size: sourcesCounted}}})
	if err != nil {
		return err
	}
	configured := map[string]bool{}
	for _, src := range p.Sources {
		configured[src.Name] = true
	}
	for _, b := range known.Facets["source"] {
		if !configured[b.Value] {
			p.Found = append(p.Found, b.Value)
		}
	}
	if s.cfg.Desk == nil {
		return nil
	}
	if p.Users, err = s.cfg.Desk.Users(r.Context()); err != nil {
		return err
	}
	tokens, err := s.cfg.Desk.Tokens(r.Context())
	p.Tokens = len(tokens)
	return err
}
