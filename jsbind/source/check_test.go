package source

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	data, err := os.ReadFile("testdata/check.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n")[1:] {
		want, quoted, _ := strings.Cut(line, "\t")
		src, err := strconv.Unquote(quoted)
		if err != nil {
			t.Fatal(line, err)
		}
		verdict, err := Check(src)
		if verdict.String() != want || (err == nil) != (verdict == Complete) {
			t.Errorf("%q is %v (%v), want %s", src, verdict, err, want)
		}
	}
}

func TestErrorWordingAndPlace(t *testing.T) {
	for _, test := range []struct{ src, message, excerpt, hint string }{
		{"foo)", "Unexpected token ')'", "foo)\n   ^", ""},
		{"x = [1,\n  2 3]", "Unexpected number", "  2 3]\n    ^", "expected ']'"},
		{"foo(1 2)", "missing ) after argument list", "foo(1 2)\n      ^", ""},
		{"a b", "Unexpected identifier 'b'", "a b\n  ^", ""},
		{"if (x) }", "Unexpected token '}'", "if (x) }\n       ^", ""},
		{"[1].map(x => await x)", "await is only valid in async functions and the top level bodies of modules",
			"[1].map(x => await x)\n             ^^^^^", "make the arrow function async"},
		{"function f() { await 1 }", "await is only valid in async functions and the top level bodies of modules",
			"function f() { await 1 }\n               ^^^^^", "make the enclosing function async"},
		{"let s = 'abc", "Invalid or unexpected token", "let s = 'abc\n            ^", "the string is not closed on its line; use `…` for text of several lines"},
		{"'😀' 5", "Unexpected number", "'😀' 5\n    ^", ""},
		{"\tlet q; let q", "Identifier 'q' has already been declared", "\tlet q; let q\n\t           ^", ""},
		{"return", "Illegal return statement", "return\n^", "a cell's value is that of its last expression"},
	} {
		_, err := Compile("c1", test.src, NewNames())
		e, ok := err.(*Error)
		if !ok {
			t.Errorf("%q: %v", test.src, err)
			continue
		}
		if e.Message != test.message || e.Excerpt(test.src) != test.excerpt || e.Hint != test.hint || e.Cell != "c1" {
			t.Errorf("%q:\n%s\n%s\nhint %q", test.src, e, e.Excerpt(test.src), e.Hint)
		}
	}
}

func TestExcerptOfALongLine(t *testing.T) {
	src := strings.Repeat("a + ", 200) + "b c" + strings.Repeat(" + d", 200)
	_, err := Compile("c1", src, NewNames())
	line, caret, _ := strings.Cut(err.(*Error).Excerpt(src), "\n")
	at := strings.IndexByte(caret, '^')
	if len([]rune(line)) > 130 || []rune(line)[at] != 'c' {
		t.Errorf("%s\n%s", line, caret)
	}
}

func FuzzCompile(f *testing.F) {
	for _, seed := range []string{"let x = 1", "for await (const x of y) x", "{ a: 1 }", "import a, {b} from 'c'", "`${a}`", "using x = y",
		"class A { static { this.#x } #x }", "a => b => c", "if (a) b; else c", "/[a/]/u", "enum A { B }", "@d class C {}", "'use strict'; x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, src string) {
		verdict, err := Check(src)
		if (err == nil) != (verdict == Complete) {
			t.Fatalf("%q: %v, %v", src, verdict, err)
		}
		if e, ok := err.(*Error); ok {
			_ = e.Excerpt(src)
			if strings.HasPrefix(e.Message, compilerBug) {
				t.Fatalf("%q: %v", src, err)
			}
			if lines := len(splitLines(src)); e.Line > lines {
				t.Fatalf("%q: line %d of %d", src, e.Line, lines)
			}
		} else if err != nil {
			t.Fatalf("%q: %T", src, err)
		}
	})
}

func BenchmarkCompilePlain(b *testing.B) {
	names := NewNames()
	for b.Loop() {
		if _, err := Compile("c1", "const r = await client.get('https://example.org/'); r.status", names); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompileLowered(b *testing.B) {
	names := NewNames()
	for b.Loop() {
		if _, err := Compile("c1", "const acc: number[] = []\nfor await (const x of g()) acc.push(x)\nacc.join()", names); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGuard(b *testing.B) {
	src := strings.Repeat("const a = f(1, [2, 3], { b: `x ${y}` }) // comment\n", 1000)
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		if err := Guard(src); err != nil {
			b.Fatal(err)
		}
	}
}

// A million turns of a loop, each with its check and two session variables.
func BenchmarkLoop(b *testing.B) {
	s := newSession(b)
	for b.Loop() {
		if got := s.run("let sum = 0; for (let i = 0; i < 1e6; i++) { sum += i } sum"); got != "499999500000" {
			b.Fatal(got)
		}
	}
}
