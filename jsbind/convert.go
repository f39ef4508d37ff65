package jsbind

import (
	"crypto/sha256"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/dop251/goja"
)

// intrinsics are the realm's own functions, taken before any script could change them.
type intrinsics struct {
	uint8Array   *goja.Object
	jsonParse    goja.Callable
	jsonText     goja.Callable
	ownKeys      goja.Callable
	errorCtor    *goja.Object
	aggregate    *goja.Object // AggregateError
	setCtor      *goja.Object
	isArray      goja.Callable
	guardedParse goja.Callable
	promiseThen  goja.Callable
	ownDescribe  goja.Callable
	typedLength  goja.Callable // the length of a typed array, an error for anything else
	match        goja.Callable // String.prototype.match
	regExp       *goja.Object
	nested       int // guarded native methods that run now, one inside the other
}

func (rt *Runtime) takeIntrinsics() {
	vm := rt.vm
	method := func(object, name string) goja.Callable {
		f, ok := goja.AssertFunction(vm.Get(object).ToObject(vm).Get(name))
		if !ok {
			panic("no intrinsic " + object + "." + name)
		}
		return f
	}
	rt.uint8Array = vm.Get("Uint8Array").ToObject(vm)
	rt.jsonParse = method("JSON", "parse")
	rt.jsonText = method("JSON", "stringify")
	rt.ownKeys = method("Object", "keys")
	rt.isArray = method("Array", "isArray")
	rt.ownDescribe = method("Object", "getOwnPropertyDescriptor")
	typed := rt.uint8Array.Get("prototype").ToObject(vm).Prototype()
	length, err := rt.ownDescribe(goja.Undefined(), typed, vm.ToValue("length"))
	must(err)
	rt.typedLength, _ = goja.AssertFunction(length.ToObject(vm).Get("get"))
	rt.regExp = vm.Get("RegExp").ToObject(vm)
	rt.match, _ = goja.AssertFunction(rt.prototype("String").Get("match"))
	rt.errorCtor = vm.Get("Error").ToObject(vm)
	rt.aggregate = vm.Get("AggregateError").ToObject(vm)
	rt.setCtor = vm.Get("Set").ToObject(vm)
	rt.promiseThen, _ = goja.AssertFunction(vm.Get("Promise").ToObject(vm).Get("prototype").ToObject(vm).Get("then"))
}

func cellSeed(seed [32]byte, cell string) [32]byte {
	return sha256.Sum256(append(seed[:], cell...))
}

// missing reports whether an argument was not given: undefined, or absent (HTTPX's USE_CLIENT_DEFAULT).
func missing(v goja.Value) bool { return v == nil || goja.IsUndefined(v) }

// none reports whether an argument is absent or null.
func none(v goja.Value) bool { return missing(v) || goja.IsNull(v) }

func arg(args []goja.Value, i int) goja.Value {
	if i < len(args) {
		return args[i]
	}
	return goja.Undefined()
}

// options are one trailing options object, read once: own properties only, so that a polluted prototype changes nothing,
// names in JavaScript's spelling or HTTPX's.
type options map[string]goja.Value

// options reads the trailing options object of what ("client.get"). A name that is not known is a TypeError naming the
// nearest that is.
func (rt *Runtime) options(v goja.Value, what string, known ...string) options {
	if none(v) {
		return nil
	}
	o, ok := v.(*goja.Object)
	if !ok || hostOf(v) != nil {
		panic(rt.vm.NewTypeError("%s takes its options as one object, such as {%s: …}", what, known[0]))
	}
	result := options{}
	for _, key := range rt.keys(o) {
		name := camelCase(key)
		if !contains(known, name) {
			panic(rt.vm.NewTypeError("%s has no option %q%s", what, key, nearest(name, known)))
		}
		if value := o.Get(key); !missing(value) {
			result[name] = value
		}
	}
	return result
}

// keys are an object's own enumerable string keys.
func (rt *Runtime) keys(o *goja.Object) []string { return o.Keys() }

func contains(list []string, name string) bool {
	for _, x := range list {
		if x == name {
			return true
		}
	}
	return false
}

