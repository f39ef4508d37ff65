package jsbind

import (
	"github.com/dop251/goja"

	"httpx-repl/engine"
)

// The value classes: URL, QueryParams, Headers, Cookies. Rules 5 and 7 of the API: mappings read and write as properties,
// print and compare as in HTTPX.

// mappingMembers are what HTTPX's three mappings share.
func (rt *Runtime) mappingMembers(items func(any) [][2]string, multi func(any) [][2]string, get func(h *hostObject, args []goja.Value) goja.Value) []member {
	column := func(i int) func(*hostObject, []goja.Value) goja.Value {
		return func(h *hostObject, _ []goja.Value) goja.Value {
			var list []string
			for _, pair := range items(h.value) {
				list = append(list, pair[i])
			}
			return rt.iterate(rt.strings(list))
		}
	}
	return []member{
		{"get", 2, get},
		{"has", 1, func(h *hostObject, args []goja.Value) goja.Value {
			_, ok := h.entries.lookup(arg(args, 0).String())
			return rt.vm.ToValue(ok)
		}},
		{"delete", 1, func(h *hostObject, args []goja.Value) goja.Value {
			_, had := h.entries.lookup(arg(args, 0).String())
			h.entries.remove(arg(args, 0).String())
			return rt.vm.ToValue(had)
		}},
		{"keys", 0, column(0)},
		{"values", 0, column(1)},
		{"items", 0, func(h *hostObject, _ []goja.Value) goja.Value { return rt.iterate(rt.pairList(items(h.value))) }},
		{"multiItems", 0, func(h *hostObject, _ []goja.Value) goja.Value { return rt.pairList(multi(h.value)) }},
	}
}

// iterate is an array's iterator.
func (rt *Runtime) iterate(list *goja.Object) goja.Value {
	f, _ := goja.AssertFunction(list.GetSymbol(goja.SymIterator))
	v, err := f(list)
	must(err)
	return v
}

// headerMap gives *engine.Headers the entries of a mapping.
type headerMap struct {
	rt *Runtime
	*engine.Headers
}

func (m headerMap) lookup(key string) (string, bool) { return m.Get(key) }
func (m headerMap) remove(key string)                { m.Headers.Delete(key) }
func (m headerMap) keys() []string                   { return m.Keys() }
func (m headerMap) assign(key string, v goja.Value)  { m.Set(key, m.rt.headerValue(v, key)) }

func (rt *Runtime) headerValue(v goja.Value, name string) string {
	if b, ok := rt.bytesOf(v); ok {
		return string(b)
	}
	if !goja.IsString(v) {
		panic(rt.vm.NewTypeError("Header value must be a string or bytes, not %s (in %s)", rt.brief(v), name))
	}
	return v.String()
}

