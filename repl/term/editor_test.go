package term_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"httpx-repl/jsbind/inspect"
	"httpx-repl/repl/repltest"
	"httpx-repl/repl/term"
)

// chroma matches with a time limit, whose clock runs on for a second.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/dlclark/regexp2/v2.runClock"))
}

type result struct {
	text string
	err  error
}

// A bench is an editor on a fake terminal, with one Read after the other.
type bench struct {
	t      *testing.T
	screen *repltest.Screen
	keys   *repltest.Keys
	term   *term.Terminal
	editor *term.Editor
	cell   int
}

func brackets(text string) term.Verdict {
	open := strings.Count(text, "{") + strings.Count(text, "(") - strings.Count(text, "}") - strings.Count(text, ")")
	switch {
	case open > 0:
		return term.Incomplete
	case open < 0:
		return term.Invalid
	}
	return term.Complete
}

func newBench(t *testing.T, width, height int, cfg term.EditorConfig) *bench {
	t.Helper()
	b := &bench{t: t, screen: repltest.NewScreen(width, height), keys: repltest.NewKeys(), cell: 1}
	b.term = term.New(term.Options{In: b.keys, Out: b.screen, Size: b.screen.Size, Color: term.Color256, Interactive: true})
	if cfg.Prompt == nil {
		cfg.Prompt = func() (string, string) { return fmt.Sprintf("[%d]> ", b.cell), ".... " }
	}
	if cfg.Verdict == nil {
		cfg.Verdict = brackets
	}
	var err error
	if b.editor, err = term.NewEditor(b.term, cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		b.editor.Close()
		b.keys.Close()
		if foreign := b.screen.Foreign(); len(foreign) > 0 {
			t.Errorf("sent to the terminal: %v", foreign)
		}
	})
	return b
}

func (b *bench) read() <-chan result {
	done := make(chan result, 1)
	go func() {
		text, err := b.editor.Read(context.Background())
		done <- result{text, err}
	}()
	return done
}

// enter types keys and returns what a Read makes of them.
func (b *bench) enter(keys ...string) (string, error) {
	b.t.Helper()
	b.keys.Type(keys...)
	r := wait(b.t, b.read())
	b.cell++
	return r.text, r.err
}

func wait(t *testing.T, done <-chan result) result {
	t.Helper()
	select {
	case r := <-done:
		return r
	case <-time.After(repltest.Patience):
		t.Fatal("Read does not return")
		panic("unreachable")
	}
}

