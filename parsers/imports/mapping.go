package imports

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"klank/parsers/normalize"
)

// Role is what a column holds.
type Role string

// The roles of columns. Answers in several columns of Text become one text,
// a paragraph each.
const (
	ID        Role = "id"
	Text      Role = "text"
	Title     Role = "title"
	Author    Role = "author"
	Email     Role = "email" // tells authors apart, and is not stored
	Published Role = "date"
	Rating    Role = "rating"
	NPS       Role = "nps"  // would you recommend us, 0 to 10
	CSAT      Role = "csat" // how satisfied, up to Column.Best
	Item      Role = "item"
	Brand     Role = "brand"
	SKU       Role = "sku"
	URL       Role = "url"
	Language  Role = "language"
	Reply     Role = "reply"
	Replied   Role = "reply_date"
	Ignore    Role = "ignore"
)

// Roles lists every Role.
var Roles = []Role{ID, Text, Title, Author, Email, Published, Rating, NPS, CSAT, Item, Brand, SKU, URL, Language, Reply, Replied, Ignore}

// Column is how one column of a table is read.
type Column struct {
	Header string  `json:"column"`
	Role   Role    `json:"role"`
	Best   float64 `json:"best,omitzero"` // the top of the scale of a grade; 0: as each cell says
	// Guessed says that nobody gave the role.
	Guessed bool `json:"guessed,omitempty"`
}

// Mapping is how the columns of a table are read, in their order.
type Mapping []Column

// has tells whether a column has one of the roles.
func (m Mapping) has(roles ...Role) bool {
	return slices.ContainsFunc(m, func(c Column) bool { return slices.Contains(roles, c.Role) })
}

// ParseRole reads a role as configurations write it: "text", or with the top
// of the scale "csat/7", "rating/10".
func ParseRole(s string) (Role, float64, error) {
	name, top, scaled := strings.Cut(s, "/")
	role := Role(strings.TrimSpace(name))
	if !slices.Contains(Roles, role) {
		return "", 0, fmt.Errorf("%q is no role of a column; allowed are %s", s, joined(Roles))
	}
	if !scaled {
		return role, 0, nil
	}
	best, err := strconv.ParseFloat(strings.TrimSpace(top), 64)
	if err != nil || best < 2 || best > 1000 || (role != Rating && role != CSAT) {
		return "", 0, fmt.Errorf("%q: a scale stands after rating or csat, e.g. csat/7", s)
	}
	return role, best, nil
}

func joined[S ~string](all []S) string {
	var b strings.Builder
	for i, s := range all {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(s))
	}
	return b.String()
}

// headers are words of headers by role, in Dutch and English; the longest that
// stands in a header decides. Exports and surveys of many programs use them.
var headers = map[Role][]string{
	ID: {"id", "review id", "reference id", "respondent id", "response id", "submission id", "nummer", "respondentnummer", "referentie"},
	Text: {"review content", "review text", "review", "text", "tekst", "content", "comment", "comments", "body", "message", "feedback",
		"opmerking", "opmerkingen", "toelichting", "bericht", "reactie", "antwoord op open vraag", "open ended response", "verbatim",
		"waarom", "why", "reason", "reden", "wat kunnen we", "what could we", "what can we", "tell us", "vertel", "beoordelingstekst", "ervaring", "experience",
		"wat vond u", "wat vond je", "verbeteren", "improve"},
	Title:  {"title", "titel", "review title", "headline", "subject", "onderwerp", "kop", "samenvatting", "summary"},
	Author: {"author", "auteur", "name", "naam", "reviewer", "review username", "username", "user name", "gebruikersnaam", "nickname", "customer name", "klantnaam", "display name"},
	Email:  {"email", "e mail", "email address", "e mail address", "e mailadres", "emailadres", "review user email", "user email", "mailadres"},
	Published: {"date", "datum", "timestamp", "tijdstempel", "created", "created at", "review created", "review created utc", "submitted", "submitted at", "published",
		"geplaatst", "ingezonden", "end date", "einddatum", "date modified", "review date", "date submitted", "completed"},
	Rating: {"rating", "stars", "sterren", "review stars", "star rating", "score", "cijfer", "grade", "beoordeling", "waardering", "rapportcijfer"},
	NPS: {"nps", "net promoter score", "aanbevelen", "aanbeveelt", "aan te bevelen", "how likely", "hoe waarschijnlijk", "would you recommend",
		"likelihood to recommend", "likely to recommend"},
	CSAT:  {"csat", "satisfaction", "satisfied", "tevreden", "tevredenheid", "klanttevredenheid", "customer effort", "how easy", "hoe makkelijk"},
	Item:  {"product", "product name", "productnaam", "item", "item name", "artikel", "article", "location name", "locatie", "location", "vestiging", "store", "winkel", "service reviewed"},
	Brand: {"brand", "merk"}, SKU: {"sku", "product id", "product sku", "artikelnummer", "ean", "gtin"},
	URL:      {"url", "link", "review url", "review link", "permalink"},
	Language: {"language", "taal", "review language", "locale", "lang"},
	Reply:    {"reply", "company reply", "owner reply", "response text", "business response", "reactie bedrijf", "antwoord bedrijf", "review reply", "merchant reply"},
	Replied:  {"reply date", "company reply date", "company reply date utc", "replied at", "reply created"},
	Ignore: {"ip address", "ip adres", "collector id", "start date", "startdatum", "review user id", "consumer user id", "business unit id", "tags", "source of review", "first name", "last name", "location id",
		"custom data", "domain url", "webshop name", "status", "phone", "telefoon", "telefoonnummer", "adres", "address", "postcode"},
}

