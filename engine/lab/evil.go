package lab

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// evilMessage is an answer with a hostile text somewhere in it.
type evilMessage struct {
	status  int
	reason  string
	header  []string // whole lines
	body    string
	trailer string
	hint    string // a header line of a 103 answer before this one
}

// evilPosition puts a text in one place of an answer. Those in a body go through net/http, over any protocol; the
// others are written raw, with what breaks the framing itself (CR and LF) made a space.
type evilPosition struct {
	name  string
	raw   bool
	build func(text string) evilMessage
}

var evilPositions = []evilPosition{
	{"body", false, func(text string) evilMessage {
		return evilMessage{header: []string{"Content-Type: text/plain; charset=utf-8"}, body: text + "\n"}
	}},
	{"error-body", false, func(text string) evilMessage {
		return evilMessage{status: 500, header: []string{"Content-Type: text/plain; charset=utf-8"}, body: text + "\n"}
	}},
	{"html", false, func(text string) evilMessage {
		return evilMessage{header: []string{"Content-Type: text/html; charset=utf-8"}, body: "<title>" + text + "</title>\n"}
	}},
	{"json-key", false, func(text string) evilMessage {
		return evilMessage{header: []string{"Content-Type: application/json"}, body: `{"` + jsonEscape(text) + `": 1}` + "\n"}
	}},
	{"json-value", false, func(text string) evilMessage {
		return evilMessage{header: []string{"Content-Type: application/json"}, body: `{"text": "` + jsonEscape(text) + `"}` + "\n"}
	}},
	{"sse", false, func(text string) evilMessage {
		line := oneLine(text)
		return evilMessage{header: []string{"Content-Type: text/event-stream"}, body: "event: " + line + "\nid: " + line + "\ndata: " + line + "\n\n"}
	}},
	{"reason", true, func(text string) evilMessage { return evilMessage{reason: text} }},
	{"header-name", true, func(text string) evilMessage { return evilMessage{header: []string{"X-" + text + ": 1"}} }},
	{"header-value", true, func(text string) evilMessage { return evilMessage{header: []string{"X-Evil: " + text}} }},
	{"trailer", true, func(text string) evilMessage { return evilMessage{trailer: "X-Evil: " + text} }},
	{"early-hint", true, func(text string) evilMessage { return evilMessage{hint: "Link: </" + text + ">; rel=preload"} }},
	{"cookie-name", true, func(text string) evilMessage {
		return evilMessage{header: []string{"Set-Cookie: a" + text + "=1; Path=/"}}
	}},
	{"cookie-value", true, func(text string) evilMessage {
		return evilMessage{header: []string{"Set-Cookie: evil=" + text + "; Path=/"}}
	}},
	{"location", true, func(text string) evilMessage {
		return evilMessage{status: 302, header: []string{"Location: /anything/" + text}}
	}},
	{"content-disposition", true, func(text string) evilMessage {
		return evilMessage{header: []string{`Content-Disposition: attachment; filename="` + text + `"`}}
	}},
	{"content-type", true, func(text string) evilMessage {
		return evilMessage{header: []string{"Content-Type: text/plain; charset=" + text}}
	}},
	{"content-encoding", true, func(text string) evilMessage {
		return evilMessage{header: []string{"Content-Encoding: " + text}}
	}},
	{"www-authenticate", true, func(text string) evilMessage {
		return evilMessage{status: 401, header: []string{`WWW-Authenticate: Digest realm="` + text + `", nonce="1"`}}
	}},
	{"link", true, func(text string) evilMessage {
		return evilMessage{header: []string{"Link: </" + text + `>; rel="next"`}}
	}},
}

// EvilPositions names the places of /evil/{position}/{n}.
func EvilPositions() []string {
	var names []string
	for _, p := range evilPositions {
		names = append(names, p.name)
	}
	return names
}

func (s *Server) evilBody(w http.ResponseWriter, r *http.Request) {
	r.SetPathValue("position", "body")
	s.evil(w, r)
}

func (s *Server) evil(w http.ResponseWriter, r *http.Request) {
	i := slices.IndexFunc(evilPositions, func(p evilPosition) bool { return p.name == r.PathValue("position") })
	if i < 0 {
		http.Error(w, fmt.Sprintf("the position %q is unknown: use %s", r.PathValue("position"), strings.Join(EvilPositions(), ", ")), http.StatusNotFound)
		return
	}
	position := evilPositions[i]
	text, err := evilText(r.PathValue("n"))
	if err != nil {
		badRequest(w, err.Error())
		return
	}
	if !position.raw {
		position.build(text).answer(w)
		return
	}
	t := s.takeOver(w, r)
	if t == nil {
		return
	}
	defer t.close()
	t.last(position.build(oneLine(text)).bytes())
}

// evilText is sequence n between two words, so that a reader sees where it was; or a line for every sequence.
func evilText(n string) (string, error) {
	sequences := EvilSequences()
	if n == "all" {
		var lines []string
		for i, sequence := range sequences {
			lines = append(lines, fmt.Sprintf("%d before%safter", i, sequence.Bytes))
		}
		return strings.Join(lines, "\n"), nil
	}
	i, err := strconv.Atoi(n)
	if err != nil || i < 0 || i >= len(sequences) {
		return "", fmt.Errorf("/evil/%s: a number from 0 to %d, or all, is needed", n, len(sequences)-1)
	}
	return "before" + sequences[i].Bytes + "after", nil
}

func (m evilMessage) answer(w http.ResponseWriter) {
	for _, line := range m.header {
		name, value, _ := strings.Cut(line, ": ")
		w.Header().Set(name, value)
	}
	w.WriteHeader(max(m.status, http.StatusOK))
	_, _ = w.Write([]byte(m.body))
}

func (m evilMessage) bytes() string {
	status := max(m.status, http.StatusOK)
	reason := m.reason
	if reason == "" {
		reason = http.StatusText(status)
	}
	const body = "harmless\n"
	var out strings.Builder
	if m.hint != "" {
		fmt.Fprintf(&out, "HTTP/1.1 103 Early Hints\r\n%s\r\n\r\n", m.hint)
	}
	fmt.Fprintf(&out, "HTTP/1.1 %d %s\r\n", status, reason)
	for _, line := range m.header {
		out.WriteString(line + "\r\n")
	}
	if m.trailer != "" {
		fmt.Fprintf(&out, "Trailer: X-Evil\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n%x\r\n%s\r\n0\r\n%s\r\n\r\n", len(body), body, m.trailer)
	} else {
		fmt.Fprintf(&out, "Content-Length: %d\r\nConnection: close\r\n\r\n%s", len(body), body)
	}
	return out.String()
}

var lineBreaks = strings.NewReplacer("\r", " ", "\n", " ")

func oneLine(text string) string { return lineBreaks.Replace(text) }

// jsonEscape escapes only what JSON does not allow raw (RFC 8259, 7), so that C1 controls and malformed UTF-8 stay.
func jsonEscape(text string) string {
	var out strings.Builder
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			out.WriteByte('\\')
			out.WriteByte(c)
		case c < 0x20:
			fmt.Fprintf(&out, `\u%04x`, c)
		default:
			out.WriteByte(c)
		}
	}
	return out.String()
}
