package jsbind

import (
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/dlclark/regexp2/v2"
	"github.com/dop251/goja"

	"httpx-repl/jsbind/source"
)

// The virtual machine has no memory limit, and its native functions cannot be interrupted: one call such as
// 'x'.repeat(2**40) would end the process. So those that can allocate or run without bound are guarded: beyond a size that no
// sensible script reaches they throw a RangeError.
const (
	maxText     = 1 << 27 // characters of a string made at once
	maxElements = 1 << 24 // elements that one native call may visit or make
	maxSpread   = 1 << 20 // arguments of one call
	maxDigits   = 1 << 20 // of a BigInt read from a string or written to one
	maxBuffer   = 1 << 28 // bytes of one ArrayBuffer
	maxDepth    = 10_000  // nesting of JSON text, and depth of Array.prototype.flat
)

// regexpTimeout bounds a backtracking match. goja reports a match that took longer as no match.
const regexpTimeout = 250 * time.Millisecond

var boundRegexps = sync.OnceFunc(func() { regexp2.DefaultMatchTimeout = regexpTimeout })

func (rt *Runtime) harden() {
	boundRegexps()
	text := rt.prototype("String")
	rt.guard(text, "repeat", func(this goja.Value, args []goja.Value) {
		rt.bound("The string", float64(len(this.String()))*number(args, 0), maxText, "characters")
		rt.roomFor(float64(len(this.String())) * number(args, 0))
	})
	for _, name := range []string{"padStart", "padEnd"} {
		rt.guard(text, name, func(_ goja.Value, args []goja.Value) { rt.bound("The string", number(args, 0), maxText, "characters") })
	}
	list := rt.prototype("Array")
	for _, name := range []string{
		"fill", "toString", "concat", "indexOf", "lastIndexOf", "includes", "reverse", "sort", "copyWithin", "toReversed", "toSorted", "toSpliced", "with",
		"map", "filter", "forEach", "some", "every", "reduce", "reduceRight", "find", "findIndex", "findLast", "findLastIndex", "flatMap",
		"slice", "splice", "shift", "unshift", "keys", "entries", "values",
	} {
		rt.guard(list, name, func(this goja.Value, args []goja.Value) {
			n := rt.lengthOf(this)
			if name == "concat" {
				for _, v := range args {
					n += rt.lengthOf(v)
				}
			}
			rt.bound("The array", n, maxElements, "elements")
			rt.roomFor(n * valueSize)
		})
	}
	rt.guard(list, "join", func(this goja.Value, args []goja.Value) {
		n := rt.lengthOf(this)
		rt.bound("The array", n, maxElements, "elements")
		if goja.IsString(arg(args, 0)) {
			rt.bound("The string", n*float64(len(args[0].String())), maxText, "characters")
		}
	})
	rt.guard(list, "flat", func(this goja.Value, args []goja.Value) {
		rt.bound("The array", rt.lengthOf(this), maxElements, "elements")
		if len(args) > 0 {
			args[0] = rt.vm.ToValue(min(number(args, 0), maxDepth))
		}
	})
	rt.hardenText(text)
	rt.hardenCalls()
	rt.hardenCode()
	rt.guard(rt.vm.Get("Array").ToObject(rt.vm), "from", func(_ goja.Value, args []goja.Value) {
		if len(args) > 0 {
			rt.bound("The array", rt.lengthOf(args[0]), maxElements, "elements")
		}
	})
	rt.guard(rt.vm.Get("JSON").ToObject(rt.vm), "parse", func(_ goja.Value, args []goja.Value) {
		if len(args) > 0 && goja.IsString(args[0]) && source.Depth(args[0].String(), maxDepth) != nil {
			panic(rt.newError("SyntaxError", fmt.Sprintf("JSON nested more than %d deep is refused", maxDepth)))
		}
	})
	rt.hardenStringify()
	rt.guardedParse, _ = goja.AssertFunction(rt.vm.Get("JSON").ToObject(rt.vm).Get("parse"))
	rt.guardBuffer("ArrayBuffer", 1)
	for name, size := range map[string]float64{
		"Int8Array": 1, "Uint8Array": 1, "Uint8ClampedArray": 1, "Int16Array": 2, "Uint16Array": 2, "Int32Array": 4, "Uint32Array": 4,
		"Float32Array": 4, "Float64Array": 8, "BigInt64Array": 8, "BigUint64Array": 8,
	} {
		rt.guardBuffer(name, size)
	}
}

