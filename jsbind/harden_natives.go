package jsbind

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/dop251/goja"

	"httpx-repl/jsbind/source"
)

// hardenText bounds the string methods whose result can be far larger than what goes in.
func (rt *Runtime) hardenText(text *goja.Object) {
	rt.guard(text, "split", func(this goja.Value, args []goja.Value) {
		s := this.String()
		if len(s) <= maxElements {
			return
		}
		pieces := len(s)
		if goja.IsString(arg(args, 0)) && args[0].String() != "" {
			pieces = strings.Count(s, args[0].String()) + 1
		}
		rt.bound("The array", float64(pieces), maxElements, "elements")
	})
	for _, name := range []string{"replace", "replaceAll"} {
		rt.guard(text, name, func(this goja.Value, args []goja.Value) { rt.boundReplacement(this.String(), args) })
	}
	object := rt.vm.Get("Object").ToObject(rt.vm)
	for _, name := range []string{"keys", "values", "entries", "getOwnPropertyNames", "getOwnPropertyDescriptors", "assign"} {
		rt.guard(object, name, func(_ goja.Value, args []goja.Value) {
			for _, v := range args {
				size := rt.lengthOf(v)
				if goja.IsString(v) {
					size = float64(len(v.String()))
				}
				rt.bound("The object", size, maxElements, "properties")
			}
		})
	}
	iterator := text.GetSymbol(goja.SymIterator)
	native, _ := goja.AssertFunction(iterator)
	must(text.DefineDataPropertySymbol(goja.SymIterator, rt.function("[Symbol.iterator]", 0, func(call goja.FunctionCall) goja.Value {
		if goja.IsString(call.This) {
			rt.bound("The string", float64(len(call.This.String())), maxElements, "characters")
		}
		v, err := native(call.This)
		if err != nil {
			panic(err)
		}
		return v
	}), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
}

// boundReplacement bounds String.prototype.replace with a text, whose every match grows the result. Only when all matches
// together could make it too long are they counted.
func (rt *Runtime) boundReplacement(s string, args []goja.Value) {
	if len(args) < 2 || !goja.IsString(args[1]) {
		return
	}
	with := args[1].String()
	grows := len(with)
	if strings.Contains(with, "$") {
		grows += strings.Count(with, "$") * len(s) // $` and $' stand for the rest of the text
	}
	if float64(len(s)+1)*float64(grows) <= maxText {
		return
	}
	matches := len(s) + 1
	if goja.IsString(args[0]) && args[0].String() != "" {
		matches = strings.Count(s, args[0].String())
	} else if pattern, ok := args[0].(*goja.Object); ok {
		if n, err := rt.countMatches(pattern, s); err == nil {
			matches = n
		}
	}
	rt.bound("The string", float64(matches)*float64(grows), maxText, "characters")
}

// countMatches counts a regular expression's matches without changing it.
func (rt *Runtime) countMatches(pattern *goja.Object, s string) (int, error) {
	copied, err := rt.vm.New(rt.regExp, pattern)
	if err != nil {
		return 0, err
	}
	found, err := rt.match(rt.vm.ToValue(s), copied)
	if err != nil {
		return 0, err
	}
	list, ok := found.(*goja.Object)
	if !ok {
		return 0, nil
	}
	if !copied.Get("global").ToBoolean() {
		return 1, nil
	}
	return int(list.Get("length").ToInteger()), nil
}

// hardenStringify bounds how deep a value may be: JSON.stringify goes down by recursion, and in a time that grows with the
// square of the depth. A replacer of ours counts the depth; a list of names as replacer leaves no place for it.
func (rt *Runtime) hardenStringify() {
	json := rt.vm.Get("JSON").ToObject(rt.vm)
	rt.guard(json, "stringify", func(_ goja.Value, args []goja.Value) {
		if _, ok := arg(args, 0).(*goja.Object); !ok {
			return
		}
		replacer, given := goja.AssertFunction(arg(args, 1))
		if !given && !none(arg(args, 1)) {
			return
		}
		var holders []goja.Value
		counting := rt.vm.ToValue(func(call goja.FunctionCall) goja.Value {
			for len(holders) > 0 && holders[len(holders)-1] != call.This {
				holders = holders[:len(holders)-1]
			}
			if len(holders) == 0 {
				holders = append(holders, call.This)
			}
			value := call.Argument(1)
			if given {
				v, err := replacer(call.This, call.Arguments...)
				if err != nil {
					panic(err)
				}
				value = v
			}
			if o, ok := value.(*goja.Object); ok {
				if holders = append(holders, o); len(holders) > maxDepth {
					panic(rt.newError("RangeError", fmt.Sprintf("a value nested more than %d deep is not turned into JSON", maxDepth)))
				}
			}
			return value
		})
		if len(args) > 1 {
			args[1] = counting
		}
	})
	guarded, _ := goja.AssertFunction(json.Get("stringify"))
	must(json.DefineDataProperty("stringify", rt.function("stringify", 3, func(call goja.FunctionCall) goja.Value {
		args := append([]goja.Value{}, call.Arguments...)
		for len(args) < 2 {
			args = append(args, goja.Undefined())
		}
		v, err := guarded(call.This, args...)
		if err != nil {
			panic(err)
		}
		return v
	}), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	rt.jsonText, _ = goja.AssertFunction(json.Get("stringify"))
}

// hardenCalls bounds calls with an array of arguments, and arrays and numbers of absurd size.
func (rt *Runtime) hardenCalls() {
	spread := func(at int) func(goja.Value, []goja.Value) {
		return func(_ goja.Value, args []goja.Value) {
			rt.bound("The call", rt.lengthOf(arg(args, at)), maxSpread, "arguments")
		}
	}
	rt.guard(rt.prototype("Function"), "apply", spread(1))
	reflect := rt.vm.Get("Reflect").ToObject(rt.vm)
	rt.guard(reflect, "apply", spread(2))
	rt.guard(reflect, "construct", spread(1))
	rt.guardConstructor("Array", func(args []goja.Value) {
		if len(args) == 1 {
			rt.bound("The array", number(args, 0), maxElements, "elements")
		}
	})
	digits := func(_ goja.Value, args []goja.Value) {
		if v := arg(args, 0); goja.IsString(v) {
			rt.bound("The BigInt", float64(len(v.String())), maxDigits, "digits")
		}
	}
	native := rt.vm.Get("BigInt").ToObject(rt.vm)
	construct, _ := goja.AssertFunction(native)
	guarded := rt.function("BigInt", 1, func(call goja.FunctionCall) goja.Value {
		digits(call.This, call.Arguments)
		v, err := construct(call.This, call.Arguments...)
		if err != nil {
			panic(err)
		}
		return v
	})
	rt.inherit(guarded, native)
	rt.global("BigInt", guarded)
	rt.guard(native.Get("prototype").ToObject(rt.vm), "toString", func(this goja.Value, _ []goja.Value) {
		if n, ok := this.Export().(*big.Int); ok {
			rt.bound("The BigInt", float64(n.BitLen())*0.302, maxDigits, "digits")
		}
	})
}

// hardenCode keeps eval and Function from handing the parser what would overflow its stack. The guarded eval is an
// indirect one: it sees what the session has declared, and no variables of the function that calls it.
func (rt *Runtime) hardenCode() {
	check := func(text string) {
		if err := source.Guard(text); err != nil {
			panic(rt.newError("SyntaxError", err.Error()))
		}
	}
	native, _ := goja.AssertFunction(rt.vm.Get("eval"))
	rt.global("eval", rt.function("eval", 1, func(call goja.FunctionCall) goja.Value {
		if goja.IsString(call.Argument(0)) {
			check(call.Argument(0).String())
		}
		v, err := native(goja.Undefined(), call.Arguments...)
		if err != nil {
			panic(err)
		}
		return v
	}))
	checkAll := func(args []goja.Value) {
		var texts []string
		for _, v := range args {
			texts = append(texts, v.String())
		}
		check(strings.Join(texts, "\n"))
	}
	rt.guardConstructor("Function", checkAll)
	// yield* goes down from generator to generator without a call.
	generators := must2(rt.vm.RunString("(function* () {})")).ToObject(rt.vm).Get("prototype").ToObject(rt.vm).Prototype()
	rt.guard(generators, "next", func(goja.Value, []goja.Value) {})
	for _, kind := range []string{"(async () => {})", "(function* () {})"} {
		prototype := must2(rt.vm.RunString(kind)).ToObject(rt.vm).Prototype()
		if constructor, ok := prototype.Get("constructor").(*goja.Object); ok {
			rt.guardConstructorOf(constructor, prototype, checkAll)
		}
	}
}

// guardConstructor puts a check before a constructor of the language, called with or without new.
func (rt *Runtime) guardConstructor(name string, check func(args []goja.Value)) {
	native := rt.vm.Get(name).ToObject(rt.vm)
	rt.global(name, rt.guardConstructorOf(native, native.Get("prototype").ToObject(rt.vm), check))
}

func (rt *Runtime) guardConstructorOf(native, prototype *goja.Object, check func(args []goja.Value)) *goja.Object {
	construct, _ := goja.AssertConstructor(native)
	var guarded *goja.Object
	guarded = rt.vm.ToValue(func(call goja.ConstructorCall) *goja.Object {
		check(call.Arguments)
		target := call.NewTarget
		if target == nil || target == guarded {
			target = native
		}
		o, err := construct(target, call.Arguments...)
		if err != nil {
			panic(err)
		}
		return o
	}).ToObject(rt.vm)
	rt.inherit(guarded, native)
	must(guarded.DefineDataProperty("prototype", prototype, goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_FALSE))
	must(prototype.DefineDataProperty("constructor", guarded, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	return guarded
}

// inherit gives a guarded function the name of the native one and, by inheritance, everything else that it has.
func (rt *Runtime) inherit(guarded, native *goja.Object) {
	must(guarded.DefineDataProperty("name", native.Get("name"), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	must(guarded.DefineDataProperty("prototype", native.Get("prototype"), goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_FALSE))
	must(guarded.SetPrototype(native))
}

func must2(v goja.Value, err error) goja.Value {
	must(err)
	return v
}
