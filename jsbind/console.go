package jsbind

import (
	"fmt"
	"strings"
	"time"

	"github.com/dop251/goja"

	"httpx-repl/engine/event"
	"httpx-repl/jsbind/inspect"
)

// console is the state behind the global of that name.
type console struct {
	indent string
	counts map[string]int
	timers map[string]time.Duration
}

// installConsole defines console and print.
func (rt *Runtime) installConsole() {
	c := &console{counts: map[string]int{}, timers: map[string]time.Duration{}}
	o := rt.vm.NewObject()
	define := func(name string, f func(args []goja.Value)) {
		must(o.DefineDataProperty(name, rt.function(name, 0, func(call goja.FunctionCall) goja.Value {
			f(call.Arguments)
			return goja.Undefined()
		}), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE))
	}
	for _, name := range []string{"log", "info", "debug"} {
		define(name, func(args []goja.Value) { rt.print(c, false, args) })
	}
	for _, name := range []string{"warn", "error"} {
		define(name, func(args []goja.Value) { rt.print(c, true, args) })
	}
	define("dir", func(args []goja.Value) { rt.print(c, false, []goja.Value{rt.vm.ToValue("%o"), arg(args, 0)}) })
	define("assert", func(args []goja.Value) {
		if !arg(args, 0).ToBoolean() {
			rest := []goja.Value{rt.vm.ToValue("Assertion failed")}
			if len(args) > 1 && goja.IsString(args[1]) {
				rest[0] = rt.vm.ToValue("Assertion failed: " + args[1].String())
				rest = append(rest, args[2:]...)
			} else if len(args) > 1 {
				rest = append(rest, args[1:]...)
			}
			rt.print(c, true, rest)
		}
	})
	label := func(args []goja.Value) string {
		if missing(arg(args, 0)) {
			return "default"
		}
		return args[0].String()
	}
	define("count", func(args []goja.Value) {
		c.counts[label(args)]++
		rt.printText(c, false, fmt.Sprintf("%s: %d", label(args), c.counts[label(args)]))
	})
	define("countReset", func(args []goja.Value) { delete(c.counts, label(args)) })
	define("time", func(args []goja.Value) { c.timers[label(args)] = rt.loop.Now() })
	elapsed := func(args []goja.Value) {
		started, ok := c.timers[label(args)]
		if !ok {
			rt.printText(c, true, fmt.Sprintf("There is no timer %q; start it with console.time(%q).", label(args), label(args)))
			return
		}
		rt.printText(c, false, fmt.Sprintf("%s: %s", label(args), seconds(rt.loop.Now()-started)))
	}
	define("timeLog", elapsed)
	define("timeEnd", func(args []goja.Value) {
		elapsed(args)
		delete(c.timers, label(args))
	})
	group := func(args []goja.Value) {
		if len(args) > 0 {
			rt.print(c, false, args)
		}
		if len(c.indent) < 2*maxGroups {
			c.indent += "  "
		}
	}
	define("group", group)
	define("groupCollapsed", group)
	define("groupEnd", func([]goja.Value) { c.indent = strings.TrimSuffix(c.indent, "  ") })
	rt.global("console", o)
	rt.global("print", rt.function("print", 0, func(call goja.FunctionCall) goja.Value {
		rt.print(&console{}, false, call.Arguments)
		return goja.Undefined()
	}))
}

// maxGroups bounds how deep console.group may indent.
const maxGroups = 40

// print writes what console.log writes: to the user for the screen's width, into the record for 80 columns.
func (rt *Runtime) print(c *console, isError bool, args []goja.Value) {
	rt.emit(c, isError, rt.inspect.Format(args, rt.inspectOptions(rt.width())), func() []inspect.Line {
		return rt.inspect.Format(args, rt.inspectOptions(recordWidth))
	})
}

func (rt *Runtime) printText(c *console, isError bool, text string) {
	lines := plainLines(text)
	rt.emit(c, isError, lines, func() []inspect.Line { return lines })
}

func (rt *Runtime) emit(c *console, isError bool, lines []inspect.Line, recorded func() []inspect.Line) {
	cell := rt.loop.Cell()
	if task := rt.loop.Task(); task != nil {
		cell = task.Cell
	}
	kept := lines
	if rt.width() != recordWidth {
		kept = recorded()
	}
	if c.indent != "" {
		lines, kept = indented(c.indent, lines), indented(c.indent, kept)
	}
	rt.loop.Record(event.Event{Kind: event.Out, Cell: cell, Text: inspect.Text(kept)})
	rt.write(Output{Cell: cell, Error: isError, Lines: lines})
}

func indented(indent string, lines []inspect.Line) []inspect.Line {
	out := make([]inspect.Line, len(lines))
	for i, l := range lines {
		out[i] = append(inspect.Line{{Text: indent}}, l...)
	}
	return out
}

// inspectOptions are how this session shows values: HTTPX's objects as HTTPX prints them.
func (rt *Runtime) inspectOptions(width int) inspect.Options {
	return inspect.Options{Width: width, Custom: rt.showHost}
}

// show is a value as the prompt echoes it.
func (rt *Runtime) show(v goja.Value, width int) []inspect.Line {
	return rt.inspect.Value(v, rt.inspectOptions(width))
}

// inspectText is a value on one line, for messages.
func inspectText(rt *Runtime, v goja.Value) string {
	text := inspect.Text(rt.inspect.Value(v, rt.inspectOptions(1<<20)))
	return strings.ReplaceAll(text, "\n", " ")
}
