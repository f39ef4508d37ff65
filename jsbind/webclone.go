package jsbind

import (
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"strings"

	"github.com/dop251/goja"
)

// structuredClone (https://html.spec.whatwg.org/#safe-passing-of-structured-data): a copy of a value and all that it refers
// to. The standard writes the value down and reads it back; this goes over it once, which a script cannot tell apart.

// What one clone may go through.
const (
	maxCloneDepth = 5_000
	maxClonePairs = 1 << 22 // properties and entries
)

// cloner is one clone at work.
type cloner struct {
	rt     *Runtime
	copies map[*goja.Object]*goja.Object
	depth  int
	pairs  int64
	copied int // of them
}

func (rt *Runtime) structuredClone(args []goja.Value) goja.Value {
	rt.needs(args, 1, "structuredClone")
	c := &cloner{rt: rt, copies: map[*goja.Object]*goja.Object{}}
	var moved []goja.ArrayBuffer
	if list := rt.options(arg(args, 1), "structuredClone", "transfer")["transfer"]; list != nil {
		moved = c.transfer(list)
	}
	copied := c.clone(args[0])
	for _, buffer := range moved {
		buffer.Detach()
	}
	return copied
}

// transfer prepares the buffers that are to move instead of being copied: they are detached when the clone succeeded.
func (c *cloner) transfer(v goja.Value) (moved []goja.ArrayBuffer) {
	list, ok := c.rt.list(v)
	if !ok {
		panic(c.rt.vm.NewTypeError("structuredClone's transfer option is a list of ArrayBuffers, not %s", c.rt.brief(v)))
	}
	for _, v := range list {
		o, ok := v.(*goja.Object)
		if !ok || o.ExportType() != arrayBufferType {
			c.refuse(v, "only an ArrayBuffer can be transferred")
		}
		if c.copies[o] != nil {
			c.refuse(v, "it is in the transfer list twice")
		}
		buffer := o.Export().(goja.ArrayBuffer)
		c.attached(o, buffer)
		c.copies[o] = c.rt.vm.ToValue(c.rt.vm.NewArrayBuffer(buffer.Bytes())).ToObject(c.rt.vm)
		moved = append(moved, buffer)
	}
	return moved
}

// refuse throws the DataCloneError for a value that is no data.
func (c *cloner) refuse(v goja.Value, why string) {
	panic(c.rt.newDOMException("DataCloneError", fmt.Sprintf("%s cannot be cloned: %s", c.rt.brief(v), why)))
}

func (c *cloner) attached(o *goja.Object, buffer goja.ArrayBuffer) {
	if buffer.Detached() {
		c.refuse(o, "its memory was transferred away")
	}
}

// What ExportType says of the objects that a clone tells apart.
var (
	dynamicType   = reflect.TypeFor[goja.DynamicObject]()
	plainType     = reflect.TypeFor[map[string]any]()
	mapObjectType = reflect.TypeFor[[][2]any]()
	setObjectType = reflect.TypeFor[[]any]()
	bigIntType    = reflect.TypeFor[*big.Int]()
)

func (c *cloner) clone(v goja.Value) goja.Value {
	o, ok := v.(*goja.Object)
	if !ok {
		if _, ok := v.(*goja.Symbol); ok {
			c.refuse(v, "symbols are unique")
		}
		return v
	}
	if known := c.copies[o]; known != nil {
		return known
	}
	if c.depth++; c.depth > maxCloneDepth {
		panic(c.rt.newError("RangeError", fmt.Sprintf("structuredClone takes values nested at most %d deep", maxCloneDepth)))
	}
	copied := c.object(o)
	c.depth--
	return copied
}

// object clones an object by what it is, whatever its prototype says.
func (c *cloner) object(o *goja.Object) goja.Value {
	kind := o.ExportType()
	switch {
	case kind == proxyType:
		c.refuse(o, "proxies are not data")
	case kind == hostType:
		c.refuse(o, "a "+hostOf(o).class.name+" is not data")
	case kind == promiseType:
		c.refuse(o, "promises are not data; await it first")
	case kind == arrayBufferType:
		return c.buffer(o)
	case kind == bigIntType:
		return c.boxed(o, "BigInt")
	case kind.Implements(dynamicType):
		c.refuse(o, "it belongs to the session")
	}
	if _, ok := goja.AssertFunction(o); ok {
		c.refuse(o, "functions are not data")
	}
	switch class := o.ClassName(); class {
	case "Boolean", "Number", "String":
		return c.boxed(o, class)
	case "Date":
		return c.date(o)
	case "RegExp":
		return c.regexp(o)
	case "Error":
		return c.error(o)
	case "Array":
		return c.array(o)
	}
	switch kind {
	case mapObjectType:
		return c.mapEntries(o)
	case setObjectType:
		return c.setMembers(o)
	}
	if view, ok := c.rt.viewOf(o); ok {
		return c.view(o, view)
	}
	if kind != plainType || o == c.rt.vm.GlobalObject() {
		c.refuse(o, "it is not data")
	}
	if name := c.rt.web.realm.opaqueKind(o); name != "" {
		c.refuse(o, name+" are not data")
	}
	return c.properties(o, c.make(o, "Object"))
}

// make calls one of the language's own constructors; the new object is the copy of o.
func (c *cloner) make(o *goja.Object, class string, args ...goja.Value) *goja.Object {
	made, err := c.rt.vm.New(c.rt.web.realm.classes[class], args...)
	if err != nil {
		panic(err)
	}
	c.copies[o] = made
	return made
}

