package inspect

import (
	"math/big"
	"reflect"

	"github.com/dop251/goja"
)

// A kind is what an object is by its internal slots, whatever its prototype
// says.
type kind uint8

const (
	kindObject kind = iota
	kindArray
	kindFunction
	kindClass
	kindError
	kindDate
	kindRegexp
	kindMap
	kindSet
	kindWeakMap
	kindWeakSet
	kindPromise
	kindTypedArray
	kindArrayBuffer
	kindDataView
	kindArguments
	kindBoxedNumber
	kindBoxedString
	kindBoxedBoolean
	kindBoxedBigInt
	kindBoxedSymbol
)

var (
	proxyType       = reflect.TypeFor[goja.Proxy]()
	promiseType     = reflect.TypeFor[*goja.Promise]()
	arrayBufferType = reflect.TypeFor[goja.ArrayBuffer]()
	mapType         = reflect.TypeFor[[][2]any]()
	setType         = reflect.TypeFor[[]any]()
	stringType      = reflect.TypeFor[string]()
	bigIntType      = reflect.TypeFor[*big.Int]()
	classType       = reflect.TypeFor[func(goja.ConstructorCall) *goja.Object]()
	functionType    = reflect.TypeFor[func(goja.FunctionCall) goja.Value]()
	plainType       = reflect.TypeFor[map[string]any]()

	typedArrayNames = map[reflect.Type]string{
		reflect.TypeFor[[]uint8]():   "Uint8Array",
		reflect.TypeFor[[]int8]():    "Int8Array",
		reflect.TypeFor[[]uint16]():  "Uint16Array",
		reflect.TypeFor[[]int16]():   "Int16Array",
		reflect.TypeFor[[]uint32]():  "Uint32Array",
		reflect.TypeFor[[]int32]():   "Int32Array",
		reflect.TypeFor[[]float32](): "Float32Array",
		reflect.TypeFor[[]float64](): "Float64Array",
		reflect.TypeFor[[]int64]():   "BigInt64Array",
		reflect.TypeFor[[]uint64]():  "BigUint64Array",
	}
)

// isFunction knows all functions: the engine gives an async arrow function the
// class of a plain object.
func isFunction(o *goja.Object) bool {
	return o.ClassName() == "Function" || o.ExportType() == functionType
}

// kindOf names the kind of o, which is not a proxy. ClassName and ExportType
// are facts about the engine's own Go type and run nothing.
func (r *realm) kindOf(o *goja.Object) kind {
	exported := o.ExportType()
	switch o.ClassName() {
	case "Array":
		return kindArray
	case "Function":
		if exported == classType {
			return kindClass
		}
		return kindFunction
	case "Error":
		return kindError
	case "Date":
		return kindDate
	case "RegExp":
		return kindRegexp
	case "Arguments":
		return kindArguments
	case "Number":
		return kindBoxedNumber
	case "String":
		return kindBoxedString
	case "Boolean":
		return kindBoxedBoolean
	case "Object":
		return r.kindOfObject(o, exported)
	}
	return kindObject
}

func (r *realm) kindOfObject(o *goja.Object, exported reflect.Type) kind {
	switch exported {
	case functionType:
		return kindFunction
	case plainType:
		return r.kindByPrototype(o)
	case promiseType:
		return kindPromise
	case arrayBufferType:
		return kindArrayBuffer
	case mapType:
		return kindMap
	case setType:
		return kindSet
	case stringType:
		if _, ok := r.branded(o, r.symbolValue); ok {
			return kindBoxedSymbol
		}
	case bigIntType:
		if _, ok := r.branded(o, r.bigintValue); ok {
			return kindBoxedBigInt
		}
	}
	if _, ok := typedArrayNames[exported]; ok {
		return kindTypedArray
	}
	return kindObject
}

// kindByPrototype tells apart the kinds that the engine does not, except by
// asking a native whether it accepts the object. Only objects that inherit from
// the kind's prototype, or from nothing, are asked.
func (r *realm) kindByPrototype(o *goja.Object) kind {
	proto := prototype(o)
	if proto == r.object {
		return kindObject
	}
	probe := func(proto *goja.Object) bool { return o.Prototype() == nil || r.inherits(o, proto) }
	if probe(r.dataView) {
		if _, ok := r.branded(o, r.viewLength); ok {
			return kindDataView
		}
	}
	if probe(r.weakMap) {
		if _, ok := r.branded(o, r.weakMapHas, o); ok {
			return kindWeakMap
		}
	}
	if probe(r.weakSet) {
		if _, ok := r.branded(o, r.weakSetHas, o); ok {
			return kindWeakSet
		}
	}
	if r.inherits(o, r.errors) {
		return kindError
	}
	return kindObject
}

// className is the engine's idea of a class, for an object without a
// constructor.
func (r *realm) className(o *goja.Object, k kind) string {
	switch k {
	case kindArray:
		return "Array"
	case kindFunction, kindClass:
		return "Function"
	case kindError:
		return "Error"
	case kindDate:
		return "Date"
	case kindRegexp:
		return "RegExp"
	case kindMap:
		return "Map"
	case kindSet:
		return "Set"
	case kindWeakMap:
		return "WeakMap"
	case kindWeakSet:
		return "WeakSet"
	case kindPromise:
		return "Promise"
	case kindTypedArray:
		return r.typedArrayName(o)
	case kindArrayBuffer:
		return "ArrayBuffer"
	case kindDataView:
		return "DataView"
	}
	return "Object"
}

func (r *realm) typedArrayName(o *goja.Object) string {
	name := typedArrayNames[o.ExportType()]
	if name == "Uint8Array" && r.inherits(o, r.clamped) {
		return "Uint8ClampedArray"
	}
	return name
}

// elements is the content of a typed array, a slice of numbers. That of a
// detached buffer is empty: the engine must not be asked for it.
func (r *realm) elements(o *goja.Object) reflect.Value {
	buffer, ok := call(r.typedBuffer, o).(*goja.Object)
	if ok {
		if b, ok := buffer.Export().(goja.ArrayBuffer); ok && !b.Detached() {
			return reflect.ValueOf(o.Export())
		}
	}
	return reflect.ValueOf([]uint8(nil))
}
