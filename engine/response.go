package engine

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Response is the answer to a Request. A transport fills in the exported fields; the client adds Request, History and
// NextRequest. Whoever has a response with an unread body closes it: Read does, and so does reading any iterator to its end.
// One goroutine uses a Response at a time.
type Response struct {
	StatusCode int
	Headers    *Headers
	Version    string     // "HTTP/1.1"; empty stands for that
	Reason     string     // as received; empty stands for the usual phrase of the code
	Stream     ByteStream // the body as it is on the wire, undecoded; nil for none

	Decoded  bool            // Stream is content-decoded already, as in a recorded body
	Wire     int64           // with Decoded: the number of bytes received before decoding
	Trailers func() *Headers // the trailers once the body has ended, nil without; may itself be nil

	Request     *Request
	History     []*Response // the redirects and authentication steps that led here, oldest first
	NextRequest *Request    // the request that a redirect asks for, when it was not followed

	// Extensions hold facts for printing: "network" is a *NetworkInfo.
	Extensions map[string]any

	DefaultEncoding string                      // used when Content-Type names no known charset; empty is utf-8
	DetectEncoding  func(content []byte) string // asked instead, once the content is loaded; empty is utf-8

	started  time.Time // just before the transport was called; zero for a response made by hand
	clock    func() time.Time
	elapsed  time.Duration
	timed    bool
	limit    int64 // decoded bytes that may be streamed, 0 for any number
	capacity int64 // decoded bytes that may be read into memory, 0 for any number

	content  []byte
	loaded   bool
	closed   bool
	consumed bool
	received int64

	encoding string
	text     string
	textRead bool
}

// DefaultMaxResponseSize is how much of a decoded body may be read into memory when nobody said otherwise: 64 MiB. Streaming
// is not bounded by default.
const DefaultMaxResponseSize = 64 << 20

// ResponseOptions are the parts of a response made by hand beside its status.
type ResponseOptions struct {
	Headers         *Headers
	Content         Content     // nil for no body; a content in memory is loaded (and decoded) at once
	ContentHeaders  [][2]string // the headers that came with Content; each is used unless Headers has the name
	Request         *Request
	Extensions      map[string]any
	History         []*Response
	DefaultEncoding string
	DetectEncoding  func(content []byte) string
}

