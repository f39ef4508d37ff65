package term

import (
	"strings"

	"httpx-repl/jsbind/inspect"
)

// A place is a byte of a view's text: an index of lines and an offset.
type place struct{ line, off int }

// matchBrackets returns the places of the bracket at the cursor, the one before
// it first, and of its partner. Colours tell code from strings and comments.
func matchBrackets(styled []inspect.Line, line, col int) (pair [2]place, ok bool) {
	type open struct {
		bracket byte
		at      place
	}
	var stack []open
	var under [2]place
	found := false
	for i, spans := range styled {
		off := 0
		for _, span := range spans {
			code := span.Style == inspect.Plain || span.Style == inspect.Special
			for j := 0; code && j < len(span.Text); j++ {
				c, at := span.Text[j], place{i, off + j}
				switch c {
				case '(', '[', '{':
					stack = append(stack, open{c, at})
				case ')', ']', '}':
					n := len(stack) - 1
					if n < 0 || strings.IndexByte("([{", stack[n].bracket) != strings.IndexByte(")]}", c) {
						return under, found
					}
					from := stack[n].at
					stack = stack[:n]
					before, behind := place{line, col - 1}, place{line, col}
					switch {
					case from == before || at == before:
						return [2]place{from, at}, true
					case from == behind || at == behind:
						under, found = [2]place{from, at}, true
					}
				}
			}
			off += len(span.Text)
		}
	}
	return under, found
}
