package engine

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
	"golang.org/x/text/transform"
)

// TextDecoder turns the bytes of a text, which arrive in pieces, into a string. It never fails: what cannot be decoded becomes U+FFFD.
type TextDecoder interface {
	// Decode takes the next piece and gives the characters that are complete.
	Decode(chunk []byte) string
	// Flush ends the text: an incomplete character becomes U+FFFD.
	Flush() string
}

// CharsetDecoder gives a decoder for a charset's label, or false when the label is unknown. Labels and their meanings are
// Python's where they differ from WHATWG's: iso-8859-1 is itself and not windows-1252, ascii is 7-bit, utf-16 and utf-32 need
// no byte order mark and take it when it is there, utf-8 keeps one as U+FEFF, utf-8-sig drops it.
func CharsetDecoder(label string) (TextDecoder, bool) {
	name := labelSeparators.Replace(lowerASCII(strings.TrimSpace(label)))
	switch name {
	case "utf-8", "utf8", "u8", "cp65001":
		return &utf8Decoder{}, true
	case "utf-8-sig":
		return &utf8Decoder{dropMark: true}, true
	case "ascii", "us-ascii", "646", "ansi-x3.4-1968":
		return asciiDecoder{}, true
	}
	if found, ok := pythonCharsets[name]; ok {
		return newTransformDecoder(found), true
	}
	for _, candidate := range []string{name, strings.ReplaceAll(name, "-", "_")} {
		if found, err := htmlindex.Get(candidate); err == nil && found != encoding.Replacement {
			return newTransformDecoder(found), true
		}
	}
	return nil, false
}

// labelSeparators makes one spelling of the several that Python takes: latin_1, "latin 1", latin-1.
var labelSeparators = strings.NewReplacer("_", "-", " ", "-")

// pythonCharsets are the labels that WHATWG's index lacks or reads otherwise.
var pythonCharsets = map[string]encoding.Encoding{
	"iso-8859-1": charmap.ISO8859_1, "iso8859-1": charmap.ISO8859_1, "iso-8859-1-1987": charmap.ISO8859_1, "8859": charmap.ISO8859_1,
	"latin-1": charmap.ISO8859_1, "latin1": charmap.ISO8859_1, "latin": charmap.ISO8859_1, "l1": charmap.ISO8859_1,
	"cp819": charmap.ISO8859_1, "ibm819": charmap.ISO8859_1,
	"iso-8859-9": charmap.ISO8859_9, "iso8859-9": charmap.ISO8859_9, "latin5": charmap.ISO8859_9,
	"cp437": charmap.CodePage437, "ibm437": charmap.CodePage437, "cp850": charmap.CodePage850, "ibm850": charmap.CodePage850,
	"cp852": charmap.CodePage852, "cp858": charmap.CodePage858, "cp865": charmap.CodePage865, "cp037": charmap.CodePage037,
	"utf-16": unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), "utf16": unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
	"u16":      unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
	"utf-16le": unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), "utf-16-le": unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM),
	"utf-16be": unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), "utf-16-be": unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM),
	"utf-32": utf32.UTF32(utf32.LittleEndian, utf32.UseBOM), "utf32": utf32.UTF32(utf32.LittleEndian, utf32.UseBOM),
	"utf-32le": utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM), "utf-32-le": utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM),
	"utf-32be": utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM), "utf-32-be": utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM),
}

// utf8Decoder decodes UTF-8 as WHATWG and Python do: a maximal piece of a broken character becomes one U+FFFD.
type utf8Decoder struct {
	pending  []byte // the beginning of a character, at most 3 bytes
	dropMark bool   // a byte order mark at the beginning is dropped
}

func (d *utf8Decoder) Decode(chunk []byte) string {
	if len(d.pending) > 0 {
		chunk = append(d.pending, chunk...)
		d.pending = nil
	}
	if keep := incompleteSuffix(chunk); keep > 0 {
		d.pending = append([]byte(nil), chunk[len(chunk)-keep:]...)
		chunk = chunk[:len(chunk)-keep]
	}
	return d.withoutMark(decodeUTF8(chunk))
}

