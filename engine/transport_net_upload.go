package engine

import (
	"context"
	"io"
	"sync/atomic"
	"time"

	"httpx-repl/engine/h1"
)

// upload writes a streamed body on a goroutine of its own, which also reads the content.
type upload struct {
	exchange *http1
	stream   ByteStream
	length   int64 // what was announced, -1 for nothing
	ctx      context.Context
	cancel   context.CancelFunc
	last     atomic.Bool // the last piece is being written
	done     chan struct{}
}

// startUpload takes the stream of o over.
func startUpload(x *http1, o *outgoing) *upload {
	u := &upload{exchange: x, stream: o.stream, length: o.length, done: make(chan struct{})}
	o.stream = nil
	u.ctx, u.cancel = context.WithCancel(x.ctx)
	go u.run()
	return u
}

func (u *upload) run() {
	defer close(u.done)
	defer u.cancel()
	defer u.stream.Close()
	x := u.exchange
	switch err := u.copy(); {
	case err == nil, kindOf(err) == h1.Write && !isTimeout(err):
		// Sent, or the server does not take any more: what it says decides.
		x.wire.expectRead(x.limits.Read)
	case u.ctx.Err() != nil:
	case isTimeout(err):
		x.breakOff(errWriteTimeout)
		x.wire.abort()
	default:
		x.breakOff(err) // the content's own
		x.wire.abort()
	}
}

// copy writes in pieces, so that last is set when little is left.
func (u *upload) copy() error {
	to, sent := u.exchange.h1, int64(0)
	for {
		chunk, err := u.stream.Next(u.ctx)
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		for len(chunk) > 0 {
			piece := chunk[:min(len(chunk), maxWrite)]
			chunk = chunk[len(piece):]
			sent += int64(len(piece))
			u.last.Store(u.length >= 0 && sent >= u.length)
			if err := to.WriteBody(piece); err != nil {
				return err
			}
		}
	}
	u.last.Store(true)
	return to.CloseBody(nil)
}

// farewell is how long a response that has ended waits for the last piece of its request to be gone.
const farewell = 50 * time.Millisecond

// ended tells, when the response has ended, whether the request has too. A server that has read the last piece may answer before
// the goroutine that wrote it goes on.
func (u *upload) ended() bool {
	if u.last.Load() {
		late := time.NewTimer(farewell)
		defer late.Stop()
		select {
		case <-u.done:
		case <-late.C:
		}
	}
	select {
	case <-u.done:
		return true
	default:
		return false
	}
}
