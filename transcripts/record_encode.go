package transcripts

import (
	"encoding/base64"
	"encoding/json"
	"hash/crc32"
	"strconv"
	"time"
	"unicode/utf8"

	"httpx-repl/engine/event"
)

// A record is one line of a journal: a JSON object without spaces, whose last field is the checksum of what stands before:
//
//	{"i":14,"at":182961,"t":"req","x":"c2.1","m":"GET","u":"http://…","h":[["accept","*/*"]],"k":"8d7f3172"}
//
//	i     number, one more than the record before's      t      the event's kind
//	at    microseconds since the session opened          c, x   cell, exchange
//	src   source of a cell                               f      the cell failed
//	m, u  method, URL                                    st     the request's body follows in sent records
//	p, s, r  version, status, reason                     h      headers
//	dec, w   body already decoded, bytes on the wire     n      size in bytes, or number of reads (tick)
//	d     text (out, env, input, err) or body as text    b      body as base64, when it is not UTF-8
//	blob  body in the file of that name                  hold   the rest of the body follows in a held record
//	q     the cell's value was not echoed
//	hint, cs  hint and causes of an error
//	cls, ph  class and phase of an error                 by     who gave the exchange up; held: the kind it completes
//	tm, nm   timer number, variable's name               v, meta  version and description of the session
//	k     CRC-32C of the line's bytes before ,"k", eight lower-case hexadecimal digits
//
// Strings are JSON strings; a byte that is not UTF-8 is written as \udcXX, so that headers come back byte for byte.

// heldKind completes the oldest data or sent record of its exchange that has "hold": see bodyRedactor.
const heldKind event.Kind = "held"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// bodyField says how a record's body is written.
type bodyField struct {
	data []byte
	blob string // data is in this blob instead
	hold bool
}

// appendRecord appends one line for e with number i. The body is written in place of e.Data.
func appendRecord(dst []byte, i int64, e *event.Event, body bodyField) []byte {
	start := len(dst)
	dst = append(dst, `{"i":`...)
	dst = strconv.AppendInt(dst, i, 10)
	dst = append(dst, `,"at":`...)
	dst = strconv.AppendInt(dst, int64(e.At/time.Microsecond), 10)
	dst = append(dst, `,"t":"`...)
	dst = append(dst, e.Kind...)
	dst = append(dst, '"')
	dst = appendField(dst, `,"c":`, e.Cell)
	dst = appendField(dst, `,"x":`, e.Exchange)
	switch e.Kind {
	case event.Open:
		dst = appendMeta(dst, e.Meta)
	case event.Cell:
		dst = appendField(dst, `,"src":`, e.Source)
		dst = appendFlag(dst, `,"q":1`, e.Quiet)
	case event.Done:
		dst = appendFlag(dst, `,"f":1`, e.Failed)
	case event.Req:
		dst = appendField(dst, `,"m":`, e.Method)
		dst = appendField(dst, `,"u":`, e.URL)
		dst = appendFlag(dst, `,"st":1`, e.Streaming)
		dst = appendPairs(dst, e.Headers)
	case event.Head:
		dst = appendField(dst, `,"p":`, e.Version)
		dst = appendNumber(dst, `,"s":`, int64(e.Status))
		dst = appendField(dst, `,"r":`, e.Reason)
		dst = appendFlag(dst, `,"dec":1`, e.Decoded)
		dst = appendNumber(dst, `,"w":`, e.Wire)
		dst = appendPairs(dst, e.Headers)
	case event.Trail:
		dst = appendPairs(dst, e.Headers)
	case event.Err:
		dst = appendField(dst, `,"cls":`, e.Class)
		dst = appendField(dst, `,"ph":`, e.Phase)
		dst = appendField(dst, `,"d":`, e.Text)
		dst = appendField(dst, `,"hint":`, e.Hint)
		dst = appendList(dst, `,"cs":`, e.Causes)
	case event.Abort, heldKind:
		dst = appendField(dst, `,"by":`, e.By)
	case event.Timer:
		dst = appendNumber(dst, `,"tm":`, int64(e.Timer))
	case event.Env:
		dst = appendField(dst, `,"nm":`, e.Name)
		dst = appendField(dst, `,"d":`, e.Text)
	case event.Out, event.Input:
		dst = appendField(dst, `,"d":`, e.Text)
	}
	dst = appendNumber(dst, `,"n":`, e.Size)
	dst = appendBody(dst, body)
	sum := crc32.Checksum(dst[start:], castagnoli)
	dst = append(dst, `,"k":"`...)
	dst = appendHex32(dst, sum)
	return append(dst, '"', '}', '\n')
}

