package jsbind

import (
	"encoding/json"

	"github.com/dop251/goja"

	"httpx-repl/engine"
	"httpx-repl/jsbind/loop"
	"httpx-repl/jsbind/source"
)

// classes are the native classes, each made at its first use.
type classes struct {
	concurrency
	errors      errorClasses
	httpx       httpxClasses
	web         webClasses
	sessionTask *loop.Task
	divergence  error
}

// install hardens the virtual machine and defines the session's globals.
func (rt *Runtime) install() error {
	rt.exchanges.open = map[string]*exchange{}
	rt.sessionTask = rt.loop.NewTask("c0", rt.root)
	rt.takeIntrinsics()
	if err := source.Install(rt.vm, source.Host{Check: rt.check, Using: rt.keep, Enter: rt.enterBlock, Leave: rt.leaveBlock, Import: rt.importModule}); err != nil {
		return err
	}
	symbol := rt.vm.Get("Symbol").ToObject(rt.vm)
	rt.symbols.asyncIterator = symbol.Get("asyncIterator").(*goja.Symbol)
	rt.symbols.dispose = symbol.Get("dispose").(*goja.Symbol)
	rt.symbols.asyncDispose = symbol.Get("asyncDispose").(*goja.Symbol)
	rt.harden()
	rt.installTimers()
	rt.installConsole()
	rt.installWeb()
	rt.lazyGlobal("httpx", rt.httpxModule)
	rt.lazyGlobal("client", rt.sessionClient)
	rt.lazyGlobal("lab", rt.labObject)
	rt.lazyGlobal("asyncio", rt.asyncioModule)
	rt.lazyGlobal("trio", rt.trioModule)
	rt.lazyGlobal("anyio", rt.anyioModule)
	rt.lazyGlobal("sniffio", rt.sniffioModule)
	rt.lazyGlobal("ExceptionGroup", rt.exceptionGroup)
	rt.lazyGlobal("env", rt.envObject)
	rt.lazyGlobal("args", rt.argsArray)
	return nil
}

// argsArray is the script's arguments; they come from outside, so the record keeps them.
func (rt *Runtime) argsArray() goja.Value {
	text, _ := rt.outside("args", func() (string, bool) {
		b, err := json.Marshal(rt.o.Args)
		return string(b), err == nil && len(rt.o.Args) > 0
	})
	var args []string
	if json.Unmarshal([]byte(text), &args) != nil {
		args = nil
	}
	return rt.strings(args)
}

// global defines a global as the language's own are: writable, configurable, not enumerable.
func (rt *Runtime) global(name string, v goja.Value) {
	must(rt.vm.GlobalObject().DefineDataProperty(name, v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
}

// lazyGlobal defines a global that is made when it is first read, so that what a session does not use costs it nothing at
// start.
func (rt *Runtime) lazyGlobal(name string, make func() goja.Value) {
	rt.lazy(rt.vm.GlobalObject(), name, make)
}

// lazy defines a property that is made when it is first read.
func (rt *Runtime) lazy(o *goja.Object, name string, make func() goja.Value) {
	settle := func(v goja.Value) {
		must(o.DefineDataProperty(name, v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	}
	if rt.lazies == nil {
		rt.lazies = map[*goja.Object]map[string]func(){}
	}
	if rt.lazies[o] == nil {
		rt.lazies[o] = map[string]func(){}
	}
	var made goja.Value
	get := func() goja.Value {
		if made == nil {
			made = make()
			delete(rt.lazies[o], name)
			settle(made)
		}
		return made
	}
	rt.lazies[o][name] = func() { get() }
	getter := rt.vm.ToValue(func(goja.FunctionCall) goja.Value { return get() })
	setter := rt.vm.ToValue(func(call goja.FunctionCall) goja.Value {
		delete(rt.lazies[o], name)
		settle(call.Argument(0))
		return goja.Undefined()
	})
	must(o.DefineAccessorProperty(name, getter, setter, goja.FLAG_TRUE, goja.FLAG_FALSE))
}

// compileIntrinsic compiles a function of our own written in JavaScript.
func (rt *Runtime) compileIntrinsic(name, src string) goja.Callable {
	v, err := rt.vm.RunProgram(goja.MustCompile(name, src, true))
	must(err)
	f, ok := goja.AssertFunction(v)
	if !ok {
		panic(name + " is not a function")
	}
	return f
}

// labObject is the lab server as scripts see it. It starts when one of its addresses is first read.
func (rt *Runtime) labObject() goja.Value {
	start := func() Lab {
		if rt.o.Lab == nil {
			panic(rt.vm.NewTypeError("this session has no lab server"))
		}
		if rt.labServer == nil {
			server, err := rt.o.Lab()
			if err != nil {
				rt.throw(engine.NewError(engine.RuntimeError, nil, "the lab server could not be started: %v", err))
			}
			rt.labServer = server
		}
		return rt.labServer
	}
	address := func(name, fact string, of func(Lab) string) accessor {
		return accessor{name: name, get: func(*hostObject) goja.Value {
			url, ok := rt.outside(fact, func() (string, bool) { return of(start()), true })
			if !ok {
				panic(rt.newError("Error", "the recorded session did not use the lab"))
			}
			return rt.vm.ToValue(url)
		}}
	}
	return rt.newClass(classSpec{
		name: "Lab",
		accessors: []accessor{
			address("url", labURL, Lab.URL),
			address("httpsUrl", labHTTPSURL, Lab.HTTPSURL),
		},
	}).wrap(labMarker{})
}

type labMarker struct{}

// envObject has the environment variables that the user allowed, read-only.
func (rt *Runtime) envObject() goja.Value {
	return rt.vm.NewDynamicObject(&environment{rt})
}
