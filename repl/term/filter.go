package term

import (
	"strings"

	"github.com/chzyer/readline"
)

// filter is readline's FuncFilterInputRune. It sees each key first, decides
// what it means, and either lets readline do it (text, yank, history) or stages
// a new text for the Listener and passes a bell, which readline ignores.
//
// What ends a Read must be drawn here: readline hands the line to the caller
// before it calls the Listener.
func (e *Editor) filter(r rune) (rune, bool) {
	ctx, alive := e.wait()
	if !alive {
		for r != 0 { // until readline's reading loop has ended
			r = e.rl.Terminal.ReadRune()
		}
		e.rl.Operation.SetBuffer("") // its other loop ends on an empty buffer
		return 0, true
	}
	e.consumed++
	e.loadHistory()
	if r == keyCancel {
		if ctx.Err() == nil {
			return e.stay(), true
		}
		return e.end("", readline.CharInterrupt), true
	}
	if r != keyUp && r != keyDown {
		defer func() { e.goal = -1 }()
	}
	if e.search != nil {
		if out, done := e.searchKey(r); done {
			return out, true
		}
	}
	if e.menu != nil {
		if out, done := e.menuKey(r); done {
			return out, true
		}
	}
	if r < keyEnter || r >= keyLast {
		return e.typed(r), true
	}
	return e.command(r), true
}

// typed handles text, which readline inserts; in vi mode it may be a command.
func (e *Editor) typed(r rune) rune {
	if !e.cfg.Vi || !e.viNormal {
		return r
	}
	return e.viKey(r)
}

func (e *Editor) command(r rune) rune {
	switch r {
	case keyEnter:
		return e.enter()
	case keyNewline:
		return e.insert(e.newline())
	case keyInterrupt:
		return e.end("^C", readline.CharInterrupt)
	case keyEOF:
		if len(e.text) == 0 {
			return e.end("", readline.CharDelete)
		}
		return e.replace(e.pos, nextBoundary(e.text, e.pos), "")
	case keyHangup:
		return e.end("", readline.CharDelete)
	case keyUp:
		return e.vertical(-1)
	case keyDown:
		return e.vertical(1)
	case keyTab:
		return e.tab()
	case keyBackTab:
		return e.outdent()
	case keySearch, keySearchForward:
		return e.startSearch()
	case keyEscape:
		if e.cfg.Vi && !e.viNormal {
			e.viNormal = true
			return e.viKey(readline.CharEsc)
		}
		return e.stay()
	case keyPaste:
		return e.paste(e.keys.takePaste())
	case keyClear:
		e.t.clear()
		return e.stay()
	case keySuspend:
		e.suspend()
		return e.stay()
	case keyUndo:
		if state, ok := e.undo.pop(); ok {
			return e.stage(state.text, state.pos)
		}
		return e.stay()
	case keyYank:
		return readline.CharCtrlY
	case keyTranspose:
		return readline.CharTranspose
	}
	if from, to, ok := e.killRange(r); ok {
		return e.kill(from, to)
	}
	return e.edit(r)
}

// edit handles the keys that move or delete.
func (e *Editor) edit(r rune) rune {
	switch r {
	case keyLeft:
		return e.move(prevBoundary(e.text, e.pos))
	case keyRight:
		return e.move(nextBoundary(e.text, e.pos))
	case keyHome:
		return e.move(lineStart(e.text, e.pos))
	case keyEnd:
		return e.move(lineEnd(e.text, e.pos))
	case keyTop:
		return e.move(0)
	case keyBottom:
		return e.move(len(e.text))
	case keyWordLeft:
		return e.move(wordLeft(e.text, e.pos))
	case keyWordRight:
		return e.move(wordRight(e.text, e.pos))
	case keyBackspace:
		return e.replace(prevBoundary(e.text, e.pos), e.pos, "")
	case keyDelete:
		return e.replace(e.pos, nextBoundary(e.text, e.pos), "")
	}
	return e.stay()
}

// stage makes text and pos the result of the key.
func (e *Editor) stage(text []rune, pos int) rune {
	e.staged = &edit{text, pos}
	return readline.CharBell
}

func (e *Editor) stay() rune { return e.stage(e.text, e.pos) }

func (e *Editor) move(pos int) rune { return e.stage(e.text, pos) }

// replace puts s in place of the runes from..to, the cursor behind it.
func (e *Editor) replace(from, to int, s string) rune {
	text := make([]rune, 0, len(e.text)-(to-from)+len(s))
	text = append(text, e.text[:from]...)
	text = append(text, []rune(s)...)
	pos := len(text)
	return e.stage(append(text, e.text[to:]...), pos)
}

