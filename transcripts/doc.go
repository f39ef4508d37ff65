// Package transcripts answers one question: how does a session become a file, and come back?
//
// A session is a total order of events (package event). There are two written forms of it and one model between them:
//
//	events ──Journal──▶ name.hxlog ──ReadJournal──▶ Session ──Render──▶ name.hx.md
//	                                                   ▲                    │
//	            Tape ◀── NewTape ──────────────────────┴──────── Parse ◀────┘
//
// The journal is written while the session runs: JSON Lines, one event a line, a checksum at the end of each. It is
// what survives a kill. The document is what people read, edit, diff, test and share: Markdown with fenced cells,
// their output, the HTTP exchanges and the order in which things reached the script. Both replay alone, offline.
//
// # Recording
//
// OpenJournal returns an event.Sink. ReadJournal reads a journal back, drops at most a torn last line, and tells what was
// interrupted; Unclosed finds the journals that a crash left behind. Recorder builds a Session in memory instead.
//
// # Documents
//
// Render writes a Session canonically: the same model gives the same bytes. Parse reads a document, hand-edited or not, with
// errors that name the line. Parse(Render(s)) is s, once s is in document form (bodies content-decoded, see Session.Document).
// Save replaces a file safely and keeps the older one.
//
// # Replaying
//
// A Tape feeds the recorded events to the event loop in the recorded order, and checks each request against the recording.
// What does not fit is a *Divergence, whose Report is one page for people. Check compares printed output. Nothing here opens
// a socket; Offline is the dialer that a replaying client is given, and it counts what it refused.
//
// # Secrets
//
// A Redactor replaces secrets by placeholders, {{secret.NAME}}, that are the same wherever the value appears, so that
// a redacted session still replays. It stands at the write path of both forms, and a Tape applies it to live requests
// before it compares them. Scan is a second net: shapes of keys that no rule covered.
//
// Values of this package are used by one goroutine at a time. No clock, randomness or output of the process is used.
package transcripts
