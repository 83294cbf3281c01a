package elastic

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"klank/mention"
)

// TestEveryFieldOfARecordIsMapped holds the mappings to the structs: they are
// closed, so a field that they lack would make every mention a dead letter.
func TestEveryFieldOfARecordIsMapped(t *testing.T) {
	mapped := kept()
	mentions := mapped[runs]
	mentions.mapping = mentionMapping()
	mapped[readAlias] = mentions
	for _, c := range []struct {
		name  string
		of    any
		extra []string
	}{
		{readAlias, mention.Mention{}, []string{wordsField, "facet", "fold"}},
		{runs, mention.Run{}, nil},
		{coverage, storedCoverage{}, nil},
		{pages, reading{}, nil},
		{absences, absence{}, nil},
		{near, neighbour{}, nil},
		{pending, note{}, nil},
		{aliases, alias{}, nil},
		{moves, move{}, nil},
	} {
		checkMapped(t, c.name, mapped[c.name].mapping, reflect.TypeOf(c.of), c.extra)
	}
}

func checkMapped(t *testing.T, path string, mapping object, of reflect.Type, extra []string) {
	t.Helper()
	properties, _ := mapping["properties"].(object)
	known := slices.Clone(extra)
	for _, f := range reflect.VisibleFields(of) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue // embedded, or not written
		}
		known = append(known, name)
		inner, ok := properties[name].(object)
		if !ok {
			t.Errorf("%s.%s has no mapping", path, name)
			continue
		}
		of := f.Type
		for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice {
			of = of.Elem()
		}
		switch is := inner["type"]; {
		case inner["enabled"] == false:
		case of == reflect.TypeFor[time.Time]():
			if is != "date" {
				t.Errorf("%s.%s is %v, not a date", path, name, is)
			}
		case of.Kind() == reflect.Struct:
			checkMapped(t, path+"."+name, inner, of, nil)
		case of.Kind() == reflect.Float64 && is != "double", of.Kind() == reflect.Bool && is != "boolean",
			of.Kind() == reflect.Int64 && is != "long", of.Kind() == reflect.Int && is != "long" && is != "integer",
			of.Kind() == reflect.String && is != "keyword" && is != "text":
			t.Errorf("%s.%s is a %s, mapped as %v", path, name, of.Kind(), is)
		}
	}
	for name := range properties {
		if !slices.Contains(known, name) {
			t.Errorf("%s.%s is mapped, and no record has it", path, name)
		}
	}
}
