package lab

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

const (
	defaultPieces = 5
	defaultPause  = 100 * time.Millisecond
)

func (s *Server) rhythmEndpoints() []endpoint {
	return []endpoint{
		{usage: "/delay/{seconds}", about: "answers as /anything does, after that time", example: "/delay/0",
			pattern: "/delay/{seconds}", handle: s.delay},
		{usage: "/chunks?n=5&every=0.1&size=&text=", about: "n chunks, the first at once, then one each every seconds; text= what each says, size= its bytes",
			example: "/chunks?n=2&every=0", pattern: "/chunks", handle: s.chunks},
		{usage: "/lines?n=5&every=0.1", about: "n lines of text in that rhythm", example: "/lines?n=2&every=0",
			pattern: "/lines", handle: s.lines},
		{usage: "/sse?n=5&every=0.1&retry=&drop=", about: "n server-sent events; drop=k ends after k, Last-Event-ID goes on from there; retry= in milliseconds",
			example: "/sse?n=2&every=0", pattern: "/sse", handle: s.sse},
	}
}

// delay reads the request's body first: net/http notices that a client has left only when nothing of the body is
// still to come.
func (s *Server) delay(w http.ResponseWriter, r *http.Request) {
	pause, err := parsePause(r.PathValue("seconds"))
	if err != nil {
		badRequest(w, fmt.Sprintf("/delay/%s: %v", r.PathValue("seconds"), err))
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxHeldBody))
	if err != nil {
		badRequest(w, "reading the body: "+err.Error())
		return
	}
	if s.sleep(r.Context(), pause) != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.URL.Path = "/anything" + r.URL.Path
	s.httpbin.ServeHTTP(w, r)
}

// stream sends n pieces, each flushed, so that each is a chunk or a DATA frame of its own: the first at once, the
// others after the pause each. It ends early when the client leaves.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, n int, every time.Duration, piece func(i int) []byte) {
	flusher := http.NewResponseController(w)
	for i := range n {
		if i > 0 && s.sleep(r.Context(), every) != nil {
			return
		}
		if _, err := w.Write(piece(i)); err != nil {
			return
		}
		if flusher.Flush() != nil {
			return
		}
	}
}

func (s *Server) chunks(w http.ResponseWriter, r *http.Request) {
	q := queryOf(r)
	n := q.count("n", defaultPieces, 0, maxPieces)
	every := q.pause("every", defaultPause)
	size := q.size("size", 0, 0, maxHeldBody)
	if int64(n)*size > maxStreamed {
		q.fail(fmt.Errorf("n × size is more than %d bytes", maxStreamed))
	}
	if q.refuse(w) {
		return
	}
	text := func(i int) []byte { return fmt.Appendf(nil, "chunk %d\n", i+1) }
	if given := q.text("text", ""); given != "" {
		text = func(int) []byte { return []byte(given) }
	}
	piece := text
	if size > 0 {
		piece = func(i int) []byte { return fill(text(i), int(size)) }
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	s.stream(w, r, n, every, piece)
}

// fill repeats text until it is size bytes long.
func fill(text []byte, size int) []byte {
	return bytes.Repeat(text, size/len(text)+1)[:size]
}

func (s *Server) lines(w http.ResponseWriter, r *http.Request) {
	q := queryOf(r)
	n := q.count("n", defaultPieces, 0, maxPieces)
	every := q.pause("every", defaultPause)
	if q.refuse(w) {
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	s.stream(w, r, n, every, func(i int) []byte { return fmt.Appendf(nil, "line %d of %d\n", i+1, n) })
}

// sse follows WHATWG HTML, server-sent events: ids count from 1; a client that reconnects with Last-Event-ID gets
// what comes after; one that has had everything gets 204, which tells it to stop.
func (s *Server) sse(w http.ResponseWriter, r *http.Request) {
	q := queryOf(r)
	n := q.count("n", defaultPieces, 0, maxPieces)
	every := q.pause("every", defaultPause)
	retry := q.count("retry", -1, 0, int(longestPause.Milliseconds()))
	drop := q.count("drop", maxPieces, 1, maxPieces)
	seen := 0
	if id := r.Header.Get("Last-Event-ID"); id != "" {
		last, err := strconv.Atoi(id)
		if err != nil || last < 0 {
			q.fail(fmt.Errorf("Last-Event-ID: %q is not an id that this server sent", id))
		}
		seen = last
	}
	if q.refuse(w) {
		return
	}
	if seen > 0 && seen >= n {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	s.stream(w, r, min(n-seen, drop), every, func(i int) []byte {
		var event []byte
		if i == 0 && retry >= 0 {
			event = fmt.Appendf(event, "retry: %d\n", retry)
		}
		id := seen + i + 1
		data, _ := json.Marshal(map[string]int{"n": id, "of": n}) // a map of numbers always marshals
		return fmt.Appendf(event, "id: %d\nevent: tick\ndata: %s\n\n", id, data)
	})
}
