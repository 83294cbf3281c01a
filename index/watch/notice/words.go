package notice

import (
	"math"
	"net/url"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"klank/index/desk"
	"klank/index/watch"
	"klank/mention"
)

// words are what is said, in English and Dutch, with the verbs of package fmt.
// A %s for a number has been written by the language.
var words = map[string][2]string{
	"new.one":        {"one new mention", "één nieuwe vermelding"},
	"new.more":       {"%d new mentions", "%d nieuwe vermeldingen"},
	"waiting.one":    {"one mention waits for a reply for more than %s", "één vermelding wacht langer dan %s op antwoord"},
	"waiting.more":   {"%[2]d mentions wait for a reply for more than %[1]s", "%[2]d vermeldingen wachten langer dan %[1]s op antwoord"},
	"count":          {"%d mentions in %s (%d in as long before)", "%d vermeldingen in %s (%d in net zo lang ervoor)"},
	"surge":          {"%d mentions since %s, where %s were expected", "%d vermeldingen sinds %s, waar er %s verwacht werden"},
	"sentiment_drop": {"%s of the mentions are negative, %s before", "%s van de vermeldingen is negatief, eerder %s"},
	"rating_drop":    {"%s stars on average, %s before", "gemiddeld %s sterren, eerder %s"},
	"source.one":     {"one source needs a look", "één bron vraagt aandacht"},
	"source.more":    {"%d sources need a look", "%d bronnen vragen aandacht"},
	"suspect":        {"%s: the latest run is suspect", "%s: de laatste ronde is verdacht"},
	"silent":         {"%s: no good run for long", "%s: al lang geen goede ronde"},
	"test":           {"This is a test: it works.", "Dit is een proef: het werkt."},
	"held":           {"%s, and %d more", "%s, en nog %d"},
	"more":           {"and %d more", "en nog %d"},
	"interval":       {"change %s, 95 %% between %s and %s", "verandering %s, 95 %% tussen %s en %s"},
	"within":         {"within %s", "binnen %s"},
	"rests":          {"n = %d", "n = %d"},
	"coverage":       {"coverage %s", "dekking %s"},
	"unknown":        {"coverage unknown", "dekking onbekend"},
	"all":            {"Look at all of them", "Bekijk ze allemaal"},
	"status":         {"Look at the sources", "Bekijk de bronnen"},
	"open":           {"In klank", "In klank"},
	"original":       {"At its source", "Bij de bron"},
	"notext":         {"(no text)", "(geen tekst)"},
	"stars":          {"%s of 5 stars", "%s van 5 sterren"},
	"alert":          {"Alert", "Melding"},
	"raised":         {"raised %s", "gemeld %s"},
	"why":            {"klank sent this because of the rule %q. Rules stand in klank.yaml, under alerts.", "klank stuurde dit vanwege de regel %q. Regels staan in klank.yaml, onder alerts."},
	"hour.one":       {"an hour", "een uur"},
	"hour.more":      {"%d hours", "%d uur"},
	"day.one":        {"a day", "een dag"},
	"day.more":       {"%d days", "%d dagen"},
	"negative":       {"negative", "negatief"},
	"neutral":        {"neutral", "neutraal"},
	"positive":       {"positive", "positief"},

	"digest":             {"The digest", "Het overzicht"},
	"digest.title.one":   {"The last day", "De afgelopen dag"},
	"digest.title.more":  {"The last %d days", "De afgelopen %d dagen"},
	"digest.why":         {"klank sent this because of digest in klank.yaml.", "klank stuurde dit vanwege digest in klank.yaml."},
	"digest.changes":     {"What changed", "Wat er veranderde"},
	"digest.chance":      {"A change whose interval holds 0 may be chance.", "Een verandering waarvan het interval 0 bevat kan toeval zijn."},
	"digest.lately.one":  {"the last day", "de afgelopen dag"},
	"digest.lately.more": {"the last %d days", "de afgelopen %d dagen"},
	"digest.before.one":  {"the day before", "de dag ervoor"},
	"digest.before.more": {"the %d days before", "de %d dagen ervoor"},
	"digest.change":      {"change", "verandering"},
	"digest.mentions":    {"mentions", "vermeldingen"},
	"digest.negative":    {"negative", "negatief"},
	"digest.stars":       {"mean rating", "gemiddeld cijfer"},
	"digest.touchpoints": {"Spoken of most", "Het meest besproken"},
	"digest.praise":      {"Shares are of those who speak of the touchpoint.", "Delen zijn van wie over het contactpunt spreekt."},
	"digest.queue":       {"Answer these first", "Antwoord deze het eerst"},
	"digest.sources":     {"The sources", "De bronnen"},
	"digest.nothing":     {"Nothing in these days.", "Niets in deze dagen."},
	"digest.nobody":      {"Nobody waits for a reply.", "Niemand wacht op antwoord."},
	"digest.whole":       {"All of it", "Alles"},
}

// voice says things in one language.
type voice struct {
	at      int // in words
	code    string
	printer *message.Printer
}

