package jsbind

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/dop251/goja"

	"httpx-repl/jsbind/inspect"
)

// jsonTexts are valid and invalid texts; what each means is what JSON.parse says.
var jsonTexts = []string{
	`1`, `-0`, `0`, `-12`, `1.5`, `1e3`, `1E-3`, `-1.25e+2`, `123456789012345`, `1234567890123456789`, `5e-324`,
	`01`, `1.`, `.5`, `+1`, `-`, `1e`, `0x1`, `NaN`, `Infinity`,
	`"a"`, `""`, `"é日本😀"`, `"\u00e9\ud83d\ude00\n\t\"\\\/\b\f\r"`, `"\u12"`, `"\x41"`, `"a`, "\"\n\"", "\"\x01\"",
	`true`, `false`, `null`, `tru`, `nulll`, `truefalse`,
	`[]`, `[1]`, `[1,2,[3,[]]]`, `[1,]`, `[,1]`, `[1 2]`, `[`, `]`,
	`{}`, `{"a":1}`, `{"a":{"b":[true,null]}}`, `{"a":1,"a":2}`, `{"__proto__":{"x":1}}`, `{"\u0061":1}`, `{"2":1,"1":2,"b":3}`, `{"a":1,}`, `{a:1}`,
	`{"a" 1}`, `{"a":}`, `{`, ` { "a" : [ 1 , 2 ] } `, "\ufeff1", ``, ` `, `1 2`, `{"toString":1,"constructor":2}`, `{"a":"x\u0000y"}`,
}

// jsonAsSpecified are texts that ECMAScript takes and goja's JSON.parse refuses or spoils, with what they are.
var jsonAsSpecified = map[string]string{`1e400`: "Infinity", `-1e400`: "-Infinity", `"\ud800"`: `'\ud800'`, `"\udc00x"`: `'\udc00x'`}

var gojaDiffers = regexp.MustCompile(`(?i)\\ud[89a-f]|[0-9]e\+?[0-9]{3}|[0-9]{300}`)

func jsonRuntime(t testing.TB) *Runtime {
	rt := &Runtime{vm: goja.New()}
	rt.takeIntrinsics()
	rt.inspect = inspect.New(rt.vm)
	return rt
}

func checkJSON(t *testing.T, rt *Runtime, text string) {
	want, wantErr := rt.jsonParse(goja.Undefined(), rt.vm.ToValue(text))
	got, err := rt.parseBody([]byte(text))
	if err != nil {
		if wantErr == nil && !strings.Contains(text, `\`) && len(text) < maxDepth { // escaped names are left to JSON.parse
			t.Errorf("%q is refused, but it is JSON", text)
		}
		return
	}
	if wantErr != nil {
		t.Fatalf("%q is taken, but JSON.parse says %v", text, wantErr)
	}
	show := func(v goja.Value) string {
		return inspect.Text(rt.inspect.Value(v, inspect.Options{Depth: inspect.Unlimited}))
	}
	if show(got) != show(want) {
		t.Errorf("%q gives %s, JSON.parse %s", text, show(got), show(want))
	}
}

func TestParseBodyIsJSONParse(t *testing.T) {
	rt := jsonRuntime(t)
	for _, text := range jsonTexts {
		checkJSON(t, rt, text)
	}
	for text, want := range jsonAsSpecified {
		v, err := rt.parseBody([]byte(text))
		if err != nil {
			t.Errorf("%q is refused: %v", text, err)
		} else if got := inspect.Text(rt.inspect.Value(v, inspect.Options{})); got != want {
			t.Errorf("%q gives %s, want %s", text, got, want)
		}
	}
	if _, err := rt.parseBody([]byte(strings.Repeat("[", maxDepth+1))); err == nil {
		t.Error("deep nesting is taken")
	}
}

func TestParseBodyRunsNoSetters(t *testing.T) {
	rt := jsonRuntime(t)
	if _, err := rt.vm.RunString(`var ran = false; Object.defineProperty(Object.prototype, 'id', {set() { ran = true }, configurable: true})`); err != nil {
		t.Fatal(err)
	}
	v, err := rt.parseBody([]byte(`{"id": 7}`))
	if err != nil {
		t.Fatal(err)
	}
	if rt.vm.Get("ran").ToBoolean() || v.ToObject(rt.vm).Get("id").ToInteger() != 7 {
		t.Error("a setter of the prototype took the member")
	}
}

func FuzzParseBody(f *testing.F) {
	for _, text := range jsonTexts {
		f.Add(text)
	}
	rt := jsonRuntime(f)
	f.Fuzz(func(t *testing.T, text string) {
		if utf8.ValidString(text) && len(text) < 10_000 && !gojaDiffers.MatchString(text) {
			checkJSON(t, rt, text)
		}
	})
}

func BenchmarkParseBody(b *testing.B) {
	rt := jsonRuntime(b)
	text := []byte(`{"id": 1, "name": "Ada Lovelace", "langs": ["analytical engine"], "born": 1815.5}`)
	b.Run("straight", func(b *testing.B) {
		for range b.N {
			if _, err := rt.parseBody(text); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("JSON.parse", func(b *testing.B) {
		for range b.N {
			if _, err := rt.jsonParse(goja.Undefined(), rt.vm.ToValue(string(text))); err != nil {
				b.Fatal(err)
			}
		}
	})
}
