package engine

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func decodeLines(t testing.TB, options LineOptions, pieces ...string) []string {
	t.Helper()
	d := NewLineDecoder(options)
	var all []string
	for _, piece := range pieces {
		lines, err := d.Decode(piece)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, lines...)
	}
	lines, err := d.Flush()
	if err != nil {
		t.Fatal(err)
	}
	return append(all, lines...)
}

func TestLineDecoder(t *testing.T) {
	for _, test := range []struct {
		name    string
		options LineOptions
		pieces  []string
		want    []string
	}{
		{"DC08 \\n", LineOptions{}, []string{"a\n\nb\nc"}, []string{"a", "", "b", "c"}},
		{"DC08 \\r", LineOptions{}, []string{"a\r\rb\rc\r"}, []string{"a", "", "b", "c"}},
		{"DC08 \\r\\n", LineOptions{}, []string{"a\r\n\r\nb\r\nc\r\n"}, []string{"a", "", "b", "c"}},
		{"DC08 \\r|\\n cut in two", LineOptions{}, []string{"a\r", "\n\r", "\nb"}, []string{"a", "", "b"}},
		{"DC08 \\r at the end of a piece", LineOptions{}, []string{"a\r", "b"}, []string{"a", "b"}},
		{"DC08 empty pieces", LineOptions{}, []string{"a\r", "", "\n", "", "b"}, []string{"a", "b"}},
		{"DC08 partial lines", LineOptions{}, []string{"12", "34", "5\n67", "", "\n"}, []string{"12345", "67"}},
		{"DC08 nothing", LineOptions{}, []string{""}, nil},
		{"DC09 other separators stay", LineOptions{}, []string{"a\u2028b\u0085c\vd\n"}, []string{"a\u2028b\u0085c\vd"}},
		{"DC09 unicode", LineOptions{Unicode: true}, []string{"a\u2028b\u2029c\u0085d\ve\ff\x1cg\x1dh\x1ei\x1fj\r", "\nk"},
			[]string{"a", "b", "c", "d", "e", "f", "g", "h", "i\x1fj", "k"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := decodeLines(t, test.options, test.pieces...); !slices.Equal(got, test.want) {
				t.Errorf("got %q", got)
			}
			whole := strings.Join(test.pieces, "")
			if got := decodeLines(t, test.options, strings.Split(whole, "")...); !slices.Equal(got, test.want) {
				t.Errorf("character by character: %q", got)
			}
		})
	}
	t.Run("R11 at and over the limit", func(t *testing.T) {
		if got := decodeLines(t, LineOptions{MaxLength: 4}, "12", "34\n1234\r", "\n", "1234"); len(got) != 3 {
			t.Errorf("got %q", got)
		}
		d := NewLineDecoder(LineOptions{MaxLength: 4})
		if lines, err := d.Decode("a\n12345"); len(lines) != 1 || err != nil {
			t.Errorf("the line before: %q, %v", lines, err)
		}
		for range 2 {
			if _, err := d.Decode("\n"); !errors.Is(err, DecodingError) {
				t.Errorf("got %v", err)
			}
		}
		if _, err := d.Flush(); !errors.Is(err, DecodingError) {
			t.Errorf("got %v", err)
		}
		d = NewLineDecoder(LineOptions{})
		chunk := strings.Repeat("x", 1<<16)
		var err error
		for i := 0; i <= DefaultMaxLine>>16 && err == nil; i++ {
			_, err = d.Decode(chunk)
		}
		if !errors.Is(err, DecodingError) {
			t.Errorf("the default limit: %v", err)
		}
	})
}
