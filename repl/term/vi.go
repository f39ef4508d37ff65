package term

import "github.com/chzyer/readline"

// viKey gives a key to readline's vi mode by hand: readline itself does not
// call the Listener for the keys that its vi mode handles.
func (e *Editor) viKey(r rune) rune {
	switch r {
	case 'u':
		return e.command(keyUndo)
	case '/':
		return e.startSearch()
	case '0', '^':
		return e.move(lineStart(e.text, e.pos))
	case '$':
		return e.move(lineEnd(e.text, e.pos))
	case 'A', 'I':
		e.viNormal = false
		e.rl.Operation.EnterVimInsertMode()
		if r == 'A' {
			return e.move(lineEnd(e.text, e.pos))
		}
		return e.move(lineStart(e.text, e.pos))
	case 'i', 'a', 's', 'S', 'c':
		e.viNormal = false
	}
	out := e.handleVi(r)
	if r == readline.CharEsc && e.pos > lineStart(e.text, e.pos) {
		out = readline.CharBackward // as vi does; readline stays
	}
	switch out {
	case readline.CharPrev:
		return e.vertical(-1)
	case readline.CharNext:
		return e.vertical(1)
	case readline.CharBackward:
		return e.move(prevBoundary(e.text, e.pos))
	case readline.CharForward:
		return e.move(nextBoundary(e.text, e.pos))
	}
	return readline.CharBell // the Listener takes what readline has made of it
}

func (e *Editor) handleVi(r rune) (out rune) {
	// Its end-of-word move reads past the buffer's end.
	defer func() {
		if recover() != nil {
			out = 0
		}
	}()
	return e.rl.Operation.HandleVim(r, func() rune {
		next := e.rl.Terminal.ReadRune()
		if next != 0 {
			e.consumed++
		}
		if next >= keyEnter && next < keyLast {
			return readline.CharEsc
		}
		return next
	})
}
