package fetch

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// acceptEncoding is what decoder can undo.
const acceptEncoding = "gzip, deflate, zstd"

// zstdWindow is the most memory a zstd body may ask for (RFC 9659, 3).
const zstdWindow = 8 << 20

// decoders undoes content encodings (RFC 9110, 8.4; RFC 8878) and keeps the
// tables of gzip and zstd readers for the next body.
type decoders struct{ gzips, zstds sync.Pool }

type gunzip struct {
	gzip.Reader
	in *bufio.Reader
}

// encodingError names content encodings that nobody asked for.
type encodingError string

func (e encodingError) Error() string {
	return fmt.Sprintf("content encoding %q, where klank asked for %s", string(e), acceptEncoding)
}

// decoder returns a reader of what raw holds in its content encodings; raw
// itself where there are none. release is to be called when reading is done.
func (d *decoders) decoder(raw io.Reader, encodings []string) (body io.Reader, release func(), err error) {
	none := func() {}
	switch coding := contentCoding(encodings); coding {
	case "":
		return raw, none, nil
	case "gzip", "x-gzip":
		return d.gzip(raw)
	case "deflate":
		return deflate(raw), none, nil
	case "zstd":
		return d.zstd(raw)
	default:
		return nil, none, encodingError(coding)
	}
}

// contentCoding joins the codings of the header lines, without "identity".
func contentCoding(encodings []string) string {
	var kept []string
	for c := range strings.SplitSeq(strings.ToLower(strings.Join(encodings, ",")), ",") {
		if c = strings.TrimSpace(c); c != "" && c != "identity" {
			kept = append(kept, c)
		}
	}
	return strings.Join(kept, ", ")
}

func (d *decoders) gzip(raw io.Reader) (io.Reader, func(), error) {
	z, _ := d.gzips.Get().(*gunzip)
	if z == nil {
		z = &gunzip{in: bufio.NewReader(nil)}
	}
	release := func() { d.gzips.Put(z) }
	z.in.Reset(raw)
	if _, err := z.in.Peek(1); err == io.EOF {
		return raw, release, nil // an empty body needs no wrapping
	}
	if err := z.Reset(z.in); err != nil {
		release()
		return nil, nil, noEOF(err)
	}
	return z, release, nil
}

func (d *decoders) zstd(raw io.Reader) (io.Reader, func(), error) {
	z, _ := d.zstds.Get().(*zstd.Decoder)
	if z == nil {
		var err error
		// One at a time means that it starts no goroutines.
		if z, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(zstdWindow)); err != nil {
			return nil, nil, err
		}
	}
	if err := z.Reset(raw); err != nil {
		return nil, nil, noEOF(err)
	}
	return z, func() {
		if z.Reset(nil) == nil { // lets go of raw
			d.zstds.Put(z)
		}
	}, nil
}

// deflate reads the zlib format, and the bare one that some servers send
// under the same name. Both end before raw does; what is left is read to its
// end, so that a body cut short does not pass.
func deflate(raw io.Reader) io.Reader {
	in := bufio.NewReader(raw)
	head, err := in.Peek(2)
	if err == io.EOF && len(head) == 0 {
		return raw
	}
	var z io.Reader
	if len(head) == 2 && head[0]&0x0f == 8 && (uint(head[0])<<8|uint(head[1]))%31 == 0 {
		if z, err = zlib.NewReader(in); err != nil {
			return failing{noEOF(err)}
		}
	} else {
		z = flate.NewReader(in)
	}
	return &drained{from: z, rest: in}
}

// drained reads from to its end, then checks that rest ends well.
type drained struct{ from, rest io.Reader }

func (d *drained) Read(p []byte) (int, error) {
	n, err := d.from.Read(p)
	if err == io.EOF {
		if _, rest := io.CopyN(io.Discard, d.rest, maxDrain); rest != nil && rest != io.EOF {
			err = rest
		}
	}
	return n, err
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// noEOF makes the end of the input in the middle of a header an error.
func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
