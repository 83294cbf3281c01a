package wire

import (
	"encoding/json"
	"strings"
	"testing"

	"klank/mention"
	"klank/parsers/foundtest"
)

type graded struct {
	Grade  Number      `json:"grade"`
	Name   Text        `json:"name"`
	Bought Flag        `json:"bought"`
	Sides  Map[side]   `json:"sides"`
	Tags   List[Text]  `json:"tags"`
	Kids   List[*side] `json:"kids"`
}

type side struct {
	Value Number `json:"value"`
	Label string `json:"label"`
}

func TestGradesFlagsAndListsAreReadHoweverTheyAreWritten(t *testing.T) {
	var g graded
	err := Decode([]byte(`{"grade":"8,5","name":12,"bought":"True","sides":{"b":{"value":1e0,"label":7},"a":5,"c":{"value":null}},"tags":"one","kids":[{"label":"x"},"no",null]}`), &g)
	if err != nil || g.Grade != "8.5" || g.Name != "12" || !g.Bought.Is() {
		t.Fatalf("%+v, %v", g, err)
	}
	if len(g.Sides) != 2 || g.Sides[0].Key != "b" || g.Sides[0].Value.Value != "1" || g.Sides.Get("c").Value != "" {
		t.Errorf("sides: %+v", g.Sides)
	}
	if len(g.Tags) != 1 || g.Tags[0] != "one" || g.Kids[0].Label != "x" {
		t.Errorf("tags %v, kids %v", g.Tags, g.Kids)
	}
	if err := Decode([]byte(`{"grade":{},"name":[],"bought":3,"sides":"x","tags":null,"kids":{"label":"lone"}}`), &g); err != nil {
		t.Fatal(err)
	}
	if g.Grade != "" || g.Name != "" || g.Bought.Pointer() != nil || g.Sides != nil || g.Tags != nil || len(g.Kids) != 1 {
		t.Errorf("wrong types: %+v", g)
	}
}

func TestABareArrayIsReadAsTheListOfItsKey(t *testing.T) {
	var g graded
	if err := DecodeList([]byte(` [{"label":"x"}]`), "kids", &g); err != nil || len(g.Kids) != 1 || g.Kids[0].Label != "x" {
		t.Errorf("%+v, %v", g, err)
	}
	if err := DecodeList([]byte(`[1}`), "kids", &g); err == nil {
		t.Error("broken JSON is no error")
	}
}

func TestAGradeBelowTheScaleIsNone(t *testing.T) {
	if r := Number("4.667").Grade(1, 5); r == nil || r.Value != 4.667 || r.Best != 5 || *r.Worst != 1 {
		t.Errorf("4.667: %+v", r)
	}
	if r := Number("0").Grade(0, 1); r == nil || r.Score != 0 || r.Best != 1 {
		t.Errorf("thumb down: %+v", r)
	}
	for _, v := range []Number{"", "0", "-1"} {
		if r := v.Grade(1, 5); r != nil {
			t.Errorf("%q: %+v", v, r)
		}
	}
	if Number("").Int() != nil || Number("-1").Int() != nil || Number("4.5").Int() != nil || *Number("0").Int() != 0 {
		t.Error("counts are misread")
	}
}

func TestSubScoresAreTiedToTouchpoints(t *testing.T) {
	for name, want := range map[string]string{
		"shippingtime": "delivery", "customerservice": "service_contact", "pricequality": "price", "aftersale": "returns",
		"Levering": "delivery", "Klantenservice": "service_contact", "Prijs/kwaliteit": "price", "Nazorg": "returns", "Kwaliteit": "use",
		"Value of Product": "price", "Overall": "", "Color": "",
	} {
		if got := Touchpoint(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	var m mention.Mention
	no := false
	Recommended(&m, "Recommended", &no)
	SubRating(&m, "", "", Number("3").Grade(1, 5))
	if len(m.Ratings) != 1 || m.Ratings[0].Touchpoint != "recommendation" || m.Ratings[0].Score != 0 || m.Ratings[0].Best != 1 {
		t.Errorf("%+v", m.Ratings)
	}
	if Reply("x", " ", "", foundtest.Open("x.json", nil)) != nil {
		t.Error("a reply without text")
	}
}

func TestLongListsAreCutOff(t *testing.T) {
	var l List[side]
	if err := json.Unmarshal([]byte("[{}"+strings.Repeat(",{}", 30000)+"]"), &l); err != nil || len(l) != maxList {
		t.Errorf("%d elements, %v", len(l), err)
	}
}

func FuzzLists(f *testing.F) {
	f.Add([]byte(`{"sides":{"a":{"value":"1"}},"tags":["a",1],"kids":[{}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var g graded
		_ = Decode(body, &g)
		if r := g.Grade.Grade(1, 10); r != nil && (r.Score < 0 || r.Score > 1) {
			t.Errorf("%+v", r)
		}
	})
}
