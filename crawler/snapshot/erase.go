package snapshot

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"time"
)

// What is erased stays a record in its place, so that no locator changes and
// any WARC tool still reads the file: a gzip member of zeros that are stored
// plainly, which a file system need not keep. An extra field (RFC 1952,
// 2.3.1.1) holds the member's length.
const (
	erasedHead = 24    // the gzip header with its extra field
	blockHead  = 5     // a stored block's (RFC 1951, 3.2.4)
	maxStored  = 65535 // bytes in a stored block
	gzipTail   = 8
	// minErased is the shortest member there can be.
	minErased = erasedHead + blockHead + len(erasedForm) + 4 + gzipTail
	// erasedForm is the record's header; times and numbers have one length.
	erasedForm = "WARC/1.1\r\nWARC-Type: metadata\r\nWARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-000000000000>\r\n" +
		"WARC-Date: 2006-01-02T15:04:05Z\r\nContent-Length: 0000000000\r\n\r\n"
)

var erasedMark = []byte{0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 12, 0, 'K', 'L', 8, 0}

// erasedSpan tells whether an erased member begins at offset, and where it
// ends.
func erasedSpan(f io.ReaderAt, offset int64) (end int64, ok bool) {
	var head [erasedHead]byte
	if n, _ := f.ReadAt(head[:], offset); n < len(head) || !bytes.HasPrefix(head[:], erasedMark) {
		return 0, false
	}
	size := binary.LittleEndian.Uint64(head[len(erasedMark):])
	if size < uint64(minErased) || size > 1<<40 {
		return 0, false
	}
	end = offset + int64(size)
	var last [1]byte
	n, _ := f.ReadAt(last[:], end-1)
	return end, n == 1
}

// erased tells whether a page that began at offset lies in an erased member.
func erased(f io.ReaderAt, offset int64) bool {
	if _, is := erasedSpan(f, offset); is {
		return true
	}
	// within one there are zeros, now and then with a block's head among them
	var head [16]byte
	n, _ := f.ReadAt(head[:], offset)
	return n == len(head) && !bytes.HasPrefix(head[:], gzipMagic) && bytes.Count(head[:], []byte{0}) >= len(head)/2
}

// beginsPage tells whether a record that is not erased begins at offset.
func beginsPage(f io.ReaderAt, offset int64) bool {
	var head [3]byte
	if n, _ := f.ReadAt(head[:], offset); n < len(head) || !bytes.Equal(head[:], gzipMagic) {
		return false
	}
	_, is := erasedSpan(f, offset)
	return !is
}

// hole is a part of a file that is to be erased.
type hole struct{ start, end int64 }

func (h hole) size() int64 { return h.end - h.start }

// stored calls fn with the place of every stored block of h and its length.
func (h hole) stored(fn func(at int64, n int, last bool) error) error {
	const least = blockHead + 4 // the last block holds the end of the record
	at := h.start + erasedHead
	for left := h.size() - erasedHead - gzipTail; ; {
		n, last := left-blockHead, true
		if n > maxStored {
			n, last = min(maxStored, n-least), false
		}
		if err := fn(at, int(n), last); err != nil || last {
			return err
		}
		at, left = at+blockHead+n, left-blockHead-n
	}
}

// payload is how many bytes the stored blocks of h hold.
func (h hole) payload() int64 {
	var sum int64
	_ = h.stored(func(_ int64, n int, _ bool) error { sum += int64(n); return nil }) // cannot fail
	return sum
}

// head is the beginning of the member: the gzip header, the first block's, and
// the record's.
func (h hole) head(now time.Time) (whole, record []byte) {
	record = fmt.Appendf(nil, "WARC/1.1\r\nWARC-Type: metadata\r\nWARC-Record-ID: %s\r\nWARC-Date: %s\r\nContent-Length: %010d\r\n\r\n",
		recordID(), now.UTC().Format("2006-01-02T15:04:05Z"), h.payload()-int64(len(erasedForm))-int64(len(endOfRecord)))
	whole = binary.LittleEndian.AppendUint64(bytes.Clone(erasedMark), uint64(h.size()))
	first := true
	_ = h.stored(func(_ int64, n int, last bool) error { // cannot fail
		if first {
			whole = append(whole, storedHead(n, last)...)
			first = false
		}
		return nil
	})
	return append(whole, record...), record
}

func storedHead(n int, last bool) []byte {
	b := []byte{0}
	if last {
		b[0] = 1
	}
	b = binary.LittleEndian.AppendUint16(b, uint16(n))
	return binary.LittleEndian.AppendUint16(b, ^uint16(n))
}

// complete tells whether an erased member was written to its end: a process
// may have been killed on the way.
func (h hole) complete(f io.ReaderAt) bool {
	var tail [len(endOfRecord) + 8]byte
	n, _ := f.ReadAt(tail[:], h.end-int64(len(tail)))
	return n == len(tail) && string(tail[:len(endOfRecord)]) == endOfRecord &&
		binary.LittleEndian.Uint32(tail[len(endOfRecord)+4:]) == uint32(h.payload())
}

// erase overwrites the holes of a file. A kill at any point leaves them known
// as erased, to be erased once more; nothing else of the file is touched.
func erase(f *os.File, holes []hole) error {
	now := time.Now()
	records := make([][]byte, len(holes))
	heads := make([]int, len(holes))
	for i, h := range holes {
		var head []byte
		head, records[i] = h.head(now)
		heads[i] = len(head)
		if _, err := f.WriteAt(head, h.start); err != nil {
			return err
		}
	}
	if err := f.Sync(); err != nil {
		return err
	}
	for i, h := range holes {
		if err := zero(f, h.start+int64(heads[i]), h.end); err != nil {
			return err
		}
	}
	if err := f.Sync(); err != nil {
		return err
	}
	for i, h := range holes {
		if err := h.finish(f, records[i]); err != nil {
			return err
		}
	}
	return f.Sync()
}

// finish writes what stands between and behind the zeros.
func (h hole) finish(f *os.File, record []byte) error {
	err := h.stored(func(at int64, n int, last bool) error {
		if at == h.start+erasedHead {
			return nil // is there
		}
		_, err := f.WriteAt(storedHead(n, last), at)
		return err
	})
	if err != nil {
		return err
	}
	sum := crc32.ChecksumIEEE(record)
	var zeros [32 << 10]byte
	for left := h.payload() - int64(len(record)+len(endOfRecord)); left > 0; {
		n := min(left, int64(len(zeros)))
		sum = crc32.Update(sum, crc32.IEEETable, zeros[:n])
		left -= n
	}
	sum = crc32.Update(sum, crc32.IEEETable, []byte(endOfRecord))
	tail := binary.LittleEndian.AppendUint32([]byte(endOfRecord), sum)
	tail = binary.LittleEndian.AppendUint32(tail, uint32(h.payload()))
	_, err = f.WriteAt(tail, h.end-int64(len(tail)))
	return err
}

// zero makes a part of a file zeros, and gives its blocks back to the disk
// where the file system can.
func zero(f *os.File, start, end int64) error {
	if punch(f, start, end) == nil {
		return nil
	}
	var zeros [32 << 10]byte
	for start < end {
		n, err := f.WriteAt(zeros[:min(int64(len(zeros)), end-start)], start)
		if err != nil {
			return err
		}
		start += int64(n)
	}
	return nil
}
