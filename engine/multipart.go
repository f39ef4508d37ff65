package engine

import (
	"context"
	"encoding/hex"
	"io"
	"slices"
	"strings"
)

// MultipartField is a plain field of a multipart/form-data body.
type MultipartField struct {
	Name  string
	Value []byte
}

// MultipartFile is a file in a multipart/form-data body.
type MultipartFile struct {
	Name        string
	Filename    string      // "" sends neither a filename nor a guessed type
	ContentType string      // "" guesses it from Filename
	Headers     [][2]string // sent before Content-Type; a Content-Type among them wins over ContentType
	Content     Content     // of unknown length: the whole body is then sent chunked
}

// NewBoundary draws a boundary of 32 hexadecimal characters from random.
func NewBoundary(random io.Reader) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", NewError(RuntimeError, nil, "No randomness for a multipart boundary: %w", err)
	}
	return hex.EncodeToString(b[:]), nil
}

// BoundaryOf finds the boundary parameter of a multipart/form-data Content-Type, quoted or not, at any position.
func BoundaryOf(contentType string) (string, bool) {
	if !strings.HasPrefix(contentType, "multipart/form-data") {
		return "", false
	}
	const parameter = "boundary="
	for section := range strings.SplitSeq(contentType, ";") {
		section = strings.TrimSpace(section)
		if len(section) >= len(parameter) && equalFoldASCII(section[:len(parameter)], parameter) {
			return strings.Trim(section[len(parameter):], `"`), true
		}
	}
	return "", false
}

// MultipartContent is a multipart/form-data body: the fields, then the files, between lines of boundary (RFC 7578; the bytes are
// HTTPX's). It can be streamed again when every file can. A boundary or a part header that would break
// the framing is a LocalProtocolError.
func MultipartContent(fields []MultipartField, files []MultipartFile, boundary string) (Content, [][2]string, error) {
	if boundary == "" {
		return nil, nil, NewError(LocalProtocolError, nil, "Illegal multipart boundary '': it must not be empty.")
	}
	if char, at := findControl(boundary); char != "" {
		return nil, nil, NewError(LocalProtocolError, nil, "Illegal multipart boundary: invalid character %s at position %d.", char, at)
	}
	content := &multipartContent{}
	for _, field := range fields {
		head := "--" + boundary + "\r\nContent-Disposition: form-data; " + formParameter("name", field.Name) + "\r\n\r\n"
		content.addBytes([]byte(head))
		content.addBytes(field.Value)
		content.addBytes([]byte("\r\n"))
	}
	for _, file := range files {
		head, err := file.head()
		if err != nil {
			return nil, nil, err
		}
		content.addBytes([]byte("--" + boundary + "\r\n" + head))
		content.add(file.Content)
		content.addBytes([]byte("\r\n"))
	}
	content.addBytes([]byte("--" + boundary + "--\r\n"))

	mediaType := [2]string{"Content-Type", "multipart/form-data; boundary=" + boundary}
	if content.length < 0 {
		return content, [][2]string{{"Transfer-Encoding", "chunked"}, mediaType}, nil
	}
	return content, [][2]string{contentLength(content.length), mediaType}, nil
}

// head writes the headers of a file's part and the empty line after them.
func (f MultipartFile) head() (string, error) {
	headers := NewHeaders(f.Headers)
	contentType := f.ContentType
	if contentType == "" && f.Filename != "" {
		contentType = mediaTypeOf(f.Filename)
	}
	if contentType != "" && !headers.Has("Content-Type") {
		headers.Add("Content-Type", contentType)
	}
	if err := headers.Validate(); err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("Content-Disposition: form-data; " + formParameter("name", f.Name))
	if f.Filename != "" {
		b.WriteString("; " + formParameter("filename", f.Filename))
	}
	for _, header := range headers.Raw() {
		b.WriteString("\r\n" + header[0] + ": " + header[1])
	}
	b.WriteString("\r\n\r\n")
	return b.String(), nil
}

// formParameter writes name="value" with the escapes of HTML's multipart encoding as HTTPX has them: %22 for a quote, two
// backslashes for one, %XX for control characters other than ESC.
func formParameter(name, value string) string {
	var b strings.Builder
	b.WriteString(name)
	b.WriteString(`="`)
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '\\':
			b.WriteString(`\\`)
		case c == '"', c < 0x20 && c != 0x1b, c == 0x7f:
			writeEscape(&b, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// multipartContent is its parts one after the other.
type multipartContent struct {
	parts  []Content
	length int64 // -1 when a part's is unknown
}

// addBytes joins runs of bytes, so that a body without files is one chunk.
func (c *multipartContent) addBytes(b []byte) {
	if n := len(c.parts); n > 0 {
		if last, ok := c.parts[n-1].(bytesContent); ok && len(last)+len(b) <= 1<<16 {
			c.parts[n-1] = slices.Concat(last, b)
			c.count(int64(len(b)))
			return
		}
	}
	c.add(bytesContent(b))
}

func (c *multipartContent) add(part Content) {
	c.parts = append(c.parts, part)
	c.count(part.Len())
}

func (c *multipartContent) count(n int64) {
	if n < 0 || c.length < 0 {
		c.length = -1
		return
	}
	c.length += n
}

func (c *multipartContent) Len() int64 { return c.length }

func (c *multipartContent) Stream() (ByteStream, error) {
	streams := make([]ByteStream, 0, len(c.parts))
	for _, part := range c.parts {
		stream, err := part.Stream()
		if err != nil {
			for _, open := range streams {
				open.Close()
			}
			return nil, err
		}
		streams = append(streams, stream)
	}
	return &joinedStream{streams: streams}, nil
}

// joinedStream gives the chunks of several streams in turn and closes each when it ends.
type joinedStream struct{ streams []ByteStream }

func (s *joinedStream) Next(ctx context.Context) ([]byte, error) {
	for len(s.streams) > 0 {
		chunk, err := s.streams[0].Next(ctx)
		if err != io.EOF {
			return chunk, err
		}
		if err := s.streams[0].Close(); err != nil {
			return nil, err
		}
		s.streams = s.streams[1:]
	}
	return nil, io.EOF
}

func (s *joinedStream) Close() error {
	var first error
	for _, stream := range s.streams {
		if err := stream.Close(); err != nil && first == nil {
			first = err
		}
	}
	s.streams = nil
	return first
}
