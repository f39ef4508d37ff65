package lab

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

const maxHops = 64

func (s *Server) redirectEndpoints() []endpoint {
	return []endpoint{
		{usage: "/redirect-chain/{hops}?status=302", about: "redirects one hop after the other, then /anything: " + redirectKinds,
			example: "/redirect-chain/301", pattern: "/redirect-chain/{hops}", handle: s.redirectChain},
	}
}

const redirectKinds = "301 302 303 307 308, relative, absolute, scheme-relative, http, https, localhost, 127.0.0.1, userinfo, fragment, loop, missing"

// redirectChain takes the first of the comma-separated hops and sends the client to the rest. A hop is a status, or a
// form that Location takes with the status of the query; the query travels along.
func (s *Server) redirectChain(w http.ResponseWriter, r *http.Request) {
	hops := strings.Split(r.PathValue("hops"), ",")
	q := queryOf(r)
	status := q.count("status", http.StatusFound, 300, 399)
	if len(hops) > maxHops {
		q.fail(fmt.Errorf("%d hops: at most %d are possible", len(hops), maxHops))
	}
	if q.refuse(w) {
		return
	}

	suffix := ""
	if r.URL.RawQuery != "" {
		suffix = "?" + r.URL.RawQuery
	}
	next, relative := "/anything", "../anything"
	if len(hops) > 1 {
		relative = strings.Join(hops[1:], ",")
		next = "/redirect-chain/" + relative
	}
	next, relative = next+suffix, relative+suffix

	scheme, base := "http", s.URL()
	if r.TLS != nil {
		scheme, base = "https", s.HTTPSURL()
	}
	location := next
	switch kind := hops[0]; kind {
	case "301", "302", "303", "307", "308":
		status, _ = strconv.Atoi(kind)
	case "relative":
		location = relative
	case "absolute":
		location = scheme + "://" + r.Host + next
	case "scheme-relative":
		location = "//" + r.Host + next
	case "http":
		location = s.URL() + next
	case "https":
		location = s.HTTPSURL() + next
	case "localhost", "127.0.0.1":
		location = at(base, kind) + next
	case "userinfo":
		location = scheme + "://ada:lovelace@" + r.Host + next
	case "fragment":
		location = next + "#part"
	case "loop":
		location = r.URL.RequestURI()
	case "missing":
		location = ""
	default:
		badRequest(w, fmt.Sprintf("the hop %q is unknown: use %s", kind, redirectKinds))
		return
	}
	if location != "" {
		w.Header().Set("Location", location)
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	fmt.Fprintf(w, "%d to %s\n", status, location)
}
