package engine

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"
)

// ClientOptions configure a Client. Clock and Rand are required; every other zero value is HTTPX's default.
type ClientOptions struct {
	Auth            Auth // nil for none
	Params          QueryParams
	Headers         *Headers // merged over the four default headers
	Cookies         *Cookies // copied into the client's jar
	Timeout         *Timeout // nil is DefaultTimeout
	FollowRedirects bool
	MaxRedirects    *int // nil is 20
	BaseURL         string
	Hooks           Hooks
	Transport       Transport // nil is a network transport with DefaultLimits
	Mounts          []Mount

	DefaultEncoding string                      // for text without a known charset; empty is utf-8
	DetectEncoding  func(content []byte) string // asked instead of DefaultEncoding

	MaxResponseSize int64 // decoded bytes; 0 is DefaultMaxResponseSize for bodies read into memory, negative is no bound

	Clock     func() time.Time
	Rand      io.Reader
	UserAgent string // empty is "httpx-repl"
}

// DefaultMaxRedirects is HTTPX's bound on the redirects of one send.
const DefaultMaxRedirects = 20

// Client sends requests, with settings, cookies and connections that they share. It mirrors HTTPX's AsyncClient.
//
// It may be used by many coroutines that take turns on one goroutine, and Send and BuildRequest by several goroutines at
// once. Setters, and changes to the Headers that a getter gave, are for moments when no goroutine is inside a method.
type Client struct {
	mu     sync.Mutex // guards the fields below and is never held over a wait
	closed bool

	auth            Auth
	params          QueryParams
	headers         *Headers
	cookies         *Cookies
	timeout         Timeout
	followRedirects bool
	maxRedirects    int
	baseURL         *URL
	hooks           Hooks
	maxResponseSize int64

	defaultEncoding string
	detectEncoding  func(content []byte) string
	clock           func() time.Time
	rand            io.Reader
	userAgent       string

	transport Transport
	mounts    []mount
}

// NewClient makes a client, which the caller closes. A bad base URL is an InvalidURL error, a bad mount pattern a ValueError.
func NewClient(options ClientOptions) (*Client, error) {
	if options.Clock == nil || options.Rand == nil {
		return nil, NewError(ValueError, nil, "ClientOptions needs a Clock and a Rand; a program passes time.Now and crypto/rand.Reader")
	}
	c := &Client{
		auth:            withoutNone(options.Auth),
		params:          options.Params,
		cookies:         NewCookies(),
		timeout:         DefaultTimeout,
		followRedirects: options.FollowRedirects,
		maxRedirects:    DefaultMaxRedirects,
		hooks:           options.Hooks,
		maxResponseSize: options.MaxResponseSize,
		defaultEncoding: options.DefaultEncoding,
		detectEncoding:  options.DetectEncoding,
		clock:           options.Clock,
		rand:            options.Rand,
		userAgent:       options.UserAgent,
		transport:       options.Transport,
	}
	if c.userAgent == "" {
		c.userAgent = "httpx-repl"
	}
	c.SetHeaders(options.Headers)
	if options.Cookies != nil {
		c.cookies.Update(options.Cookies)
	}
	if options.Timeout != nil {
		c.timeout = *options.Timeout
	}
	if options.MaxRedirects != nil {
		c.maxRedirects = *options.MaxRedirects
	}
	if err := c.SetBaseURL(options.BaseURL); err != nil {
		return nil, err
	}
	var err error
	if c.mounts, err = sortedMounts(options.Mounts); err != nil {
		return nil, err
	}
	if c.transport == nil {
		if c.transport, err = NewHTTPTransport(TransportOptions{}); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Close closes the client's transport and those of its mounts. A closed client sends nothing any more. It is idempotent.
func (c *Client) Close() error {
	c.mu.Lock()
	already := c.closed
	c.closed = true
	c.mu.Unlock()
	if already {
		return nil
	}
	errs := []error{c.transport.Close()}
	for _, m := range c.mounts {
		if m.transport != nil {
			errs = append(errs, m.transport.Close())
		}
	}
	return errors.Join(errs...)
}

// IsClosed tells whether Close was called.
func (c *Client) IsClosed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// transportFor is the transport of the most specific mount that matches u, or else the client's.
func (c *Client) transportFor(u *URL) Transport {
	for _, m := range c.mounts {
		if m.pattern.Matches(u) {
			if m.transport == nil {
				break
			}
			return m.transport
		}
	}
	return c.transport
}

// Request builds a request and sends it.
func (c *Client) Request(ctx context.Context, method, url string, options RequestOptions, send SendOptions) (*Response, error) {
	request, err := c.BuildRequest(method, url, options)
	if err != nil {
		return nil, err
	}
	return c.Send(ctx, request, send)
}
