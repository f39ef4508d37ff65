package lab

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

func (s *Server) rawEndpoints() []endpoint {
	rows := []endpoint{
		{usage: "/broken/{kind}", about: "a fault on the wire, of these kinds:", example: "/broken/bad-status",
			pattern: "/broken/{kind}", handle: s.broken},
	}
	for _, f := range faults {
		rows = append(rows, endpoint{usage: "  /broken/" + f.kind + f.parameters, about: f.about, example: "/broken/" + f.kind})
	}
	return append(rows,
		endpoint{usage: "/evil/{n} /evil/all", about: "escape sequence n, or all of them, in the body", example: "/evil/0",
			pattern: "/evil/{n}", handle: s.evilBody},
		endpoint{usage: "/evil/{position}/{n}", about: "the same elsewhere: " + strings.Join(EvilPositions(), ", "), example: "/evil/json-key/all",
			pattern: "/evil/{position}/{n}", handle: s.evil},
	)
}

// fault is a way to break an answer. Faults that only write fixed bytes are in the table of malformed answers.
type fault struct {
	kind       string
	parameters string
	about      string
	run        func(*Server, *wire, faultOptions)
}

type faultOptions struct {
	at    string
	every time.Duration
}

var faults = slices.Concat([]fault{
	{"reset", "?at=start", "a TCP reset: at=start, head or body", func(_ *Server, t *wire, o faultOptions) {
		t.send(map[string]string{"head": headBegun, "body": bodyBegun}[o.at])
		t.reset()
	}},
	{"no-response", "", "nothing, until the client leaves", func(_ *Server, t *wire, _ faultOptions) { t.hold() }},
	{"slow-header", "?every=0.1", "a good answer, its head a byte at a time", slowHeader},
	{"half-close", "", "half a body, then the end of the sending side alone", halfClose},
	{"stall", "?at=head", "stops and waits: at=" + stallPlaces(), func(_ *Server, t *wire, o faultOptions) {
		if t.send(stalls[slices.IndexFunc(stalls, func(s stall) bool { return s.at == o.at })].begun) {
			t.hold()
		}
	}},
}, malformedFaults(), endlessFaults())

const (
	okLine    = "HTTP/1.1 200 OK\r\n"
	headBegun = okLine + "Content-Type: text/pl"
	bodyBegun = okLine + "Content-Type: text/plain\r\nContent-Length: 100\r\n\r\n" + "half of the answer"
	chunked   = okLine + "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
)

// stall is an answer up to a place where a server may stop for ever.
type stall struct{ at, begun string }

var stalls = []stall{
	{"status", "HTTP/1."},
	{"status-end", okLine},
	{"head", headBegun},
	{"body-start", okLine + "Content-Length: 100\r\n\r\n"},
	{"body", bodyBegun},
	{"chunk-size", chunked + "5"},
	{"chunk", chunked + "5\r\nhe"},
	{"chunk-end", chunked + "5\r\nhello"},
	{"last-chunk", chunked + "5\r\nhello\r\n"},
	{"trailer", chunked + "5\r\nhello\r\n0\r\nX-Trai"},
	{"informational", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"},
}

func stallPlaces() string {
	var places []string
	for _, s := range stalls {
		places = append(places, s.at)
	}
	return strings.Join(places, ", ")
}

func (s *Server) broken(w http.ResponseWriter, r *http.Request) {
	i := slices.IndexFunc(faults, func(f fault) bool { return f.kind == r.PathValue("kind") })
	if i < 0 {
		var kinds []string
		for _, f := range faults {
			kinds = append(kinds, f.kind)
		}
		http.Error(w, fmt.Sprintf("the fault %q is unknown: use %s", r.PathValue("kind"), strings.Join(kinds, ", ")), http.StatusNotFound)
		return
	}
	f := faults[i]
	q := queryOf(r)
	options := faultOptions{every: q.pause("every", defaultPause)}
	switch f.kind {
	case "reset":
		options.at = q.oneOf("at", "start", "head", "body")
	case "stall":
		options.at = q.oneOf("at", "head", strings.Split(stallPlaces(), ", ")...)
	}
	if q.refuse(w) {
		return
	}
	t := s.takeOver(w, r)
	if t == nil {
		return
	}
	defer t.close()
	f.run(s, t, options)
}

func slowHeader(s *Server, t *wire, o faultOptions) {
	const body = "slow, but whole\n"
	head := fmt.Sprintf(okLine+"Content-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n", len(body))
	for i := range len(head) {
		if !t.send(head[i:i+1]) || s.sleep(t.left, o.every) != nil {
			return
		}
	}
	t.last(body)
}

func halfClose(_ *Server, t *wire, _ faultOptions) {
	t.last(bodyBegun)
	if t.tcp.CloseWrite() == nil {
		t.hold()
	}
}

// endless answers never end; the client's leaving ends them, and its reading sets their pace.
var endless = []struct{ kind, about, begun, again string }{
	{"endless-body", "a body without a length that never ends", okLine + "Connection: close\r\n\r\n", strings.Repeat("and so on ", 6<<10)},
	{"endless-chunks", "chunks without a last one", chunked, "a\r\nand so on \r\n"},
	{"endless-chunk-extension", "a chunk extension that never ends", chunked + "5;x=", strings.Repeat("x", 4<<10)},
	{"endless-line", "one body line that never ends", okLine + "Content-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: ", strings.Repeat("x", 64<<10)},
	{"endless-header", "one header line that never ends", okLine + "X-Long: ", strings.Repeat("x", 4<<10)},
	{"endless-headers", "header lines that never end", okLine, "X-Again: and again\r\n"},
	{"endless-informational", "103 answers that never end", "", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"},
	{"endless-trailers", "trailers that never end", chunked + "0\r\n", "X-Again: and again\r\n"},
}

func endlessFaults() []fault {
	var list []fault
	for _, e := range endless {
		list = append(list, fault{e.kind, "", e.about, func(_ *Server, t *wire, _ faultOptions) {
			for going := t.send(e.begun); going; {
				going = t.send(e.again)
			}
		}})
	}
	return list
}
