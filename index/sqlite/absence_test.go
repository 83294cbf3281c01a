package sqlite

import (
	"slices"
	"testing"
)

func FuzzUnpackDocs(f *testing.F) {
	f.Add(packDocs([]int64{1, 2, 300, 1 << 40}))
	f.Add([]byte{0x80})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		docs, err := unpackDocs(data)
		if err != nil {
			return
		}
		if !slices.IsSorted(docs) {
			t.Fatalf("%x gives %v", data, docs)
		}
		again, err := unpackDocs(packDocs(docs))
		if err != nil || !slices.Equal(docs, again) {
			t.Errorf("%v comes back as %v, %v", docs, again, err)
		}
	})
}