func (rt *Runtime) headersClass() *class {
	return rt.once(&rt.httpx.headers, func() classSpec {
		of := func(h *hostObject) *engine.Headers { return h.value.(headerMap).Headers }
		joined := func(v any) [][2]string {
			h := v.(headerMap).Headers
			var list [][2]string
			for _, k := range h.Keys() {
				value, _ := h.Get(k)
				list = append(list, [2]string{k, value})
			}
			return list
		}
		methods := rt.mappingMembers(joined, func(v any) [][2]string { return v.(headerMap).MultiItems() }, func(h *hostObject, args []goja.Value) goja.Value {
			if v, ok := of(h).Get(arg(args, 0).String()); ok {
				return rt.vm.ToValue(v)
			}
			return arg(args, 1)
		})
		methods = append(methods,
			member{"set", 2, func(h *hostObject, args []goja.Value) goja.Value {
				h.entries.assign(rt.text(arg(args, 0), "a header's name"), arg(args, 1))
				return goja.Undefined()
			}},
			member{"getList", 2, func(h *hostObject, args []goja.Value) goja.Value {
				o := rt.options(arg(args, 1), "headers.getList", "splitCommas")
				return rt.strings(of(h).GetList(rt.text(arg(args, 0), "a header's name"), o["splitCommas"] != nil && o["splitCommas"].ToBoolean()))
			}},
			member{"update", 1, func(h *hostObject, args []goja.Value) goja.Value {
				of(h).Update(rt.headersOf(arg(args, 0)))
				return goja.Undefined()
			}},
			member{"copy", 0, func(h *hostObject, _ []goja.Value) goja.Value { return rt.wrapHeaders(of(h).Clone()) }},
			member{"equals", 1, func(h *hostObject, args []goja.Value) goja.Value {
				if o := hostOf(arg(args, 0)); o == nil && (none(arg(args, 0)) || goja.IsString(arg(args, 0))) {
					return rt.vm.ToValue(false)
				}
				return rt.vm.ToValue(of(h).Equal(rt.headersOf(arg(args, 0))))
			}},
			member{"toString", 0, func(h *hostObject, _ []goja.Value) goja.Value { return rt.vm.ToValue(of(h).String()) }},
		)
		return classSpec{
			name: "Headers", length: 1, iterate: "items", methods: methods,
			construct: func(call goja.ConstructorCall) any { return headerMap{rt, rt.headersOf(call.Argument(0)).Clone()} },
			accessors: []accessor{
				{name: "size", get: func(h *hostObject) goja.Value { return rt.vm.ToValue(of(h).Len()) }},
				{name: "raw", get: func(h *hostObject) goja.Value { return rt.pairList(of(h).Raw()) }},
				{name: "encoding", get: func(h *hostObject) goja.Value { return rt.vm.ToValue(of(h).Encoding()) }, set: func(h *hostObject, v goja.Value) {
					if err := of(h).SetEncoding(rt.text(v, "encoding")); err != nil {
						rt.throw(err)
					}
				}},
			},
		}
	})
}

func (rt *Runtime) wrapHeaders(h *engine.Headers) goja.Value {
	return rt.headersClass().wrap(headerMap{rt, h})
}

// headersOf reads headers given as Headers, an object or a list of pairs.
func (rt *Runtime) headersOf(v goja.Value) *engine.Headers {
	if none(v) {
		return engine.NewHeaders(nil)
	}
	if m, ok := valueOf[headerMap](v); ok {
		return m.Headers
	}
	return engine.NewHeaders(rt.pairs(v, "headers", rt.headerValue))
}

// paramMap gives QueryParams, which are immutable, the entries of a mapping.
type paramMap struct {
	rt *Runtime
	engine.QueryParams
}

func (m paramMap) lookup(key string) (string, bool) { return m.QueryParams.Get(key) }
func (m paramMap) keys() []string                   { return m.Keys() }
func (m paramMap) remove(string)                    { m.assign("", nil) }
func (m paramMap) assign(string, goja.Value) {
	panic(m.rt.newError("Error", "QueryParams are immutable. Use q = q.set(key, value), q.add, q.remove or q.merge to get a changed copy."))
}

func (rt *Runtime) paramsClass() *class {
	return rt.once(&rt.httpx.params, func() classSpec {
		of := func(h *hostObject) engine.QueryParams { return h.value.(paramMap).QueryParams }
		first := func(v any) [][2]string {
			q := v.(paramMap).QueryParams
			var list [][2]string
			for _, k := range q.Keys() {
				value, _ := q.Get(k)
				list = append(list, [2]string{k, value})
			}
			return list
		}
		methods := rt.mappingMembers(first, func(v any) [][2]string { return v.(paramMap).MultiItems() }, func(h *hostObject, args []goja.Value) goja.Value {
			if v, ok := of(h).Get(arg(args, 0).String()); ok {
				return rt.vm.ToValue(v)
			}
			return arg(args, 1)
		})
		changed := func(name string, f func(q engine.QueryParams, key, value string) engine.QueryParams) member {
			return member{name, 2, func(h *hostObject, args []goja.Value) goja.Value {
				return rt.wrapParams(f(of(h), rt.text(arg(args, 0), "a parameter's name"), rt.primitive(arg(args, 1), "a parameter's value")))
			}}
		}
		methods = append(methods,
			changed("set", engine.QueryParams.Set), changed("add", engine.QueryParams.Add),
			changed("remove", func(q engine.QueryParams, key, _ string) engine.QueryParams { return q.Remove(key) }),
			member{"merge", 1, func(h *hostObject, args []goja.Value) goja.Value {
				return rt.wrapParams(of(h).Merge(rt.paramsOf(arg(args, 0))))
			}},
			member{"getList", 1, func(h *hostObject, args []goja.Value) goja.Value {
				return rt.strings(of(h).GetList(arg(args, 0).String()))
			}},
			member{"equals", 1, func(h *hostObject, args []goja.Value) goja.Value {
				return rt.vm.ToValue(!none(arg(args, 0)) && of(h).Equal(rt.paramsOf(arg(args, 0))))
			}},
			member{"toString", 0, func(h *hostObject, _ []goja.Value) goja.Value { return rt.vm.ToValue(of(h).String()) }},
		)
		return classSpec{
			name: "QueryParams", length: 1, iterate: "items", methods: methods,
			construct: func(call goja.ConstructorCall) any { return paramMap{rt, rt.paramsOf(call.Argument(0))} },
			accessors: []accessor{{name: "size", get: func(h *hostObject) goja.Value { return rt.vm.ToValue(of(h).Len()) }}},
		}
	})
}

