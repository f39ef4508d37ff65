package jsbind

import (
	"time"

	"httpx-repl/jsbind/source"
)

// RequestInfo is one exchange of the session, for .requests.
type RequestInfo struct {
	ID       string // "c1.2"
	Method   string
	URL      string // masked
	Status   int    // 0 when no response has come
	Reason   string
	Received int64         // bytes of body, before decoding
	Waited   time.Duration // until the head
	Took     time.Duration // until the end, or until now
	State    string        // "done", "open", "aborted" or the error's class
}

// Requests lists the exchanges of the session, oldest first.
func (rt *Runtime) Requests() []RequestInfo {
	result := make(chan []RequestInfo, 1)
	if !rt.loop.Control(func() { result <- rt.requests() }) {
		return nil
	}
	return <-result
}

func (rt *Runtime) requests() []RequestInfo {
	list := make([]RequestInfo, 0, len(rt.exchanges.history))
	for _, x := range rt.exchanges.history {
		info := RequestInfo{ID: x.id, Method: x.request.Method, URL: x.request.URL.Masked(), Received: x.received, State: "open", Took: rt.loop.Now() - x.issued}
		if x.response != nil {
			info.Status, info.Reason, info.Waited = x.response.StatusCode, x.response.ReasonPhrase(), x.headAt-x.issued
		}
		if x.ended {
			info.State, info.Took = "done", x.finished-x.issued
		}
		switch {
		case x.abortBy != "":
			info.State = "aborted"
		case x.fault != nil:
			info.State = x.fault.Class.Name()
		}
		list = append(list, info)
	}
	return list
}

// Verdict says whether a text can run.
type Verdict = source.Verdict

// The verdicts.
const (
	Complete   = source.Complete
	Incomplete = source.Incomplete
	Invalid    = source.Invalid
)

// Check says whether a text is a whole cell.
func Check(text string) Verdict {
	v, _ := source.Check(text)
	return v
}

// Warm prepares the compiler of what plain JavaScript engines lack; a session calls it in the background at its start.
func Warm() { source.Warm() }
