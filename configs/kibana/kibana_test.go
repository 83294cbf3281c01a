package kibana

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// What a Kibana of 8.9 to 8.19 knows: attributes by type, after the exports
// that it writes. A key that is not among them is refused at the import.
var known = map[string][]string{
	dataView:  {"title", "name", "timeFieldName", "fieldAttrs", "fieldFormatMap", "fields", "runtimeFieldMap", "sourceFilters", "typeMeta", "type", "allowNoIndex", "allowHidden"},
	search:    {"title", "description", "columns", "sort", "grid", "hideChart", "isTextBasedQuery", "timeRestore", "kibanaSavedObjectMeta", "usesAdHocDataView", "rowHeight", "viewMode", "hideAggregatedPreview", "timeRange", "refreshInterval", "rowsPerPage", "breakdownField", "version", "hits", "sampleSize", "headerRowHeight", "visContext"},
	lens:      {"title", "description", "visualizationType", "state"},
	dashboard: {"title", "description", "version", "timeRestore", "timeFrom", "timeTo", "refreshInterval", "panelsJSON", "optionsJSON", "kibanaSavedObjectMeta", "controlGroupInput", "hits"},
}

func TestEveryObjectIsWholeAndRefersToWhatIsThere(t *testing.T) {
	seen := map[string]bool{}
	objects := Objects("klank")
	for _, o := range objects {
		if seen[o.Type+" "+o.ID] {
			t.Errorf("%s %s stands twice", o.Type, o.ID)
		}
		seen[o.Type+" "+o.ID] = true
		if o.TypeMigrationVersion == "" || o.CoreMigrationVersion != "8.8.0" {
			t.Errorf("%s %s has no version to be migrated from", o.Type, o.ID)
		}
		for key, v := range o.Attributes {
			if !slices.Contains(known[o.Type], key) {
				t.Errorf("%s %s has an attribute %q", o.Type, o.ID, key)
			}
			if s, ok := v.(string); ok && strings.HasSuffix(key, "JSON") && !json.Valid([]byte(s)) {
				t.Errorf("%s %s: %s is no JSON: %s", o.Type, o.ID, key, s)
			}
		}
		names := map[string]bool{}
		for _, r := range o.References {
			if !seen[r.Type+" "+r.ID] {
				t.Errorf("%s %s refers to %s %s, which is not before it", o.Type, o.ID, r.Type, r.ID)
			}
			if names[r.Name] {
				t.Errorf("%s %s has two references %q", o.Type, o.ID, r.Name)
			}
			names[r.Name] = true
		}
	}
	if n := len(objects); n < 30 {
		t.Errorf("only %d objects", n)
	}
}

func TestPanelsLieBesideEachOtherAndAreReferredTo(t *testing.T) {
	for _, o := range Objects("klank") {
		if o.Type != dashboard {
			continue
		}
		var panels []struct {
			PanelIndex, PanelRefName string
			GridData                 struct{ X, Y, W, H int }
		}
		if err := json.Unmarshal([]byte(o.Attributes["panelsJSON"].(string)), &panels); err != nil {
			t.Fatal(err)
		}
		taken := map[[2]int]string{}
		for _, p := range panels {
			if !slices.ContainsFunc(o.References, func(r Reference) bool { return r.Name == p.PanelIndex+":"+p.PanelRefName }) {
				t.Errorf("%s: panel %s has no reference", o.ID, p.PanelIndex)
			}
			g := p.GridData
			if g.X+g.W > 48 || g.W < 1 || g.H < 1 {
				t.Errorf("%s: panel %s does not fit: %+v", o.ID, p.PanelIndex, g)
			}
			for x := g.X; x < g.X+g.W; x++ {
				for y := g.Y; y < g.Y+g.H; y++ {
					if other := taken[[2]int{x, y}]; other != "" {
						t.Fatalf("%s: panels %s and %s overlap", o.ID, other, p.PanelIndex)
					}
					taken[[2]int{x, y}] = p.PanelIndex
				}
			}
		}
	}
}

// lensColumns are the columns of a Lens object.
func lensColumns(o Object) map[string]map[string]any {
	state := o.Attributes["state"].(object)
	layers := state["datasourceStates"].(object)["formBased"].(object)["layers"].(object)
	out := map[string]map[string]any{}
	for id, c := range layers[layer].(object)["columns"].(object) {
		out[id] = c.(object)
	}
	return out
}

func TestChartsShowTheColumnsThatTheyHave(t *testing.T) {
	for _, o := range Objects("klank") {
		if o.Type != lens {
			continue
		}
		columns := lensColumns(o)
		shown := text(o.Attributes["state"].(object)["visualization"])
		for id, c := range columns {
			if !strings.Contains(shown, `"`+id+`"`) {
				t.Errorf("%s has a column %q that it does not show", o.ID, id)
			}
			if by, ok := c["params"].(object)["orderBy"].(object); ok && columns[by["columnId"].(string)] == nil {
				t.Errorf("%s is ordered by %v, which is no column", o.ID, by["columnId"])
			}
		}
	}
}

