package term

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/chzyer/readline"

	"httpx-repl/jsbind/inspect"
)

// ErrInterrupt is returned by Read for Ctrl-C: what was typed is dropped.
var ErrInterrupt = errors.New("interrupted")

// ErrClosed is returned by Read after Close.
var ErrClosed = errors.New("the editor is closed")

// Verdict says what Enter does with a text.
type Verdict uint8

// Complete and invalid text is submitted (the session reports what is wrong);
// incomplete text gets another line.
const (
	Complete Verdict = iota
	Incomplete
	Invalid
)

// EditorConfig configures an Editor. Every func may be nil. They are called
// from the editor's goroutine, one at a time and without a lock held, so they
// may print; each should return within a few milliseconds.
type EditorConfig struct {
	// Prompt returns the prompt of the first line and of the lines after it,
	// as plain text. It is asked once for each Read.
	Prompt func() (first, continuation string)
	// Verdict decides what Enter does. Nil submits.
	Verdict func(text string) Verdict
	// Complete offers completions for the text before pos, a byte offset.
	Complete func(text string, pos int) Completion
	// History is loaded at the first key and added to by each submit.
	History *History
	// Highlight returns the text's lines as spans that spell exactly the text;
	// anything else is ignored. See NewHighlighter.
	Highlight func(text string) []inspect.Line
	// Hint returns help to show dim below the text, one line, or "".
	Hint func(text string, pos int) string
	// Paste may change what was pasted before it is inserted. Prompts have been
	// taken off already.
	Paste func(text string) string
	// Indent is one level of indentation, two spaces when empty.
	Indent string
	// Vi turns readline's vi keys on.
	Vi bool
	// EscapeTimeout is how long the rest of an escape sequence may take, 30 ms
	// when 0.
	EscapeTimeout time.Duration
}

// Texts longer than this are typed without colour and hints, which would cost
// more than a key may take.
const liveLimit = 32 << 10

// maxDeferred is how many keys that arrived together are applied before a
// redraw.
const maxDeferred = 256

// Editor reads cells at a prompt. Read is called from one goroutine at a time;
// Close and the Terminal's methods may be called from any.
type Editor struct {
	cfg  EditorConfig
	t    *Terminal
	keys *keyReader
	pump *pump
	rl   *readline.Instance

	gate   sync.Mutex // guards open, closed, ctx
	opened *sync.Cond
	open   bool // a Read waits for keys
	closed bool
	ctx    context.Context

	// What follows belongs to readline's goroutine while the gate is open, and
	// to Read while it is shut.
	first, cont string
	text        []rune
	pos         int
	staged      *edit // what the Listener makes of the key, when readline does not
	skip        bool  // the Listener has nothing to do for this key
	viNormal    bool
	consumed    int64 // runes taken from keys
	deferred    int
	undo        undoLog
	goal        int // the column that Up and Down aim at, -1 for the current
	menu        *menu
	search      *search
	recall      []string // entries not yet given to readline's history
	entries     []string // those that it has, oldest first
	loaded      bool
}

// An edit is a text and a cursor, a rune offset.
type edit struct {
	text []rune
	pos  int
}

// NewEditor returns an editor on t. The caller closes it.
func NewEditor(t *Terminal, cfg EditorConfig) (*Editor, error) {
	if cfg.Indent == "" {
		cfg.Indent = "  "
	}
	if cfg.EscapeTimeout == 0 {
		cfg.EscapeTimeout = 30 * time.Millisecond
	}
	if cfg.Prompt == nil {
		cfg.Prompt = func() (string, string) { return "> ", "... " }
	}
	if cfg.Verdict == nil {
		cfg.Verdict = func(string) Verdict { return Complete }
	}
	p, err := newPump(t.in)
	if err != nil {
		return nil, err
	}
	e := &Editor{cfg: cfg, t: t, pump: p, keys: newKeyReader(p.out, cfg.EscapeTimeout, cfg.Vi), goal: -1}
	e.opened = sync.NewCond(&e.gate)
	if cfg.History != nil {
		go cfg.History.Entries() // read by the time of the first key
	}
	if t.dumb || !t.interactive {
		return e, nil
	}
	nothing := func() error { return nil }
	e.rl, err = readline.NewEx(&readline.Config{
		Stdin: e.keys, Stdout: io.Discard, Stderr: io.Discard,
		FuncIsTerminal: func() bool { return false }, FuncGetWidth: func() int { return 80 },
		FuncMakeRaw: nothing, FuncExitRaw: nothing, FuncOnWidthChanged: func(func()) {},
		FuncFilterInputRune: e.filter, Listener: readline.FuncListener(e.changed), Painter: nil,
		DisableAutoSaveHistory: true, HistoryLimit: maxEntries + 1,
	})
	if err != nil {
		p.close()
		return nil, err
	}
	return e, nil
}

// Read shows the prompt and returns the text that was submitted, without blank
// lines at its end. It returns ErrInterrupt for Ctrl-C, io.EOF for Ctrl-D in an
// empty text and at the end of the input, ctx's error when ctx ends, and
// ErrClosed after Close.
func (e *Editor) Read(ctx context.Context) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	e.first, e.cont = e.cfg.Prompt()
	if e.rl == nil {
		return e.readPlain(ctx)
	}
	if err := e.begin(ctx); err != nil {
		return "", err
	}
	stopCancel := context.AfterFunc(ctx, func() { e.keys.send(keyCancel) })
	stopSize := func() {}
	if _, ok := e.t.in.(*os.File); ok {
		stopSize = watchSize(e.t.Resized)
	}
	text, err := e.rl.Readline()
	stopCancel()
	stopSize()
	e.shut()
	e.pump.pause()
	if restoreErr := e.t.endEdit(); err == nil {
		err = restoreErr
	}
	switch {
	case ctx.Err() != nil && err != nil:
		return "", ctx.Err()
	case e.isClosed():
		return "", ErrClosed
	case errors.Is(err, readline.ErrInterrupt):
		return "", ErrInterrupt
	case err != nil:
		return "", err
	}
	if e.cfg.History != nil && strings.TrimSpace(text) != "" {
		e.cfg.History.Add(text)
	}
	return text, nil
}

