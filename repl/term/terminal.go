package term

import (
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"

	xterm "golang.org/x/term"

	"httpx-repl/jsbind/inspect"
)

// Options configure a Terminal. In and Out are needed; the rest has defaults.
type Options struct {
	// In is where keys come from. An *os.File that is a terminal is put in raw
	// mode while the editor reads, and is read only then.
	In io.Reader
	// Out is where everything goes; the Terminal is its only writer.
	Out io.Writer
	// Size returns the width and height in columns and rows; it may be called
	// from any goroutine. Nil asks Out when it is a terminal, else 80 by 24.
	Size func() (width, height int)
	// Color is the colour depth, see ChooseColor.
	Color ColorMode
	// Light picks the palette for a light background.
	Light bool
	// Interactive says that a person looks at Out: only then are cursor
	// sequences sent and is an Editor drawn.
	Interactive bool
	// Dumb says that the terminal knows no cursor sequences (TERM=dumb): the
	// Editor then prints its prompt and reads plain lines.
	Dumb bool
}

// Terminal is the only writer to the output. All methods may be called from any
// goroutine. It owns no goroutine and needs no Close; it does not close In or Out.
type Terminal struct {
	in          io.Reader
	interactive bool
	dumb        bool
	size        func() (int, int)
	styles      *styleTable
	color       bool

	mu      sync.Mutex
	out     io.Writer
	err     error
	midline bool   // the last output did not end its line
	status  string // the transient line on screen, already styled
	block   block  // the typed block on screen, when the editor is active

	raw     atomic.Pointer[rawState]
	editing atomic.Bool // sequences that Restore must take back have been sent
}

type rawState struct {
	fd    int
	state *xterm.State
}

// New returns a Terminal.
func New(o Options) *Terminal {
	t := &Terminal{
		in: o.In, out: o.Out, size: o.Size, interactive: o.Interactive, dumb: o.Dumb,
		styles: stylesFor(o.Color, o.Light), color: o.Color != ColorNone,
	}
	if t.size == nil {
		t.size = func() (int, int) { return 80, 24 }
		if f, ok := o.Out.(*os.File); ok {
			t.size = func() (int, int) {
				w, h, err := xterm.GetSize(int(f.Fd()))
				if err != nil {
					return 80, 24
				}
				return w, h
			}
		}
	}
	return t
}

// Width returns the terminal's width in columns, at least 1.
func (t *Terminal) Width() int { w, _ := t.dimensions(); return w }

// Height returns the terminal's height in rows, at least 1.
func (t *Terminal) Height() int { _, h := t.dimensions(); return h }

func (t *Terminal) dimensions() (int, int) {
	w, h := t.size()
	if w <= 0 {
		w = 80
	}
	if h <= 0 {
		h = 24
	}
	return w, h
}

// Interactive reports whether a person looks at the output.
func (t *Terminal) Interactive() bool { return t.interactive }

// Err returns the first error of writing to the output, nil when there was
// none. After an error nothing more is written.
func (t *Terminal) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// Print writes lines, each ended by a newline. Every span's text is sanitised.
func (t *Terminal) Print(lines []inspect.Line) {
	var b strings.Builder
	for _, line := range lines {
		t.writeLine(&b, line)
		b.WriteByte('\n')
	}
	t.write(b.String())
}

// PrintText writes sanitised text. Without a final newline the line is left
// open, unless a line is being typed below, which ends it.
func (t *Terminal) PrintText(s string) {
	var b strings.Builder
	t.writeSpan(&b, s, inspect.Plain)
	t.write(b.String())
}

// PrintRaw writes s as it is when the output is not a terminal, for programs
// that read it, and like PrintText when it is one.
func (t *Terminal) PrintRaw(s string) {
	if t.interactive {
		t.PrintText(s)
		return
	}
	t.write(s)
}

// Status shows one transient line below the output, for progress; the next
// Status replaces it and an empty line removes it. It is clipped to the width,
// and not shown while a line is being typed or when the output is no terminal.
func (t *Terminal) Status(line inspect.Line) {
	if !t.interactive || t.dumb {
		return
	}
	var b strings.Builder
	t.writeLine(&b, clipLine(line, t.Width()-1))
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.block.view != nil || t.midline && t.status == "" || b.String() == t.status {
		return
	}
	t.status = b.String()
	t.send("\r" + t.status + "\x1b[K")
}

