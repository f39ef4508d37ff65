package engine

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"iter"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

const (
	maxCodings    = 5       // curl's limit for a chain
	maxZstdWindow = 8 << 20 // RFC 9659
	decodePiece   = 1 << 20
)

// SupportedCodings are the content codings that NewDecoder knows, in the order of HTTPX's Accept-Encoding.
func SupportedCodings() []string { return []string{"gzip", "deflate", "br", "zstd"} }

// Decoder decodes the content coding of a body that is pushed into it chunk by chunk. What it gives depends on the
// sequence of the chunks alone. Errors are DecodingError, or ResponseTooLarge when the limit is passed, and stick.
type Decoder interface {
	// Decode takes the next chunk, which must not change afterwards, and gives what can be decoded, perhaps nothing. It gives at most
	// about 1 MiB at once, so that a small chunk cannot fill the memory: while Pending is true, Decode(nil) gives more.
	Decode(chunk []byte) ([]byte, error)

	// Pending tells whether Decode stopped early and Decode(nil) has more to give.
	Pending() bool

	// Flush ends the body and gives all that is left. A body that ends too early is an error; an empty one is not.
	Flush() ([]byte, error)

	// Close drops the decoder before its end. It is needed unless Flush or an error ended it, and is idempotent.
	Close()
}

// DecodeLimits bound what a body may decode to.
type DecodeLimits struct {
	MaxSize int64 // in decoded bytes; 0 is no limit
}

// NewDecoder makes a decoder for the items of Content-Encoding, in the order in which they were applied, so that the last is
// undone first. Names are compared without regard to case and identity is ignored. An unknown coding, and all that were applied
// before it, are left as they are. More than 5 codings are a DecodingError.
func NewDecoder(codings []string, limits DecodeLimits) (Decoder, error) {
	var chain []string // in the order of decoding
	known, count := true, 0
	for i := len(codings) - 1; i >= 0; i-- {
		name := lowerASCII(strings.TrimSpace(codings[i]))
		if name == "" || name == "identity" {
			continue
		}
		if count++; count > maxCodings {
			return nil, NewError(DecodingError, nil, "The response has more than %d content codings.", maxCodings)
		}
		if _, ok := openers[name]; !ok {
			known = false
		}
		if known {
			chain = append(chain, name)
		}
	}
	if len(chain) == 0 {
		return &identityDecoder{limits: limits}, nil
	}
	return &pulledDecoder{chain: chain, limits: limits}, nil
}

// identityDecoder gives the body as it is, and counts it.
type identityDecoder struct {
	limits DecodeLimits
	size   int64
}

func (d *identityDecoder) Decode(chunk []byte) ([]byte, error) {
	d.size += int64(len(chunk))
	if err := d.limits.check(d.size, d.size); err != nil {
		return nil, err
	}
	return chunk, nil
}

func (d *identityDecoder) Pending() bool          { return false }
func (d *identityDecoder) Flush() ([]byte, error) { return nil, nil }
func (d *identityDecoder) Close()                 {}

func (l DecodeLimits) check(decoded, wire int64) error {
	if l.MaxSize <= 0 || decoded <= l.MaxSize {
		return nil
	}
	e := NewError(ResponseTooLarge, nil, "The response body is larger than %d bytes (%d bytes received).", l.MaxSize, wire)
	e.Hint = "stream the body, or raise maxResponseSize"
	return e
}

// pulledDecoder turns the readers of the compression libraries, which pull their input, into a decoder that is pushed. They run on a
// coroutine: it is suspended where the innermost reader needs the next chunk, and where a piece of output is ready.
type pulledDecoder struct {
	chain  []string
	limits DecodeLimits

	resume func() (struct{}, bool)
	stop   func()

	input   []byte // received, not yet read
	ended   bool   // no more input will come
	output  []byte // decoded, not yet given
	pending bool
	wire    int64
	decoded int64
	err     error // why decoding ended; io.EOF at the end of the coded data
}

func (d *pulledDecoder) Decode(chunk []byte) ([]byte, error) {
	d.wire += int64(len(chunk))
	if len(chunk) == 0 && !d.pending {
		return nil, d.failure()
	}
	if len(d.input) == 0 {
		d.input = chunk
	} else {
		d.input = append(d.input[:len(d.input):len(d.input)], chunk...)
	}
	return d.run()
}

func (d *pulledDecoder) Pending() bool { return d.pending }

func (d *pulledDecoder) Flush() ([]byte, error) {
	d.ended = true
	if d.wire == 0 {
		return nil, nil
	}
	var all []byte
	for {
		piece, err := d.run()
		if err != nil {
			return nil, err
		}
		if all == nil {
			all = piece
		} else {
			all = append(all, piece...)
		}
		if d.err != nil {
			return all, nil
		}
	}
}

func (d *pulledDecoder) Close() {
	if d.stop != nil {
		d.stop()
	}
	if d.err == nil {
		d.err = NewError(StreamClosed, nil, "")
	}
	d.input, d.output, d.pending = nil, nil, false
}

