package engine

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Headers is a case-insensitive multi-dictionary of header fields that keeps their order, case and duplicates: a flat list,
// because a message has few of them. Values are text; bytes received that are not UTF-8 are read as ISO-8859-1.
// A Headers must not be copied, and is for one goroutine at a time.
type Headers struct {
	fields   [][2]string
	encoding string // "" until it is set
}

// NewHeaders makes headers of name-value pairs.
func NewHeaders(pairs [][2]string) *Headers { return &Headers{fields: slices.Clone(pairs)} }

// Raw gives the fields as they are, in their order and case. The slice is not to be changed and is valid until the next change.
func (h *Headers) Raw() [][2]string { return h.fields }

// Len is the number of fields, duplicates counted.
func (h *Headers) Len() int { return len(h.fields) }

// Has tells whether a field of that name is there.
func (h *Headers) Has(name string) bool { return h.index(name) >= 0 }

// Get gives the value of a name, the values of a repeated one joined by ", ".
func (h *Headers) Get(name string) (string, bool) {
	first := h.index(name)
	if first < 0 {
		return "", false
	}
	value := h.decode(h.fields[first][1])
	for _, field := range h.fields[first+1:] {
		if equalFoldASCII(field[0], name) {
			value += ", " + h.decode(field[1])
		}
	}
	return value, true
}

// GetList gives the values of a name one by one; with splitCommas each is also split at its commas.
func (h *Headers) GetList(name string, splitCommas bool) []string {
	var list []string
	for _, field := range h.fields {
		if !equalFoldASCII(field[0], name) {
			continue
		}
		value := h.decode(field[1])
		if !splitCommas {
			list = append(list, value)
			continue
		}
		for item := range strings.SplitSeq(value, ",") {
			list = append(list, strings.TrimSpace(item))
		}
	}
	return list
}

// Set replaces all fields of a name by one, in the place of the first, or appends it.
func (h *Headers) Set(name, value string) {
	first := h.index(name)
	if first < 0 {
		h.Add(name, value)
		return
	}
	h.fields[first] = [2]string{name, value}
	rest := slices.DeleteFunc(h.fields[first+1:], func(f [2]string) bool { return equalFoldASCII(f[0], name) })
	h.fields = h.fields[:first+1+len(rest)]
}

// Add appends a field and leaves those of the same name.
func (h *Headers) Add(name, value string) { h.fields = append(h.fields, [2]string{name, value}) }

// Delete removes all fields of a name and tells whether there were any.
func (h *Headers) Delete(name string) bool {
	before := len(h.fields)
	h.fields = slices.DeleteFunc(h.fields, func(f [2]string) bool { return equalFoldASCII(f[0], name) })
	return len(h.fields) < before
}

// Update removes the names that other has and appends other's fields.
func (h *Headers) Update(other *Headers) {
	if other == nil || len(other.fields) == 0 {
		return
	}
	fields := slices.Clone(other.fields)
	h.fields = slices.DeleteFunc(h.fields, func(f [2]string) bool { return other.Has(f[0]) })
	h.fields = append(h.fields, fields...)
}

// MultiItems gives every field, with its name in lower case.
func (h *Headers) MultiItems() [][2]string {
	items := make([][2]string, len(h.fields))
	for i, field := range h.fields {
		items[i] = [2]string{lowerASCII(h.decode(field[0])), h.decode(field[1])}
	}
	return items
}

// Keys gives each name once, in lower case.
func (h *Headers) Keys() []string {
	keys := make([]string, 0, len(h.fields))
	for i, field := range h.fields {
		if h.index(field[0]) == i {
			keys = append(keys, lowerASCII(h.decode(field[0])))
		}
	}
	return keys
}

// Clone gives an independent copy.
func (h *Headers) Clone() *Headers {
	return &Headers{fields: slices.Clone(h.fields), encoding: h.encoding}
}

// Equal compares the fields without regard to their order and the case of their names.
func (h *Headers) Equal(other *Headers) bool {
	if h == nil || other == nil {
		return h == other
	}
	lowered := func(fields [][2]string) [][2]string {
		list := slices.Clone(fields)
		for i := range list {
			list[i][0] = lowerASCII(list[i][0])
		}
		return sortedPairs(list)
	}
	return len(h.fields) == len(other.fields) && slices.Equal(lowered(h.fields), lowered(other.fields))
}

