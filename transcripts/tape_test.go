package transcripts

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"httpx-repl/engine/event"
)

var _ event.Tape = (*Tape)(nil)

// fakeLoop replays scripts written in Go against a tape: the smallest thing that consumes one as the event loop does.
type fakeLoop struct {
	tape    *Tape
	cell    string
	issued  int
	waiting map[string]func(event.Event) // by seat; false once ended
	timers  map[int]func()
	out     []string
	settled bool
	err     error
}

func newFakeLoop(t testing.TB, s *Session, o TapeOptions) *fakeLoop {
	t.Helper()
	tape, err := NewTape(s, o)
	if err != nil {
		t.Fatal(err)
	}
	return &fakeLoop{tape: tape, waiting: map[string]func(event.Event){}, timers: map[int]func(){}}
}

// get issues a request and calls done with its whole body, or its error.
func (l *fakeLoop) get(url string, done func(body string)) string {
	return l.send(event.Event{Method: "GET", URL: url}, done)
}

func (l *fakeLoop) send(req event.Event, done func(body string)) string {
	l.issued++
	req.Kind, req.Exchange = event.Req, fmt.Sprintf("%s.%d", l.cell, l.issued)
	seat, err := l.tape.Issue(req)
	if err != nil {
		if l.err == nil {
			l.err = err
		}
		return ""
	}
	body := ""
	l.waiting[seat] = func(e event.Event) {
		switch e.Kind {
		case event.Data:
			body += string(e.Data)
		case event.End, event.Err, event.Abort:
			delete(l.waiting, seat)
			if done != nil {
				done(body + e.Class)
			}
		}
	}
	return seat
}

func (l *fakeLoop) print(format string, args ...any) {
	l.out = append(l.out, fmt.Sprintf(format, args...))
}

func (l *fakeLoop) run(cell, source string, script func()) error {
	l.cell, l.issued, l.settled = cell, 0, false
	l.tape.Begin(cell, source)
	script()
	for {
		if l.err != nil {
			return l.err
		}
		e, ok, err := l.tape.Next(func(e event.Event) bool {
			if e.Kind == event.Timer {
				return l.timers[e.Timer] != nil
			}
			return l.waiting[e.Exchange] != nil
		}, l.settled)
		if err != nil || !ok {
			return err
		}
		if e.Kind == event.Timer {
			l.timers[e.Timer]()
			continue
		}
		l.waiting[e.Exchange](e)
	}
}

// concurrentSession records two requests of which the second finishes first, and a timer.
func concurrentSession() *Session {
	at := time.Duration(0)
	r := NewRecorder()
	put := func(e event.Event) {
		at += time.Millisecond
		e.At = at
		r.Record(e)
	}
	put(event.Event{Kind: event.Open})
	put(event.Event{Kind: event.Cell, Cell: "c1", Source: "both"})
	for i, x := range []string{"c1.1", "c1.2"} {
		put(event.Event{Kind: event.Req, Exchange: x, Method: "GET", URL: fmt.Sprintf("http://h/%d", i+1), Headers: [][2]string{{"user-agent", "recorded"}}})
	}
	for _, x := range []string{"c1.2", "c1.1"} {
		put(event.Event{Kind: event.Head, Exchange: x, Status: 200})
		put(event.Event{Kind: event.Data, Exchange: x, Data: []byte("body of ")})
		if x == "c1.2" {
			put(event.Event{Kind: event.Timer, Timer: 1})
		}
		put(event.Event{Kind: event.Data, Exchange: x, Data: []byte(x)})
		put(event.Event{Kind: event.End, Exchange: x})
	}
	put(event.Event{Kind: event.Done, Cell: "c1"})
	put(event.Event{Kind: event.Close})
	return r.Session()
}

func both(l *fakeLoop) func() {
	return func() {
		n := 0
		done := func(body string) {
			l.print("%s", body)
			n++
			l.settled = n == 2
		}
		l.timers[1] = func() { l.print("timer") }
		l.get("http://h/1", done)
		l.get("HTTP://H:80/2#there", done)
	}
}

func TestStrictReplayKeepsTheOrder(t *testing.T) {
	s := concurrentSession()
	text, blobs := Render(s)
	doc, err := Parse(text, blobs.Folder())
	if err != nil {
		t.Fatal(err)
	}
	for range 200 {
		for _, s := range []*Session{s, doc.Session} {
			l := newFakeLoop(t, s, TapeOptions{})
			if err := l.run("c1", "both", both(l)); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(l.out, ","); got != "timer,body of c1.2,body of c1.1" {
				t.Fatalf("order %s", got)
			}
			if notes := l.tape.Notes(); len(notes) != 2 || !strings.Contains(notes[0].Text, "header drift: user-agent") {
				t.Fatalf("notes %v", notes)
			}
			if unused := l.tape.Unused(); len(unused) != 0 {
				t.Fatalf("unused %v", unused)
			}
		}
	}
}

