package transcripts

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"httpx-repl/engine/event"
)

// FormatVersion is the version of the journal and of the document that this package writes. Higher ones are refused.
const FormatVersion = 1

// Session is the model that a journal and a document share.
type Session struct {
	Meta  event.Meta
	Front []FrontKey // front-matter keys beyond Meta, in the document's order
	Cells []*Cell
	Tail  string // prose after the last cell
}

// Cell is one cell: what was entered, what it printed and what happened meanwhile.
type Cell struct {
	Name   string
	Lang   string   // the first word of its fence, "js"
	Attrs  []string // other words of its fence, kept as they are
	Prose  string   // Markdown before the cell, without blank lines around it
	Source string
	Output string // every line ends with a newline; "" when nothing was printed

	Recorded bool          // false: the cell has no order and can only run live
	Start    time.Duration // since the session opened
	// Order holds the events that the loop took while the cell was the current one: Req, Sent, Head, Data, Trail, End, Err,
	// Abort, Raw, Timer, Tick, Input, Env, Done. Events after Done came late, at the prompt. A cell without Done was interrupted.
	Order []event.Event
}

// Interrupted reports whether the cell was recorded but never settled.
func (c *Cell) Interrupted() bool {
	return c.Recorded && c.done() == nil
}

// quietAttr marks a cell whose value is not echoed: one of a script, or of a preloaded file.
const quietAttr = "quiet"

// Quiet reports whether the cell's value is not echoed.
func (c *Cell) Quiet() bool { return slices.Contains(c.Attrs, quietAttr) }

// Failed reports whether the cell threw.
func (c *Cell) Failed() bool {
	d := c.done()
	return d != nil && d.Failed
}

func (c *Cell) done() *event.Event {
	for i := range c.Order {
		if c.Order[i].Kind == event.Done {
			return &c.Order[i]
		}
	}
	return nil
}

