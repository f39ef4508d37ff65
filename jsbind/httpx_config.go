package jsbind

import (
	"context"
	"math"
	"time"

	"github.com/dop251/goja"

	"httpx-repl/engine"
	"httpx-repl/jsbind/loop"
)

// timeoutClass is httpx.Timeout(seconds, {connect, read, write, pool, total}).
func (rt *Runtime) timeoutClass() *class {
	return rt.once(&rt.httpx.timeout, func() classSpec {
		limit := func(name string, f func(engine.Timeout) time.Duration) accessor {
			return accessor{name: name, get: func(h *hostObject) goja.Value {
				if d := f(h.value.(engine.Timeout)); d > 0 {
					return rt.vm.ToValue(d.Seconds())
				}
				return goja.Null()
			}}
		}
		return classSpec{
			name: "Timeout", length: 1,
			construct: func(call goja.ConstructorCall) any {
				if first := call.Argument(0); len(call.Arguments) == 1 && !none(first) && !isNumber(first) {
					return rt.timeoutOf(first)
				}
				return rt.timeoutFrom(call.Argument(0), call.Argument(1))
			},
			accessors: []accessor{
				limit("connect", func(t engine.Timeout) time.Duration { return t.Connect }),
				limit("read", func(t engine.Timeout) time.Duration { return t.Read }),
				limit("write", func(t engine.Timeout) time.Duration { return t.Write }),
				limit("pool", func(t engine.Timeout) time.Duration { return t.Pool }),
				limit("total", func(t engine.Timeout) time.Duration { return t.Total }),
			},
			methods: []member{
				{"equals", 1, func(h *hostObject, args []goja.Value) goja.Value {
					return rt.vm.ToValue(h.value.(engine.Timeout) == rt.timeoutOf(arg(args, 0)))
				}},
				{"toString", 0, func(h *hostObject, _ []goja.Value) goja.Value {
					return rt.vm.ToValue(h.value.(engine.Timeout).String())
				}},
			},
		}
	})
}

// timeoutOf reads a timeout given as a number of seconds, null for none, a Timeout, an options object, or HTTPX's tuple
// [connect, read, write, pool].
func (rt *Runtime) timeoutOf(v goja.Value) engine.Timeout {
	if goja.IsNull(v) || isNumber(v) {
		return rt.timeoutFrom(v, nil)
	}
	if t, ok := valueOf[engine.Timeout](v); ok {
		return t
	}
	if list, ok := rt.list(v); ok {
		if len(list) < 2 || len(list) > 4 {
			panic(rt.vm.NewTypeError("a timeout as a list is [connect, read, write, pool], not %s", rt.brief(v)))
		}
		var t engine.Timeout
		for i, field := range []*time.Duration{&t.Connect, &t.Read, &t.Write, &t.Pool} {
			if !none(arg(list, i)) {
				*field = rt.seconds(list[i], "a timeout")
			}
		}
		return t
	}
	return rt.timeoutFrom(goja.Undefined(), v)
}

func (rt *Runtime) timeoutFrom(all, parts goja.Value) engine.Timeout {
	o := rt.options(parts, "httpx.Timeout", "connect", "read", "write", "pool", "total")
	var t engine.Timeout
	if isNumberValue(all) {
		t = engine.NewTimeout(rt.seconds(all, "a timeout"))
	} else if !none(all) {
		panic(rt.vm.NewTypeError("a timeout is a number of seconds or null, not %s", rt.brief(all)))
	}
	given := 0
	for name, field := range map[string]*time.Duration{"connect": &t.Connect, "read": &t.Read, "write": &t.Write, "pool": &t.Pool, "total": &t.Total} {
		v := o[name]
		if v == nil {
			continue
		}
		if name != "total" {
			given++
		}
		*field = 0
		if !goja.IsNull(v) {
			*field = rt.seconds(v, "timeout."+name)
		}
	}
	if missing(all) && given > 0 && given < 4 {
		panic(rt.newError("RangeError", "httpx.Timeout must either include a default, or set all four parameters explicitly."))
	}
	if missing(all) && given == 0 {
		t = engine.Timeout{Connect: engine.DefaultTimeout.Connect, Read: engine.DefaultTimeout.Read, Write: engine.DefaultTimeout.Write, Pool: engine.DefaultTimeout.Pool, Total: t.Total}
	}
	return t
}

func isNumberValue(v goja.Value) bool { return v != nil && isNumber(v) && !math.IsNaN(v.ToFloat()) }

