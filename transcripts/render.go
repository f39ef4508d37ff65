package transcripts

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"httpx-repl/engine/event"
)

// Blobs are bodies that stand outside a document, by the name that the document gives them. They belong into the
// folder name.hx.d beside name.hx.md.
type Blobs map[string][]byte

// Render writes s as a document, canonically: the same model gives the same bytes. It brings s into document form first
// (see Session.Document) and leaves s as it is. It does not redact: see Redactor.Session and Save.
func Render(s *Session) ([]byte, Blobs) {
	s = s.Document()
	w := renderer{blobs: Blobs{}, times: timeKeep, last: map[*event.Event]bool{}}
	if mode, err := s.timeMode(); err == nil {
		w.times = mode
	}
	exchanges := map[string][]*Exchange{} // by the cell that shows them
	for _, x := range s.Exchanges() {
		exchanges[x.Cell] = append(exchanges[x.Cell], x)
		w.markLast(x.sent)
		w.markLast(x.data)
	}
	renderFront(&w.b, s)
	for _, c := range s.Cells {
		w.cell(c, exchanges[c.Name])
	}
	if s.Tail != "" {
		w.b.WriteString("\n" + s.Tail + "\n")
	}
	return []byte(w.b.String()), w.blobs
}

type renderer struct {
	b     strings.Builder
	blobs Blobs
	times timeMode
	last  map[*event.Event]bool // chunks that are the rest of their body
}

// markLast notes the last chunk, whose length is written as *, so that an edited body never breaks the counts.
func (w *renderer) markLast(chunks []*event.Event) {
	for _, e := range chunks {
		if withheld(e) {
			return
		}
	}
	if n := len(chunks); n > 0 {
		w.last[chunks[n-1]] = true
	}
}

func (w *renderer) cell(c *Cell, exchanges []*Exchange) {
	if c.Prose != "" {
		w.b.WriteString("\n" + c.Prose + "\n")
	}
	info := c.Lang + " hx=" + c.Name
	for _, attr := range c.Attrs {
		info += " " + attr
	}
	w.fence(info, c.Source+"\n")
	if c.Output != "" {
		w.fence("text hx-out="+c.Name, c.Output)
	}
	if !c.Recorded {
		return
	}
	duration := time.Duration(0)
	if n := len(c.Order); n > 0 {
		duration = c.Order[n-1].At - c.Start
	}
	fmt.Fprintf(&w.b, "\n<details><summary>%d exchange(s), %d ms</summary>\n", len(exchanges), duration.Milliseconds())
	for _, x := range exchanges {
		w.exchange(x)
	}
	w.order(c)
	w.b.WriteString("\n</details>\n")
}

func (w *renderer) exchange(x *Exchange) {
	body, _ := x.RequestBody()
	info := "http hx-req=" + x.ID
	if x.Req.Streaming {
		info += " streaming"
	}
	if withheld(x.Req) {
		info += " size=" + strconv.FormatInt(x.Req.Size, 10)
	}
	info += truncated(x.sent)
	w.message(info, []string{x.Req.Method, x.Req.URL}, x.Req.Headers, body)
	if x.Head != nil {
		body, _ = x.Body()
		info = "http hx-res=" + x.ID
		if x.Head.Decoded {
			info += " coding=" + codingFact(x.Head.Headers) + " wire=" + strconv.FormatInt(x.Head.Wire, 10)
		}
		info += truncated(x.data)
		first := []string{x.Head.Version, strconv.Itoa(x.Head.Status)}
		if x.Head.Reason != "" {
			first = append(first, x.Head.Reason)
		}
		w.message(info, first, x.Head.Headers, body)
	}
	if x.Trail != nil {
		lines, escaped := headerLines(x.Trail.Headers)
		w.fence("http hx-trail="+x.ID+escaped, lines)
	}
	if x.Err != nil {
		w.failure(x)
	}
}

func truncated(chunks []*event.Event) string {
	stored, whole := gather(chunks)
	if whole {
		return ""
	}
	return " truncated=" + strconv.Itoa(len(stored))
}

// message writes a request or response: a first line of words, headers, a blank line and the body.
func (w *renderer) message(info string, first []string, headers [][2]string, body []byte) {
	lines, escaped := headerLines(headers)
	if escaped == "" && !plainWords(first) {
		lines, escaped = escapedHeaderLines(headers), " escaped"
	}
	if escaped != "" {
		for i := range first {
			also := " "
			if i == len(first)-1 {
				also = ""
			}
			first[i] = escapeEnds(first[i], also)
		}
	}
	t := writeBody(body)
	text := strings.Join(first, " ") + "\n" + lines
	if t.text != "" {
		text += "\n" + t.text + "\n"
	}
	if t.blob != nil {
		w.blobs[blobName(t.blob)] = t.blob
	}
	w.fence(info+escaped+t.attrs, text)
}

