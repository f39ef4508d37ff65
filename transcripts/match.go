package transcripts

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"httpx-repl/engine/event"
)

// matchRules is the front-matter key "match": what a request may differ in from the recorded one.
type matchRules struct {
	IgnoreQuery []string `yaml:"ignore-query"` // names
	IgnoreJSON  []string `yaml:"ignore-json"`  // paths such as $.trace_id and $.items[0].id
	IgnoreBody  []string `yaml:"ignore-body"`  // URL paths whose bodies are not compared
	Scope       string   `yaml:"scope"`        // "cell": exchanges of other cells never answer
	Headers     string   `yaml:"headers"`      // "strict": all headers are compared
	Repeat      string   `yaml:"repeat"`       // "error", "last" or "cycle": when all equal exchanges are used
}

func (s *Session) matchRules() (matchRules, error) {
	var m matchRules
	if _, err := s.FrontValue("match", &m); err != nil {
		return m, err
	}
	for _, c := range []struct{ key, value, known string }{{"scope", m.Scope, "cell"}, {"headers", m.Headers, "strict"}, {"repeat", m.Repeat, "error last cycle"}} {
		if c.value != "" && !slices.Contains(strings.Fields(c.known), c.value) {
			return m, fmt.Errorf("front matter, match: %s: %s is not known; known are: %s", c.key, c.value, c.known)
		}
	}
	return m, nil
}

// keyHeaders are the request headers that change what a server answers; others are compared and reported only.
var keyHeaders = map[string]bool{"accept": true, "content-type": true, "range": true, "if-none-match": true, "if-match": true,
	"if-modified-since": true, "prefer": true, "x-http-method-override": true}

// requestKey is what requests are compared by, in its parts. Two requests are equal when all parts but other are.
type requestKey struct {
	method, host, path string
	query              [][2]string // by name, the order of equal names kept
	media              string      // of the body
	body               string      // normal form
	withheld           bool        // the body was not recorded: it equals any
	headers            [][2]string
	other              [][2]string // headers that are only reported
}

// parts names the parts of a key that can differ, heaviest first, with their weights for nearness.
var parts = []struct {
	name   string
	weight int
}{{"path", 4}, {"host", 3}, {"method", 3}, {"body", 3}, {"query", 2}, {"headers", 1}}

// differs reports whether the named part differs.
func (k *requestKey) differs(o *requestKey, part string) bool {
	switch part {
	case "path":
		return k.path != o.path
	case "host":
		return k.host != o.host
	case "method":
		return k.method != o.method
	case "body":
		return !k.withheld && !o.withheld && (k.body != o.body || k.media != o.media)
	case "query":
		return !slices.Equal(k.query, o.query)
	}
	return !slices.Equal(k.headers, o.headers)
}

func (k *requestKey) equal(o *requestKey) bool {
	for _, p := range parts {
		if k.differs(o, p.name) {
			return false
		}
	}
	return true
}

// drift names the headers that differ without mattering.
func (k *requestKey) drift(o *requestKey) []string {
	var names []string
	count := map[[2]string]int{}
	for _, h := range k.other {
		count[h]++
	}
	for _, h := range o.other {
		count[h]--
	}
	for h, n := range count {
		if n != 0 && !slices.Contains(names, h[0]) {
			names = append(names, h[0])
		}
	}
	slices.Sort(names)
	return names
}

var anyPlaceholder = regexp.MustCompile(`(?i)(?:\{\{|%7b%7b)secret\.([a-z0-9_-]+)(?:\.[0-9]{1,9})?(?:\}\}|%7d%7d)`)

// neutral writes placeholders in one way and without number: what is computed anew from a secret in a replay, such as a signature,
// gets a number of its own.
func neutral(text string) string {
	if !strings.Contains(text, "secret.") {
		return text
	}
	return anyPlaceholder.ReplaceAllString(text, "{{secret.$1}}")
}

