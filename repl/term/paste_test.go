package term_test

import (
	"fmt"
	"strings"
	"testing"

	"httpx-repl/repl/repltest"
	"httpx-repl/repl/term"
)

func TestPaste(t *testing.T) {
	for _, c := range []struct{ name, paste, want string }{
		{"one unit, not run", "f(1)\ng(2)\n\nh(3)", "f(1)\ng(2)\n\nh(3)"},
		{"tabs and unicode stay", "a\tb 漢字 👩‍👩‍👧", "a\tb 漢字 👩‍👩‍👧"},
		{"control characters are text", "a\x03\x04\x1b[2J\x12\x00\x15b", "a\x03\x04\x1b[2J\x12\x00\x15b"},
		{"carriage returns are lines", "a\rb\nc", "a\nb\nc"},
		{"node prompts", "> f(1)\n> g()", "f(1)\ng()"},
		{"python prompts", ">>> f(\n... 1)\n>>> x", "f(\n1)\nx"},
		{"own prompts", "httpx [3]> f({\n     ...   a: 1\n     ... })", "f({\n  a: 1\n})"},
		{"a line without a prompt keeps them all", "> f(1)\nresult", "> f(1)\nresult"},
		{"a spread is not a prompt", "f(\n...args)", "f(\n...args)"},
		{"invalid bytes", "a\xffb", "a\ufffdb"},
		{"a keyword of ours", "\U0010f703", "\ufffd"},
		{"empty", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, 60, 12, term.EditorConfig{})
			if got, err := b.enter("<", repltest.Paste(c.paste), ">", repltest.Enter); err != nil || got != "<"+c.want+">" {
				t.Fatalf("got %q, %v, want %q", got, err, "<"+c.want+">")
			}
		})
	}
}

func TestPasteInPieces(t *testing.T) {
	b := newBench(t, 60, 12, term.EditorConfig{})
	var pieces []string
	for _, c := range []byte(repltest.Paste("漢\x1b[201x\x1b[2\n字")) {
		pieces = append(pieces, string([]byte{c}))
	}
	if got, _ := b.enter(append(pieces, repltest.Enter)...); got != "漢\x1b[201x\x1b[2\n字" {
		t.Fatalf("got %q", got)
	}
	if got, _ := b.enter("\x1b[200~a\r\nb\x1b[201~", repltest.Enter); got != "a\nb" {
		t.Fatalf("got %q", got)
	}
}

func TestPasteIsOneUndo(t *testing.T) {
	b := newBench(t, 60, 12, term.EditorConfig{})
	if got, _ := b.enter("a ", repltest.Paste("one\ntwo"), repltest.Ctrl('_'), "b", repltest.Enter); got != "a b" {
		t.Fatalf("got %q", got)
	}
}

func TestPasteHook(t *testing.T) {
	b := newBench(t, 60, 12, term.EditorConfig{Paste: strings.ToUpper})
	if got, _ := b.enter(repltest.Paste("> curl x"), repltest.Enter); got != "CURL X" {
		t.Fatalf("got %q", got)
	}
}

func TestPasteWithoutAnEnd(t *testing.T) {
	b := newBench(t, 60, 12, term.EditorConfig{})
	_, err := b.enter("\x1b[200~lost", repltest.Ctrl('C'))
	if err != term.ErrInterrupt {
		t.Fatalf("got %v", err)
	}
}

func TestPastedControlsAreDrawnVisibly(t *testing.T) {
	b := newBench(t, 60, 12, term.EditorConfig{})
	done := b.read()
	b.keys.Type(repltest.Paste("a\x1b[2Jb\u202ec\x07"))
	n := b.screen.WaitText(t, `[1]> a\x1b[2Jb\u202ec\x07`)
	if n.Col != len(`[1]> a\x1b[2Jb\u202ec\x07`) {
		t.Fatalf("the cursor is at %d", n.Col)
	}
	b.keys.Type(repltest.Left)
	b.screen.WaitCursor(t, 0, len(`[1]> a\x1b[2Jb\u202ec`))
	b.keys.Type(repltest.Enter)
	wait(t, done)
}

// big is 10,000 lines, 1 MB.
func big() string {
	var b strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&b, "const line%05d = await client.get(`https://example.org/${%05d}`, { headers: { a: '%05d' }, timeout: 5.0 });\n", i, i, i)
	}
	return b.String()
}

func TestBigPaste(t *testing.T) {
	b := newBench(t, 80, 24, term.EditorConfig{Highlight: term.NewHighlighter().Highlight})
	text := big()
	if len(text) < 1<<20 {
		t.Fatalf("only %d bytes", len(text))
	}
	got, err := b.enter(repltest.Paste(text), "x", repltest.Up, "y", repltest.Enter)
	want := strings.TrimSuffix(text, "\n")
	want = want[:len(want)-len(want[strings.LastIndexByte(want, '\n')+1:])] + "c" + "y" + want[strings.LastIndexByte(want, '\n')+2:] + "\nx"
	if err != nil || got != want {
		t.Fatalf("%d bytes, %v, want %d", len(got), err, len(want))
	}
	if n := b.screen.Snapshot(); n.Bytes > 1<<20 {
		t.Fatalf("%d bytes were sent to the screen", n.Bytes)
	}
}

func BenchmarkBigPaste(b *testing.B) {
	text := repltest.Paste(big())
	for b.Loop() {
		screen, keys := repltest.NewScreen(80, 24), repltest.NewKeys()
		tm := term.New(term.Options{In: keys, Out: screen, Size: screen.Size, Color: term.Color256, Interactive: true})
		e, err := term.NewEditor(tm, term.EditorConfig{Highlight: term.NewHighlighter().Highlight})
		if err != nil {
			b.Fatal(err)
		}
		keys.Type(text, repltest.Enter)
		if _, err := e.Read(b.Context()); err != nil {
			b.Fatal(err)
		}
		e.Close()
		keys.Close()
	}
}

// BenchmarkKey is one key in a cell of 6 KB, from the key to the drawn screen.
func BenchmarkKey(b *testing.B) {
	screen, keys := repltest.NewScreen(120, 50), repltest.NewKeys()
	tm := term.New(term.Options{In: keys, Out: screen, Size: screen.Size, Color: term.Color256, Interactive: true})
	e, err := term.NewEditor(tm, term.EditorConfig{Highlight: term.NewHighlighter().Highlight})
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan error)
	go func() { _, err := e.Read(b.Context()); done <- err }()
	keys.Type(repltest.Paste(big()[:6<<10]))
	at := func(x bool) func(repltest.Snapshot) bool {
		return func(n repltest.Snapshot) bool { return strings.HasSuffix(n.Lines[n.Row], "#") == x }
	}
	for b.Loop() {
		keys.Type("#")
		screen.Wait(b, "the key", at(true))
		keys.Type(repltest.Backspace)
		screen.Wait(b, "its removal", at(false))
	}
	e.Close()
	keys.Close()
	<-done
}
