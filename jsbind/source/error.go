package source

import (
	"fmt"
	"strings"
)

// An Error is a cell that cannot be compiled: JavaScript's SyntaxError.
type Error struct {
	Cell    string // name of the cell, empty from Guard, Depth and Check
	Message string // in V8's words where it has some
	Line    int    // from 1, in the user's own text
	Column  int    // from 1, in UTF-16 code units
	Length  int    // UTF-16 code units to underline, 0 when unknown
	Hint    string // what to do about it, or empty
	// Incomplete says that more input could make the text valid.
	Incomplete bool
}

func (e *Error) Error() string {
	s := "SyntaxError: " + e.Message
	if e.Cell != "" && e.Line > 0 {
		s += fmt.Sprintf(" (%s:%d:%d)", e.Cell, e.Line, e.Column)
	}
	if e.Hint != "" {
		s += "\nhint: " + e.Hint
	}
	return s
}

// Excerpt returns the line of src at which e points, and below it a caret (or a
// run of carets), without a trailing line break. A long line is cut to the
// neighbourhood of the caret. Control characters are not escaped: that is for
// whoever prints it.
func (e *Error) Excerpt(src string) string {
	lines := splitLines(src)
	if e.Line < 1 || e.Line > len(lines) {
		return ""
	}
	line := []rune(lines[e.Line-1])
	at, units := 0, 1
	for at < len(line) && units < e.Column {
		if line[at] >= 0x10000 {
			units++
		}
		at++
		units++
	}
	const around = 60
	from, to := max(0, at-around), min(len(line), at+around)
	lead, tail := "", ""
	if from > 0 {
		lead = "…"
	}
	if to < len(line) {
		tail = "…"
	}
	var pad strings.Builder
	for _, r := range lead + string(line[from:at]) {
		if r == '\t' {
			pad.WriteByte('\t')
		} else {
			pad.WriteByte(' ')
		}
	}
	carets := max(1, min(e.Length, to-at))
	return lead + string(line[from:to]) + tail + "\n" + pad.String() + strings.Repeat("^", carets)
}

// place sets the position from byte offsets into src.
func (e *Error) place(src string, offset, length int) {
	offset = max(0, min(offset, len(src)))
	length = max(0, min(length, len(src)-offset))
	start := 0
	e.Line = 1
	for i := 0; i < offset; {
		n := lineBreak(src[i:])
		if n == 0 {
			i++
			continue
		}
		if i += n; i <= offset {
			e.Line++
			start = i
		}
	}
	e.Column = utf16Len(src[start:offset]) + 1
	span := src[offset : offset+length]
	if n := strings.IndexAny(span, "\n\r\u2028\u2029"); n >= 0 {
		span = span[:n]
	}
	e.Length = utf16Len(span)
}

// lineBreak returns the length in bytes of the line terminator at the start of
// s, or 0.
func lineBreak(s string) int {
	switch s[0] {
	case '\n':
		return 1
	case '\r':
		if strings.HasPrefix(s, "\r\n") {
			return 2
		}
		return 1
	case 0xe2:
		if strings.HasPrefix(s, "\u2028") || strings.HasPrefix(s, "\u2029") {
			return 3
		}
	}
	return 0
}

func splitLines(src string) []string {
	var lines []string
	start := 0
	for i := 0; i < len(src); {
		n := lineBreak(src[i:])
		if n == 0 {
			i++
			continue
		}
		lines = append(lines, src[start:i])
		i += n
		start = i
	}
	return append(lines, src[start:])
}
