package transcripts

import (
	"bytes"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"

	"httpx-repl/engine/event"
)

// RedactOptions narrows or widens what a Redactor hides by name.
type RedactOptions struct {
	AllowHeaders []string // header names that are never secret
	Keys         []string // further secret names, of headers, query, form and JSON members
	PII          bool     // card_number, cvv and ssn are secret too
}

// Redactor replaces secrets by placeholders that are the same wherever a value appears: {{secret.API_TOKEN}} for a
// value that was given by name, {{secret.access_token.1}} for one that was found, numbered by first appearance. The number
// follows a dot and not a #, so that a placeholder can stand in a URL.
//
// Values are found by the name that they stand under (headers, query, form and JSON members, cookies, userinfo), and then
// replaced wherever they appear from then on: raw, percent-encoded, JSON-escaped and in base64. Redacting twice changes nothing.
// One goroutine uses a Redactor at a time.
type Redactor struct {
	allow map[string]bool
	keys  map[string]keyRule

	classes map[string]headerClass // by header name as it was written

	names map[string]string // value → placeholder
	taken map[string]bool   // placeholder names in use
	count map[string]int    // last number given, by base name
	forms formTable
}

// NewRedactor returns a redactor with the default names.
func NewRedactor(o RedactOptions) *Redactor {
	r := &Redactor{allow: map[string]bool{}, keys: map[string]keyRule{}, classes: map[string]headerClass{}, names: map[string]string{}, taken: map[string]bool{}, count: map[string]int{}}
	for _, name := range append([]string{"sec-websocket-key", "idempotency-key"}, o.AllowHeaders...) {
		r.allow[strings.ToLower(name)] = true
	}
	for key, rule := range defaultKeys {
		r.keys[key] = rule
	}
	for _, key := range o.Keys {
		r.keys[normalKey(key)] = keyAlways
	}
	if o.PII {
		for _, key := range []string{"cardnumber", "cvv", "ssn"} {
			r.keys[key] = keyAlways
		}
	}
	return r
}

const (
	minFound = 8 // characters of a found value that is replaced everywhere; shorter ones only where they stand under a name
	minGiven = 4 // the same for values given by name
	maxForms = 20000
)

// AddSecret makes value secret under name: an environment variable's, an argument of auth. A name that is taken by another value
// gets a number. Values shorter than 4 characters are only hidden where they stand under a secret name, because
// replacing them everywhere would spoil the text.
func (r *Redactor) AddSecret(name, value string) {
	if value == "" || r.names[value] != "" || strings.Contains(value, placeholderOpen) {
		return
	}
	name = cleanName(name)
	if r.taken[name] {
		name = r.numbered(name)
	}
	r.taken[name] = true
	r.names[value] = placeholderOpen + name + placeholderClose
	if len(value) >= minGiven {
		r.forms.add(value, r.names[value])
	}
}

