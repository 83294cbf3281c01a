package sqlite

import (
	_ "embed"
	"encoding/json"
	"fmt"

	"github.com/klauspost/compress/zstd"

	"klank/mention"
)

// dictionary primes the compression of documents with the words that most of
// them hold; with it they take little more than a quarter of their size,
// against half without. Every file keeps the dictionary it was created with,
// so that a better one may be written here at any time.
//
//go:embed dictionary.txt
var dictionary []byte

// maxDocument bounds what a document may unpack to, against a damaged file.
const maxDocument = 256 << 20

// codec packs mentions into blobs. It is safe for concurrent use.
type codec struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}

func newCodec(dict []byte) (*codec, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
		zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(1<<17), zstd.WithEncoderDictRaw(1, dict))
	if err != nil {
		return nil, err
	}
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(maxReaders), zstd.WithDecoderMaxMemory(maxDocument), zstd.WithDecoderDictRaw(1, dict))
	if err != nil {
		return nil, err
	}
	return &codec{enc, dec}, nil
}

func (c *codec) close() { c.dec.Close() }

func (c *codec) pack(doc []byte) []byte { return c.enc.EncodeAll(doc, nil) }

// unpack returns the JSON in blob and reads it into m.
func (c *codec) unpack(blob []byte, m *mention.Mention) ([]byte, error) {
	doc, err := c.inflate(blob, nil)
	if err == nil {
		err = c.read(doc, m)
	}
	return doc, err
}

// inflate appends the JSON in blob to dst.
func (c *codec) inflate(blob, dst []byte) ([]byte, error) {
	doc, err := c.dec.DecodeAll(blob, dst)
	return doc, damaged(err)
}

func (c *codec) read(doc []byte, m *mention.Mention) error { return damaged(json.Unmarshal(doc, m)) }

func damaged(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("a stored mention is damaged: %w; restore the file from a backup, or delete it and crawl again", err)
}
