package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"klank/index/desk"
	"klank/mention"
)

// described is the description as far as the tests read it.
type described struct {
	Paths map[string]map[string]struct {
		OperationID string `json:"operationId"`
		RequestBody any
		Responses   map[string]struct {
			Content map[string]struct{ Schema map[string]any }
		}
	}
}

func readDescription(t *testing.T) described {
	t.Helper()
	var doc described
	if err := json.Unmarshal(openAPI, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// call is a request of the contract test: what to ask, and what must come.
type call struct {
	operation, method, path, body string
	status                        int
}

func TestEveryOperationAnswersAsItIsDescribed(t *testing.T) {
	ix := newTestIndex(t, testMentions(64)...)
	fill(t, ix)
	changed := testMentions(1)
	changed[0].Text += " Toch niet."
	if _, err := ix.Put(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	s, ts := newCheapServer(t, Config{Index: ix, Desk: newTestDesk(t), Status: testStatus, RateLimit: 10_000, Version: "test"})
	id := url.PathEscape(changed[0].ID)
	calls := []call{
		{"search", "GET", "/api/v1/search?q=lamp&facets=sentiment,language&sort=rating&limit=3", "", 200},
		{"search", "GET", "/api/v1/search?q=(", "", 400},
		{"search", "GET", "/api/v1/search?q=" + strings.Repeat("a", maxQuery+1), "", 400},
		{"mention", "GET", "/api/v1/mentions/" + id, "", 200},
		{"mention", "GET", "/api/v1/mentions/" + id + "?revision=1", "", 200},
		{"mention", "GET", "/api/v1/mentions/none", "", 404},
		{"revisions", "GET", "/api/v1/mentions/" + id + "/revisions", "", 200},
		{"revisions", "GET", "/api/v1/mentions/none/revisions", "", 404},
		{"case", "GET", "/api/v1/mentions/" + id + "/case", "", 200},
		{"case", "GET", "/api/v1/mentions/none/case", "", 404},
		{"setCase", "PUT", "/api/v1/mentions/" + id + "/case", `{"version":0,"state":"assigned","assignee":"Anna","note":"belt"}`, 200},
		{"setCase", "PUT", "/api/v1/mentions/" + id + "/case", `{"version":0,"state":"open"}`, 409},
		{"setCase", "PUT", "/api/v1/mentions/" + id + "/case", `{"version":1,"state":"gone"}`, 400},
		{"setCase", "PUT", "/api/v1/mentions/" + id + "/case", `{"version":1,"state":"open","more":1}`, 400},
		{"setCase", "PUT", "/api/v1/mentions/" + id + "/case", `{"version":1} {}`, 400},
		{"setCase", "PUT", "/api/v1/mentions/" + id + "/case", `{"state":"open"}`, 400},
		{"setCase", "PUT", "/api/v1/mentions/" + id + "/case", `{"version":1,"State":"open","state":"open"}`, 400},
		{"setCase", "PUT", "/api/v1/mentions/" + id + "/case", `{"version":1,"state":"open","note":null}`, 400},
		{"setCase", "PUT", "/api/v1/mentions/" + id + "/case", `{"version":1.5,"state":"open"}`, 400},
		{"setCase", "PUT", "/api/v1/mentions/" + id + "/case", `{"version":1.0,"state":"open"}`, 200},
		{"setCase", "PUT", "/api/v1/mentions/" + id + "/case", `null`, 400},
		{"setCase", "PUT", "/api/v1/mentions/" + id + "/case", `{"note":"` + strings.Repeat("a", maxAPIBody) + `"}`, 413},
		{"setCase", "PUT", "/api/v1/mentions/none/case", `{"version":0,"state":"open"}`, 404},
		{"cases", "GET", "/api/v1/cases?state=assigned&assignee=Anna", "", 200},
		{"cases", "GET", "/api/v1/cases?state=gone", "", 400},
		{"saveQuery", "PUT", "/api/v1/queries/klachten", `{"query":"sentiment:negative"}`, 200},
		{"saveQuery", "PUT", "/api/v1/queries/klachten", `{"query":"saved:klachten"}`, 400},
		{"saveQuery", "PUT", "/api/v1/queries/klachten", `{"query":"("}`, 400},
		{"saveQuery", "PUT", "/api/v1/queries/a%20b", `{"query":"lamp"}`, 400},
		{"queries", "GET", "/api/v1/queries", "", 200},
		{"search", "GET", "/api/v1/search?q=saved:klachten", "", 200},
		{"deleteQuery", "DELETE", "/api/v1/queries/klachten", "", 204},
		{"deleteQuery", "DELETE", "/api/v1/queries/klachten", "", 404},
		{"aggregate", "GET", "/api/v1/aggregate?facets=touchpoint&split=sentiment&interval=month", "", 200},
		{"reports", "GET", "/api/v1/reports", "", 200},
		{"sources", "GET", "/api/v1/sources", "", 200},
		{"runs", "GET", "/api/v1/runs?source=lampentest", "", 200},
		{"runs", "GET", "/api/v1/runs?after=nowhere", "", 400},
		{"coverage", "GET", "/api/v1/coverage?source=lampentest", "", 200},
		{"status", "GET", "/api/v1/status", "", 200},
		{"description", "GET", "/api/v1/openapi.json", "", 200},
		{"report", "GET", "/api/v1/reports/nothing", "", 404},
		{"report", "GET", "/api/v1/reports/trend?from=yesterday", "", 400},
		{"report", "GET", "/api/v1/reports/trend?to=", "", 400},
		{"runs", "GET", "/api/v1/runs?limit=", "", 400},
	}
	for _, name := range []string{"overview", "compare", "trend", "moments", "impact", "questions", "respond", "ambassadors", "shelf", "coverage"} {
		calls = append(calls, call{"report", "GET", "/api/v1/reports/" + name + "?brand=Lumara&period=12m", "", 200})
	}
	walkContract(t, s, ts, calls)
}

// walkContract makes the calls, holds what comes to the description, and sees
// that no operation is left out.
func walkContract(t *testing.T, s *Server, ts *httptest.Server, calls []call) {
	t.Helper()
	doc := readDescription(t)
	left := map[string]string{}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			left[op.OperationID] = strings.ToUpper(method) + " " + path
		}
	}
	schemas := newSchemas(t)
	for _, c := range calls {
		pattern := left[c.operation]
		for path, methods := range doc.Paths {
			for method, op := range methods {
				if op.OperationID == c.operation {
					pattern = strings.ToUpper(method) + " " + path
				}
			}
		}
		delete(left, c.operation)
		req := httptest.NewRequest(c.method, c.path, nil)
		if _, got := s.router.Handler(req); got != pattern {
			t.Errorf("%s %s goes to %q, want %q", c.method, c.path, got, pattern)
			continue
		}
		res, body := do(t, ts, c.method, c.path, c.body, "Content-Type", "application/json", "Sec-Fetch-Site", "same-origin")
		if res.StatusCode != c.status {
			t.Errorf("%s %s: %d, want %d: %.300s", c.method, c.path, res.StatusCode, c.status, body)
			continue
		}
		method, path, _ := strings.Cut(pattern, " ")
		responses := doc.Paths[path][strings.ToLower(method)].Responses
		status := fmt.Sprint(c.status)
		if _, ok := responses[status]; !ok {
			status = "default"
		}
		schemas.check(t, c.method+" "+c.path, path, strings.ToLower(method), status, res, body)
	}
	for id, pattern := range left {
		t.Errorf("%s (%s) is never called", id, pattern)
	}
}

// schemas compiles what the description says of answers.
type schemas struct{ compiler *jsonschema.Compiler }

func newSchemas(t *testing.T) schemas {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(openAPI)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	if err := c.AddResource("openapi.json", doc); err != nil {
		t.Fatal(err)
	}
	return schemas{c}
}

// at is the schema at a place of the description.
func (s schemas) at(t *testing.T, place string) *jsonschema.Schema {
	t.Helper()
	schema, err := s.compiler.Compile("openapi.json" + place)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// check holds an answer against what is described for an operation and status.
func (s schemas) check(t *testing.T, what, path, method, status string, res *http.Response, body string) {
	t.Helper()
	kind, where := "application/json", "#/paths/"+strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(path)+"/"+method+"/responses/"+status
	if res.StatusCode >= 400 {
		kind, where = "application/problem+json", "#/components/responses/Problem"
	}
	if res.StatusCode == http.StatusNoContent {
		return
	}
	if got := res.Header.Get("Content-Type"); got != kind {
		t.Errorf("%s comes as %s", what, got)
	}
	schema := s.at(t, where+"/content/"+strings.ReplaceAll(kind, "/", "~1")+"/schema")
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if err := schema.Validate(doc); err != nil {
		t.Errorf("%s does not answer as described: %v", what, err)
	}
	if res.StatusCode >= 400 {
		if got := doc.(map[string]any)["status"]; fmt.Sprint(got) != fmt.Sprint(res.StatusCode) {
			t.Errorf("%s: the problem says status %v", what, got)
		}
	}
}

func TestWhatHasNotChangedIsNotSentAgain(t *testing.T) {
	ix := newTestIndex(t, testMentions(6)...)
	_, ts := newTestServer(t, Config{Index: ix})
	for _, path := range []string{"/api/v1/search?q=lamp", "/api/v1/aggregate?facets=kind", "/api/v1/openapi.json", "/api/v1/sources"} {
		res, _ := get(t, ts, path)
		tag := res.Header.Get("ETag")
		if !strings.HasPrefix(tag, `W/"`) {
			t.Fatalf("%s: the tag is %q", path, tag)
		}
		for given, want := range map[string]int{tag: 304, strings.TrimPrefix(tag, "W/"): 304, `"x", ` + tag: 304, "*": 304, `"x"`: 200} {
			res, body := get(t, ts, path, "If-None-Match", given)
			if res.StatusCode != want || want == 304 && (body != "" || res.Header.Get("ETag") != tag) {
				t.Errorf("%s with If-None-Match %s: %d", path, given, res.StatusCode)
			}
		}
		head, body := do(t, ts, "HEAD", path, "")
		if head.StatusCode != 200 || body != "" || head.Header.Get("ETag") != tag {
			t.Errorf("HEAD %s: %d", path, head.StatusCode)
		}
	}
	res, _ := get(t, ts, "/api/v1/search")
	m := testMentions(7)[6:]
	if _, err := ix.Put(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if again, _ := get(t, ts, "/api/v1/search", "If-None-Match", res.Header.Get("ETag")); again.StatusCode != 200 {
		t.Errorf("after a change: %d", again.StatusCode)
	}
}

func TestAnAddressSaysHowItCanBeAsked(t *testing.T) {
	_, ts := newTestServer(t, Config{Index: newTestIndex(t)})
	for _, c := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"OPTIONS", "/api/v1/search", 204, "GET, HEAD, OPTIONS"},
		{"OPTIONS", "/api/v1/mentions/x/case", 204, "GET, HEAD, PUT, OPTIONS"},
		{"OPTIONS", "/search", 204, "GET, HEAD, OPTIONS"},
		{"POST", "/api/v1/search", 405, "GET, HEAD, OPTIONS"},
		{"PATCH", "/api/v1/mentions/x/case", 405, "GET, HEAD, PUT, OPTIONS"},
		{"TRACE", "/api/v1/status", 405, "GET, HEAD, OPTIONS"},
		{"DELETE", "/register", 405, "GET, HEAD, OPTIONS"},
		{"POST", "/api/v1/nothing", 404, ""},
		{"OPTIONS", "/nowhere", 404, ""},
	} {
		res, body := do(t, ts, c.method, c.path, "")
		if res.StatusCode != c.status || res.Header.Get("Allow") != c.allow {
			t.Errorf("%s %s: %d, Allow %q", c.method, c.path, res.StatusCode, res.Header.Get("Allow"))
		}
		if kind := res.Header.Get("Content-Type"); strings.HasPrefix(c.path, "/api/") && c.status >= 400 && kind != "application/problem+json" {
			t.Errorf("%s %s comes as %s: %s", c.method, c.path, kind, body)
		}
	}
}

func TestProblemsOfTheAPIAreForProgramsAlsoWhereAGuardAnswers(t *testing.T) {
	_, ts := newTestServer(t, Config{Index: newTestIndex(t), Desk: newTestDesk(t)})
	put := []string{"Content-Type", "application/json"}
	for _, c := range []struct {
		method, path string
		headers      []string
		status       int
	}{
		{"GET", "/api/v1/search", []string{"Host", "evil.example"}, 421},
		{"PUT", "/api/v1/mentions/x/case", append(put, "Sec-Fetch-Site", "cross-site"), 403},
		{"PUT", "/api/v1/mentions/x/case", []string{"Content-Type", "text/plain"}, 415},
		{"PUT", "/api/v1/mentions/x/case", put, 400},
		{"GET", "/api/v1/mentions/%00", nil, 404},
		{"GET", "/api/v1/mentions/%ff%fe", nil, 404},
	} {
		res, body := do(t, ts, c.method, c.path, "", c.headers...)
		var p problem
		if err := json.Unmarshal([]byte(body), &p); err != nil || res.StatusCode != c.status || p.Status != c.status || res.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s %v: %d %s", c.method, c.path, c.headers, res.StatusCode, body)
		}
	}
}

