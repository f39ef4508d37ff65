package term

import (
	"fmt"
	"strings"
	"testing"

	"httpx-repl/jsbind/inspect"
)

var styleMarks = map[inspect.Style]string{
	inspect.String: "s", inspect.Number: "n", inspect.Boolean: "b", inspect.Special: "k", inspect.Name: "f", inspect.Regexp: "r", inspect.Dim: "c",
}

// marked writes each styled span as mark‹text›.
func marked(lines []inspect.Line) string {
	var b strings.Builder
	for i, line := range lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		for _, span := range line {
			if mark := styleMarks[span.Style]; mark != "" {
				fmt.Fprintf(&b, "%s‹%s›", mark, span.Text)
			} else {
				b.WriteString(span.Text)
			}
		}
	}
	return b.String()
}

func TestHighlight(t *testing.T) {
	for in, want := range map[string]string{
		"const r = await client.get('x')":     "k‹const› r = k‹await› client.f‹get›(s‹'x'›)",
		"1 + 0xff + 1_000n + 1.5e3":           "n‹1› + n‹0xff› + n‹1_000n› + n‹1.5e3›",
		"a / b / c":                           "a / b / c",
		"x = /a[/]b/g.test(y)":                "x = r‹/a[/]b/g›.f‹test›(y)",
		"return /x/":                          "k‹return› r‹/x/›",
		"(a) / 2":                             "(a) / n‹2›",
		"x.delete / 2":                        "x.delete / n‹2›",
		"`a${ {b: '}'} }c` + 1":               "s‹`a›k‹${› {b: s‹'}'›} }s‹c`› + n‹1›",
		"`line1\nline2 ${f(\n2)}` // end":     "s‹`line1›\ns‹line2 ›k‹${›f‹f›(\nn‹2›)}s‹`› c‹// end›",
		"'open":                               "s‹'open›",
		"x = \"open\ny = 1":                   "x = s‹\"open›\ny = n‹1›",
		"/* open\nstill */ 1":                 "c‹/* open›\nc‹still */› n‹1›",
		"/* open":                             "c‹/* open›",
		"true ? null : undefined":             "b‹true› ? b‹null› : b‹undefined›",
		"x.true":                              "x.true",
		"[...await]":                          "[...k‹await›]",
		"class A { #p = 1n; static m() {} }":  "k‹class› A { #p = n‹1n›; k‹static› f‹m›() {} }",
		"let x: Map<string, number> = f<T>()": "k‹let› x: Map<string, number> = f<T>()",
		"漢字 = 'é\\''":                         "漢字 = s‹'é\\''›",
		"":                                    "",
		"\n\n":                                "\n\n",
		"}}} `":                               "}}} s‹`›",
		"\x1b[2J \x00 \u2028":                 "\x1b[n‹2›J \x00 \u2028",
		"`${`${1}`}`":                         "s‹`›k‹${›s‹`›k‹${›n‹1›}s‹`›}s‹`›",
	} {
		h := NewHighlighter()
		for pass := range 2 {
			if got := marked(h.Highlight(in)); got != want {
				t.Errorf("%q, pass %d:\n got %s\nwant %s", in, pass, got, want)
			}
		}
	}
}

func FuzzHighlight(f *testing.F) {
	for _, seed := range []string{"const r = await client.get('x')", "`a${ {b: '}'} }c` + 1", "/* a\n`${", "x = /[/]/\n\"", "\xff\x1b\r\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ToValidUTF8(text, "?") // as the editor's texts are
		if got := NewHighlighter().Highlight(text); !spells(got, strings.Split(text, "\n")) {
			t.Fatalf("%q became %q", text, got)
		}
	})
}

func TestTheCacheIsBounded(t *testing.T) {
	h := NewHighlighter()
	for i := range 3 * maxChunks {
		h.Highlight(fmt.Sprint("x", i))
	}
	if n := len(h.recent) + len(h.past); n > 2*maxChunks {
		t.Fatalf("%d chunks are kept", n)
	}
}

func BenchmarkHighlight6K(b *testing.B) {
	line := "const page = await client.get(`https://example.org/${id}`, { headers: { accept: 'x' }, timeout: 5.0 });"
	for name, text := range map[string]string{
		"lines": strings.Repeat(line+"\n", 60), "template": "`" + strings.Repeat("text and text\n", 280), "one line": strings.Repeat(line, 39),
	} {
		b.Run(name, func(b *testing.B) {
			h := NewHighlighter()
			h.Highlight(text)
			for i := 0; b.Loop(); i++ {
				h.Highlight(text + fmt.Sprint(i))
			}
		})
	}
}
