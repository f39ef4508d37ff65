package inspect

import (
	"math"
	"strconv"
	"strings"

	"github.com/dop251/goja"
)

// A shape is how an object is going to be printed: what stands before the
// braces, the braces, and what stands between them.
type shape struct {
	base        piece // "[Function: f]", "[Error: x]"; may be empty
	open        piece // "Map(1) {"
	close       string
	properties  []entry
	more        int  // properties left out
	bare        bool // with nothing between the braces, print base alone
	list        bool // entries are grouped into columns when there are many
	items       func(depth int) []piece
	numeric     func(i int) bool
	itemsCanBe0 bool // with nothing between the braces, print "{}"
}

// object prints o, which is not a proxy and not being printed already.
func (p *printer) object(o *goja.Object, depth int) piece {
	stop := depth > p.Depth || p.exhausted()
	k := p.kindOf(o)
	c := p.classOf(o, k, depth)
	s := p.shape(o, k, c, stop)

	if len(s.properties) == 0 && s.more == 0 {
		if s.bare {
			return s.base
		}
		if s.itemsCanBe0 {
			s.open.text(s.close, Plain)
			return s.open
		}
	}
	if stop {
		if k == kindRegexp {
			return s.base
		}
		name := strings.TrimSuffix(p.plainPrefix(o, k, c), " ")
		if !c.null {
			name = "[" + name + "]"
		}
		return styled(name, Special)
	}

	depth++
	p.seen = append(p.seen, o)
	p.currentDepth = depth
	var output []piece
	if s.items != nil {
		output = s.items(depth)
	}
	for i := range s.properties {
		if !p.spend() {
			s.more += len(s.properties) - i
			break
		}
		output = append(output, p.property(&s.properties[i], depth))
	}
	if s.more > 0 {
		output = append(output, styled("... "+countedProperties(s.more), Dim))
	}
	p.seen = p.seen[:len(p.seen)-1]

	if n := p.references[o]; n != 0 {
		ref := styled("<ref *"+strconv.Itoa(n)+">", Special)
		if !s.base.empty() {
			ref.text(" ", Plain)
			ref.add(s.base)
		}
		s.base = ref
	}
	return p.layout(output, s, depth)
}

func countedProperties(n int) string {
	if n == 1 {
		return "1 more property"
	}
	return strconv.Itoa(n) + " more properties"
}

// shape decides how an object of kind k is printed. With stop nothing between
// its braces is going to be.
func (p *printer) shape(o *goja.Object, k kind, c class, stop bool) shape {
	s := shape{open: plain("{"), close: "}"}
	limit := p.MaxKeys
	if stop {
		limit = 1 // it is only asked whether there are any properties
	}
	open := func(prefix, brace string) {
		s.open = styled(prefix, Name)
		s.open.text(brace, Plain)
	}
	switch k {
	case kindArray, kindTypedArray:
		p.shapeList(o, k, c, limit, &s)
		return s
	case kindBoxedString:
		if n, _ := p.own(o, p.keyLength); n.value == nil || n.value.ToInteger() <= maxListed {
			s.properties, s.more = p.entriesOf(o, limit, isIndex)
		}
	case kindError:
		s.properties, s.more = p.entriesOf(o, limit, p.isStack)
	default:
		s.properties, s.more = p.entriesOf(o, limit, nil)
	}

	switch k {
	case kindMap:
		size := int(call(p.mapSize, o).ToInteger())
		open(c.prefix("Map", "("+strconv.Itoa(size)+")"), "{")
		s.itemsCanBe0 = size == 0
		s.items = func(depth int) []piece { return p.mapItems(o, size, depth) }
	case kindSet:
		size := int(call(p.setSize, o).ToInteger())
		open(c.prefix("Set", "("+strconv.Itoa(size)+")"), "{")
		s.itemsCanBe0 = size == 0
		s.items = func(depth int) []piece { return p.setItems(o, size, depth) }
	case kindFunction:
		s.base, s.bare = styled(p.functionBase(o, c), Special), true
	case kindClass:
		s.base, s.bare = styled(p.classBase(o, c), Special), true
	case kindArguments:
		if c.name == "Object" && !c.null {
			open("[Arguments] ", "{")
		} else {
			open(p.plainPrefix(o, k, c), "{")
		}
		s.itemsCanBe0 = true
	case kindRegexp:
		s.base, s.bare = styled(unlessSame(c.prefix("RegExp", ""), "RegExp ")+p.regexpText(o), Regexp), true
	case kindDate:
		s.base, s.bare = styled(unlessSame(c.prefix("Date", ""), "Date ")+p.dateText(o), Date), true
	case kindError:
		s.base, s.bare = p.errorBase(o, c, &s.properties), true
	case kindArrayBuffer:
		open(c.prefix("ArrayBuffer", ""), "{")
		s.items = func(int) []piece { return p.bufferItems(o) }
	case kindDataView:
		open(c.prefix("DataView", ""), "{")
		s.items = func(depth int) []piece { return p.viewItems(o, depth) }
	case kindPromise:
		open(c.prefix("Promise", ""), "{")
		s.items = func(depth int) []piece { return p.promiseItems(o, depth) }
	case kindWeakMap, kindWeakSet:
		open(c.prefix(p.className(o, k), ""), "{")
		s.items = func(int) []piece { return []piece{styled("<items unknown>", Special)} }
	case kindBoxedNumber, kindBoxedString, kindBoxedBoolean, kindBoxedBigInt, kindBoxedSymbol:
		s.base, s.bare = p.boxedBase(o, k, c), true
	default:
		p.shapeObject(o, c, open)
		s.itemsCanBe0 = true
	}
	return s
}

