package jsonld

import (
	"encoding/json"
	"strings"
	"testing"

	"klank/mention"
	"klank/parsers/document"
)

// name returns what decode makes of the property name of the first thing.
func name(t *testing.T, block string) (string, string) {
	t.Helper()
	things, fault := decode(block)
	if len(things) == 0 {
		return "", fault
	}
	for _, p := range things[0].Props {
		if p.Name == "name" {
			return p.Values[0].Text, fault
		}
	}
	return "", fault
}

func TestBlocksAreReadAsPagesWriteThem(t *testing.T) {
	for what, block := range map[string]string{
		"plain":                 `{"name":"x y"}`,
		"in an array":           `[[{"name":"x y"}]]`,
		"byte order mark":       "\ufeff{\"name\":\"x y\"}",
		"HTML comment":          "<!--\n{\"name\":\"x y\"}\n-->",
		"CDATA":                 "<![CDATA[{\"name\":\"x y\"}]]>",
		"hidden CDATA":          "//<![CDATA[\n{\"name\":\"x y\"}\n//]]>",
		"CDATA in comments":     "/*<![CDATA[*/{\"name\":\"x y\"}/*]]>*/",
		"semicolon":             `{"name":"x y"};`,
		"trailing commas":       `[{"a":[1,2,],"name":"x y",},]`,
		"comments":              "{ // one\n/* two */\"name\":/* three */\"x y\"}",
		"encoded quotes":        `{&quot;name&quot;:&quot;x y&quot;}`,
		"single quotes":         `{'name':'x y'}`,
		"escapes":               `{"na\u006de":"x\u0020\x79"}`,
		"value object":          `{"name":{"@value":"x y","@language":"nl"}}`,
		"list":                  `{"name":{"@list":["x y"]}}`,
		"prefixed":              `{"schema:name":"x y"}`,
		"full name":             `{"http://schema.org/name":"x y"}`,
		"missing value":         `{"a":,"name":"x y"}`,
		"encoded as numbers":    `[{&#34;name&#34;:&#34;x y&#34;}]`,
		"curly quotes":          `{“name”:“x y”,“a”:“b”}`,
		"encoded curly quotes":  `{&#8220;name&#8221;:&#8220;x y&#8221;}`,
		"names of scripts":      `{@type: "Thing", name: 'x y', a1: 2}`,
		"JSON in a string":      `"{\"name\":\"x y\"}"`,
		"decimal commas":        `{"a":{"price":1.239,95,"b":4,5},"c":[1,2],"d":4,5 ,"name":"x y"}`,
		"Drupal's CDATA":        "<!--//--><![CDATA[// ><!--\n{\"name\":\"x y\"}\n//--><!]]>",
		"a bracket too many":    `{"a":[{"b":1}},{"b":2}],"name":"x y"}`,
		"a bracket too few":     `{"a":[{"b":1},{"b":{"c":2}],"name":"x y"}`,
		"missing comma":         "{\"a\":\"b\"\n\"name\":\"x y\"}",
		"several":               `{"name":"x y"}{"name":"z"}`,
		"null and other things": `{"a":null,"b":NaN,"c":true,"d":-1.5e3,"name":"x y"}`,
	} {
		if got, fault := name(t, block); got != "x y" || fault != "" {
			t.Errorf("%s: name is %q, fault %q", what, got, fault)
		}
	}
	for block, want := range map[string]string{
		`{"name":"a "quoted" word"}`:            `a "quoted" word`,
		`{"name":"a "b", a "c": d "e""}`:        `a "b", a "c": d "e"`,
		`{"name":"say "yes", or "no"","a":"b"}`: `say "yes", or "no"`,
		`{"name":"it's", a: 1}`:                 `it's`,
		`{"name":4,5,"a":"b"}`:                  `4,5`,
		`{'name':'it's','a':'b'}`:               `it's`,
		"{\"name\":\"two\nlines\"}":             "two\nlines",
		`{"name":"\ud83d\ude00\n\/\'"}`:         "😀\n/'",
		`{"name":"\ud83dx"}`:                    "\ufffdx",
	} {
		if got, fault := name(t, block); got != want || fault != "" {
			t.Errorf("%s: name is %q, fault %q", block, got, fault)
		}
	}
}

