package jsbind

import (
	"unicode/utf8"

	"github.com/dop251/goja"

	"httpx-repl/engine"
	"httpx-repl/jsbind/loop"
)

// responseClass is httpx.Response.
func (rt *Runtime) responseClass() *class {
	return rt.once(&rt.httpx.response, func() classSpec {
		of := func(h *hostObject) *engine.Response { return h.value.(*engine.Response) }
		get := func(name string, f func(r *engine.Response) any) accessor {
			return accessor{name: name, get: func(h *hostObject) goja.Value { return rt.vm.ToValue(f(of(h))) }}
		}
		object := func(name string, f func(r *engine.Response) goja.Value) accessor {
			return accessor{name: name, get: func(h *hostObject) goja.Value {
				return h.remember(name, func() goja.Value { return f(of(h)) })
			}}
		}
		return classSpec{
			name: "Response", length: 1, disposeA: "aclose",
			construct: rt.newResponse,
			accessors: []accessor{
				get("statusCode", func(r *engine.Response) any { return r.StatusCode }),
				get("reasonPhrase", func(r *engine.Response) any { return r.ReasonPhrase() }),
				get("httpVersion", func(r *engine.Response) any { return r.HTTPVersion() }),
				get("isInformational", func(r *engine.Response) any { return r.IsInformational() }),
				get("isSuccess", func(r *engine.Response) any { return r.IsSuccess() }),
				get("isRedirect", func(r *engine.Response) any { return r.IsRedirect() }),
				get("isClientError", func(r *engine.Response) any { return r.IsClientError() }),
				get("isServerError", func(r *engine.Response) any { return r.IsServerError() }),
				get("isError", func(r *engine.Response) any { return r.IsError() }),
				get("isClosed", func(r *engine.Response) any { return r.IsClosed() }),
				get("isStreamConsumed", func(r *engine.Response) any { return r.IsStreamConsumed() }),
				get("hasRedirectLocation", func(r *engine.Response) any { return r.HasRedirectLocation() }),
				get("numBytesDownloaded", func(r *engine.Response) any { return r.NumBytesDownloaded() }),
				{name: "charsetEncoding", get: func(h *hostObject) goja.Value {
					if label := of(h).CharsetEncoding(); label != "" {
						return rt.vm.ToValue(label)
					}
					return goja.Null()
				}},
				object("headers", func(r *engine.Response) goja.Value { return rt.wrapHeaders(r.Headers) }),
				object("url", func(r *engine.Response) goja.Value { return rt.wrapURL(rt.requestOf(r).URL) }),
				object("cookies", func(r *engine.Response) goja.Value {
					jar, err := r.Cookies()
					if err != nil {
						rt.throw(err)
					}
					return rt.wrapCookies(jar)
				}),
				object("history", func(r *engine.Response) goja.Value {
					list := make([]any, len(r.History))
					for i, earlier := range r.History {
						list[i] = rt.wrapResponse(earlier)
					}
					return rt.array(list...)
				}),
				object("links", func(r *engine.Response) goja.Value { return rt.linksObject(r) }),
				object("trailers", func(r *engine.Response) goja.Value {
					if r.Trailers != nil && r.Trailers() != nil {
						return rt.wrapHeaders(r.Trailers())
					}
					return rt.wrapHeaders(engine.NewHeaders(nil))
				}),
				{name: "nextRequest", get: func(h *hostObject) goja.Value {
					if of(h).NextRequest == nil {
						return goja.Null()
					}
					return h.remember("nextRequest", func() goja.Value { return rt.wrapRequest(of(h).NextRequest) })
				}},
				{name: "request", get: func(h *hostObject) goja.Value {
					return h.remember("request", func() goja.Value { return rt.wrapRequest(rt.requestOf(of(h))) })
				}, set: func(h *hostObject, v goja.Value) {
					r, ok := valueOf[*engine.Request](v)
					if !ok {
						panic(rt.vm.NewTypeError("response.request is a Request, not %s", rt.brief(v)))
					}
					of(h).Request = r
					delete(h.kept, "request")
				}},
				{name: "encoding", get: func(h *hostObject) goja.Value { return rt.vm.ToValue(of(h).Encoding()) }, set: func(h *hostObject, v goja.Value) {
					if err := of(h).SetEncoding(rt.text(v, "encoding")); err != nil {
						rt.throw(err)
					}
				}},
				{name: "elapsed", get: func(h *hostObject) goja.Value {
					d, err := of(h).Elapsed()
					if err != nil {
						rt.throw(err)
					}
					return rt.vm.ToValue(d.Seconds())
				}},
				{name: "content", get: func(h *hostObject) goja.Value {
					b := rt.loaded(of(h))
					return h.remember("content", func() goja.Value { return rt.bytes(append([]byte(nil), b...)) })
				}},
				{name: "text", get: func(h *hostObject) goja.Value {
					text, err := of(h).Text()
					if err != nil {
						rt.throw(err)
					}
					return rt.vm.ToValue(text)
				}},
			},
			methods: []member{
				{"json", 1, func(h *hostObject, args []goja.Value) goja.Value { return rt.parseJSON(rt.loaded(of(h)), arg(args, 0)) }},
				{"raiseForStatus", 0, func(h *hostObject, _ []goja.Value) goja.Value {
					if err := of(h).RaiseForStatus(); err != nil {
						rt.throw(err)
					}
					return h.object
				}},
				{"aread", 0, func(h *hostObject, _ []goja.Value) goja.Value {
					return rt.async(func(c *loop.Coroutine) (goja.Value, error) {
						b, err := of(h).Read(c.Context())
						if err != nil {
							return nil, err
						}
						return h.remember("content", func() goja.Value { return rt.bytes(append([]byte(nil), b...)) }), nil
					})
				}},
				{"aclose", 0, func(h *hostObject, _ []goja.Value) goja.Value {
					return rt.async(func(*loop.Coroutine) (goja.Value, error) { return nil, of(h).Close() })
				}},
				{"aiterRaw", 1, func(h *hostObject, args []goja.Value) goja.Value {
					rt.readsRaw(of(h))
					return rt.chunks(of(h), of(h).RawIter(rt.chunkSize(arg(args, 0), "aiterRaw")))
				}},
				{"aiterBytes", 1, func(h *hostObject, args []goja.Value) goja.Value {
					return rt.chunks(of(h), of(h).BytesIter(rt.chunkSize(arg(args, 0), "aiterBytes")))
				}},
				{"aiterText", 1, func(h *hostObject, args []goja.Value) goja.Value {
					return rt.pieces(of(h), of(h).TextIter(rt.chunkSize(arg(args, 0), "aiterText")))
				}},
				{"aiterLines", 1, func(h *hostObject, args []goja.Value) goja.Value {
					o := rt.options(arg(args, 0), "aiterLines", "separators", "maxLength")
					var line engine.LineOptions
					if v := o["separators"]; v != nil {
						if line.Unicode = v.String() == "unicode"; !line.Unicode {
							panic(rt.vm.NewTypeError(`separators is "unicode" or left out, not %s`, rt.brief(v)))
						}
					}
					if v := o["maxLength"]; v != nil {
						line.MaxLength = int(rt.size(v, "maxLength"))
					}
					return rt.pieces(of(h), of(h).LinesIter(line))
				}},
				{"toString", 0, func(h *hostObject, _ []goja.Value) goja.Value { return rt.vm.ToValue(of(h).String()) }},
			},
		}
	})
}

