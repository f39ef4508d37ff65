package lab

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// endpoint is one row of the table that routes requests and that /help prints.
type endpoint struct {
	usage   string // as a reader writes it, with its parameters
	about   string
	example string // a request that it answers, for the test that keeps the table true
	// pattern and handle are empty where go-httpbin answers.
	pattern string
	handle  http.HandlerFunc
}

func (s *Server) endpoints() []endpoint {
	var all []endpoint
	for _, family := range [][]endpoint{
		s.generalEndpoints(),
		s.rhythmEndpoints(),
		s.uploadEndpoints(),
		s.codingEndpoints(),
		s.redirectEndpoints(),
		s.healingEndpoints(),
		s.recordEndpoints(),
		s.rawEndpoints(),
		httpbinEndpoints,
	} {
		all = append(all, family...)
	}
	return all
}

func (s *Server) generalEndpoints() []endpoint {
	return []endpoint{
		{usage: "/help", about: "this list (also /)", example: "/help", pattern: "/help", handle: s.help},
		{usage: "/early-hints?n=1&code=103&every=0", about: "n informational responses of code 102-199 before the answer",
			example: "/early-hints", pattern: "/early-hints", handle: s.earlyHints},
		{usage: "/charset/{name}?declare=&bom=", about: "text in a charset; declare= another name or none, bom=1 for a byte order mark",
			example: "/charset/shift_jis", pattern: "/charset/{name}", handle: charsetText},
	}
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	for _, row := range s.endpoints() {
		if row.handle != nil {
			mux.HandleFunc(row.pattern, row.handle)
		}
	}
	mux.HandleFunc("GET /{$}", s.help)
	mux.Handle("/", s.httpbin)
	return mux
}

func (s *Server) help(w http.ResponseWriter, r *http.Request) {
	rows := s.endpoints()
	width := 0
	for _, row := range rows {
		if len(row.usage) <= 44 {
			width = max(width, len(row.usage))
		}
	}
	var text strings.Builder
	fmt.Fprintf(&text, "The lab: %s and %s\n", s.URL(), s.HTTPSURL())
	text.WriteString("Times are seconds (0.25), at most 60; sizes are bytes (64k, 8m).\n\n")
	for _, row := range rows {
		fmt.Fprintf(&text, "%-*s  %s\n", width, row.usage, row.about)
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Write([]byte(text.String()))
}

var httpbinEndpoints = []endpoint{
	{usage: "/get /post /put /patch /delete", about: "what the request held, as JSON; /anything takes every method", example: "/get"},
	{usage: "/anything/{path}", about: "the same for any method and path", example: "/anything/a/b"},
	{usage: "/headers /ip /user-agent", about: "one part of the request", example: "/headers"},
	{usage: "/dump/request", about: "the request as it came over the wire", example: "/dump/request"},
	{usage: "/status/{code}", about: "that status; 200:0.9,500:0.1 draws one", example: "/status/204"},
	{usage: "/redirect/{n} /relative-redirect/{n} /absolute-redirect/{n}", about: "n redirects, then /get", example: "/redirect/1"},
	{usage: "/redirect-to?url=&status_code=", about: "one redirect to url", example: "/redirect-to?url=/get"},
	{usage: "/cookies", about: "the cookies that were sent", example: "/cookies"},
	{usage: "/cookies/set?name=value", about: "sets cookies and redirects to /cookies", example: "/cookies/set?a=1"},
	{usage: "/cookies/delete?name", about: "deletes cookies and redirects to /cookies", example: "/cookies/delete?a"},
	{usage: "/basic-auth/{user}/{password}", about: "200 with these credentials, else 401; /hidden-basic-auth says 404", example: "/basic-auth/a/b"},
	{usage: "/bearer", about: "200 with a bearer token, else 401", example: "/bearer"},
	{usage: "/digest-auth/{qop}/{user}/{password}/{algorithm}", about: "digest authentication: qop auth, algorithm MD5 or SHA-256", example: "/digest-auth/auth/a/b/SHA-256"},
	{usage: "/gzip /deflate", about: "JSON in that content coding", example: "/gzip"},
	{usage: "/drip?numbytes=&duration=&delay=&code=", about: "bytes spread over a time, with a Content-Length", example: "/drip?numbytes=1&duration=0&delay=0"},
	{usage: "/stream/{n}", about: "n JSON lines", example: "/stream/2"},
	{usage: "/jsonl?count=&duration=&delay=", about: "JSON Lines, spread over a time", example: "/jsonl?count=1"},
	{usage: "/bytes/{n} /stream-bytes/{n}?seed=", about: "n random bytes, whole or chunked", example: "/bytes/10"},
	{usage: "/range/{n}", about: "n bytes, in parts when Range asks", example: "/range/10"},
	{usage: "/etag/{etag} /cache /cache/{seconds}", about: "conditional requests and caching headers", example: "/etag/x"},
	{usage: "/response-headers?name=value", about: "answers with these headers", example: "/response-headers?X-A=1"},
	{usage: "/trailers?name=value", about: "a chunked answer with these trailers", example: "/trailers?X-A=1"},
	{usage: "/links/{n}", about: "a page of n links", example: "/links/2/0"},
	{usage: "/image/{kind}", about: "an image: png, jpeg, webp, svg", example: "/image/png"},
	{usage: "/html /xml /json /encoding/utf8 /robots.txt", about: "documents", example: "/html"},
	{usage: "/base64/{data}", about: "decoded data; /base64/encode/{data} encodes", example: "/base64/aGk="},
	{usage: "/uuid", about: "a random UUID", example: "/uuid"},
	{usage: "/unstable?failure_rate=0.5", about: "fails at random", example: "/unstable?failure_rate=0"},
	{usage: "/forms/post", about: "a form", example: "/forms/post"},
	{usage: "/websocket/echo", about: "a WebSocket that sends back what it gets", example: "/websocket/echo"},
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	body, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		// Every value is one of ours; this is a bug to be seen.
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	w.Write(append(body, '\n'))
}

func badRequest(w http.ResponseWriter, why string) {
	http.Error(w, why+"\nGET /help lists the endpoints and their parameters.", http.StatusBadRequest)
}