func (d *utf8Decoder) Flush() string {
	rest := decodeUTF8(d.pending)
	d.pending = nil
	return d.withoutMark(rest)
}

func (d *utf8Decoder) withoutMark(text string) string {
	if d.dropMark && text != "" {
		d.dropMark = false
		return strings.TrimPrefix(text, "\ufeff")
	}
	return text
}

// decodeUTF8 makes a string of bytes, with U+FFFD for each maximal part of a character that is broken.
func decodeUTF8(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var text strings.Builder
	text.Grow(len(b) + 8)
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size == 1 {
			size = brokenPrefix(b)
		}
		text.WriteRune(r)
		b = b[size:]
	}
	return text.String()
}

// brokenPrefix is the length of the longest beginning of b that could have begun a character; at least 1.
func brokenPrefix(b []byte) int {
	length, low, high := leadByte(b[0])
	n := 1
	for n < length && n < len(b) && b[n] >= low && b[n] <= high {
		n++
		low, high = 0x80, 0xbf
	}
	return n
}

// incompleteSuffix is the number of bytes at the end of b that may be the beginning of a character.
func incompleteSuffix(b []byte) int {
	for n := 1; n <= 3 && n <= len(b); n++ {
		tail := b[len(b)-n:]
		if tail[0] < 0x80 {
			return 0
		}
		if tail[0] >= 0xc0 {
			if length, _, _ := leadByte(tail[0]); n < length && brokenPrefix(tail) == n {
				return n
			}
			return 0
		}
	}
	return 0
}

// leadByte gives the length of the character that a byte begins (1 when it begins none), and the range of its second byte
// (table 3-7 of the Unicode standard).
func leadByte(c byte) (length int, low, high byte) {
	switch {
	case c >= 0xc2 && c <= 0xdf:
		return 2, 0x80, 0xbf
	case c == 0xe0:
		return 3, 0xa0, 0xbf
	case c == 0xed:
		return 3, 0x80, 0x9f
	case c >= 0xe1 && c <= 0xef:
		return 3, 0x80, 0xbf
	case c == 0xf0:
		return 4, 0x90, 0xbf
	case c >= 0xf1 && c <= 0xf3:
		return 4, 0x80, 0xbf
	case c == 0xf4:
		return 4, 0x80, 0x8f
	}
	return 1, 0, 0
}

type asciiDecoder struct{}

func (asciiDecoder) Decode(chunk []byte) string {
	var text strings.Builder
	text.Grow(len(chunk))
	for _, c := range chunk {
		if c < 0x80 {
			text.WriteByte(c)
		} else {
			text.WriteRune(utf8.RuneError)
		}
	}
	return text.String()
}

func (asciiDecoder) Flush() string { return "" }

// transformDecoder drives a decoder of x/text, which works on buffers, piece by piece.
type transformDecoder struct {
	transformer transform.Transformer
	pending     []byte
}

func newTransformDecoder(e encoding.Encoding) *transformDecoder {
	return &transformDecoder{transformer: e.NewDecoder().Transformer}
}

func (d *transformDecoder) Decode(chunk []byte) string { return d.run(chunk, false) }
func (d *transformDecoder) Flush() string              { return d.run(nil, true) }

func (d *transformDecoder) run(chunk []byte, last bool) string {
	src := chunk
	if len(d.pending) > 0 {
		src = append(d.pending, chunk...)
	}
	var text strings.Builder
	var buffer [1024]byte
	for {
		written, read, err := d.transformer.Transform(buffer[:], src, last)
		text.Write(buffer[:written])
		src = src[read:]
		switch {
		case err == transform.ErrShortDst && (written > 0 || read > 0):
			continue
		case err != nil && err != transform.ErrShortSrc && len(src) > 0:
			text.WriteRune(utf8.RuneError)
			src = src[1:]
			continue
		}
		break
	}
	if last && len(src) > 0 {
		text.WriteRune(utf8.RuneError)
		src = nil
	}
	d.pending = append([]byte(nil), src...)
	return text.String()
}
