package sqlite

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"klank/mention"
)

func mustCodec(t testing.TB) *codec {
	t.Helper()
	c, err := newCodec(dictionary)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDocumentsComeBackAsTheyWere(t *testing.T) {
	c := mustCodec(t)
	var blob, back []byte
	for _, doc := range []string{"", "{}", `{"id":"1"}`, strings.Repeat(`{"text":"De levering was snel"}`, 4), strings.Repeat("é", 200_000)} {
		blob = c.pack(blob, []byte(doc))
		var err error
		if back, err = c.inflate(blob, back); err != nil || string(back) != doc {
			t.Errorf("%.40q: %d bytes, %v", doc, len(back), err)
		}
	}
}

func TestDocumentsOfOlderVersionsAreRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.db")
	ix := mustOpen(t, path)
	ms := some("old", 3)
	mustPut(t, ix, ms)
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderDictRaw(1, dictionary))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := ix.writer.db.Query("SELECT rowid, json FROM docs")
	if err != nil {
		t.Fatal(err)
	}
	docs := map[int64][]byte{}
	for rows.Next() {
		var id int64
		var blob []byte
		if err := rows.Scan(&id, &blob); err != nil {
			t.Fatal(err)
		}
		if docs[id], err = ix.codec.inflate(blob, nil); err != nil {
			t.Fatal(err)
		}
	}
	for id, doc := range docs {
		if _, err := ix.writer.db.Exec("UPDATE docs SET json = ? WHERE rowid = ?", enc.EncodeAll(doc, nil), id); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	if err := ix.Scan(t.Context(), nil, func(m *mention.Mention) error { n++; return nil }); err != nil || n != len(ms) {
		t.Errorf("%d of %d are read: %v", n, len(ms), err)
	}
}

func TestADocumentWithAFlippedBitIsNotRead(t *testing.T) {
	c := mustCodec(t)
	blob := c.pack(nil, []byte(`{"id":"1","text":"Niet goed, geld terug. Niet goed, geld terug."}`))
	for i := range blob[1:] {
		bad := bytes.Clone(blob)
		bad[i+1] ^= 4
		if doc, err := c.inflate(bad, nil); err == nil {
			t.Errorf("byte %d: %s", i+1, doc)
		}
	}
}

func FuzzInflate(f *testing.F) {
	c := mustCodec(f)
	f.Add(c.pack(nil, []byte(`{"id":"1","text":"Niet goed, geld terug."}`)))
	f.Add([]byte{0x28, 0xb5, 0x2f, 0xfd})
	f.Fuzz(func(t *testing.T, blob []byte) {
		if doc, err := c.inflate(blob, nil); err == nil && len(doc) > maxDocument {
			t.Errorf("%d bytes", len(doc))
		}
	})
}
