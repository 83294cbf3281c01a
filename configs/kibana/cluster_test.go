package kibana

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	"klank/index/elastic"
	"klank/index/indextest"
	"klank/mention"
)

// cluster is a real Elasticsearch with an index of klank's.
type cluster struct {
	t      *testing.T
	url    string
	fields map[string]map[string]fieldCaps // by index pattern and name
}

type fieldCaps struct {
	Type         string `json:"type"`
	Searchable   bool   `json:"searchable"`
	Aggregatable bool   `json:"aggregatable"`
}

func (c *cluster) ask(path string, body, into any) {
	c.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		c.t.Fatal(err)
	}
	res, err := http.Post(c.url+path, "application/json", bytes.NewReader(b))
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	var answer struct {
		Error json.RawMessage `json:"error"`
	}
	var raw json.RawMessage
	if err := json.NewDecoder(res.Body).Decode(&raw); err != nil {
		c.t.Fatal(err)
	}
	if _ = json.Unmarshal(raw, &answer); answer.Error != nil {
		c.t.Errorf("%s %s: %s", path, b, answer.Error)
		return
	}
	if err := json.Unmarshal(raw, into); err != nil {
		c.t.Fatal(err)
	}
}

// caps are the fields that an index pattern has.
func (c *cluster) caps(pattern string) map[string]fieldCaps {
	if c.fields[pattern] == nil {
		var answer struct {
			Fields map[string]map[string]fieldCaps `json:"fields"`
		}
		c.ask("/"+pattern+"/_field_caps?fields=*", struct{}{}, &answer)
		all := map[string]fieldCaps{}
		for name, types := range answer.Fields {
			for _, f := range types {
				all[name] = f
			}
		}
		c.fields[pattern] = all
	}
	return c.fields[pattern]
}

// field holds a field to what is done with it: list (shown), group or one of
// the operations on numbers and dates.
func (c *cluster) field(where, pattern, name, use string) {
	c.t.Helper()
	f, ok := c.caps(pattern)[name]
	number := []string{"double", "float", "long", "integer", "short"}
	var fits bool
	switch use {
	case "list":
		fits = ok
	case "terms", "group":
		fits = ok && f.Aggregatable && (f.Type == "keyword" || f.Type == "boolean")
	case "date_histogram":
		fits = ok && f.Aggregatable && f.Type == "date"
	case "average", "sum", "range":
		fits = ok && f.Aggregatable && slices.Contains(number, f.Type)
	case "max":
		fits = ok && f.Aggregatable && (f.Type == "date" || slices.Contains(number, f.Type))
	case "unique_count":
		fits = ok && f.Aggregatable
	}
	if !fits {
		c.t.Errorf("%s uses %q of %s as %s, which it is not: %+v", where, name, pattern, use, f)
	}
}

// query holds a KQL text to the query of Elasticsearch for it.
func (c *cluster) query(where, pattern string, q any) {
	c.t.Helper()
	text := q.(map[string]any)["query"].(string)
	if text == "" {
		return
	}
	var answer struct {
		Hits json.RawMessage `json:"hits"`
	}
	c.ask("/"+pattern+"/_search?size=0", object{"query": object{"kql": object{"query": text}}}, &answer)
	if answer.Hits == nil {
		c.t.Errorf("%s: %s is no query", where, text)
	}
}

func TestFieldsAndQueriesFitTheIndex(t *testing.T) {
	url, prefix := indextest.Cluster(t)
	c := &cluster{t: t, url: url, fields: map[string]map[string]fieldCaps{}}
	ix, err := elastic.Open(t.Context(), elastic.Config{URLs: []string{c.url}, Prefix: prefix})
	if err != nil {
		t.Fatal(err)
	}
	defer ix.Close()
	m := mention.Mention{Kind: mention.Review, Source: mention.Source{Name: "shop", Host: "shop.example"}, Text: "Fine", Brands: []string{"Lumo"}}
	m.SetID("")
	if _, err := ix.Put(t.Context(), []mention.Mention{m}); err != nil {
		t.Fatal(err)
	}
	run := mention.Run{ID: "r1", Source: "shop", Started: time.Now(), Ended: time.Now(), Status: "done"}
	if err := ix.PutRun(t.Context(), run, []mention.Coverage{{Run: "r1", Source: "shop"}}); err != nil {
		t.Fatal(err)
	}
	objects := Objects(prefix)
	views := map[string]string{} // patterns by id
	for _, o := range objects {
		where := o.Type + " " + o.ID
		if o.Type == dataView {
			views[o.ID] = o.Attributes["title"].(string)
			if at, ok := o.Attributes["timeFieldName"].(string); ok {
				c.field(where, views[o.ID], at, "date_histogram")
			}
			continue
		}
		pattern := ""
		for _, r := range o.References {
			if r.Type == dataView {
				pattern = views[r.ID]
			}
		}
		c.object(where, pattern, o)
	}
}

// object holds all fields and queries of a search, a chart or a dashboard.
func (c *cluster) object(where, pattern string, o Object) {
	decode := func(s any) (v map[string]any) {
		if err := json.Unmarshal([]byte(s.(string)), &v); err != nil {
			c.t.Fatal(err)
		}
		return v
	}
	switch o.Type {
	case search:
		for _, f := range o.Attributes["columns"].([]string) {
			c.field(where, pattern, f, "list")
		}
		c.query(where, pattern, decode(o.Attributes["kibanaSavedObjectMeta"].(object)["searchSourceJSON"])["query"])
	case lens:
		c.query(where, pattern, o.Attributes["state"].(object)["query"])
		for id, col := range lensColumns(o) {
			if f := col["sourceField"].(string); f != "___records___" {
				c.field(where+" "+id, pattern, f, col["operationType"].(string))
			}
			if q := col["filter"]; q != nil {
				c.query(where+" "+id, pattern, q)
			}
		}
	case dashboard:
		for _, p := range decode(o.Attributes["controlGroupInput"].(object)["panelsJSON"]) {
			c.field(where, pattern, p.(map[string]any)["explicitInput"].(map[string]any)["fieldName"].(string), "group")
		}
	}
}
