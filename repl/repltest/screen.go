// Package repltest is a terminal for tests: keys in, screen out.
//
// A [Screen] is an io.Writer that understands what a VT100 and its heirs do
// with the sequences that a prompt sends: cursor moves, erasing, scrolling,
// wide characters and combining ones; colours are read and forgotten. It keeps
// a note of each sequence that it does not expect ([Screen.Foreign]), which is
// how a test shows that nothing from outside reaches the terminal. [Keys] is the
// reader at the other side, and [Pty] drives a whole process over a real
// pseudo-terminal.
//
// Nothing here sleeps: Wait blocks until a write brings the screen to the state
// asked for, and fails with a picture of the screen when that takes too long.
package repltest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"
)

// Patience is how long Wait waits for a screen that does not come.
const Patience = 10 * time.Second

// Screen is the model of a terminal's screen. All methods may be called from
// any goroutine.
type Screen struct {
	mu      sync.Mutex
	changed *sync.Cond
	parser  parser

	width, height int
	rows          [][]string // a cluster each cell; "" behind a wide one
	row, col      int
	wrap          bool // the cursor hangs behind the last column
	scrolled      []string
	hidden        bool
	paste         bool
	foreign       []string
	bytes         int
}

// NewScreen returns an empty screen of width columns and height rows.
func NewScreen(width, height int) *Screen {
	s := &Screen{}
	s.changed = sync.NewCond(&s.mu)
	s.parser.screen = s
	s.resize(width, height)
	return s
}

// Resize changes the size as a terminal that does not reflow does: rows are cut
// or padded, and when there are fewer the top ones scroll away.
func (s *Screen) Resize(width, height int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resize(width, height)
	s.changed.Broadcast()
}

func (s *Screen) resize(width, height int) {
	for len(s.rows) > height && s.row > height-1 {
		s.scrolled = append(s.scrolled, text(s.rows[0]))
		s.rows = s.rows[1:]
		s.row--
	}
	s.width, s.height = width, height
	for len(s.rows) < height {
		s.rows = append(s.rows, nil)
	}
	s.rows = s.rows[:height]
	for i, row := range s.rows {
		for len(row) < width {
			row = append(row, " ")
		}
		s.rows[i] = row[:width]
	}
	s.row, s.col = min(s.row, height-1), min(s.col, width-1)
	s.wrap = false
}

// Size returns the width and height; it fits term.Options.Size.
func (s *Screen) Size() (int, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.width, s.height
}

// Write implements io.Writer; it never fails. Sequences may be split between
// writes.
func (s *Screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytes += len(p)
	s.parser.feed(p)
	s.changed.Broadcast()
	return len(p), nil
}

// A Snapshot is the screen at one moment.
type Snapshot struct {
	Lines    []string // the rows without trailing blanks
	Scrolled []string // the rows that have scrolled off the top, oldest first
	Row, Col int      // the cursor, from 0
	Hidden   bool     // the cursor is not shown
	Paste    bool     // bracketed paste is on
	Bytes    int      // written so far
}

// String returns the rows down to the last one that holds something.
func (n Snapshot) String() string {
	return strings.TrimRight(strings.Join(n.Lines, "\n"), "\n")
}

// Transcript is String with the scrolled rows before it.
func (n Snapshot) Transcript() string {
	return strings.TrimRight(strings.Join(append(slices.Clone(n.Scrolled), n.Lines...), "\n"), "\n")
}

// Has reports whether the screen holds text.
func (n Snapshot) Has(text string) bool { return strings.Contains(n.String(), text) }

// Snapshot returns the screen as it is.
func (s *Screen) Snapshot() Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.snapshot()
}

func (s *Screen) snapshot() Snapshot {
	n := Snapshot{Scrolled: slices.Clone(s.scrolled), Row: s.row, Col: s.col, Hidden: s.hidden, Paste: s.paste, Bytes: s.bytes}
	for _, row := range s.rows {
		n.Lines = append(n.Lines, text(row))
	}
	return n
}

