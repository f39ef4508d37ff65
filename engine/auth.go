package engine

import "context"

// Auth authenticates requests. The client knows no scheme: it calls Flow, which sends as many requests as its scheme needs.
type Auth interface {
	// Flow changes request as it likes, sends it, and returns the response that the caller is to get. It may call send
	// several times, with this request or another; calling it again reads and closes the response before, which becomes
	// history. Redirects have been followed when send returns. An implementation is used by many requests at once: it holds
	// no lock while send runs.
	Flow(ctx context.Context, request *Request, send func(*Request) (*Response, error)) (*Response, error)
}

// NoAuth given with a request switches the client's authentication off; userinfo in the URL is still used, as in HTTPX.
var NoAuth Auth = noAuth{}

type noAuth struct{}

func (noAuth) Flow(_ context.Context, request *Request, send func(*Request) (*Response, error)) (*Response, error) {
	return send(request)
}

// withoutNone turns NoAuth into nil.
func withoutNone(auth Auth) Auth {
	if auth == NoAuth {
		return nil
	}
	return auth
}

// FuncAuth authenticates with a function that is called once per request, changes it or makes another, and returns the one to
// send.
type FuncAuth func(ctx context.Context, request *Request) (*Request, error)

// Flow sends what the function returns.
func (f FuncAuth) Flow(ctx context.Context, request *Request, send func(*Request) (*Response, error)) (*Response, error) {
	changed, err := f(ctx, request)
	if err != nil {
		return nil, err
	}
	return send(changed)
}
