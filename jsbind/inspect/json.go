package inspect

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/dop251/goja"
)

// json is JSON.stringify for %j, of data properties only: getters are left out
// and toJSON is not called, except for a Date's own. A value that contains
// itself is "[Circular]", as in Node; what exceeds the bounds of a call is "…".
func (p *printer) json(v goja.Value) string {
	w := jsonWriter{printer: p}
	if !w.value(v, 0) {
		return "undefined"
	}
	if w.circular {
		return "[Circular]"
	}
	return w.String()
}

type jsonWriter struct {
	*printer
	strings.Builder
	circular bool
}

// value writes v, or says that JSON has no text for it.
func (w *jsonWriter) value(v goja.Value, depth int) bool {
	if v == nil || goja.IsUndefined(v) {
		return false
	}
	if goja.IsNull(v) {
		w.WriteString("null")
		return true
	}
	switch v := v.(type) {
	case goja.String:
		w.string(v)
		return true
	case *goja.Symbol:
		return false
	case *goja.Object:
		return w.object(v, depth)
	}
	if f, ok := v.Export().(float64); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
		w.WriteString("null")
		return true
	}
	w.WriteString(v.String()) // a number, a boolean; a bigint as its digits
	return true
}

func (w *jsonWriter) string(s goja.String) {
	limit := min(s.Length(), max(w.bytes, minLineLength))
	text := jsText(s, limit)
	w.bytes -= len(text)
	w.WriteByte('"')
	for len(text) > 0 {
		r, size, stray := decode(text)
		switch {
		case r == '"' || r == '\\':
			w.WriteByte('\\')
			w.WriteByte(byte(r))
		case r == '\n':
			w.WriteString(`\n`)
		case r == '\r':
			w.WriteString(`\r`)
		case r == '\t':
			w.WriteString(`\t`)
		case r == '\b':
			w.WriteString(`\b`)
		case r == '\f':
			w.WriteString(`\f`)
		case stray || hidden(r) && r < 0x10000:
			fmt.Fprintf(w, `\u%04x`, r)
		case hidden(r):
			fmt.Fprintf(w, `\u%04x\u%04x`, 0xD800+(r-0x10000)>>10, 0xDC00+(r-0x10000)&0x3FF)
		default:
			w.WriteString(text[:size])
		}
		text = text[size:]
	}
	if s.Length() > limit {
		w.WriteString("…")
	}
	w.WriteByte('"')
}

func (w *jsonWriter) object(o *goja.Object, depth int) bool {
	if o = unproxied(o); o == nil || isFunction(o) {
		return false
	}
	switch k := w.kindOf(o); k {
	case kindDate:
		if date := w.dateText(o); date != "Invalid Date" {
			w.WriteString(`"` + date + `"`)
		} else {
			w.WriteString("null")
		}
		return true
	case kindBoxedNumber, kindBoxedString, kindBoxedBoolean, kindBoxedBigInt:
		return w.value(w.unboxed(o, k), depth)
	}
	if w.isSeen(o) {
		w.circular = true
		return true
	}
	if depth >= maxDepth || w.exhausted() {
		w.WriteString(`"…"`)
		return true
	}
	w.seen = append(w.seen, o)
	if o.ClassName() == "Array" {
		w.array(o, depth)
	} else {
		w.members(o, depth)
	}
	w.seen = w.seen[:len(w.seen)-1]
	return true
}

func (w *jsonWriter) array(o *goja.Object, depth int) {
	length, _ := w.own(o, w.keyLength)
	w.WriteByte('[')
	for i := range int64(maxEntries) {
		if length.value == nil || i >= length.value.ToInteger() || w.circular {
			break
		}
		if i > 0 {
			w.WriteByte(',')
		}
		if !w.spend() {
			w.WriteString(`"…"`)
			break
		}
		item, _ := w.own(o, w.private.ToValue(i))
		if !w.value(item.value, depth+1) {
			w.WriteString("null")
		}
	}
	w.WriteByte(']')
}

func (w *jsonWriter) members(o *goja.Object, depth int) {
	if w.kindOf(o) == kindTypedArray {
		if n := w.elements(o).Len(); n > maxEntries {
			w.WriteString(`{"…":` + strconv.Itoa(n) + `}`)
			return
		}
	}
	w.WriteByte('{')
	entries, more := w.entriesOf(o, maxEntries, func(key goja.Value) bool {
		_, symbol := key.(*goja.Symbol)
		return symbol || o.ClassName() == "Error" && w.isStack(key)
	})
	first := true
	for _, e := range entries {
		if w.circular || e.value == nil || !hasJSON(e.value) || !e.enumerable {
			continue
		}
		if !w.spend() {
			more++
			break
		}
		if !first {
			w.WriteByte(',')
		}
		first = false
		if s, ok := e.key.(goja.String); ok {
			w.string(s)
		} else {
			w.WriteString(strconv.Quote(e.key.String()))
		}
		w.WriteByte(':')
		if !w.value(e.value, depth+1) {
			w.WriteString("null")
		}
	}
	if more > 0 {
		if !first {
			w.WriteByte(',')
		}
		w.WriteString(`"…":` + strconv.Itoa(more))
	}
	w.WriteByte('}')
}

// hasJSON says whether a member with this value is written at all.
func hasJSON(v goja.Value) bool {
	switch v := v.(type) {
	case *goja.Symbol:
		return false
	case *goja.Object:
		o := unproxied(v)
		return o != nil && !isFunction(o)
	}
	return !goja.IsUndefined(v)
}