// NewResponse makes a response by hand, for a mock, an app or a test. A body in memory that cannot be decoded as its
// Content-Encoding says is a DecodingError.
func NewResponse(status int, options ResponseOptions) (*Response, error) {
	headers := NewHeaders(nil)
	if options.Headers != nil {
		headers = options.Headers.Clone()
	}
	for _, header := range options.ContentHeaders {
		isTransferEncoding := strings.EqualFold(header[0], "Transfer-Encoding")
		if !headers.Has(header[0]) && !(isTransferEncoding && headers.Has("Content-Length")) {
			headers.Add(header[0], header[1])
		}
	}
	r := &Response{
		StatusCode:      status,
		Headers:         headers,
		Request:         options.Request,
		History:         options.History,
		Extensions:      options.Extensions,
		DefaultEncoding: options.DefaultEncoding,
		DetectEncoding:  options.DetectEncoding,
	}
	if r.Extensions == nil {
		r.Extensions = map[string]any{}
	}
	if options.Content == nil {
		r.loaded, r.closed, r.consumed = true, true, true
		return r, nil
	}
	stream, err := options.Content.Stream()
	if err != nil {
		return nil, err
	}
	r.Stream = stream
	if _, inMemory := options.Content.(bytesContent); inMemory {
		if _, err := r.Read(context.Background()); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// Close gives the connection back, or closes it when the body was not read to its end. It is idempotent.
func (r *Response) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	if r.clock != nil {
		r.elapsed, r.timed = r.clock().Sub(r.started), true
	}
	if r.Stream == nil {
		return nil
	}
	return r.claim(r.Stream.Close())
}

// IsClosed tells whether the body was read to its end or closed.
func (r *Response) IsClosed() bool { return r.closed }

// IsStreamConsumed tells whether reading the body from the stream has begun.
func (r *Response) IsStreamConsumed() bool { return r.consumed }

// NumBytesDownloaded is the number of body bytes received so far, before decoding.
func (r *Response) NumBytesDownloaded() int64 {
	if r.Decoded {
		return r.Wire
	}
	return r.received
}

// Elapsed is the time from just before the request was handed to the transport until the body had been read or closed, by
// the client's clock. Before that, and for a response made by hand, it is a RuntimeError.
func (r *Response) Elapsed() (time.Duration, error) {
	if !r.timed {
		return 0, NewError(RuntimeError, r.Request,
			"'.elapsed' may only be accessed after the response has been read or closed.")
	}
	return r.elapsed, nil
}

// HTTPVersion is the protocol of the response, such as "HTTP/1.1" or "HTTP/2".
func (r *Response) HTTPVersion() string {
	if r.Version == "" {
		return "HTTP/1.1"
	}
	return r.Version
}

// ReasonPhrase is the received reason phrase, or else the usual one of the code, or else "".
func (r *Response) ReasonPhrase() string {
	if r.Reason != "" {
		return r.Reason
	}
	return ReasonPhrase(r.StatusCode)
}

// IsInformational tells whether the code is 1xx.
func (r *Response) IsInformational() bool { return r.StatusCode/100 == 1 }

// IsSuccess tells whether the code is 2xx.
func (r *Response) IsSuccess() bool { return r.StatusCode/100 == 2 }

// IsRedirect tells whether the code is 3xx, with a Location or without.
func (r *Response) IsRedirect() bool { return r.StatusCode/100 == 3 }

// IsClientError tells whether the code is 4xx.
func (r *Response) IsClientError() bool { return r.StatusCode/100 == 4 }

// IsServerError tells whether the code is 5xx.
func (r *Response) IsServerError() bool { return r.StatusCode/100 == 5 }

// IsError tells whether the code is 4xx or 5xx.
func (r *Response) IsError() bool { return r.IsClientError() || r.IsServerError() }

// HasRedirectLocation tells whether the response is a redirect that can be followed: 301, 302, 303, 307 or 308 with a Location.
func (r *Response) HasRedirectLocation() bool {
	switch r.StatusCode {
	case 301, 302, 303, 307, 308:
		return r.Headers.Has("Location")
	}
	return false
}

// RaiseForStatus returns an HTTPStatusError unless the code is 2xx. Without a Request it is a RuntimeError.
func (r *Response) RaiseForStatus() error {
	if r.Request == nil {
		return NewError(RuntimeError, nil,
			"Cannot call `raise_for_status` as the request instance has not been set on this response.")
	}
	if r.IsSuccess() {
		return nil
	}
	kind := "Invalid status code"
	switch r.StatusCode / 100 {
	case 1:
		kind = "Informational response"
	case 3:
		kind = "Redirect response"
	case 4:
		kind = "Client error"
	case 5:
		kind = "Server error"
	}
	message := fmt.Sprintf("%s '%d %s' for url '%s'", kind, r.StatusCode, r.ReasonPhrase(), r.Request.URL.Masked())
	if r.HasRedirectLocation() {
		location, _ := r.Headers.Get("Location")
		message += "\nRedirect location: '" + maskLocation(location) + "'"
	}
	message += fmt.Sprintf("\nFor more information check: https://developer.mozilla.org/en-US/docs/Web/HTTP/Status/%d", r.StatusCode)
	return &Error{Class: HTTPStatusError, Message: message, Request: r.Request, Response: r}
}

// maskLocation hides a password in a Location. A value that is no URL is shown as it is.
func maskLocation(location string) string {
	if u, err := ParseURL(location); err == nil && u.Password() != "" {
		return u.Masked()
	}
	return location
}

// Cookies are the cookies that this response alone sets. Without a Request it is a RuntimeError: whether a cookie is
// acceptable depends on the URL.
func (r *Response) Cookies() (*Cookies, error) {
	if r.Request == nil {
		return nil, NewError(RuntimeError, nil, "The request instance has not been set on this response.")
	}
	jar := NewCookies()
	jar.Extract(r.Request.URL, r.Headers, r.now())
	return jar, nil
}

// now is the client's time; the zero time for a response made by hand, before which no cookie expires.
func (r *Response) now() time.Time {
	if r.clock == nil {
		return time.Time{}
	}
	return r.clock()
}

// String is HTTPX's repr: <Response [200 OK]>.
func (r *Response) String() string {
	return fmt.Sprintf("<Response [%d %s]>", r.StatusCode, r.ReasonPhrase())
}

// claim sets the request on an error that has none.
func (r *Response) claim(err error) error {
	if r.Request == nil {
		return err
	}
	return r.Request.claim(err)
}