func newVoice(code string) *voice {
	if code == "nl" {
		return &voice{1, code, message.NewPrinter(language.Dutch)}
	}
	return &voice{0, "en", message.NewPrinter(language.English)}
}

func (v *voice) say(key string, args ...any) string {
	return v.printer.Sprintf(words[key][v.at], args...)
}

// counted says key.one, or key.more with n in front of args or behind them.
func (v *voice) counted(key string, n int, args ...any) string {
	if n == 1 {
		return v.say(key+".one", args...)
	}
	return v.say(key+".more", append(args, n)...)
}

// number has at most so many decimals; a dash where there is none.
func (v *voice) number(f *float64, digits int) string {
	if f == nil {
		return "–"
	}
	p := math.Pow10(digits)
	return v.printer.Sprint(math.Round(*f*p)/p + 0)
}

// percent is a share of 0..1.
func (v *voice) percent(f *float64) string {
	if f == nil {
		return "–"
	}
	whole := math.Round(100 * *f)
	return v.printer.Sprintf("%d %%", int(whole))
}

// lasting is a number of hours in words.
func (v *voice) lasting(hours float64) string {
	if hours >= 24 {
		return v.counted("day", int(math.Round(hours/24)))
	}
	return v.counted("hour", max(1, int(math.Round(hours))))
}

// Lasting is a time in words: hours, or days from one day on.
func Lasting(language string, d time.Duration) string { return newVoice(language).lasting(d.Hours()) }

// figure is a share or stars, by the condition.
func (v *voice) figure(kind string, f *float64) string {
	if kind == watch.Sentiment {
		return v.percent(f)
	}
	return v.number(f, 2)
}

// summary says in one line what an event tells of.
func (v *voice) summary(ev *desk.AlertEvent, f *watch.Facts) string {
	switch ev.Kind {
	case watch.Count:
		return v.say("count", f.Count, v.lasting(f.Hours), f.Before)
	case watch.Surge:
		return v.say("surge", f.Count, surgeDay(ev), v.number(f.Expected, 0))
	case watch.Sentiment, watch.Rating:
		return v.say(ev.Kind, v.figure(ev.Kind, f.Value), v.figure(ev.Kind, f.Was))
	case watch.Waiting:
		return v.counted(ev.Kind, ev.Count, v.lasting(f.Hours))
	case watch.New, watch.Sources:
		return v.counted(ev.Kind, ev.Count)
	case KindDigest:
		return v.say(KindDigest)
	}
	return v.say("test")
}

func surgeDay(ev *desk.AlertEvent) string {
	for _, s := range ev.Subjects {
		if _, day := watch.Split(s); day != "" {
			return day
		}
	}
	return ""
}

// rests says what an event's figures rest on, for those that are compared.
func (v *voice) rests(kind string, f *watch.Facts) string {
	var parts []string
	switch kind {
	case watch.Sentiment, watch.Rating:
		if f.Change != nil {
			parts = append(parts, v.say("interval", v.figure(kind, f.Change), v.figure(kind, f.Low), v.figure(kind, f.High)))
		}
		parts = append(parts, v.say("within", v.lasting(f.Hours)))
	case watch.Count, watch.Surge:
	default:
		return ""
	}
	parts = append(parts, v.say("rests", f.N))
	if f.Coverage != nil {
		parts = append(parts, v.say("coverage", v.percent(f.Coverage)))
	} else {
		parts = append(parts, v.say("unknown"))
	}
	return strings.Join(parts, "; ")
}

// day is a date as precisely as it is known.
func day(t time.Time, p mention.Precision) string {
	switch {
	case t.IsZero():
		return ""
	case p == mention.Year:
		return t.UTC().Format("2006")
	case p == mention.Month:
		return t.UTC().Format("2006-01")
	}
	return t.UTC().Format(time.DateOnly)
}

// longestQuote bounds what is quoted of a text, in characters.
const longestQuote = 240

// quote makes what somebody wrote fit for a message: one line without control
// characters and without what reorders text, cut short, and with addresses that
// mail programs make no links of.
func quote(s string) string {
	fields := strings.FieldsFunc(strings.ToValidUTF8(s, "\uFFFD"), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029'
	})
	s = strings.Join(fields, " ")
	if r := []rune(s); len(r) > longestQuote {
		s = string(r[:longestQuote]) + "…"
	}
	return strings.NewReplacer("://", "[:]//", "www.", "www[.]", "WWW.", "WWW[.]").Replace(s)
}

// webLink is the address of a page, or nothing where it is not one of http.
func webLink(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return ""
	}
	return u.String()
}

// page is the address of a page of the UI; empty where that has none.
func (c *Composer) page(path string, query url.Values) string {
	if c.PublicURL == "" {
		return ""
	}
	out := strings.TrimRight(c.PublicURL, "/") + path
	if len(query) > 0 {
		out += "?" + query.Encode()
	}
	return out
}

// starsOf is a rating in words.
func (v *voice) starsOf(r *mention.Rating) string {
	if r == nil {
		return ""
	}
	stars := 1 + 4*r.Score
	return v.say("stars", v.number(&stars, 1))
}