// Names lists the names of the placeholders given out so far, sorted.
func (r *Redactor) Names() []string {
	names := make([]string, 0, len(r.taken))
	for name := range r.taken {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

const (
	placeholderOpen  = "{{secret."
	placeholderClose = "}}"
)

var placeholderPattern = regexp.MustCompile(`\{\{secret\.([A-Za-z0-9_-]+)(?:\.([0-9]{1,9}))?\}\}`)

// placeholder returns what stands for a value found under a key.
func (r *Redactor) placeholder(key, value string) string {
	if value == "" || isPlaceholder(value) {
		return value
	}
	if p := r.names[value]; p != "" {
		return p
	}
	name := r.numbered(cleanName(key))
	r.taken[name] = true
	p := placeholderOpen + name + placeholderClose
	r.names[value] = p
	if len(value) >= minFound && !commonWord(value) {
		r.forms.add(value, p)
	}
	return p
}

func (r *Redactor) numbered(base string) string {
	for {
		r.count[base]++
		name := base + "." + strconv.Itoa(r.count[base])
		if !r.taken[name] {
			return name
		}
	}
}

// reserve keeps the numbers of the placeholders that already stand in text from being given out again.
func (r *Redactor) reserve(text []byte) {
	if !bytes.Contains(text, []byte(placeholderOpen)) {
		return
	}
	for _, m := range placeholderPattern.FindAllSubmatch(text, -1) {
		name := string(m[1])
		if len(m[2]) > 0 {
			n, _ := strconv.Atoi(string(m[2]))
			r.count[name] = max(r.count[name], n)
			name += "." + string(m[2])
		}
		r.taken[name] = true
	}
}

func isPlaceholder(value string) bool {
	return strings.HasPrefix(value, placeholderOpen) && strings.HasSuffix(value, placeholderClose) ||
		len(value) > 6 && strings.EqualFold(value[:6], "%7B%7B") && strings.HasPrefix(value[6:], "secret.")
}

func cleanName(name string) string {
	clean := strings.Map(func(c rune) rune {
		if c < 128 && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-') {
			return c
		}
		return '_'
	}, name)
	if clean == "" {
		return "value"
	}
	return clean[:min(len(clean), 48)]
}

func commonWord(value string) bool {
	switch strings.ToLower(value) {
	case "password", "undefined", "anonymous", "disabled", "localhost", "required", "bearer", "application", "session",
		"authorization", "username", "optional", "redacted", "[secure]", "********":
		return true
	}
	return false
}

// Event returns e with its secrets replaced, each chunk of a body by itself. The journal does better on flowing
// bodies, and Session on whole ones. It does not change what e points to.
func (r *Redactor) Event(e event.Event) event.Event {
	switch e.Kind {
	case event.Open:
		e.Meta.BaseURL = r.url(e.Meta.BaseURL)
		e.Meta.Secrets = union(e.Meta.Secrets, r.Names())
	case event.Cell:
		e.Source = r.Source(e.Source)
	case event.Env:
		if r.rule(e.Name) == keyAlways || secretWord(normalKey(e.Name)) {
			r.AddSecret(e.Name, e.Text)
		}
		if p := r.names[e.Text]; p != "" {
			e.Text = p
		}
		e.Text = r.Text(e.Text)
	case event.Out, event.Input:
		e.Text = r.Text(e.Text)
	case event.Err:
		e.Text, e.Hint = r.Text(e.Text), r.Text(e.Hint)
		causes := make([]string, len(e.Causes))
		for i, c := range e.Causes {
			causes[i] = r.Text(c)
		}
		e.Causes = causes[:len(causes):len(causes)]
	case event.Req:
		e.URL = r.url(e.URL)
		e.Headers = r.headers(e.Headers)
		e.Data = r.body().whole(e.Data, contentType(e.Headers))
	case event.Head, event.Trail:
		e.Reason = r.Text(e.Reason)
		e.Headers = r.headers(e.Headers)
	case event.Data, event.Sent:
		e.Data = r.body().whole(e.Data, "")
		if e.Kind == event.Sent && len(e.Data) > 0 {
			e.Size = int64(len(e.Data))
		}
	}
	return e
}

// Session returns a copy of s with its secrets replaced over whole bodies, and everywhere, also where a value stood before
// it was found to be secret. Its Meta.Secrets names all placeholders.
func (r *Redactor) Session(s *Session) *Session {
	r.reserveAll(s)
	r.pass(s.clone()) // finds values
	n := s.clone()
	r.pass(n)
	names := map[string]bool{}
	for _, name := range s.Meta.Secrets {
		names[name] = true
	}
	for name := range r.taken {
		names[name] = true
	}
	n.Meta.Secrets = nil
	for name := range names {
		n.Meta.Secrets = append(n.Meta.Secrets, name)
	}
	sort.Strings(n.Meta.Secrets)
	return n
}

func (r *Redactor) reserveAll(s *Session) {
	for _, c := range s.Cells {
		r.reserve([]byte(c.Source))
		r.reserve([]byte(c.Output))
		for _, e := range c.Order {
			r.reserve([]byte(e.URL))
			r.reserve([]byte(e.Text))
			r.reserve([]byte(e.Hint))
			for _, cause := range e.Causes {
				r.reserve([]byte(cause))
			}
			r.reserve(e.Data)
			for _, h := range e.Headers {
				r.reserve([]byte(h[1]))
			}
		}
	}
}

// pass redacts s in place, in the order of the session.
func (r *Redactor) pass(s *Session) {
	s.Meta.BaseURL = r.url(s.Meta.BaseURL)
	s.Tail = r.Text(s.Tail)
	bodies := map[*event.Event]*Exchange{} // by the first chunk
	for _, x := range s.Exchanges() {
		if len(x.sent) > 0 {
			bodies[x.sent[0]] = x
		}
		if len(x.data) > 0 {
			bodies[x.data[0]] = x
		}
	}
	for _, c := range s.Cells {
		c.Prose = r.Text(c.Prose)
		c.Source = r.Source(c.Source)
		for i := range c.Order {
			e := &c.Order[i]
			x := bodies[e]
			switch {
			case e.Kind == event.Sent && x != nil:
				r.chunks(x.sent, contentType(x.Req.Headers))
			case e.Kind == event.Data && x != nil && x.Head != nil:
				r.chunks(x.data, contentType(x.Head.Headers))
			case e.Kind == event.Data && x != nil:
				r.chunks(x.data, "")
			case e.Kind != event.Data && e.Kind != event.Sent:
				*e = r.Event(*e)
			}
		}
		c.Output = r.Text(c.Output)
	}
}

// chunks redacts a body that arrived in chunks as one text. The boundaries between chunks stay where they were; one
// inside a secret moves behind it.
func (r *Redactor) chunks(chunks []*event.Event, contentType string) {
	var whole []byte
	ends := make([]int, len(chunks))
	for i, e := range chunks {
		whole = append(whole, e.Data...)
		ends[i] = len(whole)
	}
	spans := r.body().spans(whole, contentType)
	if len(spans) == 0 {
		return
	}
	for i, piece := range replaceAndCut(whole, spans, ends) {
		if withheld(chunks[i]) {
			continue
		}
		chunks[i].Data = piece
		if chunks[i].Kind == event.Sent {
			chunks[i].Size = int64(len(piece))
		}
	}
}

// Text replaces known values and URL userinfo.
func (r *Redactor) Text(text string) string {
	spans := r.forms.find(nil, text)
	if strings.Contains(text, "://") {
		spans = r.userinfo(spans, text)
	}
	return replace(text, spans)
}

// Source is Text for a program: string literals that stand under a secret name are replaced too.
func (r *Redactor) Source(source string) string {
	spans := r.literals(nil, source)
	if strings.Contains(source, "://") {
		spans = r.userinfo(spans, source)
		spans = r.query(spans, source)
	}
	return replace(source, r.forms.find(spans, source))
}

func (r *Redactor) url(u string) string {
	if u == "" {
		return u
	}
	spans := r.userinfo(nil, u)
	spans = r.query(spans, u)
	return replace(u, r.forms.find(spans, u))
}

// span is a part of a text and what replaces it.
type span struct {
	start, end int
	with       string
}

// settle sorts spans and joins overlapping ones, so that nothing of either stays.
func settle(spans []span) []span {
	slices.SortStableFunc(spans, func(a, b span) int {
		if a.start != b.start {
			return a.start - b.start
		}
		return b.end - a.end
	})
	out := spans[:0]
	for _, s := range spans {
		if n := len(out); n > 0 && s.start < out[n-1].end {
			out[n-1].end = max(out[n-1].end, s.end)
			continue
		}
		out = append(out, s)
	}
	return out
}

func replace(text string, spans []span) string {
	if len(spans) == 0 {
		return text
	}
	var b strings.Builder
	at := 0
	for _, s := range settle(spans) {
		b.WriteString(text[at:s.start])
		b.WriteString(s.with)
		at = s.end
	}
	b.WriteString(text[at:])
	return b.String()
}

// replaceAndCut replaces spans in text and cuts the result where ends cut the text.
func replaceAndCut(text []byte, spans []span, ends []int) [][]byte {
	pieces := make([][]byte, len(ends))
	spans = settle(spans)
	at := 0
	for i, end := range ends {
		var piece []byte
		for len(spans) > 0 && spans[0].start < end {
			piece = append(piece, text[at:spans[0].start]...)
			piece = append(piece, spans[0].with...)
			at = spans[0].end
			spans = spans[1:]
		}
		if at < end {
			piece = append(piece, text[at:end]...)
			at = end
		}
		pieces[i] = piece
	}
	return pieces
}

func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}
