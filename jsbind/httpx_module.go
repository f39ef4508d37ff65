package jsbind

import (
	"github.com/dop251/goja"

	"httpx-repl/engine"
)

// httpxClasses are the classes of the httpx module and the helpers that they need.
type httpxClasses struct {
	asyncIterator                                        *class
	url, headers, params, cookies                        *class
	request, response, client                            *class
	timeout, limits, proxy                               *class
	auth, basicAuth, digestAuth, functionAuth, netrcAuth *class
	httpTransport, mockTransport                         *class
}

// once makes a class at its first use.
func (rt *Runtime) once(slot **class, spec func() classSpec) *class {
	if *slot == nil {
		*slot = rt.newClass(spec())
	}
	return *slot
}

// httpxModule is the httpx global: every name of HTTPX's __all__ that this version has, each made at its first use.
func (rt *Runtime) httpxModule() goja.Value {
	m := rt.vm.NewObject()
	ctor := func(c func() *class) func() goja.Value {
		return func() goja.Value { return c().ctor }
	}
	for _, entry := range []struct {
		name string
		make func() goja.Value
	}{
		{"AsyncClient", ctor(rt.clientClass)},
		{"Request", ctor(rt.requestClass)},
		{"Response", ctor(rt.responseClass)},
		{"Headers", ctor(rt.headersClass)},
		{"QueryParams", ctor(rt.paramsClass)},
		{"Cookies", ctor(rt.cookiesClass)},
		{"URL", ctor(rt.urlClass)},
		{"Timeout", ctor(rt.timeoutClass)},
		{"Limits", ctor(rt.limitsClass)},
		{"Proxy", ctor(rt.proxyClass)},
		{"Auth", ctor(rt.authClass)},
		{"BasicAuth", ctor(rt.basicAuthClass)},
		{"DigestAuth", ctor(rt.digestAuthClass)},
		{"FunctionAuth", ctor(rt.functionAuthClass)},
		{"NetRCAuth", ctor(rt.netrcAuthClass)},
		{"AsyncHTTPTransport", ctor(rt.httpTransportClass)},
		{"MockTransport", ctor(rt.mockTransportClass)},
		{"codes", rt.codesObject},
	} {
		rt.lazy(m, entry.name, entry.make)
	}
	for _, c := range engine.Classes() {
		if name := c.Name(); languageErrors[c] == "" {
			rt.lazy(m, name, func() goja.Value { return rt.errorClass(name) })
		}
	}
	must(m.DefineDataPropertySymbol(goja.SymToStringTag, rt.vm.ToValue("httpx"), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	return m
}

// codesObject is httpx.codes: codes.NOT_FOUND === 404, codes.getReasonPhrase(404), codes.isError(404).
func (rt *Runtime) codesObject() goja.Value {
	o := rt.vm.NewObject()
	for _, code := range engine.Codes() {
		must(o.DefineDataProperty(code.Name, rt.vm.ToValue(code.Value), goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_TRUE))
	}
	define := func(name string, f func(code int64) any) {
		fn := rt.function(name, 1, func(call goja.FunctionCall) goja.Value {
			return rt.vm.ToValue(f(rt.integer(call.Argument(0), "a status code")))
		})
		for _, n := range spellings(name) {
			must(o.DefineDataProperty(n, fn, goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_FALSE))
		}
	}
	define("getReasonPhrase", func(c int64) any { return engine.ReasonPhrase(int(c)) })
	for name, family := range map[string]int64{"isInformational": 1, "isSuccess": 2, "isRedirect": 3, "isClientError": 4, "isServerError": 5} {
		define(name, func(c int64) any { return c/100 == family })
	}
	define("isError", func(c int64) any { return c >= 400 && c < 600 })
	return o
}
