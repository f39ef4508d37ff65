package jsbind

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dop251/goja"

	"httpx-repl/engine"
	"httpx-repl/engine/event"
	"httpx-repl/jsbind/inspect"
	"httpx-repl/jsbind/loop"
	"httpx-repl/jsbind/source"
)

// Options configure a runtime. Everything that a process owns comes in here; a runtime reads no clock, environment or file
// by itself.
type Options struct {
	// Version is httpx-repl's own, for the User-Agent header.
	Version string
	// Opened is the wall clock when the session opened; Elapsed the real, monotonic time since. A replay takes Opened
	// from the tape and never calls Elapsed for scripts.
	Opened  time.Time
	Elapsed func() time.Duration
	// Seed is what all randomness of the session comes from.
	Seed [32]byte
	// Sink records the session; Idle is called whenever the loop has nothing to do. Both may be nil.
	Sink event.Sink
	Idle func()
	// Tape makes the runtime a replaying one. Transport is then ignored.
	Tape event.Tape
	// Transport makes the network transports of clients. Nil means that there is no network.
	Transport func(engine.TransportOptions) (engine.Transport, error)
	// Lab starts the lab server at its first use. Nil means that there is none.
	Lab func() (Lab, error)
	// Output receives what scripts print and what the runtime has to tell. It is called on the loop's goroutine and must
	// not call back into the runtime.
	Output func(Output)
	// Client configures the session's client.
	Client engine.ClientOptions
	// Network are the options of the session client's transport.
	Network engine.TransportOptions
	// Env looks an environment variable up, for the names that the user allowed.
	Env func(name string) (value string, ok bool)
	// ReadFile reads a file that the user allowed scripts to read; nil when none may be. ModuleDir is the absolute directory that
	// relative imports count from.
	ReadFile  func(path string) ([]byte, error)
	ModuleDir string
	// Args are the script's arguments.
	Args []string
	// MaxHeap is how much memory the session may take, in bytes, before scripts are stopped; 0 is 768 MiB.
	MaxHeap int64
	// Width is the width in columns for which values are shown.
	Width func() int
}

// Lab is what scripts see of the lab server.
type Lab interface {
	URL() string
	HTTPSURL() string
}

// Output is something for the user's eyes.
type Output struct {
	Cell  string         // the cell it belongs to
	Error bool           // for standard error: console.error, uncaught errors, notes
	Lines []inspect.Line // styled; not sanitised
}

// Runtime is one session's JavaScript. Eval, Interrupt, Drain and Close may be called from any goroutine, one Eval at a time.
type Runtime struct {
	o       Options
	vm      *goja.Runtime
	loop    *loop.Loop
	names   *source.Names
	inspect *inspect.Inspector
	symbols symbols
	intrinsics
	classes
	aliases map[string]bool

	root      *loop.Scope
	exchanges exchanges
	random    *rand.ChaCha8
	clients   []*engine.Client
	disposals []disposal
	lazies    map[*goja.Object]map[string]func()
	facts     map[string]string     // what was read from outside
	sources   map[string]string     // the cells' texts, for error places
	modules   map[string]goja.Value // promises of imported namespaces, by specifier

	lastPromise *goja.Promise // the latest that the client gave
	lastCall    string

	soft                atomic.Bool // Ctrl-C: the next check in compiled code throws
	depth               func() int
	checks, interruptAt int // checks of the current cell so far, and the one at which a replay interrupts it
	evalLock            sync.Mutex
	current             *evaluation
	labServer           Lab
	failed              bool // an error went uncaught
	done                chan struct{}
}

type symbols struct{ asyncIterator, dispose, asyncDispose *goja.Symbol }

// maxCallDepth is where recursion becomes a RangeError; the virtual machine's own limit, which cannot be caught, lies above
// it for code that was not compiled as part of a cell.
const maxCallDepth, hardCallDepth = 2500, 4000

