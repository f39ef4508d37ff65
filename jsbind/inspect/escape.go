package inspect

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/dop251/goja"
)

// JavaScript strings travel through this package as Go strings in which a lone
// surrogate is encoded like any other code point, in three bytes ("WTF-8").
// They become valid UTF-8 when they are escaped.

// jsText returns at most limit UTF-16 units of s.
func jsText(s goja.String, limit int) string {
	n := s.Length()
	if n > limit {
		n = limit
		s = s.Substring(0, n)
	}
	text := s.String()
	if len(text) == n || !strings.ContainsRune(text, utf8.RuneError) {
		return text
	}
	b := make([]byte, 0, len(text))
	for i := 0; i < n; i++ {
		unit := rune(s.CharAt(i))
		if isHigh(unit) && i+1 < n {
			if low := rune(s.CharAt(i + 1)); isLow(low) {
				unit = 0x10000 + (unit-0xD800)<<10 + (low - 0xDC00)
				i++
			}
		}
		if isSurrogate(unit) {
			b = append(b, 0xED, 0x80|byte(unit>>6)&0x3F, 0x80|byte(unit)&0x3F)
		} else {
			b = utf8.AppendRune(b, unit)
		}
	}
	return string(b)
}

func isHigh(r rune) bool      { return r >= 0xD800 && r <= 0xDBFF }
func isLow(r rune) bool       { return r >= 0xDC00 && r <= 0xDFFF }
func isSurrogate(r rune) bool { return r >= 0xD800 && r <= 0xDFFF }

// decode returns the first code point of text, a lone surrogate included. A
// byte that belongs to neither counts as a code point of its own.
func decode(text string) (r rune, size int, stray bool) {
	r, size = utf8.DecodeRuneInString(text)
	if r != utf8.RuneError || size != 1 {
		return r, size, false
	}
	if len(text) >= 3 && text[0] == 0xED && text[1]&0xC0 == 0x80 && text[2]&0xC0 == 0x80 {
		return 0xD000 | rune(text[1]&0x3F)<<6 | rune(text[2]&0x3F), 3, false
	}
	return rune(text[0]), 1, true
}

// hidden says whether a code point would move the cursor, reorder or join the
// text around it, or not be seen at all.
func hidden(r rune) bool {
	switch {
	case r < 0x20, r >= 0x7F && r <= 0x9F, isSurrogate(r):
		return true
	case r < 0x200B:
		return r == 0x061C || r == 0x180E
	case r == 0x200B, r == 0x200E, r == 0x200F:
		return true // U+200C and U+200D shape letters and emoji
	case r >= 0x2028 && r <= 0x202E, r >= 0x2060 && r <= 0x206F, r == 0xFEFF:
		return true
	case r >= 0xFFF9 && r <= 0xFFFB, r >= 0xE0000 && r <= 0xE007F:
		return true
	}
	return false
}

func writeEscape(b *strings.Builder, r rune) {
	switch r {
	case '\b':
		b.WriteString(`\b`)
	case '\t':
		b.WriteString(`\t`)
	case '\n':
		b.WriteString(`\n`)
	case '\f':
		b.WriteString(`\f`)
	case '\r':
		b.WriteString(`\r`)
	default:
		switch {
		case r < 0x100:
			fmt.Fprintf(b, `\x%02X`, r)
		case r < 0x10000:
			fmt.Fprintf(b, `\u%04x`, r)
		default:
			fmt.Fprintf(b, `\u{%x}`, r)
		}
	}
}

// visible returns text with everything hidden shown as an escape. A backslash
// stays as it is: this is for names and messages, which have no quotes.
func visible(text string) string { return escape(text, 0, false) }

func escape(text string, quote byte, backslash bool) string {
	clean := true
	for i := 0; i < len(text) && clean; i++ {
		c := text[i]
		clean = c >= 0x20 && c < 0x7F && (c != quote || quote == 0) && (c != '\\' || !backslash)
	}
	if clean {
		return text
	}
	var b strings.Builder
	b.Grow(len(text) + 8)
	for len(text) > 0 {
		r, size, stray := decode(text)
		switch {
		case stray, hidden(r):
			writeEscape(&b, r)
		case size == 1 && (byte(r) == quote && quote != 0 || r == '\\' && backslash):
			b.WriteByte('\\')
			b.WriteByte(byte(r))
		default:
			b.WriteString(text[:size])
		}
		text = text[size:]
	}
	return b.String()
}

// quoted writes text as a string literal. It prefers single quotes, then
// double ones, then backticks, whichever the text does not contain.
func quoted(text string) string {
	quote := byte('\'')
	if strings.Contains(text, "'") {
		if !strings.Contains(text, `"`) {
			quote = '"'
		} else if !strings.Contains(text, "`") && !strings.Contains(text, "${") {
			quote = '`'
		}
	}
	return string(quote) + escape(text, quote, true) + string(quote)
}

// raw makes text valid UTF-8 and changes nothing else.
func raw(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

// symbolText is what Symbol.prototype.toString answers, escaped.
func symbolText(s *goja.Symbol, limit int) string {
	return "Symbol(" + clipped(visible(s.String()), limit) + ")"
}

// clipped cuts text after about limit bytes, at the end of a code point.
func clipped(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit] + "…"
}