// limitsClass is httpx.Limits({maxConnections, maxKeepaliveConnections, keepaliveExpiry}).
func (rt *Runtime) limitsClass() *class {
	return rt.once(&rt.httpx.limits, func() classSpec {
		of := func(h *hostObject) engine.Limits { return h.value.(engine.Limits) }
		count := func(n int) goja.Value {
			if n < 0 {
				return goja.Null()
			}
			return rt.vm.ToValue(n)
		}
		return classSpec{
			name: "Limits", length: 1,
			construct: func(call goja.ConstructorCall) any {
				o := rt.options(call.Argument(0), "httpx.Limits", "maxConnections", "maxKeepaliveConnections", "keepaliveExpiry")
				l := engine.Limits{MaxConnections: engine.Unlimited, MaxKeepaliveConnections: engine.Unlimited, KeepaliveExpiry: engine.DefaultLimits.KeepaliveExpiry}
				for name, field := range map[string]*int{"maxConnections": &l.MaxConnections, "maxKeepaliveConnections": &l.MaxKeepaliveConnections} {
					if v := o[name]; v != nil && !goja.IsNull(v) {
						n := rt.integer(v, name)
						if n < 0 || n > math.MaxInt32 {
							panic(rt.newError("RangeError", name+" is a number from 0, or null for no limit"))
						}
						*field = int(n)
					}
				}
				if v := o["keepaliveExpiry"]; v != nil {
					l.KeepaliveExpiry = -1
					if !goja.IsNull(v) {
						l.KeepaliveExpiry = rt.seconds(v, "keepaliveExpiry")
					}
				}
				return l
			},
			accessors: []accessor{
				{name: "maxConnections", get: func(h *hostObject) goja.Value { return count(of(h).MaxConnections) }},
				{name: "maxKeepaliveConnections", get: func(h *hostObject) goja.Value { return count(of(h).MaxKeepaliveConnections) }},
				{name: "keepaliveExpiry", get: func(h *hostObject) goja.Value {
					if of(h).KeepaliveExpiry < 0 {
						return goja.Null()
					}
					return rt.vm.ToValue(of(h).KeepaliveExpiry.Seconds())
				}},
			},
			methods: []member{
				{"equals", 1, func(h *hostObject, args []goja.Value) goja.Value {
					other, ok := valueOf[engine.Limits](arg(args, 0))
					return rt.vm.ToValue(ok && other == of(h))
				}},
				{"toString", 0, func(h *hostObject, _ []goja.Value) goja.Value { return rt.vm.ToValue(of(h).String()) }},
			},
		}
	})
}

// proxyClass is httpx.Proxy(url, {auth, headers}).
func (rt *Runtime) proxyClass() *class {
	return rt.once(&rt.httpx.proxy, func() classSpec {
		of := func(h *hostObject) *engine.Proxy { return h.value.(*engine.Proxy) }
		return classSpec{
			name: "Proxy", length: 1,
			construct: func(call goja.ConstructorCall) any {
				o := rt.options(call.Argument(1), "httpx.Proxy", "auth", "headers")
				p, err := engine.NewProxy(rt.urlText(call.Argument(0)), rt.headersOf(o["headers"]))
				if err != nil {
					rt.throw(err)
				}
				if v := o["auth"]; v != nil && !goja.IsNull(v) {
					pair, ok := rt.list(v)
					if !ok || len(pair) != 2 {
						panic(rt.vm.NewTypeError("a proxy's auth is [username, password]"))
					}
					p.Username, p.Password = rt.text(pair[0], "the username"), rt.text(pair[1], "the password")
				}
				return p
			},
			accessors: []accessor{
				{name: "url", get: func(h *hostObject) goja.Value { return rt.wrapURL(of(h).URL) }},
				{name: "headers", get: func(h *hostObject) goja.Value {
					if of(h).Headers == nil {
						return rt.wrapHeaders(engine.NewHeaders(nil))
					}
					return rt.wrapHeaders(of(h).Headers)
				}},
				{name: "auth", get: func(h *hostObject) goja.Value {
					if of(h).Username == "" && of(h).Password == "" {
						return goja.Null()
					}
					return rt.array(of(h).Username, of(h).Password)
				}},
			},
		}
	})
}

// networkKeys are the options of a network transport, which a client takes too.
var networkKeys = []string{"verify", "http1", "http2", "limits", "proxy", "uds", "localAddress", "retries", "trustEnv"}

