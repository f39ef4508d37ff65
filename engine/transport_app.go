package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
)

// AppTransport gives requests to an http.Handler in this process. Both bodies stream: the handler may answer while the request is
// still being sent, and each of its writes becomes a chunk as soon as it is flushed or 64 KiB long. A handler runs on a
// goroutine of its own; its request's context ends when the response is closed.
type AppTransport struct {
	handler    http.Handler
	options    AppOptions
	ctx        context.Context
	closeAll   context.CancelFunc
	closed     atomic.Bool
	remoteAddr string
}

// AppOptions configure an AppTransport.
type AppOptions struct {
	// AnswerPanics turns a panic of the handler into a 500 response; otherwise it becomes the error of the request, or of
	// reading the body (HTTPX's raise_app_exceptions=False).
	AnswerPanics bool
	RemoteAddr   string // http.Request.RemoteAddr; empty is "127.0.0.1:123", as in HTTPX
}

// NewAppTransport makes an AppTransport.
func NewAppTransport(handler http.Handler, options AppOptions) *AppTransport {
	t := &AppTransport{handler: handler, options: options, remoteAddr: options.RemoteAddr}
	if t.remoteAddr == "" {
		t.remoteAddr = "127.0.0.1:123"
	}
	t.ctx, t.closeAll = context.WithCancel(context.Background())
	return t
}

// Close ends the context of every handler that runs, and makes later requests fail.
func (t *AppTransport) Close() error {
	t.closed.Store(true)
	t.closeAll()
	return nil
}

// RoundTrip starts the handler and returns when it has sent its head.
func (t *AppTransport) RoundTrip(ctx context.Context, request *Request) (*Response, error) {
	if t.closed.Load() {
		return nil, transportClosed(request)
	}
	if err := request.Headers.Validate(); err != nil {
		return nil, request.claim(err)
	}
	appCtx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(t.ctx, cancel)
	run := &appRun{
		request: request,
		header:  http.Header{},
		begun:   make(chan struct{}),
		chunks:  make(chan []byte),
		gone:    appCtx.Done(),
		caller:  ctx,
		release: func() { stop(); cancel() },
	}
	httpRequest, err := t.httpRequest(appCtx, request)
	if err != nil {
		run.release()
		return nil, request.claim(err)
	}
	go t.serve(run, httpRequest)
	select {
	case <-run.begun:
	case <-appCtx.Done():
		run.release()
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, transportClosed(request)
	}
	if run.status == 0 {
		run.release()
		return nil, run.failed
	}
	response := &Response{
		StatusCode: run.status,
		Headers:    headersOf(run.sent),
		Version:    "HTTP/1.1",
		Stream:     run,
		Trailers:   run.trailers,
		Extensions: map[string]any{},
	}
	return response, nil
}

// serve runs the handler to its end.
func (t *AppTransport) serve(run *appRun, request *http.Request) {
	defer close(run.chunks)
	defer func() {
		if cause := recover(); cause != nil {
			run.panicked(cause, t.options.AnswerPanics)
		}
		run.begin(http.StatusOK)
	}()
	t.handler.ServeHTTP(run, request)
	run.Flush()
}

func (t *AppTransport) httpRequest(ctx context.Context, request *Request) (*http.Request, error) {
	u, err := url.ParseRequestURI(request.URL.RawPath())
	if err != nil {
		return nil, NewError(LocalProtocolError, request, "the path of %s cannot be given to an app", quoted(request.URL.Masked()))
	}
	u.Scheme, u.Host = request.URL.Scheme(), request.URL.Netloc()
	r := (&http.Request{
		Method: request.Method, URL: u, Host: request.URL.Netloc(), RequestURI: request.URL.RawPath(),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: http.NoBody, RemoteAddr: t.remoteAddr,
	}).WithContext(ctx)
	for _, field := range request.Headers.Raw() {
		switch http.CanonicalHeaderKey(field[0]) {
		case "Host":
			r.Host = field[1]
		case "Transfer-Encoding":
			r.TransferEncoding = []string{"chunked"}
		default:
			r.Header.Add(field[0], field[1])
		}
	}
	if request.Content != nil && request.Content.Len() != 0 {
		stream, err := request.Content.Stream()
		if err != nil {
			return nil, err
		}
		r.ContentLength = request.Content.Len()
		r.Body = newContentReader(ctx, stream, nil)
	}
	return r, nil
}

