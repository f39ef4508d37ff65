package jsbind

import (
	"context"
	"io"

	"httpx-repl/engine"
	"httpx-repl/engine/event"
	"httpx-repl/jsbind/loop"
)

// A request body that a script makes as it goes (an async iterable) is read on the loop, while the transport sends on a
// goroutine of its own. One chunk at a time crosses over, and the transport's taking it is an event like any other: so
// back-pressure is exact, and recorded.

// loopContent is a content whose stream waits on the loop.
type loopContent interface{ OnLoop() bool }

// body is what the record keeps of the request's body: all of it, or that it is streamed.
func (x *exchange) body() (whole []byte, streaming bool) {
	content := x.request.Content
	if content == nil {
		return nil, false
	}
	if l, ok := content.(loopContent); ok && l.OnLoop() {
		return nil, true
	}
	stream, err := content.Stream()
	if err != nil {
		return nil, false // the transport will meet the same error
	}
	defer stream.Close()
	for {
		chunk, err := stream.Next(context.Background())
		if err != nil {
			return whole, false
		}
		whole = append(whole, chunk...)
	}
}

// startUpload starts reading the body on the loop and returns the request whose body the transport can read.
func (x *exchange) startUpload() *engine.Request {
	pipe := &uploadPipe{x: x, chunks: make(chan []byte, 1), length: x.request.Content.Len()}
	content := x.request.Content
	x.upload = x.rt.loop.NewScope(x.rt.root)
	x.rt.loop.Go(x.task, x.upload, func(c *loop.Coroutine) {
		x.uploader = c
		err := x.sendAll(c, content, pipe.chunks)
		x.uploader = nil
		x.upload.Close()
		if err != nil && !x.ended {
			// The script's own error is what the request fails with, and the transport never sees it.
			x.failed = err
			x.abort(abortedBy(err))
			return
		}
		close(pipe.chunks)
	})
	req := *x.request
	req.Content = pipe
	return &req
}

// sendAll hands over one chunk after the other, each when the one before it was taken.
func (x *exchange) sendAll(c *loop.Coroutine, content engine.Content, to chan<- []byte) error {
	stream, err := content.Stream()
	if err != nil {
		return err
	}
	defer stream.Close()
	for handed := 1; ; handed++ {
		chunk, err := stream.Next(c.Context())
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if !x.rt.loop.Replaying() {
			to <- chunk // never waits: the chunk before was taken
		}
		if err := c.Wait(func() bool { return x.sent >= handed || x.ended }); err != nil {
			return err
		}
		if x.ended {
			return nil
		}
	}
}

// uploadPipe is the transport's end.
type uploadPipe struct {
	x      *exchange
	chunks chan []byte
	length int64
}

// Stream implements engine.Content.
func (p *uploadPipe) Stream() (engine.ByteStream, error) { return p, nil }

// Len implements engine.Content.
func (p *uploadPipe) Len() int64 { return p.length }

// Next implements engine.ByteStream on the transport's goroutine.
func (p *uploadPipe) Next(ctx context.Context) ([]byte, error) {
	select {
	case chunk, ok := <-p.chunks:
		if !ok {
			return nil, io.EOF
		}
		x := p.x
		e := event.Event{Kind: event.Sent, Exchange: x.id, Size: int64(len(chunk)), Data: chunk}
		x.rt.loop.Post(e, x.task, &x.dropped, func() { x.deliver(e, nil) })
		return chunk, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// Close implements engine.ByteStream.
func (p *uploadPipe) Close() error { return nil }
