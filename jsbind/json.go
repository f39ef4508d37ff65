package jsbind

import (
	"errors"
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/dop251/goja"
)

// goja's JSON.parse goes through encoding/json's tokens, which costs more than the request that brought a small body. A body
// is parsed here straight into values instead. What this parser refuses is given to JSON.parse, which words the error.

var errNotJSON = errors.New("not JSON")

type jsonParser struct {
	rt    *Runtime
	text  []byte
	pos   int
	depth int
}

// parseBody parses UTF-8 JSON (RFC 8259) as JSON.parse does: every member becomes an own property, whatever its name, and the
// last of equal names stays.
func (rt *Runtime) parseBody(text []byte) (goja.Value, error) {
	p := &jsonParser{rt: rt, text: text}
	v, err := p.value()
	if err != nil {
		return nil, err
	}
	if p.space(); p.pos < len(p.text) {
		return nil, errNotJSON
	}
	return v, nil
}

func (p *jsonParser) space() {
	for p.pos < len(p.text) {
		switch p.text[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

// next skips space and takes the next byte, 0 at the end.
func (p *jsonParser) next() byte {
	p.space()
	if p.pos == len(p.text) {
		return 0
	}
	p.pos++
	return p.text[p.pos-1]
}

func (p *jsonParser) value() (goja.Value, error) {
	switch c := p.next(); c {
	case '{':
		return p.object()
	case '[':
		return p.array()
	case '"':
		return p.str()
	case 't':
		return p.word("true", p.rt.vm.ToValue(true))
	case 'f':
		return p.word("false", p.rt.vm.ToValue(false))
	case 'n':
		return p.word("null", goja.Null())
	default:
		p.pos--
		if c == '-' || c >= '0' && c <= '9' {
			return p.number()
		}
		return nil, errNotJSON
	}
}

func (p *jsonParser) word(word string, v goja.Value) (goja.Value, error) {
	from := p.pos - 1
	if len(p.text) < from+len(word) || string(p.text[from:from+len(word)]) != word {
		return nil, errNotJSON
	}
	p.pos = from + len(word)
	return v, nil
}

func (p *jsonParser) object() (goja.Value, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, errNotJSON
	}
	o := p.rt.vm.NewObject()
	c := p.next()
	for first := true; c != '}'; first = false {
		if !first {
			if c != ',' {
				return nil, errNotJSON
			}
			c = p.next()
		}
		if c != '"' {
			return nil, errNotJSON
		}
		key, ok := p.plain()
		if !ok {
			return nil, errNotJSON // rare: left to JSON.parse, which knows names that are no UTF-8
		}
		if p.next() != ':' {
			return nil, errNotJSON
		}
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		must(o.DefineDataProperty(key, v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE))
		c = p.next()
	}
	p.depth--
	return o, nil
}

func (p *jsonParser) array() (goja.Value, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, errNotJSON
	}
	var list []any
	p.space()
	if p.pos < len(p.text) && p.text[p.pos] == ']' {
		p.pos++
		p.depth--
		return p.rt.vm.NewArray(), nil
	}
	for {
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		list = append(list, v)
		switch p.next() {
		case ',':
		case ']':
			p.depth--
			return p.rt.vm.NewArray(list...), nil
		default:
			return nil, errNotJSON
		}
	}
}

// plain takes a string without escapes, after its opening quote; ok is false, and nothing taken, for any other.
func (p *jsonParser) plain() (s string, ok bool) {
	for i := p.pos; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == '"':
			s = string(p.text[p.pos:i])
			p.pos = i + 1
			return s, true
		case c == '\\' || c < 0x20:
			return "", false
		}
	}
	return "", false
}

func (p *jsonParser) str() (goja.Value, error) {
	if s, ok := p.plain(); ok {
		return p.rt.vm.ToValue(s), nil
	}
	var units []uint16
	for p.pos < len(p.text) {
		c := p.text[p.pos]
		switch {
		case c == '"':
			p.pos++
			return goja.StringFromUTF16(units), nil
		case c < 0x20:
			return nil, errNotJSON
		case c == '\\':
			unit, err := p.escape()
			if err != nil {
				return nil, err
			}
			units = append(units, unit)
		default:
			r, n := utf8.DecodeRune(p.text[p.pos:])
			units = utf16.AppendRune(units, r)
			p.pos += n
		}
	}
	return nil, errNotJSON
}

func (p *jsonParser) escape() (uint16, error) {
	if p.pos+1 >= len(p.text) {
		return 0, errNotJSON
	}
	c := p.text[p.pos+1]
	p.pos += 2
	switch c {
	case '"', '\\', '/':
		return uint16(c), nil
	case 'b':
		return '\b', nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'u':
		if p.pos+4 > len(p.text) {
			return 0, errNotJSON
		}
		unit, err := strconv.ParseUint(string(p.text[p.pos:p.pos+4]), 16, 16)
		if err != nil {
			return 0, errNotJSON
		}
		p.pos += 4
		return uint16(unit), nil
	}
	return 0, errNotJSON
}

// number takes a number by RFC 8259's grammar, which is narrower than Go's.
func (p *jsonParser) number() (goja.Value, error) {
	from, whole := p.pos, true
	if p.peek() == '-' {
		p.pos++
	}
	if p.peek() == '0' {
		p.pos++
	} else if !p.digits() {
		return nil, errNotJSON
	}
	if p.peek() == '.' {
		whole = false
		if p.pos++; !p.digits() {
			return nil, errNotJSON
		}
	}
	if c := p.peek(); c == 'e' || c == 'E' {
		whole = false
		p.pos++
		if c := p.peek(); c == '+' || c == '-' {
			p.pos++
		}
		if !p.digits() {
			return nil, errNotJSON
		}
	}
	text := string(p.text[from:p.pos])
	if whole && len(text) <= 15 && text != "-0" {
		n, err := strconv.ParseInt(text, 10, 64)
		return p.rt.vm.ToValue(n), err
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(f, 0) {
		return nil, errNotJSON
	}
	return p.rt.vm.ToValue(f), nil
}

func (p *jsonParser) peek() byte {
	if p.pos < len(p.text) {
		return p.text[p.pos]
	}
	return 0
}

func (p *jsonParser) digits() bool {
	from := p.pos
	for p.pos < len(p.text) && p.text[p.pos] >= '0' && p.text[p.pos] <= '9' {
		p.pos++
	}
	return p.pos > from
}
