package source

import (
	"fmt"
	"unicode/utf8"
)

// The bounds of Guard. goja and esbuild parse by recursion, and a Go stack
// overflow cannot be recovered; some forms also cost quadratic or exponential
// time. Each bound was found by feeding both parsers the form in question.
const (
	// MaxBytes is the largest cell, in bytes.
	MaxBytes = 1 << 20
	// MaxTokens is the largest number of tokens in a cell.
	MaxTokens = 200_000
	// MaxDepth bounds open brackets plus the operators, arrows, else branches
	// and other forms that nest without brackets.
	MaxDepth = 1000

	maxBraces     = 200 // esbuild: time cubic in nested class bodies
	maxArrowNest  = 6   // goja parses a parenthesised arrow head twice, so 2ⁿ
	maxColonArrow = 8   // esbuild tries `a ? (b) : c => (…` both ways, so 2ⁿ
)

// Guard refuses text that could overflow a parser's stack or take it an
// unreasonable time. It must be called before any parser sees text from
// outside, also before eval and Function. The error is an *Error.
func Guard(src string) error {
	if len(src) > MaxBytes {
		return &Error{Message: fmt.Sprintf("this is %d bytes of code, and the limit is %d", len(src), MaxBytes),
			Line: 1, Column: 1, Hint: "read data from a file instead of pasting it"}
	}
	g := guard{scanner: scanner{src: src}, open: make([]run, 1, 16)}
	for tokens := 1; ; tokens++ {
		t := g.next()
		if t.kind == tokEOF {
			return nil
		}
		if tokens > MaxTokens {
			return g.refuse(t, fmt.Sprintf("this has more than %d tokens", MaxTokens))
		}
		if message := g.step(t); message != "" {
			return g.refuse(t, message)
		}
	}
}

// A run counts, within one open bracket, the operators since the last point
// where a parser is sure to have unwound.
type run struct {
	chain      int
	arrows     int  // deepest nesting of arrow heads closed inside
	colonArrow int  // number of enclosing ") :" that may belong to an arrow
	colon      bool // a ") :" was seen in this run
	brace      bool
	object     bool // "{" that starts with `key:`
	comma      bool // commas here may make a comma expression
	tokens     int
}

type guard struct {
	scanner
	open          []run
	depth, braces int
	last, last2   lexeme
	closed        run // of the bracket closed by last
}

func (g *guard) refuse(t lexeme, message string) error {
	e := &Error{Message: message, Hint: "split it into smaller parts"}
	e.place(g.src, t.start, t.end-t.start)
	return e
}

func (g *guard) step(t lexeme) string {
	r := &g.open[len(g.open)-1]
	text := g.text(t)
	if g.unwound(t, text) {
		g.depth -= r.chain
		r.chain, r.colon = 0, false
	}
	r.tokens++
	if t.kind == tokTemplateOpen && g.src[t.start] == '`' {
		g.count(r, t)
		g.push(run{comma: true}, r)
	} else if t.kind == tokTemplate && g.src[t.start] == '}' {
		g.pop()
	} else if t.kind == tokTemplateOpen {
		g.pop()
		g.push(run{comma: true}, &g.open[len(g.open)-1])
	} else if t.kind == tokPunct {
		switch text {
		case "(", "[", "{":
			call := text == "(" && g.operandEnded()
			if text != "{" && g.last.kind == tokPunct && g.operandEnded() || g.last.kind == tokTemplate {
				g.count(r, t)
			}
			g.push(run{brace: text == "{", comma: text == "(" && !call || text == "{" && !g.levels[len(g.levels)-1].object}, r)
		case ")", "]", "}":
			g.pop()
		case "=>":
			r.chain++
			g.depth++
			if g.last.kind == tokPunct && g.text(g.last) == ")" {
				r.arrows = max(r.arrows, g.closed.arrows+1)
			}
			if r.arrows > maxArrowNest {
				return fmt.Sprintf("arrow functions nest more than %d deep in parameter lists", maxArrowNest)
			}
		case ",":
			if r.comma {
				r.chain++
				g.depth++
			} else {
				g.depth -= r.chain
				r.chain = 0
			}
		case ":":
			if r.brace && r.tokens == 2 && g.last.kind != tokPunct {
				r.object = true
			}
			if r.object && g.last2.kind == tokPunct && g.text(g.last2) == "," {
				g.depth -= r.chain
				r.chain = 0
			}
			r.colon = r.colon || g.last.kind == tokPunct && g.text(g.last) == ")"
			r.chain++
			g.depth++
		case ";":
		default:
			r.chain++
			g.depth++
		}
	} else {
		g.count(r, t)
	}
	g.last2, g.last = g.last, t
	switch {
	case g.depth > MaxDepth:
		return fmt.Sprintf("this nests more than %d deep", MaxDepth)
	case g.braces > maxBraces:
		return fmt.Sprintf("braces nest more than %d deep", maxBraces)
	case g.open[len(g.open)-1].colonArrow > maxColonArrow:
		return fmt.Sprintf("conditionals nest more than %d deep around brackets", maxColonArrow)
	}
	return ""
}

