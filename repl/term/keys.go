package term

import (
	"bytes"
	"io"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

// Keys that are not text travel through readline as code points of a private
// plane, and so does a whole paste; the editor's filter takes them out again.
// The same code points in what is typed become U+FFFD.
const (
	keyEnter rune = 0x10f700 + iota
	keyNewline
	keyInterrupt
	keyEOF
	keyHangup
	keyCancel
	keyLeft
	keyRight
	keyUp
	keyDown
	keyHome
	keyEnd
	keyTop
	keyBottom
	keyWordLeft
	keyWordRight
	keyDelete
	keyBackspace
	keyKillLine
	keyKillStart
	keyKillSpace
	keyKillWordBack
	keyKillWord
	keyYank
	keyTranspose
	keyUndo
	keyTab
	keyBackTab
	keySearch
	keySearchForward
	keyAbort
	keyClear
	keySuspend
	keyEscape
	keyPaste
	keyLast
)

// controls maps C0 bytes. A byte that is missing does nothing: NUL (Ctrl-Space)
// would be the end of input to readline.
var controls = map[byte]rune{
	0x01: keyHome, 0x02: keyLeft, 0x03: keyInterrupt, 0x04: keyEOF, 0x05: keyEnd, 0x06: keyRight, 0x07: keyAbort,
	0x08: keyBackspace, 0x09: keyTab, 0x0a: keyEnter, 0x0b: keyKillLine, 0x0c: keyClear, 0x0d: keyEnter, 0x0e: keyDown,
	0x10: keyUp, 0x12: keySearch, 0x13: keySearchForward, 0x14: keyTranspose, 0x15: keyKillStart, 0x17: keyKillSpace,
	0x19: keyYank, 0x1a: keySuspend, 0x1f: keyUndo, 0x7f: keyBackspace,
}

var altKeys = map[byte]rune{
	'b': keyWordLeft, 'B': keyWordLeft, 'f': keyWordRight, 'F': keyWordRight, 'd': keyKillWord, 'D': keyKillWord,
	0x7f: keyKillWordBack, 0x08: keyKillWordBack, '<': keyTop, '>': keyBottom, '\r': keyNewline, '\n': keyNewline,
}

// finals maps the last byte of a CSI or SS3 sequence without modifiers.
var finals = map[byte]rune{
	'A': keyUp, 'B': keyDown, 'C': keyRight, 'D': keyLeft, 'H': keyHome, 'F': keyEnd, 'Z': keyBackTab, 'M': keyEnter,
}

// tildes maps the number of a CSI number ~ sequence.
var tildes = map[int]rune{1: keyHome, 7: keyHome, 4: keyEnd, 8: keyEnd, 3: keyDelete}

// Bounds on what the input may make us hold.
const (
	maxPaste    = 64 << 20
	maxSequence = 256
)

var pasteEnd = []byte("\x1b[201~")

// keyReader turns the bytes of the terminal into the runes that readline reads.
type keyReader struct {
	chunks  <-chan []byte // closed at the end of the input
	inject  chan rune     // keys from the program itself
	stop    chan struct{}
	once    sync.Once
	escWait time.Duration
	vi      bool

	raw     []byte // not decoded yet
	ready   []byte // decoded, UTF-8
	inPaste bool
	paste   []byte
	ended   bool

	emitted atomic.Int64 // runes put in ready, ever

	mu     sync.Mutex
	pastes []string // a keyPaste each, in order
}

func newKeyReader(chunks <-chan []byte, escWait time.Duration, vi bool) *keyReader {
	return &keyReader{chunks: chunks, inject: make(chan rune), stop: make(chan struct{}), escWait: escWait, vi: vi}
}

// Read implements io.Reader for readline.
func (k *keyReader) Read(p []byte) (int, error) {
	for len(k.ready) == 0 {
		if k.ended {
			select {
			case <-k.stop:
				return 0, io.EOF
			case r := <-k.inject:
				k.emit(r)
				continue
			}
		}
		var timeout <-chan time.Time
		if len(k.raw) > 0 && !k.inPaste {
			wait := k.escWait
			if len(k.raw) > 1 {
				// Surely a sequence, which a slow line has split; taking its
				// rest for text could run what is being pasted.
				wait *= 20
			}
			timer := time.NewTimer(wait)
			defer timer.Stop()
			timeout = timer.C
		}
		select {
		case <-k.stop:
			return 0, io.EOF
		case r := <-k.inject:
			k.emit(r)
		case chunk, ok := <-k.chunks:
			if !ok {
				k.flush()
				k.emit(keyHangup)
				k.ended = true
				break
			}
			if k.inPaste && len(chunk) == 1 && chunk[0] == 0x03 {
				// Ctrl-C typed while the end of a paste never comes.
				k.inPaste, k.paste, k.raw = false, nil, nil
				k.emit(keyInterrupt)
				break
			}
			k.raw = append(k.raw, chunk...)
			k.decode()
		case <-timeout:
			k.flush()
		}
	}
	n := copy(p, k.ready)
	k.ready = k.ready[n:]
	return n, nil
}

// Close makes Read return io.EOF.
func (k *keyReader) Close() error {
	k.once.Do(func() { close(k.stop) })
	return nil
}

// send injects a key from the program; it returns when it was taken or the
// reader is closed.
func (k *keyReader) send(r rune) {
	select {
	case k.inject <- r:
	case <-k.stop:
	}
}

func (k *keyReader) takePaste() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.pastes) == 0 {
		return ""
	}
	s := k.pastes[0]
	k.pastes = k.pastes[1:]
	return s
}

