package engine

import (
	"context"
	"sync/atomic"
	"time"
)

// flight is one request on its way through the network: its context, its limits and its connection.
type flight struct {
	request *Request
	caller  context.Context // of RoundTrip
	ctx     context.Context // ends with caller, and with the total limit
	cancel  context.CancelFunc
	limits  Timeout
	conn    *poolConn
	info    *NetworkInfo
	cause   atomic.Pointer[error] // why the flight was broken off from inside; nil while it was not
	content func() error          // how the content failed, nil for not at all; nil without a stream
}

func newFlight(ctx context.Context, request *Request) *flight {
	f := &flight{request: request, caller: ctx, ctx: ctx, limits: request.timeout()}
	left := request.left
	if left == 0 {
		left = f.limits.Total
	}
	if left > 0 {
		f.ctx, f.cancel = context.WithTimeoutCause(ctx, left, errTotalTimeout)
	}
	return f
}

// within is f's context with a limit of its own; 0 is none.
func (f *flight) within(limit time.Duration, cause error) (context.Context, context.CancelFunc) {
	if limit <= 0 {
		return context.WithCancel(f.ctx)
	}
	return context.WithTimeoutCause(f.ctx, limit, cause)
}

// breakOff ends the flight for a reason; the first one counts. Whoever calls it also breaks the connection.
func (f *flight) breakOff(cause error) { f.cause.CompareAndSwap(nil, &cause) }

// end frees the context. It is idempotent.
func (f *flight) end() {
	if f.cancel != nil {
		f.cancel()
	}
}

// place is where the request goes.
func (f *flight) place() place {
	u := f.request.URL
	port, explicit := u.Port()
	if !explicit {
		port = defaultPorts[u.Scheme()]
	}
	serverName, _ := f.request.Extensions["sni_hostname"].(string)
	return place{scheme: u.Scheme(), host: u.RawHost(), port: port, serverName: serverName}
}

// port is the port of the request's URL, the scheme's when it has none.
func (f *flight) port() string { return portOf(f.request.URL) }