func TestEditing(t *testing.T) {
	const (
		up, down, left, right = repltest.Up, repltest.Down, repltest.Left, repltest.Right
		home, end, enter      = repltest.Home, repltest.End, repltest.Enter
		bs, del               = repltest.Backspace, repltest.Delete
	)
	for _, c := range []struct {
		name string
		keys []string
		want string
	}{
		{"plain", []string{"abc", enter}, "abc"},
		{"unicode", []string{"äß漢字👩‍👩‍👧", enter}, "äß漢字👩‍👩‍👧"},
		{"home and end", []string{"bc", home, "a", end, "d", enter}, "abcd"},
		{"home variants", []string{"d", "\x1b[1~", "c", "\x1b[7~", "b", "\x1bOH", "a", "\x1b[4~", "e", "\x1bOF", "f", "\x1b[8~", "g", enter}, "abcdefg"},
		{"emacs moves", []string{"bd", "\x01", "a", "\x06", "c", "\x05", "e", "\x02\x02", "-", enter}, "abc-de"},
		{"left and backspace over wide", []string{"漢字", left, bs, enter}, "字"},
		{"left over a family", []string{"a👩‍👩‍👧b", left, left, "x", enter}, "ax👩‍👩‍👧b"},
		{"delete a family", []string{"a👩‍👩‍👧b", home, right, del, enter}, "ab"},
		{"backspace a combined letter", []string{"xe\u0301", bs, enter}, "x"},
		{"right over a combined letter", []string{"e\u0301x", home, right, "-", enter}, "e\u0301-x"},
		{"ctrl arrows", []string{"one two three", "\x1b[1;5D", "\x1b[1;3D", "x", "\x1b[1;5C", "y", enter}, "one xtwoy three"},
		{"alt b f d", []string{"one two three", "\x1bb", "\x1bb", "\x1bd", enter}, "one  three"},
		{"alt backspace", []string{"one two", "\x1b\x7f", enter}, "one "},
		{"ctrl w takes to the space", []string{"a b.c", "\x17", "d", enter}, "a d"},
		{"kill and yank", []string{"one two", "\x1bb", "\x0b", home, "\x19", enter}, "twoone "},
		{"ctrl u and yank", []string{"one", "\x15", "two", "\x19", enter}, "twoone"},
		{"transpose", []string{"ab", "\x14", enter}, "ba"},
		{"undo a word", []string{"one", " two", "\x1f", enter}, "one"},
		{"undo all", []string{"one", " two", "\x1f", "\x1f", "x", enter}, "x"},
		{"undo a kill", []string{"one two", "\x15", "\x1f", enter}, "one two"},
		{"control space does nothing", []string{"a\x00b", enter}, "ab"},
		{"unknown sequences do nothing", []string{"a\x1b[15~\x1b[1;2P\x1bOP\x1b[[A\x1b[I\x1b]11;rgb:0/0/0\x07\x1bP1$r\x1b\\b", enter}, "ab"},
		{"a split sequence", []string{"ab", "\x1b", "[", "D", "x", enter}, "axb"},
		{"a split rune", []string{"a\xe6", "\xbc", "\xa2", enter}, "a漢"},
		{"invalid bytes", []string{"a\xff\xc3(b)", enter}, "a\ufffd\ufffd(b)"},
		{"private code points are not keys", []string{"a\U0010f700b", enter}, "a\ufffdb"},
		{"incomplete goes on", []string{"f(", enter, "1)", enter}, "f(\n  1)"},
		{"auto indent and dedent", []string{"if (x) {", enter, "y", enter, "}", enter}, "if (x) {\n  y\n}"},
		{"an empty line ends it", []string{"f(", enter, enter, "?"}, "f("},
		{"enter in the middle submits", []string{"f(1)", home, enter}, "f(1)"},
		{"invalid is submitted", []string{"f)", enter}, "f)"},
		{"alt enter", []string{"a", repltest.AltEnter, "b", enter}, "a\nb"},
		{"shift enter", []string{"a", "\x1b[13;2u", "b", "\x1b[27;2;13~", "c", enter}, "a\nb\nc"},
		{"csi u control", []string{"bc", "\x1b[97;5u", "a", enter}, "abc"},
		{"up and down inside", []string{"abc", repltest.AltEnter, "de", up, "X", down, "Y", enter}, "abXc\ndeY"},
		{"the column is kept", []string{"abcdef", repltest.AltEnter, "x", repltest.AltEnter, "ghijkl", up, up, "!", enter}, "abcdef!\nx\nghijkl"},
		{"home and end of the line", []string{"ab", repltest.AltEnter, "cd", home, "1", up, end, "2", enter}, "ab2\n1cd"},
		{"kill stays in the line", []string{"ab", repltest.AltEnter, "cd", up, home, "\x0b", enter}, "\ncd"},
		{"kill joins an empty line", []string{"ab", repltest.AltEnter, "cd", up, end, "\x0b", enter}, "abcd"},
		{"tab indents a line", []string{"a", repltest.AltEnter, repltest.Tab, "b", enter}, "a\n  b"},
		{"shift tab outdents", []string{"a", repltest.AltEnter, "    b", repltest.ShiftTab, enter}, "a\n  b"},
		{"ctrl d deletes", []string{"abc", home, "\x04", enter}, "bc"},
		{"type ahead", []string{"one" + enter + "two" + enter}, "one"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, 40, 12, term.EditorConfig{})
			if got, err := b.enter(c.keys...); err != nil || got != c.want {
				t.Fatalf("got %q, %v, want %q\n%s", got, err, c.want, b.screen.Snapshot())
			}
		})
	}
}