func (k *keyReader) emit(r rune) {
	k.ready = utf8.AppendRune(k.ready, r)
	k.emitted.Add(1)
}

// flush decides about a sequence whose end did not come in time.
func (k *keyReader) flush() {
	if len(k.raw) == 1 && k.raw[0] == 0x1b {
		k.emit(keyEscape)
	} else if len(k.raw) > 0 && k.raw[0] >= utf8.RuneSelf {
		k.emit(utf8.RuneError)
	}
	k.raw = nil
}

func (k *keyReader) decode() {
	for len(k.raw) > 0 {
		var n int
		if k.inPaste {
			n = k.decodePaste()
		} else {
			n = k.decodeKey()
		}
		if n == 0 {
			return
		}
		k.raw = k.raw[n:]
	}
	k.raw = nil
}

// decodePaste consumes pasted bytes up to the end marker and emits one key for
// all of them.
func (k *keyReader) decodePaste() int {
	if i := bytes.Index(k.raw, pasteEnd); i >= 0 {
		k.paste = append(k.paste, k.raw[:i]...)
		k.mu.Lock()
		k.pastes = append(k.pastes, pasteText(k.paste))
		k.mu.Unlock()
		k.paste, k.inPaste = nil, false
		k.emit(keyPaste)
		return i + len(pasteEnd)
	}
	keep := 0 // a tail that may be the beginning of the marker
	for n := min(len(pasteEnd)-1, len(k.raw)); n > 0; n-- {
		if bytes.HasSuffix(k.raw, pasteEnd[:n]) {
			keep = n
			break
		}
	}
	n := len(k.raw) - keep
	if room := maxPaste - len(k.paste); room > 0 {
		k.paste = append(k.paste, k.raw[:min(n, room)]...)
	}
	return n
}

