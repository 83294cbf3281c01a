package sqlite

import (
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"slices"
	"sync"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"

	"klank/mention"
)

// dictionary primes the compression of documents with the words that most of
// them hold; with it they take a third of their size, against nearly half
// without. Every file keeps the dictionary it was created with, so that a
// better one may be written here at any time.
//
//go:embed dictionary.txt
var dictionary []byte

// maxDocument bounds what a document may unpack to, against a damaged file.
const maxDocument = 256 << 20

// packedS2 begins a document that is an S2 block, after four bytes of its
// CRC-32C (Castagnoli, little-endian). Those of layout 7 and before are Zstandard
// frames (RFC 8878, which begin with 0x28): a third smaller, yet packing took
// three times the time, a fifteenth of a whole crawl's.
const packedS2 = 0x01

// blockStart is where the block begins in such a blob.
const blockStart = 1 + crc32.Size

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// codec packs mentions into blobs. It is safe for concurrent use.
type codec struct {
	dict *s2.Dict
	zstd func() (*zstd.Decoder, error)
}

func newCodec(dict []byte) (*codec, error) {
	c := &codec{dict: s2.MakeDict(dict, []byte(`{"id":"`)), zstd: sync.OnceValues(func() (*zstd.Decoder, error) {
		return zstd.NewReader(nil, zstd.WithDecoderConcurrency(maxReaders), zstd.WithDecoderMaxMemory(maxDocument), zstd.WithDecoderDictRaw(1, dict))
	})}
	if c.dict == nil {
		return nil, damaged(fmt.Errorf("its dictionary has %d bytes", len(dict)))
	}
	return c, nil
}

// pack writes the blob of a document over dst, which grows where need be.
func (c *codec) pack(dst, doc []byte) []byte {
	dst = slices.Grow(dst[:0], blockStart+s2.MaxEncodedLen(len(doc)))
	dst = binary.LittleEndian.AppendUint32(append(dst, packedS2), crc32.Checksum(doc, castagnoli))
	return dst[:blockStart+len(c.dict.Encode(dst[blockStart:cap(dst)], doc))]
}

// unpack returns the JSON in blob and reads it into m.
func (c *codec) unpack(blob []byte, m *mention.Mention) ([]byte, error) {
	doc, err := c.inflate(blob, nil)
	if err == nil {
		err = c.read(doc, m)
	}
	return doc, err
}

// inflate writes the JSON in blob over dst, which grows where need be.
func (c *codec) inflate(blob, dst []byte) ([]byte, error) {
	if len(blob) <= blockStart || blob[0] != packedS2 {
		dec, err := c.zstd()
		if err == nil {
			dst, err = dec.DecodeAll(blob, dst[:0])
		}
		return dst, damaged(err)
	}
	sum, block := binary.LittleEndian.Uint32(blob[1:]), blob[blockStart:]
	n, err := s2.DecodedLen(block)
	switch {
	case err != nil:
		return nil, damaged(err)
	case n > maxDocument:
		return nil, damaged(fmt.Errorf("a document of %d bytes", n))
	}
	dst = slices.Grow(dst[:0], n)
	doc, err := c.dict.Decode(dst[:cap(dst)], block)
	if err == nil && crc32.Checksum(doc, castagnoli) != sum {
		err = errors.New("its checksum is another")
	}
	return doc, damaged(err)
}

func (c *codec) read(doc []byte, m *mention.Mention) error { return damaged(json.Unmarshal(doc, m)) }

func damaged(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("a stored mention is damaged: %w; restore the file from a backup, or delete it and crawl again", err)
}
