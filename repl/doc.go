// Package repl is how a person sees a session: the prompt, the dot commands, what is printed and how.
//
// A Session joins a runtime (package jsbind), a record (package transcripts) and a screen (package term). Cells come from the
// prompt (Prompt), from standard input (Cells), from a file or a flag, and every one goes through Session.Run, which numbers it,
// evaluates it, and prints its value or its error. Replay runs the cells of a transcript again, offline, and compares.
//
// Only package term writes to the terminal. What a cell prints goes to standard output, diagnostics to standard error.
//
// A dot command is one entry of the table in commands.go and one file, cmd_NAME.go; help and completion read the table.
package repl
