package inspect

import (
	"strings"

	"github.com/clipperhouse/displaywidth"
)

// A piece is text on its way to the screen: one or more lines, of which all but
// the first already begin with their indentation.
type piece struct {
	lines []Line
	width int // columns of all lines together
}

func styled(text string, style Style) piece {
	if text == "" {
		return piece{lines: []Line{nil}}
	}
	return piece{lines: []Line{{{text, style}}}, width: columns(text)}
}

func plain(text string) piece { return styled(text, Plain) }

func (p *piece) empty() bool { return p.width == 0 && len(p.lines) <= 1 }

func (p *piece) multiline() bool { return len(p.lines) > 1 }

// add appends q, whose first line continues the last line of p. Both must not
// be used by anyone else.
func (p *piece) add(q piece) {
	p.width += q.width
	if len(p.lines) == 0 {
		p.lines = q.lines
		return
	}
	if len(q.lines) == 0 {
		return
	}
	last := len(p.lines) - 1
	p.lines[last] = append(p.lines[last], q.lines[0]...)
	p.lines = append(p.lines, q.lines[1:]...)
}

func (p *piece) text(text string, style Style) {
	if text == "" {
		return
	}
	if len(p.lines) == 0 {
		p.lines = []Line{nil}
	}
	p.width += columns(text)
	last := len(p.lines) - 1
	p.lines[last] = append(p.lines[last], Span{text, style})
}

// newline starts a line that is indented by n columns.
func (p *piece) newline(n int) {
	if len(p.lines) == 0 {
		p.lines = []Line{nil}
	}
	p.lines = append(p.lines, nil)
	if n > 0 {
		p.text(strings.Repeat(" ", n), Plain)
	}
}

// finish joins neighbours of one style, so that what leaves the package is the
// shortest list of spans for its text.
func (p piece) finish() []Line {
	out := make([]Line, 0, len(p.lines))
	for _, line := range p.lines {
		var merged Line
		for start := 0; start < len(line); {
			end := start + 1
			for end < len(line) && line[end].Style == line[start].Style {
				end++
			}
			merged = append(merged, Span{joined(line[start:end]), line[start].Style})
			start = end
		}
		out = append(out, merged)
	}
	return out
}

func joined(spans Line) string {
	if len(spans) == 1 {
		return spans[0].Text
	}
	var b strings.Builder
	for _, span := range spans {
		b.WriteString(span.Text)
	}
	return b.String()
}

// columns is the width of text on a terminal, in cells.
func columns(text string) int {
	for i := 0; i < len(text); i++ {
		if text[i] >= 0x80 {
			return displaywidth.String(text)
		}
	}
	return len(text)
}
