// Package source compiles what a person types at the prompt (a cell) into a
// program that goja can run in one long-lived realm.
//
// # The road of a cell
//
//	Guard    bounds size, token count and nesting before any parser sees the text
//	Check    says whether the text is complete, unfinished or wrong (for the prompt)
//	Compile  text + Names → Cell
//	Install  gives a runtime the hidden globals that compiled cells call
//	cell.Begin(vm); vm.RunProgram(cell.Program); …; cell.End(vm)
//
// A cell becomes the body of an async arrow function that is called at once.
// RunProgram returns its promise; Result takes the completion value out of the
// value that promise resolves to. goja's parser is tried first (microseconds,
// nothing rewritten). Only what it rejects goes through esbuild, which lowers
// TypeScript, async generators, for await, using and decorators, and which also
// words the errors.
//
// # Names
//
// Top-level declarations become properties of the global object, so that later
// cells and closures share one binding. Reads are plain property reads. Names
// remembers the kind of each binding; declaring a name again needs the same
// kind. A const is a non-writable property; assignments to names that are, or
// could become, const are compiled into calls that throw. While a lexical name
// is in its dead zone its property does not exist.
//
// # Positions
//
// Every node of the syntax tree is moved to its place in the user's own text
// before goja compiles it, whether or not the text was lowered. Run-time stacks
// therefore show the user's lines and columns with no source map, and nothing
// typed can make goja open a file. Lines and columns count from 1; columns count
// UTF-16 code units, as JavaScript does.
//
// # Interrupts
//
// Every loop body and every function entry calls Host.Check, which may throw an
// ordinary JavaScript error, so that finally blocks run. Functions made by eval
// and Function at run time are not compiled here and carry no check.
//
// Hidden names contain a private-use character: no identifier can spell them.
package source
