package jsbind

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/dop251/goja"
)

// URLSearchParams (https://url.spec.whatwg.org/#interface-urlsearchparams).

// searchParams is a URLSearchParams object's list of pairs, and the URL whose query it is, if any.
type searchParams struct {
	list [][2]string
	url  *webURL
}

// maxPairs bounds what one URLSearchParams object is made from.
const maxPairs = 1 << 20

// changed writes the list into the URL's query.
func (p *searchParams) changed() {
	if p.url == nil {
		return
	}
	p.url.query = nil
	if len(p.list) > 0 {
		query := serializeForm(p.list)
		p.url.query = &query
	}
}

func (p *searchParams) remove(match func([2]string) bool) {
	p.list = slices.DeleteFunc(p.list, match)
	p.changed()
}

// set gives the first pair of the name the value and removes the others.
func (p *searchParams) set(name, value string) {
	at := slices.IndexFunc(p.list, func(pair [2]string) bool { return pair[0] == name })
	if at < 0 {
		p.list = append(p.list, [2]string{name, value})
	} else {
		p.list[at][1] = value
		rest := slices.DeleteFunc(p.list[at+1:], func(pair [2]string) bool { return pair[0] == name })
		p.list = p.list[:at+1+len(rest)]
	}
	p.changed()
}

// String is the object as the prompt shows it.
func (p *searchParams) String() string {
	const most = 100
	var parts []string
	for _, pair := range p.list[:min(most, len(p.list))] {
		parts = append(parts, quoted(pair[0])+" => "+quoted(pair[1]))
	}
	if more := len(p.list) - most; more > 0 {
		parts = append(parts, fmt.Sprintf("... %d more", more))
	}
	if len(parts) == 0 {
		return "URLSearchParams {}"
	}
	return "URLSearchParams { " + strings.Join(parts, ", ") + " }"
}

// quoted is a string as the prompt shows it.
func quoted(s string) string {
	const most = 10_000 // bytes, about
	if more := len(s) - most; more > 0 {
		return quoted(strings.ToValidUTF8(s[:most], "")) + fmt.Sprintf("... %d more bytes", more)
	}
	if plain := strconv.Quote(s); len(plain) != len(s)+len(`""`) || strings.Contains(s, "'") {
		return plain
	}
	return "'" + s + "'"
}

func (rt *Runtime) searchParamsClass() *class {
	return rt.once(&rt.web.searchParams, func() classSpec {
		of := func(h *hostObject) *searchParams { return h.value.(*searchParams) }
		method := func(name string, needed int, call func(p *searchParams, args []goja.Value) goja.Value) member {
			return member{name, needed, func(h *hostObject, args []goja.Value) goja.Value {
				rt.needs(args, needed, "URLSearchParams."+name)
				return call(of(h), args)
			}}
		}
		iterator := func(name string, entry func([2]string) goja.Value) member {
			return member{name, 0, func(h *hostObject, _ []goja.Value) goja.Value {
				return rt.paramsIteratorClass().wrap(&paramsIterator{params: of(h), entry: entry})
			}}
		}
		return classSpec{
			name: "URLSearchParams", iterate: "entries",
			construct: func(call goja.ConstructorCall) any { return &searchParams{list: rt.paramsInit(call.Argument(0))} },
			accessors: []accessor{{name: "size", get: func(h *hostObject) goja.Value { return rt.vm.ToValue(len(of(h).list)) }}},
			methods: []member{
				method("append", 2, func(p *searchParams, args []goja.Value) goja.Value {
					p.list = append(p.list, [2]string{rt.scalar(args[0]), rt.scalar(args[1])})
					p.changed()
					return goja.Undefined()
				}),
				method("delete", 1, func(p *searchParams, args []goja.Value) goja.Value {
					p.remove(rt.pairMatch(args))
					return goja.Undefined()
				}),
				method("get", 1, func(p *searchParams, args []goja.Value) goja.Value {
					if i := slices.IndexFunc(p.list, rt.pairMatch(args[:1])); i >= 0 {
						return rt.vm.ToValue(p.list[i][1])
					}
					return goja.Null()
				}),
				method("getAll", 1, func(p *searchParams, args []goja.Value) goja.Value {
					match, values := rt.pairMatch(args[:1]), []string(nil)
					for _, pair := range p.list {
						if match(pair) {
							values = append(values, pair[1])
						}
					}
					return rt.strings(values)
				}),
				method("has", 1, func(p *searchParams, args []goja.Value) goja.Value {
					return rt.vm.ToValue(slices.ContainsFunc(p.list, rt.pairMatch(args)))
				}),
				method("set", 2, func(p *searchParams, args []goja.Value) goja.Value {
					p.set(rt.scalar(args[0]), rt.scalar(args[1]))
					return goja.Undefined()
				}),
				method("sort", 0, func(p *searchParams, _ []goja.Value) goja.Value {
					slices.SortStableFunc(p.list, func(a, b [2]string) int { return compareUnits(a[0], b[0]) })
					p.changed()
					return goja.Undefined()
				}),
				{"forEach", 1, func(h *hostObject, args []goja.Value) goja.Value {
					f, ok := goja.AssertFunction(arg(args, 0))
					if !ok {
						panic(rt.vm.NewTypeError("URLSearchParams.forEach takes a function to call, not %s", rt.brief(arg(args, 0))))
					}
					for i := 0; i < len(of(h).list); i++ {
						pair := of(h).list[i]
						if _, err := f(arg(args, 1), rt.vm.ToValue(pair[1]), rt.vm.ToValue(pair[0]), h.object); err != nil {
							panic(err)
						}
					}
					return goja.Undefined()
				}},
				iterator("entries", func(pair [2]string) goja.Value { return rt.array(pair[0], pair[1]) }),
				iterator("keys", func(pair [2]string) goja.Value { return rt.vm.ToValue(pair[0]) }),
				iterator("values", func(pair [2]string) goja.Value { return rt.vm.ToValue(pair[1]) }),
				method("toString", 0, func(p *searchParams, _ []goja.Value) goja.Value { return rt.vm.ToValue(serializeForm(p.list)) }),
			},
		}
	})
}

