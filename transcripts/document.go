package transcripts

import (
	"bytes"
	"strings"
	"time"

	"httpx-repl/engine"
	"httpx-repl/engine/event"
)

// Document returns s in document form: what a document can hold and give back. Bodies are content-decoded, chunk by chunk,
// unless the script read the raw bytes, part of the body is missing or the coding is broken; times are as exact as the front
// matter's "time" says. The result is s's own copy; doing it twice changes nothing.
func (s *Session) Document() *Session {
	n := s.clone()
	n.Meta.Version = FormatVersion
	n.Meta.Recorded = n.Meta.Recorded.UTC().Truncate(time.Millisecond)
	if s.Meta.Recorded.IsZero() {
		n.Meta.Recorded = time.Time{}
	}
	for _, x := range n.Exchanges() {
		decodeBody(x)
	}
	mode, err := n.timeMode()
	if err != nil {
		mode = timeKeep
	}
	for _, c := range n.Cells {
		c.Prose = trimBlank(c.Prose)
		c.Source = NormalSource(c.Source)
		if c.Output = PlainText(c.Output); c.Output != "" && !strings.HasSuffix(c.Output, "\n") {
			c.Output += "\n"
		}
		retime(c, mode)
	}
	n.Tail = trimBlank(n.Tail)
	return n
}

// decodeBody replaces an exchange's chunks by decoded ones.
func decodeBody(x *Exchange) {
	if x.Head == nil || x.Head.Decoded || x.Raw || len(x.data) == 0 {
		return
	}
	var codings []string
	for _, h := range x.Head.Headers {
		if strings.EqualFold(h[0], "content-encoding") {
			codings = append(codings, strings.Split(h[1], ",")...)
		}
	}
	if !decodable(codings) {
		return
	}
	decoder, err := engine.NewDecoder(codings, engine.DecodeLimits{MaxSize: maxBlob})
	if err != nil {
		return
	}
	defer decoder.Close()
	decoded := make([][]byte, len(x.data))
	wire := int64(0)
	for i, e := range x.data {
		if withheld(e) {
			return
		}
		wire += int64(len(e.Data))
		if decoded[i], err = decodeChunk(decoder, e.Data); err != nil {
			return
		}
	}
	if x.Ended {
		rest, err := decoder.Flush()
		if err != nil {
			return
		}
		last := len(decoded) - 1
		decoded[last] = append(decoded[last], rest...)
	}
	for i, e := range x.data {
		if e.Data = decoded[i]; len(e.Data) == 0 {
			e.Data = nil
		}
	}
	x.Head.Decoded, x.Head.Wire = true, wire
}

func decodeChunk(decoder engine.Decoder, chunk []byte) ([]byte, error) {
	piece, err := decoder.Decode(bytes.Clone(chunk))
	out := bytes.Clone(piece)
	for err == nil && decoder.Pending() {
		piece, err = decoder.Decode(nil)
		out = append(out, piece...)
	}
	return out, err
}

// decodable reports codings that are all known, and of which one does something.
func decodable(codings []string) bool {
	any := false
	for _, coding := range codings {
		coding = strings.ToLower(strings.TrimSpace(coding))
		known := coding == "" || coding == "identity"
		for _, c := range engine.SupportedCodings() {
			if coding == c {
				known, any = true, true
			}
		}
		if !known {
			return false
		}
	}
	return any
}

// codingFact names the codings that were undone, for readers of the document.
func codingFact(headers [][2]string) string {
	var all []string
	for _, h := range headers {
		if !strings.EqualFold(h[0], "content-encoding") {
			continue
		}
		for _, coding := range strings.Split(h[1], ",") {
			all = append(all, strings.ToLower(cleanName(strings.TrimSpace(coding))))
		}
	}
	if len(all) == 0 {
		return "identity"
	}
	return strings.Join(all, ",")
}

// retime gives a cell's events the times that the document will give back.
func retime(c *Cell, mode timeMode) {
	if mode == timeKeep {
		return
	}
	const step = 10 * time.Millisecond
	if mode == timeNone {
		c.Start = 0
	} else {
		c.Start = c.Start.Truncate(step)
	}
	last := c.Start
	for i := range c.Order {
		e := &c.Order[i]
		switch {
		case e.Kind == event.Done:
		case mode == timeRound:
			last = max(last, e.At.Truncate(step))
		case e.Kind.Delivered():
			last += time.Millisecond
		}
		e.At = last
	}
}

// trimBlank removes blank lines at both ends, and a final newline.
func trimBlank(text string) string {
	lines := strings.Split(text, "\n")
	for len(lines) > 0 && strings.TrimSpace(lines[0]) == "" {
		lines = lines[1:]
	}
	for len(lines) > 0 && strings.TrimSpace(lines[len(lines)-1]) == "" {
		lines = lines[:len(lines)-1]
	}
	return strings.Join(lines, "\n")
}