func (e *Editor) insert(s string) rune { return e.replace(e.pos, e.pos, s) }

// enter submits, or goes on to a new line when the text is not complete. An
// empty continuation line submits what there is, so nothing traps the user.
func (e *Editor) enter() rune {
	text := string(e.text)
	if strings.TrimSpace(text) != "" && e.cfg.Verdict(text) == Incomplete {
		last := text[strings.LastIndexByte(text, '\n')+1:]
		atEnd := strings.TrimSpace(string(e.text[e.pos:])) == ""
		if !atEnd || !strings.Contains(text, "\n") || strings.TrimSpace(last) != "" {
			return e.insert(e.newline())
		}
	}
	if trimmed := strings.TrimRight(text, " \t\n"); strings.Contains(text[len(trimmed):], "\n") || trimmed == "" {
		e.text = []rune(trimmed)
		e.rl.Operation.SetBuffer(trimmed)
	}
	e.recall = append(e.recall, string(e.text))
	return e.end("", readline.CharEnter)
}

// end draws the text for the last time, with note behind it, and lets readline
// return.
func (e *Editor) end(note string, key rune) rune {
	e.pos = len(e.text)
	e.t.finish(e.finalView(), note)
	if key == readline.CharDelete {
		e.rl.Operation.SetBuffer("")
	}
	e.skip, e.deferred, e.viNormal = true, 0, false
	if e.cfg.Vi {
		e.rl.Operation.EnterVimInsertMode()
	}
	e.shut()
	return key
}

// vertical moves a line up or down, and through the history at the edges.
func (e *Editor) vertical(by int) rune {
	if e.goal < 0 {
		e.goal = column(e.text, e.pos)
	}
	start, end := lineStart(e.text, e.pos), lineEnd(e.text, e.pos)
	switch {
	case by < 0 && start == 0:
		e.goal = -1
		return readline.CharPrev
	case by < 0:
		return e.move(atColumn(e.text, lineStart(e.text, start-1), e.goal))
	case end == len(e.text):
		e.goal = -1
		return readline.CharNext
	}
	return e.move(atColumn(e.text, end+1, e.goal))
}

// kill removes from..to into readline's kill buffer: readline is given just
// that part and told to kill it, then the Listener puts back the rest.
func (e *Editor) kill(from, to int) rune {
	if from >= to {
		return e.stay()
	}
	e.rl.Operation.SetBuffer(string(e.text[from:to]))
	e.replace(from, to, "")
	e.staged.pos = from
	return readline.CharCtrlU
}

// killRange returns what a kill key removes.
func (e *Editor) killRange(r rune) (from, to int, ok bool) {
	switch r {
	case keyKillLine:
		end := lineEnd(e.text, e.pos)
		if end == e.pos {
			end = min(end+1, len(e.text))
		}
		return e.pos, end, true
	case keyKillStart:
		start := lineStart(e.text, e.pos)
		if start == e.pos {
			start = max(start-1, 0)
		}
		return start, e.pos, true
	case keyKillWord:
		return e.pos, wordRight(e.text, e.pos), true
	case keyKillWordBack:
		return wordLeft(e.text, e.pos), e.pos, true
	case keyKillSpace:
		return spaceLeft(e.text, e.pos), e.pos, true
	}
	return 0, 0, false
}

// suspend stops the process until the shell continues it.
func (e *Editor) suspend() {
	if e.pump.tty == nil {
		return
	}
	e.t.finish(e.view(), "")
	e.pump.pause()
	e.t.endEdit()
	suspend()
	e.t.beginEdit()
	e.pump.resume()
}

// loadHistory gives readline the entries that it lacks. It runs on readline's
// goroutine, before the first key of a Read is handled: the list has no lock.
func (e *Editor) loadHistory() {
	if !e.loaded && e.cfg.History != nil {
		e.loaded = true
		e.recall = append(e.cfg.History.Entries(), e.recall...)
	}
	if e.recall == nil {
		return
	}
	for _, entry := range e.recall {
		if strings.TrimSpace(entry) == "" {
			entry = "" // to readline: go back to the newest entry
		}
		if len(e.entries) > 0 {
			e.rl.SaveHistory("")
		}
		if entry != "" {
			e.rl.SaveHistory(entry)
			e.entries = append(e.entries, entry)
		}
	}
	e.recall = nil
}