func (rt *Runtime) wrapResponse(r *engine.Response) goja.Value { return rt.responseClass().wrap(r) }

// newResponse is new httpx.Response(statusCode, {headers, content, text, html, json, request, extensions, history}).
func (rt *Runtime) newResponse(call goja.ConstructorCall) any {
	o := rt.options(call.Argument(1), "httpx.Response", "headers", "content", "text", "html", "json", "request", "defaultEncoding")
	opts := engine.ResponseOptions{Headers: rt.headersOf(o["headers"])}
	switch {
	case o["text"] != nil:
		opts.Content, opts.ContentHeaders = engine.TextContent(rt.text(o["text"], "text"))
	case o["html"] != nil:
		opts.Content, opts.ContentHeaders = engine.HTMLContent(rt.text(o["html"], "html"))
	default:
		opts.Content, opts.ContentHeaders = rt.body(o, opts.Headers)
	}
	if v := o["request"]; v != nil {
		r, ok := valueOf[*engine.Request](v)
		if !ok {
			panic(rt.vm.NewTypeError("request is a Request, not %s", rt.brief(v)))
		}
		opts.Request = r
	}
	if v := o["defaultEncoding"]; v != nil {
		opts.DefaultEncoding = rt.text(v, "defaultEncoding")
	}
	r, err := engine.NewResponse(int(rt.integer(call.Argument(0), "the status code")), opts)
	if err != nil {
		rt.throw(err)
	}
	return r
}

