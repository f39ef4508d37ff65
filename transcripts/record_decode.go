package transcripts

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"time"
	"unicode/utf8"

	"httpx-repl/engine/event"
)

// record is one line of a journal, read.
type record struct {
	number  int64
	version int64
	event   event.Event
	blob    string
	hold    bool
}

const checksumTail = len(`,"k":"00000000"}`)

var errChecksum = errors.New("the checksum is wrong: the line is damaged")

// decodeRecord reads one line without its newline.
func decodeRecord(line []byte) (record, error) {
	var rec record
	body := len(line) - checksumTail
	if body < 1 {
		return rec, errors.New("the line is too short for a record")
	}
	sum := appendHex32(make([]byte, 0, 8), crc32.Checksum(line[:body], castagnoli))
	if string(line[body:]) != `,"k":"`+string(sum)+`"}` {
		return rec, errChecksum
	}
	s := scanner{in: line[:body]}
	s.expect('{')
	for first := true; s.err == nil && s.pos < len(s.in); first = false {
		if !first {
			s.expect(',')
		}
		key := s.str()
		s.expect(':')
		if s.err == nil {
			s.field(&rec, string(key))
		}
	}
	e := &rec.event
	if s.err == nil && e.Kind == "" {
		s.err = errors.New("the record has no kind")
	}
	return rec, s.err
}

func (s *scanner) field(rec *record, key string) {
	e := &rec.event
	switch key {
	case "i":
		rec.number = s.num()
	case "at":
		at := s.num()
		if at < 0 || at > int64(1<<63-1)/1000 {
			s.fail("at is out of range")
		}
		e.At = time.Duration(at) * time.Microsecond
	case "t":
		e.Kind = event.Kind(s.str())
	case "c":
		e.Cell = string(s.str())
	case "x":
		e.Exchange = string(s.str())
	case "src":
		e.Source = string(s.str())
	case "q":
		e.Quiet = s.num() != 0
	case "f":
		e.Failed = s.num() != 0
	case "m":
		e.Method = string(s.str())
	case "u":
		e.URL = string(s.str())
	case "st":
		e.Streaming = s.num() != 0
	case "p":
		e.Version = string(s.str())
	case "s":
		e.Status = int(s.num())
	case "r":
		e.Reason = string(s.str())
	case "dec":
		e.Decoded = s.num() != 0
	case "w":
		e.Wire = s.num()
	case "h":
		e.Headers = s.pairs()
	case "n":
		e.Size = s.num()
	case "d":
		text := s.str()
		switch e.Kind {
		case event.Out, event.Env, event.Input, event.Err:
			e.Text = string(text)
		default:
			e.Data = append([]byte(nil), text...)
		}
	case "b":
		text := s.str()
		if s.err == nil {
			e.Data, s.err = base64.StdEncoding.AppendDecode(nil, text)
		}
	case "blob":
		rec.blob = string(s.str())
	case "hold":
		rec.hold = s.num() != 0
	case "hint":
		e.Hint = string(s.str())
	case "cs":
		e.Causes = s.list()
	case "cls":
		e.Class = string(s.str())
	case "ph":
		e.Phase = string(s.str())
	case "by":
		e.By = string(s.str())
	case "tm":
		e.Timer = int(s.num())
	case "nm":
		e.Name = string(s.str())
	case "v":
		rec.version = s.num()
	case "meta":
		e.Meta = s.meta()
	default:
		s.skip(0)
	}
}

func (s *scanner) meta() event.Meta {
	from := s.pos
	s.skip(0)
	if s.err != nil {
		return event.Meta{}
	}
	var j metaJSON
	if err := json.Unmarshal(s.in[from:s.pos], &j); err != nil {
		s.fail("meta: " + err.Error())
		return event.Meta{}
	}
	m := event.Meta{Version: FormatVersion, Tool: j.Tool, Zone: j.Zone, Seed: j.Seed, BaseURL: j.BaseURL, Secrets: j.Secrets}
	if j.Wall != "" {
		wall, err := time.Parse(wallLayout, j.Wall)
		if err != nil {
			s.fail("wall is not a time such as " + wallLayout)
		}
		m.Recorded = wall.UTC()
	}
	return m
}

// scanner reads JSON of the records' kind: without spaces. It stops at the first error.
type scanner struct {
	in  []byte
	pos int
	err error
	buf []byte // of the last string that had escapes
}

func (s *scanner) fail(why string) {
	if s.err == nil {
		s.err = fmt.Errorf("byte %d: %s", s.pos, why)
	}
}

func (s *scanner) peek() byte {
	if s.pos < len(s.in) {
		return s.in[s.pos]
	}
	return 0
}

