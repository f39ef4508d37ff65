package jsbind

import (
	"reflect"
	"strings"
	"unicode"

	"github.com/dop251/goja"
)

// A native class is defined once, from a classSpec: its constructor and prototype are ordinary JavaScript objects, so
// that completion, instanceof and subclassing work, and its instances are hostObjects around a Go value.

// classSpec describes a class. Names are given in JavaScript's spelling; HTTPX's own spelling of each is added here, and
// only here, as a hidden alias (api.md, rule 1).
type classSpec struct {
	name      string
	parent    *class
	length    int
	construct func(call goja.ConstructorCall) any // the Go value of a new instance; nil: not constructible from scripts
	methods   []member
	accessors []accessor
	statics   []member
	iterate   string // the method that is also [Symbol.iterator]
	dispose   string // the method that is also [Symbol.dispose]
	disposeA  string // the method that is also [Symbol.asyncDispose]
	iteratorA bool   // an async iterator: [Symbol.asyncIterator] gives the object itself
}

type member struct {
	name   string
	length int
	call   func(this *hostObject, args []goja.Value) goja.Value
}

type accessor struct {
	name string
	get  func(this *hostObject) goja.Value
	set  func(this *hostObject, v goja.Value) // nil: read-only
}

type class struct {
	rt      *Runtime
	name    string
	ctor    *goja.Object
	proto   *goja.Object
	methods map[string]*member
	setters map[string]func(*hostObject, goja.Value)
	fixed   map[string]bool // accessors without a setter
}

// hostObject is an instance of a native class: a Go value, the properties that a script added, and, for HTTPX's mappings,
// the entries as properties.
type hostObject struct {
	class   *class
	value   any
	object  *goja.Object
	entries mapping
	added   map[string]goja.Value
	order   []string
	bound   map[string]goja.Value
	kept    map[string]goja.Value
}

// mapping is a Go value whose entries read and write as properties (api.md, rule 5). A method's name wins over a key.
type mapping interface {
	lookup(key string) (string, bool)
	assign(key string, v goja.Value)
	remove(key string)
	keys() []string
}

