package source

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dop251/goja"
)

// A session runs cells as the runtime does.
type session struct {
	t         testing.TB
	vm        *goja.Runtime
	names     *Names
	cells     int
	checks    int
	stopAfter int // Check throws when checks reaches it, 0 never
	using     []string
	inspect   goja.Callable
}

func newSession(t testing.TB) *session {
	s := &session{t: t, vm: goja.New(), names: NewNames()}
	s.vm.SetMaxCallStackSize(2000)
	err := Install(s.vm, Host{
		Check: func() goja.Value {
			if s.checks++; s.stopAfter > 0 && s.checks >= s.stopAfter {
				s.stopAfter = 0
				return s.vm.NewTypeError("interrupted")
			}
			return nil
		},
		Using: func(value goja.Value, async bool, name string) goja.Value {
			s.using = append(s.using, fmt.Sprintf("%s:%v", name, async))
			return nil
		},
		Import: func(specifier, referrer string, options goja.Value) goja.Value {
			p, resolve, reject := s.vm.NewPromise()
			if specifier == "missing" {
				_ = reject(s.vm.NewTypeError("no module " + specifier))
				return s.vm.ToValue(p)
			}
			_ = resolve(map[string]any{"default": "default of " + specifier, "a": 1, "b": 2, "from": referrer})
			return s.vm.ToValue(p)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	v, err := s.vm.RunString(`(function show(v) {
		if (typeof v === "function") return (/^class/.test(String(v)) ? "[class " : "[Function ") + v.name + "]";
		if (typeof v === "string") return JSON.stringify(v);
		if (v instanceof Promise) return "Promise";
		if (v instanceof Error) return v.name + ": " + v.message;
		if (typeof v === "symbol") return v.toString();
		if (typeof v === "object" && v !== null) return JSON.stringify(v);
		return Object.is(v, -0) ? "-0" : String(v);
	})`)
	if err != nil {
		t.Fatal(err)
	}
	s.inspect, _ = goja.AssertFunction(v)
	return s
}

func (s *session) show(v goja.Value) string {
	shown, err := s.inspect(goja.Undefined(), v)
	if err != nil {
		return err.Error()
	}
	return shown.String()
}

// run evaluates a cell and describes what came of it in one line.
func (s *session) run(src string) string {
	s.cells++
	cell, err := Compile(fmt.Sprintf("c%d", s.cells), src, s.names)
	if err != nil {
		return describe(err)
	}
	if err := cell.Begin(s.vm); err != nil {
		return describe(err)
	}
	defer cell.End(s.vm)
	v, err := s.vm.RunProgram(cell.Program)
	if err != nil {
		return "uncaught " + err.Error()
	}
	p := v.Export().(*goja.Promise)
	switch p.State() {
	case goja.PromiseStateRejected:
		return "throws " + s.show(p.Result()) + position(p.Result())
	case goja.PromiseStatePending:
		return "pending"
	}
	value, ok := Result(p.Result())
	if !ok {
		return "(none)"
	}
	return s.show(value)
}

func describe(err error) string {
	var e *Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	return fmt.Sprintf("SyntaxError: %s @%d:%d", e.Message, e.Line, e.Column)
}

// position returns " @line:column" of the innermost frame in a cell.
func position(v goja.Value) string {
	o, ok := v.(*goja.Object)
	if !ok || o.Get("stack") == nil {
		return ""
	}
	for _, line := range strings.Split(o.Get("stack").String(), "\n")[1:] {
		i := strings.LastIndex(line, " ")
		at := strings.Trim(line[i+1:], "()")
		parts := strings.Split(at, ":")
		if len(parts) >= 3 && strings.HasPrefix(parts[0], "c") {
			return " @" + parts[1] + ":" + strings.SplitN(parts[2], "(", 2)[0]
		}
	}
	return ""
}

// TestCells runs testdata/*.cells. A story starts with "== title" and a fresh
// session. A cell is the lines from "> " on (further lines start with "| "); the
// line "< …" after it is what it gives, as session.run describes it. Lines that
// start with # are comments. "\e" in a cell is nothing, so that a line can end
// in white space.
func TestCells(t *testing.T) {
	files, err := filepath.Glob("testdata/*.cells")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, story := range strings.Split("\n"+string(data), "\n== ")[1:] {
			title, body, _ := strings.Cut(story, "\n")
			t.Run(filepath.Base(file)+"/"+title, func(t *testing.T) {
				runStory(t, body)
			})
		}
	}
}

func runStory(t *testing.T, body string) {
	s := newSession(t)
	var cell []string
	for _, line := range strings.Split(body, "\n") {
		switch {
		case strings.HasPrefix(line, "> "):
			cell = []string{line[2:]}
		case strings.HasPrefix(line, "|"):
			cell = append(cell, strings.TrimPrefix(line[1:], " "))
		case strings.HasPrefix(line, "< "):
			src := strings.ReplaceAll(strings.Join(cell, "\n"), `\e`, "")
			if got := s.run(src); got != line[2:] {
				t.Errorf("cell:\n%s\n got %s\nwant %s", src, got, line[2:])
			}
		case line == "" || strings.HasPrefix(line, "#"):
		default:
			t.Fatalf("cannot read line %q", line)
		}
	}
}
