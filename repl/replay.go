package repl

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"httpx-repl/engine"
	"httpx-repl/engine/event"
	"httpx-repl/jsbind"
	"httpx-repl/transcripts"
)

// ReplayOptions say how a transcript is replayed.
type ReplayOptions struct {
	Name    string               // of the file, for reports
	Version string               // httpx-repl's
	Client  engine.ClientOptions // of the session's client; its base URL, when empty, is the recorded one
	Output  func(jsbind.Output)  // what the cells print; may be nil
	// Cell is called before each cell, and Result after it; both may be nil.
	Cell   func(c *transcripts.Cell)
	Result func(c *transcripts.Cell, r jsbind.Result)
}

// Replayed is what came of a replay.
type Replayed struct {
	Diverged error              // the replay left its recording; the error is a report for people
	Differs  []Difference       // cells whose output is another than recorded
	Notes    []transcripts.Note // edited bodies, drifting headers, exchanges that were not used
	Cells    int
	Session  *transcripts.Session // what the replay itself recorded
}

// Difference is a cell whose output changed.
type Difference struct {
	Cell string
	Text string // a unified diff
}

// errReplayInterrupted ends a replay from outside.
var errReplayInterrupted = errors.New("the replay was interrupted")

// Replay runs the cells of a transcript again, offline: there is no transport, the recording answers, in the recorded order.
func Replay(ctx context.Context, doc *transcripts.Session, o ReplayOptions) (*Replayed, error) {
	tape, err := transcripts.NewTape(doc, transcripts.TapeOptions{Name: o.Name})
	if err != nil {
		return nil, err
	}
	checker, err := transcripts.NewChecker(o.Name, doc, false)
	if err != nil {
		return nil, err
	}
	if o.Client.BaseURL == "" {
		o.Client.BaseURL = doc.Meta.BaseURL
	}
	recorder := transcripts.NewRecorder()
	recorder.Record(event.Event{Kind: event.Open, Meta: doc.Meta})
	rt, err := jsbind.New(jsbind.Options{
		Version: o.Version, Seed: seedOf(doc.Meta.Seed), Sink: recorder, Tape: tape, Output: o.Output, Client: o.Client,
		Elapsed: func() time.Duration { return 0 },
	})
	if err != nil {
		return nil, err
	}
	defer rt.Close(time.Second)
	result := &Replayed{Session: recorder.Session()}
	for _, cell := range doc.Cells {
		if !cell.Recorded || cell.Interrupted() {
			continue
		}
		if o.Cell != nil {
			o.Cell(cell)
		}
		r := rt.Eval(ctx, cell.Name, cell.Source, !cell.Quiet())
		result.Cells++
		if o.Result != nil {
			o.Result(cell, r)
		}
		if r.Diverged != nil {
			result.Diverged = r.Diverged
			return result, nil
		}
		if ctx.Err() != nil {
			return nil, errReplayInterrupted
		}
		rt.Sync(func() {
			if text := checker.Check(cell, recorder.Session().Cell(cell.Name).Output); text != "" {
				result.Differs = append(result.Differs, Difference{cell.Name, text})
			}
		})
	}
	rt.Sync(func() { result.Notes = append(tape.Notes(), tape.Unused()...) })
	return result, nil
}

// seedOf reads a recorded seed; what is no full seed, written by hand, is taken as a word to make one from.
func seedOf(text string) [32]byte {
	var seed [32]byte
	if b, err := hex.DecodeString(text); err == nil && len(b) == len(seed) {
		copy(seed[:], b)
		return seed
	}
	return sha256.Sum256([]byte(text))
}

// Summary says in one line what came of a replay.
func (r *Replayed) Summary() string {
	switch {
	case r.Diverged != nil:
		return "diverged from its recording"
	case len(r.Differs) > 0:
		return fmt.Sprintf("%d of %d cells print something else than recorded", len(r.Differs), r.Cells)
	}
	return count(r.Cells, "cell") + " replayed, every output as recorded"
}