// call calls one of the language's own methods.
func (c *cloner) call(method string, this *goja.Object, args ...goja.Value) goja.Value {
	v, err := c.rt.web.realm.methods[method](this, args...)
	if err != nil {
		panic(err)
	}
	return v
}

// step is taken for each property and element; now and then it lets Ctrl-C through.
func (c *cloner) step() {
	if c.copied++; c.copied%1024 == 0 {
		if interrupted := c.rt.check(); interrupted != nil {
			panic(interrupted)
		}
	}
}

// count bounds how much one clone visits.
func (c *cloner) count(n int64) {
	if c.pairs += n; c.pairs > maxClonePairs {
		panic(c.rt.newError("RangeError", fmt.Sprintf("structuredClone copies at most %d properties and elements at once", maxClonePairs)))
	}
}

func (c *cloner) boxed(o *goja.Object, class string) goja.Value {
	box := c.call(class+".valueOf", o).ToObject(c.rt.vm)
	c.copies[o] = box
	return box
}

func (c *cloner) date(o *goja.Object) goja.Value {
	return c.make(o, "Date", c.call("Date.getTime", o))
}

func (c *cloner) regexp(o *goja.Object) goja.Value {
	return c.make(o, "RegExp", c.call("RegExp.source", o), c.call("RegExp.flags", o))
}

// error keeps an error's class where that is one of the language's, and its message, cause and stack.
func (c *cloner) error(o *goja.Object) goja.Value {
	name := c.rt.scalar(o.Get("name"))
	message, hasMessage := c.own(o, "message")
	if class := c.rt.web.domExceptionClass; class != nil && inherits(o, class.Get("prototype").ToObject(c.rt.vm)) {
		copied := c.rt.newDOMException(name, c.rt.scalar(message)).ToObject(c.rt.vm)
		c.copies[o] = copied
		return c.errorRest(o, copied)
	}
	if !strings.HasSuffix(name, "Error") || c.rt.web.realm.classes[name] == nil {
		name = "Error"
	}
	var args []goja.Value
	if hasMessage {
		args = append(args, c.rt.vm.ToValue(c.rt.scalar(message)))
	}
	return c.errorRest(o, c.make(o, name, args...))
}

func (c *cloner) errorRest(o, copied *goja.Object) goja.Value {
	if stack, ok := c.own(o, "stack"); ok && goja.IsString(stack) {
		c.hidden(copied, "stack", stack)
	}
	if cause, ok := c.own(o, "cause"); ok {
		c.hidden(copied, "cause", c.clone(cause))
	}
	return copied
}

func (c *cloner) hidden(o *goja.Object, name string, v goja.Value) {
	must(o.DefineDataProperty(name, v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
}

// own is the value of an own property that is no accessor.
func (c *cloner) own(o *goja.Object, name string) (goja.Value, bool) {
	d, err := c.rt.ownDescribe(goja.Undefined(), o, c.rt.vm.ToValue(name))
	if err != nil {
		panic(err)
	}
	if d, ok := d.(*goja.Object); ok {
		v := d.Get("value")
		return v, v != nil
	}
	return nil, false
}

func (c *cloner) array(o *goja.Object) goja.Value {
	length := o.Get("length").ToInteger()
	if length > maxClonePairs {
		c.count(length)
	}
	return c.properties(o, c.make(o, "Array", c.rt.vm.ToValue(length)))
}

// properties copies the own enumerable properties; getters run. Holes of an array stay holes.
func (c *cloner) properties(o, copied *goja.Object) goja.Value {
	keys := c.rt.keys(o)
	c.count(int64(len(keys)))
	for _, key := range keys {
		c.step()
		if v := o.Get(key); v != nil { // or a getter deleted it meanwhile
			must(copied.DefineDataProperty(key, c.clone(v), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE))
		}
	}
	return copied
}

func (c *cloner) mapEntries(o *goja.Object) goja.Value {
	copied := c.make(o, "Map")
	var entries [][2]goja.Value
	c.forEach("Map", o, func(value, key goja.Value) { entries = append(entries, [2]goja.Value{key, value}) })
	for _, e := range entries {
		c.step()
		c.call("Map.set", copied, c.clone(e[0]), c.clone(e[1]))
	}
	return copied
}

func (c *cloner) setMembers(o *goja.Object) goja.Value {
	copied := c.make(o, "Set")
	var members []goja.Value
	c.forEach("Set", o, func(value, _ goja.Value) { members = append(members, value) })
	for _, v := range members {
		c.step()
		c.call("Set.add", copied, c.clone(v))
	}
	return copied
}

func (c *cloner) forEach(class string, o *goja.Object, each func(value, key goja.Value)) {
	c.call(class+".forEach", o, c.rt.vm.ToValue(func(call goja.FunctionCall) goja.Value {
		c.count(1)
		c.step()
		each(call.Argument(0), call.Argument(1))
		return goja.Undefined()
	}))
}

func (c *cloner) buffer(o *goja.Object) goja.Value {
	buffer := o.Export().(goja.ArrayBuffer)
	c.attached(o, buffer)
	copied := c.rt.vm.ToValue(c.rt.vm.NewArrayBuffer(slices.Clone(buffer.Bytes()))).ToObject(c.rt.vm)
	c.copies[o] = copied
	return copied
}

func (c *cloner) view(o *goja.Object, view bufferView) goja.Value {
	size := view.elements
	if size < 0 {
		size = view.length
	}
	return c.make(o, view.name, c.clone(view.buffer), c.rt.vm.ToValue(view.offset), c.rt.vm.ToValue(size))
}
