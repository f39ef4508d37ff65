package jsbind

import (
	"github.com/dop251/goja"

	"httpx-repl/engine"
	"httpx-repl/jsbind/loop"
)

// requestClass is httpx.Request(method, url, {params, headers, cookies, content, data, files, json, extensions}).
func (rt *Runtime) requestClass() *class {
	return rt.once(&rt.httpx.request, func() classSpec {
		of := func(h *hostObject) *engine.Request { return h.value.(*engine.Request) }
		read := func(h *hostObject, _ []goja.Value) goja.Value {
			return rt.async(func(c *loop.Coroutine) (goja.Value, error) {
				b, err := of(h).Read(c.Context())
				if err != nil {
					return nil, err
				}
				return rt.bytes(b), nil
			})
		}
		return classSpec{
			name: "Request", length: 2,
			construct: func(call goja.ConstructorCall) any {
				u, err := engine.ParseURL(rt.urlText(call.Argument(1)))
				if err != nil {
					rt.throw(err)
				}
				o := rt.options(call.Argument(2), "httpx.Request", "params", "headers", "cookies", "content", "data", "files", "json", "extensions")
				r, err := engine.NewRequest(rt.text(call.Argument(0), "the method"), u, rt.requestOptions(o))
				if err != nil {
					rt.throw(err)
				}
				return r
			},
			accessors: []accessor{
				{"method", func(h *hostObject) goja.Value { return rt.vm.ToValue(of(h).Method) }, func(h *hostObject, v goja.Value) { of(h).Method = rt.text(v, "method") }},
				{"url", func(h *hostObject) goja.Value { return rt.wrapURL(of(h).URL) }, func(h *hostObject, v goja.Value) {
					u, err := engine.ParseURL(rt.urlText(v))
					if err != nil {
						rt.throw(err)
					}
					of(h).URL = u
				}},
				{"headers", func(h *hostObject) goja.Value {
					return h.remember("headers", func() goja.Value { return rt.wrapHeaders(of(h).Headers) })
				}, nil},
				{"extensions", func(h *hostObject) goja.Value { return rt.vm.ToValue(of(h).Extensions) }, nil},
				{"content", func(h *hostObject) goja.Value {
					b, err := of(h).Body()
					if err != nil {
						rt.throw(err)
					}
					return rt.bytes(append([]byte(nil), b...))
				}, nil},
			},
			methods: []member{{"aread", 0, read}},
		}
	})
}

func (rt *Runtime) wrapRequest(r *engine.Request) goja.Value { return rt.requestClass().wrap(r) }

// remember keeps an object that a property gives, so that it is always the same one.
func (h *hostObject) remember(name string, make func() goja.Value) goja.Value {
	if v := h.kept[name]; v != nil {
		return v
	}
	v := make()
	if h.kept == nil {
		h.kept = map[string]goja.Value{}
	}
	h.kept[name] = v
	return v
}

// requestOptions turns the options of a request into the engine's.
func (rt *Runtime) requestOptions(o options) engine.RequestOptions {
	var out engine.RequestOptions
	if v := o["params"]; v != nil && !goja.IsNull(v) {
		q := rt.paramsOf(v)
		out.Params = &q
	}
	if v := o["headers"]; v != nil && !goja.IsNull(v) {
		out.Headers = rt.headersOf(v)
	}
	if v := o["cookies"]; v != nil && !goja.IsNull(v) {
		out.Cookies = rt.cookiesOf(v)
	}
	given := out.Headers
	if given == nil {
		given = engine.NewHeaders(nil)
	}
	out.Content, out.ContentHeaders = rt.body(o, given)
	if v := o["timeout"]; v != nil {
		t := rt.timeoutOf(v)
		out.Timeout = &t
	}
	if v := o["extensions"]; v != nil && !goja.IsNull(v) {
		out.Extensions = rt.extensions(v)
	}
	if v := o["maxResponseSize"]; v != nil {
		out.MaxResponseSize = rt.size(v, "maxResponseSize")
	}
	return out
}

// size is a number of bytes; null is no bound.
func (rt *Runtime) size(v goja.Value, what string) int64 {
	if goja.IsNull(v) {
		return -1
	}
	n := rt.integer(v, what)
	if n <= 0 {
		panic(rt.newError("RangeError", what+" is a number of bytes above 0, or null for no limit"))
	}
	return n
}

// extensions reads the request extensions that the engine knows.
func (rt *Runtime) extensions(v goja.Value) map[string]any {
	o, ok := v.(*goja.Object)
	if !ok {
		panic(rt.vm.NewTypeError("extensions is an object, not %s", rt.brief(v)))
	}
	out := map[string]any{}
	for _, key := range rt.keys(o) {
		value := o.Get(key)
		switch name := snakeCase(key); name {
		case "timeout":
			out["timeout"] = rt.timeoutOf(value)
		case "sni_hostname":
			out["sni_hostname"] = rt.text(value, "sni_hostname")
		case "target":
			if b, ok := rt.bytesOf(value); ok {
				out["target"] = b
			} else {
				out["target"] = []byte(rt.text(value, "target"))
			}
		default:
			panic(rt.vm.NewTypeError("there is no request extension %q%s", key, nearest(name, []string{"timeout", "sni_hostname", "target"})))
		}
	}
	return out
}
