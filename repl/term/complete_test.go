package term_test

import (
	"fmt"
	"strings"
	"testing"

	"httpx-repl/repl/repltest"
	"httpx-repl/repl/term"
)

// from completes the identifier before the cursor from names.
func from(names ...string) func(string, int) term.Completion {
	return func(text string, pos int) term.Completion {
		start := pos
		for start > 0 && !strings.ContainsRune(" .([{", rune(text[start-1])) {
			start--
		}
		c := term.Completion{Start: start}
		for _, name := range names {
			if strings.HasPrefix(name, text[start:pos]) {
				c.Items = append(c.Items, term.Item{Text: name, Kind: "method", Detail: "about " + name})
			}
		}
		return c
	}
}

func TestCompletion(t *testing.T) {
	const tab, backTab, enter = repltest.Tab, repltest.ShiftTab, repltest.Enter
	for _, c := range []struct {
		name string
		keys []string
		want string
	}{
		{"one candidate", []string{"x.hea", tab, "()", enter}, "x.head()"},
		{"none", []string{"x.zzz", tab, enter}, "x.zzz"},
		{"behind wide text", []string{"漢字.hea", tab, enter}, "漢字.head"},
		{"in the middle", []string{"x.hea()", repltest.Left, repltest.Left, tab, enter}, "x.head()"},
		{"the common part", []string{"x.g", tab, enter}, "x.get"},
		{"tab again chooses", []string{"x.g", tab, tab, enter, "()", enter}, "x.get()"},
		{"tab cycles", []string{"x.g", tab, tab, tab, enter, enter}, "x.getAll"},
		{"and around", []string{"x.g", tab, tab, tab, tab, enter, enter}, "x.get"},
		{"shift tab goes back", []string{"x.g", tab, backTab, enter, enter}, "x.getAll"},
		{"typing accepts", []string{"x.g", tab, tab, tab, "(", enter, ")", enter}, "x.getAll(\n)"},
		{"escape goes back", []string{"x.g", tab, tab, tab, repltest.Ctrl('G'), "!", enter}, "x.get!"},
		{"typing narrows", []string{"x.g", tab, "A", tab, "!", enter}, "x.getAll!"},
		{"undo takes it back", []string{"x.hea", tab, repltest.Ctrl('_'), enter}, "x.hea"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, 40, 12, term.EditorConfig{Complete: from("get", "getAll", "head", "post", "patch")})
			if got, err := b.enter(c.keys...); err != nil || got != c.want {
				t.Fatalf("got %q, %v, want %q", got, err, c.want)
			}
		})
	}
}

func TestMenu(t *testing.T) {
	b := newBench(t, 24, 9, term.EditorConfig{Complete: from("get", "getAll", "head\x1b", "post", "patch")})
	done := b.read()
	b.keys.Type("x.", repltest.Tab)
	n := b.screen.WaitText(t, "[1]> x.\n get       post\n getAll    patch\n head\\x1b")
	if n.Row != 0 || n.Col != 7 {
		t.Fatalf("the cursor is at %d, %d", n.Row, n.Col)
	}
	b.keys.Type(repltest.Tab)
	b.screen.WaitText(t, "[1]> x.get\n>get       post\n getAll    patch\n head\\x1b\n method  about get")
	b.keys.Type(repltest.Right, repltest.Down)
	b.screen.WaitHas(t, ">patch")
	b.screen.WaitHas(t, "x.patch")
	b.keys.Type(repltest.Left, repltest.Up, repltest.Up)
	b.screen.WaitHas(t, ">patch")
	b.keys.Type(repltest.Enter)
	b.screen.WaitText(t, "[1]> x.patch")
	b.keys.Type(repltest.Enter)
	if r := wait(t, done); r.text != "x.patch" {
		t.Fatalf("got %q", r.text)
	}
}

func TestLongMenuHasPages(t *testing.T) {
	var names []string
	for i := range 100 {
		names = append(names, fmt.Sprintf("name%02d", i))
	}
	b := newBench(t, 20, 12, term.EditorConfig{Complete: from(names...)})
	done := b.read()
	b.keys.Type("n", repltest.Tab)
	b.screen.WaitHas(t, "1 to 8 of 100")
	b.keys.Type(repltest.ShiftTab)
	b.screen.WaitHas(t, "97 to 100 of 100")
	b.screen.WaitHas(t, "[1]> name99")
	b.keys.Type(repltest.Ctrl('C'))
	wait(t, done)
}

func TestCompletionOutOfRange(t *testing.T) {
	for _, start := range []int{-1, 100} {
		b := newBench(t, 20, 12, term.EditorConfig{Complete: func(string, int) term.Completion {
			return term.Completion{Start: start, Items: []term.Item{{Text: "bad"}}}
		}})
		if got, err := b.enter("ab", repltest.Tab, repltest.Enter); got != "ab" || err != nil {
			t.Fatalf("got %q, %v", got, err)
		}
	}
}

// Callbacks may print: nothing is locked while they run.
func TestCallbacksMayPrint(t *testing.T) {
	var b *bench
	b = newBench(t, 40, 12, term.EditorConfig{
		Complete: func(string, int) term.Completion { b.term.PrintText("completing\n"); return term.Completion{} },
		Hint:     func(text string, pos int) string { b.term.PrintText("hint\n"); return "" },
		Verdict:  func(string) term.Verdict { b.term.PrintText("verdict\n"); return term.Complete },
	})
	if got, err := b.enter("a", repltest.Tab, repltest.Enter); got != "a" || err != nil {
		t.Fatalf("got %q, %v", got, err)
	}
	for _, want := range []string{"completing", "verdict"} {
		if !b.screen.Snapshot().Has(want) {
			t.Errorf("%s is missing", want)
		}
	}
}
