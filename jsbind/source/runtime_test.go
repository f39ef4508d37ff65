package source

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dop251/goja"
)

// TestInterruptsReachEveryLoopAndFunction: Check throws on its third call, and
// the cell must feel it; the cells would otherwise never end.
func TestInterruptsReachEveryLoopAndFunction(t *testing.T) {
	for _, src := range []string{
		"for (;;) ;", "while (true) {}", "do ; while (true)", "for (const x of (function* () { for (;;) yield 1 })()) ;",
		"const o = {}; for (;;) for (const k in { a: 1 }) ;", "a: for (;;) continue a", "const f = () => f(); f()",
		"const g = x => g(x); g(1)", "function h() { h() } h()", "({ m() { this.m() } }).m()", "({ get g() { return this.g } }).g",
		"class A { constructor() { new A() } } new A()", "class B extends Object { constructor() { new B(); super() } } new B()",
		"class C { static s() { C.s() } } C.s()", "const as = async () => { await as() }; await as()", "for (;;) await 0",
		"async function* ag() { for (;;) yield 1 } for await (const x of ag()) ;", "class D { static { for (;;) ; } }",
		"class E { f = (() => { for (;;) ; })() } new E()", "const sort = [3, 2, 1].map(() => { for (;;) ; })",
	} {
		s := newSession(t)
		s.stopAfter = 3
		done := time.AfterFunc(5*time.Second, func() { s.vm.Interrupt("hung") })
		if got := s.run(src); !strings.HasPrefix(got, "throws TypeError: interrupted") {
			t.Errorf("%s gave %s", src, got)
		}
		done.Stop()
		if got := s.run("await 1"); got != "1" {
			t.Errorf("after %s the session gives %s", src, got)
		}
	}
}

func TestInterruptRunsFinally(t *testing.T) {
	s := newSession(t)
	s.stopAfter = 3
	if got := s.run("var cleaned = false; try { for (;;) ; } finally { cleaned = true }"); !strings.Contains(got, "interrupted @1:28") {
		t.Error(got)
	}
	if got := s.run("cleaned"); got != "true" {
		t.Error(got)
	}
}

func TestChecksLeaveTheSourceOfFunctionsAlone(t *testing.T) {
	s := newSession(t)
	want := `"x => { for (;;) { break } return x }"`
	if got := s.run("String(x => { for (;;) { break } return x })"); got != want {
		t.Error(got)
	}
}

// An abandoned cell may go on long after End; its names are not its own any more.
func TestAnAbandonedCellCannotInitialise(t *testing.T) {
	s := newSession(t)
	_ = s.vm.Set("gate", func(call goja.FunctionCall) goja.Value {
		p, resolve, _ := s.vm.NewPromise()
		_ = s.vm.Set("open", func() { _ = resolve(1) })
		return s.vm.ToValue(p)
	})
	if got := s.run("let x = await gate(); const y = 2"); got != "pending" {
		t.Fatal(got)
	}
	if got := s.run("x"); got != "throws ReferenceError: x is not defined @1:1" {
		t.Error(got)
	}
	if _, known := s.names.Kind("y"); known {
		t.Error("y is still known")
	}
	if got := s.run("const x = 7"); got != "(none)" {
		t.Error(got)
	}
	if got := s.run("open()"); got != "undefined" {
		t.Error(got)
	}
	if got := s.run("[x, typeof y]"); got != `[7,"undefined"]` {
		t.Error(got)
	}
}

func TestBeginRefusesWhatWasDeclaredSinceCompile(t *testing.T) {
	s := newSession(t)
	cell, err := Compile("c1", "let x = 1", s.names)
	if err != nil {
		t.Fatal(err)
	}
	s.run("const x = 2")
	if err := cell.Begin(s.vm); err == nil {
		t.Error("let took the place of const")
	}
	cell.End(s.vm)
	if got := s.run("x"); got != "2" {
		t.Error(got)
	}
}

func TestReleaseGivesANameBack(t *testing.T) {
	s := newSession(t)
	s.run("const client = 1")
	Release(s.vm, s.names, "client")
	_ = s.vm.Set("client", "tool")
	if got := s.run("client"); got != `"tool"` {
		t.Error(got)
	}
	if got := s.run("let client = 2; client = 3; client"); got != "3" {
		t.Error(got)
	}
}

func TestUsingIsHandedToTheHost(t *testing.T) {
	s := newSession(t)
	s.run("using a = { [Symbol.dispose]() {} }; await using b = { [Symbol.dispose]() {} }, c = null")
	if got := strings.Join(s.using, " "); got != "a:false b:true c:true" {
		t.Error(got)
	}
}

func TestCellFacts(t *testing.T) {
	for _, test := range []struct {
		src             string
		awaits, lowered bool
		declared        string
	}{
		{"1", false, false, ""},
		{"await 1", true, false, ""},
		{"async () => await 1", false, false, ""},
		{"let a: number = 1; function b() {}", false, true, "let a, function b"},
		{"for await (const x of y) ; var z", true, true, "var z"},
		{"import d, * as ns from 'm'", true, false, "const d, const ns"},
		{"using u = x; const { c, d: [e] } = {}; class F {}", false, false, "using u, const c, const e, class F"},
	} {
		cell, err := Compile("c1", test.src, NewNames())
		if err != nil {
			t.Error(err)
			continue
		}
		var declared []string
		for _, n := range cell.Declared {
			declared = append(declared, n.Kind.String()+" "+n.Name)
		}
		if cell.Awaits != test.awaits || cell.Lowered != test.lowered || strings.Join(declared, ", ") != test.declared {
			t.Errorf("%s: %+v", test.src, cell)
		}
	}
}

// A FIFO named in a sourceMappingURL would block whoever opens it.
func TestSourceMapCommentsOpenNothing(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "map")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Skip(err)
	}
	comment := "\n//# sourceMappingURL=" + fifo
	s := newSession(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, src := range []string{"1" + comment, "let x: number = 1" + comment, "eval('1' + " + quote(comment) + ")",
			"new Function('return 1' + " + quote(comment) + ")()", "for (" + comment, "1" + comment + "\n})"} {
			s.run(src)
		}
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		f, _ := os.OpenFile(fifo, os.O_RDWR, 0)
		defer f.Close()
		t.Fatal("something opened the file")
	}
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "\n", `\n`) + "'" }

func TestWarm(t *testing.T) {
	Warm()
	if got := newSession(t).run("let x: number = 1; x"); got != "1" {
		t.Error(got)
	}
}
