package jsbind

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"httpx-repl/engine"
	"httpx-repl/engine/event"
	"httpx-repl/jsbind/loop"
)

// seam is the transport that every client of the session uses: it records each exchange and brings what the network
// gives onto the loop's queue. In a replay it has no network below it, and the tape answers.
type seam struct {
	rt      *Runtime
	network engine.Transport // nil in a replay
}

// exchanges are the session's exchanges: those in flight by their id, and the history of all.
type exchanges struct {
	open    map[string]*exchange
	history []*exchange
	issued  int
}

// maxHistory bounds what .requests can list.
const maxHistory = 2000

// exchange is one request on the wire. Everything but its pump belongs to the loop's goroutine.
type exchange struct {
	rt      *Runtime
	id      string // in this session
	seat    string // in the recording, when replaying
	task    *loop.Task
	request *engine.Request
	waiter  *loop.Coroutine
	cancel  context.CancelCauseFunc
	window  *window

	response *engine.Response
	fault    *engine.Error // what the transport reported
	inbox    [][]byte
	trailers *engine.Headers
	flying   bool // the transport is at work
	ended    bool // nothing more will be delivered
	dropped  bool
	raw      bool
	failed   error // why the scope of the request was cancelled
	release  func()
	sent     int
	upload   *loop.Scope     // of uploader
	uploader *loop.Coroutine // reads a streaming body; nil when there is none
	serial   int             // in the order of issue

	issued   time.Duration
	headAt   time.Duration
	finished time.Duration
	received int64
	abortBy  string
}

// RoundTrip implements engine.Transport. It runs on a coroutine of the loop.
func (s *seam) RoundTrip(ctx context.Context, req *engine.Request) (*engine.Response, error) {
	c := loop.FromContext(ctx)
	if c == nil {
		return nil, errors.New("an asynchronous transport was used outside the event loop")
	}
	if err := c.Scope().Err(); err != nil {
		return nil, err
	}
	x := s.rt.newExchange(c, req)
	if err := x.issue(c, s.network); err != nil {
		return nil, err
	}
	if err := x.wait(c, func() bool { return x.response != nil || x.ended }); err != nil {
		return nil, err
	}
	if x.response == nil {
		return nil, x.lost(c)
	}
	return x.response, nil
}

// lost is why nothing more will come. The cancellation of a scope that ended since is not the reader's.
func (x *exchange) lost(c *loop.Coroutine) error {
	var scope *scopeCancelled
	past := errors.As(x.failed, &scope) && (c == nil || c.Scope().Err() == nil)
	switch {
	case x.fault != nil:
		return x.fault
	case x.failed != nil && !past:
		return x.failed
	case x.dropped:
		return engine.NewError(engine.StreamClosed, x.request, "Attempted to read or stream content, but the stream has been closed.")
	}
	return io.EOF
}

// Close implements engine.Transport.
func (s *seam) Close() error {
	if s.network == nil {
		return nil
	}
	return s.network.Close()
}

func (rt *Runtime) newExchange(c *loop.Coroutine, req *engine.Request) *exchange {
	task := c.Task()
	if task == nil {
		task = rt.sessionTask
	}
	x := &exchange{rt: rt, task: task, request: req, window: newWindow(), cancel: func(error) {}}
	x.id = fmt.Sprintf("%s.%d", task.Cell, task.NextExchange())
	x.issued = rt.loop.Now()
	rt.exchanges.issued++
	x.serial = rt.exchanges.issued
	rt.exchanges.history = append(rt.exchanges.history, x)
	if n := len(rt.exchanges.history); n > maxHistory {
		rt.exchanges.history = append([]*exchange(nil), rt.exchanges.history[n-maxHistory/2:]...)
	}
	return x
}

