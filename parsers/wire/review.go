package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"klank/mention"
	"klank/parsers/document"
	"klank/parsers/normalize"
)

// DecodeList reads JSON into v as Decode does, and a bare array as if it were
// the member key of an object: so tools save the lists of an API.
func DecodeList(body []byte, key string, v any) error {
	if IsArray(body) && json.Valid(body) { // what is none is not to become JSON by this
		body = slices.Concat([]byte(`{"`+key+`":`), body, []byte("}"))
	}
	return Decode(body, v)
}

// Text is a string, also where it is written as a number; anything else
// leaves it empty.
type Text string

// UnmarshalJSON never fails.
func (v *Text) UnmarshalJSON(b []byte) error {
	*v = ""
	if s := scalar(b); s != string(b) || s != "true" && s != "false" {
		*v = Text(s)
	}
	return nil
}

// Number is a number as published, in decimal notation, also where it is
// written as a string; "" when it is none.
type Number string

// UnmarshalJSON never fails.
func (v *Number) UnmarshalJSON(b []byte) error {
	*v = ""
	s := strings.Replace(scalar(b), ",", ".", 1)
	if f, err := strconv.ParseFloat(s, 64); err == nil && math.Abs(f) < 1e15 {
		*v = Number(strconv.FormatFloat(f, 'f', -1, 64))
	}
	return nil
}

// Int is the count that v is, nil when it is none: unlike Count it tells
// none from 0.
func (v Number) Int() *int {
	n, err := strconv.Atoi(strings.TrimSpace(string(v)))
	if err != nil || n < 0 || n > math.MaxInt32 {
		return nil
	}
	return &n
}

// Grade is v as a rating on the scale that the API documents. It is nil
// without a number, and for one below the scale: that is how APIs write that
// there is no grade.
func (v Number) Grade(worst, best float64) *mention.Rating {
	r := normalize.Rating(string(v), decimal(best), decimal(worst))
	if r == nil || r.Value < worst {
		return nil
	}
	return r
}

