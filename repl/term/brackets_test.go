package term

import (
	"strings"
	"testing"
)

func TestMatchBrackets(t *testing.T) {
	for _, c := range []struct {
		text string // | is the cursor
		want string // with < > around what is marked
	}{
		{"f(|a)", "f<(>a<)>"},
		{"f(a)|", "f<(>a<)>"},
		{"f|(a)", "f<(>a<)>"},
		{"f((a|))", "f(<(>a<)>)"},
		{"f((a)|)", "f(<(>a<)>)"},
		{"f({\n  a: [1, ')'] // }\n}|)", "f(<{>\n  a: [1, ')'] // }\n<}>)"},
		{"`${|x}`", "`$<{>x<}>`"},
		{"')|'", "')'"},
		{"f(a]|", "f(a]"},
		{"f(|a", "f(a"},
		{"ab|c", "abc"},
		{"|", ""},
		{"漢(|)", "漢<(><)>"},
	} {
		at := strings.IndexByte(c.text, '|')
		text := c.text[:at] + c.text[at+1:]
		line := strings.Count(text[:at], "\n")
		col := at - (strings.LastIndexByte(text[:at], '\n') + 1)
		pair, ok := matchBrackets(NewHighlighter().Highlight(text), line, col)
		lines := strings.Split(text, "\n")
		if ok {
			for _, p := range []place{pair[1], pair[0]} {
				l := lines[p.line]
				lines[p.line] = l[:p.off] + "<" + l[p.off:p.off+1] + ">" + l[p.off+1:]
			}
		}
		if got := strings.Join(lines, "\n"); got != c.want {
			t.Errorf("%q: got %q, want %q", c.text, got, c.want)
		}
	}
}

// Colours change neither the text nor where things stand, also where a coloured
// span wraps; and each row stands alone, since it may be redrawn alone.
func TestColoredRowsStandAlone(t *testing.T) {
	colored := New(Options{Color: Color16, Interactive: true})
	plain := New(Options{Interactive: true})
	text := "const s = 'a long string 漢字 that wraps' + `t${(1)}`"
	v := &view{first: "> ", cont: ". ", lines: []string{text}, styled: NewHighlighter().Highlight(text), brackets: []place{{0, strings.Index(text, "(")}}}
	for w := 1; w < 60; w++ {
		rows, at, col := colored.wrap(v, 0, w, 20)
		bare, bareAt, bareCol := plain.wrap(v, 0, w, 20)
		if len(rows) != len(bare) || at != bareAt || col != bareCol {
			t.Fatalf("width %d: %d rows, cursor %d, %d; plain %d rows, %d, %d", w, len(rows), at, col, len(bare), bareAt, bareCol)
		}
		for i, r := range rows {
			stripped, open := "", false
			for rest := r.text; rest != ""; {
				before, after, ok := strings.Cut(rest, "\x1b[")
				stripped += before
				if !ok {
					break
				}
				code, after, _ := strings.Cut(after, "m")
				open = code != "0"
				rest = after
			}
			if stripped != bare[i].text || r.width != bare[i].width || r.width > w {
				t.Fatalf("width %d, row %d: %q, plain %q", w, i, r.text, bare[i].text)
			}
			if open {
				t.Fatalf("width %d, row %d leaves its colour on: %q", w, i, r.text)
			}
		}
	}
}