func (rt *Runtime) wrapParams(q engine.QueryParams) goja.Value {
	return rt.paramsClass().wrap(paramMap{rt, q})
}

func (rt *Runtime) paramsOf(v goja.Value) engine.QueryParams {
	if none(v) {
		return engine.NewQueryParams(nil)
	}
	if m, ok := valueOf[paramMap](v); ok {
		return m.QueryParams
	}
	if goja.IsString(v) {
		return engine.ParseQuery(v.String())
	}
	return engine.NewQueryParams(rt.pairs(v, "params", rt.primitive))
}

// cookieMap gives *engine.Cookies the entries of a mapping.
type cookieMap struct {
	rt *Runtime
	*engine.Cookies
}

func (m cookieMap) lookup(key string) (string, bool) {
	v, ok, err := m.Cookies.Get(key, "", "")
	if err != nil {
		m.rt.throw(err)
	}
	return v, ok
}
func (m cookieMap) remove(key string) { m.Cookies.Delete(key, "", "") }
func (m cookieMap) keys() []string {
	var list []string
	for _, c := range m.All() {
		if !contains(list, c.Name) {
			list = append(list, c.Name)
		}
	}
	return list
}
func (m cookieMap) assign(key string, v goja.Value) {
	if err := m.Cookies.Set(key, m.rt.primitive(v, "a cookie's value"), "", ""); err != nil {
		m.rt.throw(err)
	}
}

func (rt *Runtime) cookiesClass() *class {
	return rt.once(&rt.httpx.cookies, func() classSpec {
		of := func(h *hostObject) *engine.Cookies { return h.value.(cookieMap).Cookies }
		all := func(v any) [][2]string {
			var list [][2]string
			for _, c := range v.(cookieMap).All() {
				list = append(list, [2]string{c.Name, c.Value})
			}
			return list
		}
		place := func(v goja.Value, what string) (domain, path string) {
			o := rt.options(v, what, "domain", "path")
			if o["domain"] != nil {
				domain = rt.text(o["domain"], "domain")
			}
			if o["path"] != nil {
				path = rt.text(o["path"], "path")
			}
			return domain, path
		}
		methods := rt.mappingMembers(all, all, func(h *hostObject, args []goja.Value) goja.Value {
			domain, path := place(arg(args, 2), "cookies.get")
			v, ok, err := of(h).Get(arg(args, 0).String(), domain, path)
			if err != nil {
				rt.throw(err)
			}
			if ok {
				return rt.vm.ToValue(v)
			}
			return arg(args, 1)
		})
		methods = append(methods,
			member{"set", 2, func(h *hostObject, args []goja.Value) goja.Value {
				domain, path := place(arg(args, 2), "cookies.set")
				if err := of(h).Set(rt.text(arg(args, 0), "a cookie's name"), rt.primitive(arg(args, 1), "a cookie's value"), domain, path); err != nil {
					rt.throw(err)
				}
				return goja.Undefined()
			}},
			member{"delete", 2, func(h *hostObject, args []goja.Value) goja.Value {
				domain, path := place(arg(args, 1), "cookies.delete")
				return rt.vm.ToValue(of(h).Delete(arg(args, 0).String(), domain, path))
			}},
			member{"clear", 1, func(h *hostObject, args []goja.Value) goja.Value {
				domain, path := place(arg(args, 0), "cookies.clear")
				of(h).Clear(domain, path)
				return goja.Undefined()
			}},
			member{"update", 1, func(h *hostObject, args []goja.Value) goja.Value {
				of(h).Update(rt.cookiesOf(arg(args, 0)))
				return goja.Undefined()
			}},
			member{"equals", 1, func(h *hostObject, args []goja.Value) goja.Value {
				return rt.vm.ToValue(!none(arg(args, 0)) && of(h).Equal(rt.cookiesOf(arg(args, 0))))
			}},
			member{"toString", 0, func(h *hostObject, _ []goja.Value) goja.Value { return rt.vm.ToValue(of(h).String()) }},
		)
		return classSpec{
			name: "Cookies", length: 1, iterate: "items", methods: methods,
			construct: func(call goja.ConstructorCall) any { return cookieMap{rt, rt.cookiesOf(call.Argument(0)).Clone()} },
			accessors: []accessor{{name: "size", get: func(h *hostObject) goja.Value { return rt.vm.ToValue(of(h).Len()) }}},
		}
	})
}

