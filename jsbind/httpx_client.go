package jsbind

import (
	"context"
	"strings"

	"github.com/dop251/goja"

	"httpx-repl/engine"
	"httpx-repl/jsbind/loop"
)

// requestKeys are the options that every request method takes, bodyKeys those of the methods with a body, and sendKeys those
// that say how it is sent.
var (
	requestKeys = []string{"params", "headers", "cookies", "timeout", "extensions", "maxResponseSize"}
	bodyKeys    = []string{"content", "data", "files", "json"}
	sendKeys    = []string{"auth", "followRedirects", "signal"}
	clientKeys  = []string{"baseUrl", "headers", "params", "cookies", "auth", "timeout", "followRedirects", "maxRedirects", "eventHooks", "transport",
		"mounts", "limits", "verify", "http1", "http2", "proxy", "defaultEncoding", "maxResponseSize", "trustEnv"}
)

// The options of each kind of call, put together once: every request reads them.
var (
	getKeys   = concat(requestKeys, sendKeys)           // the methods without a body
	postKeys  = concat(requestKeys, bodyKeys, sendKeys) // those with one
	buildKeys = concat(requestKeys, bodyKeys)
	sentKeys  = concat([]string{"stream"}, sendKeys)
)

// clientClass is httpx.AsyncClient.
func (rt *Runtime) clientClass() *class {
	return rt.once(&rt.httpx.client, func() classSpec {
		of := func(h *hostObject) *engine.Client { return h.value.(*engine.Client) }
		methods := []member{
			{"request", 3, func(h *hostObject, args []goja.Value) goja.Value {
				return rt.send(of(h), "client.request", rt.text(arg(args, 0), "the method"), arg(args, 1), arg(args, 2), postKeys)
			}},
			{"stream", 4, func(h *hostObject, args []goja.Value) goja.Value { return rt.stream(of(h), args) }},
			{"buildRequest", 3, func(h *hostObject, args []goja.Value) goja.Value {
				o := rt.options(arg(args, 2), "client.buildRequest", buildKeys...)
				r, err := of(h).BuildRequest(rt.text(arg(args, 0), "the method"), rt.urlText(arg(args, 1)), rt.requestOptions(o))
				if err != nil {
					rt.throw(err)
				}
				return rt.wrapRequest(r)
			}},
			{"send", 2, func(h *hostObject, args []goja.Value) goja.Value {
				r, ok := valueOf[*engine.Request](arg(args, 0))
				if !ok {
					panic(rt.vm.NewTypeError("client.send takes a Request, such as client.buildRequest makes, not %s", rt.brief(arg(args, 0))))
				}
				o := rt.options(arg(args, 1), "client.send", sentKeys...)
				opts := rt.sendOptions(o)
				opts.Stream = o["stream"] != nil && rt.boolean(o["stream"], "stream")
				return rt.clientPromise(rt.asyncIn(rt.signalOf(o), func(c *loop.Coroutine) (goja.Value, error) {
					return rt.responseOf(of(h).Send(c.Context(), r, opts))
				}), "client.send(…)")
			}},
			{"aclose", 0, func(h *hostObject, _ []goja.Value) goja.Value {
				return rt.async(func(*loop.Coroutine) (goja.Value, error) { return nil, of(h).Close() })
			}},
		}
		for _, name := range []string{"get", "options", "head", "delete"} {
			methods = append(methods, member{name, 2, func(h *hostObject, args []goja.Value) goja.Value {
				return rt.send(of(h), "client."+name, strings.ToUpper(name), arg(args, 0), arg(args, 1), getKeys)
			}})
		}
		for _, name := range []string{"post", "put", "patch"} {
			methods = append(methods, member{name, 2, func(h *hostObject, args []goja.Value) goja.Value {
				return rt.send(of(h), "client."+name, strings.ToUpper(name), arg(args, 0), arg(args, 1), postKeys)
			}})
		}
		return classSpec{name: "AsyncClient", length: 1, disposeA: "aclose", construct: rt.newClient, methods: methods, accessors: rt.clientAccessors(of)}
	})
}