func TestTheAPITakesSoManyRequestsAMinuteFromEach(t *testing.T) {
	now := testNow
	d := newTestDesk(t)
	for name, secret := range map[string]string{"a": "klank_a", "b": "klank_b"} {
		if err := d.AddToken(t.Context(), desk.Token{Name: name, Hash: hashSecret(secret), Scope: desk.ScopeRead, Created: now}); err != nil {
			t.Fatal(err)
		}
	}
	_, ts := newCheapServer(t, Config{Desk: d, RateLimit: 6, Now: func() time.Time { return now }})
	ask := func(token string) *http.Response {
		t.Helper()
		var headers []string
		if token != "" {
			headers = []string{"Authorization", "Bearer " + token}
		}
		res, _ := get(t, ts, "/api/v1/openapi.json", headers...)
		return res
	}
	for i := range 6 {
		res := ask("klank_a")
		if res.StatusCode != 200 || res.Header.Get("RateLimit-Policy") != `"minute";q=6;w=60` ||
			res.Header.Get("RateLimit") != fmt.Sprintf(`"minute";r=%d;t=%d`, 5-i, 10*(i+1)) {
			t.Fatalf("request %d: %d %q", i, res.StatusCode, res.Header.Get("RateLimit"))
		}
	}
	res := ask("klank_a")
	if res.StatusCode != 429 || res.Header.Get("Retry-After") != "10" || res.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("one too many: %d, again after %q", res.StatusCode, res.Header.Get("Retry-After"))
	}
	if res := ask("klank_b"); res.StatusCode != 200 {
		t.Errorf("another token: %d", res.StatusCode)
	}
	if res := ask(""); res.StatusCode != 200 {
		t.Errorf("an address: %d", res.StatusCode)
	}
	if res, _ := get(t, ts, "/search"); res.Header.Get("RateLimit") != "" {
		t.Error("pages are counted")
	}
	now = now.Add(10 * time.Second)
	if a, b := ask("klank_a").StatusCode, ask("klank_a").StatusCode; a != 200 || b != 429 {
		t.Errorf("after the wait: %d, then %d", a, b)
	}
	l := newLimits(60, func() time.Time { return now })
	for i := range callersMost + 10 {
		l.take(fmt.Sprint(i))
	}
	if len(l.callers) > callersMost {
		t.Errorf("%d callers are counted", len(l.callers))
	}
}