func (rt *Runtime) wrapCookies(c *engine.Cookies) goja.Value {
	return rt.cookiesClass().wrap(cookieMap{rt, c})
}

func (rt *Runtime) cookiesOf(v goja.Value) *engine.Cookies {
	if m, ok := valueOf[cookieMap](v); ok {
		return m.Cookies
	}
	jar := engine.NewCookies()
	if none(v) {
		return jar
	}
	for _, pair := range rt.pairs(v, "cookies", rt.primitive) {
		if err := jar.Set(pair[0], pair[1], "", ""); err != nil {
			rt.throw(err)
		}
	}
	return jar
}

func (rt *Runtime) urlClass() *class {
	return rt.once(&rt.httpx.url, func() classSpec {
		of := func(h *hostObject) *engine.URL { return h.value.(*engine.URL) }
		str := func(name string, f func(*engine.URL) string) accessor {
			return accessor{name: name, get: func(h *hostObject) goja.Value { return rt.vm.ToValue(f(of(h))) }}
		}
		wrapOrThrow := func(u *engine.URL, err error) goja.Value {
			if err != nil {
				rt.throw(err)
			}
			return rt.wrapURL(u)
		}
		withParams := func(name string, f func(q engine.QueryParams, args []goja.Value) engine.QueryParams) member {
			return member{name, 2, func(h *hostObject, args []goja.Value) goja.Value {
				q := f(of(h).Params(), args)
				if q.Len() == 0 {
					return wrapOrThrow(of(h).CopyWith(engine.URLComponents{NoQuery: true}))
				}
				return wrapOrThrow(of(h).CopyWith(engine.URLComponents{Params: &q}))
			}}
		}
		return classSpec{
			name: "URL", length: 1,
			construct: func(call goja.ConstructorCall) any {
				text := ""
				if !missing(call.Argument(0)) {
					text = rt.urlText(call.Argument(0))
				}
				u, err := engine.NewURL(text, rt.urlComponents(call.Argument(1)))
				if err != nil {
					rt.throw(err)
				}
				return u
			},
			accessors: []accessor{
				str("scheme", (*engine.URL).Scheme), str("username", (*engine.URL).Username), str("password", (*engine.URL).Password),
				str("host", (*engine.URL).Host), str("rawHost", (*engine.URL).RawHost), str("netloc", (*engine.URL).Netloc),
				str("path", (*engine.URL).Path), str("rawPath", (*engine.URL).RawPath), str("fragment", (*engine.URL).Fragment),
				str("userinfo", (*engine.URL).Userinfo),
				str("query", func(u *engine.URL) string { q, _ := u.Query(); return q }),
				{name: "port", get: func(h *hostObject) goja.Value {
					if p, ok := of(h).Port(); ok {
						return rt.vm.ToValue(p)
					}
					return goja.Null()
				}},
				{name: "params", get: func(h *hostObject) goja.Value { return rt.wrapParams(of(h).Params()) }},
				{name: "isAbsoluteUrl", get: func(h *hostObject) goja.Value { return rt.vm.ToValue(of(h).IsAbsolute()) }},
				{name: "isRelativeUrl", get: func(h *hostObject) goja.Value { return rt.vm.ToValue(!of(h).IsAbsolute()) }},
			},
			methods: []member{
				{"join", 1, func(h *hostObject, args []goja.Value) goja.Value {
					return wrapOrThrow(of(h).Join(rt.urlText(arg(args, 0))))
				}},
				{"copyWith", 1, func(h *hostObject, args []goja.Value) goja.Value {
					return wrapOrThrow(of(h).CopyWith(rt.urlComponents(arg(args, 0))))
				}},
				withParams("copySetParam", func(q engine.QueryParams, args []goja.Value) engine.QueryParams {
					return q.Set(arg(args, 0).String(), rt.primitive(arg(args, 1), "a parameter's value"))
				}),
				withParams("copyAddParam", func(q engine.QueryParams, args []goja.Value) engine.QueryParams {
					return q.Add(arg(args, 0).String(), rt.primitive(arg(args, 1), "a parameter's value"))
				}),
				withParams("copyRemoveParam", func(q engine.QueryParams, args []goja.Value) engine.QueryParams {
					return q.Remove(arg(args, 0).String())
				}),
				withParams("copyMergeParams", func(q engine.QueryParams, args []goja.Value) engine.QueryParams {
					return q.Merge(rt.paramsOf(arg(args, 0)))
				}),
				{"equals", 1, func(h *hostObject, args []goja.Value) goja.Value {
					other, err := engine.ParseURL(rt.urlText(arg(args, 0)))
					return rt.vm.ToValue(err == nil && of(h).Equal(other))
				}},
				{"toString", 0, func(h *hostObject, _ []goja.Value) goja.Value { return rt.vm.ToValue(of(h).String()) }},
				{"toJSON", 0, func(h *hostObject, _ []goja.Value) goja.Value { return rt.vm.ToValue(of(h).String()) }},
			},
		}
	})
}

