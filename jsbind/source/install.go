package source

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"
	"github.com/dop251/goja/unistring"
)

// Host is what compiled cells need from the runtime. Its functions are called on
// the goroutine that runs JavaScript.
type Host struct {
	// Check is called at every function entry and in every turn of a loop. A
	// value other than nil is thrown.
	Check func() goja.Value
	// Using takes over a value declared with top-level using or await using
	// (async), to be disposed when the session ends. The value was found to
	// have the method that disposing needs, or is null or undefined. A value
	// other than nil is thrown.
	Using func(value goja.Value, async bool, name string) goja.Value
	// Enter is told of every value that using or await using declares inside a function or
	// block, at its declaration. Leave is told at the block's end, last value first, with what the block threw
	// if it failed. It returns nil to have the value's own method called, or a
	// promise: fulfilled with true it ends the failure, rejected it replaces it. Both may be nil.
	Enter func(value goja.Value)
	Leave func(value goja.Value, failed bool, failure goja.Value) goja.Value
	// Import loads a module and returns a promise of its namespace. The
	// referrer is the name of the importing cell; options is import()'s second
	// argument or undefined.
	Import func(specifier, referrer string, options goja.Value) goja.Value
}

//go:embed disposal.js
var disposalSource string

var disposal = func() *goja.Program {
	program, err := goja.Parse("disposal.js", disposalSource, parser.WithDisableSourceMaps)
	if err != nil {
		panic(err)
	}
	compiled, err := goja.CompileAST(program, true)
	if err != nil {
		panic(err)
	}
	return compiled
}()

// Install defines in vm what compiled cells call, under hidden names, and the
// parts of explicit resource management that goja lacks: Symbol.asyncIterator,
// dispose and asyncDispose, SuppressedError, DisposableStack and
// AsyncDisposableStack. It also keeps goja's parser from opening files that
// sourceMappingURL comments name in eval and Function.
func Install(vm *goja.Runtime, host Host) error {
	vm.SetParserOptions(parser.WithDisableSourceMaps)
	if _, err := vm.RunProgram(disposal); err != nil {
		return fmt.Errorf("define the disposal protocol: %w", err)
	}
	r := &realm{vm: vm, global: vm.GlobalObject(), pending: map[string]string{}, consts: map[string]bool{}}
	symbols := vm.Get("Symbol").ToObject(vm)
	r.dispose, _ = symbols.Get("dispose").(*goja.Symbol)
	r.asyncDispose, _ = symbols.Get("asyncDispose").(*goja.Symbol)
	undefined := goja.Undefined()
	check := host.Check
	hidden := map[unistring.String]goja.Value{
		hiddenRealm: vm.ToValue(r),
		hiddenEmpty: empty,
		hiddenCheck: vm.ToValue(func(goja.FunctionCall) goja.Value {
			if thrown := check(); thrown != nil {
				panic(thrown)
			}
			return undefined
		}),
		hiddenAssignable: vm.ToValue(func(call goja.FunctionCall) goja.Value {
			if r.consts[call.Argument(0).String()] {
				panic(vm.NewTypeError("Assignment to constant variable."))
			}
			return undefined
		}),
		hiddenChecked: vm.NewDynamicObject(&checkedVariables{r}),
		hiddenLet:     vm.NewDynamicObject(&initialiser{realm: r}),
		hiddenConst:   vm.NewDynamicObject(&initialiser{realm: r, constant: true}),
		hiddenVar:     vm.NewDynamicObject(&outerVariables{realm: r}),
		hiddenUsing: vm.ToValue(func(call goja.FunctionCall) goja.Value {
			value, async := call.Argument(0), call.Argument(1).ToBoolean()
			r.checkDisposable(value, async)
			if thrown := host.Using(value, async, call.Argument(2).String()); thrown != nil {
				panic(thrown)
			}
			return value
		}),
		hiddenEnter: vm.ToValue(func(call goja.FunctionCall) goja.Value {
			if host.Enter != nil {
				host.Enter(call.Argument(0))
			}
			return undefined
		}),
		hiddenLeave: vm.ToValue(func(call goja.FunctionCall) goja.Value {
			if host.Leave == nil {
				return undefined
			}
			return orUndefined(host.Leave(call.Argument(0), call.Argument(1).ToBoolean(), call.Argument(2)))
		}),
		hiddenImport: vm.ToValue(func(call goja.FunctionCall) goja.Value {
			return host.Import(call.Argument(1).String(), call.Argument(0).String(), call.Argument(2))
		}),
		hiddenExports: vm.ToValue(r.exports),
	}
	for name, value := range hidden {
		if err := r.global.DefineDataProperty(name.String(), value, goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_FALSE); err != nil {
			return fmt.Errorf("install twice in one runtime: %w", err)
		}
	}
	return nil
}

// A realm is the state behind the hidden globals of one runtime.
type realm struct {
	vm                    *goja.Runtime
	global                *goja.Object
	pending               map[string]string // lexical name in its dead zone → tag of the cell that declares it
	consts                map[string]bool
	dispose, asyncDispose *goja.Symbol
}

func realmOf(vm *goja.Runtime) *realm {
	if v := vm.GlobalObject().Get(hiddenRealm.String()); v != nil {
		if r, ok := v.Export().(*realm); ok {
			return r
		}
	}
	panic("source: Install was not called for this runtime")
}

