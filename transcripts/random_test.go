package transcripts

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"httpx-repl/engine/event"
)

// randomEvents makes a session's events as a loop could have emitted them: concurrent exchanges that end in every way,
// late events, timers, prompts, and bodies, headers and texts of every ugliness.
func randomEvents(r *rand.Rand) []event.Event {
	g := generator{r: r}
	g.put(event.Event{Kind: event.Open, Meta: event.Meta{
		Version: 1, Tool: "httpx-repl 0.1.0 (test)", Recorded: time.Date(2026, 11, 22, 13, 12, 36, 777e6, time.UTC), Zone: "UTC",
		Seed: "00112233", BaseURL: pick(r, "", "https://example.org/api"),
	}})
	for c := range 1 + r.IntN(4) {
		g.cell = fmt.Sprintf("c%d", c+1)
		g.issued = 0
		g.put(event.Event{Kind: event.Cell, Cell: g.cell, Source: g.text(200)})
		for range r.IntN(25) {
			g.step()
		}
		g.put(event.Event{Kind: event.Done, Cell: g.cell, Failed: r.IntN(4) == 0})
		for range r.IntN(4) {
			g.late()
		}
	}
	if r.IntN(3) == 0 {
		g.cell = "cut"
		g.issued = 0
		g.put(event.Event{Kind: event.Cell, Cell: g.cell, Source: "await forever"})
		g.step()
	} else {
		g.put(event.Event{Kind: event.Close})
	}
	return g.events
}

type generator struct {
	r      *rand.Rand
	events []event.Event
	at     time.Duration
	cell   string
	issued int
	open   []*flow
}

type flow struct {
	id        string
	streaming bool
	head      bool
}

func pick(r *rand.Rand, from ...string) string { return from[r.IntN(len(from))] }

func (g *generator) put(e event.Event) {
	g.at += time.Duration(g.r.IntN(5_000)) * time.Microsecond
	e.At = g.at
	g.events = append(g.events, e)
}

func (g *generator) step() {
	switch g.r.IntN(8) {
	case 0, 1:
		g.issued++
		f := &flow{id: fmt.Sprintf("%s.%d", g.cell, g.issued), streaming: g.r.IntN(4) == 0}
		g.open = append(g.open, f)
		e := event.Event{Kind: event.Req, Cell: g.cell, Exchange: f.id, Method: pick(g.r, "GET", "POST", "X Y"), URL: pick(g.r, "http://h/", "https://example.org/a?b=c d", "http://h/\x01"), Headers: g.headers(), Streaming: f.streaming}
		if !f.streaming {
			e.Data = g.body()
		}
		g.put(e)
	case 2:
		g.put(event.Event{Kind: event.Out, Cell: g.cell, Text: g.text(100)})
	case 3:
		g.put(event.Event{Kind: event.Timer, Cell: g.cell, Timer: g.r.IntN(9)})
	case 4:
		g.put(event.Event{Kind: event.Env, Cell: g.cell, Name: "HOME", Text: g.text(20)})
		g.put(event.Event{Kind: event.Input, Cell: g.cell, Text: g.text(20)})
		g.put(event.Event{Kind: event.Tick, Cell: g.cell, Size: 64})
	default:
		g.late()
	}
}

// late moves one exchange on, if any is under way.
func (g *generator) late() {
	if len(g.open) == 0 {
		return
	}
	k := g.r.IntN(len(g.open))
	f := g.open[k]
	e := event.Event{Cell: g.cell, Exchange: f.id}
	switch n := g.r.IntN(12); {
	case f.streaming && n < 4:
		e.Kind, e.Data = event.Sent, g.body()
		e.Size = int64(len(e.Data))
	case !f.head && n < 9:
		e.Kind, e.Version, e.Status, e.Reason, e.Headers = event.Head, pick(g.r, "HTTP/1.1", "HTTP/2"), 100+g.r.IntN(500), pick(g.r, "OK", "", "Not  Found", " odd\t"), g.headers()
		f.head = true
	case f.head && n < 8:
		e.Kind, e.Data = event.Data, g.body()
	case n == 8 && f.head:
		e.Kind = event.Raw
	case n == 9:
		e.Kind, e.Class, e.Phase, e.Text = event.Err, "ReadTimeout", pick(g.r, "read", ""), g.text(60)
		e.Hint = pick(g.r, "", g.text(30), "cause: x", "plain")
		for range g.r.IntN(3) {
			e.Causes = append(e.Causes, pick(g.r, "", g.text(30), "hint: x", "dial tcp: refused"))
		}
		e.Text = pick(g.r, e.Text, "cause: not one", "hint: none\nhint: either")
	case n == 10:
		e.Kind, e.By = event.Abort, pick(g.r, "signal", "cancel", "close", "timeout")
	case f.head && g.r.IntN(3) == 0:
		g.put(event.Event{Kind: event.Trail, Cell: g.cell, Exchange: f.id, Headers: g.headers()})
		e.Kind = event.End
	default:
		e.Kind = event.End
	}
	switch e.Kind {
	case event.End, event.Err, event.Abort:
		g.open = append(g.open[:k], g.open[k+1:]...)
	}
	g.put(e)
}

func (g *generator) headers() [][2]string {
	var h [][2]string
	for range g.r.IntN(4) {
		h = append(h, [2]string{pick(g.r, "Accept", "x-a", "X-A", "a:b", " n"), pick(g.r, "", "*/*", "caf\xe9", `back\slash`, " padded ", "tab\there", "new\nline", "é", "a: b")})
	}
	return h
}

func (g *generator) body() []byte {
	switch g.r.IntN(9) {
	case 0:
		return nil
	case 1:
		return []byte(`{"id":1,"name":"Ada Lovelace","langs":["analytical engine"],"n":1.50}`)
	case 2:
		return []byte(`{"id": 1, "name": "Ada, \" : Lovelace", "langs": ["analytical engine"]}`)
	case 3:
		return []byte("```\nfence\n````\n\n")
	case 4:
		return []byte("a\r\nb\x00\x1b[2J")
	case 5:
		return []byte("caf\xc3")
	case 6:
		return []byte("\xa9\n")
	case 7:
		return bytes.Repeat([]byte{byte(g.r.IntN(256)), 'x'}, g.r.IntN(9000))
	}
	return []byte(g.text(300))
}

func (g *generator) text(n int) string {
	var b strings.Builder
	for b.Len() < g.r.IntN(n+1) {
		b.WriteString(pick(g.r, "word ", "\n", "\r\n", "```", "é", "\x1b[31m", "\t", "\xff", "---", "{{secret.X}}", "<details>", "\u202e", `\`, `"`, "hx=c1", "  "))
	}
	return b.String()
}

func gzipped(text string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return b.Bytes()
}

func sessionOf(events []event.Event) *Session {
	r := NewRecorder()
	for _, e := range events {
		r.Record(e)
	}
	return r.Session()
}