// Cell returns the cell of that name, or nil.
func (s *Session) Cell(name string) *Cell {
	for _, c := range s.Cells {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Exchange is one request on the wire and what came back, gathered from the order.
type Exchange struct {
	ID    string // "c1.2"
	Cell  string // in whose order the request stands
	Req   *event.Event
	Head  *event.Event // nil when no response came
	Trail *event.Event
	Err   *event.Event
	Abort *event.Event
	Ended bool // the body is complete
	Raw   bool // the script read the undecoded bytes

	sent, data []*event.Event
}

// Exchanges gathers the session's exchanges in the order of issue. They point into the session's events.
func (s *Session) Exchanges() []*Exchange {
	var all []*Exchange
	byID := map[string]*Exchange{}
	for _, c := range s.Cells {
		for i := range c.Order {
			e := &c.Order[i]
			x := byID[e.Exchange]
			if e.Kind == event.Req && x == nil {
				x = &Exchange{ID: e.Exchange, Cell: c.Name, Req: e}
				byID[x.ID] = x
				all = append(all, x)
				continue
			}
			if x == nil {
				continue
			}
			switch e.Kind {
			case event.Sent:
				x.sent = append(x.sent, e)
			case event.Head:
				x.Head = e
			case event.Data:
				x.data = append(x.data, e)
			case event.Trail:
				x.Trail = e
			case event.End:
				x.Ended = true
			case event.Err:
				x.Err = e
			case event.Abort:
				x.Abort = e
			case event.Raw:
				x.Raw = true
			}
		}
	}
	return all
}

// RequestBody returns the request's body, whole or gathered from what was sent, and whether all of it was recorded.
func (x *Exchange) RequestBody() (body []byte, complete bool) {
	if x.Req.Streaming {
		return gather(x.sent)
	}
	return x.Req.Data, !withheld(x.Req)
}

// Body returns the response's body as far as it arrived and whether all that arrived was recorded.
func (x *Exchange) Body() (body []byte, complete bool) { return gather(x.data) }

func gather(chunks []*event.Event) ([]byte, bool) {
	complete := true
	if len(chunks) == 1 {
		return chunks[0].Data, !withheld(chunks[0])
	}
	var b []byte
	for _, e := range chunks {
		complete = complete && !withheld(e)
		b = append(b, e.Data...)
	}
	return b, complete
}

// withheld tells that a body or chunk was too much for the recording: only its Size is known.
func withheld(e *event.Event) bool { return len(e.Data) == 0 && e.Size > 0 }

// Recorder builds a Session in memory. It is an event.Sink and what ReadJournal uses.
type Recorder struct {
	s     Session
	cells map[string]*Cell
	cur   *Cell
	seen  map[string]map[event.Kind]bool // exchange → what it had at most one of
	notes []string
}

// NewRecorder returns an empty recorder.
func NewRecorder() *Recorder {
	return &Recorder{cells: map[string]*Cell{}, seen: map[string]map[event.Kind]bool{}}
}

// Session returns what was recorded so far. It shares memory with the recorder.
func (r *Recorder) Session() *Session { return &r.s }

// Notes lists the events that did not fit the order, such as a second head, and were left out.
func (r *Recorder) Notes() []string { return r.notes }

// Record adds one event; it copies e.Data.
func (r *Recorder) Record(e event.Event) {
	e.Data = bytes.Clone(e.Data)
	r.add(e)
}

// add is Record for an event whose memory is the recorder's to keep.
func (r *Recorder) add(e event.Event) {
	e.At = e.At.Truncate(time.Microsecond)
	switch e.Kind {
	case event.Open:
		r.s.Meta = e.Meta
		return
	case event.Close:
		return
	case event.Cell:
		r.begin(e)
		return
	case event.Out:
		c := r.cells[e.Cell]
		if c == nil {
			c = r.cur
		}
		if c == nil {
			r.note(e, "before the first cell")
			return
		}
		c.Output += PlainText(e.Text) + "\n"
		return
	}
	if r.cur == nil {
		r.note(e, "before the first cell")
		return
	}
	if e.Kind == event.Done && e.Cell != "" && e.Cell != r.cur.Name {
		r.note(e, "while another cell runs")
		return
	}
	if why := r.misfit(e); why != "" {
		r.note(e, why)
		return
	}
	r.cur.Order = append(r.cur.Order, inOrder(r.cur, e))
}

func (r *Recorder) begin(e event.Event) {
	name := e.Cell
	if !validCellName(name) || r.cells[name] != nil {
		r.note(e, "with a name that is taken or not valid")
		return
	}
	r.cur = &Cell{Name: name, Lang: "js", Source: NormalSource(e.Source), Recorded: true, Start: e.At}
	if e.Quiet {
		r.cur.Attrs = []string{quietAttr}
	}
	r.cells[name] = r.cur
	r.s.Cells = append(r.s.Cells, r.cur)
}

// misfit says why an event cannot be part of the order: each exchange has one request, which comes first, and at most
// one head, trailer and error.
func (r *Recorder) misfit(e event.Event) string {
	switch e.Kind {
	case event.Done:
		if r.cur.done() != nil {
			return "a second time"
		}
		return ""
	case event.Timer, event.Tick, event.Input, event.Env:
		return ""
	case event.Req, event.Sent, event.Head, event.Data, event.Trail, event.End, event.Err, event.Abort, event.Raw:
	default:
		return "of an unknown kind"
	}
	had := r.seen[e.Exchange]
	if e.Kind == event.Req {
		if had != nil {
			return "a second time"
		}
		if !validExchangeID(e.Exchange) {
			return "with an id that is not valid"
		}
		had = map[event.Kind]bool{}
		had[event.Sent] = e.Streaming // whether sent events may follow
		r.seen[e.Exchange] = had
	}
	if had == nil {
		return "without a request"
	}
	if e.Kind == event.Sent && !had[event.Sent] {
		return "of a request whose body is not streamed"
	}
	if e.Kind == event.Data && !had[event.Head] {
		return "before its head"
	}
	switch e.Kind {
	case event.Req, event.Head, event.Trail, event.Err:
		if had[e.Kind] {
			return "a second time"
		}
		had[e.Kind] = true
	}
	return ""
}

func (r *Recorder) note(e event.Event, why string) {
	if len(r.notes) < 100 {
		r.notes = append(r.notes, fmt.Sprintf("left out: %s %s%s %s", e.Kind, e.Cell, e.Exchange, why))
	}
}

// inOrder returns e as it stands in the order of c: of its cell, with only what its kind has, and with a time for Done
// that the document can give back: the script cannot see when its cell was done, so the time of the event before will do.
func inOrder(c *Cell, e event.Event) event.Event {
	e.Cell = c.Name
	last := c.Start
	if n := len(c.Order); n > 0 {
		last = c.Order[n-1].At
	}
	e.At = max(e.At, last)
	if len(e.Data) == 0 {
		e.Data = nil
	}
	if len(e.Headers) == 0 {
		e.Headers = nil
	}
	switch e.Kind {
	case event.Done:
		e.At = last
	case event.Sent:
		if len(e.Data) > 0 {
			e.Size = int64(len(e.Data))
		}
	case event.Req:
		if e.Method == "" {
			e.Method = "GET"
		}
		if e.URL == "" {
			e.URL = "/"
		}
		if e.Streaming {
			e.Data = nil // it comes in Sent events
		}
		if len(e.Data) > 0 || e.Streaming {
			e.Size = 0
		}
	case event.Data:
		if len(e.Data) > 0 {
			e.Size = 0
		}
	case event.Head:
		if e.Version == "" {
			e.Version = "HTTP/1.1"
		}
	case event.Err:
		e.Class, e.Phase = word(e.Class, "Error"), word(e.Phase, "")
	case event.Abort:
		e.By = word(e.By, "")
	}
	return e
}

// word makes s one word of an order line.
func word(s, empty string) string {
	if s == "" {
		return empty
	}
	return cleanName(s)
}

// NormalSource returns source with every line ending as one newline and invalid UTF-8 replaced, as a document stores it.
// ECMAScript reads line endings in this way, so the program is the same.
func NormalSource(source string) string {
	source = strings.ToValidUTF8(source, "\uFFFD")
	if strings.ContainsRune(source, '\r') {
		source = strings.ReplaceAll(strings.ReplaceAll(source, "\r\n", "\n"), "\r", "\n")
	}
	return source
}

// clone returns a copy whose events can be changed; byte slices are shared and must be replaced, not written.
func (s *Session) clone() *Session {
	n := *s
	n.Meta.Secrets = slices.Clone(s.Meta.Secrets)
	n.Front = slices.Clone(s.Front)
	n.Cells = make([]*Cell, len(s.Cells))
	for i, c := range s.Cells {
		d := *c
		d.Order = slices.Clone(c.Order)
		n.Cells[i] = &d
	}
	return &n
}

// originCell returns the cell that issued an exchange: its id up to the last dot.
func originCell(exchange string) string {
	i := strings.LastIndexByte(exchange, '.')
	if i < 0 {
		return ""
	}
	return exchange[:i]
}

const maxName = 64

// validCellName reports whether name can be a cell's: a letter, then letters, digits, '_' or '-'.
func validCellName(name string) bool {
	if name == "" || len(name) > maxName {
		return false
	}
	for i := 0; i < len(name); i++ {
		b := name[i]
		letter := b|0x20 >= 'a' && b|0x20 <= 'z'
		if !letter && (i == 0 || (b < '0' || b > '9') && b != '_' && b != '-') {
			return false
		}
	}
	return true
}

// validExchangeID reports whether id is a cell's name, a dot and a number without leading zeros.
func validExchangeID(id string) bool {
	cell := originCell(id)
	if !validCellName(cell) {
		return false
	}
	num := id[len(cell)+1:]
	if num == "" || len(num) > 9 || num[0] == '0' {
		return false
	}
	return strings.Trim(num, "0123456789") == ""
}
