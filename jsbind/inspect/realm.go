package inspect

import (
	"strconv"

	"github.com/dop251/goja"
)

// native is a built-in function of the private runtime, called directly: no
// frame of the interpreter is entered and no promise job is run.
type native func(goja.FunctionCall) goja.Value

// A realm reads the objects of a runtime without running any of their code.
//
// Its natives come from a second, private runtime. They work on objects of any
// runtime, and the objects that they make (descriptors, iterator results,
// lists of keys) inherit from prototypes nobody else can reach. Called on an
// object of the wrong kind a native reads its toStringTag for the error
// message, so a native is only called where that cannot happen; see branded.
type realm struct {
	private *goja.Runtime
	global  *goja.Object
	steps   int // taken by the current call

	getOwnPropertyDescriptor, ownKeys             native
	mapEntries, mapNext, mapSize                  native
	setValues, setNext, setSize                   native
	weakMapHas, weakSetHas                        native
	viewLength, viewOffset, viewBuffer            native
	typedBuffer                                   native
	dateTime, functionSource                      native
	stringValue, symbolValue, bigintValue         native
	regexpSource                                  native
	regexpFlags                                   []native
	parseInt, parseFloat                          native
	keyConstructor, keyName, keyMessage, keyCause goja.Value
	keyErrors, keyLength, keyPrototype, keyStack  goja.Value

	// Prototypes of the user's runtime.
	object, function, errors, weakMap, weakSet *goja.Object
	dataView, clamped                          *goja.Object
	asyncFunction, generatorFunction           *goja.Object
}

const privateNatives = `(() => {
	const getter = (o, k) => Object.getOwnPropertyDescriptor(o, k).get;
	const next = (i) => Object.getPrototypeOf(i).next;
	const flag = (k) => getter(RegExp.prototype, k);
	return [
		Reflect.getOwnPropertyDescriptor, Reflect.ownKeys,
		Map.prototype.entries, next(new Map().entries()), getter(Map.prototype, 'size'),
		Set.prototype.values, next(new Set().values()), getter(Set.prototype, 'size'),
		WeakMap.prototype.has, WeakSet.prototype.has,
		getter(DataView.prototype, 'byteLength'), getter(DataView.prototype, 'byteOffset'),
		getter(DataView.prototype, 'buffer'), getter(Object.getPrototypeOf(Uint8Array.prototype), 'buffer'),
		Date.prototype.getTime, Function.prototype.toString,
		String.prototype.valueOf, Symbol.prototype.valueOf, BigInt.prototype.valueOf,
		parseInt, parseFloat,
		getter(RegExp.prototype, 'source'),
		flag('global'), flag('ignoreCase'), flag('multiline'), flag('dotAll'), flag('unicode'), flag('sticky'),
	];
})()`

const userPrototypes = `[
	Object.prototype, Function.prototype, Error.prototype, WeakMap.prototype, WeakSet.prototype,
	DataView.prototype, Uint8ClampedArray.prototype,
	Object.getPrototypeOf(async function () {}), Object.getPrototypeOf(function* () {}),
]`

func newRealm(vm *goja.Runtime) realm {
	private := goja.New()
	r := realm{private: private, global: vm.GlobalObject()}

	list := mustRun(private, privateNatives)
	natives := []*native{
		&r.getOwnPropertyDescriptor, &r.ownKeys,
		&r.mapEntries, &r.mapNext, &r.mapSize,
		&r.setValues, &r.setNext, &r.setSize,
		&r.weakMapHas, &r.weakSetHas,
		&r.viewLength, &r.viewOffset, &r.viewBuffer, &r.typedBuffer,
		&r.dateTime, &r.functionSource,
		&r.stringValue, &r.symbolValue, &r.bigintValue,
		&r.parseInt, &r.parseFloat,
		&r.regexpSource,
	}
	at := func(i int) native {
		f, ok := list.Get(strconv.Itoa(i)).Export().(func(goja.FunctionCall) goja.Value)
		if !ok {
			panic("inspect: built-in function " + strconv.Itoa(i) + " is not native")
		}
		return f
	}
	for i, f := range natives {
		*f = at(i)
	}
	for i := range regexpFlagNames {
		r.regexpFlags = append(r.regexpFlags, at(len(natives)+i))
	}
	for name, key := range map[string]*goja.Value{
		"constructor": &r.keyConstructor, "name": &r.keyName, "message": &r.keyMessage,
		"cause": &r.keyCause, "errors": &r.keyErrors, "length": &r.keyLength,
		"prototype": &r.keyPrototype, "stack": &r.keyStack,
	} {
		*key = private.ToValue(name)
	}

	protos := mustRun(vm, userPrototypes)
	for i, proto := range []**goja.Object{
		&r.object, &r.function, &r.errors, &r.weakMap, &r.weakSet,
		&r.dataView, &r.clamped, &r.asyncFunction, &r.generatorFunction,
	} {
		*proto = protos.Get(strconv.Itoa(i)).(*goja.Object)
	}
	return r
}

const regexpFlagNames = "gimsuy"

// mustRun runs a script of this package before any user code exists. Failing
// means that the engine lacks a built-in which it has always had.
func mustRun(vm *goja.Runtime, script string) *goja.Object {
	v, err := vm.RunScript("inspect", script)
	if err != nil {
		panic("inspect: New must be called before user code: " + err.Error())
	}
	return v.(*goja.Object)
}

// call runs a native; whatever goes wrong in it is the answer nil.
func call(f native, this goja.Value, args ...goja.Value) (v goja.Value) {
	defer func() {
		if recover() != nil {
			v = nil
		}
	}()
	return f(goja.FunctionCall{This: this, Arguments: args})
}