// issue records the request and sends it on its way.
func (x *exchange) issue(c *loop.Coroutine, network engine.Transport) error {
	rt := x.rt
	body, streaming := x.body()
	e := event.Event{Kind: event.Req, Exchange: x.id, Method: x.request.Method, URL: x.request.URL.String(), Headers: x.request.Headers.Raw(), Data: body, Streaming: streaming}
	rt.loop.Record(e)
	x.seat = x.id
	if rt.loop.Replaying() {
		seat, err := rt.o.Tape.Issue(e)
		if err != nil {
			rt.divergence = err
			return err
		}
		x.seat = seat
	} else if network == nil {
		return engine.NewError(engine.ConnectError, x.request, "There is no network in this session.")
	}
	rt.exchanges.open[x.seat] = x
	x.release = c.Scope().OnCancel(func(reason error) {
		x.failed = reason
		x.abort(abortedBy(reason))
	})
	var ctx context.Context
	ctx, x.cancel = context.WithCancelCause(context.Background())
	req := x.request
	if streaming {
		req = x.startUpload()
	}
	if !rt.loop.Replaying() && !x.ended { // the body's first piece may have ended it already
		x.rt.loop.Flight(1)
		x.flying = true
		go x.pump(ctx, network, req)
	}
	return nil
}

// wait waits for the exchange on a coroutine. When the coroutine's scope is cancelled first, the exchange is given up.
func (x *exchange) wait(c *loop.Coroutine, ready func() bool) error {
	x.waiter = c
	err := c.Wait(ready)
	x.waiter = nil
	if err != nil {
		x.abort(abortedBy(err))
	}
	return err
}

func abortedBy(err error) string {
	if by, ok := err.(interface{ AbortedBy() string }); ok {
		return by.AbortedBy()
	}
	return "cancel"
}

// abort gives the exchange up: its connection is closed, and what is still queued for it never happens.
func (x *exchange) abort(by string) {
	if x.ended {
		return
	}
	x.abortBy = by
	x.rt.loop.Record(event.Event{Kind: event.Abort, Exchange: x.id, By: by})
	x.dropped = true
	x.end()
}

var errAborted = errors.New("the exchange was given up")

// keepRaw marks, once, that the script reads the undecoded bytes.
func (x *exchange) keepRaw() {
	if !x.raw {
		x.raw = true
		x.rt.loop.Record(event.Event{Kind: event.Raw, Exchange: x.id})
	}
}

// end leaves the list of what is in flight, and wakes whoever waits for more.
func (x *exchange) end() {
	if x.ended {
		return
	}
	x.ended = true
	if x.flying {
		x.rt.loop.Flight(-1)
	}
	x.finished = x.rt.loop.Now()
	delete(x.rt.exchanges.open, x.seat)
	x.cancel(errAborted)
	x.release()
	if x.upload != nil {
		x.upload.Cancel(errAborted)
	}
	if x.waiter != nil {
		x.waiter.Wake()
	}
}

// abortAll gives up everything in flight, in the order of issue.
func (xs *exchanges) abortAll(by string) {
	all := slices.SortedFunc(maps.Values(xs.open), func(a, b *exchange) int { return a.serial - b.serial })
	for _, x := range all {
		x.abort(by)
	}
}

// owners finds what a recorded event belongs to.
type owners struct {
	rt *Runtime
	e  *evaluation
}

// Waiting implements loop.Owners.
func (o owners) Waiting(e event.Event) bool {
	if e.Kind == event.Input {
		return e.Text == ctrlC && !o.e.settled
	}
	// What the script or the session gives up, it gives up by itself in a replay too.
	return e.Exchange != "" && e.Kind != event.Abort && o.rt.exchanges.open[e.Exchange] != nil
}

// Deliver implements loop.Owners.
func (o owners) Deliver(e event.Event) (*loop.Task, func()) {
	if e.Kind == event.Input {
		return o.e.task, func() { o.rt.cancelScope(o.e) }
	}
	x := o.rt.exchanges.open[e.Exchange]
	return x.task, func() { x.deliver(e, nil) }
}

// deliver is the effect of one event on the loop: live and replayed go through here alike.
func (x *exchange) deliver(e event.Event, network any) {
	switch e.Kind {
	case event.Head:
		x.headAt = x.rt.loop.Now()
		x.response = &engine.Response{
			StatusCode: e.Status, Version: e.Version, Reason: e.Reason, Headers: engine.NewHeaders(e.Headers),
			Stream: x, Decoded: e.Decoded, Wire: e.Wire, Request: x.request,
			Trailers: func() *engine.Headers { return x.trailers },
		}
		if network != nil {
			x.response.Extensions = map[string]any{"network": network}
		}
	case event.Data:
		if len(e.Data) > 0 { // a recorded chunk may have decoded to nothing
			x.inbox = append(x.inbox, e.Data)
		}
		x.received += int64(len(e.Data))
	case event.Trail:
		x.trailers = engine.NewHeaders(e.Headers)
	case event.Sent:
		x.sent++
		if x.uploader != nil {
			x.uploader.Wake()
		}
		return
	case event.End:
		x.end()
	case event.Err:
		x.fault = errorOf(e, x.request)
		x.end()
	}
	if x.waiter != nil {
		x.waiter.Wake()
	}
}

