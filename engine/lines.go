package engine

import (
	"strings"
	"unicode/utf8"
)

// DefaultMaxLine is the length in bytes beyond which a line is an error, unless LineOptions says otherwise.
const DefaultMaxLine = 1 << 20

// LineOptions choose how text is cut into lines.
type LineOptions struct {
	Unicode   bool // also break at the other characters at which Python's str.splitlines does
	MaxLength int  // the longest line in bytes of UTF-8; 0 means DefaultMaxLine
}

// LineDecoder cuts text that arrives in pieces into lines, without their ends: "\n", "\r\n" and "\r", even when a "\r\n" is
// cut in two. HTTPX breaks at Unicode's separators too: that is an option here.
type LineDecoder struct {
	options LineOptions
	buffer  strings.Builder // the beginning of a line whose end is still to come
	cr      bool            // the last piece ended in "\r": a "\n" now belongs to it
	err     error           // a line was too long
}

// NewLineDecoder makes a decoder at the beginning of a text.
func NewLineDecoder(options LineOptions) *LineDecoder {
	if options.MaxLength <= 0 {
		options.MaxLength = DefaultMaxLine
	}
	return &LineDecoder{options: options}
}

// Decode takes the next piece and gives the lines that end in it. After a line that is too long it gives a DecodingError, once the
// lines before it are given.
func (d *LineDecoder) Decode(text string) ([]string, error) {
	if d.err != nil {
		return nil, d.err
	}
	var lines []string
	if d.cr && text != "" {
		d.cr = false
		text = strings.TrimPrefix(text, "\n")
	}
	for {
		at, size := d.lineEnd(text)
		if at < 0 {
			at = len(text)
		}
		if d.buffer.Len()+at > d.options.MaxLength {
			d.err = d.tooLong()
			if len(lines) > 0 {
				return lines, nil
			}
			return nil, d.err
		}
		if at == len(text) {
			d.buffer.WriteString(text)
			return lines, nil
		}
		lines = append(lines, d.line(text[:at]))
		if text[at] == '\r' {
			if at+1 == len(text) {
				d.cr = true
			} else if text[at+1] == '\n' {
				size = 2
			}
		}
		text = text[at+size:]
	}
}

// line puts the end of a line to its beginning.
func (d *LineDecoder) line(end string) string {
	if d.buffer.Len() == 0 {
		return end
	}
	d.buffer.WriteString(end)
	line := d.buffer.String()
	d.buffer.Reset()
	return line
}

// Flush ends the text and gives the last line when it has no end.
func (d *LineDecoder) Flush() ([]string, error) {
	if d.err != nil {
		return nil, d.err
	}
	if d.buffer.Len() == 0 {
		return nil, nil
	}
	return []string{d.line("")}, nil
}

// lineEnd finds the first line end in text: its position, -1 when there is none, and its length in bytes, where "\r\n" counts as 1.
func (d *LineDecoder) lineEnd(text string) (at, size int) {
	if !d.options.Unicode {
		return strings.IndexAny(text, "\r\n"), 1
	}
	at = strings.IndexAny(text, "\n\r\v\f\x1c\x1d\x1e\u0085\u2028\u2029")
	if at < 0 {
		return -1, 0
	}
	_, size = utf8.DecodeRuneInString(text[at:])
	return at, size
}

func (d *LineDecoder) tooLong() error {
	e := NewError(DecodingError, nil, "A line of the response is longer than %d bytes.", d.options.MaxLength)
	e.Hint = "read the body as bytes or text instead of lines"
	return e
}