// fake answers like Kibana's saved objects API, as its documentation says.
type fake struct {
	version string
	saved   map[string]Object
	lose    string // an id that is not kept
	refuse  string // an id that is refused
	paths   []string
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.paths = append(f.paths, r.Method+" "+r.URL.RequestURI())
	if r.Header.Get("kbn-xsrf") == "" {
		http.Error(w, `{"statusCode":400,"error":"Bad Request","message":"Request must contain a kbn-xsrf header."}`, http.StatusBadRequest)
		return
	}
	if r.Header.Get("Authorization") != "ApiKey secret" {
		http.Error(w, `{"statusCode":401}`, http.StatusUnauthorized)
		return
	}
	switch path := strings.TrimPrefix(r.URL.Path, "/s/team"); {
	case path == "/api/status":
		json.NewEncoder(w).Encode(object{"version": object{"number": f.version}})
	case path == "/api/saved_objects/_import" && r.URL.Query().Get("overwrite") == "true":
		f.load(w, r)
	case path == "/api/saved_objects/_bulk_get":
		var ids []struct{ Type, ID string }
		if err := json.NewDecoder(r.Body).Decode(&ids); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		var out []any
		for _, id := range ids {
			if o, ok := f.saved[id.Type+" "+id.ID]; ok {
				out = append(out, o)
			} else {
				out = append(out, object{"id": id.ID, "type": id.Type, "error": object{"statusCode": 404, "message": "Saved object not found"}})
			}
		}
		json.NewEncoder(w).Encode(object{"saved_objects": out})
	default:
		http.NotFound(w, r)
	}
}

func (f *fake) load(w http.ResponseWriter, r *http.Request) {
	file, head, err := r.FormFile("file")
	if err != nil || !strings.HasSuffix(head.Filename, ".ndjson") {
		http.Error(w, `{"statusCode":400,"message":"Invalid file extension"}`, http.StatusBadRequest)
		return
	}
	b, _ := io.ReadAll(file)
	n, errs := 0, []any{}
	for line := range bytes.Lines(b) {
		var o Object
		if err := json.Unmarshal(line, &o); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		switch o.ID {
		case f.refuse:
			errs = append(errs, object{"id": o.ID, "type": o.Type, "error": object{"type": "missing_references"}})
		case f.lose:
			n++
		default:
			f.saved[o.Type+" "+o.ID] = o
			n++
		}
	}
	json.NewEncoder(w).Encode(object{"success": len(errs) == 0, "successCount": n, "errors": errs})
}

func install(t *testing.T, f *fake, change func(*Client)) error {
	t.Helper()
	f.saved = map[string]Object{}
	s := httptest.NewServer(f)
	defer s.Close()
	c := &Client{URL: s.URL + "/", APIKey: "secret", HTTP: s.Client()}
	if change != nil {
		change(c)
	}
	return c.Install(t.Context(), Objects("klank"))
}

func TestInstalledObjectsAreReadBack(t *testing.T) {
	f := &fake{version: "8.19.4"}
	if err := install(t, f, func(c *Client) { c.Space = "team" }); err != nil {
		t.Fatal(err)
	}
	if len(f.saved) != len(Objects("klank")) {
		t.Errorf("%d objects are there", len(f.saved))
	}
	want := []string{"GET /api/status", "POST /s/team/api/saved_objects/_import?overwrite=true", "POST /s/team/api/saved_objects/_bulk_get"}
	if !slices.Equal(f.paths, want) {
		t.Errorf("asked %q", f.paths)
	}
}

func TestWhatKibanaDoesNotTakeIsNamed(t *testing.T) {
	for _, c := range []struct {
		fake   fake
		change func(*Client)
		want   string
	}{
		{fake{version: "8.19.4", refuse: "klank-moments"}, nil, "lens klank-moments was not taken: missing_references"},
		{fake{version: "8.19.4", lose: "klank-respond"}, nil, "search klank-respond cannot be read back: Saved object not found"},
		{fake{version: "8.8.2"}, nil, "8.9 or later"},
		{fake{version: "what"}, nil, "does not answer like a Kibana"},
		{fake{version: "8.19.4"}, func(c *Client) { c.APIKey = "wrong" }, "give an API key"},
		{fake{version: "8.19.4"}, func(c *Client) { c.Space = "other" }, "404"},
		{fake{version: "8.19.4"}, func(c *Client) { c.URL = "http://127.0.0.1:1" }, "is it running"},
	} {
		if err := install(t, &c.fake, c.change); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want %q", err, c.want)
		}
	}
}
