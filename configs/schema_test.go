package configs

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"klank/index/watch"
	"klank/index/watch/deliver"
	"klank/mention"
	"klank/parsers"
)

// The schema is written by hand; these tests hold it to the structs, the
// defaults and the files beside it.

func readSchema(t *testing.T) map[string]any {
	t.Helper()
	b, err := os.ReadFile("klank.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return doc.(map[string]any)
}

func TestTheSchemaHasTheFieldsTypesAndDefaultsOfTheConfiguration(t *testing.T) {
	s := schemaWalk{t: t, root: readSchema(t)}
	s.object("", s.root, reflect.ValueOf(*Default()))
}

// schemaWalk goes through schema and structs side by side.
type schemaWalk struct {
	t    *testing.T
	root map[string]any
}

// resolve follows a $ref; what stands beside it goes before.
func (s schemaWalk) resolve(schema map[string]any) map[string]any {
	ref, _ := schema["$ref"].(string)
	if ref == "" {
		return schema
	}
	defs := s.root["$defs"].(map[string]any)
	out := maps.Clone(defs[strings.TrimPrefix(ref, "#/$defs/")].(map[string]any))
	maps.Copy(out, schema)
	return out
}

func (s schemaWalk) object(path string, schema map[string]any, v reflect.Value) {
	if schema["type"] != "object" || schema["additionalProperties"] != false {
		s.t.Errorf("%s: the schema must be of a closed object", cmp.Or(path, "klank.yaml"))
	}
	props, _ := schema["properties"].(map[string]any)
	fields := map[string]reflect.Value{}
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		fields[name] = v.Field(i)
	}
	for name := range props {
		if _, ok := fields[name]; !ok {
			s.t.Errorf("%s: the schema has %q, which the configuration has not", path, name)
		}
	}
	for name, value := range fields {
		p, ok := props[name].(map[string]any)
		if !ok {
			s.t.Errorf("%s: the schema lacks %q", path, name)
			continue
		}
		if p["description"] == nil {
			s.t.Errorf("%s.%s: the schema lacks a description", path, name)
		}
		s.value(path+"."+name, s.resolve(p), value)
	}
}

func (s schemaWalk) value(path string, schema map[string]any, v reflect.Value) {
	want := ""
	switch v.Kind() {
	case reflect.Struct:
		s.object(path, schema, v)
		return
	case reflect.Pointer:
		s.value(path, schema, reflect.Zero(v.Type().Elem()))
		return
	case reflect.Map:
		want = "object"
	case reflect.Slice:
		if schema["type"] != "array" {
			s.t.Errorf("%s: %v in the schema, want array", path, schema["type"])
			return
		}
		s.value(path+"[]", s.resolve(schema["items"].(map[string]any)), reflect.Zero(v.Type().Elem()))
		return
	case reflect.Bool:
		want = "boolean"
	case reflect.Float64:
		want = "number"
	case reflect.Int, reflect.Int64:
		want = "integer"
	case reflect.String:
		want = "string"
	}
	given := ""
	if d, ok := v.Interface().(time.Duration); ok {
		want, given = "string", d.String()
	} else {
		given = fmt.Sprint(v.Interface())
	}
	if schema["type"] != want && (want != "string" || schema["enum"] == nil) {
		s.t.Errorf("%s: %v in the schema, want %s", path, schema["type"], want)
	}
	if !v.IsZero() && fmt.Sprint(schema["default"]) != given {
		s.t.Errorf("%s: default %v in the schema, want %s", path, schema["default"], given)
	}
}

func TestTheSchemaAllowsTheWordsThatTheConfigurationAllows(t *testing.T) {
	s := schemaWalk{t: t, root: readSchema(t)}
	var kinds []string
	for _, k := range mention.Kinds {
		kinds = append(kinds, string(k))
	}
	for path, want := range map[string][]string{
		"properties/privacy/properties/authors": AuthorModes,
		"$defs/source/properties/type":          SourceTypes,
		"$defs/source/properties/parser":        parsers.New().Names(),
		"$defs/selectors/properties/kind":       kinds,
		"$defs/source/properties/snapshots":     snapshotModes,

		"properties/crawl/properties/over_max_delay": OverMaxDelays,
		"properties/alerts/properties/language":      AlertLanguages,

		"properties/alerts/properties/smtp/properties/tls":            deliver.TLSModes,
		"properties/alerts/properties/channels/items/properties/type": ChannelTypes,
		"properties/alerts/properties/rules/items/properties/when":    watch.Conditions,
	} {
		at := s.root
		for step := range strings.SplitSeq(path, "/") {
			at = at[step].(map[string]any)
		}
		var got []string
		for _, word := range at["enum"].([]any) {
			got = append(got, word.(string))
		}
		slices.Sort(got)
		if want = slices.Sorted(slices.Values(want)); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
}

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource("klank.schema.json", readSchema(t)); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("klank.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// bySchema holds a file against the schema.
func bySchema(t *testing.T, s *jsonschema.Schema, file string) error {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if b, err = yaml.YAMLToJSON(b); err != nil {
		return err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		return err
	}
	return s.Validate(doc)
}

func TestTheSchemaRefusesWhatIsWrongInItself(t *testing.T) {
	// What takes knowledge that a schema has not: of other fields, of CSS, of
	// regular expressions, of time zones, of the order of durations.
	beyond := []string{"alert-channel", "alert-name", "alert-no-server", "alert-query", "alert-quiet-same", "alert-secrets", "alert-source", "alert-twice", "alert-user", "digest-brand", "digest-channel", "digest-schedule", "allow", "brand-twice", "budget-same", "budget-twice", "crawl-delay", "import-brand", "import-twice", "index-both", "index-key", "index-none", "index-user", "key-http", "key-in-url", "key-render", "key-robots", "key-twice", "key-type", "label", "lease",
		"load-more-find", "load-more-on", "load-more-step", "load-more-type", "load-more-url", "query-loop", "query-syntax", "query-twice", "selectors", "source-brand", "source-hour", "source-twice", "timezone", "proxy-everybody", "proxy-from", "proxy-header"}
	s := compileSchema(t)
	files, _ := filepath.Glob("testdata/bad-*.yaml")
	if len(files) < 30 {
		t.Fatalf("only %d bad configurations found", len(files))
	}
	for _, file := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "bad-"), ".yaml")
		err := bySchema(t, s, file)
		if refused := err != nil; refused == slices.Contains(beyond, name) {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestTheSchemaAcceptsTheExample(t *testing.T) {
	if err := bySchema(t, compileSchema(t), "klank.example.yaml"); err != nil {
		t.Error(err)
	}
}

func TestTheSchemaAcceptsTheSchedulesThatTheConfigurationAccepts(t *testing.T) {
	s := compileSchema(t)
	for _, spec := range []string{"30 3 * * *", "*/15 8-18 * jan-mar mon-fri", "@daily", "every 6h", "every 1h30m", "every 2d", "every 1.5h", "0  3 * * 1,3"} {
		file := filepath.Join(t.TempDir(), "klank.yaml")
		text := fmt.Sprintf("schedule: %q\ncrawl: {timeout: 1m30s}\n", spec)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(file); err != nil {
			t.Errorf("%q: %v", spec, err)
		}
		if err := bySchema(t, s, file); err != nil {
			t.Errorf("%q: %v", spec, err)
		}
	}
}
