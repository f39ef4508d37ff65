// Package jsbindtest runs JavaScript for tests: a runtime with a lab server and the real transport, what it printed, its
// record, and the record's replay.
//
//	s := jsbindtest.New(t, jsbindtest.Options{})
//	got := s.Run(`(await client.get(lab.url + "/get")).statusCode`) // "200"
//	again := jsbindtest.Replay(t, s.Document())                     // offline
//
// Everything is closed when the test ends.
package jsbindtest

import (
	"context"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"httpx-repl/engine"
	"httpx-repl/engine/event"
	"httpx-repl/engine/lab"
	"httpx-repl/jsbind"
	"httpx-repl/jsbind/inspect"
	"httpx-repl/transcripts"
)

// Options of a session. The zero value is one with the network and the lab.
type Options struct {
	Offline bool                                    // no transport at all
	Wrap    func(engine.Transport) engine.Transport // stands before each network transport
	Env     map[string]string                       // the variables that are allowed
	Args    []string
	Width   int   // columns; 80 when 0
	MaxHeap int64 // bytes
}

// Session is a runtime under test. Cells are named c1, c2, … in the order in which they run.
type Session struct {
	*jsbind.Runtime
	t        testing.TB
	recorder *transcripts.Recorder
	labOnce  sync.Once
	lab      *lab.Server
	labErr   error
	cells    int
	opened   time.Time

	mu      sync.Mutex
	printed []string
	awaited string
	onPrint func()
	onEvery func(cell, text string)
	closed  sync.Once
}

// New starts a session that is closed when the test ends.
func New(t testing.TB, o Options) *Session {
	t.Helper()
	s := &Session{t: t, recorder: transcripts.NewRecorder(), opened: time.Now()}
	seed := [32]byte{1, 2, 3}
	s.recorder.Record(event.Event{Kind: event.Open, Meta: event.Meta{
		Version: transcripts.FormatVersion, Tool: "httpx-repl test", Recorded: s.opened.UTC().Truncate(time.Millisecond), Zone: "UTC",
		Seed: hex.EncodeToString(seed[:]),
	}})
	options := jsbind.Options{
		Version: "test", Opened: s.opened.UTC().Truncate(time.Millisecond), Elapsed: func() time.Duration { return time.Since(s.opened) },
		Seed: seed, Sink: s.recorder, Output: s.output, Args: o.Args, MaxHeap: o.MaxHeap,
		Network: engine.TransportOptions{ExtraRoots: s.roots},
		Lab:     func() (jsbind.Lab, error) { s.startLab(); return s.lab, s.labErr },
		Env:     func(name string) (string, bool) { v, ok := o.Env[name]; return v, ok },
		Width:   func() int { return max(o.Width, 0) + 80*zero(o.Width) },
	}
	if !o.Offline {
		options.Transport = func(to engine.TransportOptions) (engine.Transport, error) {
			var network engine.Transport
			network, err := engine.NewHTTPTransport(to)
			if err == nil && o.Wrap != nil {
				network = o.Wrap(network)
			}
			return network, err
		}
	}
	rt, err := jsbind.New(options)
	if err != nil {
		t.Fatal(err)
	}
	s.Runtime = rt
	t.Cleanup(func() {
		s.Close(time.Second)
		if s.lab != nil {
			s.lab.Close()
		}
	})
	return s
}

// Close ends the session, as the end of the test does otherwise.
func (s *Session) Close(grace time.Duration) {
	s.closed.Do(func() { s.Runtime.Close(grace) })
}

func zero(n int) int {
	if n == 0 {
		return 1
	}
	return 0
}

func (s *Session) startLab() {
	s.labOnce.Do(func() { s.lab, s.labErr = lab.Start(lab.Options{}) })
}

// Lab is the session's lab server.
func (s *Session) Lab() *lab.Server {
	s.startLab()
	if s.labErr != nil {
		s.t.Fatal(s.labErr)
	}
	return s.lab
}

func (s *Session) roots() *x509.CertPool {
	s.startLab()
	return s.lab.CAPool()
}

func (s *Session) output(o jsbind.Output) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := inspect.Text(o.Lines)
	if s.onPrint != nil && text == s.awaited {
		s.onPrint()
		s.onPrint = nil
	}
	if s.onEvery != nil {
		s.onEvery(o.Cell, text)
	}
	s.printed = append(s.printed, text)
}

// OnEveryPrint calls f, on the loop's goroutine, with everything that is printed from now on.
func (s *Session) OnEveryPrint(f func(text string)) {
	s.OnEveryOutput(func(_, text string) { f(text) })
}

// OnEveryOutput is OnEveryPrint with the cell that the text belongs to.
func (s *Session) OnEveryOutput(f func(cell, text string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onEvery = f
}

// OnPrint calls f, on the loop's goroutine, when text is next printed.
func (s *Session) OnPrint(text string, f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.awaited, s.onPrint = text, f
}

// Printed takes what was printed since it was last asked for, a line each.
func (s *Session) Printed() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := strings.Join(s.printed, "\n")
	s.printed = nil
	return text
}

// Eval runs the next cell.
func (s *Session) Eval(ctx context.Context, js string) jsbind.Result {
	s.cells++
	return s.Runtime.Eval(ctx, fmt.Sprintf("c%d", s.cells), js, true)
}

// Run runs the next cell and returns what a reader sees: what it printed and then its value or error. A cell that takes
// longer than 10 seconds fails the test.
func (s *Session) Run(js string) string {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second) // generous: a busy machine under the race detector is slow
	defer cancel()
	r := s.Eval(ctx, js)
	if ctx.Err() != nil {
		s.t.Errorf("the cell took too long: %s", js)
	}
	return s.shown(r)
}

func (s *Session) shown(r jsbind.Result) string {
	var parts []string
	if printed := s.Printed(); printed != "" {
		parts = append(parts, printed)
	}
	if text := inspect.Text(r.Lines); text != "" {
		parts = append(parts, text)
	}
	for _, note := range r.Notes {
		parts = append(parts, "note: "+note)
	}
	return strings.Join(parts, "\n")
}

// Drain waits until the session is idle, at most 10 seconds.
func (s *Session) Drain() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second) // generous: a busy machine under the race detector is slow
	defer cancel()
	if err := s.Runtime.Drain(ctx); err != nil {
		s.t.Errorf("the session did not become idle: %v", err)
	}
}

// Document is a copy of the session as recorded so far, taken through a document and back.
func (s *Session) Document() *transcripts.Session {
	s.t.Helper()
	var text []byte
	var blobs transcripts.Blobs
	s.Sync(func() { text, blobs = transcripts.Render(s.recorder.Session().Document()) })
	document, err := transcripts.Parse(text, blobs.Folder())
	if err != nil {
		s.t.Fatalf("the rendered document does not parse: %v\n%s", err, text)
	}
	return document.Session
}
