package engine

import "context"

// Transport performs one exchange: one request on the wire and the head of its response. It is the one seam below
// the client's rings: the network, an in-process app, a mock, a recording and a replay are implementations of it, and
// redirects, authentication and cookies run for real above all of them.
type Transport interface {
	// RoundTrip sends req and returns the response with an open Stream, which the caller closes. It does not follow
	// redirects, decode content or touch cookies. Ctx ends the whole exchange, the reading of the body included. Errors are
	// *Error with a transport class (ConnectTimeout, ReadError, …) and req set.
	RoundTrip(ctx context.Context, req *Request) (*Response, error)

	// Close closes idle connections and refuses further requests. It is idempotent.
	Close() error
}
