package engine

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// The sets of characters that stay as they are in a component; all others are percent-encoded. They are WHATWG's
// (https://url.spec.whatwg.org/#percent-encoded-bytes), as in HTTPX, so "%" is in every one: an escape is never escaped again.
const (
	fragmentSafe uint8 = 1 << iota
	querySafe
	pathSafe
	userinfoSafe // a whole "name:password"
	nameSafe     // a name or a password alone
	hostSafe
	unreserved // RFC 3986, section 2.3
)

var urlChars = func() (table [256]uint8) {
	const punctuation = `/:;=@[\]^|`
	for c := 0x21; c < 0x7f; c++ {
		char := string(rune(c))
		set := func(kind uint8, without string) {
			if !strings.Contains(without, char) {
				table[c] |= kind
			}
		}
		set(fragmentSafe, "\"<>`")
		set(querySafe, `"#<>`)
		set(pathSafe, "\"#<>?`{}")
		set(nameSafe, "\"#<>?`{}"+punctuation)
		set(userinfoSafe, "\"#<>?`{}"+strings.ReplaceAll(punctuation, ":", ""))
		set(hostSafe, "#/:<>?@[]^")
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || strings.Contains("-._~", char) {
			table[c] |= unreserved
		}
	}
	return table
}()

// escape percent-encodes the bytes of s that are not in the set.
func escape(s string, set uint8) string {
	n := 0
	for i := 0; i < len(s); i++ {
		if urlChars[s[i]]&set == 0 {
			n++
		}
	}
	if n == 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 2*n)
	for i := 0; i < len(s); i++ {
		if urlChars[s[i]]&set != 0 {
			b.WriteByte(s[i])
		} else {
			writeEscape(&b, s[i])
		}
	}
	return b.String()
}

func writeEscape(b *strings.Builder, c byte) {
	const digits = "0123456789ABCDEF"
	b.WriteByte('%')
	b.WriteByte(digits[c>>4])
	b.WriteByte(digits[c&15])
}

// unescape decodes %XX; bytes that are not UTF-8 then become U+FFFD.
func unescape(s string) string {
	if !strings.Contains(s, "%") {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	decoded := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if c, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				decoded = append(decoded, byte(c))
				i += 2
				continue
			}
		}
		decoded = append(decoded, s[i])
	}
	return decodeUTF8(decoded)
}

// findControl finds the first ASCII control character and gives it as a Python literal, with its position in characters.
func findControl(s string) (char string, position int) {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] == 0x7f {
			return quoted(s[i : i+1]), utf8.RuneCountInString(s[:i])
		}
	}
	return "", 0
}

// lowerASCII lowers the letters A to Z and leaves a string that has none of them uncopied.
func lowerASCII(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= 'A' && s[i] <= 'Z' {
			lowered := []byte(s)
			for ; i < len(lowered); i++ {
				if lowered[i] >= 'A' && lowered[i] <= 'Z' {
					lowered[i] += 'a' - 'A'
				}
			}
			return string(lowered)
		}
	}
	return s
}