func appendBody(dst []byte, body bodyField) []byte {
	dst = appendFlag(dst, `,"hold":1`, body.hold)
	switch {
	case body.blob != "":
		return appendField(dst, `,"blob":`, body.blob)
	case len(body.data) == 0:
		return dst
	case utf8.Valid(body.data):
		return appendString(append(dst, `,"d":`...), body.data)
	}
	dst = append(dst, `,"b":"`...)
	dst = base64.StdEncoding.AppendEncode(dst, body.data)
	return append(dst, '"')
}

func appendField(dst []byte, key, value string) []byte {
	if value == "" {
		return dst
	}
	return appendString(append(dst, key...), value)
}

func appendNumber(dst []byte, key string, n int64) []byte {
	if n == 0 {
		return dst
	}
	return strconv.AppendInt(append(dst, key...), n, 10)
}

func appendFlag(dst []byte, field string, on bool) []byte {
	if !on {
		return dst
	}
	return append(dst, field...)
}

func appendList(dst []byte, field string, list []string) []byte {
	if len(list) == 0 {
		return dst
	}
	dst = append(dst, field...)
	sep := byte('[')
	for i := range list {
		dst = append(dst, sep)
		dst = appendString(dst, list[i])
		sep = ','
	}
	return append(dst, ']')
}

func appendPairs(dst []byte, pairs [][2]string) []byte {
	if len(pairs) == 0 {
		return dst
	}
	dst = append(dst, `,"h":`...)
	sep := byte('[')
	for i := range pairs {
		dst = append(dst, sep, '[')
		dst = appendString(dst, pairs[i][0])
		dst = append(dst, ',')
		dst = appendString(dst, pairs[i][1])
		dst = append(dst, ']')
		sep = ','
	}
	return append(dst, ']')
}

// metaJSON is the form of event.Meta in an open record.
type metaJSON struct {
	Tool    string   `json:"tool,omitempty"`
	Wall    string   `json:"wall,omitempty"`
	Zone    string   `json:"tz,omitempty"`
	Seed    string   `json:"seed,omitempty"`
	BaseURL string   `json:"base,omitempty"`
	Secrets []string `json:"secrets,omitempty"`
}

const wallLayout = "2006-01-02T15:04:05.000Z"

func appendMeta(dst []byte, m event.Meta) []byte {
	j := metaJSON{Tool: m.Tool, Zone: m.Zone, Seed: m.Seed, BaseURL: m.BaseURL, Secrets: m.Secrets}
	if !m.Recorded.IsZero() {
		j.Wall = m.Recorded.UTC().Format(wallLayout)
	}
	text, err := json.Marshal(j)
	if err != nil {
		panic(err) // strings only
	}
	dst = appendNumber(dst, `,"v":`, int64(FormatVersion))
	return append(append(dst, `,"meta":`...), text...)
}

const hexDigits = "0123456789abcdef"

func appendHex32(dst []byte, n uint32) []byte {
	for shift := 28; shift >= 0; shift -= 4 {
		dst = append(dst, hexDigits[n>>shift&15])
	}
	return dst
}

// plainByte marks the ASCII bytes that stand for themselves in a JSON string.
var plainByte = func() (t [256]bool) {
	for b := 0x20; b < 0x7f; b++ {
		t[b] = b != '"' && b != '\\'
	}
	return t
}()

func appendString[T string | []byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		b := s[i]
		if plainByte[b] {
			i++
			continue
		}
		size := 1
		if b >= utf8.RuneSelf {
			var r rune
			r, size = decodeRune(s, i)
			if r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
		}
		dst = append(dst, s[from:i]...)
		switch {
		case b == '"' || b == '\\':
			dst = append(dst, '\\', b)
		case b == '\n':
			dst = append(dst, '\\', 'n')
		case b == '\r':
			dst = append(dst, '\\', 'r')
		case b == '\t':
			dst = append(dst, '\\', 't')
		case b < utf8.RuneSelf:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[b>>4], hexDigits[b&15])
		default:
			dst = append(dst, '\\', 'u', 'd', 'c', hexDigits[b>>4], hexDigits[b&15])
		}
		i += size
		from = i
	}
	dst = append(dst, s[from:]...)
	return append(dst, '"')
}

func decodeRune[T string | []byte](s T, i int) (rune, int) {
	end := min(i+utf8.UTFMax, len(s))
	return utf8.DecodeRuneInString(string(s[i:end]))
}
