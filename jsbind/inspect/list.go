package inspect

import (
	"math"
	"reflect"
	"strconv"
	"strings"

	"github.com/dop251/goja"
)

// maxListed is the length up to which the keys of an array are listed as a
// whole. A longer one is listed only when it is sparse: the engine makes a
// string of every index.
const maxListed = 100_000

// shapeList is shape for arrays and typed arrays.
func (p *printer) shapeList(o *goja.Object, k kind, c class, limit int, s *shape) {
	s.list, s.close = true, "]"
	var length int64
	prefix := ""
	if k == kindArray {
		if n, _ := p.own(o, p.keyLength); n.value != nil {
			length = n.value.ToInteger()
		}
		if c.name != "Array" || c.null || c.tag != "" {
			prefix = c.prefix("Array", "("+strconv.FormatInt(length, 10)+")")
		}
		s.items = func(depth int) []piece { return p.arrayItems(o, length, depth) }
		s.numeric = func(i int) bool {
			prop, ok := p.own(o, p.private.ToValue(i))
			return ok && isNumeric(prop.value)
		}
	} else {
		content := p.elements(o)
		length = int64(content.Len())
		fallback := ""
		if c.null {
			fallback = p.typedArrayName(o)
		}
		prefix = c.prefix(fallback, "("+strconv.FormatInt(length, 10)+")")
		s.items = func(int) []piece { return p.typedItems(content) }
		s.numeric = func(i int) bool { return i < content.Len() }
	}
	s.open = styled(prefix, Name)
	s.open.text("[", Plain)
	s.itemsCanBe0 = length == 0
	if length <= maxListed || k == kindArray && p.isSparse(o, length) {
		s.properties, s.more = p.entriesOf(o, limit, isIndex)
	}
}

func isNumeric(v goja.Value) bool {
	if v == nil {
		return false
	}
	if _, ok := v.(*goja.Object); ok {
		return false
	}
	t := v.ExportType()
	if t == nil {
		return false
	}
	switch t.Kind() {
	case reflect.Int64, reflect.Float64:
		return true
	}
	return t == bigIntType
}

// isSparse guesses from samples whether a long array is mostly holes.
func (p *printer) isSparse(o *goja.Object, length int64) bool {
	const samples = 64
	present := 0
	for i := range int64(samples) {
		if _, ok := p.own(o, p.private.ToValue(length/samples*i+length/(2*samples))); ok {
			present++
		}
	}
	return present <= 2
}

func (p *printer) arrayItems(o *goja.Object, length int64, depth int) []piece {
	limit := min(int64(p.MaxArrayLength), length)
	var out []piece
	for i := range limit {
		prop, ok := p.own(o, p.private.ToValue(i))
		if !ok {
			return p.sparseItems(o, i, length, depth, out)
		}
		if !p.spend() {
			return append(out, moreItems(int(length-i)))
		}
		out = append(out, p.propertyValue(&prop, depth))
	}
	if length > limit {
		out = append(out, moreItems(int(length-limit)))
	}
	return out
}

// sparseItems goes on at the hole with the given index. A run of holes counts
// as one item.
func (p *printer) sparseItems(o *goja.Object, index, length int64, depth int, out []piece) []piece {
	limit := p.MaxArrayLength
	next := p.presentFrom(o, index, length)
	for len(out) < limit {
		i, ok := next()
		if !ok {
			break
		}
		if i != index {
			out = append(out, holes(i-index))
			if index = i; len(out) == limit {
				break
			}
		}
		prop, _ := p.own(o, p.private.ToValue(i))
		if !p.spend() {
			return append(out, moreItems(int(length-index)))
		}
		out = append(out, p.propertyValue(&prop, depth))
		index++
	}
	switch rest := length - index; {
	case rest <= 0:
	case len(out) == limit || p.exhausted():
		out = append(out, moreItems(int(rest)))
	default:
		out = append(out, holes(rest))
	}
	return out
}

func holes(n int64) piece {
	if n == 1 {
		return styled("<1 empty item>", Undefined)
	}
	return styled("<"+strconv.FormatInt(n, 10)+" empty items>", Undefined)
}

// presentFrom walks the indexes of o that are not holes, from one on.
func (p *printer) presentFrom(o *goja.Object, from, length int64) (next func() (int64, bool)) {
	if length > maxListed && !p.isSparse(o, length) {
		return func() (int64, bool) {
			for ; from < length && p.steps <= maxSteps; from++ {
				if _, ok := p.own(o, p.private.ToValue(from)); ok {
					from++
					return from - 1, true
				}
			}
			return 0, false
		}
	}
	keys, at := p.keys(o), 0
	return func() (int64, bool) {
		for ; at < keys.len && p.steps <= maxSteps; at++ {
			p.steps++
			if i, ok := index(keys.at(at)); ok && i >= from {
				at++
				return i, true
			}
		}
		return 0, false
	}
}