func TestTypeAheadWaitsForTheNextRead(t *testing.T) {
	b := newBench(t, 40, 12, term.EditorConfig{})
	b.keys.Type("one\rtwo\rthree\r")
	for _, want := range []string{"one", "two", "three"} {
		if got, err := b.enter(); got != want || err != nil {
			t.Fatalf("got %q, %v, want %q", got, err, want)
		}
	}
	b.screen.WaitText(t, "[1]> one\n[2]> two\n[3]> three")
}

func TestEnds(t *testing.T) {
	b := newBench(t, 40, 12, term.EditorConfig{})
	if got, err := b.enter("typed", repltest.Ctrl('C')); got != "" || !errors.Is(err, term.ErrInterrupt) {
		t.Fatalf("Ctrl-C: %q, %v", got, err)
	}
	b.screen.WaitText(t, "[1]> typed^C")
	if got, err := b.enter("next", repltest.Enter); got != "next" || err != nil {
		t.Fatalf("after Ctrl-C: %q, %v", got, err)
	}
	if _, err := b.enter(repltest.Ctrl('D')); err != io.EOF {
		t.Fatalf("Ctrl-D: %v", err)
	}
	if n := b.screen.Snapshot(); n.Paste || n.Hidden {
		t.Fatalf("the terminal was left in %+v", n)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan result, 1)
	go func() {
		text, err := b.editor.Read(ctx)
		done <- result{text, err}
	}()
	b.keys.Type("half")
	b.screen.WaitHas(t, "half")
	cancel()
	if r := wait(t, done); !errors.Is(r.err, context.Canceled) {
		t.Fatalf("cancelled: %v", r.err)
	}
	if got, err := b.enter("again", repltest.Enter); got != "again" || err != nil {
		t.Fatalf("after a cancelled Read: %q, %v", got, err)
	}
	b.keys.Type("lost")
	b.keys.Close()
	if r := wait(t, b.read()); r.err != io.EOF {
		t.Fatalf("the input's end: %v", r.err)
	}
}

func TestCloseWhileReading(t *testing.T) {
	for _, keys := range []string{"", "abc", "abc\x12", "\x1b"} {
		b := newBench(t, 40, 12, term.EditorConfig{})
		done := b.read()
		b.keys.Type(keys)
		b.screen.WaitHas(t, "[1]>")
		b.editor.Close()
		if r := wait(t, done); !errors.Is(r.err, term.ErrClosed) {
			t.Fatalf("got %v", r.err)
		}
		if n := b.screen.Snapshot(); n.Paste || n.Hidden {
			t.Fatalf("the terminal was left in %+v", n)
		}
		if _, err := b.editor.Read(context.Background()); !errors.Is(err, term.ErrClosed) {
			t.Fatalf("after Close: %v", err)
		}
	}
}

func TestCloseWithKeysWaiting(t *testing.T) {
	b := newBench(t, 40, 12, term.EditorConfig{})
	b.keys.Type(strings.Repeat("x", 10000), repltest.Enter, strings.Repeat("y", 10000))
	if r := wait(t, b.read()); len(r.text) != 10000 {
		t.Fatalf("got %d bytes", len(r.text))
	}
	b.editor.Close()
}

func TestDrawing(t *testing.T) {
	b := newBench(t, 12, 6, term.EditorConfig{})
	done := b.read()
	b.screen.WaitText(t, "[1]>")
	b.keys.Type("abcdefg") // fills the row
	b.screen.WaitText(t, "[1]> abcdefg")
	b.screen.WaitCursor(t, 1, 0)
	b.keys.Type("h")
	b.screen.WaitText(t, "[1]> abcdefg\nh")
	b.keys.Type(repltest.Left, repltest.Left)
	b.screen.WaitCursor(t, 0, 11)
	b.keys.Type("漢") // has no room in the last column
	b.screen.WaitText(t, "[1]> abcdef\n漢gh")
	b.screen.WaitCursor(t, 1, 2)
	b.keys.Type(repltest.Ctrl('A'))
	b.screen.WaitCursor(t, 0, 5)
	b.keys.Type(repltest.Ctrl('K'))
	b.screen.WaitText(t, "[1]>")
	b.keys.Type("xe\u0301👩‍👩‍👧y", repltest.Left, repltest.Left)
	b.screen.WaitCursor(t, 0, 7)
	b.keys.Type(repltest.Enter)
	wait(t, done)
}

