// Package loop is the event loop over one JavaScript runtime: one queue, one event a turn.
//
// # The queue
//
// Everything that re-enters JavaScript, a response's head, a chunk, a timer, an abort, is one event on the loop's one
// queue (Post), put there by any goroutine and taken by the loop's own. A turn takes one event, moves the session's
// clock to now, records the event, hands it to its owner and drains the promise jobs; then the next turn begins. The
// recorded order is therefore the order that JavaScript saw, and Replay, which takes the events from a tape instead of
// from goroutines and timers, gives the same results every time. The clock stands still within a turn, live and
// replayed, so that Date.now() is part of the same order.
//
// # Coroutines
//
// The client's rings are plain Go that waits. Go runs such a function as a coroutine: it starts at once, on the
// caller's turn, and whenever it waits it hands the loop's goroutine back until an event wakes it. Exactly one of the
// loop and its coroutines runs at any time, so a coroutine may use the JavaScript runtime freely; it must not wait while
// a JavaScript frame is below it, which holds because every native function that waits starts a coroutine of its own.
//
// # Tasks and scopes
//
// A Task is an async function being run in a Scope; every cell has a root task, and tasks below it share its numbers. The
// current task follows the code over await, promise reactions, timers and coroutines; a function can Descend into a task
// below for the rest of a block. A Scope has a parent, a deadline, a shield and a cancelled state with its
// reason; cancelling it wakes every coroutine that waits in it, or in an unshielded scope below it, with that reason, and
// fails every later wait; interrupting it ends the waits under way, once. Names and rules are trio's.
//
// # Time
//
// SetPace detaches the session's clock from real time: it then runs at a rate of its own, and may jump to the next timer
// when nothing is runnable and no network operation is in flight. Events carry the clock's times, so a replay needs
// to know nothing of it.
package loop
