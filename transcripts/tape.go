package transcripts

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"httpx-repl/engine/event"
)

// TapeOptions says how a session is replayed.
type TapeOptions struct {
	Name     string    // of the file, for reports
	Redactor *Redactor // as at the recording; nil for the default names. It is applied to live requests before they are compared
	SameCell bool      // exchanges of other cells never answer, as with "match: {scope: cell}"; what tests want
}

// Tape feeds a recorded session to an event loop: it is an event.Tape over a session that was read from a journal or a document.
//
// While a cell's source is as recorded its events come in the recorded order, and anything else is a divergence. When the source
// was edited the rule is relaxed: the earliest undelivered event whose owner exists comes next, so the recorded order is kept as far
// as it still has a meaning. Times never decide.
type Tape struct {
	s     *Session
	o     TapeOptions
	rules matchRules

	order []taped
	cells map[string]tapedCell
	seats map[string]*seat
	issue []string // ids of the recorded exchanges, in the order of issue

	cell    string
	to      int // end of the current cell, or of the furthest cell begun
	pos     int // of the strict order
	relaxed bool
	edited  map[string]bool // cells that are not as recorded
	now     time.Duration
	again   []event.Event // events of exchanges that answer a further time
	repeats map[string]int
	notes   []Note
}

type taped struct {
	e         *event.Event
	delivered bool
}

type tapedCell struct {
	c        *Cell
	index    int
	from, to int
}

// seat is a recorded exchange and who took it.
type seat struct {
	x    *Exchange
	key  requestKey
	cell int    // index of the issuing cell
	by   string // the live exchange that it answers, "" while unused
	gone bool   // the script gave it up, or its recording ends
}

// NewTape returns a tape at its beginning. An error means that the document's match rules are wrong.
func NewTape(s *Session, o TapeOptions) (*Tape, error) {
	if o.Redactor == nil {
		o.Redactor = NewRedactor(RedactOptions{})
	}
	rules, err := s.matchRules()
	if err != nil {
		return nil, err
	}
	if o.SameCell {
		rules.Scope = "cell"
	}
	o.Redactor.reserveAll(s)
	t := &Tape{s: s, o: o, rules: rules, cells: map[string]tapedCell{}, seats: map[string]*seat{}, edited: map[string]bool{}, repeats: map[string]int{}}
	for i, c := range s.Cells {
		from := len(t.order)
		for k := range c.Order {
			t.order = append(t.order, taped{e: &c.Order[k]})
		}
		t.cells[c.Name] = tapedCell{c, i, from, len(t.order)}
	}
	for _, x := range s.Exchanges() {
		cell, ok := t.cells[originCell(x.ID)]
		if !ok {
			cell = t.cells[x.Cell]
		}
		t.seats[x.ID] = &seat{x: x, key: rules.key(*x.Req), cell: cell.index}
		t.issue = append(t.issue, x.ID)
	}
	return t, nil
}

// Meta is the recorded session's description.
func (t *Tape) Meta() event.Meta { return t.s.Meta }

// Env returns what the recorded session read for name: in the current cell, else where it was read first.
func (t *Tape) Env(name string) (string, bool) {
	var first *event.Event
	for i := range t.order {
		e := t.order[i].e
		if e.Kind != event.Env || e.Name != name {
			continue
		}
		if e.Cell == t.cell {
			return e.Text, true
		}
		if first == nil {
			first = e
		}
	}
	if first == nil {
		return "", false
	}
	return first.Text, true
}

// Begin enters a cell; see event.Tape.
func (t *Tape) Begin(cell, source string) time.Duration {
	t.cell = cell
	at, ok := t.cells[cell]
	if !ok {
		t.relaxed = true
		t.edited[cell] = true
		return t.now
	}
	t.pos, t.to = at.from, max(t.to, at.to)
	t.relaxed = !at.c.Recorded || NormalSource(source) != at.c.Source && t.o.Redactor.Source(NormalSource(source)) != at.c.Source
	if t.relaxed {
		t.edited[cell] = true
	}
	t.now = max(t.now, at.c.Start)
	return t.now
}

// Issue seats a request; see event.Tape. The error is a *Divergence.
func (t *Tape) Issue(req event.Event) (string, error) {
	req = t.o.Redactor.Event(req)
	key := t.rules.key(req)
	own := t.seats[req.Exchange]
	if own != nil && own.by == "" && own.key.equal(&key) {
		return t.take(own, req, &key), nil
	}
	if len(t.edited) > 0 {
		if s := t.search(req, &key); s != nil {
			return t.take(s, req, &key), nil
		}
		if id := t.repeat(&key); id != "" {
			return id, nil
		}
	}
	return "", t.mismatch(req, key, own)
}

func (t *Tape) take(s *seat, req event.Event, key *requestKey) string {
	s.by = req.Exchange
	if s.x.ID != req.Exchange && originCell(s.x.ID) != originCell(req.Exchange) {
		t.note(req.Exchange, "borrowed from "+s.x.ID)
	}
	if names := key.drift(&s.key); len(names) > 0 {
		t.note(req.Exchange, "header drift: "+strings.Join(names, ", "))
	}
	return s.x.ID
}

func (t *Tape) note(exchange, text string) {
	if len(t.notes) < 1000 {
		t.notes = append(t.notes, Note{Exchange: exchange, Text: text})
	}
}

