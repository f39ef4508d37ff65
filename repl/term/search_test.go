package term_test

import (
	"testing"

	"httpx-repl/repl/repltest"
	"httpx-repl/repl/term"
)

func remembered(entries ...string) *term.History {
	h := term.OpenHistory(term.HistoryOptions{})
	for _, entry := range entries {
		h.Add(entry)
	}
	return h
}

func TestHistoryKeys(t *testing.T) {
	const up, down, enter = repltest.Up, repltest.Down, repltest.Enter
	old := []string{"first", "if (x) {\n  deep\n}", "last"}
	for _, c := range []struct {
		name string
		keys []string
		want string
	}{
		{"up", []string{up, enter}, "last"},
		{"a whole block", []string{up, up, enter}, "if (x) {\n  deep\n}"},
		{"moves inside it first", []string{up, up, up, "!", enter}, "if (x) {\n ! deep\n}"},
		{"through a block", []string{up, up, up, up, up, enter}, "first"},
		{"stops at the oldest", []string{up, up, up, up, up, up, up, enter}, "first"},
		{"down again", []string{up, up, down, enter}, "last"},
		{"what was typed comes back", []string{"new", up, down, "!", enter}, "new!"},
		{"emacs keys", []string{"\x10", "\x10", "\x0e", enter}, "last"},
		{"search", []string{"\x12", "deep", enter}, "if (x) {\n  deep\n}"},
		{"search ignores case", []string{"\x12", "de", repltest.Backspace, repltest.Backspace, "fir", enter}, "first"},
		{"search older", []string{"\x12", "s", "\x12", enter}, "first"},
		{"search newer", []string{"\x12", "s", "\x12", "\x13", enter}, "last"},
		{"search then edit", []string{"\x12", "las", repltest.End, "!", enter}, "last!"},
		{"search at the match", []string{"\x12", "as", repltest.Delete, enter}, "lst"},
		{"search given up", []string{"typed", "\x12", "fir", "\x07", "!", enter}, "typed!"},
		{"search and Ctrl-C", []string{"typed", "\x12", "fir", "\x03", "!", enter}, "typed!"},
		{"search fails", []string{"typed", "\x12", "zzz", enter}, "typed"},
		{"search takes a paste", []string{"\x12", repltest.Paste("irs\nx"), enter}, "first"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, 70, 12, term.EditorConfig{History: remembered(old...)})
			if got, err := b.enter(c.keys...); err != nil || got != c.want {
				t.Fatalf("got %q, %v, want %q\n%s", got, err, c.want, b.screen.Snapshot())
			}
		})
	}
}

func TestHistoryGrowsWithTheSession(t *testing.T) {
	b := newBench(t, 70, 12, term.EditorConfig{History: remembered("old")})
	for _, step := range []struct {
		keys []string
		want string
	}{
		{[]string{"one\r"}, "one"},
		{[]string{repltest.Up, "\r"}, "one"},
		{[]string{" secret token\r"}, " secret token"},
		{[]string{repltest.Up, repltest.Up, "\r"}, "one"},
		{[]string{repltest.Up, repltest.Up, repltest.Up, "2\r"}, "one2"},
		{[]string{"\r"}, ""},
		{[]string{repltest.Up, "\r"}, "one2"},
		{[]string{repltest.Up, repltest.Up, repltest.Up, repltest.Up, repltest.Up, repltest.Up, "\r"}, "old"},
		{[]string{"\x12", "sec", "\r"}, " secret token"},
	} {
		if got, err := b.enter(step.keys...); got != step.want || err != nil {
			t.Fatalf("%q: got %q, %v, want %q", step.keys, got, err, step.want)
		}
	}
	// A dropped input goes back to the newest entry.
	b.enter(repltest.Up, repltest.Up, repltest.Ctrl('C'))
	if got, _ := b.enter(repltest.Up, "\r"); got != " secret token" {
		t.Fatalf("after Ctrl-C: %q", got)
	}
}

func TestHistoryWithoutEntries(t *testing.T) {
	b := newBench(t, 70, 12, term.EditorConfig{History: remembered()})
	for _, keys := range [][]string{{repltest.Up, repltest.Down, "a\r"}, {"\r"}, {repltest.Up, "\r"}} {
		if _, err := b.enter(keys...); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := b.enter(repltest.Up, repltest.Up, repltest.Up, "\r"); got != "a" {
		t.Fatalf("got %q", got)
	}
}

func TestSearchStatus(t *testing.T) {
	b := newBench(t, 70, 12, term.EditorConfig{History: remembered("first", "f(\n2)")})
	done := b.read()
	b.keys.Type(repltest.Ctrl('R'), "f(")
	n := b.screen.WaitHas(t, "[1]> f(\n.... 2)\nsearch: f(")
	if n.Row != 0 || n.Col != 5 {
		t.Fatalf("the cursor is at %d, %d", n.Row, n.Col)
	}
	b.keys.Type("zz")
	b.screen.WaitHas(t, "no match: f(zz")
	b.keys.Type(repltest.Ctrl('G'))
	b.screen.WaitText(t, "[1]>")
	b.keys.Type(repltest.Ctrl('D'))
	wait(t, done)
}
