package jsbind

import (
	"errors"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/transform"
)

// The Encoding standard's decoders (https://encoding.spec.whatwg.org/), each for a stream that comes in pieces.

// streamDecoder decodes the next bytes of a stream. What is malformed becomes U+FFFD, one for each longest piece that could
// have begun a character, and clean is false. An unfinished character at the end waits for the next call, unless this was
// the last.
type streamDecoder interface {
	decode(src []byte, last bool) (text string, clean bool)
}

// newStreamDecoder finds an encoding by one of its labels; name is the encoding's own, in lower case.
func newStreamDecoder(label string) (make func() streamDecoder, name string, ok bool) {
	label = strings.Trim(label, "\t\n\f\r ")
	if !isASCII(label) || strings.TrimSpace(label) != label {
		return nil, "", false
	}
	e, err := htmlindex.Get(label)
	if err != nil || e == encoding.Replacement {
		return nil, "", false
	}
	name, err = htmlindex.Name(e)
	if err != nil {
		return nil, "", false
	}
	switch name = strings.ToLower(name); name {
	case "utf-8":
		return func() streamDecoder { return &utf8Decoder{} }, name, true
	case "utf-16le":
		return func() streamDecoder { return &utf16Decoder{} }, name, true
	case "utf-16be":
		return func() streamDecoder { return &utf16Decoder{bigEndian: true} }, name, true
	}
	if table, ok := e.(*charmap.Charmap); ok {
		return func() streamDecoder { return byteDecoder{table} }, name, true
	}
	return func() streamDecoder { return &legacyDecoder{transformer: e.NewDecoder().Transformer} }, name, true
}

type utf8Decoder struct{ rest []byte }

func (d *utf8Decoder) decode(src []byte, last bool) (string, bool) {
	if len(d.rest) > 0 {
		src = append(d.rest, src...)
		d.rest = nil
	}
	if utf8.Valid(src) {
		return string(src), true
	}
	var b strings.Builder
	b.Grow(len(src))
	clean := true
	for len(src) > 0 {
		n, whole, cut := utf8Sequence(src)
		switch {
		case whole:
			b.Write(src[:n])
		case cut && !last:
			d.rest = append([]byte(nil), src...)
		default:
			b.WriteRune(utf8.RuneError)
			clean = false
		}
		src = src[n:]
	}
	return b.String(), clean
}

// utf8Sequence measures the character at the start of b, or the longest part of one. Cut tells that b ends inside it.
func utf8Sequence(b []byte) (n int, whole, cut bool) {
	var more int
	low, high := byte(0x80), byte(0xBF)
	switch c := b[0]; {
	case c < 0x80:
		return 1, true, false
	case c >= 0xC2 && c <= 0xDF:
		more = 1
	case c >= 0xE0 && c <= 0xEF:
		more = 2
		if c == 0xE0 {
			low = 0xA0
		} else if c == 0xED {
			high = 0x9F
		}
	case c >= 0xF0 && c <= 0xF4:
		more = 3
		if c == 0xF0 {
			low = 0x90
		} else if c == 0xF4 {
			high = 0x8F
		}
	default:
		return 1, false, false
	}
	for n = 1; n <= more; n++ {
		if n == len(b) {
			return n, false, true
		}
		if b[n] < low || b[n] > high {
			return n, false, false
		}
		low, high = 0x80, 0xBF
	}
	return n, true, false
}

// scalarText is "UTF-8 decode without BOM": bytes as text, with U+FFFD for what is malformed.
func scalarText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	text, _ := new(utf8Decoder).decode([]byte(s), true)
	return text
}

type utf16Decoder struct {
	bigEndian bool
	rest      []byte
}

func (d *utf16Decoder) decode(src []byte, last bool) (string, bool) {
	if len(d.rest) > 0 {
		src = append(d.rest, src...)
		d.rest = nil
	}
	var b strings.Builder
	b.Grow(len(src))
	clean := true
	bad := func() {
		b.WriteRune(utf8.RuneError)
		clean = false
	}
	for i := 0; i < len(src); i += 2 {
		unit, ok := d.unit(src, i)
		next, more := d.unit(src, i+2)
		switch {
		case !ok || isLead(unit) && !more:
			if last {
				bad()
			} else {
				d.rest = append([]byte(nil), src[i:]...)
			}
			return b.String(), clean
		case isLead(unit) && next >= 0xDC00 && next <= 0xDFFF:
			b.WriteRune(utf16.DecodeRune(unit, next))
			i += 2
		case utf16.IsSurrogate(unit):
			bad()
		default:
			b.WriteRune(unit)
		}
	}
	return b.String(), clean
}

func (d *utf16Decoder) unit(src []byte, i int) (rune, bool) {
	if i+1 >= len(src) {
		return 0, false
	}
	if d.bigEndian {
		return rune(src[i])<<8 | rune(src[i+1]), true
	}
	return rune(src[i+1])<<8 | rune(src[i]), true
}

func isLead(unit rune) bool { return unit >= 0xD800 && unit <= 0xDBFF }

// byteDecoder is an encoding with a character for each byte.
type byteDecoder struct{ table *charmap.Charmap }

func (d byteDecoder) decode(src []byte, _ bool) (string, bool) {
	var b strings.Builder
	b.Grow(len(src))
	clean := true
	for _, c := range src {
		r := d.table.DecodeByte(c)
		if r == utf8.RuneError {
			if c < 0xA0 {
				r = rune(c) // the standard has the C1 controls wherever Windows has nothing
			} else {
				clean = false
			}
		}
		b.WriteRune(r)
	}
	return b.String(), clean
}

// legacyDecoder is any other encoding. None of them but gb18030 can encode U+FFFD, so that in the output stands for
// something malformed.
type legacyDecoder struct {
	transformer transform.Transformer
	rest        []byte
}

func (d *legacyDecoder) decode(src []byte, last bool) (string, bool) {
	src = append(d.rest, src...)
	d.rest = nil
	var out []byte
	buffer := make([]byte, min(max(2*len(src), 64), 1<<16))
	for {
		n, used, err := d.transformer.Transform(buffer, src, last)
		out = append(out, buffer[:n]...)
		src = src[used:]
		if errors.Is(err, transform.ErrShortDst) {
			continue
		}
		if errors.Is(err, transform.ErrShortSrc) {
			d.rest = append([]byte(nil), src...)
		}
		text := string(out)
		return text, !strings.ContainsRune(text, utf8.RuneError)
	}
}