func TestWhatIsCutOffIsReadAndTold(t *testing.T) {
	for _, block := range []string{`{"name":"x","a":{"b":[`, `{"name":"x","a"`, `{"name":"x","a":"b`, `{"name":"x" ]`, `{"name":"x"}}`, `{"name":"x","a":1 +:1}`, `{"name":"x","a":` + strings.Repeat("[", 1000)} {
		if got, fault := name(t, block); got != "x" || fault == "" {
			t.Errorf("%.40s: name is %q, fault %q", block, got, fault)
		}
	}
	for _, block := range []string{"", "null", `"text"`, "[]", "{}", "<!-- -->"} {
		if _, fault := decode(block); fault != "" {
			t.Errorf("%q: fault %q", block, fault)
		}
	}
}

func TestWhatIsNoJSONIsPassedOverAndTold(t *testing.T) {
	for what, block := range map[string]string{
		"a template":             `{"a":{{ title }},"name":"x"}`,
		"a template's statement": `{"a":"b",{% if x %}"name":"x"}`,
		"a message before":       "<br />\n<b>Notice</b>: no index in <b>/a</b> on line <b>3</b>\n{\"name\":\"x\"}",
		"a message within":       "{\"a\":<br />\n<b>Notice</b>: no \"index\"<br />\n,\"name\":\"x\"}",
		"code":                   `{"a":new Date(),"b":f(1,2),"name":"x"}`,
		"double braces":          `{{"name":"x"}}`,
		"a forgotten list":       `{"@context":"https://schema.org",{"name":"x"},{"name":"y"}}`,
	} {
		if got, fault := name(t, block); got != "x" || fault == "" {
			t.Errorf("%s: name is %q, fault %q", what, got, fault)
		}
	}
	numbered, fault := decode(`{"name":"P","review":{"1":{"a":"1"},"4":{"a":"2"}}}`)
	if len(numbered) != 1 || len(numbered[0].Props[1].Values) != 2 || fault != "" {
		t.Errorf("a list with numbers: %+v, %q", numbered, fault)
	}
	things, fault := decode(`{"name":"P","review":{"a":"1"},{"a":"2"},"sku":"3"}`)
	if len(things) != 1 || len(things[0].Props) != 3 || len(things[0].Props[1].Values) != 2 || fault == "" {
		t.Errorf("forgotten brackets: %+v, %q", things, fault)
	}
}

func TestWhatOthersSayOfAThingBelongsToIt(t *testing.T) {
	page := `<script type="application/ld+json">{"@type":"Product","name":"Kettle","@reverse":{"itemReviewed":[
{"@type":"AggregateRating","ratingValue":4,"reviewCount":7},{"@type":"Review","author":"Ann","reviewBody":"Boils."}]}}</script>`
	d, _ := document.Open(&mention.Page{URL: "https://www.example.com/", ContentType: "text/html", Body: []byte(page)})
	f := Parse(d)
	if len(f.Mentions) != 1 || f.Mentions[0].Item.Name != "Kettle" || len(f.Items) != 1 || f.Items[0].Rating.Value != 4 {
		t.Errorf("found %+v", f)
	}
}

func TestAPageMayBeJSONLDItself(t *testing.T) {
	for body, want := range map[string]bool{
		`[{"@context":"https://schema.org","@type":"Review","author":"Ann","reviewBody":"Boils."}]`: true,
		`{"@type":"Review","author":"Ann","reviewBody":"Boils."}`:                                   false,
		`{"@context":"https://www.w3.org/ns/activitystreams","type":"Note","content":"Boils."}`:     false,
	} {
		d, _ := document.Open(&mention.Page{URL: "https://www.example.com/", ContentType: "application/ld+json", Body: []byte(body)})
		if Present(d) != want || want && len(Parse(d).Mentions) != 1 {
			t.Errorf("%s: present %v, %+v", body, Present(d), Parse(d))
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{"@type":"Review","a":[1,{"b":"c"}]}`, `{"a":"b"c"}`, "//<![CDATA[\n{}\n//]]>", `{&quot;a&quot;:1}`, `[{"@graph":[{"@id":"#x"}]},]`, `{"a":"\ud83d\u`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		_, fault := decode(s)
		text := strings.HasPrefix(strings.TrimSpace(s), `"`) // whose contents may be anything
		if !text && json.Valid([]byte(s)) && fault != "" && !strings.Contains(fault, "deeply") {
			t.Errorf("valid JSON %q: %s", s, fault)
		}
		page := `<script type="application/ld+json">` + s + "</script>"
		d, _ := document.Open(&mention.Page{URL: "https://www.example.com/", ContentType: "text/html", Body: []byte(page)})
		for _, m := range Parse(d).Mentions {
			if m.Kind == "" || m.Evidence.Parser != "jsonld" || m.Kind == mention.Review && m.Rating == nil && (m.Author == nil || m.Text == "") {
				t.Errorf("%q gives %+v", s, m)
			}
		}
	})
}