// maxChain bounds walks along prototypes and proxies, which can be cyclic.
const maxChain = 100

// unproxied returns the object behind any number of proxies, without running a
// trap; nil when one of them is revoked.
func unproxied(o *goja.Object) *goja.Object {
	for n := 0; o != nil && o.ExportType() == proxyType; n++ {
		if n == maxChain {
			return nil
		}
		o = o.Export().(goja.Proxy).Target()
	}
	return o
}

func isProxy(o *goja.Object) bool { return o.ExportType() == proxyType }

// prototype returns the prototype of o, looking through a proxy on either side.
func prototype(o *goja.Object) *goja.Object {
	if o = unproxied(o); o == nil {
		return nil
	}
	return unproxied(o.Prototype())
}

// A property is one own property, as its descriptor tells it.
type property struct {
	value      goja.Value // nil for an accessor
	get, set   bool
	enumerable bool
}

// own reads one own property of o, which is not a proxy.
func (r *realm) own(o *goja.Object, key goja.Value) (property, bool) {
	r.steps++
	if o.ClassName() == "Error" && key.StrictEquals(r.keyStack) && !r.stackIsSafe(o) {
		return property{}, false
	}
	desc, ok := call(r.getOwnPropertyDescriptor, nil, o, key).(*goja.Object)
	if !ok {
		return property{}, false
	}
	p := property{enumerable: desc.Get("enumerable").ToBoolean()}
	if get := desc.Get("get"); get != nil {
		p.get = !goja.IsUndefined(get)
		p.set = !goja.IsUndefined(desc.Get("set"))
		return p, true
	}
	p.value = desc.Get("value")
	return p, true
}

// stackIsSafe says whether the engine can make the text of an error's stack,
// which it does when it is first read, without running a getter, a trap or a
// toString of the user.
func (r *realm) stackIsSafe(o *goja.Object) bool {
	for _, key := range []goja.Value{r.keyName, r.keyMessage} {
		v, found := r.lookup(o, key)
		if found == hiddenBehindCode {
			return false
		}
		if _, ok := v.(*goja.Object); ok {
			return false
		}
	}
	return true
}

type lookupResult uint8

const (
	absent lookupResult = iota
	present
	hiddenBehindCode // an accessor, or a proxy on the way to it
)

// lookup finds a data property along the prototypes of o. It looks through
// proxies for a value, and reports that a real read would have run code.
func (r *realm) lookup(o *goja.Object, key goja.Value) (goja.Value, lookupResult) {
	result := present
	for n := 0; o != nil; n++ {
		if n == maxChain {
			return nil, hiddenBehindCode
		}
		if isProxy(o) {
			result = hiddenBehindCode
			if o = unproxied(o); o == nil {
				break
			}
		}
		if p, ok := r.own(o, key); ok {
			if p.value == nil {
				return nil, hiddenBehindCode
			}
			return p.value, result
		}
		o = o.Prototype()
	}
	if result == hiddenBehindCode {
		return nil, result
	}
	return nil, absent
}

// text is the value of a data property that holds a string.
func (r *realm) text(o *goja.Object, key goja.Value, limit int) (string, bool) {
	v, _ := r.lookup(o, key)
	s, ok := v.(goja.String)
	if !ok {
		return "", false
	}
	return jsText(s, limit), true
}

// keys lists all own keys of o, which is not a proxy: strings, then symbols.
func (r *realm) keys(o *goja.Object) keyList {
	list, ok := call(r.ownKeys, nil, o).(*goja.Object)
	if !ok {
		return keyList{}
	}
	n := int(list.Get("length").ToInteger())
	r.steps += n / 8
	return keyList{list, n}
}

type keyList struct {
	list *goja.Object
	len  int
}

func (l keyList) at(i int) goja.Value { return l.list.Get(strconv.Itoa(i)) }

// inherits says whether proto is on the prototype chain of o.
func (r *realm) inherits(o, proto *goja.Object) bool {
	o = prototype(o)
	for n := 0; o != nil && n < maxChain; n++ {
		if o == proto {
			return true
		}
		r.steps++
		o = prototype(o)
	}
	return false
}

// branded says whether f, a native that accepts one kind of object, accepts o.
// The error message of a refusal would read o's toStringTag: where that runs
// code, nobody knows what o is.
func (r *realm) branded(o *goja.Object, f native, args ...goja.Value) (goja.Value, bool) {
	if _, found := r.lookup(o, goja.SymToStringTag); found == hiddenBehindCode {
		return nil, false
	}
	v := call(f, o, args...)
	return v, v != nil
}

// isInstance is instanceof for a constructor that has no Symbol.hasInstance.
func (r *realm) isInstance(o, constructor *goja.Object) bool {
	p, _ := r.own(constructor, r.keyPrototype)
	proto, ok := p.value.(*goja.Object)
	return ok && r.inherits(o, proto)
}

// constructorName is the name of the class o is an instance of: of the nearest
// constructor along its prototypes that o is really an instance of.
func (r *realm) constructorName(o *goja.Object, limit int) (name string, found bool) {
	for p, n := o, 0; p != nil && n < maxChain; p, n = prototype(p), n+1 {
		if p != o {
			switch p {
			case r.object:
				return "Object", true
			case r.function:
				return "Function", true
			}
		}
		desc, ok := r.own(p, r.keyConstructor)
		if !ok {
			continue
		}
		constructor, ok := desc.value.(*goja.Object)
		if !ok {
			continue
		}
		if constructor = unproxied(constructor); constructor == nil || !isFunction(constructor) {
			continue
		}
		if name, ok := r.text(constructor, r.keyName, limit); ok && name != "" && r.isInstance(o, constructor) {
			return visible(name), true
		}
	}
	return "", false
}
