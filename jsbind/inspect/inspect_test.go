package inspect

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/dop251/goja"
)

func TestStyles(t *testing.T) {
	tests := []struct {
		source string
		want   []Line
	}{
		{`1n`, []Line{{{"1n", Number}}}},
		{`({ a: 'x', 'b c': null, f() {}, [Symbol('s')]: [undefined, , true] })`, []Line{{
			{"{ a: ", Plain}, {"'x'", String}, {", ", Plain}, {"'b c'", String}, {": ", Plain}, {"null", Null},
			{", f: ", Plain}, {"[Function: f]", Special}, {", [", Plain}, {"Symbol(s)", Symbol}, {"]: [ ", Plain},
			{"undefined", Undefined}, {", ", Plain}, {"<1 empty item>", Undefined}, {", ", Plain}, {"true", Boolean},
			{" ] }", Plain},
		}}},
		{`new Map([[/x/, new Date(0)]])`, []Line{{
			{"Map(1) ", Name}, {"{ ", Plain}, {"/x/", Regexp}, {" => ", Plain},
			{"1970-01-01T00:00:00.000Z", Date}, {" }", Plain},
		}}},
		{`(() => { const a = { get b() { return 1 } }; a.a = a; return a })()`, []Line{{
			{"<ref *1>", Special}, {" { b: ", Plain}, {"[Getter]", Special}, {", a: ", Plain},
			{"[Circular *1]", Special}, {" }", Plain},
		}}},
	}
	for _, test := range tests {
		vm, i := newInspector()
		got := i.Value(eval(t, vm, test.source), Options{Width: 120})
		if !slices.EqualFunc(got, test.want, func(a, b Line) bool { return slices.Equal(a, b) }) {
			t.Errorf("%s: got %v, want %v", test.source, got, test.want)
		}
	}
	vm, i := newInspector()
	got := i.Error(eval(t, vm, `new TypeError('x', { cause: 1 })`), Options{})
	want := []Line{
		{{"Uncaught ", Plain}, {"TypeError", Error}, {": x", Plain}},
		{{"  ", Plain}, {"cause: ", Name}, {"1", Number}},
	}
	if !slices.EqualFunc(got, want, func(a, b Line) bool { return slices.Equal(a, b) }) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestOptions(t *testing.T) {
	tests := []struct {
		source  string
		options Options
		want    string
	}{
		{`({ a: { b: 1 } })`, Options{Depth: None}, "{ a: [Object] }"},
		{`({ a: { b: { c: 1 } } })`, Options{Depth: 1}, "{ a: { b: [Object] } }"},
		{`({a:{a:{a:{a:{a:{a:{a:1}}}}}}})`, Options{Depth: Unlimited, Compact: Unlimited},
			"{ a: { a: { a: { a: { a: { a: { a: 1 } } } } } } }"},
		{`[1, 2, 3]`, Options{MaxArrayLength: 1}, "[ 1, ... 2 more items ]"},
		{`[1, 2, 3]`, Options{MaxArrayLength: None}, "[ ... 3 more items ]"},
		{`new Set([1, 2])`, Options{MaxArrayLength: None}, "Set(2) { ... 2 more items }"},
		{`'abc'`, Options{MaxStringLength: 2}, "'ab'... 1 more character"},
		{`'abc'`, Options{MaxStringLength: None}, "''... 3 more characters"},
		{`({ a: 1, b: 2, c: 3 })`, Options{MaxKeys: 2}, "{ a: 1, b: 2, ... 1 more property }"},
		{`({ a: 1, b: 2, c: 3, d: 4 })`, Options{MaxKeys: 2}, "{ a: 1, b: 2, ... 2 more properties }"},
		{`({ a: 1, b: [] })`, Options{Compact: None}, "{\n  a: 1,\n  b: []\n}"},
		{`({ aaaa: 1, bbbb: 2 })`, Options{Width: 20}, "{\n  aaaa: 1,\n  bbbb: 2\n}"},
		{`({ aaaa: 1, bbbb: 2 })`, Options{Width: 60}, "{ aaaa: 1, bbbb: 2 }"},
		{`Object.defineProperty({ a: 1 }, 'b', { value: 2 })`, Options{ShowHidden: true}, "{ a: 1, [b]: 2 }"},
		{`[1]`, Options{ShowHidden: true}, "[ 1, [length]: 1 ]"},
		{`(() => { const o = {}; Object.defineProperty(o, Symbol.toStringTag, { value: 'x' }); return o })()`,
			Options{ShowHidden: true}, "{ [Symbol(Symbol.toStringTag)]: 'x' }"},
	}
	for _, test := range tests {
		vm, i := newInspector()
		if got := Text(i.Value(eval(t, vm, test.source), test.options)); got != test.want {
			t.Errorf("%s %+v: got\n%s\nwant\n%s", test.source, test.options, got, test.want)
		}
	}
}

func TestCustom(t *testing.T) {
	vm, i := newInspector()
	response := eval(t, vm, `globalThis.response = { status: 200 }`)
	var depths []int
	options := Options{Custom: func(o *goja.Object, depth int) ([]Line, bool) {
		if !o.StrictEquals(response) {
			return nil, false
		}
		depths = append(depths, depth)
		return []Line{{{"<Response [200 OK\x1b]>", Name}}, {{"  body", Dim}}}, true
	}}
	got := Text(i.Value(eval(t, vm, `[{ response }, response]`), options))
	want := "[\n  {\n    response: <Response [200 OK\\x1B]>\n      body\n  },\n  <Response [200 OK\\x1B]>\n    body\n]"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if !slices.Equal(depths, []int{2, 1}) {
		t.Errorf("depths %v", depths)
	}
	options.Custom = func(*goja.Object, int) ([]Line, bool) { panic("host") }
	if got := Text(i.Value(response, options)); got != "{ status: 200 }" {
		t.Errorf("after a panic in Custom: %s", got)
	}
}

func TestHostValues(t *testing.T) {
	type point struct{ X, Y int }
	type named string
	tests := []struct {
		value any
		want  string
	}{
		{nil, "null"},
		{point{1, 2}, "{ X: 1, Y: 2 }"},
		{&point{1, 2}, "{ X: 1, Y: 2 }"},
		{[]string{"a", "b"}, "[ 'a', 'b' ]"},
		{[]any{1, nil}, "[ 1, null ]"},
		{map[string]any{"a": 1}, "{ a: 1 }"},
		{map[string]int{"a": 1}, "{ a: 1 }"},
		{named("x"), "[String: 'x']"},
		{func() {}, ""},
		{func(goja.ConstructorCall) *goja.Object { return nil }, ""},
	}
	for _, test := range tests {
		vm, i := newInspector()
		got := Text(i.Value(vm.ToValue(test.value), Options{}))
		if test.want != "" && got != test.want || got == "" {
			t.Errorf("%#v: got %s, want %s", test.value, got, test.want)
		}
	}
	_, i := newInspector()
	if got := Text(i.Value(nil, Options{})); got != "undefined" {
		t.Errorf("a nil value: %s", got)
	}
	if got := Text(i.Error(nil, Options{})); got != "Uncaught undefined" {
		t.Errorf("a nil value: %s", got)
	}
	if got := Text(i.Format([]goja.Value{nil, nil}, Options{})); got != "undefined undefined" {
		t.Errorf("nil values: %s", got)
	}
}

// A broken is an object of the host that panics however it is touched.
type broken struct{}

func (broken) Get(string) goja.Value       { panic("get") }
func (broken) Set(string, goja.Value) bool { panic("set") }
func (broken) Has(string) bool             { panic("has") }
func (broken) Delete(string) bool          { panic("delete") }
func (broken) Keys() []string              { panic("keys") }

func TestBrokenHostObject(t *testing.T) {
	vm, i := newInspector()
	v := vm.ToValue([]any{vm.NewDynamicObject(broken{}), 1})
	if got := Text(i.Value(v, Options{})); got != "[ {}, 1 ]" {
		t.Errorf("got %s", got)
	}
	i.Error(v, Options{})
	i.Format([]goja.Value{vm.ToValue("%j %s %o"), v, v, v}, Options{})
}

// console.log passes strings at its top level through; only their line feeds
// are looked at.
func TestFormatPassesTextThrough(t *testing.T) {
	vm, i := newInspector()
	got := i.Format([]goja.Value{vm.ToValue("\x1b[1m%s\r\n\ttab"), vm.ToValue("\x07"), eval(t, vm, `['\x07']`)}, Options{})
	if want := "\x1b[1m\x07\r\n\ttab [ '\\x07' ]"; Text(got) != want || len(got) != 2 {
		t.Errorf("got %q, want %q", Text(got), want)
	}
	got = i.Format([]goja.Value{eval(t, vm, `'a\ud800b'`)}, Options{})
	if want := "a\uFFFDb"; Text(got) != want {
		t.Errorf("got %q, want %q", Text(got), want)
	}
}

func TestDetachedBuffers(t *testing.T) {
	vm, i := newInspector()
	buffer := vm.NewArrayBuffer([]byte{1, 2})
	if err := vm.Set("buffer", vm.ToValue(buffer)); err != nil {
		t.Fatal(err)
	}
	v := eval(t, vm, `[new Uint8Array(buffer), new DataView(buffer), buffer]`)
	buffer.Detach()
	got := Text(i.Value(v, Options{}))
	if !strings.Contains(got, "(detached)") || !strings.Contains(got, "Uint8Array(0) []") {
		t.Errorf("got %s", got)
	}
}

// One inspector prints many values, and prints them alike.
func TestCallsAreIndependent(t *testing.T) {
	vm, i := newInspector()
	v := eval(t, vm, `(() => { const a = { list: Array(100).fill(Array(100).fill({ n: 1 })) }; a.a = a; return a })()`)
	first := Text(i.Value(v, Options{}))
	for range 3 {
		if Text(i.Value(v, Options{})) != first {
			t.Fatal("the second print differs from the first")
		}
	}
}

func FuzzJSONValues(f *testing.F) {
	for _, seed := range []string{
		`null`, `[1,"a",{"b":[true,null,1e100,-0.5]}]`, `{"":"","a b":[[[[[[1]]]]]],"\u001b":"\ud800"}`,
		`[1,2,3,4,5,6,7,8,9,10,11,12]`, `{"__proto__":{"constructor":{"name":"x"}},"stack":"x","toString":1}`,
		`"line\nline\nline\nline\nline\nline\nline\nline\nline\nline\nline\nline\nline\nline"`,
	} {
		f.Add(seed, 80, 4)
	}
	f.Fuzz(func(t *testing.T, text string, width, depth int) {
		if !json.Valid([]byte(text)) {
			t.Skip()
		}
		vm, i := newInspector()
		v, err := vm.RunString("JSON.parse")
		if err != nil {
			t.Fatal(err)
		}
		parse, _ := goja.AssertFunction(v)
		if v, err = parse(nil, vm.ToValue(text)); err != nil {
			t.Skip()
		}
		options := Options{Width: width, Depth: depth}
		lines := i.Value(v, options)
		for _, line := range append(lines, i.Error(v, options)...) {
			for _, span := range line {
				if !utf8.ValidString(span.Text) || strings.ContainsFunc(span.Text, hidden) {
					t.Fatalf("%q", span.Text)
				}
			}
		}
		i.Format([]goja.Value{vm.ToValue(text), v, v}, options)
		i.Format([]goja.Value{vm.ToValue("%j %s %d %o %i %f"), v, v, v, v, v, v}, options)
	})
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		New(goja.New())
	}
}

func BenchmarkSmallObject(b *testing.B) {
	vm, i := newInspector()
	v := eval(b, vm, `({ id: 1, name: 'Ada', tags: ['a', 'b'], address: { street: 'x', geo: { lat: 1.5, lng: 2 } } })`)
	b.ReportAllocs()
	for b.Loop() {
		i.Value(v, Options{})
	}
}

func BenchmarkNumbers(b *testing.B) {
	vm, i := newInspector()
	v := eval(b, vm, `Array.from({ length: 100 }, (_, i) => i)`)
	b.ReportAllocs()
	for b.Loop() {
		i.Value(v, Options{})
	}
}

func ExampleInspector_Value() {
	vm := goja.New()
	i := New(vm)
	v, _ := vm.RunString(`({ a: [1, 'two'], get b() { return 3 } })`)
	fmt.Println(Text(i.Value(v, Options{})))
	// Output: { a: [ 1, 'two' ], b: [Getter] }
}