// plainWords reports whether the words can be written side by side and read back: only the last may have spaces inside.
func plainWords(words []string) bool {
	for i, word := range words {
		if word == "" || !plainLine(word) || i < len(words)-1 && strings.ContainsRune(word, ' ') {
			return false
		}
	}
	return true
}

// plainLine reports whether s is one line of text that editors leave alone.
func plainLine(s string) bool {
	return !needsEscape(s) && !strings.ContainsAny(s, "\n\t") && strings.TrimSpace(s) == s
}

// headerLines writes one line a header; the attribute " escaped" tells that they had to be escaped.
func headerLines(headers [][2]string) (lines, attr string) {
	var b strings.Builder
	for _, h := range headers {
		if h[0] == "" || !plainLine(h[0]) || strings.ContainsRune(h[0], ':') || !plainLine(h[1]) {
			return escapedHeaderLines(headers), " escaped"
		}
		b.WriteString(headerLine(h[0], h[1]))
	}
	return b.String(), ""
}

func escapedHeaderLines(headers [][2]string) string {
	var b strings.Builder
	for _, h := range headers {
		b.WriteString(headerLine(escapeEnds(h[0], ":"), escapeEnds(h[1], "")))
	}
	return b.String()
}

// escapeEnds is escapeLine that also protects spaces at the ends.
func escapeEnds(s, also string) string {
	trimmed := strings.Trim(s, " ")
	if trimmed == "" {
		return strings.Repeat(`\x20`, len(s))
	}
	from := strings.Index(s, trimmed)
	return strings.Repeat(`\x20`, from) + escapeLine(trimmed, also+"\t\n") + strings.Repeat(`\x20`, len(s)-from-len(trimmed))
}

func headerLine(name, value string) string {
	if value == "" {
		return name + ":\n"
	}
	return name + ": " + value + "\n"
}

func (w *renderer) order(c *Cell) {
	info := "text hx-order=" + c.Name
	if w.times != timeNone {
		info += " start=" + millis(c.Start)
	}
	if c.Failed() {
		info += " failed"
	}
	if c.Interrupted() {
		info += " interrupted"
	}
	var b strings.Builder
	for i := range c.Order {
		e := &c.Order[i]
		if e.Kind == event.Done && i == len(c.Order)-1 {
			break
		}
		if w.times != timeNone {
			fmt.Fprintf(&b, "%9s ", millis(e.At-c.Start))
		}
		b.WriteString(strings.TrimRight(fmt.Sprintf("%-4s %s", e.Kind, w.what(e)), " "))
		b.WriteByte('\n')
	}
	w.fence(info, b.String())
}

// what names what an order line is about.
func (w *renderer) what(e *event.Event) string {
	switch e.Kind {
	case event.Data, event.Sent:
		size := strconv.Itoa(len(e.Data))
		if withheld(e) {
			size = strconv.FormatInt(e.Size, 10)
		} else if w.last[e] {
			size = "*"
		}
		return e.Exchange + " " + size
	case event.Err:
		return e.Exchange + " " + e.Class
	case event.Abort:
		if e.By == "" {
			return e.Exchange
		}
		return e.Exchange + " by=" + e.By
	case event.Timer:
		return strconv.Itoa(e.Timer)
	case event.Tick:
		return strconv.FormatInt(e.Size, 10)
	case event.Input:
		return strconv.QuoteToGraphic(e.Text)
	case event.Env:
		return strconv.QuoteToGraphic(e.Name) + " " + strconv.QuoteToGraphic(e.Text)
	case event.Done:
		return ""
	}
	return e.Exchange
}

// millis writes a time in milliseconds, to the microsecond.
func millis(d time.Duration) string {
	us := d.Microseconds()
	return fmt.Sprintf("%d.%03d", us/1000, us%1000)
}

// fence writes a fenced block that is longer than any run of backticks in it.
func (w *renderer) fence(info, text string) {
	longest, run := 2, 0
	for i := 0; i < len(text); i++ {
		if text[i] != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	ticks := strings.Repeat("`", longest+1)
	fmt.Fprintf(&w.b, "\n%s%s\n%s%s\n", ticks, info, text, ticks)
}
