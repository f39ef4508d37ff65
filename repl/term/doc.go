// Package term is the only writer to the terminal.
//
// A program that shows what a network sent it must not let the network drive
// the terminal: an escape sequence in a header can move the cursor, set the
// clipboard, or make the terminal type an answer into the prompt. So nothing
// else in the program writes to standard output. This package takes styled
// lines (inspect.Line) or plain text, shows every control character in a
// visible form ([Sanitize]), and adds the few sequences that it owns: colours
// (SGR), cursor up and forward, erase to the end of the line or the screen,
// cursor visibility, bracketed paste, and clear screen for Ctrl-L. To a pipe it
// writes no escape byte at all unless colour is asked for by name.
//
// Three pieces, each usable alone:
//
//   - [Terminal] prints. Print, PrintText, PrintRaw and Status may be called
//     from any goroutine; one lock orders them. While a line is being typed the
//     output appears above it and the typed block is drawn again below.
//   - [Editor] reads one cell at a time: a whole multi-line block with history,
//     completion, live colour, bracketed paste and search. The keymap, the edit
//     buffer, the kill buffer and the history list are chzyer/readline's, which
//     runs headless: it draws nothing and never sees the real terminal. Bytes go
//     keyReader → readline → filter (decides) → Listener (applies) → view →
//     Terminal (draws). The edit state belongs to readline's goroutine; what is
//     drawn is an immutable view, so that a Print from elsewhere can redraw it.
//   - [History] keeps entries in memory and, unless they hold a secret, in a
//     0600 file that several processes append to.
//
// Raw mode lasts only while Read is waiting for keys, so that a cell is
// evaluated in the terminal's own mode and Ctrl-C is a signal then.
// [Terminal.Restore] puts the terminal back from a signal handler or a deferred
// call on the way out; it is safe to call at any time, more than once.
//
// Offsets passed to callbacks are bytes in the UTF-8 text. Widths are terminal
// columns of grapheme clusters.
package term
