package term

import (
	"slices"
	"strings"
	"unicode"
)

func isWord(r rune) bool {
	return r == '_' || r == '$' || unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.M, r)
}

func wordLeft(text []rune, pos int) int {
	for pos > 0 && !isWord(text[pos-1]) {
		pos--
	}
	for pos > 0 && isWord(text[pos-1]) {
		pos--
	}
	return pos
}

func wordRight(text []rune, pos int) int {
	for pos < len(text) && !isWord(text[pos]) {
		pos++
	}
	for pos < len(text) && isWord(text[pos]) {
		pos++
	}
	return pos
}

func spaceLeft(text []rune, pos int) int {
	for pos > 0 && unicode.IsSpace(text[pos-1]) {
		pos--
	}
	for pos > 0 && !unicode.IsSpace(text[pos-1]) {
		pos--
	}
	return pos
}

// column returns the screen column of pos in its line, as if it did not wrap.
func column(text []rune, pos int) int {
	width := 0
	for _, c := range appendCells(nil, string(text[lineStart(text, pos):pos]), 0) {
		width += c.width
	}
	return width
}

// atColumn returns the rune offset nearest to a column of the line that starts
// at start.
func atColumn(text []rune, start, column int) int {
	width, pos := 0, start
	for _, c := range appendCells(nil, string(text[start:lineEnd(text, start)]), 0) {
		if width+c.width > column {
			break
		}
		width += c.width
		pos += len([]rune(string(text[pos:])[:c.size]))
	}
	return pos
}

// newline returns a line break and the indentation of the line that it begins:
// that of the line before, and a level more behind an opening bracket.
func (e *Editor) newline() string {
	line := string(e.text[lineStart(e.text, e.pos):e.pos])
	indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
	code := strings.TrimRight(line, " \t")
	if code != "" && strings.ContainsRune("{[(", rune(code[len(code)-1])) || strings.HasSuffix(code, "=>") {
		indent += e.cfg.Indent
	}
	return "\n" + indent
}

// dedent takes a level of indentation off before a closing bracket that was
// typed first on its line.
func (e *Editor) dedent(before, after edit, key rune) edit {
	if key != '}' && key != ']' && key != ')' || len(after.text) != len(before.text)+1 || after.pos != before.pos+1 {
		return after
	}
	start := lineStart(after.text, after.pos)
	lead := string(after.text[start : after.pos-1])
	if start == 0 || strings.TrimSpace(lead) != "" || !strings.HasSuffix(lead, e.cfg.Indent) {
		return after
	}
	n := len([]rune(e.cfg.Indent))
	text := append(append([]rune(nil), after.text[:after.pos-1-n]...), after.text[after.pos-1:]...)
	return edit{text, after.pos - n}
}

// outdent takes a level of indentation off the current line.
func (e *Editor) outdent() rune {
	start := lineStart(e.text, e.pos)
	n := len([]rune(e.cfg.Indent))
	if !strings.HasPrefix(string(e.text[start:lineEnd(e.text, e.pos)]), e.cfg.Indent) {
		return e.stay()
	}
	pos := max(start, e.pos-n)
	key := e.replace(start, start+n, "")
	e.staged.pos = pos
	return key
}

// An undoLog holds earlier states, bounded in number and size.
type undoLog struct {
	states  []edit
	runes   int
	typing  bool // the last change was a typed rune, which the next may join
	undoing bool // the change to come is one that pop gave back
}

const (
	maxUndo      = 500
	maxUndoRunes = 8 << 20
)

func (u *undoLog) note(before, after edit, key rune) {
	if u.undoing || slices.Equal(before.text, after.text) {
		u.undoing, u.typing = false, u.typing && before.pos == after.pos
		return
	}
	typed := key >= ' ' && key < keyEnter && len(after.text) == len(before.text)+1 && after.pos == before.pos+1
	joins := typed && u.typing && !unicode.IsSpace(key)
	u.typing = typed
	if joins {
		return
	}
	u.states = append(u.states, before)
	u.runes += len(before.text)
	for len(u.states) > maxUndo || u.runes > maxUndoRunes && len(u.states) > 1 {
		u.runes -= len(u.states[0].text)
		u.states = u.states[1:]
	}
}

func (u *undoLog) pop() (edit, bool) {
	if len(u.states) == 0 {
		return edit{}, false
	}
	last := u.states[len(u.states)-1]
	u.states = u.states[:len(u.states)-1]
	u.runes -= len(last.text)
	u.undoing = true
	return last, true
}