func (p *printer) typedItems(content reflect.Value) []piece {
	n := min(p.MaxArrayLength, content.Len())
	out := make([]piece, 0, n+1)
	for i := range n {
		if !p.spend() {
			n = i
			break
		}
		v := content.Index(i)
		switch v.Kind() {
		case reflect.Float32, reflect.Float64:
			out = append(out, styled(numberText(p.private.ToValue(v.Float())), Number))
		case reflect.Int64:
			out = append(out, styled(strconv.FormatInt(v.Int(), 10)+"n", Number))
		case reflect.Uint64:
			out = append(out, styled(strconv.FormatUint(v.Uint(), 10)+"n", Number))
		default:
			if v.CanInt() {
				out = append(out, styled(strconv.FormatInt(v.Int(), 10), Number))
			} else {
				out = append(out, styled(strconv.FormatUint(v.Uint(), 10), Number))
			}
		}
	}
	if rest := content.Len() - n; rest > 0 {
		out = append(out, moreItems(rest))
	}
	return out
}

func (p *printer) bufferItems(o *goja.Object) []piece {
	buffer, _ := o.Export().(goja.ArrayBuffer)
	if buffer.Detached() {
		return []piece{styled("(detached)", Special), p.labelled("byteLength", styled("0", Number))}
	}
	bytes := buffer.Bytes()
	n := min(p.MaxArrayLength, len(bytes))
	var b strings.Builder
	b.WriteString(": <")
	const digits = "0123456789abcdef"
	for i, c := range bytes[:n] {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	if rest := len(bytes) - n; rest > 0 {
		b.WriteString(" ... " + counted(rest, "more byte"))
	}
	b.WriteByte('>')
	content := styled("[Uint8Contents]", Special)
	content.text(p.spent(b.String()), Plain)
	return []piece{content, p.labelled("byteLength", styled(strconv.Itoa(len(bytes)), Number))}
}

func (p *printer) labelled(label string, value piece) piece {
	out := plain(label + ": ")
	out.add(value)
	return out
}

func (p *printer) viewItems(o *goja.Object, depth int) []piece {
	number := func(f native) piece {
		if v := call(f, o); v != nil {
			return p.primitive(v)
		}
		return styled("(detached)", Special)
	}
	out := []piece{
		p.labelled("byteLength", number(p.viewLength)),
		p.labelled("byteOffset", number(p.viewOffset)),
	}
	if buffer := call(p.viewBuffer, o); buffer != nil {
		p.indent += 2
		out = append(out, p.labelled("buffer", p.value(buffer, depth)))
		p.indent -= 2
	}
	return out
}

func (p *printer) promiseItems(o *goja.Object, depth int) []piece {
	promise, _ := o.Export().(*goja.Promise)
	if promise == nil || promise.State() == goja.PromiseStatePending {
		return []piece{styled("<pending>", Special)}
	}
	p.indent += 2
	result := p.value(promise.Result(), depth)
	p.indent -= 2
	if promise.State() == goja.PromiseStateFulfilled {
		return []piece{result}
	}
	out := styled("<rejected>", Special)
	out.text(" ", Plain)
	out.add(result)
	return []piece{out}
}

// walk calls visit with what an iterator of the private runtime yields.
func (p *printer) walk(iterator goja.Value, next native, visit func(v goja.Value) bool) {
	for {
		result, ok := call(next, iterator).(*goja.Object)
		if !ok || result.Get("done").ToBoolean() || !visit(result.Get("value")) {
			return
		}
	}
}

func (p *printer) mapItems(o *goja.Object, size, depth int) []piece {
	return p.collectionItems(size, func(visit func(goja.Value) bool) {
		p.walk(call(p.mapEntries, o), p.mapNext, visit)
	}, func(v goja.Value) piece {
		pair := v.(*goja.Object)
		out := p.value(pair.Get("0"), depth)
		out.text(" => ", Plain)
		out.add(p.value(pair.Get("1"), depth))
		return out
	})
}

func (p *printer) setItems(o *goja.Object, size, depth int) []piece {
	return p.collectionItems(size, func(visit func(goja.Value) bool) {
		p.walk(call(p.setValues, o), p.setNext, visit)
	}, func(v goja.Value) piece { return p.value(v, depth) })
}

func (p *printer) collectionItems(size int, walk func(func(goja.Value) bool), print func(goja.Value) piece) []piece {
	var out []piece
	p.indent += 2
	if limit := min(p.MaxArrayLength, size); limit > 0 {
		walk(func(v goja.Value) bool {
			if !p.spend() {
				return false
			}
			out = append(out, print(v))
			return len(out) < limit
		})
	}
	p.indent -= 2
	if rest := size - len(out); rest > 0 {
		out = append(out, moreItems(rest))
	}
	return out
}

// round is Math.round.
func round(f float64) int { return int(math.Floor(f + 0.5)) }