// write puts text, already sanitised and styled, above whatever is transient.
func (t *Terminal) write(text string) {
	if text == "" {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.block.view == nil {
		if t.status != "" {
			text = "\r\x1b[K" + text
			if strings.HasSuffix(text, "\n") {
				text += t.status
			} else {
				t.status = ""
			}
		}
		t.midline = !strings.HasSuffix(text, "\n") && t.status == ""
		t.send(text)
		return
	}
	w, h := t.dimensions()
	var b strings.Builder
	t.block.erase(&b)
	b.WriteString(strings.ReplaceAll(text, "\n", "\r\n"))
	if !strings.HasSuffix(text, "\n") {
		b.WriteString("\r\n")
	}
	t.paint(&b, w, h)
	t.send(b.String())
}

// send writes to the output; the lock is held.
func (t *Terminal) send(s string) {
	if t.err == nil && s != "" {
		_, t.err = io.WriteString(t.out, s)
	}
}

func (t *Terminal) writeLine(b *strings.Builder, line inspect.Line) {
	for _, span := range line {
		t.writeSpan(b, span.Text, span.Style)
	}
}

func (t *Terminal) writeSpan(b *strings.Builder, text string, style inspect.Style) {
	sgr, on, off := t.sgr(style), "", ""
	if t.color {
		on, off = sgrReverse, sgrReverseOff
	}
	b.WriteString(sgr)
	if i := cleanPrefix(text); i == len(text) {
		b.WriteString(text)
	} else {
		b.WriteString(text[:i])
		sanitizeTail(b, text, i, on, off)
	}
	if sgr != "" {
		b.WriteString(sgrReset)
	}
}

func (t *Terminal) sgr(style inspect.Style) string {
	if int(style) >= len(t.styles) {
		return ""
	}
	return t.styles[style]
}

// clipLine sanitises a line's spans and cuts it to width columns.
func clipLine(line inspect.Line, width int) inspect.Line {
	var out inspect.Line
	for _, span := range line {
		text := strings.ReplaceAll(Sanitize(span.Text), "\n", " ")
		text = clip(strings.ReplaceAll(text, "\t", " "), width)
		width -= textWidth(text)
		out = append(out, inspect.Span{Text: text, Style: span.Style})
	}
	return out
}

// beginEdit makes the terminal ready for typing: raw mode and bracketed paste.
func (t *Terminal) beginEdit() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f, ok := t.in.(*os.File); ok && xterm.IsTerminal(int(f.Fd())) {
		state, err := xterm.MakeRaw(int(f.Fd()))
		if err != nil {
			return err
		}
		t.raw.Store(&rawState{int(f.Fd()), state})
	}
	start := "\x1b[?2004h"
	switch {
	case t.status != "":
		start = "\r\x1b[K" + start
		t.status = ""
	case t.midline:
		start = "\r\n" + start
	}
	t.midline = false
	t.editing.Store(true)
	t.send(start)
	return nil
}

// endEdit takes back what beginEdit did.
func (t *Terminal) endEdit() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	end := "\x1b[?2004l\x1b[?25h"
	if t.block.view != nil {
		end = t.block.below() + end
		t.block = block{}
	}
	if t.editing.Swap(false) {
		t.send(end)
	}
	if raw := t.raw.Swap(nil); raw != nil {
		return xterm.Restore(raw.fd, raw.state)
	}
	return nil
}

// Restore puts the terminal back as it was found: its modes, the cursor, and
// bracketed paste; the cursor is left below a half-typed block. It is for
// signal handlers and fatal exits: safe at any time, also while another
// goroutine prints, and more than once.
func (t *Terminal) Restore() {
	locked := t.mu.TryLock()
	if t.editing.Swap(false) {
		end := "\x1b[?2004l\x1b[?25h\x1b[0m"
		if locked && t.block.view != nil {
			end = t.block.below() + end
			t.block = block{}
		} else {
			end = "\r\n" + end
		}
		io.WriteString(t.out, end)
	}
	if raw := t.raw.Swap(nil); raw != nil {
		xterm.Restore(raw.fd, raw.state)
	}
	if locked {
		t.mu.Unlock()
	}
}

// Resized draws the typed block again for a new width or height.
func (t *Terminal) Resized() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.block.view == nil {
		return
	}
	w, h := t.dimensions()
	var b strings.Builder
	t.block.reflow(w)
	t.block.erase(&b)
	t.paint(&b, w, h)
	t.send(b.String())
}

// show draws v in place of the block on screen, nil removes it.
func (t *Terminal) show(v *view) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var b strings.Builder
	if v == nil {
		t.block.erase(&b)
		t.block = block{}
		t.send(b.String())
		return
	}
	w, h := t.dimensions()
	if w != t.block.width && t.block.view != nil {
		t.block.reflow(w)
		t.block.erase(&b)
	}
	t.block.view = v
	t.paint(&b, w, h)
	t.send(b.String())
}

// finish draws v for the last time, whole, and leaves the cursor below it.
// Note stands at the end of the last row.
func (t *Terminal) finish(v *view, note string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	w, _ := t.dimensions()
	var b strings.Builder
	if w != t.block.width && t.block.view != nil {
		t.block.reflow(w)
	}
	t.block.erase(&b)
	for i, r := range t.finalRows(v, w) {
		if i > 0 {
			b.WriteString("\r\n")
		}
		b.WriteString(r.text)
	}
	b.WriteString(note + "\r\n")
	t.block = block{}
	t.send(b.String())
}

// clear empties the screen and draws the block at its top.
func (t *Terminal) clear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	w, h := t.dimensions()
	var b strings.Builder
	b.WriteString("\x1b[H\x1b[2J")
	t.block.rows, t.block.at = nil, 0
	t.paint(&b, w, h)
	t.send(b.String())
}
