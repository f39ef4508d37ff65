package jsbind

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/dop251/goja"

	"httpx-repl/engine"
	"httpx-repl/engine/event"
	"httpx-repl/jsbind/inspect"
	"httpx-repl/jsbind/loop"
	"httpx-repl/jsbind/source"
)

// errorClasses are HTTPX's exceptions as JavaScript classes, made from engine's tree at their first use.
type errorClasses struct{ byName map[string]*goja.Object }

// errorClassesSource defines the tree. Each class takes (message, {request, response, cause}); reading request or response of
// an error that has none throws, as in HTTPX (EX03).
const errorClassesSource = `(function (tree) {
	const classes = {};
	const facts = new WeakMap();
	for (const [name, parent] of tree) {
		const Base = classes[parent] || Error;
		const C = {[name]: class extends Base {
			constructor(message, options = {}) {
				super(message, options !== null && Object.hasOwn(options, 'cause') ? {cause: options.cause} : undefined);
				facts.set(this, {request: options?.request, response: options?.response});
			}
		}}[name];
		Object.defineProperty(C.prototype, 'name', {value: name, writable: true, configurable: true});
		classes[name] = C;
	}
	const fact = (C, name) => Object.defineProperty(C.prototype, name, {configurable: true, get() {
		const value = facts.get(this)?.[name];
		if (value === undefined) throw new Error('The .' + name + ' property has not been set.');
		return value;
	}, set(value) { const f = facts.get(this); if (f) f[name] = value; }});
	fact(classes.HTTPError, 'request');
	fact(classes.HTTPStatusError, 'response');
	classes.CancelledError = class CancelledError extends Error {};
	Object.defineProperty(classes.CancelledError.prototype, 'name', {value: 'CancelledError', writable: true, configurable: true});
	return classes;
})`

// languageErrors are the classes that are JavaScript's own.
var languageErrors = map[engine.Class]string{engine.RuntimeError: "Error", engine.ValueError: "RangeError", engine.TypeError: "TypeError", engine.Exception: "Error"}

func (rt *Runtime) errorClass(name string) *goja.Object {
	if rt.errors.byName == nil {
		rt.defineErrors()
	}
	return rt.errors.byName[name]
}

func (rt *Runtime) defineErrors() {
	var tree []any
	for _, c := range engine.Classes() {
		if languageErrors[c] == "" {
			tree = append(tree, rt.array(c.Name(), c.Parent().Name()))
		}
	}
	define := rt.compileIntrinsic("errors.js", errorClassesSource)
	v, err := define(goja.Undefined(), rt.array(tree...))
	must(err)
	classes := v.ToObject(rt.vm)
	rt.errors.byName = map[string]*goja.Object{}
	for _, name := range classes.Keys() {
		rt.errors.byName[name] = classes.Get(name).ToObject(rt.vm)
	}
}

// newError makes an error of one of the language's classes.
func (rt *Runtime) newError(class, message string) goja.Value {
	o, err := rt.vm.New(rt.vm.Get(class), rt.vm.ToValue(message))
	must(err)
	return o
}

// cancelledError is what an await rejects with when its scope is cancelled at the prompt: asyncio's CancelledError.
func (rt *Runtime) cancelledError(message string) goja.Value {
	e, err := rt.vm.New(rt.errorClass("CancelledError"), rt.vm.ToValue(message))
	must(err)
	return e
}

func (rt *Runtime) isCancelled(v goja.Value) bool {
	o, ok := v.(*goja.Object)
	if !ok {
		return false
	}
	name, err := rt.descriptor(o, "name")
	return err == nil && name != nil && name.String() == "CancelledError"
}

// toJS is a Go error as a JavaScript value: the one place where that is decided.
func (rt *Runtime) toJS(err error) goja.Value {
	var thrown *thrownError
	var cancel *cancelled
	var rejected *loop.Rejected
	var exception *goja.Exception
	var httpx *engine.Error
	var class engine.Class
	switch {
	case errors.As(err, &thrown):
		return thrown.value
	case errors.As(err, &cancel):
		return cancel.value
	case errors.As(err, &rejected):
		return rejected.Reason
	case errors.As(err, &exception):
		return exception.Value()
	case errors.As(err, &httpx):
		return rt.httpxError(httpx)
	case errors.As(err, &class):
		return rt.httpxError(engine.NewError(class, nil, ""))
	case errors.Is(err, loop.ErrClosed):
		return rt.cancelledError(err.Error())
	}
	return rt.newError("Error", err.Error())
}