// pasteText makes valid UTF-8 with bare line feeds of pasted bytes. Terminals
// send a carriage return for each line end.
func pasteText(b []byte) string {
	s := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(b))
	return strings.Map(func(r rune) rune {
		if r >= keyEnter && r < keyLast {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}

// decodeKey consumes one key and returns its length, 0 when more bytes are needed.
func (k *keyReader) decodeKey() int {
	switch c := k.raw[0]; {
	case c == 0x1b:
		return k.decodeEscape()
	case c < 0x20 || c == 0x7f:
		if r, ok := controls[c]; ok {
			k.emit(r)
		}
		return 1
	case c < utf8.RuneSelf:
		k.emit(rune(c))
		return 1
	}
	if !utf8.FullRune(k.raw) {
		return 0
	}
	r, n := utf8.DecodeRune(k.raw)
	if r >= keyEnter && r < keyLast || r >= 0x80 && r < 0xa0 {
		r = utf8.RuneError
	}
	k.emit(r)
	return n
}

func (k *keyReader) decodeEscape() int {
	if len(k.raw) == 1 {
		return 0
	}
	switch c := k.raw[1]; {
	case c == '[':
		return k.decodeCSI()
	case c == 'O':
		if len(k.raw) < 3 {
			return 0
		}
		if r, ok := finals[k.raw[2]]; ok {
			k.emit(r)
		}
		return 3
	case c == ']' || c == 'P' || c == '_' || c == '^' || c == 'X':
		// A reply from the terminal; nothing here asks for one.
		for i := 2; i < len(k.raw) && i < maxSequence; i++ {
			if k.raw[i] == 0x07 {
				return i + 1
			}
			if k.raw[i] == '\\' && k.raw[i-1] == 0x1b {
				return i + 1
			}
		}
		if len(k.raw) >= maxSequence {
			return len(k.raw)
		}
		return 0
	case c == 0x1b:
		k.emit(keyEscape)
		return 1
	case k.vi && c != '\r' && c != '\n':
		k.emit(keyEscape)
		return 1
	default:
		if r, ok := altKeys[c]; ok {
			k.emit(r)
		}
		if c >= utf8.RuneSelf {
			return 1 // the rune that follows is typed text
		}
		return 2
	}
}

// decodeCSI consumes ESC [ parameters final, as ECMA-48 5.4 has it.
func (k *keyReader) decodeCSI() int {
	i := 2
	if len(k.raw) > 2 && k.raw[2] == '[' { // the Linux console's function keys
		if len(k.raw) < 4 {
			return 0
		}
		return 4
	}
	for ; ; i++ {
		if i >= len(k.raw) {
			if i >= maxSequence {
				return i
			}
			return 0
		}
		if c := k.raw[i]; c >= 0x40 && c <= 0x7e {
			break
		} else if c < 0x20 || c > 0x3f {
			return i // broken off: what broke it is a key of its own
		}
	}
	params, final := string(k.raw[2:i]), k.raw[i]
	if final == '~' && params == "200" {
		k.inPaste = true
		return i + 1
	}
	if r := csiKey(params, final); r != 0 {
		k.emit(r)
	}
	return i + 1
}

// csiKey returns the key of a CSI sequence, 0 for one that does nothing.
func csiKey(params string, final byte) rune {
	fields := strings.Split(params, ";")
	number := func(i int) int {
		if i >= len(fields) {
			return 0
		}
		first, _, _ := strings.Cut(fields[i], ":")
		n, _ := strconv.Atoi(first)
		return n
	}
	mods := max(number(1)-1, 0)
	switch {
	case final == 'u':
		return modifiedKey(number(0), mods)
	case final == '~' && number(0) == 27:
		return modifiedKey(number(2), mods)
	case final == '~' && number(0) == 3 && mods&modCtrl != 0:
		return keyKillWord
	case final == '~':
		return tildes[number(0)]
	case final == 'C' && mods&(modAlt|modCtrl) != 0:
		return keyWordRight
	case final == 'D' && mods&(modAlt|modCtrl) != 0:
		return keyWordLeft
	case final == 'H' && mods&modCtrl != 0:
		return keyTop
	case final == 'F' && mods&modCtrl != 0:
		return keyBottom
	case final == 'M' && params != "":
		return 0
	}
	return finals[final]
}

const (
	modShift = 1
	modAlt   = 2
	modCtrl  = 4
)

// modifiedKey decodes the CSI u and modifyOtherKeys forms: a code point and
// modifiers.
func modifiedKey(code, mods int) rune {
	switch {
	case code == '\r' && mods&(modShift|modAlt|modCtrl) != 0:
		return keyNewline
	case code == '\t' && mods&modShift != 0:
		return keyBackTab
	case code == 0x1b:
		return keyEscape
	case code <= 0 || code > utf8.MaxRune:
		return 0
	case mods&modCtrl != 0:
		if code == '/' || code == '-' || code == '_' {
			return keyUndo
		}
		if code >= '@' && code < 0x7f {
			return controls[byte(code)&0x1f]
		}
		if code == 0x7f {
			return keyKillWordBack
		}
		return 0
	case mods&modAlt != 0:
		if code < utf8.RuneSelf {
			return altKeys[byte(code)]
		}
		return 0
	case code < 0x20 || code == 0x7f:
		return controls[byte(code)]
	case code >= 0x80 && code < 0xa0 || code >= 0xe000 && code <= 0xf8ff || code >= 0xf0000:
		return 0 // kitty's functional keys
	}
	return rune(code)
}