// search finds an unused exchange with an equal key: of the same cell in the order of issue, then of later cells, then of earlier ones.
func (t *Tape) search(req event.Event, key *requestKey) *seat {
	origin := originCell(req.Exchange)
	here, known := t.cells[origin]
	var later, earlier *seat
	for _, id := range t.issue {
		s := t.seats[id]
		if s.by != "" || !s.key.equal(key) {
			continue
		}
		switch {
		case known && s.cell == here.index:
			return s
		case !known || s.cell > here.index:
			if later == nil {
				later = s
			}
		case earlier == nil:
			earlier = s
		}
	}
	if t.rules.Scope == "cell" || !t.edited[origin] {
		return nil
	}
	if later != nil {
		return later
	}
	return earlier
}

// repeat lets a used exchange answer once more, when the match rules allow that.
func (t *Tape) repeat(key *requestKey) string {
	var equal []*seat
	for _, id := range t.issue {
		if s := t.seats[id]; s.key.equal(key) {
			equal = append(equal, s)
		}
	}
	if len(equal) == 0 {
		return ""
	}
	var s *seat
	switch t.rules.Repeat {
	case "last":
		s = equal[len(equal)-1]
	case "cycle":
		n := 0
		for _, e := range equal {
			n += t.repeats[e.x.ID]
		}
		s = equal[n%len(equal)]
	default:
		return ""
	}
	t.repeats[s.x.ID]++
	id := fmt.Sprintf("%s+%d", s.x.ID, t.repeats[s.x.ID])
	for i := range t.order {
		if e := *t.order[i].e; e.Exchange == s.x.ID && e.Kind.Delivered() {
			e.Exchange = id
			t.again = append(t.again, e)
		}
	}
	return id
}

// Next returns the next event for the current cell; see event.Tape. The error is a *Divergence.
func (t *Tape) Next(ready func(event.Event) bool, settled bool) (event.Event, bool, error) {
	if t.relaxed {
		return t.nextRelaxed(ready, settled)
	}
	end := t.cells[t.cell].to
	for ; t.pos < end; t.pos++ {
		e := t.order[t.pos].e
		if t.order[t.pos].delivered || !t.awaited(e) {
			continue
		}
		if e.Kind == event.Req {
			return event.Event{}, false, t.neverIssued(e)
		}
		if !ready(*e) {
			if e.Kind == event.Abort {
				t.seats[e.Exchange].gone = true // the script gave it up by itself
				continue
			}
			if len(t.edited) > 0 && (e.Kind == event.Timer || t.edited[originCell(e.Exchange)]) {
				continue
			}
			return event.Event{}, false, t.stalled(e)
		}
		t.order[t.pos].delivered = true
		t.pos++
		return t.deliver(*e), true, nil
	}
	return event.Event{}, false, t.pending(settled)
}

// awaited reports whether the strict order must stop at e: it is to be delivered, or it is a request that was not issued.
func (t *Tape) awaited(e *event.Event) bool {
	s := t.seats[e.Exchange]
	if e.Kind == event.Req {
		return s.by == "" && !t.edited[originCell(e.Exchange)]
	}
	if !e.Kind.Delivered() {
		return false
	}
	if s == nil {
		return true
	}
	if s.by == "" {
		return !t.edited[originCell(e.Exchange)]
	}
	return !s.gone
}

// nextRelaxed returns the earliest undelivered event whose owner exists; of cells to come only events of exchanges that were
// borrowed from them.
func (t *Tape) nextRelaxed(ready func(event.Event) bool, settled bool) (event.Event, bool, error) {
	for i := range t.order {
		e := t.order[i].e
		if t.order[i].delivered || !e.Kind.Delivered() {
			continue
		}
		s := t.seats[e.Exchange]
		if s != nil && (s.by == "" || s.gone) || s == nil && i >= t.to {
			continue
		}
		if ready(*e) {
			t.order[i].delivered = true
			return t.deliver(*e), true, nil
		}
	}
	for i, e := range t.again {
		if ready(e) {
			t.again = slices.Delete(t.again, i, i+1)
			return t.deliver(e), true, nil
		}
	}
	return event.Event{}, false, t.pending(settled)
}

// deliver returns e as the loop takes it: at a time that does not run backwards, and owned by the taker.
func (t *Tape) deliver(e event.Event) event.Event {
	t.now = max(t.now, e.At)
	e.At = t.now
	if e.Kind == event.Data && withheld(&e) {
		s := t.seats[e.Exchange]
		stored := 0
		if s != nil {
			s.gone = true
			body, _ := s.x.Body()
			stored = len(body)
		}
		return event.Event{Kind: event.Err, At: e.At, Cell: e.Cell, Exchange: e.Exchange, Class: "ReadError", Phase: "read",
			Text: fmt.Sprintf("The recording of %s stops after %d bytes of its body.", e.Exchange, stored)}
	}
	e.Data = bytes.Clone(e.Data)
	return e
}

// Notes lists what differed without mattering: header drift, borrowed exchanges.
func (t *Tape) Notes() []Note { return t.notes }

// Unused lists the recorded exchanges that no request took.
func (t *Tape) Unused() []Note {
	var unused []Note
	for _, id := range t.issue {
		if s := t.seats[id]; s.by == "" {
			unused = append(unused, Note{Exchange: id, Text: fmt.Sprintf("not used: %s %s", s.x.Req.Method, s.x.Req.URL)})
		}
	}
	return unused
}
