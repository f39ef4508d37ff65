package jsbind

import (
	"slices"
	"strings"
)

// escapeSet is one of the URL standard's percent-encode sets, for ASCII; all of them have every other code point too.
type escapeSet [128]bool

func newEscapeSet(base *escapeSet, more string) *escapeSet {
	var set escapeSet
	if base != nil {
		set = *base
	}
	for _, c := range []byte(more) {
		set[c] = true
	}
	return &set
}

// The percent-encode sets, each with the standard's name.
var (
	escapeControl      = controlSet()
	escapeFragment     = newEscapeSet(escapeControl, " \"<>`")
	escapeQuery        = newEscapeSet(escapeControl, " \"#<>")
	escapeSpecialQuery = newEscapeSet(escapeQuery, "'")
	escapePath         = newEscapeSet(escapeQuery, "?^`{}")
	escapeUserinfo     = newEscapeSet(escapePath, "/:;=@[\\]|")
	escapeComponent    = newEscapeSet(escapeUserinfo, "$%&+,")
	escapeForm         = newEscapeSet(escapeComponent, "!'()~")
)

func controlSet() *escapeSet {
	var set escapeSet
	for c := range set {
		set[c] = c < 0x20 || c == 0x7F
	}
	return &set
}

// append adds text to dst, in UTF-8 and percent-encoded.
func (set *escapeSet) append(dst []byte, text string) []byte {
	const digits = "0123456789ABCDEF"
	dst = slices.Grow(dst, len(text))
	for i := range len(text) {
		if c := text[i]; c < 0x80 && !set[c] {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', digits[c>>4], digits[c&15])
		}
	}
	return dst
}

func (set *escapeSet) escape(text string) string { return string(set.append(nil, text)) }

// unescape percent-decodes; what is no escape stays as it is.
func unescape(text string) string {
	if !strings.Contains(text, "%") {
		return text
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+2 < len(text) && isHex(rune(text[i+1])) && isHex(rune(text[i+2])) {
			out = append(out, hexValue(text[i+1])<<4|hexValue(text[i+2]))
			i += 2
		} else {
			out = append(out, text[i])
		}
	}
	return string(out)
}

func isAlpha(c rune) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' && c < 0x80 }
func isDigit(c rune) bool { return '0' <= c && c <= '9' }
func isHex(c rune) bool   { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' && c < 0x80 }

func hexValue(c byte) byte {
	if isDigit(rune(c)) {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

// parseForm reads application/x-www-form-urlencoded text.
func parseForm(text string) [][2]string {
	var list [][2]string
	for part := range strings.SplitSeq(text, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(strings.ReplaceAll(part, "+", " "), "=")
		list = append(list, [2]string{scalarText(unescape(name)), scalarText(unescape(value))})
	}
	return list
}

// serializeForm writes application/x-www-form-urlencoded text.
func serializeForm(list [][2]string) string {
	var out []byte
	for i, pair := range list {
		if i > 0 {
			out = append(out, '&')
		}
		out = appendForm(out, pair[0])
		out = append(out, '=')
		out = appendForm(out, pair[1])
	}
	return string(out)
}

func appendForm(out []byte, text string) []byte {
	for i, word := range strings.Split(text, " ") {
		if i > 0 {
			out = append(out, '+')
		}
		out = escapeForm.append(out, word)
	}
	return out
}