func TestEditedCellsReplayRelaxed(t *testing.T) {
	for _, c := range []struct {
		name, want, unused string
		script             func(l *fakeLoop) func()
	}{
		{"other order of issue", "body of c1.2,body of c1.1", "", func(l *fakeLoop) func() {
			return func() {
				n := 0
				done := func(body string) { l.print("%s", body); n++; l.settled = n == 2 }
				l.get("http://h/2", done)
				l.get("http://h/1", done)
			}
		}},
		{"one after the other", "body of c1.1,body of c1.2", "", func(l *fakeLoop) func() {
			return func() {
				l.get("http://h/1", func(body string) {
					l.print("%s", body)
					l.get("http://h/2", func(body string) { l.print("%s", body); l.settled = true })
				})
			}
		}},
		{"one dropped", "body of c1.2", "c1.1: not used: GET http://h/1", func(l *fakeLoop) func() {
			return func() { l.get("http://h/2", func(body string) { l.print("%s", body); l.settled = true }) }
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newFakeLoop(t, concurrentSession(), TapeOptions{})
			if err := l.run("c1", "edited", c.script(l)); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(l.out, ","); got != c.want {
				t.Errorf("output %s, want %s", got, c.want)
			}
			unused := ""
			for _, n := range l.tape.Unused() {
				unused += n.String()
			}
			if unused != c.unused {
				t.Errorf("unused %q, want %q", unused, c.unused)
			}
		})
	}
}

func TestDivergences(t *testing.T) {
	ignore := func(string) {}
	for _, c := range []struct {
		name, source string
		kind         DivergenceKind
		want         []string
		script       func(l *fakeLoop) func()
	}{
		{"changed", "both", ChangedRequest, []string{"doc.hx.md: cell c1: request 1 of this cell does not match", "query    + dry=1", "match: {ignore-query: [dry]}", "5 of 6 parts equal"},
			func(l *fakeLoop) func() { return func() { l.get("http://h/1?dry=1", ignore) } }},
		{"unexpected", "both", UnexpectedRequest, []string{"was not recorded"},
			func(l *fakeLoop) func() {
				return func() { l.get("http://h/1", ignore); l.get("http://h/2", ignore); l.get("http://h/3", ignore) }
			}},
		{"all used", "edited", AllUsed, []string{"already used", "match: {repeat: last}"},
			func(l *fakeLoop) func() {
				return func() { l.get("http://h/1", ignore); l.get("http://h/2", ignore); l.get("http://h/1", ignore) }
			}},
		{"never issued", "both", NeverIssued, []string{"c1.2 was never issued (GET http://h/2)"},
			func(l *fakeLoop) func() { return func() { l.get("http://h/1", ignore) } }},
		{"stalled", "both", Stalled, []string{`"timer 1", for which nothing waits`},
			func(l *fakeLoop) func() { return func() { l.get("http://h/1", ignore); l.get("http://h/2", ignore) } }},
		{"pending", "edited", StillPending, []string{"still waits"},
			func(l *fakeLoop) func() { return func() {} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newFakeLoop(t, concurrentSession(), TapeOptions{Name: "doc.hx.md"})
			err := l.run("c1", c.source, c.script(l))
			var d *Divergence
			if !errors.As(err, &d) || d.Kind != c.kind {
				t.Fatalf("error %v, want %s", err, c.kind)
			}
			for _, want := range c.want {
				if !strings.Contains(d.Report(), want) {
					t.Errorf("the report lacks %q:\n%s", want, d.Report())
				}
			}
		})
	}
}

func TestDivergenceReport(t *testing.T) {
	golden(t, "divergence.txt", func() []byte {
		r := NewRecorder()
		post := event.Event{Kind: event.Req, Exchange: "c3.1", Method: "POST", URL: "https://api.example.test/orders", Headers: [][2]string{{"Content-Type", "application/json"}},
			Data: []byte(`{"items":[{"qty":1},{"qty":2}]}`)}
		r.Record(event.Event{Kind: event.Cell, Cell: "c3", Source: "x"})
		r.Record(post)
		other := post
		other.Exchange, other.Method, other.Data = "c3.2", "GET", nil
		r.Record(other)
		tape, err := NewTape(r.Session(), TapeOptions{Name: "lesson.hx.md"})
		if err != nil {
			t.Fatal(err)
		}
		tape.Begin("c3", "x")
		live := post
		live.URL += "?dry=1"
		live.Data = []byte(`{"items": [{"qty": 1.0}, {"qty": 3}]}`)
		_, err = tape.Issue(live)
		var d *Divergence
		if !errors.As(err, &d) {
			t.Fatal(err)
		}
		d.Line, d.Column = 4, 22
		return []byte(d.Report())
	})
}

