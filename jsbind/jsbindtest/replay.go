package jsbindtest

import (
	"context"
	"encoding/hex"
	"testing"
	"time"

	"httpx-repl/engine/event"
	"httpx-repl/jsbind"
	"httpx-repl/transcripts"
)

// Replay runs every cell of a recorded session in a runtime without a transport, and returns what that recorded. A
// divergence fails the test.
func Replay(t testing.TB, recorded *transcripts.Session) *transcripts.Session {
	t.Helper()
	tape, err := transcripts.NewTape(recorded, transcripts.TapeOptions{Name: t.Name()})
	if err != nil {
		t.Fatal(err)
	}
	recorder := transcripts.NewRecorder()
	recorder.Record(event.Event{Kind: event.Open, Meta: recorded.Meta})
	var seed [32]byte
	if _, err := hex.Decode(seed[:], []byte(recorded.Meta.Seed)); err != nil {
		t.Fatalf("the recorded seed %q: %v", recorded.Meta.Seed, err)
	}
	rt, err := jsbind.New(jsbind.Options{
		Version: "test", Seed: seed, Sink: recorder, Tape: tape, Elapsed: func() time.Duration { return 0 },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(time.Second)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for _, cell := range recorded.Cells {
		if cell.Interrupted() {
			continue
		}
		r := rt.Eval(ctx, cell.Name, cell.Source, true)
		if r.Diverged != nil {
			t.Fatalf("cell %s diverged: %v", cell.Name, r.Diverged)
		}
		if ctx.Err() != nil {
			t.Fatalf("the replay of cell %s took too long", cell.Name)
		}
	}
	var copied *transcripts.Session
	rt.Sync(func() { copied = recorder.Session().Document() })
	return copied
}

// Render is a session as the bytes of its document.
func Render(s *transcripts.Session) string {
	text, _ := transcripts.Render(s.Document())
	return string(text)
}
