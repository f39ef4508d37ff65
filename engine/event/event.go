// Package event is the model of a session's total order: every step that entered or left JavaScript, in the
// order in which the event loop took it. It is a leaf because two rooms need it and neither may import the other:
// jsbind emits events and, in a replay, consumes them; transcripts stores and feeds them.
//
// An event is one of two sorts.
//
//   - Delivered events enter JavaScript: the loop takes one, moves the session's clock to its At, hands it to its
//     owner and drains the promise jobs, exactly one event a turn. They are Head, Data, Trail, End, Err, Abort,
//     Timer, Sent, Tick and Input. Replaying them in the recorded order is what makes a replay exact.
//   - Issued events are made by JavaScript or by the session while a turn runs: Cell, Req, Out, Done, Env, Raw. A replay
//     makes them again and checks them; they never move the clock, except Cell, which starts a turn of its own.
//
// A Cell has a stable name ("c1"). An exchange is one request on the wire and what came back; its id is the name of
// the cell that issued it, a dot and its number in that cell ("c1.2"). Redirect hops and authentication steps are
// exchanges of their own: recording happens below the rings, so the rings run for real in a replay.
package event

import "time"

// Kind names what happened. The strings are those of the journal and of a transcript's order fences.
type Kind string

// Session and cell events.
const (
	Open  Kind = "open"  // the session: Meta
	Cell  Kind = "cell"  // Cell starts: Source
	Done  Kind = "done"  // Cell settled: Failed
	Out   Kind = "out"   // Cell printed Text (one or more lines, no final newline, no colour)
	Env   Kind = "env"   // Cell read the fact Name from outside (an environment variable, "lab.url"): Text, a placeholder when secret
	Input Kind = "input" // Text was read from the person
	Close Kind = "close" // the session ended in good order
)

// Exchange events.
const (
	Req   Kind = "req"   // Exchange was issued: Method, URL, Headers, Data (a whole body) or Streaming
	Sent  Kind = "sent"  // Size bytes of a streaming request body were taken by the transport: Data
	Head  Kind = "head"  // the response's head: Version, Status, Reason, Headers; Decoded, Wire when read from a document
	Data  Kind = "data"  // one chunk of the response's body as it was delivered, before content decoding: Data
	Trail Kind = "trail" // trailers: Headers
	End   Kind = "end"   // the body is complete
	Err   Kind = "err"   // the exchange failed: Class, Text, Phase
	Abort Kind = "abort" // the exchange was given up: By ("signal", "cancel", "close", "timeout")
	Raw   Kind = "raw"   // the script read the exchange's undecoded bytes, so a document must keep them undecoded
)

// Loop events.
const (
	Timer Kind = "timer" // timer number Timer fired
	Tick  Kind = "tick"  // a busy script read the clock often in one turn: after Size reads it moved to At
)

// Event is one entry of the order. Only the fields named beside its Kind are set.
type Event struct {
	Kind     Kind
	At       time.Duration // since the session opened, to the microsecond
	Cell     string        // "c1"; for exchange events the cell that was current when the loop took the event
	Exchange string        // "c1.2"

	Source string // Cell
	Quiet  bool   // Cell: its value was not echoed
	Failed bool   // Done: the cell threw

	Method    string // Req
	URL       string // Req, absolute, userinfo included (redacted by whoever writes it)
	Streaming bool   // Req: the body follows in Sent events

	Version string      // Head: "HTTP/1.1"
	Status  int         // Head
	Reason  string      // Head: as received
	Headers [][2]string // Req, Head, Trail: in order, original case, duplicates kept
	Decoded bool        // Head: the Data events are already content-decoded
	Wire    int64       // Head, when Decoded: bytes of body that were received, before decoding
	Data    []byte      // Req, Sent, Data
	Size    int64       // Sent, Tick
	Class   string      // Err: HTTPX's class name, "ConnectTimeout"
	Phase   string      // Err: "pool", "connect", "tls", "write", "read" or ""
	Hint    string      // Err: what to do, "" when there is nothing to say
	Causes  []string    // Err: the messages of the errors below, outermost first
	By      string      // Abort
	Timer   int         // Timer: number in the session, by order of creation
	Name    string      // Env
	Text    string      // Out, Env, Input, Err (the message)
	Meta    Meta        // Open
}

// Meta describes a session.
type Meta struct {
	Version  int       // of the format
	Tool     string    // "httpx-repl 0.1.0"
	Recorded time.Time // the wall clock when the session opened, UTC, to the millisecond
	Zone     string    // IANA name; "UTC" unless the user chose another
	Seed     string    // hexadecimal: all randomness of the session comes from it
	BaseURL  string    // of the session's client, "" when none
	Secrets  []string  // names of the redacted values, never the values
}

// Delivered reports whether events of this kind enter JavaScript through the loop's queue.
func (k Kind) Delivered() bool {
	switch k {
	case Head, Data, Trail, End, Err, Abort, Timer, Sent, Tick, Input:
		return true
	}
	return false
}

// Sink receives every event of a session in order. The loop calls it on its own goroutine before the event takes
// effect; Record must not block longer than one write and must not keep e.Data, which is reused.
type Sink interface {
	Record(e Event)
}

// Tape feeds a replay. The loop calls all methods on its own goroutine.
type Tape interface {
	// Begin enters the next cell and returns the time at which it started. Source is the text about to run: when it
	// differs from the recorded one the tape relaxes its order (see transcripts). A cell that was not recorded gets
	// the last known time.
	Begin(cell, source string) (start time.Duration)

	// Issue seats a request: it returns the recorded exchange whose events answer it, which is req.Exchange itself in an
	// unedited transcript. An error is a divergence, written for people.
	Issue(req Event) (seat string, err error)

	// Next returns the next delivered event of the current cell, whole (a Head has its status and headers, a Data its
	// bytes). Ready tells whether the owner of an event exists now: its request was issued, its timer is set. Next
	// returns ok false when nothing is left for this cell, settled telling whether the cell's promise has settled: a
	// cell that is left pending with nothing to deliver is a divergence, and so is a next event without an owner.
	Next(ready func(Event) bool, settled bool) (e Event, ok bool, err error)

	// Env is the value that the recorded session read for name (an Env event), a placeholder when it was secret.
	Env(name string) (value string, ok bool)

	// Meta is the recorded session's description.
	Meta() Meta
}
