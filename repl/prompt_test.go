package repl

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"httpx-repl/repl/term"
)

// What Enter does with a text, and whether a line that begins with a dot is a command, a number, or goes on with the last value.
func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		text               string
		command, continues bool
		want               term.Verdict
	}{
		{"1 + 1", false, false, term.Complete},
		{"f(", false, false, term.Incomplete},
		{"function f() {\n  return 1", false, false, term.Incomplete},
		{"`open", false, false, term.Incomplete},
		{"let let", false, false, term.Invalid},
		{"1 +", false, false, term.Incomplete},
		{".help", true, false, term.Complete},
		{"  .save lesson.hx.md  ", true, false, term.Complete},
		{".save a(1).hx.md", true, false, term.Complete},
		{".save a(", true, false, term.Complete},
		{".json()", true, true, term.Complete},
		{".headers['x']", true, true, term.Complete},
		{".map(x => {", true, true, term.Incomplete},
		{".map(x => {\n  return x", false, true, term.Incomplete},
		{".map(x => {\n  return x\n})", false, true, term.Complete},
		{".5 + 1", false, false, term.Complete},
		{"...", false, false, term.Invalid},
		{".", false, false, term.Invalid},
	} {
		if got := isCommand(c.text); got != c.command {
			t.Errorf("isCommand(%q) = %t", c.text, got)
		}
		if got := continues(c.text); got != c.continues {
			t.Errorf("continues(%q) = %t", c.text, got)
		}
		if got := verdict(c.text); got != c.want {
			t.Errorf("verdict(%q) = %d, want %d", c.text, got, c.want)
		}
	}
}

func TestCompleteCommand(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"one.hx.md", "other.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "order"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		before string
		start  int
		want   []string
	}{
		{".re", 0, []string{".replay", ".requests"}},
		{".exit", 0, []string{".exit"}},
		{".nothing", 0, nil},
		{".replay " + dir + "/on", 8, []string{dir + "/one.hx.md"}},
		{".save " + dir + "/o", 6, []string{dir + "/one.hx.md", dir + "/order/", dir + "/other.txt"}},
		{".save [", 6, nil},
		{".help sa", 6, nil},
	} {
		got := completeCommand(c.before)
		if got.Start != c.start {
			t.Errorf("%q: completion starts at %d, want %d", c.before, got.Start, c.start)
		}
		if len(got.Items) != len(c.want) {
			t.Errorf("%q completes to %v, want %v", c.before, got.Items, c.want)
			continue
		}
		for i, item := range got.Items {
			if item.Text != c.want[i] {
				t.Errorf("%q completes to %q, want %q", c.before, item.Text, c.want[i])
			}
		}
	}
}

func TestTook(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0.0 ms", 1234 * time.Microsecond: "1.2 ms", 12 * time.Millisecond: "12 ms", 999 * time.Millisecond: "999 ms", 1500 * time.Millisecond: "1.50 s",
	} {
		if got := took(d); got != want {
			t.Errorf("took(%s) = %q, want %q", d, got, want)
		}
	}
}
