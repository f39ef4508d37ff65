package term

import (
	"io"
	"testing"
	"time"
	"unicode/utf8"

	"httpx-repl/repl/repltest"
)

// FuzzKeys feeds bytes in two pieces: whatever they are, readline gets valid
// runes, as many as were counted, and no control character.
func FuzzKeys(f *testing.F) {
	for _, seed := range []string{"abc\r", "\x1b[200~a\x1b[201~b", "\x1b[1;5D\x1b[13;2u\x1bOA\x1b]0;x\x07", "\x1b\x1b[A\xff\xe6\xbc", "\x1b[999999999999999999u", "\x1b[[", "\x00\x1b[\x03"} {
		f.Add([]byte(seed), 3, false)
		f.Add([]byte(seed), 1, true)
	}
	f.Fuzz(func(t *testing.T, data []byte, cut int, vi bool) {
		chunks := make(chan []byte, 2)
		cut = min(max(cut, 0), len(data))
		chunks <- data[:cut]
		chunks <- data[cut:]
		close(chunks)
		k := newKeyReader(chunks, time.Hour, vi)
		var out []byte
		for buf := make([]byte, 64); !k.ended || len(k.ready) > 0; {
			n, err := k.Read(buf)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, buf[:n]...)
		}
		k.Close()
		if _, err := k.Read(make([]byte, 1)); err != io.EOF {
			t.Fatalf("after Close: %v", err)
		}
		if !utf8.Valid(out) {
			t.Fatalf("%q became %q", data, out)
		}
		for _, r := range string(out) {
			if r < 0x20 || r >= 0x7f && r < 0xa0 {
				t.Fatalf("%q became %q", data, out)
			}
		}
		if n := utf8.RuneCount(out); int64(n) != k.emitted.Load() {
			t.Fatalf("%d runes, counted %d", n, k.emitted.Load())
		}
	})
}

// FuzzEditor types bytes: the prompt neither hangs nor fails nor sends anything
// that it does not own, and what is on screen is what is in the buffer.
func FuzzEditor(f *testing.F) {
	for _, seed := range []string{"abc\x1b[D\x7f", "f(\r\x1b[A\x0b\x19", "\x12a\x12\x07", "x\t\t\x1b[Z\r", "\x1b[200~a\x1b[2J\n\u202e\x1b[201~\x1b[A", "漢\u0301👩‍👩‍👧\x02\x04\x14\x1f\x1f", "\x0c\x1b<\x1b>\x1bd\x17\x15"} {
		f.Add(seed, 20, 6, false)
		f.Add(seed, 3, 2, true)
	}
	f.Fuzz(func(t *testing.T, typed string, width, height int, vi bool) {
		width, height = 1+abs(width)%60, 1+abs(height)%12
		screen, keys := repltest.NewScreen(width, height), repltest.NewKeys()
		tm := New(Options{In: keys, Out: screen, Size: screen.Size, Color: Color16, Interactive: true})
		history := OpenHistory(HistoryOptions{})
		history.Add("one")
		history.Add("two(\n  2)")
		e, err := NewEditor(tm, EditorConfig{
			History: history, Vi: vi, EscapeTimeout: time.Microsecond, Highlight: NewHighlighter().Highlight,
			Complete: func(text string, pos int) Completion {
				return Completion{Start: pos, Items: []Item{{Text: "get"}, {Text: "gone\x1b"}}}
			},
			Hint: func(text string, pos int) string { return text },
		})
		if err != nil {
			t.Fatal(err)
		}
		keys.Type(typed)
		keys.Close()
		for range 100 {
			if _, err := e.Read(t.Context()); err == io.EOF && screen.Snapshot().Paste == false {
				break
			}
			tm.PrintText("out\n")
		}
		e.Close()
		if bad := screen.Foreign(); len(bad) > 0 {
			t.Fatalf("%q sent %v", typed, bad)
		}
	})
}

func abs(n int) int {
	if n < 0 {
		return -(n + 1)
	}
	return n
}