func TestBlockTallerThanTheScreen(t *testing.T) {
	b := newBench(t, 20, 5, term.EditorConfig{})
	done := b.read()
	var lines []string
	for i := range 30 {
		lines = append(lines, fmt.Sprintf("line%d", i))
	}
	b.keys.Type(repltest.Paste(strings.Join(lines, "\n")))
	b.screen.WaitHas(t, ".... line29")
	for range 20 {
		b.keys.Type(repltest.Up)
	}
	n := b.screen.Wait(t, "line 9 in the window", func(n repltest.Snapshot) bool {
		return n.Has("line9") && !n.Has("line29") && n.Lines[n.Row] == ".... line9"
	})
	if n.Has("[1]>") {
		t.Fatal("the whole block is drawn")
	}
	b.keys.Type("\x1b<")
	b.screen.Wait(t, "the first line", func(n repltest.Snapshot) bool { return n.Has("[1]> line0") })
	b.keys.Type(repltest.Enter)
	if r := wait(t, done); r.text != strings.Join(lines, "\n") {
		t.Fatalf("got %q", r.text)
	}
	transcript := b.screen.Snapshot().Transcript()
	if strings.Count(transcript, "line12\n") != 1 || !strings.HasSuffix(transcript, ".... line29") {
		t.Fatalf("the final block is\n%s", transcript)
	}
}

func TestPrintAbove(t *testing.T) {
	b := newBench(t, 16, 8, term.EditorConfig{})
	done := b.read()
	b.keys.Type("f({", repltest.AltEnter, "abcdefghijklmno")
	b.screen.WaitText(t, "[1]> f({\n....   abcdefghi\njklmno")
	b.term.Print([]inspect.Line{{{Text: "late", Style: inspect.Error}}})
	b.screen.WaitText(t, "late\n[1]> f({\n....   abcdefghi\njklmno")
	b.term.PrintText("half")
	b.term.PrintText("more\x1b[2J\n")
	n := b.screen.WaitText(t, "late\nhalf\nmore\\x1b[2J\n[1]> f({\n....   abcdefghi\njklmno")
	if n.Row != 5 || n.Col != 6 {
		t.Fatalf("the cursor is at %d, %d", n.Row, n.Col)
	}
	b.keys.Type(repltest.Up, "!")
	b.screen.WaitHas(t, "f({!")
	for i := range 20 {
		b.term.PrintText(fmt.Sprintf("out %d\n", i))
	}
	b.screen.WaitText(t, "out 15\nout 16\nout 17\nout 18\nout 19\n[1]> f({!\n....   abcdefghi\njklmno")
	b.keys.Type(repltest.Ctrl('C'))
	wait(t, done)
	b.term.PrintText("open")
	done = b.read()
	b.screen.WaitHas(t, "open\n[1]>")
	b.keys.Type(repltest.Ctrl('D'))
	wait(t, done)
}

func TestResize(t *testing.T) {
	b := newBench(t, 20, 8, term.EditorConfig{})
	done := b.read()
	b.keys.Type("abcdefghijklmnopqrst")
	b.screen.WaitText(t, "[1]> abcdefghijklmno\npqrst")
	b.screen.Resize(30, 8)
	b.term.Resized()
	b.screen.WaitText(t, "[1]> abcdefghijklmnopqrst")
	b.keys.Type("!")
	b.screen.WaitText(t, "[1]> abcdefghijklmnopqrst!")
	b.keys.Type(repltest.Enter)
	wait(t, done)
}

