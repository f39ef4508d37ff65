package inspect

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/dop251/goja"
)

// value prints v as an element at the given depth, 0 being the top level.
func (p *printer) value(v goja.Value, depth int) piece {
	o, ok := v.(*goja.Object)
	if !ok {
		return p.primitive(v)
	}
	if lines, ok := p.custom(o, depth); ok {
		return p.fromHost(lines)
	}
	if o = unproxied(o); o == nil {
		return styled("<Revoked Proxy>", Special)
	}
	for _, outer := range p.seen {
		if outer == o {
			return styled("[Circular *"+strconv.Itoa(p.reference(o))+"]", Special)
		}
	}
	return p.guarded(o, depth)
}

// guarded prints an object, even one of the host that panics when it is read.
func (p *printer) guarded(o *goja.Object, depth int) (out piece) {
	seen, indent := len(p.seen), p.indent
	defer func() {
		if recover() != nil {
			p.seen, p.indent = p.seen[:seen], indent
			out = styled("[Object: cannot be read]", Special)
		}
	}()
	return p.object(o, depth)
}

func (p *printer) custom(o *goja.Object, depth int) (lines []Line, ok bool) {
	if p.Custom == nil {
		return nil, false
	}
	defer func() {
		if recover() != nil {
			lines, ok = nil, false
		}
	}()
	return p.Custom(o, depth)
}

// fromHost takes over lines of the host, escaped and indented.
func (p *printer) fromHost(lines []Line) piece {
	var out piece
	for i, line := range lines {
		if i > 0 {
			out.newline(p.indent)
		}
		for _, span := range line {
			out.text(p.spent(visible(span.Text)), span.Style)
		}
	}
	return out
}

// spent takes text off the budget of bytes.
func (p *printer) spent(text string) string {
	p.bytes -= len(text)
	return text
}

// reference numbers an object that contains itself.
func (p *printer) reference(o *goja.Object) int {
	if p.references == nil {
		p.references = map[*goja.Object]int{}
	}
	if p.references[o] == 0 {
		p.references[o] = len(p.references) + 1
	}
	return p.references[o]
}

func (p *printer) primitive(v goja.Value) piece {
	if v == nil || goja.IsUndefined(v) {
		return styled("undefined", Undefined)
	}
	if goja.IsNull(v) {
		return styled("null", Null)
	}
	switch v := v.(type) {
	case goja.String:
		return p.quotedString(v)
	case *goja.Symbol:
		return styled(p.spent(symbolText(v, p.MaxStringLength)), Symbol)
	}
	switch x := v.Export().(type) {
	case bool:
		return styled(strconv.FormatBool(x), Boolean)
	case *big.Int:
		return p.bigint(x)
	}
	return styled(numberText(v), Number)
}

// numberText writes a number as String(n) does, but for the sign of -0.
func numberText(v goja.Value) string {
	if f := v.ToFloat(); f == 0 && math.Signbit(f) {
		return "-0"
	}
	return v.String()
}

// maxBigintBits bounds the conversion to decimal, whose time grows faster than
// the number.
const maxBigintBits = 1 << 18

func (p *printer) bigint(n *big.Int) piece {
	if n.BitLen() > maxBigintBits {
		digits := int64(float64(n.BitLen()) * math.Log10(2))
		return styled("<bigint of about "+strconv.FormatInt(digits, 10)+" digits>", Number)
	}
	text := n.String()
	if more := len(text) - p.MaxStringLength; more > 0 {
		out := styled(p.spent(text[:p.MaxStringLength]), Number)
		out.text("... "+counted(more, "more digit"), Dim)
		return out
	}
	return styled(p.spent(text+"n"), Number)
}

// minLineLength is the length up to which a string is never broken at its line
// feeds.
const minLineLength = 16

func (p *printer) quotedString(s goja.String) piece {
	limit := min(p.MaxStringLength, max(p.bytes, minLineLength))
	more := s.Length() - limit
	text := jsText(s, limit)

	var out piece
	if columns(text) > minLineLength && columns(text) > p.Width-p.indent-4 {
		lines := strings.SplitAfter(text, "\n")
		if last := len(lines) - 1; lines[last] == "" {
			lines = lines[:last]
		}
		for i, line := range lines {
			if i > 0 {
				out.text(" +", Plain)
				out.newline(p.indent + 2)
			}
			out.text(p.spent(quoted(line)), String)
		}
	} else {
		out = styled(p.spent(quoted(text)), String)
	}
	if more > 0 {
		out.text("... "+counted(more, "more character"), Dim)
	}
	return out
}

func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return strconv.Itoa(n) + " " + what
}

func moreItems(n int) piece { return styled("... "+counted(n, "more item"), Dim) }

// A class is what an object says it is an instance of.
type class struct {
	name string
	null bool // there is no prototype
	tag  string
}

// classOf finds the name and the toStringTag of o.
func (p *printer) classOf(o *goja.Object, k kind, depth int) class {
	var c class
	c.name, c.null = p.constructor(o, k, depth)
	c.tag = p.tag(o, k)
	return c
}

func (p *printer) constructor(o *goja.Object, k kind, depth int) (name string, null bool) {
	if name, ok := p.constructorName(o, p.MaxStringLength); ok {
		return p.spent(name), false
	}
	first := prototype(o)
	if first == nil {
		return "", true
	}
	own := p.className(o, k)
	if depth > p.Depth {
		return own + " <Complex prototype>", false
	}
	name, null = p.constructor(first, p.kindOf(first), depth+1)
	if null {
		q := printer{realm: p.realm, Options: p.Options, entries: 1, bytes: minLineLength}
		q.Depth, q.Custom = -1, nil
		name = Text(q.value(first, 0).finish())
	}
	return own + " <" + name + ">", false
}

// tag is the toStringTag, unless it is shown as a property anyway.
func (p *printer) tag(o *goja.Object, k kind) string {
	if k == kindTypedArray {
		return p.typedArrayName(o)
	}
	v, _ := p.lookup(o, goja.SymToStringTag)
	s, ok := v.(goja.String)
	if !ok || s.Length() == 0 {
		return ""
	}
	if own, ok := p.own(o, goja.SymToStringTag); ok && (own.enumerable || p.ShowHidden) {
		return ""
	}
	return p.spent(visible(jsText(s, p.MaxStringLength)))
}

// prefix is what stands before the brace of an instance, with a space at its
// end. Fallback names the class where there is no prototype.
func (c class) prefix(fallback, size string) string {
	name := c.name + size
	if c.null {
		if c.tag != "" && fallback != c.tag {
			return "[" + fallback + size + ": null prototype] [" + c.tag + "] "
		}
		return "[" + fallback + size + ": null prototype] "
	}
	if c.tag != "" && c.name != c.tag {
		return name + " [" + c.tag + "] "
	}
	return name + " "
}

// plainPrefix is the prefix of an object of no special kind.
func (p *printer) plainPrefix(o *goja.Object, k kind, c class) string {
	fallback := ""
	if c.null {
		if fallback = p.className(o, k); fallback == c.tag {
			fallback = "Object"
		}
	}
	return c.prefix(fallback, "")
}
