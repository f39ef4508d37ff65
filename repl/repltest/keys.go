package repltest

import (
	"io"
	"strings"
	"sync"
)

// The bytes that terminals send for keys.
const (
	Enter     = "\r"
	AltEnter  = "\x1b\r"
	Tab       = "\t"
	ShiftTab  = "\x1b[Z"
	Backspace = "\x7f"
	Delete    = "\x1b[3~"
	Escape    = "\x1b"
	Up        = "\x1b[A"
	Down      = "\x1b[B"
	Right     = "\x1b[C"
	Left      = "\x1b[D"
	Home      = "\x1b[H"
	End       = "\x1b[F"
)

// Ctrl returns the byte of Ctrl with a letter or one of @ [ \ ] ^ _.
func Ctrl(c byte) string { return string(rune(c & 0x1f)) }

// Paste returns text as a terminal sends it in bracketed paste.
func Paste(text string) string {
	return "\x1b[200~" + strings.ReplaceAll(text, "\n", "\r") + "\x1b[201~"
}

// Keys is an io.Reader of what is typed. All methods may be called from any
// goroutine.
type Keys struct {
	mu      sync.Mutex
	changed *sync.Cond
	queue   []string
	closed  bool
}

// NewKeys returns a reader that nothing has been typed into.
func NewKeys() *Keys {
	k := &Keys{}
	k.changed = sync.NewCond(&k.mu)
	return k
}

// Type queues each text; one Read returns at most one of them, as keys that are
// pressed one after the other arrive.
func (k *Keys) Type(texts ...string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.queue = append(k.queue, texts...)
	k.changed.Broadcast()
}

// Close ends the input: Read returns io.EOF once the queue is empty.
func (k *Keys) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
	k.changed.Broadcast()
	return nil
}

// Read implements io.Reader.
func (k *Keys) Read(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for len(k.queue) == 0 && !k.closed {
		k.changed.Wait()
	}
	if len(k.queue) == 0 {
		return 0, io.EOF
	}
	n := copy(p, k.queue[0])
	if n < len(k.queue[0]) {
		k.queue[0] = k.queue[0][n:]
	} else {
		k.queue = k.queue[1:]
	}
	return n, nil
}