func unlessSame(prefix, usual string) string {
	if prefix == usual {
		return ""
	}
	return prefix
}

func (p *printer) shapeObject(o *goja.Object, c class, open func(prefix, brace string)) {
	switch {
	case o == p.global && !c.null && (c.tag == "" || c.tag == "global"):
		open("Object [global] ", "{")
	case c.null && c.tag == "Module":
		open("[Module: null prototype] ", "{")
	case c.null || c.name != "Object" || c.tag != "":
		open(p.plainPrefix(o, kindObject, c), "{")
	}
}

// An entry is one property about to be printed.
type entry struct {
	key goja.Value
	property
}

// maxCounted is how many keys are looked at after the last one that is shown;
// those beyond count as left out without being looked at.
const maxCounted = 2_000

// entriesOf lists the properties of o that are shown, and counts those left
// out for their number. Skip names keys that are not shown as properties. With
// a limit of 1 the rest is not looked at.
func (p *printer) entriesOf(o *goja.Object, limit int, skip func(key goja.Value) bool) (list []entry, more int) {
	if p.steps > maxSteps {
		return nil, 0
	}
	keys := p.keys(o)
	past := 0
	for i := range keys.len {
		if len(list) == limit {
			past++
		}
		if p.steps > maxSteps || past > maxCounted || past > 0 && limit == 1 {
			return list, more + keys.len - i
		}
		key := keys.at(i)
		if skip != nil && skip(key) {
			p.steps++
			continue
		}
		prop, ok := p.own(o, key)
		switch {
		case !ok || !prop.enumerable && !p.ShowHidden:
		case len(list) < limit:
			list = append(list, entry{key, prop})
		default:
			more++
		}
	}
	return list, more
}

// index returns the array index that key spells.
func index(key goja.Value) (int64, bool) {
	s, ok := key.(goja.String)
	if !ok || s.Length() == 0 || s.Length() > 10 {
		return 0, false
	}
	text := s.String()
	if text[0] == '0' && text != "0" {
		return 0, false
	}
	n, err := strconv.ParseUint(text, 10, 64)
	return int64(n), err == nil && n < math.MaxUint32
}

func isIndex(key goja.Value) bool {
	_, ok := index(key)
	return ok
}

func (r *realm) isStack(key goja.Value) bool { return key.StrictEquals(r.keyStack) }

// property prints one property with its name.
func (p *printer) property(e *entry, depth int) piece {
	out := p.key(e)
	out.text(": ", Plain)
	out.add(p.propertyValue(&e.property, depth))
	return out
}

func (p *printer) propertyValue(prop *property, depth int) piece {
	switch {
	case prop.value != nil:
		p.indent += 2
		out := p.value(prop.value, depth)
		p.indent -= 2
		return out
	case prop.get && prop.set:
		return styled("[Getter/Setter]", Special)
	case prop.get:
		return styled("[Getter]", Special)
	case prop.set:
		return styled("[Setter]", Special)
	}
	return styled("undefined", Undefined)
}

func (p *printer) key(e *entry) piece {
	if s, ok := e.key.(*goja.Symbol); ok {
		out := plain("[")
		out.text(p.spent(symbolText(s, p.MaxStringLength)), Symbol)
		out.text("]", Plain)
		return out
	}
	s, ok := e.key.(goja.String)
	if !ok {
		return plain(visible(e.key.String())) // an index: a number
	}
	name := jsText(s, p.MaxStringLength)
	cut := ""
	if s.Length() > p.MaxStringLength {
		cut = "…"
	}
	switch {
	case name == "__proto__":
		return plain("['__proto__']")
	case !e.enumerable:
		return plain(p.spent("[" + visible(name) + cut + "]"))
	case isIdentifier(name):
		return plain(p.spent(name + cut))
	}
	return styled(p.spent(quoted(name)+cut), String)
}

func isIdentifier(name string) bool {
	for i := 0; i < len(name); i++ {
		c := name[i]
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}