func text(row []string) string { return strings.TrimRight(strings.Join(row, ""), " ") }

// Foreign returns the sequences and control characters that a prompt has no
// business sending, quoted.
func (s *Screen) Foreign() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.foreign)
}

// Wait blocks until ok is true for the screen while the cursor is shown, and
// returns that screen. What says what is waited for.
func (s *Screen) Wait(t testing.TB, what string, ok func(Snapshot) bool) Snapshot {
	t.Helper()
	late := false
	timer := time.AfterFunc(Patience, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		late = true
		s.changed.Broadcast()
	})
	defer timer.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if n := s.snapshot(); !n.Hidden && ok(n) {
			return n
		} else if late {
			t.Fatalf("waited in vain for %s; cursor at row %d, column %d of\n%s", what, n.Row, n.Col, n.Transcript())
			return n
		}
		s.changed.Wait()
	}
}

// WaitText blocks until the screen's text is exactly want.
func (s *Screen) WaitText(t testing.TB, want string) Snapshot {
	t.Helper()
	return s.Wait(t, fmt.Sprintf("the screen\n%s\n---", want), func(n Snapshot) bool { return n.String() == want })
}

// WaitHas blocks until the screen holds text.
func (s *Screen) WaitHas(t testing.TB, text string) Snapshot {
	t.Helper()
	return s.Wait(t, fmt.Sprintf("%q", text), func(n Snapshot) bool { return n.Has(text) })
}

// WaitCursor blocks until the cursor is at row and col, counted from 0.
func (s *Screen) WaitCursor(t testing.TB, row, col int) Snapshot {
	t.Helper()
	return s.Wait(t, fmt.Sprintf("the cursor at row %d, column %d", row, col), func(n Snapshot) bool { return n.Row == row && n.Col == col })
}

// put writes one rune at the cursor, joining it to the cluster before it where
// they are one grapheme.
func (s *Screen) put(r rune) {
	if s.col > 0 || s.wrap {
		at := s.col - 1
		if s.wrap {
			at = s.col
		}
		for at > 0 && s.rows[s.row][at] == "" {
			at--
		}
		joined := s.rows[s.row][at] + string(r)
		if cluster, width := firstCluster(joined); cluster == joined && utf8.RuneCountInString(joined) > 1 {
			s.rows[s.row][at] = joined
			if end := at + width; end > s.col && !s.wrap {
				s.advance(at, width)
			}
			return
		}
	}
	_, width := firstCluster(string(r))
	width = max(width, 1)
	if s.wrap || s.col+width > s.width {
		s.col, s.wrap = 0, false
		s.down()
	}
	at := s.col
	s.rows[s.row][at] = string(r)
	s.advance(at, width)
}

// advance puts the cursor behind a cluster of width columns at column at.
func (s *Screen) advance(at, width int) {
	for i := at + 1; i < min(at+width, s.width); i++ {
		s.rows[s.row][i] = ""
	}
	s.col = at + width
	if s.col >= s.width {
		s.col, s.wrap = s.width-1, true
	}
	if !s.wrap && s.rows[s.row][s.col] == "" {
		s.rows[s.row][s.col] = " " // the right half of a wide character
	}
}

func (s *Screen) down() {
	if s.row < s.height-1 {
		s.row++
		return
	}
	s.scrolled = append(s.scrolled, text(s.rows[0]))
	blank := make([]string, s.width)
	for i := range blank {
		blank[i] = " "
	}
	s.rows = append(s.rows[1:], blank)
}

func (s *Screen) eraseRow(row, from int) {
	for i := from; i < s.width; i++ {
		s.rows[row][i] = " "
	}
}

// firstCluster is the grapheme cluster that s begins with and its width in columns.
func firstCluster(s string) (string, int) {
	g := displaywidth.StringGraphemes(s)
	g.Next()
	return g.Value(), g.Width()
}
