package term

import (
	"fmt"
	"slices"
	"strings"

	"httpx-repl/jsbind/inspect"
)

// A view is what the editor wants on screen. It is not changed once shown, so
// that any goroutine that prints may draw it again.
type view struct {
	first, cont string         // the prompts
	lines       []string       // the text, without newlines
	styled      []inspect.Line // its colours, a line each; nil for none
	line, col   int            // the cursor: an index of lines, a byte offset
	brackets    []place        // to be marked: a bracket at the cursor and its partner
	below       []inspect.Line // menu, search or help, under the text
}

// A row is one row of the screen: what is sent, and how many columns it fills.
type row struct {
	text  string
	width int
}

// A block is the view as it stands on the screen.
type block struct {
	view  *view
	rows  []row
	at    int // the row that the cursor is in
	col   int
	width int // the terminal's width when it was drawn
}

// erase writes what removes the block and leaves the cursor where it began.
func (bl *block) erase(b *strings.Builder) {
	if bl.rows == nil {
		return
	}
	up(b, bl.at)
	b.WriteString("\r\x1b[J")
	bl.rows, bl.at = nil, 0
}

// below returns what moves the cursor under the block.
func (bl *block) below() string {
	if n := len(bl.rows) - 1 - bl.at; n > 0 {
		return fmt.Sprintf("\x1b[%dB\r\n", n)
	}
	return "\r\n"
}

// reflow guesses where the terminal has put the block after a change of width:
// a row that no longer fits is wrapped by it.
func (bl *block) reflow(w int) {
	if bl.rows == nil || w >= bl.width {
		return
	}
	at := 0
	for _, r := range bl.rows[:bl.at] {
		at += max(1, (r.width+w-1)/w)
	}
	bl.at = at + bl.col/w
}

func up(b *strings.Builder, n int) {
	if n > 0 {
		fmt.Fprintf(b, "\x1b[%dA", n)
	}
}

// paint draws the block's view over what is on screen, sending only rows that
// have changed, and puts the cursor in its place.
func (t *Terminal) paint(b *strings.Builder, w, h int) {
	bl := &t.block
	rows, at, col := t.layout(bl.view, w, h)
	b.WriteString("\x1b[?25l")
	up(b, bl.at)
	b.WriteString("\r")
	for i, r := range rows {
		if i > 0 {
			b.WriteString("\r\n")
		}
		if i < len(bl.rows) && bl.rows[i] == r {
			continue
		}
		b.WriteString(r.text)
		if r.width < w {
			b.WriteString("\x1b[K") // in a full row this would take its last column
		}
	}
	if len(bl.rows) > len(rows) {
		b.WriteString("\r\n\x1b[J\x1b[1A")
	}
	up(b, len(rows)-1-at)
	b.WriteString("\r")
	if col > 0 {
		fmt.Fprintf(b, "\x1b[%dC", col)
	}
	b.WriteString("\x1b[?25h")
	bl.rows, bl.at, bl.col, bl.width = rows, at, col, w
}

// layout returns the rows to draw, at most h, and where the cursor stands in
// them. A text taller than the screen is shown as a window around the cursor.
func (t *Terminal) layout(v *view, w, h int) (rows []row, at, col int) {
	below := v.below
	if room := h - 1; len(below) > room/2 {
		below = below[:room/2]
	}
	room := max(1, h-len(below))
	if len(v.lines) > 1 || len(below) > 0 {
		room = max(1, room-1)
	}
	current, at, col := t.wrap(v, v.line, w, v.col)
	before, after := []row{}, []row{}
	for i := v.line - 1; i >= 0 && len(before) < room; i-- {
		r, _, _ := t.wrap(v, i, w, -1)
		before = append(r, before...)
	}
	for i := v.line + 1; i < len(v.lines) && len(after) < room; i++ {
		r, _, _ := t.wrap(v, i, w, -1)
		after = append(after, r...)
	}
	all := append(append(before, current...), after...)
	at += len(before)
	if len(all) > room {
		top := min(max(0, at-room/2), len(all)-room)
		all = all[top : top+room]
		at -= top
	}
	rows = append(rows, all...)
	for _, line := range below {
		var b strings.Builder
		clipped := clipLine(line, w)
		t.writeLine(&b, clipped)
		width := 0
		for _, s := range clipped {
			width += textWidth(s.Text)
		}
		rows = append(rows, row{b.String(), width})
	}
	return rows, at, col
}

// Longer texts are shown in part when they are submitted.
const (
	finalLines = 200
	finalHead  = 20
	finalTail  = 5
)

func (t *Terminal) finalRows(v *view, w int) []row {
	var rows []row
	for i := 0; i < len(v.lines); i++ {
		if len(v.lines) > finalLines && i == finalHead {
			skipped := len(v.lines) - finalHead - finalTail
			var b strings.Builder
			t.writeSpan(&b, fmt.Sprintf("%s… %d more lines", v.cont, skipped), inspect.Dim)
			rows = append(rows, row{text: b.String()})
			i += skipped
		}
		r, _, _ := t.wrap(v, i, w, -1)
		rows = append(rows, r...)
	}
	return rows
}

// wrap lays out line i of v in rows of w columns. Cursor is a byte offset in
// the line whose row and column are returned, -1 for none.
func (t *Terminal) wrap(v *view, i, w, cursor int) (rows []row, at, col int) {
	prompt := v.first
	if i > 0 {
		prompt = v.cont
	}
	var (
		b     strings.Builder
		used  int
		style inspect.Style
	)
	sgr := func(seq string) {
		if t.color && seq != "" {
			b.WriteString(seq)
		}
	}
	put := func(c cell) {
		if c.width > w {
			c.show, c.width = "?", 1
		}
		if used+c.width > w {
			sgr(sgrReset) // a row stands alone: it may be redrawn without the next
			rows = append(rows, row{b.String(), used})
			b.Reset()
			used = 0
		}
		if c.visible && t.color {
			b.WriteString(sgrReverse + c.show + sgrReverseOff)
		} else {
			b.WriteString(c.show)
		}
		used += c.width
	}
	sgr(sgrPrompt)
	cells := appendCells(nil, prompt, 0)
	for _, c := range cells {
		put(c)
	}
	sgr(sgrReset)

	line := v.lines[i]
	var spans inspect.Line
	if v.styled != nil {
		spans = v.styled[i]
	}
	span, spanEnd := -1, 0
	at, col = -1, 0
	for _, c := range appendCells(cells[:0], line, 0) {
		for span+1 < len(spans) && c.off >= spanEnd {
			span++
			spanEnd += len(spans[span].Text)
		}
		now := inspect.Plain
		if span >= 0 && c.off < spanEnd {
			now = spans[span].Style
		}
		if len(v.brackets) > 0 && slices.Contains(v.brackets, place{i, c.off}) {
			now = styleBracket
		}
		broke := len(rows)
		if now != style {
			if t.sgr(style) != "" {
				sgr(sgrReset)
			}
			sgr(t.sgr(now))
			style = now
		}
		put(c)
		if len(rows) > broke && t.sgr(style) != "" {
			// The colour was set in the row that has just been closed.
			rest := b.String()
			b.Reset()
			sgr(t.sgr(style))
			b.WriteString(rest)
		}
		if cursor == c.off {
			at, col = len(rows), used-min(c.width, used)
		}
	}
	if t.sgr(style) != "" {
		sgr(sgrReset)
	}
	rows = append(rows, row{b.String(), used})
	if cursor >= 0 && at < 0 {
		if used >= w {
			rows = append(rows, row{})
			used = 0
		}
		at, col = len(rows)-1, used
	}
	return rows, at, col
}