// words are the lower-case words of a header, with a space on either side.
func words(header string) string {
	fields := strings.FieldsFunc(strings.ToLower(header), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return " " + strings.Join(fields, " ") + " "
}

// guessRole is the role whose words stand in a header, those of greater length
// first; "" for none.
func guessRole(header string) Role {
	h, best, length := words(header), Role(""), 0
	for _, role := range Roles {
		for _, w := range headers[role] {
			if len(w) > length && strings.Contains(h, " "+w+" ") {
				best, length = role, len(w)
			}
		}
	}
	return best
}

// newMapping gives every column a role: the given one, or that which header
// and the first rows suggest. A column without any is left out of what is read.
func newMapping(header []string, rows [][]string, o *Options) (Mapping, error) {
	m := make(Mapping, len(header))
	given := map[string]bool{}
	for i, h := range header {
		m[i] = Column{Header: h, Role: Ignore, Guessed: true}
		spec, ok := o.Columns[h]
		if !ok {
			continue
		}
		given[h] = true
		role, best, err := ParseRole(spec)
		if err != nil {
			return nil, err
		}
		m[i] = Column{Header: h, Role: role, Best: best}
	}
	for h := range o.Columns {
		if !given[h] {
			return nil, fmt.Errorf("import: there is no column %q; there are %s", h, quoted(header))
		}
	}
	for i := range m {
		if m[i].Guessed {
			m[i].Role = fitting(guessRole(m[i].Header), column(rows, i), o.Language)
		}
	}
	m.once()
	m.findText(rows)
	for i := range m {
		if (m[i].Role == CSAT || m[i].Role == Rating) && m[i].Best == 0 {
			m[i].Best = scale(column(rows, i))
		}
	}
	if !m.has(Text, Title, Rating, NPS, CSAT) {
		return nil, fmt.Errorf("import: no column looks like a text or a grade; say which with --column 'HEADER=text'; there are %s", quoted(header))
	}
	return m, nil
}

// once leaves a role that only one column can have with the first one: a given
// one, else the first guessed.
func (m Mapping) once() {
	several := []Role{Text, CSAT, Ignore}
	for _, given := range []bool{true, false} {
		for i := range m {
			c := &m[i]
			if c.Guessed == given || slices.Contains(several, c.Role) {
				continue
			}
			for j := range m {
				if other := &m[j]; j != i && other.Role == c.Role && other.Guessed && (j > i || given) {
					other.Role = Ignore
				}
			}
		}
	}
}

// findText takes the column with the longest texts where none is named like
// one.
func (m Mapping) findText(rows [][]string) {
	if m.has(Text) {
		return
	}
	best, length := -1, 20.0 // characters on average, at least
	for i := range m {
		if !m[i].Guessed || m[i].Role != Ignore || guessRole(m[i].Header) != "" {
			continue
		}
		cells := column(rows, i)
		total, spaced := 0, 0
		for _, c := range cells {
			total += len(c)
			if strings.Contains(strings.TrimSpace(c), " ") {
				spaced++
			}
		}
		if n := float64(total) / float64(max(1, len(cells))); n > length && spaced*2 > len(cells) {
			best, length = i, n
		}
	}
	if best >= 0 {
		m[best].Role = Text
	}
}

// fitting is the role, if at least two thirds of the cells can have it, else
// Ignore.
func fitting(role Role, cells []string, lang string) Role {
	var fits func(string) bool
	switch role {
	case Published, Replied:
		fits = func(s string) bool {
			_, _, ok := normalize.Date(s, lang, noTime)
			return ok || normalize.Ambiguous(s, lang)
		}
	case NPS:
		fits = func(s string) bool { v, ok := number(s); return ok && v >= 0 && v <= 10 }
	case Rating, CSAT:
		fits = func(s string) bool { return grade(s, 0) != nil }
	case URL:
		fits = func(s string) bool { return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://") }
	case "":
		return Ignore
	default:
		return role
	}
	n := 0
	for _, c := range cells {
		if fits(c) {
			n++
		}
	}
	switch {
	case n*3 >= len(cells)*2:
		return role
	case role == Rating || role == NPS || role == CSAT: // "Beoordeling": in words
		return proseOr(cells)
	}
	return Ignore
}

// proseOr is Text where cells hold sentences.
func proseOr(cells []string) Role {
	n := 0
	for _, c := range cells {
		if strings.Count(strings.TrimSpace(c), " ") >= 2 {
			n++
		}
	}
	if n*2 > len(cells) {
		return Text
	}
	return Ignore
}

// column returns the cells of a column that are not empty.
func column(rows [][]string, i int) []string {
	var out []string
	for _, r := range rows {
		if i < len(r) && strings.TrimSpace(r[i]) != "" {
			out = append(out, strings.TrimSpace(r[i]))
		}
	}
	return out
}

// scale is the top of the scale that the plain numbers of a column are on: the
// first usual one that none of them is above; 0 where they say it themselves.
func scale(cells []string) float64 {
	most := 0.0
	for _, c := range cells {
		v, ok := number(c)
		if !ok {
			return 0
		}
		most = max(most, v)
	}
	for _, best := range []float64{5, 7, 10, 100} {
		if most <= best {
			return best
		}
	}
	return 0
}

func quoted(header []string) string {
	var b strings.Builder
	for i, h := range header {
		if i > 0 {
			b.WriteString(", ")
		}
		if i == 30 {
			fmt.Fprintf(&b, "and %d more", len(header)-i)
			break
		}
		b.WriteString(strconv.Quote(h))
	}
	return b.String()
}