func TestMatching(t *testing.T) {
	req := func(url, media, body string) event.Event {
		e := event.Event{Kind: event.Req, Method: "POST", URL: url, Data: []byte(body)}
		if media != "" {
			e.Headers = [][2]string{{"content-type", media}}
		}
		return e
	}
	for _, c := range []struct {
		name  string
		front string
		a, b  event.Event
		equal bool
	}{
		{"url case and port", "", req("HTTP://Example.ORG:80/a", "", ""), req("http://example.org/a", "", ""), true},
		{"path case", "", req("http://h/a", "", ""), req("http://h/A", "", ""), false},
		{"percent", "", req("http://h/%7euser/%c3%a9", "", ""), req("http://h/~user/%C3%A9", "", ""), true},
		{"query order", "", req("http://h/?a=1&b=2", "", ""), req("http://h/?b=2&a=1", "", ""), true},
		{"equal names keep order", "", req("http://h/?a=1&a=2", "", ""), req("http://h/?a=2&a=1", "", ""), false},
		{"fragment", "", req("http://h/#x", "", ""), req("http://h/", "", ""), true},
		{"json value", "", req("http://h/", "application/json", `{"a":1.50,"b":[1e2]}`), req("http://h/", "application/json", `{ "b": [100], "a": 15e-1 }`), true},
		{"json differs", "", req("http://h/", "application/json", `{"a":1}`), req("http://h/", "application/json", `{"a":"1"}`), false},
		{"big numbers", "", req("http://h/", "application/json", `9007199254740993`), req("http://h/", "application/json", `9007199254740992`), false},
		{"number is no object", "", req("http://h/", "application/json", `{"number":"1e0"}`), req("http://h/", "application/json", `1`), false},
		{"form escapes", "", req("http://h/", "application/x-www-form-urlencoded", "a=b+c"), req("http://h/", "application/x-www-form-urlencoded", "a=b%20c"), true},
		{"form order", "", req("http://h/", "application/x-www-form-urlencoded", "a=1&b=2"), req("http://h/", "application/x-www-form-urlencoded", "b=2&a=1"), false},
		{"boundary", "", req("http://h/", "multipart/form-data; boundary=one", "--one\r\nx\r\n--one--"), req("http://h/", "multipart/form-data; boundary=two", "--two\r\nx\r\n--two--"), true},
		{"bytes", "", req("http://h/", "text/plain", "a"), req("http://h/", "text/plain", "b"), false},
		{"placeholder spelling", "", req("http://h/?t=%7B%7Bsecret.token.1%7D%7D", "", ""), req("http://h/?t={{secret.token.2}}", "", ""), true},
		{"ignored query", "match: {ignore-query: [t]}", req("http://h/?t=1", "", ""), req("http://h/", "", ""), true},
		{"ignored json", "match: {ignore-json: [$.a.b]}", req("http://h/", "application/json", `{"a":{"b":1}}`), req("http://h/", "application/json", `{"a":{}}`), true},
		{"ignored body", "match: {ignore-body: [/up]}", req("http://h/up", "", "1"), req("http://h/up", "", "2"), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &Session{}
			if c.front != "" {
				s.Front = []FrontKey{{"match", c.front + "\n"}}
			}
			m, err := s.matchRules()
			if err != nil {
				t.Fatal(err)
			}
			a, b := m.key(c.a), m.key(c.b)
			if a.equal(&b) != c.equal {
				t.Errorf("equal is %v:\n%+v\n%+v", !c.equal, a, b)
			}
		})
	}
}

