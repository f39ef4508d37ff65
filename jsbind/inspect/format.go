package inspect

import (
	"math"
	"math/big"
	"strings"

	"github.com/dop251/goja"
)

// maxRaw bounds how much of one top-level string is passed through.
const maxRaw = 10 << 20

// Format makes the text of console.log(...args). A first argument that is a
// string is a format: %s (text), %d (number), %i (integer), %f (float), %j
// (JSON), %o (with hidden properties), %O (as Value), %c (takes an argument and
// prints nothing), %%. What is left of the arguments follows, separated by
// spaces; strings are printed as they are, and only line feeds in them are
// looked at.
func (i *Inspector) Format(args []goja.Value, o Options) []Line {
	if len(args) == 0 {
		return []Line{nil}
	}
	p := i.printer(o.resolved())
	var out piece
	rest := args
	if format, ok := args[0].(goja.String); ok && len(args) > 1 {
		rest = args[1:]
		out, rest = p.expand(rawText(format), rest)
	} else {
		out, rest = p.argument(args[0]), args[1:]
	}
	for _, arg := range rest {
		out.text(" ", Plain)
		out.add(p.argument(arg))
	}
	return out.finish()
}

func rawText(s goja.String) string {
	text := raw(jsText(s, maxRaw))
	if more := s.Length() - maxRaw; more > 0 {
		text += "... " + counted(more, "more character")
	}
	return text
}

func (p *printer) argument(v goja.Value) piece {
	if s, ok := v.(goja.String); ok {
		return block(rawText(s), 0, Plain)
	}
	return p.value(v, 0)
}

// expand replaces the placeholders of a format by arguments, and returns the
// arguments that it did not use. There is at least one.
func (p *printer) expand(format string, args []goja.Value) (piece, []goja.Value) {
	var out piece
	for {
		before, after, found := strings.Cut(format, "%")
		if !found || after == "" {
			out.add(block(format, 0, Plain))
			return out, args
		}
		verb, left := after[0], after[1:]
		switch {
		case verb == '%':
			out.add(block(before+"%", 0, Plain))
		case len(args) > 0 && strings.IndexByte("sdifjoOc", verb) >= 0:
			out.add(block(before, 0, Plain))
			out.add(p.substitute(verb, args[0]))
			args = args[1:]
		default:
			out.add(block(before+"%", 0, Plain))
			left = after
		}
		format = left
	}
}

func (p *printer) substitute(verb byte, v goja.Value) piece {
	if v == nil {
		v = goja.Undefined()
	}
	switch verb {
	case 's':
		return p.asString(v)
	case 'd', 'i', 'f':
		return plain(p.asNumber(verb, v))
	case 'j':
		return plain(p.json(v))
	case 'o':
		q := *p
		q.ShowHidden, q.Depth = true, 4
		out := q.value(v, 0)
		p.entries, p.bytes = q.entries, q.bytes
		return out
	case 'O':
		return p.value(v, 0)
	}
	return plain("") // %c: styles of a browser
}

// asString is String(v) for primitives and functions; any other object is
// shown without its contents, since its toString is the user's.
func (p *printer) asString(v goja.Value) piece {
	switch v := v.(type) {
	case goja.String:
		return block(rawText(v), 0, Plain)
	case *goja.Symbol:
		return plain(symbolText(v, p.MaxStringLength))
	case *goja.Object:
		if o := unproxied(v); o != nil && isFunction(o) {
			return block(visibleLines(p.sourceOf(o, p.MaxStringLength)), 0, Plain)
		}
		q := *p
		q.Depth, q.Compact = 0, 3
		out := q.value(v, 0)
		p.entries, p.bytes = q.entries, q.bytes
		return out
	}
	if n, ok := v.Export().(*big.Int); ok {
		return p.bigint(n)
	}
	return plain(numberText(v))
}

func (p *printer) asNumber(verb byte, v goja.Value) string {
	if o, ok := v.(*goja.Object); ok {
		v = p.numberIn(o)
	}
	if _, ok := v.(*goja.Symbol); ok {
		return "NaN"
	}
	if n, ok := v.Export().(*big.Int); ok && verb != 'f' {
		return Text(p.bigint(n).finish())
	}
	var n goja.Value
	switch verb {
	case 'i':
		n = call(p.parseInt, nil, v)
	case 'f':
		n = call(p.parseFloat, nil, v)
	default:
		n = v.ToNumber()
	}
	if n == nil {
		return "NaN"
	}
	return numberText(n)
}

// numberIn is the number an object of a built-in kind stands for, else NaN: its
// valueOf is the user's.
func (p *printer) numberIn(o *goja.Object) goja.Value {
	nan := p.private.ToValue(math.NaN())
	if o = unproxied(o); o == nil {
		return nan
	}
	var v goja.Value
	switch k := p.kindOf(o); k {
	case kindDate:
		v = call(p.dateTime, o)
	case kindBoxedNumber, kindBoxedString, kindBoxedBoolean, kindBoxedBigInt:
		v = p.unboxed(o, k)
	}
	if v == nil {
		return nan
	}
	return v
}