func (rt *Runtime) requestOf(r *engine.Response) *engine.Request {
	if r.Request == nil {
		panic(rt.newError("Error", "The request instance has not been set on this response."))
	}
	return r.Request
}

func (rt *Runtime) loaded(r *engine.Response) []byte {
	b, err := r.Content()
	if err != nil {
		rt.throw(err)
	}
	return b
}

// readsRaw tells the record that the undecoded bytes were asked for, so that a document keeps them.
func (rt *Runtime) readsRaw(r *engine.Response) {
	if x, ok := r.Stream.(*exchange); ok {
		x.keepRaw()
	}
}

func (rt *Runtime) chunkSize(v goja.Value, what string) int {
	o := rt.options(v, what, "chunkSize")
	if o["chunkSize"] == nil || goja.IsNull(o["chunkSize"]) {
		return 0
	}
	n := rt.integer(o["chunkSize"], "chunkSize")
	if n < 1 || n > maxBuffer {
		panic(rt.newError("RangeError", "chunkSize is above 0"))
	}
	return int(n)
}

// chunks is an async iterable of Uint8Arrays.
func (rt *Runtime) chunks(r *engine.Response, it *engine.Iterator[[]byte]) goja.Value {
	return rt.asyncIterator(func(c *loop.Coroutine) (goja.Value, error) {
		b, err := it.Next(c.Context())
		if err != nil {
			return nil, err
		}
		return rt.bytes(b), nil
	}, func() error {
		it.Close()
		return r.Close()
	})
}

// pieces is an async iterable of strings.
func (rt *Runtime) pieces(r *engine.Response, it *engine.Iterator[string]) goja.Value {
	return rt.asyncIterator(func(c *loop.Coroutine) (goja.Value, error) {
		s, err := it.Next(c.Context())
		if err != nil {
			return nil, err
		}
		return rt.vm.ToValue(s), nil
	}, func() error {
		it.Close()
		return r.Close()
	})
}

func (rt *Runtime) linksObject(r *engine.Response) goja.Value {
	o := rt.vm.NewObject()
	for _, link := range r.Links() {
		entry := rt.vm.NewObject()
		must(entry.Set("url", link.URL))
		for _, p := range link.Params {
			must(entry.Set(p[0], p[1]))
		}
		must(o.Set(link.Key(), entry))
	}
	return o
}

// parseJSON is response.json(): UTF-8, 16 or 32 found out from the bytes, whatever the charset says (RS18). Bad JSON is a
// SyntaxError, bytes that cannot be decoded are a RangeError.
func (rt *Runtime) parseJSON(b []byte, reviver goja.Value) goja.Value {
	text := string(b)
	if label := jsonEncoding(b); label != "utf-8" {
		d, _ := engine.CharsetDecoder(label)
		text = d.Decode(b) + d.Flush()
	} else if !utf8.Valid(b) {
		panic(rt.newError("RangeError", "the body is not valid UTF-8, so it cannot be read as JSON"))
	} else if len(b) >= 3 && b[0] == 0xEF && b[1] == 0xBB && b[2] == 0xBF {
		text = text[3:]
	}
	if missing(reviver) {
		if v, err := rt.parseBody([]byte(text)); err == nil {
			return v
		}
	}
	args := []goja.Value{rt.vm.ToValue(text)}
	if !missing(reviver) {
		args = append(args, reviver)
	}
	v, err := rt.guardedParse(goja.Undefined(), args...)
	if err != nil {
		panic(err)
	}
	return v
}

// jsonEncoding finds JSON's encoding from its first bytes, as RFC 4627 section 3 and Python do.
func jsonEncoding(b []byte) string {
	nul := func(i int) bool { return i < len(b) && b[i] == 0 }
	switch {
	case len(b) >= 4 && b[0] == 0xFF && b[1] == 0xFE && nul(2) && nul(3), len(b) >= 4 && !nul(0) && nul(1) && nul(2) && nul(3):
		return "utf-32le"
	case len(b) >= 4 && nul(0) && nul(1) && b[2] == 0xFE && b[3] == 0xFF, len(b) >= 4 && nul(0) && nul(1) && nul(2) && !nul(3):
		return "utf-32be"
	case len(b) >= 2 && b[0] == 0xFF && b[1] == 0xFE, len(b) >= 2 && !nul(0) && nul(1):
		return "utf-16le"
	case len(b) >= 2 && b[0] == 0xFE && b[1] == 0xFF, len(b) >= 2 && nul(0) && !nul(1):
		return "utf-16be"
	}
	return "utf-8"
}
