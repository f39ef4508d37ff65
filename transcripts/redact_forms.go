package transcripts

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// formTable finds secret values in all their written forms.
type formTable struct {
	byFirst [256][]form // longest first
	known   map[string]bool
	longest int
}

type form struct{ text, with string }

// add enters the forms of value.
func (t *formTable) add(value, placeholder string) {
	if t.known == nil {
		t.known = map[string]bool{}
	}
	for _, text := range writtenForms(value) {
		if t.known[text] || len(t.known) >= maxForms {
			continue
		}
		t.known[text] = true
		t.longest = max(t.longest, len(text))
		bucket := append(t.byFirst[text[0]], form{text, placeholder})
		slices.SortStableFunc(bucket, func(a, b form) int { return len(b.text) - len(a.text) })
		t.byFirst[text[0]] = bucket
	}
}

// find appends the places of known values in text that do not lie inside a placeholder.
func (t *formTable) find(spans []span, text string) []span {
	if len(t.known) == 0 {
		return spans
	}
	for i := 0; i < len(text); {
		bucket := t.byFirst[text[i]]
		if text[i] == '{' && strings.HasPrefix(text[i:], placeholderOpen) {
			if end := strings.Index(text[i:], placeholderClose); end > 0 && end < 100 {
				i += end + len(placeholderClose)
				continue
			}
		}
		step := 1
		for _, f := range bucket {
			if strings.HasPrefix(text[i:], f.text) {
				spans = append(spans, span{i, i + len(f.text), f.with})
				step = len(f.text)
				break
			}
		}
		i += step
	}
	return spans
}

// partial returns where the longest beginning of a known value starts at the end of text, at the earliest at from, or len(text).
func (t *formTable) partial(text string, from int) int {
	if len(t.known) == 0 {
		return len(text)
	}
	for i := max(from, len(text)-t.longest+1); i < len(text); i++ {
		for _, f := range t.byFirst[text[i]] {
			if len(f.text) > len(text)-i && strings.HasPrefix(f.text, text[i:]) {
				return i
			}
		}
	}
	return len(text)
}

// Bytes that the usual percent-encoders leave alone beside letters and digits: RFC 3986's unreserved, ECMAScript's encodeURIComponent,
// its encodeURI, a path segment, nothing, and what a WHATWG query leaves alone.
var percentSafe = []string{"-_.~", "-_.!~*'()", "-_.!~*'();/?:@&=+$,#", "-_.~$&+=:@", "", "-_.~!$()*,;:@/?&=", "-_."}

// writtenForms returns value as it is written raw, percent-encoded, JSON-escaped and inside base64 at its three alignments.
func writtenForms(value string) []string {
	forms := []string{value}
	for _, safe := range percentSafe {
		for _, hex := range []string{"%%%02X", "%%%02x"} {
			encoded := percentEncode(value, safe, hex)
			forms = append(forms, encoded, strings.ReplaceAll(encoded, "%20", "+"))
		}
	}
	for _, ascii := range []bool{false, true} {
		for _, hex := range []string{`\u%04x`, `\u%04X`} {
			escaped := jsonEscape(value, ascii, hex, "")
			forms = append(forms, escaped, strings.ReplaceAll(escaped, "/", `\/`), jsonEscape(value, ascii, hex, "<>&"))
		}
	}
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		for shift := range 3 {
			if inner := insideBase64(value, shift, encoding); len(inner) >= minFound {
				forms = append(forms, inner)
			}
		}
	}
	return forms
}

func percentEncode(value, safe, hex string) string {
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		c := value[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(safe, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, hex, c)
		}
	}
	return b.String()
}

func jsonEscape(value string, ascii bool, hex, also string) string {
	var b strings.Builder
	for _, c := range value {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\t':
			b.WriteString(`\t`)
		case c < 0x20, ascii && c >= utf8.RuneSelf && c < 0x10000, strings.ContainsRune(also, c):
			fmt.Fprintf(&b, hex, c)
		case ascii && c >= 0x10000:
			high, low := utf16.EncodeRune(c)
			fmt.Fprintf(&b, hex+hex, high, low)
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// insideBase64 returns the characters that only value decides when it stands shift bytes after a multiple of three.
func insideBase64(value string, shift int, encoding *base64.Encoding) string {
	text := encoding.WithPadding(base64.NoPadding).EncodeToString(append(make([]byte, shift), value...))
	from, to := (8*shift+5)/6, 8*(shift+len(value))/6
	if from >= to {
		return ""
	}
	return text[from:to]
}