// run lets the coroutine work until it needs input, has a piece of output or has ended.
func (d *pulledDecoder) run() ([]byte, error) {
	if d.err != nil {
		d.input = nil // what follows the end of the coded data is ignored
		return nil, d.failure()
	}
	if d.resume == nil {
		d.resume, d.stop = iter.Pull(d.work)
	}
	d.pending = false
	d.resume()
	output := d.output[:len(d.output):len(d.output)]
	d.output = d.output[len(d.output):] // a reader that is suspended may be writing behind what is given away
	d.decoded += int64(len(output))
	if err := d.limits.check(d.decoded, d.wire); err != nil {
		d.stop()
		d.err = err
	}
	if err := d.failure(); err != nil {
		d.pending = false
		return nil, err
	}
	return output, nil
}

// failure is the error that ended decoding, if it was not the end of the data.
func (d *pulledDecoder) failure() error {
	if d.err == io.EOF {
		return nil
	}
	return d.err
}

// errDropped unwinds the coroutine of a decoder that was closed early.
var errDropped = errors.New("decoder closed")

// work is the coroutine.
func (d *pulledDecoder) work(yield func(struct{}) bool) {
	source := &pushedInput{decoder: d, suspend: func() bool { return yield(struct{}{}) }}
	var reader io.Reader = source
	for _, name := range d.chain {
		layer := &codingLayer{name: name, source: bufio.NewReaderSize(reader, 4096)}
		defer layer.close()
		reader = layer
	}
	for {
		if len(d.output) == cap(d.output) {
			estimate := min(max(4*len(d.input), 4096), decodePiece/4)
			d.output = append(make([]byte, 0, min(max(2*len(d.output), estimate), decodePiece)), d.output...)
		}
		n, err := reader.Read(d.output[len(d.output):cap(d.output)])
		d.output = d.output[:len(d.output)+n]
		if err != nil {
			if err != errDropped {
				d.err = err
			}
			return
		}
		if len(d.output) >= decodePiece {
			d.pending = true
			if !yield(struct{}{}) {
				return
			}
		}
	}
}

// pushedInput reads what was pushed, and suspends the coroutine when there is nothing.
type pushedInput struct {
	decoder *pulledDecoder
	suspend func() bool
}

func (s *pushedInput) Read(p []byte) (int, error) {
	for len(s.decoder.input) == 0 {
		if s.decoder.ended {
			return 0, io.EOF
		}
		if !s.suspend() {
			return 0, errDropped
		}
	}
	n := copy(p, s.decoder.input)
	s.decoder.input = s.decoder.input[n:]
	return n, nil
}

// codingLayer undoes one coding. Its reader is opened at the first byte, so that an empty body is valid in every coding.
type codingLayer struct {
	name   string
	source *bufio.Reader
	reader io.ReadCloser
}

func (l *codingLayer) Read(p []byte) (int, error) {
	if l.reader == nil {
		if _, err := l.source.Peek(1); err != nil {
			return 0, err
		}
		reader, err := openers[l.name](l.source)
		if err != nil {
			return 0, l.explain(err)
		}
		l.reader = reader
	}
	n, err := l.reader.Read(p)
	return n, l.explain(err)
}

func (l *codingLayer) close() {
	if l.reader != nil {
		l.reader.Close()
	}
}

// explain makes a DecodingError of a library's error; an error of a layer below passes.
func (l *codingLayer) explain(err error) error {
	var below *Error
	switch {
	case err == nil || err == io.EOF:
		return err
	case errors.Is(err, errDropped):
		return errDropped
	case errors.As(err, &below):
		return below
	case errors.Is(err, io.ErrUnexpectedEOF):
		return NewError(DecodingError, nil, "The %s data ends too early: %w", l.name, err)
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return NewError(DecodingError, nil, "The zstd data needs a window larger than %d bytes: %w", maxZstdWindow, err)
	}
	return NewError(DecodingError, nil, "The %s data is broken: %w", l.name, err)
}

var openers = map[string]func(*bufio.Reader) (io.ReadCloser, error){
	"gzip": openGzip,
	"deflate": func(source *bufio.Reader) (io.ReadCloser, error) {
		if isZlib(source) {
			return zlib.NewReader(source)
		}
		return flate.NewReader(source), nil
	},
	"br": func(source *bufio.Reader) (io.ReadCloser, error) {
		return io.NopCloser(brotli.NewReader(source)), nil
	},
	"zstd": func(source *bufio.Reader) (io.ReadCloser, error) {
		// One goroutine, this one: with more the decoder starts some of its own.
		reader, err := zstd.NewReader(source, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(maxZstdWindow))
		if err != nil {
			return nil, err
		}
		return reader.IOReadCloser(), nil
	},
}

// gzipReaders keeps readers for the next body: a new one takes 44 KB, more than most bodies.
var gzipReaders sync.Pool

type pooledGzip struct{ *gzip.Reader }

func openGzip(source *bufio.Reader) (io.ReadCloser, error) {
	reader, ok := gzipReaders.Get().(*gzip.Reader)
	if !ok {
		reader = new(gzip.Reader)
	}
	if err := reader.Reset(source); err != nil {
		return nil, err
	}
	return pooledGzip{reader}, nil
}

func (p pooledGzip) Close() error {
	gzipReaders.Put(p.Reader)
	return nil
}

// isZlib tells zlib data from raw deflate data, which some servers send, by the two bytes of its header (RFC 1950, section 2.2).
func isZlib(source *bufio.Reader) bool {
	head, err := source.Peek(2)
	return err == nil && head[0]&0x0f == 8 && head[0]>>4 <= 7 && (int(head[0])<<8|int(head[1]))%31 == 0
}