// nearest suggests the known name that is closest to a mistyped one.
func nearest(name string, known []string) string {
	best := closest(name, known)
	if best == "" {
		return "; it has " + strings.Join(known, ", ")
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			diagonal, row[j] = row[j], min(row[j]+1, row[j-1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

// bytes is a new Uint8Array over b, which it owns.
func (rt *Runtime) bytes(b []byte) goja.Value {
	o, err := rt.vm.New(rt.uint8Array, rt.vm.ToValue(rt.vm.NewArrayBuffer(b)))
	if err != nil {
		panic(err)
	}
	return o
}

// bytesOf is a copy of the bytes of an ArrayBuffer or any view of one.
func (rt *Runtime) bytesOf(v goja.Value) ([]byte, bool) {
	o, ok := v.(*goja.Object)
	if !ok {
		return nil, false
	}
	switch o.ExportType() {
	case arrayBufferType:
		return append([]byte(nil), o.Export().(goja.ArrayBuffer).Bytes()...), true
	}
	buffer, ok := o.Get("buffer").(*goja.Object)
	if !ok || buffer.ExportType() != arrayBufferType {
		return nil, false
	}
	from, n := o.Get("byteOffset").ToInteger(), o.Get("byteLength").ToInteger()
	all := buffer.Export().(goja.ArrayBuffer).Bytes()
	if from < 0 || n < 0 || from+n > int64(len(all)) {
		return nil, false
	}
	return append([]byte(nil), all[from:from+n]...), true
}

// seconds reads a duration given in seconds; null is none.
func (rt *Runtime) seconds(v goja.Value, what string) time.Duration {
	f := v.ToFloat()
	if math.IsNaN(f) || f < 0 || !isNumber(v) {
		panic(rt.vm.NewTypeError("%s is a number of seconds, not %s", what, rt.brief(v)))
	}
	if f > 1e9 {
		f = 1e9
	}
	return time.Duration(f * float64(time.Second))
}

func isNumber(v goja.Value) bool { return goja.IsNumber(v) }

// brief is a value in a few words, for error messages. It runs no user code.
func (rt *Runtime) brief(v goja.Value) string {
	text := inspectText(rt, v)
	if r := []rune(text); len(r) > 60 {
		text = string(r[:57]) + "…"
	}
	return text
}

// text reads a string argument and refuses everything else.
func (rt *Runtime) text(v goja.Value, what string) string {
	if !goja.IsString(v) {
		panic(rt.vm.NewTypeError("%s is a string, not %s", what, rt.brief(v)))
	}
	return v.String()
}

func (rt *Runtime) boolean(v goja.Value, what string) bool {
	b, ok := v.Export().(bool)
	if _, isObject := v.(*goja.Object); !ok || isObject {
		panic(rt.vm.NewTypeError("%s is true or false, not %s", what, rt.brief(v)))
	}
	return b
}

func (rt *Runtime) integer(v goja.Value, what string) int64 {
	f := v.ToFloat()
	if !isNumber(v) || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		panic(rt.vm.NewTypeError("%s is a whole number, not %s", what, rt.brief(v)))
	}
	return int64(f)
}

// primitive is a query or form value as HTTPX writes it: true and false in lower case, null as nothing, numbers as they
// print (QM02).
func (rt *Runtime) primitive(v goja.Value, what string) string {
	if none(v) {
		return ""
	}
	if _, ok := v.(*goja.Object); ok {
		panic(rt.vm.NewTypeError("%s is a string, number, boolean or null, not %s", what, rt.brief(v)))
	}
	return v.String()
}

// list is the elements of an array, or nil when v is no array.
func (rt *Runtime) list(v goja.Value) ([]goja.Value, bool) {
	o, ok := v.(*goja.Object)
	if !ok {
		return nil, false
	}
	is, err := rt.isArray(goja.Undefined(), o)
	if err != nil || !is.ToBoolean() {
		return nil, false
	}
	n := o.Get("length").ToInteger()
	if n > maxListLength {
		panic(rt.vm.NewTypeError("the list is too long: %d elements", n))
	}
	list := make([]goja.Value, n)
	for i := range list {
		list[i] = o.Get(fmt.Sprint(i))
		if list[i] == nil {
			list[i] = goja.Undefined()
		}
	}
	return list, true
}

const maxListLength = 1 << 20

// pairs reads HTTPX's mappings: a plain object, whose values may be arrays, or an array of [key, value].
func (rt *Runtime) pairs(v goja.Value, what string, value func(goja.Value, string) string) [][2]string {
	var out [][2]string
	if list, ok := rt.list(v); ok {
		for _, entry := range list {
			pair, ok := rt.list(entry)
			if !ok || len(pair) != 2 {
				panic(rt.vm.NewTypeError("%s as a list has [name, value] pairs, not %s", what, rt.brief(entry)))
			}
			out = append(out, [2]string{rt.text(pair[0], "a name in "+what), value(pair[1], what+" value")})
		}
		return out
	}
	o, ok := v.(*goja.Object)
	if !ok {
		panic(rt.vm.NewTypeError("%s is an object or a list of pairs, not %s", what, rt.brief(v)))
	}
	for _, key := range rt.keys(o) {
		entry := o.Get(key)
		if list, ok := rt.list(entry); ok {
			for _, x := range list {
				out = append(out, [2]string{key, value(x, what+" value")})
			}
			continue
		}
		out = append(out, [2]string{key, value(entry, what+" value")})
	}
	return out
}

// array is a new JavaScript array.
func (rt *Runtime) array(values ...any) *goja.Object { return rt.vm.NewArray(values...) }

// pairList is an array of [key, value] arrays.
func (rt *Runtime) pairList(pairs [][2]string) *goja.Object {
	list := make([]any, len(pairs))
	for i, p := range pairs {
		list[i] = rt.array(p[0], p[1])
	}
	return rt.array(list...)
}

func (rt *Runtime) strings(list []string) *goja.Object {
	values := make([]any, len(list))
	for i, s := range list {
		values[i] = s
	}
	return rt.array(values...)
}
