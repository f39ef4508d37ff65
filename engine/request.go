package engine

import (
	"context"
	"io"
	"strings"
	"time"
)

// Request is one HTTP request. Its fields may be changed until it is sent.
type Request struct {
	Method  string   // upper-case
	URL     *URL     // absolute when it is sent
	Headers *Headers // everything that goes on the wire, Host included
	Content Content  // the body; nil for none

	// Extensions hold HTTPX's request extensions: "timeout" (a Timeout; it wins over every default), "sni_hostname"
	// (string), "target" ([]byte, the raw request target).
	Extensions map[string]any

	// MaxResponseSize bounds the decoded body of the response, in bytes: 0 is the client's default, negative is no bound.
	MaxResponseSize int64

	body   []byte // the loaded content
	loaded bool
	left   time.Duration // what Client.Send leaves of Timeout.Total to this exchange; 0 is no limit
}

// RequestOptions are the parts of a request beside its method and URL. Nil means "not given".
type RequestOptions struct {
	Params         *QueryParams // replaces the URL's own query; an empty value removes it
	Headers        *Headers
	Cookies        *Cookies // sent with this request only, never stored
	Content        Content
	ContentHeaders [][2]string // the headers that came with Content; each is used unless Headers has the name

	Timeout         *Timeout // Client.BuildRequest puts it into the extensions
	Extensions      map[string]any
	MaxResponseSize int64
}

// NewRequest builds a request with Host and the headers of its content, and none of a client's defaults. Header order is
// HTTPX's: Host, Content-Length of an absent body, the given headers, the headers of the content.
func NewRequest(method string, u *URL, options RequestOptions) (*Request, error) {
	return newRequest(method, u, options, func(h *Headers) {
		if options.Cookies != nil {
			setCookieHeader(h, options.Cookies, u, time.Time{})
		}
	})
}

// newRequest builds a request; setCookie adds the Cookie header at HTTPX's place, after the given headers and before those
// of the content.
func newRequest(method string, u *URL, options RequestOptions, setCookie func(*Headers)) (*Request, error) {
	method = strings.ToUpper(method)
	if method == "" || strings.IndexFunc(method, notTokenRune) >= 0 {
		return nil, NewError(LocalProtocolError, nil, "invalid method %q: a method is one word such as GET", method)
	}
	if options.Params != nil {
		var err error
		if u, err = withParams(u, *options.Params); err != nil {
			return nil, err
		}
	}
	given := options.Headers
	if given == nil {
		given = NewHeaders(nil)
	} else {
		given = given.Clone()
	}
	setCookie(given)
	for _, header := range options.ContentHeaders {
		isTransferEncoding := strings.EqualFold(header[0], "Transfer-Encoding")
		if !given.Has(header[0]) && !(isTransferEncoding && given.Has("Content-Length")) {
			given.Add(header[0], header[1])
		}
	}
	var first [][2]string
	if !given.Has("Host") && u.Host() != "" {
		first = append(first, [2]string{"Host", u.Netloc()})
	}
	framed := given.Has("Content-Length") || given.Has("Transfer-Encoding")
	if !framed && (method == "POST" || method == "PUT" || method == "PATCH") {
		first = append(first, [2]string{"Content-Length", "0"})
	}
	request := &Request{
		Method:          method,
		URL:             u,
		Headers:         NewHeaders(append(first, given.Raw()...)),
		Content:         options.Content,
		Extensions:      make(map[string]any, len(options.Extensions)+1),
		MaxResponseSize: options.MaxResponseSize,
	}
	for key, value := range options.Extensions {
		request.Extensions[key] = value
	}
	return request, nil
}

// setCookieHeader adds what the jar has for u, unless the caller wrote a Cookie header by hand.
func setCookieHeader(h *Headers, jar *Cookies, u *URL, now time.Time) {
	if h.Has("Cookie") {
		return
	}
	if value := jar.Header(u, now); value != "" {
		h.Set("Cookie", value)
	}
}

// withParams replaces the query of u.
func withParams(u *URL, params QueryParams) (*URL, error) {
	if params.Len() == 0 {
		return u.CopyWith(URLComponents{NoQuery: true})
	}
	return u.CopyWith(URLComponents{Params: &params})
}

// Read loads the whole content into memory, after which it can be sent any number of times, and returns it.
func (r *Request) Read(ctx context.Context) ([]byte, error) {
	if r.loaded {
		return r.body, nil
	}
	if r.Content == nil {
		r.loaded = true
		return nil, nil
	}
	stream, err := r.Content.Stream()
	if err != nil {
		return nil, r.claim(err)
	}
	defer stream.Close()
	var body []byte
	for {
		chunk, err := stream.Next(ctx)
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, r.claim(err)
		}
		body = append(body, chunk...)
	}
	r.Content, _ = BytesContent(body)
	r.body, r.loaded = body, true
	return body, nil
}

// Body returns the content of a request whose content is in memory. A content that is streamed and was not loaded with
// Read is a RequestNotRead error.
func (r *Request) Body() ([]byte, error) {
	if r.loaded || r.Content == nil {
		return r.body, nil
	}
	if inMemory, ok := r.Content.(bytesContent); ok {
		return inMemory, nil
	}
	return nil, NewError(RequestNotRead, r, "Attempted to access streaming request content, without having called `read()`.")
}

// String is HTTPX's repr with the URL's password masked: <Request('GET', 'http://example.org')>.
func (r *Request) String() string {
	return "<Request('" + r.Method + "', '" + r.URL.Masked() + "')>"
}

// timeout returns the limits of this request; none when it was never given any.
func (r *Request) timeout() Timeout {
	switch t := r.Extensions["timeout"].(type) {
	case Timeout:
		return t
	case *Timeout:
		if t != nil {
			return *t
		}
	}
	return Timeout{}
}

// claim sets the request on an error that has none.
func (r *Request) claim(err error) error {
	if e, ok := err.(*Error); ok && e.Request == nil {
		e.Request = r
	}
	return err
}

func notTokenRune(c rune) bool { return c > 0x7e || !isTokenChar(byte(c)) }
