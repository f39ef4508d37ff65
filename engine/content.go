package engine

import (
	"context"
	"io"
	"strconv"
)

// The functions of this file and MultipartContent make bodies. Each gives, besides the Content, the headers that HTTPX sends
// with such a body unless the caller sets his own, in HTTPX's order.

// BytesContent is a body of bytes, which must not change afterwards. An empty one brings no header.
func BytesContent(body []byte) (Content, [][2]string) {
	if len(body) == 0 {
		return bytesContent(nil), nil
	}
	return bytesContent(body), [][2]string{contentLength(int64(len(body)))}
}

// StreamContent is a body that is read from stream, once: a second Stream call is a StreamConsumed error. N is its length in
// bytes, or negative when unknown, and then it is sent chunked. A stream that gives more or fewer bytes than
// announced is a LocalProtocolError at the place where that shows.
func StreamContent(stream ByteStream, n int64) (Content, [][2]string) {
	content := &streamContent{stream: stream, length: max(n, -1)}
	if n < 0 {
		return content, [][2]string{{"Transfer-Encoding", "chunked"}}
	}
	return content, [][2]string{contentLength(n)}
}

// JSONContent is a body of JSON that is already encoded.
func JSONContent(body []byte) (Content, [][2]string) { return typedContent(body, "application/json") }

// TextContent is a body of plain text, for responses made by hand.
func TextContent(text string) (Content, [][2]string) {
	return typedContent([]byte(text), "text/plain; charset=utf-8")
}

// HTMLContent is a body of HTML, for responses made by hand.
func HTMLContent(html string) (Content, [][2]string) {
	return typedContent([]byte(html), "text/html; charset=utf-8")
}

// FormContent is a body of form fields, URL-encoded. A name may repeat.
func FormContent(pairs [][2]string) (Content, [][2]string) {
	return typedContent([]byte(encodeForm(pairs)), "application/x-www-form-urlencoded")
}

func typedContent(body []byte, mediaType string) (Content, [][2]string) {
	return bytesContent(body), [][2]string{contentLength(int64(len(body))), {"Content-Type", mediaType}}
}

func contentLength(n int64) [2]string { return [2]string{"Content-Length", strconv.FormatInt(n, 10)} }

type bytesContent []byte

func (c bytesContent) Stream() (ByteStream, error) { return NewBytesStream(c), nil }
func (c bytesContent) Len() int64                  { return int64(len(c)) }

// NewBytesStream streams body as one chunk.
func NewBytesStream(body []byte) ByteStream { return &bytesStream{body} }

type bytesStream struct{ rest []byte }

func (s *bytesStream) Next(ctx context.Context) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	if len(s.rest) == 0 {
		return nil, io.EOF
	}
	chunk := s.rest
	s.rest = nil
	return chunk, nil
}

func (s *bytesStream) Close() error {
	s.rest = nil
	return nil
}

type streamContent struct {
	stream ByteStream
	length int64
}

func (c *streamContent) Len() int64 { return c.length }

func (c *streamContent) Stream() (ByteStream, error) {
	if c.stream == nil {
		return nil, NewError(StreamConsumed, nil, "")
	}
	stream := c.stream
	c.stream = nil
	if c.length < 0 {
		return stream, nil
	}
	return &measuredStream{ByteStream: stream, left: c.length}, nil
}

// measuredStream holds a stream to the length that was announced for it: a longer body would be read as the next message.
type measuredStream struct {
	ByteStream
	left int64
}

func (s *measuredStream) Next(ctx context.Context) ([]byte, error) {
	chunk, err := s.ByteStream.Next(ctx)
	if err == io.EOF && s.left > 0 {
		return nil, NewError(LocalProtocolError, nil, "Too little data for declared Content-Length: %d bytes are missing.", s.left)
	}
	if err != nil {
		return nil, err
	}
	if int64(len(chunk)) > s.left {
		return nil, NewError(LocalProtocolError, nil, "Too much data for declared Content-Length: at least %d bytes over.",
			int64(len(chunk))-s.left)
	}
	s.left -= int64(len(chunk))
	return chunk, nil
}
