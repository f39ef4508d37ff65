package term

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxMarks is how many combining marks in a row are shown on one base
// character. Written languages need at most four; longer runs paint over the
// lines above and below.
const maxMarks = 4

// Sanitize returns s with everything that a terminal might act on, or hide, in
// a visible form. Newlines, tabs and CR LF pairs stay. The forms are those of a
// JavaScript string: \x1b for a control byte or a byte that is not UTF-8,
// \u202e or \u{e0041} for a code point. Nothing is dropped, so the original can
// be read back from the result; text that already spells such a form is left
// alone. Clean text is returned as it is, without a copy.
//
// Made visible are: C0 controls, DEL, C1 controls (in UTF-8 and as raw bytes),
// invalid UTF-8, line and paragraph separators, bidirectional controls,
// zero-width and tag characters (a joiner between two emoji is kept), and
// combining marks beyond the fourth in a row.
func Sanitize(s string) string {
	i := cleanPrefix(s)
	if i == len(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	b.WriteString(s[:i])
	sanitizeTail(&b, s, i, "", "")
	return b.String()
}

// plainByte marks the bytes that need no look at all.
var plainByte = func() (t [256]bool) {
	for c := 0x20; c < 0x7f; c++ {
		t[c] = true
	}
	t['\n'], t['\t'] = true, true
	return t
}()

// cleanPrefix returns the length of the longest prefix of s that is plain ASCII.
func cleanPrefix(s string) int {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		w := s[i : i+8]
		if !(plainByte[w[0]] && plainByte[w[1]] && plainByte[w[2]] && plainByte[w[3]] &&
			plainByte[w[4]] && plainByte[w[5]] && plainByte[w[6]] && plainByte[w[7]]) {
			break
		}
	}
	for i < len(s) && plainByte[s[i]] {
		i++
	}
	return i
}

// sanitizeTail writes s[i:] to b, each run of visible forms between on and off.
func sanitizeTail(b *strings.Builder, s string, i int, on, off string) {
	escaped := false
	escape := func(write func(*strings.Builder, rune), r rune) {
		if !escaped {
			b.WriteString(on)
			escaped = true
		}
		write(b, r)
	}
	plain := func(text string) {
		if escaped {
			b.WriteString(off)
			escaped = false
		}
		b.WriteString(text)
	}
	prev, _ := utf8.DecodeLastRuneInString(s[:i])
	marks := 0
	for i < len(s) {
		if n := cleanPrefix(s[i:]); n > 0 {
			plain(s[i : i+n])
			i += n
			prev, marks = rune(s[i-1]), 0
			continue
		}
		c := s[i]
		if c < utf8.RuneSelf {
			if c == '\r' && i+1 < len(s) && s[i+1] == '\n' {
				plain("\r")
			} else {
				escape(writeByteEscape, rune(c))
			}
			i++
			prev, marks = rune(c), 0
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n <= 1 {
			escape(writeByteEscape, rune(c))
			i++
			prev, marks = 0, 0
			continue
		}
		mark := isMark(r)
		if mark {
			marks++
		} else {
			marks = 0
		}
		switch {
		case marks > maxMarks, hidden(r) && !emojiPart(prev, r, s[i+n:]):
			escape(writeRuneEscape, r)
		default:
			plain(s[i : i+n])
		}
		prev = r
		i += n
	}
	if escaped {
		b.WriteString(off)
	}
}

const hexDigits = "0123456789abcdef"

func writeByteEscape(b *strings.Builder, r rune) {
	b.WriteString(`\x`)
	b.WriteByte(hexDigits[r>>4&15])
	b.WriteByte(hexDigits[r&15])
}

func writeRuneEscape(b *strings.Builder, r rune) {
	if r > 0xffff {
		b.WriteString(`\u{`)
		for shift := 20; shift >= 0; shift -= 4 {
			if r>>shift != 0 {
				b.WriteByte(hexDigits[r>>shift&15])
			}
		}
		b.WriteByte('}')
		return
	}
	b.WriteString(`\u`)
	for shift := 12; shift >= 0; shift -= 4 {
		b.WriteByte(hexDigits[r>>shift&15])
	}
}

func isMark(r rune) bool {
	if r < 0x300 || r >= 0x3400 && r < 0xa000 || r >= 0xac00 && r < 0xd7a4 {
		return false
	}
	return unicode.In(r, unicode.Mn, unicode.Me)
}

// hidden reports code points of two or more UTF-8 bytes that a terminal acts
// on, or that show nothing where they stand.
func hidden(r rune) bool {
	switch {
	case r < 0xa0: // C1
		return true
	case r < 0x300:
		return r == 0xad
	case r == 0x34f, r == 0x61c, r == 0x115f, r == 0x1160, r == 0x17b4, r == 0x17b5:
		return true
	case r >= 0x180b && r <= 0x180f:
		return true
	case r >= 0x200b && r <= 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f:
		return true
	case r == 0x2800, r == 0x3164, r == 0xfeff, r == 0xffa0:
		return true
	case r >= 0xfe00 && r <= 0xfe0f, r >= 0xfff0 && r <= 0xfffb, r >= 0xfdd0 && r <= 0xfdef, r&0xfffe == 0xfffe:
		return true
	case r >= 0x1bca0 && r <= 0x1bca3, r >= 0x1d173 && r <= 0x1d17a, r >= 0xe0000 && r <= 0xe0fff:
		return true
	}
	return false
}

// emojiPart reports whether r, which hides when alone, joins or selects an
// emoji here: the joiner between two pictures, or a presentation selector
// behind one or behind a keycap's digit.
func emojiPart(prev, r rune, rest string) bool {
	switch r {
	case 0x200d:
		next, _ := utf8.DecodeRuneInString(rest)
		return (picture(prev) || prev == 0xfe0f) && picture(next)
	case 0xfe0e, 0xfe0f:
		return picture(prev) || prev >= '0' && prev <= '9' || prev == '#' || prev == '*'
	}
	return false
}

func picture(r rune) bool {
	return r >= 0x1f000 && r <= 0x1faff || r >= 0x2190 && r <= 0x2bff ||
		r == 0xa9 || r == 0xae || r == 0x203c || r == 0x2049 || r == 0x2122 || r == 0x2139 ||
		r == 0x3030 || r == 0x303d || r == 0x3297 || r == 0x3299
}