// String is HTTPX's repr: the value of a header that carries credentials is shown as [secure].
func (h *Headers) String() string {
	items := h.MultiItems()
	repeated := len(h.Keys()) < len(items)
	var b strings.Builder
	open, between, closing := "{", ": ", "}"
	if repeated {
		open, between, closing = "[", ", ", "]"
	}
	b.WriteString("Headers(" + open)
	for i, item := range items {
		if i > 0 {
			b.WriteString(", ")
		}
		if repeated {
			b.WriteByte('(')
		}
		if IsSensitiveHeader(item[0]) {
			item[1] = "[secure]"
		}
		b.WriteString(quoted(item[0]) + between + quoted(item[1]))
		if repeated {
			b.WriteByte(')')
		}
	}
	b.WriteString(closing)
	if encoding := h.Encoding(); encoding != "ascii" {
		b.WriteString(", encoding=" + quoted(encoding))
	}
	b.WriteByte(')')
	return b.String()
}

// IsSensitiveHeader tells whether a header carries credentials, so that its value is never shown.
func IsSensitiveHeader(name string) bool {
	return equalFoldASCII(name, "authorization") || equalFoldASCII(name, "proxy-authorization")
}

// Encoding is the encoding that the names and values are read in: "ascii", "utf-8" or "iso-8859-1", the first that fits
// all of them unless SetEncoding chose one.
func (h *Headers) Encoding() string {
	if h.encoding != "" {
		return h.encoding
	}
	encoding := "ascii"
	for _, field := range h.fields {
		for _, s := range field {
			if isASCII(s) {
				continue
			}
			if !utf8.ValidString(s) {
				return "iso-8859-1"
			}
			encoding = "utf-8"
		}
	}
	return encoding
}

// SetEncoding chooses the encoding that received bytes are read in. An unknown one is a ValueError.
func (h *Headers) SetEncoding(label string) error {
	if _, ok := CharsetDecoder(label); !ok {
		return NewError(ValueError, nil, "unknown encoding: %s", label)
	}
	h.encoding = label
	return nil
}

func (h *Headers) decode(s string) string {
	if isASCII(s) {
		return s
	}
	encoding := h.Encoding()
	if encoding == "utf-8" && utf8.ValidString(s) {
		return s
	}
	decoder, _ := CharsetDecoder(encoding)
	return decoder.Decode([]byte(s)) + decoder.Flush()
}

// Validate finds the first name or value that may not go on the wire: a name that is no token (RFC 9110, section 5.6.2), or a
// value with a control character other than a tab. Nothing is cleaned: the error is a LocalProtocolError that
// names the position, counted in bytes from 0. Transports call it before they send.
func (h *Headers) Validate() error {
	for _, field := range h.fields {
		if field[0] == "" {
			return NewError(LocalProtocolError, nil, "Illegal header name '': a name must not be empty.")
		}
		for i := 0; i < len(field[0]); i++ {
			if !isTokenChar(field[0][i]) {
				return NewError(LocalProtocolError, nil, "Illegal header name %s: invalid character %s at position %d.",
					quoted(field[0]), quoted(field[0][i:i+1]), i)
			}
		}
		for i := 0; i < len(field[1]); i++ {
			if c := field[1][i]; c < 0x20 && c != '\t' || c == 0x7f {
				return NewError(LocalProtocolError, nil, "Illegal header value for %s: invalid character %s at position %d.",
					quoted(field[0]), quoted(field[1][i:i+1]), i)
			}
		}
	}
	return nil
}

func (h *Headers) index(name string) int {
	for i := range h.fields {
		if equalFoldASCII(h.fields[i][0], name) {
			return i
		}
	}
	return -1
}

func isTokenChar(c byte) bool { return tokenChars[c] }

var tokenChars = func() (table [256]bool) {
	for c := range table {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		table[c] = letter || c >= '0' && c <= '9' || c < 0x80 && strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c))
	}
	return table
}()

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// equalFoldASCII compares without regard to the case of A to Z; unlike strings.EqualFold it folds nothing else.
func equalFoldASCII(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := 0; i < len(a); i++ {
		x, y := a[i], b[i]
		if x == y {
			continue
		}
		if x|0x20 != y|0x20 || x|0x20 < 'a' || x|0x20 > 'z' {
			return false
		}
	}
	return true
}