func TestRepeatAndBorrow(t *testing.T) {
	s := concurrentSession()
	s.Front = []FrontKey{{"match", "match: {repeat: last}\n"}}
	l := newFakeLoop(t, s, TapeOptions{})
	err := l.run("new", "polls", func() {
		n := 0
		done := func(body string) { l.print("%s", body); n++; l.settled = n == 3 }
		for range 3 {
			l.get("http://h/2", done)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(l.out, ","); got != "body of c1.2,body of c1.2,body of c1.2" {
		t.Errorf("output %s", got)
	}
	if notes := l.tape.Notes(); len(notes) == 0 || notes[0].Text != "borrowed from c1.2" {
		t.Errorf("notes %v", notes)
	}
	l = newFakeLoop(t, concurrentSession(), TapeOptions{SameCell: true})
	if err := l.run("new", "borrows", func() { l.get("http://h/2", nil) }); err == nil {
		t.Error("an exchange of another cell answered although the scope is the cell")
	}
}

func TestTruncatedBodyFailsByName(t *testing.T) {
	r := NewRecorder()
	for _, e := range []event.Event{{Kind: event.Cell, Cell: "c1", Source: "x"}, {Kind: event.Req, Exchange: "c1.1", Method: "GET", URL: "http://h/"},
		{Kind: event.Head, Exchange: "c1.1", Status: 200}, {Kind: event.Data, Exchange: "c1.1", Data: []byte("abc")}, {Kind: event.Data, Exchange: "c1.1", Size: 99},
		{Kind: event.End, Exchange: "c1.1"}, {Kind: event.Done, Cell: "c1"}} {
		r.Record(e)
	}
	l := newFakeLoop(t, r.Session(), TapeOptions{})
	if err := l.run("c1", "x", func() { l.get("http://h/", func(body string) { l.print("%s", body); l.settled = true }) }); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(l.out, ","); got != "abcReadError" {
		t.Errorf("output %s", got)
	}
}

// TestRandomSessionsReplay walks random sessions in the recorded order: every delivered event comes back, in order.
func TestRandomSessionsReplay(t *testing.T) {
	for seed := range uint64(100) {
		s := sessionOf(randomEvents(rand.New(rand.NewPCG(seed, 10))))
		tape, err := NewTape(s, TapeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range s.Cells {
			if at := tape.Begin(c.Name, c.Source); at != c.Start {
				t.Fatalf("seed %d: %s starts at %v, want %v", seed, c.Name, at, c.Start)
			}
			for i := range c.Order {
				want := &c.Order[i]
				if want.Kind == event.Req {
					if seat, err := tape.Issue(*want); err != nil || seat != want.Exchange {
						t.Fatalf("seed %d: %s got the seat %s, %v", seed, want.Exchange, seat, err)
					}
				}
				if !want.Kind.Delivered() {
					continue
				}
				got, ok, err := tape.Next(func(event.Event) bool { return true }, false)
				if !ok || err != nil || got.Kind != want.Kind || got.Exchange != want.Exchange || string(got.Data) != string(want.Data) || got.At != want.At {
					t.Fatalf("seed %d: got %+v, %v, %v, want %+v", seed, got, ok, err, want)
				}
			}
			if e, ok, err := tape.Next(nil, true); ok || err != nil {
				t.Fatalf("seed %d: %s goes on with %+v, %v", seed, c.Name, e, err)
			}
		}
		if unused := tape.Unused(); len(unused) > 0 {
			t.Fatalf("seed %d: unused %v", seed, unused)
		}
	}
}

func thousandExchanges() []event.Event {
	var events []event.Event
	at := time.Duration(0)
	put := func(e event.Event) {
		at += 10 * time.Microsecond
		e.At = at
		events = append(events, e)
	}
	put(event.Event{Kind: event.Open})
	put(event.Event{Kind: event.Cell, Cell: "c1", Source: "many"})
	h := [][2]string{{"accept", "*/*"}, {"accept-encoding", "gzip, deflate, br, zstd"}, {"connection", "keep-alive"}, {"user-agent", "python-httpx"}, {"host", "h"}}
	for i := range 1000 {
		put(event.Event{Kind: event.Req, Cell: "c1", Exchange: fmt.Sprintf("c1.%d", i+1), Method: "GET", URL: fmt.Sprintf("http://h/items/%d?page=1", i), Headers: h})
	}
	for i := range 1000 {
		x := fmt.Sprintf("c1.%d", i+1)
		put(event.Event{Kind: event.Head, Cell: "c1", Exchange: x, Version: "HTTP/1.1", Status: 200, Reason: "OK", Headers: h})
		put(event.Event{Kind: event.Data, Cell: "c1", Exchange: x, Data: []byte(`{"id":1,"name":"Ada Lovelace","langs":["analytical engine"]}`)})
		put(event.Event{Kind: event.End, Cell: "c1", Exchange: x})
	}
	put(event.Event{Kind: event.Done, Cell: "c1"})
	put(event.Event{Kind: event.Close})
	return events
}

func BenchmarkReplayThousandExchanges(b *testing.B) {
	s := sessionOf(thousandExchanges())
	for b.Loop() {
		tape, err := NewTape(s, TapeOptions{})
		if err != nil {
			b.Fatal(err)
		}
		tape.Begin("c1", "many")
		n := 0
		for i := range s.Cells[0].Order {
			if e := s.Cells[0].Order[i]; e.Kind == event.Req {
				if _, err := tape.Issue(e); err != nil {
					b.Fatal(err)
				}
			}
		}
		for {
			_, ok, err := tape.Next(func(event.Event) bool { return true }, true)
			if err != nil {
				b.Fatal(err)
			}
			if !ok {
				break
			}
			n++
		}
		if n != 3000 {
			b.Fatalf("%d events", n)
		}
	}
}
