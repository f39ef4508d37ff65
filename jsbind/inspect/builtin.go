package inspect

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"time"

	"github.com/dop251/goja"
)

func (p *printer) classBase(o *goja.Object, c class) string {
	name, _ := p.text(o, p.keyName, p.MaxStringLength)
	if _, own := p.own(o, p.keyName); name == "" || !own {
		name = "(anonymous)"
	}
	text := "class " + p.spent(visible(name))
	if c.name != "Function" && !c.null {
		text += " [" + c.name + "]"
	}
	if c.tag != "" && c.tag != c.name {
		text += " [" + c.tag + "]"
	}
	if c.null {
		text += " extends [null prototype]"
	} else if parent, _ := p.text(prototype(o), p.keyName, p.MaxStringLength); parent != "" {
		text += " extends " + p.spent(visible(parent))
	}
	return "[" + text + "]"
}

func (p *printer) functionBase(o *goja.Object, c class) string {
	what, usual := "Function", "Function"
	switch {
	case p.inherits(o, p.asyncFunction):
		what, usual = "AsyncFunction", "AsyncFunction"
	case p.inherits(o, p.generatorFunction):
		what, usual = "GeneratorFunction", "GeneratorFunction"
	case p.isAsyncMethod(o):
		what = "AsyncFunction"
	}
	text := "[" + what
	if c.null {
		text += " (null prototype)"
	}
	if name, _ := p.text(o, p.keyName, p.MaxStringLength); name != "" {
		text += ": " + p.spent(visible(name)) + "]"
	} else {
		text += " (anonymous)]"
	}
	if c.name != usual && !c.null {
		text += " " + c.name
	}
	if c.tag != "" && c.tag != c.name {
		text += " [" + c.tag + "]"
	}
	return text
}

var asyncMethod = regexp.MustCompile(`^(static\s+)?async\s+[^\s(=]`)

// isAsyncMethod recognises an async method by its text: the engine gives it the
// prototype of an ordinary function.
func (p *printer) isAsyncMethod(o *goja.Object) bool {
	source := p.sourceOf(o, 64)
	return strings.Contains(source, "async") && asyncMethod.MatchString(source)
}

// sourceOf is the text of a function. For a native one the engine reads its
// name, which the user may have replaced by code.
func (p *printer) sourceOf(o *goja.Object, limit int) string {
	if _, found := p.lookup(o, p.keyName); found == present {
		if s, ok := call(p.functionSource, o).(goja.String); ok {
			return jsText(s, limit)
		}
	}
	return "function () { [native code] }"
}

func (p *printer) regexpText(o *goja.Object) string {
	text := "/(?:)"
	if s, ok := call(p.regexpSource, o).(goja.String); ok {
		text = "/" + p.spent(visible(unescapedSlashes(jsText(s, p.MaxStringLength))))
		if s.Length() > p.MaxStringLength {
			text += "…"
		}
	}
	text += "/"
	for i, flag := range p.regexpFlags {
		if v := call(flag, o); v != nil && v.ToBoolean() {
			text += regexpFlagNames[i : i+1]
		}
	}
	return text
}

// unescapedSlashes writes the slashes of a pattern as one types them: the
// engine gives each as \u002f.
func unescapedSlashes(source string) string {
	const engines = `\u002f`
	if !strings.Contains(source, engines) {
		return source
	}
	var b strings.Builder
	class := false
	for i := 0; i < len(source); i++ {
		switch c := source[i]; {
		case strings.HasPrefix(source[i:], engines):
			if !class {
				b.WriteByte('\\')
			}
			b.WriteByte('/')
			i += len(engines) - 1
			continue
		case c == '\\' && i+1 < len(source):
			b.WriteByte(c)
			i++
		case c == '[':
			class = true
		case c == ']':
			class = false
		}
		b.WriteByte(source[i])
	}
	return b.String()
}

// dateText is Date.prototype.toISOString, whose years outside of 0 to 9999
// have six digits.
func (p *printer) dateText(o *goja.Object) string {
	v := call(p.dateTime, o)
	if v == nil || v.ToFloat() != v.ToFloat() {
		return "Invalid Date"
	}
	t := time.UnixMilli(v.ToInteger()).UTC()
	year := fmt.Sprintf("%04d", t.Year())
	if t.Year() < 0 {
		year = fmt.Sprintf("-%06d", -t.Year())
	} else if t.Year() > 9999 {
		year = fmt.Sprintf("+%06d", t.Year())
	}
	return year + t.Format("-01-02T15:04:05.000Z")
}

func (p *printer) boxedBase(o *goja.Object, k kind, c class) piece {
	v := p.unboxed(o, k)
	name, style := "Symbol", Symbol
	switch k {
	case kindBoxedNumber:
		name, style = "Number", Number
	case kindBoxedString:
		name, style = "String", String
	case kindBoxedBoolean:
		name, style = "Boolean", Boolean
	case kindBoxedBigInt:
		name, style = "BigInt", Number
	}
	text := "[" + name
	if c.null {
		text += " (null prototype)"
	} else if c.name != name {
		text += " (" + c.name + ")"
	}
	inner := p.primitive(v)
	out := styled(text+": ", style)
	for i := range inner.lines {
		for j := range inner.lines[i] {
			inner.lines[i][j].Style = style
		}
	}
	out.add(inner)
	out.text("]", style)
	if c.tag != "" && c.tag != c.name {
		out.text(" ["+c.tag+"]", style)
	}
	return out
}

// unboxed is the primitive in a Number, String, Boolean, BigInt or Symbol
// object.
func (r *realm) unboxed(o *goja.Object, k kind) goja.Value {
	switch {
	case k == kindBoxedSymbol:
		return call(r.symbolValue, o)
	case k == kindBoxedBigInt:
		return call(r.bigintValue, o)
	case k == kindBoxedString && o.ExportType() == plainType:
		return call(r.stringValue, o)
	}
	// The engine exports the primitive; a named type of the host loses its name.
	switch v := reflect.Indirect(reflect.ValueOf(o.Export())); {
	case !v.IsValid():
		return nil
	case v.CanInt():
		return r.private.ToValue(v.Int())
	case v.CanUint():
		return r.private.ToValue(v.Uint())
	case v.CanFloat():
		return r.private.ToValue(v.Float())
	case v.Kind() == reflect.Bool:
		return r.private.ToValue(v.Bool())
	default:
		return r.private.ToValue(v.String())
	}
}