func (rt *Runtime) httpxError(e *engine.Error) goja.Value {
	message := e.Message
	var cause goja.Value
	if e.Cause != nil {
		cause = rt.causeOf(e.Cause)
	}
	if name := languageErrors[e.Class]; name != "" {
		o := rt.newError(name, message).ToObject(rt.vm)
		if cause != nil {
			must(o.DefineDataProperty("cause", cause, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
		}
		return o
	}
	options := rt.vm.NewObject()
	if cause != nil {
		must(options.Set("cause", cause))
	}
	if e.Request != nil {
		must(options.Set("request", rt.wrapRequest(e.Request)))
	}
	if e.Response != nil {
		must(options.Set("response", rt.wrapResponse(e.Response)))
	}
	o, err := rt.vm.New(rt.errorClass(e.Class.Name()), rt.vm.ToValue(message), options)
	must(err)
	if e.Hint != "" {
		must(o.DefineDataProperty("hint", rt.vm.ToValue(e.Hint), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	}
	return o
}

// causeOf keeps a cause's own class where it has one; anything else of Go's becomes a plain Error, without type names.
func (rt *Runtime) causeOf(err error) goja.Value {
	var httpx *engine.Error
	var thrown *thrownError
	var rejected *loop.Rejected
	if errors.As(err, &httpx) || errors.As(err, &thrown) || errors.As(err, &rejected) {
		return rt.toJS(err)
	}
	return rt.newError("Error", err.Error())
}

// eventOf is a transport's error as the record keeps it, and errorOf is its inverse: live and replayed errors are made by
// the same hand.
func eventOf(err error) event.Event {
	e := event.Event{Kind: event.Err, Class: engine.NetworkError.Name(), Text: err.Error()}
	var httpx *engine.Error
	if errors.As(err, &httpx) {
		e.Class, e.Text, e.Phase, e.Hint = httpx.Class.Name(), httpx.Message, httpx.Phase, httpx.Hint
		err = httpx.Cause
	} else {
		err = errors.Unwrap(err)
	}
	for ; err != nil && len(e.Causes) < 4; err = errors.Unwrap(err) {
		if n := len(e.Causes); n == 0 || e.Causes[n-1] != err.Error() {
			e.Causes = append(e.Causes, err.Error())
		}
	}
	return e
}

func errorOf(e event.Event, req *engine.Request) *engine.Error {
	result := &engine.Error{Class: engine.NetworkError, Message: e.Text, Phase: e.Phase, Hint: e.Hint, Request: req}
	for _, c := range engine.Classes() {
		if c.Name() == e.Class {
			result.Class = c
		}
	}
	for i := len(e.Causes) - 1; i >= 0; i-- {
		result.Cause = &cause{e.Causes[i], result.Cause}
	}
	return result
}

// cause is one link of a recorded cause chain.
type cause struct {
	message string
	below   error
}

func (c *cause) Error() string { return c.message }
func (c *cause) Unwrap() error { return c.below }

// thrown is the JavaScript value of an error that came out of the virtual machine.
func (rt *Runtime) thrown(err error) goja.Value {
	var overflow *goja.StackOverflowError
	if errors.As(err, &overflow) {
		return rt.newError("RangeError", "Maximum call stack size exceeded")
	}
	var interrupted *goja.InterruptedError
	if errors.As(err, &interrupted) {
		if interrupted.Value() == errOutOfMemory {
			return rt.newError("RangeError", "out of memory: the session may take "+ByteCount(int64(rt.maxHeap())))
		}
		return rt.cancelledError("interrupted")
	}
	return rt.toJS(err)
}

// throw throws a Go error into JavaScript from a native function.
func (rt *Runtime) throw(err error) { panic(rt.toJS(err)) }

// report tells the user of an error that nobody will catch.
func (rt *Runtime) report(prefix string, reason goja.Value, task *loop.Task) {
	lines := rt.errorLines(reason, recordWidth)
	if len(lines) > 0 && len(lines[0]) > 0 && prefix != "Uncaught " {
		lines[0] = append(inspect.Line{{Text: prefix, Style: inspect.Error}}, trimUncaught(lines[0])...)
	}
	cell := ""
	if task != nil {
		cell = task.Cell
	}
	rt.loop.Record(event.Event{Kind: event.Out, Cell: cell, Text: inspect.Text(lines)})
	rt.write(Output{Cell: cell, Error: true, Lines: lines})
}

func trimUncaught(line inspect.Line) inspect.Line {
	const word = "Uncaught "
	out := append(inspect.Line(nil), line...)
	if len(out) > 0 && len(out[0].Text) >= len(word) && out[0].Text[:len(word)] == word {
		out[0].Text = out[0].Text[len(word):]
	}
	return out
}

// errorLines is a cell's error: its class and message, its causes, and the user's own line with a caret.
func (rt *Runtime) errorLines(reason goja.Value, width int) []inspect.Line {
	lines := rt.inspect.Error(reason, rt.inspectOptions(width))
	at, src := rt.place(reason)
	if at == nil {
		return append(lines, rt.hintLines(reason)...)
	}
	hint := rt.reword(lines, textBefore(src, at.Line, at.Column))
	lines = append(lines, dimLines(at.Excerpt(src))...)
	if hint != "" {
		lines = append(lines, inspect.Line{{Text: "hint: " + hint, Style: inspect.Dim}})
	}
	return append(lines, rt.hintLines(reason)...)
}

// textBefore is a line's text before a column, both from 1, the column in UTF-16 units.
func textBefore(src string, line, column int) string {
	lines := strings.Split(src, "\n")
	if line < 1 || line > len(lines) {
		return ""
	}
	units := utf16.Encode([]rune(lines[line-1]))
	return string(utf16.Decode(units[:min(max(column-1, 0), len(units))]))
}

// hintLines is what an error of the engine has to say about what to do.
func (rt *Runtime) hintLines(reason goja.Value) []inspect.Line {
	o, ok := reason.(*goja.Object)
	if !ok {
		return nil
	}
	hint, err := rt.descriptor(o, "hint")
	if err != nil || hint == nil || !goja.IsString(hint) {
		return nil
	}
	return []inspect.Line{{{Text: "hint: " + hint.String(), Style: inspect.Dim}}}
}

// stackPlace finds a cell's place in a stack: "at f (c3:1:15(4))".
var stackPlace = regexp.MustCompile(`\b(c\d+[a-z]*):(\d+):(\d+)`)

// place is where in the user's text an error was thrown, nil when that is not known.
func (rt *Runtime) place(reason goja.Value) (at *source.Error, src string) {
	o, ok := reason.(*goja.Object)
	if !ok {
		return nil, ""
	}
	stack, err := rt.descriptor(o, "stack")
	if err != nil || stack == nil || !goja.IsString(stack) {
		return nil, ""
	}
	for _, m := range stackPlace.FindAllStringSubmatch(stack.String(), -1) {
		src, ok := rt.sources[m[1]]
		if !ok {
			continue
		}
		line, _ := strconv.Atoi(m[2])
		column, _ := strconv.Atoi(m[3])
		return &source.Error{Cell: m[1], Line: line, Column: column}, src
	}
	return nil, ""
}

func dimLines(text string) []inspect.Line {
	var lines []inspect.Line
	for _, l := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		lines = append(lines, inspect.Line{{Text: l, Style: inspect.Dim}})
	}
	return lines
}

// syntaxError is how a cell that did not compile is shown.
func (rt *Runtime) syntaxError(err error, src string) []inspect.Line {
	var e *source.Error
	if !errors.As(err, &e) {
		return plainLines("Uncaught SyntaxError: " + err.Error())
	}
	lines := []inspect.Line{{{Text: fmt.Sprintf("Uncaught SyntaxError: %s", e.Message), Style: inspect.Error}}}
	if e.Line > 0 {
		lines = append(lines, dimLines(e.Excerpt(src))...)
	}
	if e.Hint != "" {
		lines = append(lines, inspect.Line{{Text: "hint: " + e.Hint, Style: inspect.Dim}})
	}
	return lines
}