func decimal(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// Flag is a truth value, also where it is written as a string or as 0 and 1.
// It points to nothing where the API says neither.
type Flag struct{ *bool }

// UnmarshalJSON never fails.
func (v *Flag) UnmarshalJSON(b []byte) error {
	v.bool = nil
	switch s := strings.ToLower(scalar(b)); s {
	case "true", "false", "1", "0":
		is := s == "true" || s == "1"
		v.bool = &is
	}
	return nil
}

// Pointer is nil where the API says neither.
func (v Flag) Pointer() *bool { return v.bool }

// Is tells whether the API says plainly that it is so.
func (v Flag) Is() bool { return v.bool != nil && *v.bool }

// maxList bounds the elements of a list: no API gives so many on a page, and
// a small body could hold very many empty ones.
const maxList = 20000

// Map is a list whose elements may have keys: a JSON object's members in the
// order of the page, or an array's elements with empty keys. Elements of
// another type are left out, and what follows the first 20,000.
type Map[T any] []Entry[T]

// Entry is an element of a Map.
type Entry[T any] struct {
	Key   string
	Value T
}

// UnmarshalJSON never fails.
func (l *Map[T]) UnmarshalJSON(b []byte) error {
	*l = nil
	if len(b) == 0 || b[0] != '{' && b[0] != '[' {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	if _, err := dec.Token(); err != nil {
		return nil
	}
	for n := 0; n < maxList && dec.More(); n++ {
		var e Entry[T]
		if b[0] == '{' {
			key, err := dec.Token()
			if err != nil {
				return nil
			}
			e.Key, _ = key.(string)
		}
		if err := dec.Decode(&e.Value); !partly(err) {
			continue
		}
		*l = append(*l, e)
	}
	return nil
}

// Get returns the value of the first member with the key, or T's zero.
func (l Map[T]) Get(key string) (value T) {
	for i := range l {
		if l[i].Key == key {
			return l[i].Value
		}
	}
	return value
}

// List is an array, or a lone element where a server leaves the brackets out.
// Elements of another type are left out, and what follows the first 20,000.
type List[T any] []T

// UnmarshalJSON never fails.
func (l *List[T]) UnmarshalJSON(b []byte) error {
	*l = nil
	if len(b) == 0 || b[0] == 'n' {
		return nil
	}
	if b[0] != '[' {
		var one T
		if partly(json.Unmarshal(b, &one)) {
			*l = List[T]{one}
		}
		return nil
	}
	var m Map[T]
	_ = m.UnmarshalJSON(b)
	for i := range m {
		*l = append(*l, m[i].Value)
	}
	return nil
}

// partly tells whether a value was read but for some of its fields.
func partly(err error) bool {
	var wrong *json.UnmarshalTypeError
	return err == nil || errors.As(err, &wrong) && wrong.Field != ""
}

// Reply is the owner's answer, nil without a text.
func Reply(author, text, date string, d *document.Document) *mention.Reply {
	r := mention.Reply{Author: normalize.Line(author), Text: normalize.Text(text)}
	if r.Text == "" {
		return nil
	}
	if t, _, ok := normalize.Date(date, d.Language, d.Page.Fetched); ok {
		r.Published = t
	}
	return &r
}

// SubRating adds a grade for one side of the experience, unless r is nil.
// Without a touchpoint the name decides.
func SubRating(m *mention.Mention, name, touchpoint string, r *mention.Rating) {
	if name = normalize.Line(name); r == nil || name == "" {
		return
	}
	if touchpoint == "" {
		touchpoint = Touchpoint(name)
	}
	m.Ratings = append(m.Ratings, mention.SubRating{Name: name, Touchpoint: touchpoint, Value: r.Value, Best: r.Best, Score: r.Score})
}

// Recommended adds what the author answers to the question whether to buy
// there: a grade of 1 or 0.
func Recommended(m *mention.Mention, name string, yes *bool) {
	if yes == nil {
		return
	}
	v := Number("0")
	if *yes {
		v = "1"
	}
	SubRating(m, name, "recommendation", v.Grade(0, 1))
}

// touchpoints are beginnings of the words with which shops name the sides of
// an experience, in English and Dutch. The first that stands in a name
// decides.
var touchpoints = []struct{ word, touchpoint string }{
	{"aftersale", "returns"}, {"after sale", "returns"}, {"after-sale", "returns"}, {"nazorg", "returns"}, {"return", "returns"}, {"retour", "returns"}, {"garantie", "returns"}, {"warranty", "returns"},
	{"deliver", "delivery"}, {"shipping", "delivery"}, {"levering", "delivery"}, {"levertijd", "delivery"}, {"bezorg", "delivery"}, {"verzend", "delivery"},
	{"service", "service_contact"}, {"support", "service_contact"}, {"contact", "service_contact"}, {"klantvriendelijk", "service_contact"}, {"bereikbaar", "service_contact"},
	{"price", "price"}, {"prijs", "price"}, {"value", "price"},
	{"checkout", "checkout"}, {"ordering", "checkout"}, {"payment", "checkout"}, {"bestel", "checkout"}, {"betaal", "checkout"}, {"betal", "checkout"},
	{"installat", "onboarding"}, {"install", "onboarding"},
	{"packaging", "first_impression"}, {"verpakking", "first_impression"},
	{"information", "information"}, {"informatie", "information"},
	{"quality", "use"}, {"kwaliteit", "use"}, {"comfort", "use"}, {"performance", "use"}, {"ease of use", "use"}, {"gebruik", "use"}, {"durability", "use"},
}

// Touchpoint is the taxonomy's touchpoint that the name of a sub-score tells
// of, "" where it tells of none.
func Touchpoint(name string) string {
	name = strings.ToLower(name)
	for _, t := range touchpoints {
		if i := strings.Index(name, t.word); i >= 0 {
			return t.touchpoint
		}
	}
	return ""
}