func (m *matchRules) key(req event.Event) requestKey {
	k := requestKey{method: req.Method, withheld: withheld(&req)}
	target := neutral(req.URL)
	target, _, _ = strings.Cut(target, "#")
	target, query, _ := strings.Cut(target, "?")
	scheme, rest, ok := strings.Cut(target, "://")
	if !ok {
		scheme, rest = "", target
	}
	authority, path, _ := strings.Cut(rest, "/")
	scheme, authority = strings.ToLower(scheme), strings.ToLower(authority[strings.LastIndexByte(authority, '@')+1:])
	if port := map[string]string{"http": ":80", "https": ":443", "ws": ":80", "wss": ":443"}[scheme]; port != "" {
		authority = strings.TrimSuffix(authority, port)
	}
	k.host = scheme + "://" + authority
	k.path = "/" + normalPercent(path)
	k.query = m.queryPairs(query)
	k.media = contentType(req.Headers)
	if !slices.ContainsFunc(m.IgnoreBody, func(prefix string) bool { return strings.HasPrefix(k.path, prefix) }) {
		k.body = m.body(k.media, req)
	} else {
		k.withheld = true
	}
	for _, h := range req.Headers {
		name := strings.ToLower(h[0])
		value := neutral(h[1])
		if name == "content-type" {
			value = withoutBoundary(value)
		}
		if keyHeaders[name] || m.Headers == "strict" {
			k.headers = append(k.headers, [2]string{name, value})
		} else if name != "authorization" && name != "content-length" {
			k.other = append(k.other, [2]string{name, value})
		}
	}
	slices.SortStableFunc(k.headers, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	return k
}

func (m *matchRules) queryPairs(query string) [][2]string {
	if query == "" {
		return nil
	}
	var pairs [][2]string
	for _, item := range strings.Split(query, "&") {
		name, value, _ := strings.Cut(item, "=")
		name, value = unescapeQuery(name), unescapeQuery(value)
		if !slices.Contains(m.IgnoreQuery, name) {
			pairs = append(pairs, [2]string{name, value})
		}
	}
	slices.SortStableFunc(pairs, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	return pairs
}

func unescapeQuery(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil {
		return plain
	}
	return s
}

// normalPercent decodes what need not be encoded and writes the rest in upper case (RFC 3986, section 6.2.2).
func normalPercent(s string) string {
	if !strings.ContainsRune(s, '%') {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' || i+2 >= len(s) || unhex(s[i+1]) < 0 || unhex(s[i+2]) < 0 {
			b.WriteByte(s[i])
			continue
		}
		c := byte(unhex(s[i+1])<<4 | unhex(s[i+2]))
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			b.WriteString(strings.ToUpper(s[i : i+3]))
		}
		i += 2
	}
	return b.String()
}

func withoutBoundary(value string) string {
	media, params, err := mime.ParseMediaType(value)
	if err != nil || params["boundary"] == "" {
		return value
	}
	delete(params, "boundary")
	return mime.FormatMediaType(media, params)
}

// body brings a body into the form that is compared: JSON by value, forms as pairs, multipart without its boundary.
func (m *matchRules) body(media string, req event.Event) string {
	if len(req.Data) == 0 {
		return ""
	}
	text := neutral(string(req.Data))
	switch {
	case media == "application/json" || strings.HasSuffix(media, "+json"):
		if value, err := decodeJSON([]byte(text)); err == nil {
			for _, path := range m.IgnoreJSON {
				removePath(value, splitPath(path))
			}
			normal, err := json.Marshal(normalJSON(value))
			if err == nil {
				return string(normal)
			}
		}
	case media == "application/x-www-form-urlencoded":
		var b strings.Builder
		for _, item := range strings.Split(text, "&") {
			name, value, _ := strings.Cut(item, "=")
			fmt.Fprintf(&b, "%q=%q&", unescapeQuery(name), unescapeQuery(value))
		}
		return b.String()
	case strings.HasPrefix(media, "multipart/"):
		for _, h := range req.Headers {
			if strings.EqualFold(h[0], "content-type") {
				if _, params, err := mime.ParseMediaType(h[1]); err == nil && params["boundary"] != "" {
					return strings.ReplaceAll(text, "--"+params["boundary"], "--boundary")
				}
			}
		}
	}
	return text
}

func decodeJSON(text []byte) (any, error) {
	if nesting(text) > 1000 {
		return nil, fmt.Errorf("nested too deeply")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var value any
	if err := d.Decode(&value); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, fmt.Errorf("more than one value")
	}
	return value, nil
}

// normalJSON writes numbers as decimals in one way, so that 1.50, 1.5 and 15e-1 are equal and no digit is lost.
func normalJSON(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key := range v {
			v[key] = normalJSON(v[key])
		}
	case []any:
		for i := range v {
			v[i] = normalJSON(v[i])
		}
	case json.Number:
		return json.Number(normalNumber(string(v)))
	}
	return value
}

func normalNumber(text string) string {
	sign := ""
	if strings.HasPrefix(text, "-") {
		sign, text = "-", text[1:]
	}
	digits, exponent := text, 0
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		n, err := strconv.Atoi(text[i+1:])
		if err != nil {
			return sign + text
		}
		digits, exponent = text[:i], n
	}
	whole, fraction, _ := strings.Cut(digits, ".")
	digits = strings.TrimLeft(whole+fraction, "0")
	exponent -= len(fraction)
	trimmed := strings.TrimRight(digits, "0")
	if trimmed == "" {
		return "0"
	}
	return fmt.Sprintf("%s%se%d", sign, trimmed, exponent+len(digits)-len(trimmed))
}

// splitPath splits $.items[1].qty into items, 1, qty.
func splitPath(path string) []string {
	path = strings.TrimPrefix(path, "$")
	return strings.FieldsFunc(path, func(c rune) bool { return c == '.' || c == '[' || c == ']' })
}

func removePath(value any, path []string) {
	if len(path) == 0 {
		return
	}
	switch v := value.(type) {
	case map[string]any:
		if len(path) == 1 {
			delete(v, path[0])
			return
		}
		removePath(v[path[0]], path[1:])
	case []any:
		i, err := strconv.Atoi(path[0])
		switch {
		case err != nil || i < 0 || i >= len(v):
		case len(path) == 1:
			v[i] = nil
		default:
			removePath(v[i], path[1:])
		}
	}
}
