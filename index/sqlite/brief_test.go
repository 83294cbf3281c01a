package sqlite

import (
	"testing"

	"klank/index"
)

func TestABriefIsReadAsItWasWritten(t *testing.T) {
	want := index.Brief{Author: 1<<63 + 5, Reach: 70_000, Revision: 3,
		Touchpoints: []index.TouchpointScore{{Name: "need", Low: -1, High: 1}, {Name: "publishing", Low: -0.29, High: 0.07}}}
	got := index.Brief{Touchpoints: []index.TouchpointScore{{Name: "left over"}}, Reach: 9}
	if err := unpackBrief(packBrief(want), &got); err != nil {
		t.Fatal(err)
	}
	if got.Author != want.Author || got.Reach != want.Reach || got.Revision != want.Revision || len(got.Touchpoints) != 2 ||
		got.Touchpoints[0] != want.Touchpoints[0] || got.Touchpoints[1] != want.Touchpoints[1] {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func FuzzADamagedBriefIsAnErrorOrABrief(f *testing.F) {
	f.Add(packBrief(index.Brief{Author: 1, Reach: 300, Touchpoints: []index.TouchpointScore{{Name: "use", Low: -0.5, High: 0.5}}}))
	f.Add([]byte{})
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 99, 1, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		var b index.Brief
		if unpackBrief(data, &b) != nil {
			return
		}
		for _, s := range b.Touchpoints {
			if s.Name == "" || s.Low < -1.28 || s.High > 1.27 {
				t.Errorf("%+v of %v", s, data)
			}
		}
	})
}
