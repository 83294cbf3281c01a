package web

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"klank/index"
)

// describedSchema compiles a schema of the API's description.
func describedSchema(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	return newSchemas(t).at(t, "#/components/schemas/"+name)
}

// answer asks the API and holds the answer to its described schema.
func answer(t *testing.T, ts *httptest.Server, path string, status int, schema string, out any) {
	t.Helper()
	res, body := get(t, ts, path)
	kind := "application/json"
	if status >= 400 {
		kind = "application/problem+json"
	}
	if res.StatusCode != status || res.Header.Get("Content-Type") != kind {
		t.Fatalf("%s: %d %s\n%s", path, res.StatusCode, res.Header.Get("Content-Type"), body)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if err := describedSchema(t, schema).Validate(doc); err != nil {
		t.Errorf("%s does not answer as described: %v", path, err)
	}
	if err := json.Unmarshal([]byte(body), out); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func TestTheAPIAnswersAsDescribed(t *testing.T) {
	ms := append(testMentions(64), hostileMention())
	_, ts := newTestServer(t, Config{Index: newTestIndex(t, ms...)})

	var found apiSearchResult
	answer(t, ts, "/api/v1/search?q=lamp&sort=rating&limit=5&facets=sentiment,language&facets=kind", 200, "SearchResult", &found)
	if found.Total < 10 || len(found.Hits) != 5 || found.Next == "" || len(found.Facets) != 3 {
		t.Errorf("search: %d of %d, facets %v, next %q", len(found.Hits), found.Total, found.Facets, found.Next)
	}
	seen := map[string]bool{}
	for next := ""; ; next = found.Next {
		found = apiSearchResult{}
		answer(t, ts, "/api/v1/search?limit=30&after="+url.QueryEscape(next), 200, "SearchResult", &found)
		for _, m := range found.Hits {
			if seen[m.ID] {
				t.Errorf("%s comes twice", m.ID)
			}
			seen[m.ID] = true
		}
		if found.Next == "" {
			break
		}
	}
	if len(seen) != len(ms) {
		t.Errorf("walked %d of %d", len(seen), len(ms))
	}
	var none apiSearchResult
	answer(t, ts, "/api/v1/search?q=nergens", 200, "SearchResult", &none)
	if none.Total != 0 || none.Hits == nil {
		t.Errorf("nothing found is %+v", none)
	}

	var one struct{ ID, Text string }
	answer(t, ts, "/api/v1/mentions/"+ms[64].ID, 200, "Mention", &one)
	if one.ID != ms[64].ID || one.Text != hostileText {
		t.Errorf("mention: %+v", one)
	}
	if _, body := get(t, ts, "/api/v1/mentions/"+ms[64].ID); strings.Contains(body, "<script") {
		t.Error("the JSON holds a script tag in plain letters")
	}

	var agg apiAggregateResult
	answer(t, ts, "/api/v1/aggregate?q=NOT+source:nobody&facets=touchpoint,moment_sentiment&split=sentiment&interval=month&size=50", 200, "AggregateResult", &agg)
	if agg.Total != len(ms) || agg.Authors == 0 || agg.Rating.Mean == nil || agg.Rating.Count == 0 || len(agg.Facets["moment_sentiment"]) == 0 ||
		len(agg.Histogram) < 12 || len(agg.Facets["touchpoint"][0].Sub) == 0 {
		t.Errorf("aggregate: %+v", agg)
	}
	var empty apiAggregateResult
	answer(t, ts, "/api/v1/aggregate?q=nergens", 200, "AggregateResult", &empty)
	if empty.Rating.Mean != nil || empty.Total != 0 {
		t.Errorf("no mentions have a mean: %+v", empty)
	}
}

func TestAPIErrorsSayWhatIsWrongAndWhere(t *testing.T) {
	_, ts := newTestServer(t, Config{Index: newTestIndex(t, testMentions(3)...)})
	for _, c := range []struct {
		path      string
		status    int
		parameter string
	}{
		{"/api/v1/search?q=" + url.QueryEscape("lamp sentiment:angry"), 400, "q"},
		{"/api/v1/search?sort=best", 400, "sort"},
		{"/api/v1/search?limit=1001", 400, "limit"},
		{"/api/v1/search?limit=0", 400, "limit"},
		{"/api/v1/search?limit=many", 400, "limit"},
		{"/api/v1/search?facets=text", 400, "facets"},
		{"/api/v1/search?facets=kind&size=101", 400, "size"},
		{"/api/v1/search?facets=" + strings.Join(countable(), ","), 400, "facets"},
		{"/api/v1/search?after=stale", 400, ""},
		{"/api/v1/aggregate?interval=hour", 400, "interval"},
		{"/api/v1/aggregate?split=nothing", 400, "split"},
		{"/api/v1/mentions/none", 404, ""},
		{"/api/v1/mentions/none?revision=-1", 400, "revision"},
		{"/api/v2/search", 404, ""},
		{"/api/", 404, ""},
	} {
		var p problem
		answer(t, ts, c.path, c.status, "Problem", &p)
		if p.Parameter != c.parameter || p.Status != c.status || p.Title == "" {
			t.Errorf("%s: %+v", c.path, p)
		}
		if c.parameter == "q" && (p.Offset == nil || *p.Offset != len("lamp sentiment:") || p.Hint == "") {
			t.Errorf("%s: %+v", c.path, p)
		}
	}
	if res, _ := do(t, ts, "POST", "/api/v1/search", "q=lamp"); res.StatusCode != 405 && res.StatusCode != 404 {
		t.Errorf("POST: %d", res.StatusCode)
	}
}

func TestTheDescriptionCoversTheRoutes(t *testing.T) {
	var doc struct {
		Paths map[string]map[string]struct {
			Parameters []struct {
				Name   string
				Schema struct{ Enum []string }
			}
		}
	}
	if err := json.Unmarshal(openAPI, &doc); err != nil {
		t.Fatal(err)
	}
	s, ts := newTestServer(t, Config{Index: newTestIndex(t)})
	var described, served []string
	for path, methods := range doc.Paths {
		for method := range methods {
			described = append(described, strings.ToUpper(method)+" "+path)
		}
	}
	for _, r := range s.routes {
		if _, path, ok := strings.Cut(r.pattern, " "); ok && strings.HasPrefix(path, "/api/v1/") {
			served = append(served, r.pattern)
		}
	}
	slices.Sort(described)
	slices.Sort(served)
	if !slices.Equal(described, served) {
		t.Errorf("described %q, served %q", described, served)
	}
	for _, p := range doc.Paths["/api/v1/search"]["get"].Parameters {
		if p.Name == "sort" && !slices.Equal(p.Schema.Enum, index.Sorts) {
			t.Errorf("the sorts are described as %q", p.Schema.Enum)
		}
	}
	res, body := get(t, ts, "/api/v1/openapi.json")
	if res.Header.Get("Content-Type") != "application/json" || body != string(openAPI) {
		t.Errorf("the description is served as %v", res.Header)
	}
	for _, ref := range regexp.MustCompile(`"\$ref": "#/components/([a-zA-Z]+)/([a-zA-Z]+)"`).FindAllStringSubmatch(string(openAPI), -1) {
		var all struct {
			Components map[string]map[string]any
		}
		if err := json.Unmarshal(openAPI, &all); err != nil {
			t.Fatal(err)
		}
		if all.Components[ref[1]][ref[2]] == nil {
			t.Errorf("%s leads nowhere", ref[0])
		}
	}
}