// begin draws the empty prompt and lets keys through.
func (e *Editor) begin(ctx context.Context) error {
	e.gate.Lock()
	defer e.gate.Unlock()
	if e.closed {
		return ErrClosed
	}
	if err := e.t.beginEdit(); err != nil {
		return err
	}
	e.text, e.pos, e.goal = nil, 0, -1
	e.staged, e.menu, e.search, e.viNormal = nil, nil, nil, false
	e.undo = undoLog{}
	e.ctx = ctx
	e.t.show(e.view())
	e.open = true
	e.opened.Broadcast()
	e.pump.resume()
	return nil
}

func (e *Editor) shut() {
	e.gate.Lock()
	e.open = false
	e.gate.Unlock()
}

func (e *Editor) isClosed() bool {
	e.gate.Lock()
	defer e.gate.Unlock()
	return e.closed
}

// wait blocks readline's goroutine while nothing reads, and returns false once
// the editor is closed.
func (e *Editor) wait() (context.Context, bool) {
	e.gate.Lock()
	defer e.gate.Unlock()
	for !e.open && !e.closed {
		e.opened.Wait()
	}
	return e.ctx, !e.closed
}

// Close ends a Read in progress and the editor's goroutines; it does not wait
// for a key. The terminal is put back by the Read that ends, or was already.
func (e *Editor) Close() error {
	e.gate.Lock()
	if e.closed {
		e.gate.Unlock()
		return nil
	}
	e.closed = true
	e.opened.Broadcast()
	e.gate.Unlock()
	// readline's own Close waits for a key and leaves a goroutine behind. The
	// end of its input, and a kick for the case that it does not read, ends
	// both of its loops.
	e.keys.Close()
	if e.rl != nil {
		e.rl.Config.Stdin.Close()
		e.rl.Terminal.KickRead()
	}
	e.pump.close()
	return nil
}

// view is the state as it should be on screen. It calls the callbacks.
func (e *Editor) view() *view {
	text := string(e.text)
	at := len(string(e.text[:e.pos]))
	v := &view{first: e.first, cont: e.cont, lines: strings.Split(text, "\n")}
	v.line = strings.Count(text[:at], "\n")
	v.col = at - (strings.LastIndexByte(text[:at], '\n') + 1)
	live := len(text) <= liveLimit
	if live && e.cfg.Highlight != nil && e.t.color && text != "" {
		if styled := e.cfg.Highlight(text); spells(styled, v.lines) {
			v.styled = styled
			if pair, ok := matchBrackets(styled, v.line, v.col); ok {
				v.brackets = pair[:]
			}
		}
	}
	switch {
	case e.search != nil:
		v.below = []inspect.Line{e.search.status()}
	case e.menu != nil:
		v.below = e.menu.lines(e.t.dimensions())
	case live && e.cfg.Hint != nil && text != "":
		if hint := e.cfg.Hint(text, at); hint != "" {
			hint, _, _ = strings.Cut(hint, "\n")
			v.below = []inspect.Line{{{Text: hint, Style: inspect.Dim}}}
		}
	}
	return v
}

func spells(styled []inspect.Line, lines []string) bool {
	if len(styled) != len(lines) {
		return false
	}
	for i, line := range styled {
		rest := lines[i]
		for _, span := range line {
			if !strings.HasPrefix(rest, span.Text) {
				return false
			}
			rest = rest[len(span.Text):]
		}
		if rest != "" {
			return false
		}
	}
	return true
}

// finalView is the text alone, as it stays on screen.
func (e *Editor) finalView() *view {
	e.menu, e.search = nil, nil
	v := e.view()
	v.below, v.brackets = nil, nil
	return v
}

// redraw draws the state, unless more keys are already waiting: a burst of keys
// costs one drawing.
func (e *Editor) redraw() {
	if e.keys.emitted.Load() > e.consumed && e.deferred < maxDeferred {
		e.deferred++
		return
	}
	e.deferred = 0
	e.t.show(e.view())
}

// changed is readline's Listener: it runs after each key, takes the state that
// the filter staged or that readline made, and draws it.
func (e *Editor) changed(line []rune, pos int, key rune) ([]rune, int, bool) {
	if key == 0 {
		return nil, 0, false // readline calls it so from Read's goroutine, which does not own the edit state
	}
	if e.skip {
		e.skip = false
		return nil, 0, false
	}
	before := edit{e.text, e.pos}
	after := edit{append([]rune(nil), line...), pos}
	native := e.staged == nil
	if !native {
		after, e.staged = *e.staged, nil
	}
	if native {
		after = e.dedent(before, after, key)
	}
	after.pos = snap(after.text, after.pos)
	e.text, e.pos = after.text, after.pos
	e.undo.note(before, after, key)
	if native && key < keyEnter && key >= ' ' {
		e.narrowMenu()
	}
	e.redraw()
	// A copy: readline edits the slice in place.
	return append([]rune(nil), e.text...), e.pos, !native || after.pos != pos || len(after.text) != len(line)
}