func (rt *Runtime) clientAccessors(of func(*hostObject) *engine.Client) []accessor {
	return []accessor{
		{"headers", func(h *hostObject) goja.Value {
			return h.remember("headers", func() goja.Value { return rt.wrapHeaders(of(h).Headers()) })
		}, func(h *hostObject, v goja.Value) {
			of(h).SetHeaders(rt.headersOf(v))
			delete(h.kept, "headers")
		}},
		{"cookies", func(h *hostObject) goja.Value {
			return h.remember("cookies", func() goja.Value { return rt.wrapCookies(of(h).Cookies()) })
		}, func(h *hostObject, v goja.Value) {
			of(h).SetCookies(rt.cookiesOf(v))
			delete(h.kept, "cookies")
		}},
		{"params", func(h *hostObject) goja.Value { return rt.wrapParams(of(h).Params()) }, func(h *hostObject, v goja.Value) { of(h).SetParams(rt.paramsOf(v)) }},
		{"baseUrl", func(h *hostObject) goja.Value { return rt.wrapURL(of(h).BaseURL()) }, func(h *hostObject, v goja.Value) {
			if err := of(h).SetBaseURL(rt.urlText(v)); err != nil {
				rt.throw(err)
			}
		}},
		{"timeout", func(h *hostObject) goja.Value { return rt.timeoutClass().wrap(of(h).Timeout()) }, func(h *hostObject, v goja.Value) { of(h).SetTimeout(rt.timeoutOf(v)) }},
		{"auth", func(h *hostObject) goja.Value {
			if of(h).Auth() == nil {
				return goja.Null()
			}
			return rt.wrapAuth(of(h).Auth())
		}, func(h *hostObject, v goja.Value) { of(h).SetAuth(rt.authOf(v)) }},
		{"eventHooks", func(h *hostObject) goja.Value {
			return h.remember("eventHooks", func() goja.Value { return rt.hooksObject(nil, nil) })
		}, func(h *hostObject, v goja.Value) {
			hooks, object := rt.hooksOf(v)
			of(h).SetHooks(hooks)
			if h.kept == nil {
				h.kept = map[string]goja.Value{}
			}
			h.kept["eventHooks"] = object
		}},
		{"followRedirects", func(h *hostObject) goja.Value { return rt.vm.ToValue(of(h).FollowRedirects()) }, func(h *hostObject, v goja.Value) {
			of(h).SetFollowRedirects(rt.boolean(v, "followRedirects"))
		}},
		{"maxRedirects", func(h *hostObject) goja.Value { return rt.vm.ToValue(of(h).MaxRedirects()) }, func(h *hostObject, v goja.Value) {
			of(h).SetMaxRedirects(int(rt.integer(v, "maxRedirects")))
		}},
		{"isClosed", func(h *hostObject) goja.Value { return rt.vm.ToValue(of(h).IsClosed()) }, nil},
	}
}

func concat(lists ...[]string) []string {
	var out []string
	for _, l := range lists {
		out = append(out, l...)
	}
	return out
}

// send is every request method whose body is read at once.
func (rt *Runtime) send(client *engine.Client, what, method string, url, opts goja.Value, known []string) goja.Value {
	o := rt.options(opts, what, known...)
	send := rt.sendOptions(o)
	request, err := client.BuildRequest(method, rt.urlText(url), rt.requestOptions(o))
	if err != nil {
		return rt.rejected(err)
	}
	return rt.clientPromise(rt.asyncIn(rt.signalOf(o), func(c *loop.Coroutine) (goja.Value, error) {
		return rt.responseOf(client.Send(c.Context(), request, send))
	}), what+"(…)")
}

// stream is client.stream(method, url, options): a promise of a Response with an unread body that disposes itself. With a
// function as the last argument the response lives while the function runs, and the promise is of its result.
func (rt *Runtime) stream(client *engine.Client, args []goja.Value) goja.Value {
	var body goja.Callable
	if n := len(args); n > 2 {
		if f, ok := goja.AssertFunction(args[n-1]); ok {
			body, args = f, args[:n-1]
		}
	}
	o := rt.options(arg(args, 2), "client.stream", postKeys...)
	send := rt.sendOptions(o)
	send.Stream = true
	request, err := client.BuildRequest(rt.text(arg(args, 0), "the method"), rt.urlText(arg(args, 1)), rt.requestOptions(o))
	if err != nil {
		return rt.rejected(err)
	}
	return rt.clientPromise(rt.asyncIn(rt.signalOf(o), func(c *loop.Coroutine) (goja.Value, error) {
		response, err := client.Send(c.Context(), request, send)
		if err != nil {
			return nil, err
		}
		v := rt.wrapResponse(response)
		if body == nil {
			return v, nil
		}
		defer response.Close()
		return rt.call(c, body, goja.Undefined(), v)
	}), "client.stream(…)")
}

func (rt *Runtime) responseOf(r *engine.Response, err error) (goja.Value, error) {
	if err != nil {
		return nil, err
	}
	return rt.wrapResponse(r), nil
}

// rejected is a promise that is rejected already: asynchronous methods throw nothing at once but for wrong arguments.
func (rt *Runtime) rejected(err error) goja.Value {
	p, _, reject := rt.vm.NewPromise()
	must(reject(rt.toJS(err)))
	return rt.vm.ToValue(p)
}

// clientPromise remembers a promise that came from the client, for the hint about a forgotten await.
func (rt *Runtime) clientPromise(v goja.Value, what string) goja.Value {
	if p, ok := v.Export().(*goja.Promise); ok && p.State() == goja.PromiseStatePending {
		rt.lastPromise, rt.lastCall = p, what
	}
	return v
}

func (rt *Runtime) sendOptions(o options) engine.SendOptions {
	var out engine.SendOptions
	if v := o["auth"]; v != nil {
		out.Auth = rt.authOf(v)
		if out.Auth == nil {
			out.Auth = engine.NoAuth
		}
	}
	if v := o["followRedirects"]; v != nil {
		follow := rt.boolean(v, "followRedirects")
		out.FollowRedirects = &follow
	}
	return out
}

