package web

import (
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/message/catalog"

	"klank/index/research"
	"klank/index/research/layout"
	"klank/mention"
)

// readSayings reads locales/research/CODE.yaml: what reports say, by its
// English form (research.Saying), with verbs for the same arguments. English
// has only what a page says otherwise than a terminal.
func (l *locale) readSayings() error {
	file := "locales/research/" + l.code + ".yaml"
	data, err := localeFiles.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	said := map[string]string{}
	if err := yaml.UnmarshalWithOptions(data, &said, yaml.Strict()); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	tag := language.MustParse(l.code)
	forms := catalog.NewBuilder()
	for form, words := range said {
		if err := forms.SetString(tag, form, words); err != nil {
			return fmt.Errorf("%s: %q: %w", file, form, err)
		}
	}
	l.said, l.printer = said, message.NewPrinter(tag, message.Catalog(forms))
	return nil
}

// Code is the language's tag.
func (l *locale) Code() string { return l.code }

// Say says what a report says. It makes locale a layout.Language.
func (l *locale) Say(s research.Saying) string {
	if s.Form == "" {
		return ""
	}
	args := make([]any, len(s.Args))
	for i, arg := range s.Args {
		switch arg := arg.(type) {
		case research.Term:
			args[i] = l.termWords(arg)
		case research.Saying:
			args[i] = l.Say(arg)
		case string:
			args[i] = clean(arg)
		default:
			args[i] = arg
		}
	}
	return l.printer.Sprintf(s.Form, args...)
}

// termWords are the words for a value of a closed list.
func (l *locale) termWords(t research.Term) string {
	switch t.List {
	case "day":
		if day, err := time.Parse(time.DateOnly, t.Value); err == nil {
			return l.date(day, mention.Day)
		}
	case "month":
		if month, err := time.Parse("2006-01", t.Value); err == nil {
			return l.date(month, mention.Month)
		}
	case "language":
		return l.language(t.Value)
	}
	return l.label(t.List, t.Value)
}

// reportTerms are the words that every report explains on the spot.
var reportTerms = []string{"numbers", "n", "interval", "few", "coverage"}

// reportFunctions are what the templates of reports call beside functions.
func reportFunctions(l *locale) template.FuncMap {
	return template.FuncMap{
		"asks":  func(name string) string { return l.Say(research.Saying{Form: research.Asks(name)}) },
		"share": func(f float64) string { return l.Say(research.Saying{Form: "%.0f %%", Args: []any{100 * f}}) },
		"terms": func() []string { return reportTerms },
		"names": research.Names,
		"quoted": func(row []layout.Cell) bool {
			return slices.ContainsFunc(row, func(c layout.Cell) bool { return len(c.Quotes) > 0 })
		},
		"unquoted": func(columns []layout.Column) int {
			n := 0
			for _, c := range columns {
				if !c.Quoted {
					n++
				}
			}
			return max(1, n)
		},
		"quotes":  quotes,
		"widths":  widths,
		"covered": covered,
		"differs": differs,
	}
}

// quotes tells whether a section has passages.
func quotes(s layout.Section) bool {
	return slices.ContainsFunc(s.Columns, func(c layout.Column) bool { return c.Quoted })
}

// widths are the classes of sections by the width they need: small ones stand
// two in a row, and one that is left over has its chart and table side by side.
func widths(sections []layout.Section) []string {
	out, last, n := make([]string, len(sections)), -1, 0
	for i, s := range sections {
		if len(s.Columns) <= 4 && !quotes(s) && len(s.Rows) <= 6 {
			out[i], last, n = "small", i, n+1
		}
	}
	if n%2 == 1 {
		out[last] = "beside"
	}
	return out
}

// covered is the first number of a row, whose coverage stands at its head.
func covered(row []layout.Cell) *layout.Figure {
	for _, c := range row {
		if c.Figure != nil {
			return c.Figure
		}
	}
	return nil
}

// notable is by how much the coverage of a number differs from that of its row
// before it is told by itself.
const notable = 0.1

func differs(f, row *layout.Figure) bool {
	if f.Count == 0 {
		return false // there is nothing to cover
	}
	a, b := f.Coverage, row.Coverage
	if a == nil || b == nil {
		return a != b
	}
	return math.Abs(*a-*b) >= notable
}

// menuChoice is the choice that the menu takes along: all of it between pages
// of figures, else the language.
func menuChoice(r *http.Request) choice {
	c := readChoice(r)
	if r.URL.Path == "/" || r.URL.Path == "/report" || strings.HasPrefix(r.URL.Path, "/report/") {
		return c
	}
	return choice{Period: periods[0], Lang: c.Lang}
}