func TestClearScreen(t *testing.T) {
	b := newBench(t, 20, 8, term.EditorConfig{})
	b.term.PrintText("old\n")
	done := b.read()
	b.keys.Type("abc", repltest.Ctrl('L'))
	b.screen.WaitText(t, "[1]> abc")
	b.keys.Type("d", repltest.Enter)
	if r := wait(t, done); r.text != "abcd" {
		t.Fatalf("got %q", r.text)
	}
}

func TestHint(t *testing.T) {
	b := newBench(t, 30, 8, term.EditorConfig{Hint: func(text string, pos int) string {
		if strings.HasSuffix(text[:pos], "get(") {
			return "get(url, options)\x07"
		}
		return ""
	}})
	done := b.read()
	b.keys.Type("get(")
	n := b.screen.WaitText(t, "[1]> get(\nget(url, options)\\x07")
	if n.Row != 0 || n.Col != 9 {
		t.Fatalf("the cursor is at %d, %d", n.Row, n.Col)
	}
	b.keys.Type("1)")
	b.screen.WaitText(t, "[1]> get(1)")
	b.keys.Type(repltest.Enter)
	wait(t, done)
}

func TestLoneEscape(t *testing.T) {
	b := newBench(t, 60, 8, term.EditorConfig{})
	done := b.read()
	b.keys.Type("a", repltest.Ctrl('R'))
	b.screen.WaitHas(t, "search: ")
	b.keys.Type(repltest.Escape)
	b.screen.WaitText(t, "[1]> a")
	b.keys.Type(repltest.Enter)
	if r := wait(t, done); r.text != "a" || r.err != nil {
		t.Fatalf("got %q, %v", r.text, r.err)
	}
}

func TestVi(t *testing.T) {
	for _, c := range []struct {
		keys []string
		want string
	}{
		{[]string{"abc", "\x1b", "h", "x", "i", "Z", "\r"}, "aZc"},
		{[]string{"one two", "\x1b", "0", "d", "w", "\r"}, " two"},
		{[]string{"one two", "\x1b", "b", "c", "w", "X", "\r"}, "one X"},
		{[]string{"ab", "\x1b", "I", "-", "\x1b", "A", "+", "\r"}, "-ab+"},
		{[]string{"ab", "\x1b", "e", "e", "e", "a", "!", "\r"}, "ab!"},
		{[]string{"abc", "\x1b", "0", "r", "X", "\r"}, "Xbc"},
		{[]string{"abc def", "\x1b", "0", "f", "d", "x", "u", "\r"}, "abc def"},
	} {
		b := newBench(t, 30, 8, term.EditorConfig{Vi: true, EscapeTimeout: time.Millisecond})
		if got, err := b.enter(c.keys...); got != c.want || err != nil {
			t.Errorf("%q: got %q, %v, want %q", c.keys, got, err, c.want)
		}
		if got, err := b.enter("plain", "\r"); got != "plain" || err != nil {
			t.Errorf("the next line: %q, %v", got, err)
		}
	}
}

func TestDumbTerminal(t *testing.T) {
	screen, keys := repltest.NewScreen(40, 10), repltest.NewKeys()
	tm := term.New(term.Options{In: keys, Out: screen, Size: screen.Size, Interactive: true, Dumb: true})
	e, err := term.NewEditor(tm, term.EditorConfig{Verdict: brackets, Prompt: func() (string, string) { return "> ", ". " }})
	if err != nil {
		t.Fatal(err)
	}
	defer keys.Close()
	defer e.Close()
	keys.Type("f(\n", "1)\nrest\nf(\n", "\n")
	for _, want := range []string{"f(\n1)", "rest", "f("} {
		if got, err := e.Read(context.Background()); got != want || err != nil {
			t.Fatalf("got %q, %v, want %q", got, err, want)
		}
	}
	keys.Close()
	if _, err := e.Read(context.Background()); err != io.EOF {
		t.Fatalf("at the end: %v", err)
	}
}