// newClient is new httpx.AsyncClient({…}).
func (rt *Runtime) newClient(call goja.ConstructorCall) any {
	o := rt.options(call.Argument(0), "httpx.AsyncClient", clientKeys...)
	opts := engine.ClientOptions{Headers: rt.headersOf(o["headers"]), Params: rt.paramsOf(o["params"])}
	if v := o["cookies"]; v != nil {
		opts.Cookies = rt.cookiesOf(v)
	}
	if v := o["baseUrl"]; v != nil {
		opts.BaseURL = rt.urlText(v)
	}
	if v := o["auth"]; v != nil {
		opts.Auth = rt.authOf(v)
	}
	if v := o["timeout"]; v != nil {
		t := rt.timeoutOf(v)
		opts.Timeout = &t
	}
	if v := o["followRedirects"]; v != nil {
		opts.FollowRedirects = rt.boolean(v, "followRedirects")
	}
	if v := o["maxRedirects"]; v != nil {
		n := int(rt.integer(v, "maxRedirects"))
		opts.MaxRedirects = &n
	}
	if v := o["eventHooks"]; v != nil {
		opts.Hooks, _ = rt.hooksOf(v)
	}
	if v := o["defaultEncoding"]; v != nil {
		opts.DefaultEncoding = rt.text(v, "defaultEncoding")
	}
	if v := o["maxResponseSize"]; v != nil {
		opts.MaxResponseSize = rt.size(v, "maxResponseSize")
	}
	if v := o["transport"]; v != nil && !goja.IsNull(v) {
		opts.Transport = rt.transportOf(v)
	} else {
		opts.Transport = rt.networkTransport(rt.networkOptions(o))
	}
	if v := o["mounts"]; v != nil && !goja.IsNull(v) {
		opts.Mounts = rt.mountsOf(v)
	}
	return rt.makeClient(opts)
}

// makeClient makes a client on the session's clock and randomness, and remembers it for the session's end.
func (rt *Runtime) makeClient(opts engine.ClientOptions) *engine.Client {
	opts.Clock, opts.Rand = rt.clock, randomness{rt}
	opts.UserAgent = "httpx-repl/" + rt.o.Version
	c, err := engine.NewClient(opts)
	if err != nil {
		rt.throw(err)
	}
	rt.clients = append(rt.clients, c)
	return c
}

// sessionClient is the client global.
func (rt *Runtime) sessionClient() goja.Value {
	opts := rt.o.Client
	opts.Transport = rt.networkTransport(rt.o.Network)
	return rt.clientClass().wrap(rt.makeClient(opts))
}

// networkTransport is a transport to the network behind the session's seam.
func (rt *Runtime) networkTransport(opts engine.TransportOptions) engine.Transport {
	if rt.loop.Replaying() || rt.o.Transport == nil {
		return &seam{rt: rt}
	}
	t, err := rt.o.Transport(opts)
	if err != nil {
		rt.throw(err)
	}
	return &seam{rt: rt, network: t}
}

// hooksOf reads eventHooks: {request: [f], response: [f]}. Hooks may be plain or async functions; a promise is awaited.
func (rt *Runtime) hooksOf(v goja.Value) (engine.Hooks, goja.Value) {
	o := rt.options(v, "eventHooks", "request", "response")
	functions := func(name string) []goja.Callable {
		if o[name] == nil {
			return nil
		}
		list, ok := rt.list(o[name])
		if !ok {
			panic(rt.vm.NewTypeError("eventHooks.%s is a list of functions, not %s", name, rt.brief(o[name])))
		}
		var fs []goja.Callable
		for _, f := range list {
			callable, ok := goja.AssertFunction(f)
			if !ok {
				panic(rt.vm.NewTypeError("eventHooks.%s is a list of functions; %s is none", name, rt.brief(f)))
			}
			fs = append(fs, callable)
		}
		return fs
	}
	var hooks engine.Hooks
	for _, f := range functions("request") {
		hooks.Request = append(hooks.Request, func(ctx context.Context, r *engine.Request) error {
			_, err := rt.call(loop.FromContext(ctx), f, goja.Undefined(), rt.wrapRequest(r))
			return err
		})
	}
	for _, f := range functions("response") {
		hooks.Response = append(hooks.Response, func(ctx context.Context, r *engine.Response) error {
			_, err := rt.call(loop.FromContext(ctx), f, goja.Undefined(), rt.wrapResponse(r))
			return err
		})
	}
	return hooks, rt.hooksObject(o["request"], o["response"])
}

func (rt *Runtime) hooksObject(request, response goja.Value) goja.Value {
	o := rt.vm.NewObject()
	for name, list := range map[string]goja.Value{"request": request, "response": response} {
		if list == nil {
			list = rt.array()
		}
		must(o.Set(name, list))
	}
	return o
}
