package engine

import (
	"io"
	"slices"
)

// Headers are the headers sent with every request. Changes to them affect later requests.
func (c *Client) Headers() *Headers { return c.headers }

// SetHeaders replaces the headers by the four defaults with h merged over them, in HTTPX's order.
func (c *Client) SetHeaders(h *Headers) {
	headers := NewHeaders([][2]string{
		{"Accept", "*/*"},
		{"Accept-Encoding", "gzip, deflate, br, zstd"},
		{"Connection", "keep-alive"},
		{"User-Agent", c.userAgent},
	})
	if h != nil {
		headers.Update(h)
	}
	c.headers = headers
}

// Cookies is the client's jar. Responses put cookies into it.
func (c *Client) Cookies() *Cookies { return c.cookies }

// SetCookies replaces the jar by a copy of cookies.
func (c *Client) SetCookies(cookies *Cookies) {
	jar := NewCookies()
	if cookies != nil {
		jar.Update(cookies)
	}
	c.cookies = jar
}

// Params are merged into the query of every request.
func (c *Client) Params() QueryParams { return c.params }

// SetParams replaces the parameters.
func (c *Client) SetParams(params QueryParams) { c.params = params }

// Auth is how requests are authenticated, nil for not at all.
func (c *Client) Auth() Auth { return c.auth }

// SetAuth replaces the authentication; nil and NoAuth switch it off.
func (c *Client) SetAuth(auth Auth) { c.auth = withoutNone(auth) }

// BaseURL is what relative URLs are merged with. It always ends in a slash when it is not empty.
func (c *Client) BaseURL() *URL { return c.baseURL }

// SetBaseURL replaces the base URL and adds a missing slash at the end of its path. An invalid one is an InvalidURL error.
func (c *Client) SetBaseURL(base string) error {
	u, err := ParseURL(base)
	if err != nil {
		return err
	}
	if base != "" {
		if u, err = withTrailingSlash(u); err != nil {
			return err
		}
	}
	c.baseURL = u
	return nil
}

// Timeout is the limit of requests that have none of their own.
func (c *Client) Timeout() Timeout { return c.timeout }

// SetTimeout replaces the timeout.
func (c *Client) SetTimeout(t Timeout) { c.timeout = t }

// Hooks are the client's event hooks.
func (c *Client) Hooks() Hooks { return c.hooks }

// SetHooks replaces the event hooks. A send that is under way goes on with those it started an exchange with.
func (c *Client) SetHooks(hooks Hooks) {
	c.hooks = Hooks{Request: slices.Clone(hooks.Request), Response: slices.Clone(hooks.Response)}
}

// FollowRedirects tells whether redirects are followed when a send does not say.
func (c *Client) FollowRedirects() bool { return c.followRedirects }

// SetFollowRedirects changes FollowRedirects.
func (c *Client) SetFollowRedirects(follow bool) { c.followRedirects = follow }

// MaxRedirects is the number of redirects that one send follows.
func (c *Client) MaxRedirects() int { return c.maxRedirects }

// SetMaxRedirects changes MaxRedirects.
func (c *Client) SetMaxRedirects(n int) { c.maxRedirects = n }

// MaxResponseSize is the bound on decoded bodies, in bytes, of requests that have none of their own; see ClientOptions.
func (c *Client) MaxResponseSize() int64 { return c.maxResponseSize }

// SetMaxResponseSize changes MaxResponseSize.
func (c *Client) SetMaxResponseSize(n int64) { c.maxResponseSize = n }

// DefaultEncoding is the encoding of text without a known charset, "" for utf-8.
func (c *Client) DefaultEncoding() string { return c.defaultEncoding }

// SetDefaultEncoding replaces the default encoding, and the function that detects one, which may be nil.
func (c *Client) SetDefaultEncoding(label string, detect func(content []byte) string) {
	c.defaultEncoding, c.detectEncoding = label, detect
}

// Rand is the client's source of randomness, for multipart boundaries and the nonces of DigestAuth.
func (c *Client) Rand() io.Reader { return c.rand }
