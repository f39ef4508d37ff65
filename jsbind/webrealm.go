package jsbind

import "github.com/dop251/goja"

// webRealm is what the web platform's functions need of the language itself, taken before a script could change it. None
// of it runs a script's code.
type webRealm struct {
	classes           map[string]*goja.Object // constructors by name
	methods           map[string]goja.Callable
	iteratorPrototype *goja.Object
	dataViewPrototype *goja.Object
	opaque            []opaquePrototype
}

// opaquePrototype is that of a kind of object which nothing but its prototype tells from a plain one.
type opaquePrototype struct {
	prototype *goja.Object
	kind      string
}

// opaqueKind names such a kind of object, "" for a plain one.
func (r *webRealm) opaqueKind(o *goja.Object) string {
	for _, p := range r.opaque {
		if inherits(o, p.prototype) {
			return p.kind
		}
	}
	return ""
}

func inherits(o, prototype *goja.Object) bool {
	for o.ExportType() != proxyType {
		if o = o.Prototype(); o == nil {
			return false
		}
		if o == prototype {
			return true
		}
	}
	return false
}

func (rt *Runtime) takeWebRealm() {
	realm := &rt.web.realm
	realm.classes, realm.methods = map[string]*goja.Object{}, map[string]goja.Callable{}
	for _, name := range []string{
		"Object", "Array", "Map", "Set", "Date", "RegExp", "DataView",
		"Error", "EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError",
		"Int8Array", "Uint8Array", "Uint8ClampedArray", "Int16Array", "Uint16Array", "Int32Array", "Uint32Array",
		"Float32Array", "Float64Array", "BigInt64Array", "BigUint64Array",
	} {
		realm.classes[name] = rt.vm.Get(name).ToObject(rt.vm)
	}
	take := func(name string, f goja.Value) {
		call, ok := goja.AssertFunction(f)
		if !ok {
			panic("no intrinsic " + name)
		}
		realm.methods[name] = call
	}
	getter := func(name string, o *goja.Object, key goja.Value) {
		d, err := rt.ownDescribe(goja.Undefined(), o, key)
		must(err)
		take(name, d.ToObject(rt.vm).Get("get"))
	}
	for _, name := range []string{"Map", "Set"} {
		take(name+".forEach", rt.prototype(name).Get("forEach"))
	}
	take("Map.set", rt.prototype("Map").Get("set"))
	take("Set.add", rt.prototype("Set").Get("add"))
	for _, name := range []string{"source", "flags"} {
		getter("RegExp."+name, rt.prototype("RegExp"), rt.vm.ToValue(name))
	}
	typed := rt.prototype("Uint8Array").Prototype()
	getter("TypedArray.name", typed, goja.SymToStringTag)
	getter("TypedArray.length", typed, rt.vm.ToValue("length"))
	for _, name := range []string{"buffer", "byteOffset", "byteLength"} {
		getter("TypedArray."+name, typed, rt.vm.ToValue(name))
		getter("DataView."+name, rt.prototype("DataView"), rt.vm.ToValue(name))
	}
	for _, name := range []string{"Boolean", "Number", "String", "BigInt"} {
		take(name+".valueOf", rt.prototype(name).Get("valueOf"))
	}
	take("Date.getTime", rt.prototype("Date").Get("getTime"))
	realm.dataViewPrototype = rt.prototype("DataView")
	realm.iteratorPrototype = rt.iterate(rt.array()).ToObject(rt.vm).Prototype().Prototype()
	realm.opaque = []opaquePrototype{
		{realm.iteratorPrototype, "iterators"}, {rt.prototype("WeakMap"), "weak maps"}, {rt.prototype("WeakSet"), "weak sets"},
	}
}

// read calls a getter of the language on an object of any kind; ok is false when the object is of another kind.
func (r *webRealm) read(getter string, o *goja.Object) (goja.Value, bool) {
	v, err := r.methods[getter](o)
	return v, err == nil && v != nil && !goja.IsUndefined(v)
}

// bufferView is a typed array or DataView.
type bufferView struct {
	name           string // "Uint8Array"
	buffer         *goja.Object
	offset, length int // in bytes
	elements       int // -1 for a DataView
}

// viewOf takes a view of a buffer apart; ok is false for anything else.
func (rt *Runtime) viewOf(v goja.Value) (view bufferView, ok bool) {
	o, isObject := v.(*goja.Object)
	if !isObject {
		return view, false
	}
	realm, kind := &rt.web.realm, "TypedArray"
	if name, ok := realm.read("TypedArray.name", o); ok {
		view.name = name.String()
	} else if inherits(o, realm.dataViewPrototype) {
		view.name, kind, view.elements = "DataView", "DataView", -1
	} else {
		return view, false
	}
	buffer, _ := realm.read(kind+".buffer", o)
	offset, whole := realm.read(kind+".byteOffset", o)
	length, whole2 := realm.read(kind+".byteLength", o)
	if view.buffer, ok = buffer.(*goja.Object); !ok || !whole || !whole2 {
		return view, false // its buffer is detached
	}
	view.offset, view.length = int(offset.ToInteger()), int(length.ToInteger())
	if kind == "TypedArray" {
		elements, _ := realm.read("TypedArray.length", o)
		view.elements = int(elements.ToInteger())
	}
	return view, true
}

// bytes are those of the view themselves, not a copy.
func (view bufferView) bytes() []byte {
	all := view.buffer.Export().(goja.ArrayBuffer).Bytes()
	if view.offset+view.length > len(all) {
		return nil
	}
	return all[view.offset : view.offset+view.length]
}