// count adds the words and literals that make a parser recurse.
func (g *guard) count(r *run, t lexeme) {
	nests := t.kind == tokPunct || t.kind == tokTemplate || t.kind == tokTemplateOpen
	if nests && t.kind != tokPunct {
		nests = g.operandEnded()
	}
	if t.kind == tokWord {
		w := g.text(t)
		nests = operatorWord(w) || g.last.kind == tokWord && !t.newline || t.newline && g.last.kind == tokWord && operatorWord(g.text(g.last))
		switch w {
		case "case", "default":
			g.depth -= r.chain
			r.chain, nests = 0, false
		case "if", "for", "while", "with", "keyof", "infer", "readonly", "unique", "asserts", "as", "satisfies":
			nests = true
		}
	}
	if nests {
		r.chain++
		g.depth++
	}
}

func (g *guard) push(r run, parent *run) {
	r.colonArrow = parent.colonArrow
	if parent.colon {
		r.colonArrow++
	}
	if r.brace {
		g.braces++
	}
	g.depth++
	g.open = append(g.open, r)
}

func (g *guard) pop() {
	n := len(g.open) - 1
	if n == 0 {
		return // unbalanced: the parsers will say so
	}
	r := g.open[n]
	g.open = g.open[:n]
	g.depth -= 1 + r.chain
	if r.brace {
		g.braces--
	}
	g.closed = r
	parent := &g.open[n-1]
	parent.arrows = max(parent.arrows, r.arrows)
}

// operandEnded reports whether the last token can end an expression.
func (g *guard) operandEnded() bool {
	switch g.last.kind {
	case tokWord:
		return !operatorWord(g.text(g.last))
	case tokNumber, tokString, tokRegex, tokTemplate:
		return true
	case tokPunct:
		switch g.text(g.last) {
		case ")":
			return !g.last.control
		case "]", "}":
			return true
		}
	}
	return false
}

// unwound reports whether a statement must have ended before t.
func (g *guard) unwound(t lexeme, text string) bool {
	if text == "else" || g.last.kind == tokEOF {
		return false
	}
	if g.last.kind == tokPunct && g.text(g.last) == ";" {
		return true
	}
	if !g.operandEnded() {
		return false
	}
	if !t.newline && !(g.last.kind == tokPunct && g.text(g.last) == "}") {
		return false
	}
	switch t.kind {
	case tokWord:
		return text != "in" && text != "instanceof" && text != "as" && text != "satisfies" && text != "of"
	case tokNumber, tokString, tokRegex:
		return true
	case tokPunct:
		return text == "!" || text == "~" || text == "{" && g.text(g.last) == "}"
	}
	return false
}

// Depth refuses text in which [ and { nest more than limit deep outside of
// strings. It suits JSON text, which may be large: nothing else is bounded.
func Depth(text string, limit int) error {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			if depth++; depth > limit {
				e := &Error{Message: fmt.Sprintf("this nests more than %d deep", limit)}
				e.place(text, i, 1)
				return e
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return nil
}

func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		if n++; r >= 0x10000 && r <= utf8.MaxRune {
			n++
		}
	}
	return n
}