func (s *scanner) expect(b byte) {
	if s.err != nil {
		return
	}
	if s.peek() != b {
		s.fail(fmt.Sprintf("%q expected", b))
		return
	}
	s.pos++
}

func (s *scanner) num() int64 {
	if s.err != nil {
		return 0
	}
	negative := s.peek() == '-'
	if negative {
		s.pos++
	}
	var n int64
	from := s.pos
	for ; s.pos < len(s.in) && s.in[s.pos] >= '0' && s.in[s.pos] <= '9'; s.pos++ {
		if n > (1<<63-1-9)/10 {
			s.fail("number out of range")
			return 0
		}
		n = n*10 + int64(s.in[s.pos]-'0')
	}
	if s.pos == from {
		s.fail("number expected")
	}
	if negative {
		n = -n
	}
	return n
}

func (s *scanner) pairs() [][2]string {
	s.expect('[')
	var pairs [][2]string
	for s.err == nil && s.peek() == '[' {
		s.expect('[')
		name := string(s.str())
		s.expect(',')
		value := string(s.str())
		s.expect(']')
		pairs = append(pairs, [2]string{name, value})
		if s.peek() == ',' {
			s.pos++
		}
	}
	s.expect(']')
	return pairs
}

func (s *scanner) list() []string {
	s.expect('[')
	var list []string
	for s.err == nil && s.peek() == '"' {
		list = append(list, string(s.str()))
		if s.peek() == ',' {
			s.pos++
		}
	}
	s.expect(']')
	return list
}

// str returns a string's bytes, valid until the next call.
func (s *scanner) str() []byte {
	s.expect('"')
	if s.err != nil {
		return nil
	}
	from := s.pos
	for s.pos < len(s.in) && s.in[s.pos] != '"' && s.in[s.pos] != '\\' {
		s.pos++
	}
	if s.peek() == '"' {
		s.pos++
		return s.in[from : s.pos-1]
	}
	s.buf = append(s.buf[:0], s.in[from:s.pos]...)
	for s.err == nil {
		switch b := s.peek(); {
		case s.pos >= len(s.in):
			s.fail("string without an end")
		case b == '"':
			s.pos++
			return s.buf
		case b == '\\':
			s.pos++
			s.escape()
		default:
			s.buf = append(s.buf, b)
			s.pos++
		}
	}
	return nil
}

func (s *scanner) escape() {
	b := s.peek()
	s.pos++
	switch b {
	case '"', '\\', '/':
		s.buf = append(s.buf, b)
	case 'n':
		s.buf = append(s.buf, '\n')
	case 'r':
		s.buf = append(s.buf, '\r')
	case 't':
		s.buf = append(s.buf, '\t')
	case 'b':
		s.buf = append(s.buf, '\b')
	case 'f':
		s.buf = append(s.buf, '\f')
	case 'u':
		s.unicode()
	default:
		s.fail("bad escape")
	}
}

func (s *scanner) unicode() {
	r := s.hex4()
	switch {
	case r >= 0xdc80 && r <= 0xdcff:
		s.buf = append(s.buf, byte(r))
	case r >= 0xd800 && r <= 0xdbff && s.pos+1 < len(s.in) && s.in[s.pos] == '\\' && s.in[s.pos+1] == 'u':
		s.pos += 2
		low := s.hex4()
		if low < 0xdc00 || low > 0xdfff {
			s.fail("half of a surrogate pair")
			return
		}
		s.buf = utf8.AppendRune(s.buf, (r-0xd800)<<10+(low-0xdc00)+0x10000)
	default:
		s.buf = utf8.AppendRune(s.buf, r)
	}
}

func (s *scanner) hex4() rune {
	var r rune
	for range 4 {
		d := unhex(s.peek())
		if d < 0 {
			s.fail("four hexadecimal digits expected")
			return 0
		}
		r = r<<4 | rune(d)
		s.pos++
	}
	return r
}

// skip passes over one value of any kind.
func (s *scanner) skip(depth int) {
	if depth > 64 {
		s.fail("nested too deeply")
	}
	if s.err != nil {
		return
	}
	switch b := s.peek(); b {
	case '"':
		s.str()
	case '[', '{':
		s.pos++
		for first := true; s.err == nil && s.peek() != b+2; first = false {
			if !first {
				s.expect(',')
			}
			if b == '{' {
				s.str()
				s.expect(':')
			}
			s.skip(depth + 1)
		}
		s.expect(b + 2) // ']' and '}' stand two after their openers
	default:
		from := s.pos
		for s.pos < len(s.in) && s.in[s.pos] != ',' && s.in[s.pos] != ']' && s.in[s.pos] != '}' {
			s.pos++
		}
		if s.pos == from {
			s.fail("value expected")
		}
	}
}