// networkOptions reads what concerns the network out of a client's or transport's options; what is not given is as the
// session's own client has it.
func (rt *Runtime) networkOptions(o options) engine.TransportOptions {
	t := rt.o.Network
	if v := o["verify"]; v != nil {
		t.NoVerify = !rt.boolean(v, "verify")
	}
	if v := o["http1"]; v != nil {
		t.NoHTTP1 = !rt.boolean(v, "http1")
	}
	if v := o["http2"]; v != nil {
		t.HTTP2 = rt.boolean(v, "http2")
	}
	if v := o["limits"]; v != nil {
		l, ok := valueOf[engine.Limits](v)
		if !ok {
			panic(rt.vm.NewTypeError("limits is a httpx.Limits, not %s", rt.brief(v)))
		}
		t.Limits = &l
	}
	if v := o["proxy"]; v != nil {
		t.Proxy = nil
		if !goja.IsNull(v) {
			p, ok := valueOf[*engine.Proxy](v)
			if !ok {
				var err error
				if p, err = engine.NewProxy(rt.urlText(v), nil); err != nil {
					rt.throw(err)
				}
			}
			t.Proxy = p
		}
	}
	if v := o["uds"]; v != nil {
		t.UDS = rt.text(v, "uds")
	}
	if v := o["localAddress"]; v != nil {
		t.LocalAddress = rt.text(v, "localAddress")
	}
	if v := o["retries"]; v != nil {
		t.Retries = int(rt.integer(v, "retries"))
	}
	return t
}

// httpTransportClass is httpx.AsyncHTTPTransport({…}).
func (rt *Runtime) httpTransportClass() *class {
	return rt.once(&rt.httpx.httpTransport, func() classSpec {
		return classSpec{
			name: "AsyncHTTPTransport", length: 1, disposeA: "aclose",
			construct: func(call goja.ConstructorCall) any {
				return rt.networkTransport(rt.networkOptions(rt.options(call.Argument(0), "httpx.AsyncHTTPTransport", networkKeys...)))
			},
			methods: []member{rt.closeMember()},
		}
	})
}

// mockTransportClass is httpx.MockTransport(handler): a function, plain or async, from Request to Response.
func (rt *Runtime) mockTransportClass() *class {
	return rt.once(&rt.httpx.mockTransport, func() classSpec {
		return classSpec{
			name: "MockTransport", length: 1, disposeA: "aclose",
			construct: func(call goja.ConstructorCall) any {
				handler, ok := goja.AssertFunction(call.Argument(0))
				if !ok {
					panic(rt.vm.NewTypeError("MockTransport takes a function from a Request to a Response, not %s", rt.brief(call.Argument(0))))
				}
				return engine.Transport(engine.NewMockTransport(func(ctx context.Context, r *engine.Request) (*engine.Response, error) {
					v, err := rt.call(loop.FromContext(ctx), handler, goja.Undefined(), rt.wrapRequest(r))
					if err != nil {
						return nil, err
					}
					response, ok := valueOf[*engine.Response](v)
					if !ok {
						return nil, &thrownError{rt.vm.NewTypeError("the handler of a MockTransport returns a httpx.Response, not %s", rt.brief(v))}
					}
					return response, nil
				}))
			},
			methods: []member{rt.closeMember()},
		}
	})
}

func (rt *Runtime) closeMember() member {
	return member{"aclose", 0, func(h *hostObject, _ []goja.Value) goja.Value {
		return rt.async(func(*loop.Coroutine) (goja.Value, error) { return nil, h.value.(engine.Transport).Close() })
	}}
}

func (rt *Runtime) transportOf(v goja.Value) engine.Transport {
	t, ok := valueOf[engine.Transport](v)
	if !ok {
		panic(rt.vm.NewTypeError("a transport is a httpx.AsyncHTTPTransport or httpx.MockTransport, not %s", rt.brief(v)))
	}
	return t
}

// mountsOf reads mounts: an object of URL patterns and transports, null meaning the client's own.
func (rt *Runtime) mountsOf(v goja.Value) []engine.Mount {
	o, ok := v.(*goja.Object)
	if !ok {
		panic(rt.vm.NewTypeError("mounts is an object of URL patterns and transports, not %s", rt.brief(v)))
	}
	var mounts []engine.Mount
	for _, pattern := range rt.keys(o) {
		m := engine.Mount{Pattern: pattern}
		if t := o.Get(pattern); !none(t) {
			m.Transport = rt.transportOf(t)
		}
		mounts = append(mounts, m)
	}
	return mounts
}
