package jsbind

import (
	"context"
	"fmt"

	"github.com/dop251/goja"

	"httpx-repl/engine"
	"httpx-repl/jsbind/loop"
)

// authClass is httpx.Auth, the parent of the others.
func (rt *Runtime) authClass() *class {
	return rt.once(&rt.httpx.auth, func() classSpec { return classSpec{name: "Auth"} })
}

func (rt *Runtime) authKind(slot **class, name string, length int, construct func(call goja.ConstructorCall) engine.Auth) *class {
	return rt.once(slot, func() classSpec {
		return classSpec{name: name, length: length, parent: rt.authClass(), construct: func(call goja.ConstructorCall) any { return construct(call) }}
	})
}

func (rt *Runtime) basicAuthClass() *class {
	return rt.authKind(&rt.httpx.basicAuth, "BasicAuth", 2, func(call goja.ConstructorCall) engine.Auth {
		return engine.NewBasicAuth(rt.text(call.Argument(0), "the username"), rt.text(call.Argument(1), "the password"))
	})
}

func (rt *Runtime) digestAuthClass() *class {
	return rt.authKind(&rt.httpx.digestAuth, "DigestAuth", 2, func(call goja.ConstructorCall) engine.Auth {
		return engine.NewDigestAuth(rt.text(call.Argument(0), "the username"), rt.text(call.Argument(1), "the password"), randomness{rt})
	})
}

func (rt *Runtime) functionAuthClass() *class {
	return rt.authKind(&rt.httpx.functionAuth, "FunctionAuth", 1, func(call goja.ConstructorCall) engine.Auth {
		return rt.functionAuth(call.Argument(0))
	})
}

func (rt *Runtime) netrcAuthClass() *class {
	return rt.authKind(&rt.httpx.netrcAuth, "NetRCAuth", 1, func(call goja.ConstructorCall) engine.Auth {
		auth, err := engine.NewNetRCAuth(rt.netrcText(call.Argument(0)))
		if err != nil {
			rt.throw(err)
		}
		return auth
	})
}

// netrcText reads NetRCAuth's argument: the path of a file that may be read, or {text: …} with its contents.
func (rt *Runtime) netrcText(v goja.Value) string {
	if !goja.IsString(v) {
		o := rt.options(v, "httpx.NetRCAuth", "text")
		if o["text"] == nil {
			panic(rt.vm.NewTypeError("NetRCAuth takes the path of a netrc file, or {text: …} with its contents"))
		}
		return rt.text(o["text"], "text")
	}
	if rt.loop.Replaying() {
		return "" // the file is not part of the record, and the recorded exchanges do not ask for its passwords
	}
	if rt.o.ReadFile == nil {
		panic(rt.newError("Error", "this session reads no files"))
	}
	text, err := rt.o.ReadFile(v.String())
	if err != nil {
		panic(rt.newError("Error", fmt.Sprintf("the netrc file cannot be read: %v", err)))
	}
	return string(text)
}

// functionAuth calls a function of the script once per request; it may be async.
func (rt *Runtime) functionAuth(v goja.Value) engine.Auth {
	f, ok := goja.AssertFunction(v)
	if !ok {
		panic(rt.vm.NewTypeError("FunctionAuth takes a function from a Request to a Request, not %s", rt.brief(v)))
	}
	return engine.FuncAuth(func(ctx context.Context, r *engine.Request) (*engine.Request, error) {
		out, err := rt.call(loop.FromContext(ctx), f, goja.Undefined(), rt.wrapRequest(r))
		if err != nil {
			return nil, err
		}
		changed, ok := valueOf[*engine.Request](out)
		if !ok {
			return nil, &thrownError{rt.vm.NewTypeError("an auth function returns the request to send, not %s", rt.brief(out))}
		}
		return changed, nil
	})
}

// authOf reads auth: [username, password], an Auth, a function, or null for none.
func (rt *Runtime) authOf(v goja.Value) engine.Auth {
	if none(v) {
		return nil
	}
	if a, ok := valueOf[engine.Auth](v); ok {
		return a
	}
	if pair, ok := rt.list(v); ok && len(pair) == 2 {
		return engine.NewBasicAuth(rt.text(pair[0], "the username"), rt.text(pair[1], "the password"))
	}
	if _, ok := goja.AssertFunction(v); ok {
		return rt.functionAuth(v)
	}
	panic(rt.vm.NewTypeError("Invalid \"auth\" argument: %s. It is [username, password], an Auth object, a function or null.", rt.brief(v)))
}

func (rt *Runtime) wrapAuth(a engine.Auth) goja.Value {
	switch a.(type) {
	case *engine.BasicAuth:
		return rt.basicAuthClass().wrap(a)
	case *engine.DigestAuth:
		return rt.digestAuthClass().wrap(a)
	case *engine.NetRCAuth:
		return rt.netrcAuthClass().wrap(a)
	}
	return rt.functionAuthClass().wrap(a)
}
