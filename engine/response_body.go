package engine

import (
	"context"
	"errors"
	"io"
	"unicode/utf8"
)

// Iterator walks over a body. Next returns io.EOF after the last item. Close ends the walk early; the body cannot be read
// again from a stream, so that closes the response too. Both follow the rules of the Response it came from.
type Iterator[T any] struct {
	advance func(ctx context.Context) (T, error)
	release func() error
	err     error // set once the walk is over
}

// Next returns the next item, or io.EOF after the last. It waits for data at most until ctx ends.
func (it *Iterator[T]) Next(ctx context.Context) (T, error) {
	if it.err != nil {
		var none T
		return none, it.err
	}
	item, err := it.advance(ctx)
	if err != nil {
		it.err = err
		if closing := it.release(); err == io.EOF && closing != nil {
			it.err = closing
		}
		return item, it.err
	}
	return item, nil
}

// Close ends the walk. It is idempotent.
func (it *Iterator[T]) Close() error {
	if it.err != nil {
		return nil
	}
	it.err = io.EOF
	return it.release()
}

// Read reads the whole body, decodes it, keeps it in memory and closes the response. Read again, it returns the same bytes,
// which the caller does not change. More decoded bytes than the response may have are ResponseTooLarge.
func (r *Response) Read(ctx context.Context) ([]byte, error) {
	if r.loaded {
		return r.content, nil
	}
	body := r.decodedChunks(r.capacity)
	var content []byte
	for {
		chunk, err := body.Next(ctx)
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if content == nil {
			content = chunk[:len(chunk):len(chunk)]
		} else {
			content = append(content, chunk...)
		}
	}
	r.content, r.loaded = content, true
	return content, nil
}

// Content is the decoded body of a response that was read. Before that it is a ResponseNotRead error.
func (r *Response) Content() ([]byte, error) {
	if !r.loaded {
		return nil, NewError(ResponseNotRead, r.Request, "")
	}
	return r.content, nil
}

// RawIter walks over the body as it is on the wire, in chunks of chunkSize bytes (the last may be shorter), or as they arrive
// with 0. It can be done once. Of a recorded body only the decoded bytes exist; those are given.
func (r *Response) RawIter(chunkSize int) *Iterator[[]byte] {
	raw := r.rawChunks()
	if r.limit > 0 {
		raw = r.bounded(raw, r.limit)
	}
	return inChunks(raw, chunkSize, byteLength, sliceBytes, appendBytes)
}

// BytesIter walks over the decoded body in chunks of chunkSize bytes (the last may be shorter), or as they come with 0. A
// loaded body can be walked over again, a streamed one cannot.
func (r *Response) BytesIter(chunkSize int) *Iterator[[]byte] {
	return inChunks(r.decodedChunks(r.limit), chunkSize, byteLength, sliceBytes, appendBytes)
}

// TextIter walks over the decoded text in pieces of chunkSize characters (the last may be shorter), or as they come with 0.
func (r *Response) TextIter(chunkSize int) *Iterator[string] {
	return inChunks(r.textPieces(), chunkSize, utf8.RuneCountInString, sliceText, appendText)
}

// LinesIter walks over the lines of the decoded text, without their ends.
func (r *Response) LinesIter(options LineOptions) *Iterator[string] {
	pieces := r.textPieces()
	decoder := NewLineDecoder(options)
	var lines []string
	ended := false
	return &Iterator[string]{
		release: pieces.Close,
		advance: func(ctx context.Context) (string, error) {
			for len(lines) == 0 {
				if ended {
					return "", io.EOF
				}
				piece, err := pieces.Next(ctx)
				switch {
				case err == io.EOF:
					ended = true
					lines, err = decoder.Flush()
				case err == nil:
					lines, err = decoder.Decode(piece)
				}
				if err != nil {
					return "", r.claim(err)
				}
			}
			line := lines[0]
			lines = lines[1:]
			return line, nil
		},
	}
}

// rawChunks reads the stream, and closes the response at its end and after an error.
func (r *Response) rawChunks() *Iterator[[]byte] {
	begun := false
	return &Iterator[[]byte]{
		release: func() error {
			if !begun {
				return nil
			}
			return r.Close()
		},
		advance: func(ctx context.Context) ([]byte, error) {
			if !begun {
				if r.consumed {
					return nil, NewError(StreamConsumed, r.Request, "")
				}
				if r.closed {
					return nil, NewError(StreamClosed, r.Request, "")
				}
				begun, r.consumed, r.received = true, true, 0
			}
			if r.Stream == nil {
				return nil, io.EOF
			}
			if r.closed {
				return nil, NewError(StreamClosed, r.Request, "")
			}
			for {
				chunk, err := r.Stream.Next(ctx)
				if err != nil {
					return nil, r.claim(err)
				}
				r.received += int64(len(chunk))
				if len(chunk) > 0 {
					return chunk, nil
				}
			}
		},
	}
}

