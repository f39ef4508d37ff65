package repltest

import (
	"io"
	"reflect"
	"testing"
)

func TestScreen(t *testing.T) {
	for _, c := range []struct {
		name, out, want string
		row, col        int
	}{
		{"text", "ab\r\ncd", "ab\ncd", 1, 2},
		{"a full row does not wrap yet", "abcdef", "abcdef", 0, 5},
		{"the next rune wraps", "abcdefg", "abcdef\ng", 1, 1},
		{"a full row and a new line", "abcdef\r\ng", "abcdef\ng", 1, 1},
		{"wide", "漢字x", "漢字x", 0, 5},
		{"wide does not fit", "abcde漢", "abcde\n漢", 1, 2},
		{"half of a wide one is gone", "漢\rx", "x", 0, 1},
		{"combining", "e\u0301x", "e\u0301x", 0, 2},
		{"a family is one", "👩‍👩‍👧x", "👩‍👩‍👧x", 0, 3},
		{"scrolls", "1\r\n2\r\n3\r\n4", "2\n3\n4", 2, 1},
		{"moves", "abc\x1b[2Dx\x1b[Bz\x1b[A\x1b[Cy", "axc y\n  z", 0, 5},
		{"erases a row's end", "abcdef\r\x1b[3C\x1b[K", "abc", 0, 3},
		{"erasing takes the last column of a full row", "abcdef\x1b[K", "abcde", 0, 5},
		{"erases below", "ab\r\ncd\r\nef\x1b[A\x1b[J", "ab\ncd", 1, 2},
		{"clears", "ab\r\ncd\x1b[H\x1b[2Jx", "x", 0, 1},
		{"colours", "\x1b[1;38;5;9ma\x1b[0mb", "ab", 0, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			whole, pieces := NewScreen(6, 3), NewScreen(6, 3)
			io.WriteString(whole, c.out)
			for i := range len(c.out) {
				io.WriteString(pieces, c.out[i:i+1])
			}
			n := whole.Snapshot()
			if n.String() != c.want || n.Row != c.row || n.Col != c.col {
				t.Errorf("got %q, cursor %d, %d", n, n.Row, n.Col)
			}
			if m := pieces.Snapshot(); !reflect.DeepEqual(m, n) {
				t.Errorf("in pieces: %+v, whole: %+v", m, n)
			}
			if bad := whole.Foreign(); len(bad) > 0 {
				t.Errorf("foreign: %v", bad)
			}
		})
	}
}

func TestForeign(t *testing.T) {
	for _, bad := range []string{
		"\x07", "\x08", "\x0e", "\x7f", "\x1bc", "\x1b]0;x", "\x1b[6n", "\x1b[?1049h", "\x1b[2;5r", "\x1b[5;5H", "\x1b[1K", "\x1b[>c", "\x1b[2 q", "\xc2\x9b", "\x9b", "\x1b[3J", "\x1b[\x07",
	} {
		s := NewScreen(10, 3)
		io.WriteString(s, "a"+bad+"b")
		if len(s.Foreign()) == 0 {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func TestScreenKeepsModesAndWhatScrolled(t *testing.T) {
	s := NewScreen(6, 2)
	io.WriteString(s, "1\r\n2\r\n3\x1b[?25l\x1b[?2004h")
	n := s.Snapshot()
	if !n.Hidden || !n.Paste || n.Transcript() != "1\n2\n3" || n.Bytes != 21 {
		t.Fatalf("%+v", n)
	}
	s.Resize(3, 1)
	if n := s.Snapshot(); n.Transcript() != "1\n2\n3" || n.Row != 0 {
		t.Fatalf("%+v", n)
	}
}

func TestKeys(t *testing.T) {
	k := NewKeys()
	k.Type("abc", "d")
	k.Close()
	buf := make([]byte, 2)
	for _, want := range []string{"ab", "c", "d"} {
		if n, err := k.Read(buf); string(buf[:n]) != want || err != nil {
			t.Fatalf("got %q, %v, want %q", buf[:n], err, want)
		}
	}
	if _, err := k.Read(buf); err != io.EOF {
		t.Fatal(err)
	}
}