func (rt *Runtime) prototype(name string) *goja.Object {
	return rt.vm.Get(name).ToObject(rt.vm).Get("prototype").ToObject(rt.vm)
}

// guard puts a check before a native method, and bounds how deep such methods call each other without a frame of JavaScript
// between them.
func (rt *Runtime) guard(o *goja.Object, name string, check func(this goja.Value, args []goja.Value)) {
	native, ok := goja.AssertFunction(o.Get(name))
	if !ok {
		panic("no native " + name)
	}
	length := int(o.Get(name).ToObject(rt.vm).Get("length").ToInteger())
	f := rt.function(name, length, func(call goja.FunctionCall) goja.Value {
		rt.nested++
		defer func() { rt.nested-- }()
		if rt.nested > maxCallDepth {
			panic(rt.newError("RangeError", "Maximum call stack size exceeded"))
		}
		check(call.This, call.Arguments)
		v, err := native(call.This, call.Arguments...)
		if err != nil {
			panic(err)
		}
		return v
	})
	must(o.DefineDataProperty(name, f, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
}

// guardBuffer puts a size check before the constructor of a buffer or typed array. The guarded constructor takes the native
// one's prototype and, by inheritance, its static methods.
func (rt *Runtime) guardBuffer(name string, elementSize float64) {
	native := rt.vm.Get(name).ToObject(rt.vm)
	construct, _ := goja.AssertConstructor(native)
	var guarded *goja.Object
	guarded = rt.vm.ToValue(func(call goja.ConstructorCall) *goja.Object {
		if len(call.Arguments) > 0 {
			size := number(call.Arguments, 0)
			if o, ok := call.Arguments[0].(*goja.Object); ok {
				size = 0
				if o.ExportType() != arrayBufferType {
					size = rt.lengthOf(o)
				}
			}
			rt.bound("The "+name, size*elementSize, maxBuffer, "bytes")
			rt.roomFor(size * elementSize)
		}
		target := call.NewTarget
		if target == guarded {
			target = native
		}
		o, err := construct(target, call.Arguments...)
		if err != nil {
			panic(err)
		}
		return o
	}).ToObject(rt.vm)
	prototype := native.Get("prototype").ToObject(rt.vm)
	must(guarded.DefineDataProperty("name", rt.vm.ToValue(name), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	must(guarded.DefineDataProperty("prototype", prototype, goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_FALSE))
	must(guarded.SetPrototype(native))
	must(prototype.DefineDataProperty("constructor", guarded, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	rt.global(name, guarded)
}

func (rt *Runtime) bound(what string, size, most float64, unit string) {
	if size > most {
		panic(rt.newError("RangeError", fmt.Sprintf("%s would have %.0f %s; more than %.0f at once are refused", what, size, unit, most)))
	}
}

// lengthOf is an object's own length when that is a plain number; getters and proxies are not asked.
func (rt *Runtime) lengthOf(v goja.Value) float64 {
	o, ok := v.(*goja.Object)
	if !ok || o.ExportType() == proxyType {
		return 0
	}
	if t := o.ExportType(); t != nil && t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Interface {
		if length, err := rt.typedLength(o); err == nil { // of a typed array the length is an accessor
			return length.ToFloat()
		}
	}
	length, err := rt.descriptor(o, "length")
	if err != nil || length == nil || !isNumber(length) {
		return 0
	}
	return length.ToFloat()
}

// descriptor is the value of a plain data property, own or inherited; nil for none and for accessors. It runs no user code
// except a proxy's traps.
func (rt *Runtime) descriptor(o *goja.Object, name string) (goja.Value, error) {
	for ; o != nil; o = o.Prototype() {
		if o.ExportType() == proxyType {
			return nil, nil
		}
		d, err := rt.ownDescribe(goja.Undefined(), o, rt.vm.ToValue(name))
		if err != nil {
			return nil, err
		}
		if d, ok := d.(*goja.Object); ok {
			return d.Get("value"), nil
		}
	}
	return nil, nil
}

func number(args []goja.Value, i int) float64 {
	v := arg(args, i)
	if !isNumber(v) {
		return 0
	}
	return v.ToFloat()
}
