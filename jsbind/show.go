package jsbind

import (
	"fmt"
	"strings"

	"github.com/dop251/goja"

	"httpx-repl/engine"
	"httpx-repl/jsbind/inspect"
)

// showHost prints native objects as HTTPX prints them. It runs no user code.
func (rt *Runtime) showHost(o *goja.Object, _ int) ([]inspect.Line, bool) {
	h := hostOf(o)
	if h == nil {
		return nil, false
	}
	text := ""
	switch v := h.value.(type) {
	case *engine.Response:
		text = fmt.Sprintf("<Response [%s]>", strings.TrimSpace(fmt.Sprintf("%d %s", v.StatusCode, v.ReasonPhrase())))
	case *engine.Request:
		text = fmt.Sprintf("<Request('%s', '%s')>", v.Method, v.URL.Masked())
	case *engine.Client:
		state := "open"
		if v.IsClosed() {
			state = "closed"
		}
		text = fmt.Sprintf("<AsyncClient [%s]>", state)
	case *engine.URL:
		text = fmt.Sprintf("URL('%s')", v.Masked())
	case headerMap:
		text = v.Headers.String()
	case paramMap:
		text = fmt.Sprintf("QueryParams('%s')", v.QueryParams.String())
	case cookieMap:
		text = v.Cookies.String()
	case *engine.Proxy:
		text = fmt.Sprintf("Proxy('%s')", v.URL.Masked())
	case engine.Auth:
		text = h.class.name + "([secure])"
	case fmt.Stringer:
		text = v.String()
	case timerID:
		text = fmt.Sprintf("Timeout(%d)", v.id)
	case labMarker:
		text = "<Lab>"
		if url, ok := rt.facts[labURL]; ok {
			text = "<Lab " + url + ">"
		}
	case *abortSignal:
		text = fmt.Sprintf("AbortSignal { aborted: %t }", v.aborted)
	case *abortController:
		text = fmt.Sprintf("AbortController { signal: AbortSignal { aborted: %t } }", v.signal.aborted)
	case *asyncSequence:
		text = "Object [AsyncIterator] {}"
	default:
		text = "<" + h.class.name + ">"
	}
	return []inspect.Line{{{Text: text, Style: inspect.Special}}}, true
}

// valueNotes are the hints that go with a cell's value.
func (rt *Runtime) valueNotes(v goja.Value) []string {
	o, ok := v.(*goja.Object)
	if !ok || o.ExportType() != promiseType {
		return nil
	}
	p := o.Export().(*goja.Promise)
	if p != rt.lastPromise || p.State() != goja.PromiseStatePending {
		return nil
	}
	return []string{fmt.Sprintf("still pending: did you mean `await %s`?", rt.lastCall)}
}

// Facts are what the prompt adds to a response: one dim line.
func (rt *Runtime) responseFacts(v goja.Value) string {
	r, ok := valueOf[*engine.Response](v)
	if !ok {
		return ""
	}
	var parts []string
	if t, ok := r.Headers.Get("Content-Type"); ok {
		parts = append(parts, t)
	}
	if r.IsClosed() {
		parts = append(parts, ByteCount(r.NumBytesDownloaded()))
	} else {
		parts = append(parts, "body unread")
	}
	if d, err := r.Elapsed(); err == nil {
		parts = append(parts, seconds(d))
	}
	parts = append(parts, r.HTTPVersion())
	if info, ok := r.Extensions["network"].(*engine.NetworkInfo); ok {
		if info.Reused {
			parts = append(parts, "connection reused")
		} else {
			parts = append(parts, "new connection")
		}
	}
	return strings.Join(parts, " · ")
}

// ByteCount is a number of bytes for people, in decimal units.
func ByteCount(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1_000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}