// New makes a runtime and starts its loop.
func New(o Options) (*Runtime, error) {
	rt := &Runtime{o: o, vm: goja.New(), names: source.NewNames(), aliases: map[string]bool{}, facts: map[string]string{}, sources: map[string]string{}, modules: map[string]goja.Value{}, done: make(chan struct{})}
	rt.vm.SetMaxCallStackSize(hardCallDepth)
	rt.depth = loop.CallDepth(rt.vm)
	rt.inspect = inspect.New(rt.vm)
	rt.loop = loop.New(rt.vm, loop.Options{Elapsed: o.Elapsed, Sink: o.Sink, Idle: o.Idle, Uncaught: rt.uncaught, Unhandled: rt.unhandled})
	if o.Tape != nil {
		rt.loop.UseTape(o.Tape)
		rt.o.Opened = o.Tape.Meta().Recorded
	}
	rt.root = rt.loop.NewScope(nil)
	rt.vm.SetTimeSource(func() time.Time { return rt.o.Opened.Add(rt.loop.ReadClock()) })
	rt.reseed("")
	rt.vm.SetRandSource(func() float64 { return float64(rt.random.Uint64()>>11) / (1 << 53) })
	if err := rt.install(); err != nil {
		return nil, err
	}
	go func() {
		defer close(rt.done)
		rt.loop.Run()
	}()
	return rt, nil
}

// reseed starts the random numbers of a cell, so that editing one cell of a transcript does not shift those of another.
func (rt *Runtime) reseed(cell string) {
	rt.random = rand.NewChaCha8(cellSeed(rt.o.Seed, cell))
}

// randomness is the session's random numbers as a reader: multipart boundaries, nonces.
type randomness struct{ rt *Runtime }

func (r randomness) Read(p []byte) (int, error) { return r.rt.random.Read(p) }

var _ io.Reader = randomness{}

// clock is the session's clock for the engine.
func (rt *Runtime) clock() time.Time { return rt.o.Opened.Add(rt.loop.Now()) }

// Drain waits until nothing is left that could run: no request, no timer that counts, no coroutine. It ends early with ctx.
func (rt *Runtime) Drain(ctx context.Context) error {
	idle := make(chan struct{})
	if !rt.loop.Control(func() { rt.loop.WhenIdle(func() { close(idle) }) }) {
		return loop.ErrClosed
	}
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Failed reports whether an error went uncaught so far: a throwing timer, an unhandled rejection.
func (rt *Runtime) Failed() bool {
	result := make(chan bool, 1)
	if !rt.loop.Control(func() { result <- rt.failed }) {
		return rt.failed
	}
	return <-result
}

// Close disposes of what the session keeps, last first, closes its clients, and ends the loop. It waits for all of it, at
// most the given time for what runs in JavaScript.
func (rt *Runtime) Close(grace time.Duration) {
	rt.disposeAll(grace)
	rt.loop.Control(func() {
		rt.loop.Enter(rt.sessionTask, func() {
			rt.root.Cancel(loop.ErrClosed)
			rt.exchanges.abortAll("close")
		})
	})
	rt.loop.Close()
	impatience := time.NewTicker(max(grace, cancelGrace))
	defer impatience.Stop()
	for running := true; running; {
		select {
		case <-rt.done:
			running = false
		case <-impatience.C:
			rt.loop.Interrupt(errInterrupted)
		}
	}
	for _, c := range rt.clients {
		c.Close()
	}
}

// write sends lines to the user and into the record.
func (rt *Runtime) write(o Output) {
	if rt.o.Output != nil {
		rt.o.Output(o)
	}
}

// uncaught gets what a turn threw. A turn that was stopped or broke ends its cell too, whose jobs are lost.
func (rt *Runtime) uncaught(err error, task *loop.Task) {
	var interrupted *goja.InterruptedError
	var broken *loop.PanicError
	var overflow *goja.StackOverflowError
	stopped := errors.As(err, &interrupted)
	if e := rt.current; e != nil && !e.settled && task != nil && task.Root() == e.task && (stopped || errors.As(err, &broken) || errors.As(err, &overflow)) {
		if stopped && interrupted.Value() != errOutOfMemory {
			rt.interruptedCell(e)
		} else {
			rt.brokenCell(e, rt.thrown(err))
		}
		return
	}
	if stopped && interrupted.Value() != errOutOfMemory || rt.isCancelled(rt.thrown(err)) {
		return // Ctrl-C was asked for
	}
	rt.failed = true
	rt.report("Uncaught ", rt.thrown(err), task)
}

func (rt *Runtime) unhandled(p *goja.Promise, task *loop.Task) {
	if task != nil && task.Scope != nil && task.Scope.Err() != nil {
		return // what a cancelled scope leaves behind was asked for
	}
	if rt.isCancelError(p.Result()) {
		return
	}
	rt.failed = true
	rt.report("Uncaught (in promise) ", p.Result(), task)
}