func (rt *Runtime) wrapURL(u *engine.URL) goja.Value { return rt.urlClass().wrap(u) }

// urlText reads a URL given as a string, an httpx.URL or the web platform's URL.
func (rt *Runtime) urlText(v goja.Value) string {
	if goja.IsString(v) {
		return v.String()
	}
	if u, ok := valueOf[*engine.URL](v); ok {
		return u.String()
	}
	if u, ok := valueOf[webAddress](v); ok {
		return u.Href()
	}
	panic(rt.vm.NewTypeError("a URL is a string or a URL object, not %s", rt.brief(v)))
}

// webAddress is the web platform's URL.
type webAddress interface{ Href() string }

func (rt *Runtime) urlComponents(v goja.Value) engine.URLComponents {
	o := rt.options(v, "URL", "scheme", "username", "password", "userinfo", "host", "port", "netloc", "path", "query", "rawPath", "fragment", "params")
	var c engine.URLComponents
	for name, field := range map[string]**string{
		"scheme": &c.Scheme, "username": &c.Username, "password": &c.Password, "userinfo": &c.Userinfo, "host": &c.Host,
		"netloc": &c.Netloc, "path": &c.Path, "query": &c.Query, "rawPath": &c.RawPath, "fragment": &c.Fragment,
	} {
		v := o[name]
		switch {
		case v == nil:
		case goja.IsNull(v) && name == "query":
			c.NoQuery = true
		case goja.IsNull(v) && name == "fragment":
			c.NoFragment = true
		default:
			text := rt.text(v, name)
			*field = &text
		}
	}
	if v := o["port"]; v != nil {
		port := -1
		if !goja.IsNull(v) {
			port = int(rt.integer(v, "port"))
		}
		c.Port = &port
	}
	if v := o["params"]; v != nil {
		q := rt.paramsOf(v)
		c.Params = &q
	}
	return c
}
