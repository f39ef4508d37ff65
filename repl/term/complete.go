package term

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"httpx-repl/jsbind/inspect"
)

// A Completion replaces the text from Start, a byte offset, to the cursor.
type Completion struct {
	Start int
	Items []Item
}

// An Item is one candidate: the text that it inserts, and optionally what kind
// of thing it is and a short description, which are only shown.
type Item struct {
	Text, Kind, Detail string
}

// maxItems bounds a menu; nobody reads more.
const maxItems = 2000

// A menu shows candidates below the text.
type menu struct {
	items    []Item
	start    int // rune offset of what an item replaces
	base     edit
	selected int // -1 for none
	columns  int // of the last drawing, for the arrow keys
	rows     int
}

// candidates asks for completions and returns them with the rune offset that
// they start at.
func (e *Editor) candidates() ([]Item, int) {
	if e.cfg.Complete == nil {
		return nil, 0
	}
	text, at := string(e.text), len(string(e.text[:e.pos]))
	c := e.cfg.Complete(text, at)
	if c.Start < 0 || c.Start > at {
		return nil, 0
	}
	return c.Items[:min(len(c.Items), maxItems)], utf8.RuneCountInString(text[:c.Start])
}

// tab indents, or inserts what all candidates have in common and shows them.
func (e *Editor) tab() rune {
	start := lineStart(e.text, e.pos)
	if start > 0 && strings.TrimSpace(string(e.text[start:e.pos])) == "" {
		return e.insert(e.cfg.Indent)
	}
	items, from := e.candidates()
	if len(items) == 0 {
		return e.stay()
	}
	if len(items) == 1 {
		return e.replace(from, e.pos, items[0].Text)
	}
	typed := string(e.text[from:e.pos])
	common := commonPrefix(items)
	key := e.stay()
	if len(common) > len(typed) && strings.HasPrefix(common, typed) {
		key = e.replace(from, e.pos, common)
	}
	e.menu = &menu{items: items, start: from, base: *e.staged, selected: -1}
	return key
}

func commonPrefix(items []Item) string {
	p := items[0].Text
	for _, item := range items[1:] {
		for !strings.HasPrefix(item.Text, p) {
			_, n := utf8.DecodeLastRuneInString(p)
			p = p[:len(p)-n]
		}
	}
	return p
}

// menuKey handles a key while a menu is open; false leaves it to the others.
func (e *Editor) menuKey(r rune) (rune, bool) {
	m := e.menu
	switch r {
	case keyTab, keyDown:
		return e.choose(m.selected + 1), true
	case keyBackTab, keyUp:
		return e.choose(max(m.selected, 0) - 1), true
	case keyLeft, keyRight:
		if m.selected < 0 {
			break
		}
		step := m.rows
		if r == keyLeft {
			step = -step
		}
		if to := m.selected + step; to >= 0 && to < len(m.items) {
			return e.choose(to), true
		}
		return e.stay(), true
	case keyEnter:
		if m.selected >= 0 {
			e.menu = nil
			return e.stay(), true
		}
	case keyEscape, keyAbort:
		e.menu = nil
		return e.stage(m.base.text, m.base.pos), true
	}
	if (r < keyEnter || r >= keyLast) && m.selected < 0 {
		return 0, false // typed on: the Listener narrows the menu
	}
	e.menu = nil
	return 0, false
}

// choose puts candidate i into the text, counting around both ends.
func (e *Editor) choose(i int) rune {
	m := e.menu
	m.selected = (i + len(m.items)) % len(m.items)
	text := append([]rune(nil), m.base.text[:m.start]...)
	text = append(text, []rune(m.items[m.selected].Text)...)
	pos := len(text)
	return e.stage(append(text, m.base.text[m.base.pos:]...), pos)
}

// narrowMenu keeps the menu in step with what is typed.
func (e *Editor) narrowMenu() {
	if e.menu == nil {
		return
	}
	items, from := e.candidates()
	if len(items) == 0 || from != e.menu.start {
		e.menu = nil
		return
	}
	e.menu = &menu{items: items, start: from, base: edit{e.text, e.pos}, selected: -1}
}

// lines draws the menu in columns, read downwards, for a screen of width by
// height.
func (m *menu) lines(width, height int) []inspect.Line {
	labels := make([]string, len(m.items))
	widest := 0
	for i, item := range m.items {
		labels[i] = strings.ReplaceAll(Sanitize(item.Text), "\n", " ")
		widest = max(widest, textWidth(labels[i]))
	}
	cell := min(widest+2, width)
	m.columns = max(1, width/cell)
	limit := min(max(height/3, 1), 10)
	m.rows = min((len(labels)+m.columns-1)/m.columns, limit)
	page := m.rows * m.columns
	top := max(m.selected, 0) / page * page

	var lines []inspect.Line
	for r := range m.rows {
		var line inspect.Line
		for c := range m.columns {
			i := top + c*m.rows + r
			if i >= len(labels) {
				break
			}
			style, mark := inspect.Plain, " "
			if i == m.selected {
				style, mark = styleSelected, ">"
			}
			label := clip(labels[i], cell-2)
			line = append(line, inspect.Span{Text: mark + label, Style: style},
				inspect.Span{Text: strings.Repeat(" ", max(0, cell-1-textWidth(label)))})
		}
		lines = append(lines, line)
	}
	var note []string
	if len(labels) > page {
		note = append(note, fmt.Sprintf("%d to %d of %d", top+1, min(top+page, len(labels)), len(labels)))
	}
	if m.selected >= 0 {
		for _, s := range []string{m.items[m.selected].Kind, m.items[m.selected].Detail} {
			if s != "" {
				note = append(note, s)
			}
		}
	}
	if len(note) > 0 {
		lines = append(lines, inspect.Line{{Text: " " + strings.Join(note, "  "), Style: inspect.Dim}})
	}
	return lines
}
