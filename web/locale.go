package web

import (
	"embed"
	"fmt"
	"io/fs"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"klank/mention"
)

//go:embed locales
var localeFiles embed.FS

// languages are the languages of the interface; the first is the fallback.
var languages = []string{"en", "nl"}

var languageMatcher = language.NewMatcher([]language.Tag{language.English, language.Dutch})

// locale is one language of the interface: its texts (locales/CODE/*.yaml, a
// file for each part of the interface) and its ways of writing numbers and
// dates.
type locale struct {
	code string
	text map[string]string
	// group and point are the separators of thousands and of decimals.
	group, point string
	months       []string
	// said and printer say what reports say (see readSayings).
	said    map[string]string
	printer *message.Printer
}

func loadLocales() (map[string]*locale, error) {
	all := map[string]*locale{}
	for _, code := range languages {
		l := &locale{code: code, text: map[string]string{}}
		files, err := fs.Glob(localeFiles, "locales/"+code+"/*.yaml")
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if err := l.read(file); err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
		}
		l.group, l.point = l.text["number.group"], l.text["number.point"]
		l.months = strings.Fields(l.text["date.months"])
		if len(l.months) != 12 {
			return nil, fmt.Errorf("%s: date.months has %d names, want 12", code, len(l.months))
		}
		if err := l.readSayings(); err != nil {
			return nil, err
		}
		all[code] = l
	}
	return all, nil
}

// read adds the texts of one file, whose keys no other file may have.
func (l *locale) read(file string) error {
	data, err := localeFiles.ReadFile(file)
	if err != nil {
		return err
	}
	var text map[string]string
	if err := yaml.UnmarshalWithOptions(data, &text, yaml.Strict()); err != nil {
		return err
	}
	for key, value := range text {
		if _, ok := l.text[key]; ok {
			return fmt.Errorf("%s stands in another file, too", key)
		}
		l.text[key] = value
	}
	return nil
}

// t returns the text of key. args are pairs of a name and a value, which
// replace {name} in the text.
func (l *locale) t(key string, args ...any) string {
	text, ok := l.text[key]
	if !ok {
		return "⟦" + key + "⟧"
	}
	for i := 0; i+1 < len(args); i += 2 {
		value := fmt.Sprint(args[i+1])
		if n, ok := args[i+1].(int); ok {
			value = l.number(n)
		}
		text = strings.ReplaceAll(text, "{"+fmt.Sprint(args[i])+"}", value)
	}
	return text
}

// count returns the text of key.one or key.other, with {n} replaced by n.
func (l *locale) count(key string, n int) string {
	if n == 1 {
		return l.t(key+".one", "n", n)
	}
	return l.t(key+".other", "n", n)
}

// label returns the words for a label of the taxonomy or another closed list,
// and the label itself where there are none.
func (l *locale) label(list, value string) string {
	if text, ok := l.text[list+"."+value]; ok {
		return text
	}
	return clean(value)
}

// language names a BCP 47 tag.
func (l *locale) language(tag string) string {
	base, _, _ := strings.Cut(tag, "-")
	return l.label("language", base)
}

func (l *locale) number(n int) string {
	digits := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, digits = "−", digits[1:]
	}
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(l.group)
		}
		b.WriteRune(d)
	}
	return sign + b.String()
}

// decimal writes f with at most digits decimals, and no trailing zeros unless
// fixed is set.
func (l *locale) decimal(f float64, digits int, fixed bool) string {
	s := strconv.FormatFloat(f, 'f', digits, 64)
	if !fixed && strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	if s == "-0" {
		s = "0"
	}
	return strings.Replace(strings.Replace(s, ".", l.point, 1), "-", "−", 1)
}

func (l *locale) percent(part, whole int) string {
	if whole == 0 {
		return "–"
	}
	p := 100 * float64(part) / float64(whole)
	if p > 0 && p < 0.5 {
		return "<1%"
	}
	if p < 100 && p > 99 {
		p = 99
	}
	return l.number(int(math.Round(p))) + "%"
}

// date writes a time as precisely as it is known.
func (l *locale) date(t time.Time, p mention.Precision) string {
	if t.IsZero() {
		return l.t("date.unknown")
	}
	t = t.UTC()
	switch p {
	case mention.Year:
		return strconv.Itoa(t.Year())
	case mention.Month:
		return l.month(t)
	}
	return fmt.Sprintf("%d %s", t.Day(), l.month(t))
}

func (l *locale) month(t time.Time) string {
	return fmt.Sprintf("%s %d", l.months[t.Month()-1], t.Year())
}

// clock writes a point in time to the minute, in UTC.
func (l *locale) clock(t time.Time) string {
	if t.IsZero() {
		return l.t("date.unknown")
	}
	return l.date(t, mention.Second) + t.UTC().Format(", 15:04 UTC")
}

func (l *locale) bytes(n int64) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	f, i := float64(n), 0
	for f >= 1000 && i < len(units)-1 {
		f, i = f/1000, i+1
	}
	return l.decimal(f, min(i, 1), false) + " " + units[i]
}

const languageCookie = "klank_lang"

// pickLanguage decides the language of a request: ?lang=, which is then
// remembered in a cookie; that cookie; Accept-Language; English.
func pickLanguage(w http.ResponseWriter, r *http.Request) string {
	asked := r.URL.Query().Get("lang")
	for _, code := range languages {
		if code == asked {
			http.SetCookie(w, &http.Cookie{Name: languageCookie, Value: code, Path: "/", MaxAge: 365 * 24 * 3600,
				HttpOnly: true, SameSite: http.SameSiteLaxMode})
			return code
		}
	}
	if c, err := r.Cookie(languageCookie); err == nil {
		for _, code := range languages {
			if code == c.Value {
				return code
			}
		}
	}
	tags, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err != nil || len(tags) == 0 {
		return languages[0]
	}
	_, i, confidence := languageMatcher.Match(tags...)
	if confidence == language.No {
		return languages[0]
	}
	return languages[i]
}