// appRun is one run of a handler: its http.ResponseWriter, and the stream of its response.
type appRun struct {
	request *Request
	header  http.Header
	begun   chan struct{} // closed when status and sent are set
	chunks  chan []byte   // closed when the handler has ended
	gone    <-chan struct{}
	caller  context.Context // of RoundTrip
	release func()

	status  int         // the handler's until begun is closed
	sent    http.Header // the header as it was when the head went out
	pending []byte      // the handler's
	failed  error       // set before begun or chunks is closed
}

var errAppReaderGone = errors.New("the response was closed")

// Header is the header to be sent.
func (run *appRun) Header() http.Header { return run.header }

// WriteHeader sends the head. Interim responses are dropped.
func (run *appRun) WriteHeader(status int) {
	if status >= 200 {
		run.begin(status)
	}
}

func (run *appRun) begin(status int) {
	if run.status != 0 || run.failed != nil && run.isBegun() {
		return
	}
	if run.failed == nil {
		run.status = status
		run.sent = run.header.Clone()
	}
	close(run.begun)
}

func (run *appRun) isBegun() bool {
	select {
	case <-run.begun:
		return true
	default:
		return false
	}
}

// Write collects up to 64 KiB before it passes a chunk on.
func (run *appRun) Write(p []byte) (int, error) {
	run.begin(http.StatusOK)
	run.pending = append(run.pending, p...)
	if len(run.pending) >= maxChunk {
		if err := run.FlushError(); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// Flush passes on what was written.
func (run *appRun) Flush() { _ = run.FlushError() }

// FlushError passes on what was written; it waits until the reader of the response takes it, and fails when that is gone.
func (run *appRun) FlushError() error {
	run.begin(http.StatusOK)
	chunk := run.pending
	run.pending = nil
	if len(chunk) == 0 || run.request.Method == "HEAD" {
		return nil
	}
	select {
	case run.chunks <- chunk:
		return nil
	case <-run.gone:
		return errAppReaderGone
	}
}

func (run *appRun) panicked(cause any, answer bool) {
	if cause == http.ErrAbortHandler {
		e := NewError(RemoteProtocolError, run.request, "The app aborted the response.")
		e.Phase = "read"
		run.failed = e
		return
	}
	if answer {
		run.header = http.Header{}
		run.pending = nil
		run.begin(http.StatusInternalServerError)
		return
	}
	e := NewError(RuntimeError, run.request, "The app failed: %v", cause)
	e.Phase = "app"
	if err, ok := cause.(error); ok {
		e.Message, e.Cause = fmt.Sprintf("The app failed: %s", err), err
	}
	run.failed = e
}

// Next returns the next chunk that the handler wrote.
func (run *appRun) Next(ctx context.Context) ([]byte, error) {
	select {
	case chunk, open := <-run.chunks:
		if open {
			return chunk, nil
		}
		run.release()
		if run.failed != nil {
			return nil, run.failed
		}
		return nil, io.EOF
	case <-ctx.Done():
		run.release()
		return nil, context.Cause(ctx)
	case <-run.gone:
		if run.caller.Err() != nil {
			return nil, context.Cause(run.caller)
		}
		return nil, NewError(ReadError, run.request, "The response of the app was cut off: its context has ended.")
	}
}

// Close ends the context of the handler.
func (run *appRun) Close() error {
	run.release()
	return nil
}

// trailers are the headers that were announced in "Trailer", or set with http.TrailerPrefix, once the handler has ended.
func (run *appRun) trailers() *Headers {
	select {
	case _, open := <-run.chunks:
		if open {
			return nil
		}
	default:
		return nil
	}
	trailer := http.Header{}
	for _, line := range run.sent.Values("Trailer") {
		for _, name := range strings.Split(line, ",") {
			name = http.CanonicalHeaderKey(strings.TrimSpace(name))
			if values := run.header[name]; len(values) > 0 {
				trailer[name] = values
			}
		}
	}
	for name, values := range run.header {
		if name, found := strings.CutPrefix(name, http.TrailerPrefix); found {
			trailer[name] = values
		}
	}
	if len(trailer) == 0 {
		return nil
	}
	return headersOf(trailer)
}

// headersOf puts a header map into the order of the names.
func headersOf(header http.Header) *Headers {
	names := make([]string, 0, len(header))
	for name := range header {
		if !strings.HasPrefix(name, http.TrailerPrefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	headers := NewHeaders(nil)
	for _, name := range names {
		for _, value := range header[name] {
			headers.Add(name, value)
		}
	}
	return headers
}