// pairMatch is the test for a name and, where it is given, a value.
func (rt *Runtime) pairMatch(args []goja.Value) func([2]string) bool {
	name := rt.scalar(args[0])
	if missing(arg(args, 1)) {
		return func(pair [2]string) bool { return pair[0] == name }
	}
	value := rt.scalar(args[1])
	return func(pair [2]string) bool { return pair == [2]string{name, value} }
}

// paramsInit reads what a URLSearchParams is made from: pairs, an object, or a string.
func (rt *Runtime) paramsInit(v goja.Value) [][2]string {
	if missing(v) {
		return nil
	}
	o, ok := v.(*goja.Object)
	if !ok {
		return parseForm(strings.TrimPrefix(rt.scalar(v), "?"))
	}
	if m, ok := valueOf[paramMap](v); ok { // HTTPX's iterate over one value of each name
		return m.MultiItems()
	}
	var list [][2]string
	if rt.iterable(o) {
		rt.vm.ForOf(o, func(entry goja.Value) bool {
			list = append(list, rt.namePair(entry))
			rt.bound("The URLSearchParams", float64(len(list)), maxPairs, "pairs")
			return true
		})
		return list
	}
	place := map[string]int{}
	for _, key := range rt.keys(o) {
		value := rt.scalar(o.Get(key))
		if i, ok := place[key]; ok { // two keys that differ in a lone surrogate
			list[i][1] = value
			continue
		}
		place[key] = len(list)
		list = append(list, [2]string{key, value})
	}
	rt.bound("The URLSearchParams", float64(len(list)), maxPairs, "pairs")
	return list
}

// namePair reads one [name, value].
func (rt *Runtime) namePair(v goja.Value) [2]string {
	var texts []string
	if o, ok := v.(*goja.Object); ok && rt.iterable(o) {
		rt.vm.ForOf(o, func(item goja.Value) bool {
			texts = append(texts, rt.scalar(item))
			return len(texts) <= 2
		})
	}
	if len(texts) != 2 {
		panic(rt.vm.NewTypeError("URLSearchParams takes a string, an object, or [name, value] pairs; %s is no such pair", rt.brief(v)))
	}
	return [2]string(texts)
}

func (rt *Runtime) iterable(o *goja.Object) bool {
	method := o.GetSymbol(goja.SymIterator)
	if none(method) {
		return false
	}
	if _, ok := goja.AssertFunction(method); !ok {
		panic(rt.vm.NewTypeError("%s has a [Symbol.iterator] that is no function", rt.brief(o)))
	}
	return true
}

// paramsIterator goes over a list that may change meanwhile.
type paramsIterator struct {
	params *searchParams
	entry  func([2]string) goja.Value
	next   int
}

func (rt *Runtime) paramsIteratorClass() *class {
	if rt.web.paramsIterator != nil {
		return rt.web.paramsIterator
	}
	c := rt.once(&rt.web.paramsIterator, func() classSpec {
		return classSpec{
			name: "URLSearchParams Iterator",
			methods: []member{{"next", 0, func(h *hostObject, _ []goja.Value) goja.Value {
				it, result := h.value.(*paramsIterator), rt.vm.NewObject()
				done := it.next >= len(it.params.list)
				value := goja.Undefined()
				if !done {
					value = it.entry(it.params.list[it.next])
					it.next++
				}
				must(result.DefineDataProperty("value", value, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE))
				must(result.DefineDataProperty("done", rt.vm.ToValue(done), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE))
				return result
			}}},
		}
	})
	must(c.proto.SetPrototype(rt.web.realm.iteratorPrototype))
	return c
}

// compareUnits orders strings as JavaScript does, by UTF-16 code units.
func compareUnits(a, b string) int {
	for i, r := range a {
		if i >= len(b) {
			return 1
		}
		s, _ := utf8.DecodeRuneInString(b[i:])
		if r != s {
			if ra, rs := firstUnit(r), firstUnit(s); ra != rs {
				return int(ra - rs)
			}
			return int(r - s)
		}
	}
	return len(a) - len(b)
}

func firstUnit(r rune) rune {
	if lead, _ := utf16.EncodeRune(r); lead != utf8.RuneError {
		return lead
	}
	return r
}