func (rt *Runtime) newClass(s classSpec) *class {
	c := &class{rt: rt, name: s.name, methods: map[string]*member{}, setters: map[string]func(*hostObject, goja.Value){}, fixed: map[string]bool{}}
	if s.parent != nil {
		for k, v := range s.parent.methods {
			c.methods[k] = v
		}
		for k, v := range s.parent.setters {
			c.setters[k] = v
		}
		for k, v := range s.parent.fixed {
			c.fixed[k] = v
		}
	}
	c.ctor = rt.constructor(c, s)
	c.proto = c.ctor.Get("prototype").ToObject(rt.vm)
	if s.parent != nil {
		must(c.proto.SetPrototype(s.parent.proto))
		must(c.ctor.SetPrototype(s.parent.ctor))
	}
	for i := range s.methods {
		c.addMethod(&s.methods[i])
	}
	for _, a := range s.accessors {
		c.addAccessor(a)
	}
	for i := range s.statics {
		m := &s.statics[i]
		f := rt.function(m.name, m.length, func(call goja.FunctionCall) goja.Value { return m.call(nil, call.Arguments) })
		for _, name := range spellings(m.name) {
			must(c.ctor.DefineDataProperty(name, f, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
		}
	}
	for symbol, name := range map[*goja.Symbol]string{goja.SymIterator: s.iterate, rt.symbols.dispose: s.dispose, rt.symbols.asyncDispose: s.disposeA} {
		if name != "" {
			must(c.proto.DefineDataPropertySymbol(symbol, c.proto.Get(name), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
		}
	}
	if s.iteratorA {
		itself := rt.function("[Symbol.asyncIterator]", 0, func(call goja.FunctionCall) goja.Value { return call.This })
		must(c.proto.DefineDataPropertySymbol(rt.symbols.asyncIterator, itself, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	}
	must(c.proto.DefineDataPropertySymbol(goja.SymToStringTag, rt.vm.ToValue(s.name), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	return c
}

func (rt *Runtime) constructor(c *class, s classSpec) *goja.Object {
	f := rt.vm.ToValue(func(call goja.ConstructorCall) *goja.Object {
		if s.construct == nil {
			panic(rt.vm.NewTypeError("%s objects are not made with new", s.name))
		}
		// A call without new makes an instance too: that is how a line from HTTPX's documentation reads.
		o := c.wrap(s.construct(call))
		if call.NewTarget != nil && call.NewTarget != c.ctor {
			if p, ok := call.NewTarget.Get("prototype").(*goja.Object); ok {
				must(o.SetPrototype(p))
			}
		}
		return o
	}).ToObject(rt.vm)
	must(f.DefineDataProperty("name", rt.vm.ToValue(s.name), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	must(f.DefineDataProperty("length", rt.vm.ToValue(s.length), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	return f
}

func (c *class) addMethod(m *member) {
	rt := c.rt
	f := rt.function(m.name, m.length, func(call goja.FunctionCall) goja.Value {
		return m.call(c.self(call.This, m.name), call.Arguments)
	})
	for i, name := range spellings(m.name) {
		must(c.proto.DefineDataProperty(name, f, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
		c.methods[name] = m
		if i > 0 {
			rt.aliases[name] = true
		}
	}
}

func (c *class) addAccessor(a accessor) {
	rt := c.rt
	get := rt.function("get "+a.name, 0, func(call goja.FunctionCall) goja.Value {
		if o, ok := call.This.(*goja.Object); ok && o == c.proto {
			return goja.Undefined() // looking at the prototype itself
		}
		return a.get(c.self(call.This, a.name))
	})
	var set goja.Value
	if a.set != nil {
		set = rt.function("set "+a.name, 1, func(call goja.FunctionCall) goja.Value {
			a.set(c.self(call.This, a.name), call.Argument(0))
			return goja.Undefined()
		})
	} else {
		// As in Python, and unlike a plain getter, which would swallow the assignment in silence.
		set = rt.function("set "+a.name, 1, func(goja.FunctionCall) goja.Value {
			panic(rt.vm.NewTypeError("%s.%s cannot be assigned", c.name, a.name))
		})
	}
	for i, name := range spellings(a.name) {
		must(c.proto.DefineAccessorProperty(name, get, set, goja.FLAG_TRUE, goja.FLAG_FALSE))
		if a.set != nil {
			c.setters[name] = a.set
		} else {
			c.fixed[name] = true
		}
		if i > 0 {
			rt.aliases[name] = true
		}
	}
}

// self is the instance on which a member was called.
func (c *class) self(this goja.Value, name string) *hostObject {
	h := hostOf(this)
	if h == nil || !h.class.is(c) {
		panic(c.rt.vm.NewTypeError("%s.%s was called on something that is not a %s", c.name, name, c.name))
	}
	return h
}

func (c *class) is(other *class) bool {
	if c == other {
		return true
	}
	for p := c.proto.Prototype(); p != nil; p = p.Prototype() {
		if p == other.proto {
			return true
		}
	}
	return false
}

// wrap makes an instance around a Go value.
func (c *class) wrap(value any) *goja.Object {
	h := &hostObject{class: c, value: value}
	h.entries, _ = value.(mapping)
	h.object = c.rt.vm.NewDynamicObject(h)
	must(h.object.SetPrototype(c.proto))
	return h.object
}

// hostOf is the Go side of a native instance, or nil.
func hostOf(v goja.Value) *hostObject {
	o, ok := v.(*goja.Object)
	if !ok {
		return nil
	}
	if o.ExportType() != hostType { // Export itself would run a plain object's getters
		return nil
	}
	h, _ := o.Export().(*hostObject)
	return h
}

// What ExportType says of the objects that the binding tells apart.
var (
	hostType        = reflect.TypeFor[*hostObject]()
	promiseType     = reflect.TypeFor[*goja.Promise]()
	arrayBufferType = reflect.TypeFor[goja.ArrayBuffer]()
	proxyType       = reflect.TypeFor[goja.Proxy]()
)

// valueOf is the Go value of a native instance of type T.
func valueOf[T any](v goja.Value) (T, bool) {
	if h := hostOf(v); h != nil {
		t, ok := h.value.(T)
		return t, ok
	}
	var none T
	return none, false
}

// Get implements goja.DynamicObject. A method comes back bound to its object, as in Python, and always the same.
func (h *hostObject) Get(key string) goja.Value {
	if v, ok := h.added[key]; ok {
		return v
	}
	if m := h.class.methods[key]; m != nil {
		f := h.bound[m.name]
		if f == nil {
			f = h.class.rt.function(m.name, m.length, func(call goja.FunctionCall) goja.Value { return m.call(h, call.Arguments) })
			if h.bound == nil {
				h.bound = map[string]goja.Value{}
			}
			h.bound[m.name] = f
		}
		return f
	}
	if h.entries != nil && !h.declared(key) {
		if v, ok := h.entries.lookup(key); ok {
			return h.class.rt.vm.ToValue(v)
		}
	}
	return nil
}

// declared reports whether the class itself has the name.
func (h *hostObject) declared(key string) bool {
	_, settable := h.class.setters[key]
	return settable || h.class.fixed[key] || key == "constructor" || key == "toString" || key == "toJSON"
}

// Set implements goja.DynamicObject.
func (h *hostObject) Set(key string, v goja.Value) bool {
	if set := h.class.setters[key]; set != nil {
		set(h, v)
		return true
	}
	if h.class.fixed[key] {
		panic(h.class.rt.vm.NewTypeError("%s.%s cannot be assigned", h.class.name, key))
	}
	if h.entries != nil && h.class.methods[key] == nil {
		h.entries.assign(key, v)
		return true
	}
	if h.added == nil {
		h.added = map[string]goja.Value{}
	}
	if _, ok := h.added[key]; !ok {
		h.order = append(h.order, key)
	}
	h.added[key] = v
	return true
}

// Has implements goja.DynamicObject.
func (h *hostObject) Has(key string) bool {
	if _, ok := h.added[key]; ok {
		return true
	}
	if h.entries != nil && h.class.methods[key] == nil && !h.declared(key) {
		_, ok := h.entries.lookup(key)
		return ok
	}
	return false
}

// Delete implements goja.DynamicObject.
func (h *hostObject) Delete(key string) bool {
	if _, ok := h.added[key]; ok {
		delete(h.added, key)
		for i, k := range h.order {
			if k == key {
				h.order = append(h.order[:i], h.order[i+1:]...)
				break
			}
		}
		return true
	}
	if h.entries != nil && h.class.methods[key] == nil {
		h.entries.remove(key)
	}
	return true
}

// Keys implements goja.DynamicObject.
func (h *hostObject) Keys() []string {
	if h.entries != nil {
		return append(h.entries.keys(), h.order...)
	}
	return h.order
}

// function makes a native function with a proper name.
func (rt *Runtime) function(name string, length int, f func(goja.FunctionCall) goja.Value) *goja.Object {
	o := rt.vm.ToValue(f).ToObject(rt.vm)
	must(o.DefineDataProperty("name", rt.vm.ToValue(name), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	if length > 0 {
		must(o.DefineDataProperty("length", rt.vm.ToValue(length), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	}
	return o
}

// spellings are JavaScript's name and, where it differs, HTTPX's: aiterBytes and aiter_bytes.
func spellings(name string) []string {
	if snake := snakeCase(name); snake != name {
		return []string{name, snake}
	}
	return []string{name}
}

func snakeCase(name string) string {
	if name == strings.ToUpper(name) || name == "" || unicode.IsUpper(rune(name[0])) {
		return name
	}
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// camelCase is snakeCase's inverse for option names.
func camelCase(name string) string {
	if !strings.Contains(name, "_") || strings.HasPrefix(name, "_") {
		return name
	}
	parts := strings.Split(name, "_")
	for i := 1; i < len(parts); i++ {
		if parts[i] != "" {
			parts[i] = strings.ToUpper(parts[i][:1]) + parts[i][1:]
		}
	}
	return strings.Join(parts, "")
}

// must is for definitions on objects of our own, which cannot fail.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
