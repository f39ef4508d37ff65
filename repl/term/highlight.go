package term

import (
	"strings"

	"github.com/alecthomas/chroma/v2"

	"httpx-repl/jsbind/inspect"
)

// A Highlighter colours JavaScript and TypeScript for the Editor. It keeps the
// colours of chunks of lines that it has seen, so that a key costs the chunk
// that it changes: a chunk is a run of lines in which a template or a comment
// stays open, most often one line. It is used by one goroutine at a time.
type Highlighter struct {
	lexer        chroma.Lexer
	recent, past map[string][]inspect.Line
}

const (
	maxChunk  = 4 << 10 // longer chunks stay plain: a key must take under 16 ms
	maxChunks = 1000    // in each of the two generations of the cache
)

// NewHighlighter returns a Highlighter. Its rules are compiled at first use,
// in about a millisecond.
func NewHighlighter() *Highlighter {
	return &Highlighter{lexer: chroma.Coalesce(newLexer()), recent: map[string][]inspect.Line{}}
}

// Highlight returns text's lines as spans. Text that is not JavaScript (yet)
// is coloured as far as it can be; nothing is marked as an error.
func (h *Highlighter) Highlight(text string) []inspect.Line {
	lines := strings.Split(text, "\n")
	out := make([]inspect.Line, 0, len(lines))
	var open scanState
	for start, i := 0, 0; i < len(lines); i++ {
		open.scan(lines[i])
		if open.inside() && i < len(lines)-1 {
			continue
		}
		out = append(out, h.chunk(strings.Join(lines[start:i+1], "\n"))...)
		start = i + 1
		open = scanState{}
	}
	return out
}

func (h *Highlighter) chunk(text string) []inspect.Line {
	if lines, ok := h.recent[text]; ok {
		return lines
	}
	lines, ok := h.past[text]
	if !ok {
		lines = h.tokenise(text)
	}
	if len(h.recent) >= maxChunks {
		h.past, h.recent = h.recent, map[string][]inspect.Line{}
	}
	h.recent[text] = lines
	return lines
}

func (h *Highlighter) tokenise(text string) []inspect.Line {
	plain := func() []inspect.Line {
		var lines []inspect.Line
		for _, line := range strings.Split(text, "\n") {
			lines = append(lines, inspect.Line{{Text: line}})
		}
		return lines
	}
	if len(text) > maxChunk {
		return plain()
	}
	tokens, err := chroma.Tokenise(h.lexer, &chroma.TokeniseOptions{State: "operand"}, text)
	if err != nil {
		return plain()
	}
	lines := []inspect.Line{nil}
	for _, token := range tokens {
		style := tokenStyle(token.Type)
		for i, part := range strings.Split(token.Value, "\n") {
			if i > 0 {
				lines = append(lines, nil)
			}
			if part != "" {
				last := len(lines) - 1
				lines[last] = append(lines[last], inspect.Span{Text: part, Style: style})
			}
		}
	}
	return lines
}

func tokenStyle(t chroma.TokenType) inspect.Style {
	switch {
	case t.InCategory(chroma.Comment):
		return inspect.Dim
	case t == chroma.LiteralStringRegex:
		return inspect.Regexp
	case t == chroma.LiteralStringInterpol:
		return inspect.Special
	case t.InSubCategory(chroma.LiteralString):
		return inspect.String
	case t.InSubCategory(chroma.LiteralNumber):
		return inspect.Number
	case t == chroma.KeywordConstant:
		return inspect.Boolean
	case t.InCategory(chroma.Keyword):
		return inspect.Special
	case t == chroma.NameFunction, t == chroma.NameClass:
		return inspect.Name
	}
	return inspect.Plain
}

// scanState follows only what can stay open at the end of a line.
type scanState struct {
	stack   []byte // '`' for a template, '{' for code in one
	comment bool
}

func (s *scanState) inside() bool { return s.comment || len(s.stack) > 0 }

func (s *scanState) scan(line string) {
	var quote byte
	for i := 0; i < len(line); i++ {
		c := line[i]
		next := byte(0)
		if i+1 < len(line) {
			next = line[i+1]
		}
		top := byte(0)
		if n := len(s.stack); n > 0 {
			top = s.stack[n-1]
		}
		switch {
		case s.comment:
			if c == '*' && next == '/' {
				s.comment = false
				i++
			}
		case c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case top == '`':
			if c == '`' {
				s.stack = s.stack[:len(s.stack)-1]
			} else if c == '$' && next == '{' {
				s.stack = append(s.stack, '{')
				i++
			}
		case c == '`':
			s.stack = append(s.stack, '`')
		case c == '\'' || c == '"':
			quote = c
		case c == '/' && next == '/':
			return
		case c == '/' && next == '*':
			s.comment = true
			i++
		case top == '{' && c == '{':
			s.stack = append(s.stack, '{')
		case top == '{' && c == '}':
			s.stack = s.stack[:len(s.stack)-1]
		}
	}
}
