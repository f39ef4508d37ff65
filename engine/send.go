package engine

import (
	"context"
	"slices"
	"time"
)

// SendOptions say how one request is sent.
type SendOptions struct {
	Stream          bool  // leave the body unread; the caller closes the response
	Auth            Auth  // nil is the client's, NoAuth is none
	FollowRedirects *bool // nil is the client's
}

// exchange is one call of Send on its way through the rings.
type exchange struct {
	client   *Client
	follow   bool
	started  time.Time
	history  []*Response // every response before the one that is being waited for
	redirect int         // how many of them were redirects that were followed
}

// Send sends a request through the rings: authentication, redirects, one send. Unless Stream is set, the body of the response
// is read and the connection given back. Ctx ends the whole exchange; its error is then the cause of ctx, and the
// connection is closed. Errors from below are *Error with their request set.
func (c *Client) Send(ctx context.Context, request *Request, options SendOptions) (*Response, error) {
	if c.IsClosed() {
		return nil, NewError(RuntimeError, request, "Cannot send a request, as the client has been closed.")
	}
	if _, given := request.Extensions["timeout"]; !given {
		if request.Extensions == nil {
			request.Extensions = map[string]any{}
		}
		request.Extensions["timeout"] = c.timeout
	}
	x := &exchange{client: c, follow: c.followRedirects, started: c.clock()}
	if options.FollowRedirects != nil {
		x.follow = *options.FollowRedirects
	}
	response, err := x.sendHandlingAuth(ctx, request, c.authFor(request, options.Auth))
	if err != nil {
		return nil, request.claim(err)
	}
	if !options.Stream {
		if _, err := response.Read(ctx); err != nil {
			response.Close()
			return nil, err
		}
	}
	return response, nil
}

// authFor is HTTPX's precedence: the call's, else the client's, else the userinfo of the URL.
func (c *Client) authFor(request *Request, given Auth) Auth {
	auth := given
	if auth == nil {
		auth = c.auth
	}
	if auth = withoutNone(auth); auth != nil {
		return auth
	}
	if user, password := request.URL.Username(), request.URL.Password(); user != "" || password != "" {
		return NewBasicAuth(user, password)
	}
	return nil
}

// sendHandlingAuth is the outer ring: it gives the authentication flow a way to send, as often as it likes. Each response
// before the last is read, and becomes history.
func (x *exchange) sendHandlingAuth(ctx context.Context, request *Request, auth Auth) (*Response, error) {
	if auth == nil {
		return x.sendHandlingRedirects(ctx, request)
	}
	var last *Response
	send := func(next *Request) (*Response, error) {
		if last != nil {
			if _, err := last.Read(ctx); err != nil {
				return nil, err
			}
			x.history = append(slices.Clip(x.history), last)
		}
		response, err := x.sendHandlingRedirects(ctx, next)
		if err != nil {
			return nil, err
		}
		last = response
		return response, nil
	}
	response, err := auth.Flow(ctx, request, send)
	if last != nil && last != response {
		last.Close()
	}
	if err == nil && response == nil {
		err = NewError(RuntimeError, request, "The authentication flow ended without a response.")
	}
	if err != nil {
		return nil, err
	}
	return response, nil
}

// sendHandlingRedirects is the middle ring: hooks, one send, and the next hop when there is one to follow.
func (x *exchange) sendHandlingRedirects(ctx context.Context, request *Request) (*Response, error) {
	x.redirect = 0
	for {
		if x.redirect > x.client.maxRedirects {
			return nil, NewError(TooManyRedirects, request, "Exceeded maximum allowed redirects.")
		}
		response, next, err := x.hop(ctx, request)
		if err != nil {
			return nil, request.claim(err)
		}
		if next == nil {
			return response, nil
		}
		x.history = append(slices.Clip(x.history), response)
		x.redirect++
		request = next
	}
}

// hop performs one exchange with its hooks. It returns the request to follow with, if there is one; the response has then
// been read.
func (x *exchange) hop(ctx context.Context, request *Request) (*Response, *Request, error) {
	for _, hook := range x.client.hooks.Request {
		if err := hook(ctx, request); err != nil {
			return nil, nil, err
		}
	}
	response, err := x.sendSingleRequest(ctx, request)
	if err != nil {
		return nil, nil, err
	}
	next, err := x.afterHead(ctx, request, response)
	if err != nil {
		response.Close()
		return nil, nil, err
	}
	return response, next, nil
}

// afterHead runs the response hooks and looks for a redirect to follow.
func (x *exchange) afterHead(ctx context.Context, request *Request, response *Response) (*Request, error) {
	for _, hook := range x.client.hooks.Response {
		if err := hook(ctx, response); err != nil {
			return nil, err
		}
	}
	response.History = slices.Clone(x.history)
	if !response.HasRedirectLocation() {
		return nil, nil
	}
	next, err := x.client.redirectRequest(request, response)
	if !x.follow {
		// A Location that cannot be followed is no error for somebody who did not want to follow it: next is nil then.
		response.NextRequest = next
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	_, err = response.Read(ctx)
	return next, err
}

// sendSingleRequest is the inner ring: it chooses the transport, sends, and takes the cookies.
func (x *exchange) sendSingleRequest(ctx context.Context, request *Request) (*Response, error) {
	c := x.client
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err := checkTarget(request); err != nil {
		return nil, err
	}
	started := c.clock()
	request.left = 0
	if total := request.timeout().Total; total > 0 {
		if request.left = total - started.Sub(x.started); request.left <= 0 {
			return nil, totalTimeout(request, total)
		}
	}
	response, err := c.transportFor(request.URL).RoundTrip(ctx, request)
	if err != nil {
		return nil, request.claim(err)
	}
	if response.Headers == nil {
		response.Headers = NewHeaders(nil)
	}
	response.Request = request
	response.started, response.clock = started, c.clock
	response.limit, response.capacity = c.sizeLimits(request)
	if response.DefaultEncoding == "" && response.DetectEncoding == nil {
		response.DefaultEncoding, response.DetectEncoding = c.defaultEncoding, c.detectEncoding
	}
	c.cookies.Extract(request.URL, response.Headers, c.clock())
	return response, nil
}

// sizeLimits are the bounds on streaming and on reading into memory, 0 for none.
func (c *Client) sizeLimits(request *Request) (stream, memory int64) {
	limit := request.MaxResponseSize
	if limit == 0 {
		limit = c.maxResponseSize
	}
	switch {
	case limit < 0:
		return 0, 0
	case limit == 0:
		return 0, DefaultMaxResponseSize
	}
	return limit, limit
}

// checkTarget finds URLs that no transport could send to.
func checkTarget(request *Request) error {
	u := request.URL
	switch {
	case u.Scheme() == "":
		err := NewError(UnsupportedProtocol, request, "Request URL is missing an 'http://' or 'https://' protocol.")
		err.Hint = "write the whole URL, or give the client a base URL"
		return err
	case u.Host() == "" && (u.Scheme() == "http" || u.Scheme() == "https"):
		return NewError(UnsupportedProtocol, request, "Request URL is missing a host: %s", quoted(u.Masked()))
	}
	return nil
}

// totalTimeout is the error for running out of Timeout.Total.
func totalTimeout(request *Request, total time.Duration) *Error {
	e := NewError(TimeoutException, request, "%s %s took longer than %s in total.", request.Method, request.URL.Masked(), total)
	e.Phase = "total"
	e.Hint = "raise the total timeout, or switch it off"
	return e
}