func (r *realm) begin(c *Cell) (err error) {
	defer func() {
		if err != nil {
			r.end(c)
		}
	}()
	for _, n := range c.Declared {
		known, wasKnown := c.names.Kind(n.Name)
		if wasKnown && !n.Kind.replaces(known) {
			return &Error{Cell: c.Name, Message: fmt.Sprintf("Identifier '%s' has already been declared", n.Name)}
		}
		if n.Kind.Lexical() {
			if err := r.global.Delete(n.Name); err != nil {
				return &Error{Cell: c.Name, Message: fmt.Sprintf("Identifier '%s' has already been declared", n.Name),
					Hint: "it belongs to the language or the host; choose another name"}
			}
			delete(r.consts, n.Name)
			r.pending[n.Name] = c.tag
		} else if !wasKnown {
			value := r.global.Get(n.Name)
			if value == nil {
				value = goja.Undefined()
			}
			// Fails for undefined, NaN and Infinity alone, which var may name.
			_ = r.global.DefineDataProperty(n.Name, value, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE)
		}
		c.names.declare(n.Name, n.Kind)
	}
	return nil
}

func (r *realm) end(c *Cell) {
	for _, n := range c.Declared {
		if n.Kind.Lexical() && r.pending[n.Name] == c.tag {
			delete(r.pending, n.Name)
			c.names.Forget(n.Name)
			_ = r.global.Delete(n.Name)
		}
	}
}

// Release makes name assignable and declarable with any kind again, for hosts
// that give a tool back. The caller sets the global's new value.
func Release(vm *goja.Runtime, names *Names, name string) {
	r := realmOf(vm)
	delete(r.pending, name)
	delete(r.consts, name)
	names.Forget(name)
	_ = r.global.Delete(name)
}

func (r *realm) checkDisposable(value goja.Value, async bool) {
	if goja.IsNull(value) || goja.IsUndefined(value) {
		return
	}
	object, ok := value.(*goja.Object)
	if !ok {
		panic(r.vm.NewTypeError("Object expected: using needs an object, null or undefined"))
	}
	if async {
		if _, ok := goja.AssertFunction(orUndefined(object.GetSymbol(r.asyncDispose))); ok {
			return
		}
	}
	if _, ok := goja.AssertFunction(orUndefined(object.GetSymbol(r.dispose))); !ok {
		panic(r.vm.NewTypeError("Object not disposable: it has no [Symbol.dispose] method"))
	}
}

func orUndefined(v goja.Value) goja.Value {
	if v == nil {
		return goja.Undefined()
	}
	return v
}

// exports(namespace, name…) throws when the namespace lacks a name.
func (r *realm) exports(call goja.FunctionCall) goja.Value {
	namespace := call.Argument(0).ToObject(r.vm)
	for _, name := range call.Arguments[1:] {
		if namespace.Get(name.String()) == nil {
			e, err := r.vm.New(r.vm.Get("SyntaxError"), r.vm.ToValue(
				fmt.Sprintf("The requested module does not provide an export named '%s'", name)))
			if err != nil {
				panic(err)
			}
			panic(e)
		}
	}
	return namespace
}

// An initialiser is an object whose members, when assigned, end the dead zone of
// the name they carry: ‹let›["tag:name"] = value.
type initialiser struct {
	realm    *realm
	constant bool
	hiddenObject
}

func (i *initialiser) Set(key string, value goja.Value) bool {
	r := i.realm
	tag, name, _ := strings.Cut(key, ":")
	if r.pending[name] != tag {
		return true // an abandoned cell goes on; its names are no longer its own
	}
	delete(r.pending, name)
	writable := goja.FLAG_TRUE
	if i.constant {
		writable = goja.FLAG_FALSE
		r.consts[name] = true
	}
	return r.global.DefineDataProperty(name, value, writable, goja.FLAG_TRUE, goja.FLAG_FALSE) == nil
}

// checkedVariables are the global variables, except that constants throw.
type checkedVariables struct{ realm *realm }

func (c *checkedVariables) Get(key string) goja.Value {
	value := c.realm.global.Get(key)
	if value == nil {
		panic(c.realm.referenceError(key + " is not defined"))
	}
	return value
}

func (c *checkedVariables) Set(key string, value goja.Value) bool {
	if c.realm.consts[key] {
		panic(c.realm.vm.NewTypeError("Assignment to constant variable."))
	}
	return c.realm.global.Set(key, value) == nil
}

func (c *checkedVariables) Has(key string) bool { return c.realm.global.Get(key) != nil }
func (*checkedVariables) Delete(string) bool    { return false }
func (*checkedVariables) Keys() []string        { return nil }

func (r *realm) referenceError(message string) goja.Value {
	e, err := r.vm.New(r.vm.Get("ReferenceError"), r.vm.ToValue(message))
	if err != nil {
		return r.vm.NewTypeError(message)
	}
	return e
}

// outerVariables set a global variable that a block's function shadows.
type outerVariables struct {
	realm *realm
	hiddenObject
}

func (o *outerVariables) Set(key string, value goja.Value) bool {
	return o.realm.global.Set(key, value) == nil
}

// hiddenObject answers everything about an object that can only be assigned to.
type hiddenObject struct{}

func (hiddenObject) Get(string) goja.Value { return nil }
func (hiddenObject) Has(string) bool       { return false }
func (hiddenObject) Delete(string) bool    { return false }
func (hiddenObject) Keys() []string        { return nil }