// Next implements engine.ByteStream: the body as the loop delivered it.
func (x *exchange) Next(ctx context.Context) ([]byte, error) {
	if len(x.inbox) == 0 && !x.ended {
		c := loop.FromContext(ctx)
		if c == nil {
			return nil, errors.New("a response of the event loop was read outside it")
		}
		if err := x.wait(c, func() bool { return len(x.inbox) > 0 || x.ended }); err != nil {
			return nil, err
		}
	}
	if len(x.inbox) > 0 {
		chunk := x.inbox[0]
		x.inbox = x.inbox[1:]
		x.window.release(len(chunk))
		return chunk, nil
	}
	return nil, x.lost(loop.FromContext(ctx))
}

// Close implements engine.ByteStream.
func (x *exchange) Close() error {
	x.abort("close")
	x.inbox = nil
	return nil
}

// pump runs the real exchange on a goroutine of its own and posts what happens, an event each.
func (x *exchange) pump(ctx context.Context, network engine.Transport, req *engine.Request) {
	out := &outbox{x: x}
	defer out.flush()
	response, err := network.RoundTrip(ctx, req)
	if err != nil {
		out.post(eventOf(err), nil)
		return
	}
	defer response.Stream.Close()
	// A small body that has come with its head is posted with it: three turns still, but one waking of the loop.
	if stream, ok := response.Stream.(engine.BufferedStream); ok {
		out.holding = stream.Buffered()
	}
	out.post(event.Event{Kind: event.Head, Version: response.Version, Status: response.StatusCode, Reason: response.Reason, Headers: response.Headers.Raw()}, response.Extensions["network"])
	for {
		chunk, err := response.Stream.Next(ctx)
		if err == io.EOF {
			break
		}
		if err != nil {
			out.post(eventOf(err), nil)
			return
		}
		if x.window.acquire(ctx, len(chunk)) != nil {
			return
		}
		out.post(event.Event{Kind: event.Data, Data: chunk}, nil)
	}
	if response.Trailers != nil {
		if t := response.Trailers(); t != nil && t.Len() > 0 {
			out.post(event.Event{Kind: event.Trail, Headers: t.Raw()}, nil)
		}
	}
	out.post(event.Event{Kind: event.End}, nil)
}

// outbox is the pump's way to the loop's queue.
type outbox struct {
	x       *exchange
	holding bool // events wait for flush
	held    []loop.Posted
}

func (o *outbox) post(e event.Event, facts any) {
	x := o.x
	e.Exchange = x.id
	o.held = append(o.held, loop.Posted{Event: e, Deliver: func() { x.deliver(e, facts) }})
	if !o.holding {
		o.flush()
	}
}

func (o *outbox) flush() {
	if len(o.held) > 0 {
		o.x.rt.loop.PostAll(o.x.task, &o.x.dropped, o.held)
		o.held = o.held[:0]
	}
}

// window is the back-pressure of a response: how many bytes the pump may read ahead of the script.
type window struct {
	mu    sync.Mutex
	ahead int
	freed chan struct{}
}

// readAhead is how many bytes of a body wait for the script at most, a chunk more or less.
const readAhead = 512 << 10

func newWindow() *window { return &window{freed: make(chan struct{}, 1)} }

func (w *window) acquire(ctx context.Context, n int) error {
	for {
		w.mu.Lock()
		if w.ahead < readAhead {
			w.ahead += n
			w.mu.Unlock()
			return nil
		}
		w.mu.Unlock()
		select {
		case <-w.freed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (w *window) release(n int) {
	w.mu.Lock()
	w.ahead -= n
	w.mu.Unlock()
	select {
	case w.freed <- struct{}{}:
	default:
	}
}