// decodedChunks undoes the content codings. It allows at most limit bytes; 0 is any number.
func (r *Response) decodedChunks(limit int64) *Iterator[[]byte] {
	if r.loaded {
		rest := r.content
		return &Iterator[[]byte]{
			release: func() error { return nil },
			advance: func(context.Context) ([]byte, error) {
				if len(rest) == 0 {
					return nil, io.EOF
				}
				chunk := rest
				rest = nil
				return chunk, nil
			},
		}
	}
	raw := r.rawChunks()
	codings := r.Headers.GetList("Content-Encoding", true)
	if r.Decoded || len(codings) == 0 {
		return r.bounded(raw, limit)
	}
	var decoder Decoder
	ended := false
	decoded := &Iterator[[]byte]{
		release: func() error {
			if decoder != nil {
				decoder.Close()
			}
			return raw.Close()
		},
		advance: func(ctx context.Context) ([]byte, error) {
			if decoder == nil {
				var err error
				if decoder, err = NewDecoder(codings, DecodeLimits{MaxSize: max(limit, 0)}); err != nil {
					return nil, r.claim(err)
				}
			}
			for !ended {
				var chunk []byte
				var err error
				if !decoder.Pending() {
					chunk, err = raw.Next(ctx)
					if err != nil && err != io.EOF {
						return nil, err
					}
					ended = err == io.EOF
				}
				if ended {
					chunk, err = decoder.Flush()
				} else {
					chunk, err = decoder.Decode(chunk)
				}
				if err != nil {
					return nil, r.claim(err)
				}
				if len(chunk) > 0 {
					return chunk, nil
				}
			}
			return nil, io.EOF
		},
	}
	return r.bounded(decoded, limit)
}

// bounded passes on at most limit bytes; 0 is any number.
func (r *Response) bounded(chunks *Iterator[[]byte], limit int64) *Iterator[[]byte] {
	if limit <= 0 {
		return chunks
	}
	var seen int64
	return &Iterator[[]byte]{
		release: chunks.Close,
		advance: func(ctx context.Context) ([]byte, error) {
			chunk, err := chunks.Next(ctx)
			if err != nil {
				return nil, err
			}
			if seen += int64(len(chunk)); seen > limit {
				tooLarge := NewError(ResponseTooLarge, r.Request,
					"The response body is larger than %d bytes (%d received, more than %d after decoding).", limit, r.received, limit)
				tooLarge.Phase = "read"
				tooLarge.Hint = "stream the body, or raise the maximum response size"
				return nil, tooLarge
			}
			return chunk, nil
		},
	}
}

// textPieces decodes the characters.
func (r *Response) textPieces() *Iterator[string] {
	chunks := r.decodedChunks(r.limit)
	var decoder TextDecoder
	ended := false
	return &Iterator[string]{
		release: chunks.Close,
		advance: func(ctx context.Context) (string, error) {
			for !ended {
				chunk, err := chunks.Next(ctx)
				if err != nil && err != io.EOF {
					return "", err
				}
				ended = err == io.EOF
				if decoder == nil {
					decoder = r.textDecoder()
				}
				text := ""
				if ended {
					text = decoder.Flush()
				} else {
					text = decoder.Decode(chunk)
				}
				if text != "" {
					return text, nil
				}
			}
			return "", io.EOF
		},
	}
}

// inChunks cuts what arrives into pieces of exactly size units, the last may be shorter; 0 leaves it as it comes.
func inChunks[T any](source *Iterator[T], size int, length func(T) int, cut func(T, int) (T, T), join func(T, T) T) *Iterator[T] {
	if size <= 0 {
		return source
	}
	var rest T
	units := 0
	ended := false
	return &Iterator[T]{
		release: source.Close,
		advance: func(ctx context.Context) (T, error) {
			for units < size && !ended {
				item, err := source.Next(ctx)
				if errors.Is(err, io.EOF) {
					ended = true
					break
				}
				if err != nil {
					return item, err
				}
				if units == 0 {
					rest = item
				} else {
					rest = join(rest, item)
				}
				units += length(item)
			}
			if units == 0 {
				var none T
				return none, io.EOF
			}
			var piece T
			piece, rest = cut(rest, min(size, units))
			units -= min(size, units)
			return piece, nil
		},
	}
}

func byteLength(b []byte) int { return len(b) }

func sliceBytes(b []byte, n int) ([]byte, []byte) { return b[:n:n], b[n:] }

// appendBytes copies, because a chunk may be part of memory that was handed out.
func appendBytes(a, b []byte) []byte { return append(a[:len(a):len(a)], b...) }

func sliceText(s string, n int) (string, string) {
	at := 0
	for range n {
		_, size := utf8.DecodeRuneInString(s[at:])
		at += size
	}
	return s[:at], s[at:]
}

func appendText(a, b string) string { return a + b }
