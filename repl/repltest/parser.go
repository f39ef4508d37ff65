package repltest

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A parser reads the byte stream of a terminal as ECMA-48 defines it.
type parser struct {
	screen *Screen
	rest   []byte // an unfinished sequence or rune
}

func (p *parser) feed(data []byte) {
	p.rest = append(p.rest, data...)
	for len(p.rest) > 0 {
		n := p.step(p.rest)
		if n == 0 {
			return
		}
		p.rest = p.rest[n:]
	}
	p.rest = nil
}

// step handles what b begins with and returns its length, 0 for unfinished.
func (p *parser) step(b []byte) int {
	s := p.screen
	switch c := b[0]; {
	case c == 0x1b:
		return p.escape(b)
	case c == '\r':
		s.col, s.wrap = 0, false
	case c == '\n':
		s.wrap = false
		s.down()
	case c == '\t':
		s.col = min(s.col/8*8+8, s.width-1)
	case c < 0x20 || c == 0x7f:
		p.foreign(b[:1])
	case c < utf8.RuneSelf:
		s.put(rune(c))
	default:
		if !utf8.FullRune(b) {
			return 0
		}
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 || r < 0xa0 {
			p.foreign(b[:n])
			return n
		}
		s.put(r)
		return n
	}
	return 1
}

func (p *parser) foreign(b []byte) {
	p.screen.foreign = append(p.screen.foreign, fmt.Sprintf("%q", b))
}

func (p *parser) escape(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	if b[1] != '[' {
		p.foreign(b[:2])
		return 2
	}
	for i := 2; i < len(b); i++ {
		if b[i] >= 0x40 && b[i] <= 0x7e {
			if !p.control(string(b[2:i]), b[i]) {
				p.foreign(b[:i+1])
			}
			return i + 1
		}
		if b[i] < 0x20 || b[i] > 0x3f {
			p.foreign(b[:i])
			return i
		}
	}
	return 0
}

// control acts on a CSI sequence; false for one that is not expected.
func (p *parser) control(params string, final byte) bool {
	s := p.screen
	n, err := strconv.Atoi(params)
	if params != "" && err != nil && final != 'm' && !strings.HasPrefix(params, "?") {
		return false
	}
	count := max(n, 1)
	switch final {
	case 'm':
		return strings.Trim(params, "0123456789;") == ""
	case 'A':
		s.row = max(s.row-count, 0)
	case 'B':
		s.row = min(s.row+count, s.height-1)
	case 'C':
		s.col = min(s.col+count, s.width-1)
	case 'D':
		s.col = max(s.col-count, 0)
	case 'H':
		if params != "" {
			return false
		}
		s.row, s.col = 0, 0
	case 'K':
		if n != 0 {
			return false
		}
		s.eraseRow(s.row, s.col) // also the last column when the cursor hangs there
	case 'J':
		switch n {
		case 0:
			s.eraseRow(s.row, s.col)
			for row := s.row + 1; row < s.height; row++ {
				s.eraseRow(row, 0)
			}
		case 2:
			for row := range s.height {
				s.eraseRow(row, 0)
			}
		default:
			return false
		}
	case 'h', 'l':
		switch params {
		case "?25":
			s.hidden = final == 'l'
		case "?2004":
			s.paste = final == 'h'
		default:
			return false
		}
	default:
		return false
	}
	s.wrap = s.wrap && (final == 'm' || final == 'h' || final == 'l')
	return true
}