func TestListsOfTheAPIPageThroughAll(t *testing.T) {
	ix := newTestIndex(t, testMentions(30)...)
	for i := range 7 {
		run := mention.Run{ID: fmt.Sprint("run", i), Source: fmt.Sprint("source", i), Started: testNow.Add(time.Duration(i/2) * time.Hour), Ended: testNow.AddDate(0, 0, 1), Status: "done"}
		if err := ix.PutRun(t.Context(), run, nil); err != nil {
			t.Fatal(err)
		}
	}
	d := newTestDesk(t)
	for _, m := range testMentions(7) {
		if _, err := d.SetCase(t.Context(), desk.Case{Mention: m.ID, State: desk.StateAnswered, By: "anna", At: testNow}); err != nil {
			t.Fatal(err)
		}
	}
	_, ts := newTestServer(t, Config{Index: ix, Desk: d})
	for _, list := range []struct{ path, of string }{{"/api/v1/runs", "runs"}, {"/api/v1/cases", "cases"}} {
		var seen []string
		after := ""
		for range 10 {
			_, body := get(t, ts, list.path+"?limit=3&after="+url.QueryEscape(after))
			var page struct {
				Next  string
				Runs  []mention.Run
				Cases []apiCase
			}
			if err := json.Unmarshal([]byte(body), &page); err != nil {
				t.Fatal(err)
			}
			for _, run := range page.Runs {
				seen = append(seen, run.Source)
			}
			for _, c := range page.Cases {
				seen = append(seen, c.Mention)
			}
			if after = page.Next; after == "" {
				break
			}
		}
		slices.Sort(seen)
		if len(seen) != 7 || len(slices.Compact(seen)) != 7 {
			t.Errorf("%s pages through %d %s", list.path, len(seen), list.of)
		}
	}
}
