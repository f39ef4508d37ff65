// Package jsbind is how JavaScript sees the engine: the runtime in which cells run, and everything a script can touch.
//
// A Runtime is one goja virtual machine on one event loop (package loop), hardened, with the session's globals: httpx,
// client, lab, console, timers, URL and the rest. Cells are compiled by package source and their values shown by package
// inspect. Nothing outside this package and its leaves has to know goja.
//
// # The two rules of a binding
//
// Arguments in and results out are converted on the loop's goroutine, once; nothing else touches JavaScript values. And
// whatever can wait runs as a coroutine of the loop: a native method parses its arguments, opens a promise, and starts
// the engine's plain, blocking code as a coroutine (async), which settles the promise.
//
// # The seam
//
// Every exchange of every client passes through the seam (exchange.go), an engine.Transport: it gives the exchange its id,
// records it, starts the real transport on a goroutine, and turns what comes back into events on the loop's one queue. In a
// replay there is no transport at all: the events come from the tape.
//
// # Tasks
//
// asyncio, trio and anyio are manners over the loop's one tree of tasks and scopes (concurrency.go): what a cancelled wait rejects
// with is decided by the task's library, in toJSIn. What is an async with block in Python is a block: a callback runs in it, or await
// using opens it for the rest of a function's block.
//
// # Adding things
//
// A class is a classSpec (class.go) in a file of its own; a global or a member of httpx is one line in its table
// (globals.go, httpx_module.go). Errors become JavaScript errors in errors.go and nowhere else, values in convert.go.
package jsbind
