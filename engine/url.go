package engine

import (
	"math"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxURLLength is the longest URL, and the longest component given on its own, in characters (HTTPX's limit).
const maxURLLength = 65536

// URL is an immutable, parsed and normalised URL, as HTTPX's: the scheme and host in lower case, the host in its IDNA form, the
// default port left out, dot segments removed, and every character that may not stand in a component percent-encoded,
// while escapes that are already there stay as they are.
type URL struct {
	scheme, userinfo string
	host             string // IDNA, without brackets
	port             int    // -1 when there is none
	path             string
	query            string
	fragment         string
	hasQuery         bool
	hasFragment      bool
	text             string
}

var defaultPorts = map[string]int{"ftp": 21, "http": 80, "https": 443, "ws": 80, "wss": 443}

// ParseURL parses an absolute or relative URL. Errors are InvalidURL, in HTTPX's words.
func ParseURL(s string) (*URL, error) {
	if len(s) > maxURLLength && utf8.RuneCountInString(s) > maxURLLength {
		return nil, NewError(InvalidURL, nil, "URL too long")
	}
	if char, at := findControl(s); char != "" {
		return nil, NewError(InvalidURL, nil, "Invalid non-printable ASCII character in URL, %s at position %d.", char, at)
	}
	return splitURL(s).normalise(s)
}

// reference is a URL cut into its parts, not yet validated.
type reference struct {
	scheme, userinfo, host, port string // host with the brackets of an IPv6 address
	path, query, fragment        string
	hasQuery, hasFragment        bool
}

// splitURL cuts s at its delimiters, as the regular expression of RFC 3986, appendix B, does. It cannot fail.
func splitURL(s string) reference {
	var r reference
	s, r.fragment, r.hasFragment = strings.Cut(s, "#")
	s, r.query, r.hasQuery = strings.Cut(s, "?")
	if i := strings.IndexByte(s, ':'); i >= 0 && (i == 0 || isScheme(s[:i])) {
		r.scheme, s = s[:i], s[i+1:]
	}
	if rest, ok := strings.CutPrefix(s, "//"); ok {
		authority := rest
		s = ""
		if i := strings.IndexByte(rest, '/'); i >= 0 {
			authority, s = rest[:i], rest[i:]
		}
		if i := strings.LastIndexByte(authority, '@'); i >= 0 {
			r.userinfo, authority = authority[:i], authority[i+1:]
		}
		r.host, r.port = splitNetloc(authority)
	}
	r.path = s
	return r
}

// splitNetloc cuts "host:port", where an IPv6 host stands in brackets.
func splitNetloc(netloc string) (host, port string) {
	if strings.HasPrefix(netloc, "[") {
		if i := strings.LastIndexByte(netloc, ']'); i >= 0 {
			return netloc[:i+1], strings.TrimPrefix(netloc[i+1:], ":")
		}
	}
	host, port, _ = strings.Cut(netloc, ":")
	return host, port
}

func isScheme(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (i == 0 || !(c >= '0' && c <= '9' || c == '+' || c == '.' || c == '-')) {
			return false
		}
	}
	return len(s) > 0
}

// normalise validates the parts and makes the URL of them. Whole is the text that they were cut from, "" when there is none: a
// text that is in normal form already is kept, and costs no copy.
func (r reference) normalise(whole string) (*URL, error) {
	host, err := encodeHost(r.host)
	if err != nil {
		return nil, err
	}
	u := &URL{
		scheme:      lowerASCII(r.scheme),
		userinfo:    escape(r.userinfo, userinfoSafe),
		host:        host,
		query:       escape(r.query, querySafe),
		fragment:    escape(r.fragment, fragmentSafe),
		hasQuery:    r.hasQuery,
		hasFragment: r.hasFragment,
	}
	if u.port, err = parsePort(r.port, u.scheme); err != nil {
		return nil, err
	}

	authority := u.hasAuthority()
	switch {
	case authority && r.path != "" && r.path[0] != '/':
		return nil, NewError(InvalidURL, nil, "For absolute URLs, path must be empty or begin with '/'")
	case u.scheme == "" && !authority && strings.HasPrefix(r.path, "//"):
		return nil, NewError(InvalidURL, nil, "Relative URLs cannot have a path starting with '//'")
	case u.scheme == "" && !authority && strings.HasPrefix(r.path, ":"):
		return nil, NewError(InvalidURL, nil, "Relative URLs cannot have a path starting with ':'")
	}
	path := r.path
	if u.scheme != "" || authority {
		path = removeDotSegments(path)
	}
	u.path = escape(path, pathSafe)

	if r.isNormal(u) && len(whole) == u.textLength() {
		u.text = whole
	} else {
		u.text = u.assemble(u.userinfo)
	}
	return u, nil
}

// isNormal tells whether normalising the parts to u changed none of them.
func (r reference) isNormal(u *URL) bool {
	return u.scheme != "" && u.host != "" && u.scheme == r.scheme && u.userinfo == r.userinfo && u.host == r.host && u.path == r.path &&
		u.query == r.query && u.fragment == r.fragment && (u.port == -1) == (r.port == "")
}

func (u *URL) hasAuthority() bool { return u.userinfo != "" || u.host != "" || u.port != -1 }

// textLength is the length of the text of a URL with a scheme and a host that is no IPv6 address.
func (u *URL) textLength() int {
	n := len(u.scheme) + len("://") + len(u.host) + len(u.path)
	if u.userinfo != "" {
		n += len(u.userinfo) + 1
	}
	if u.port != -1 {
		n += 2
		for rest := u.port; rest >= 10; rest /= 10 {
			n++
		}
	}
	if u.hasQuery {
		n += len(u.query) + 1
	}
	if u.hasFragment {
		n += len(u.fragment) + 1
	}
	return n
}

// assemble writes the URL with the userinfo given.
func (u *URL) assemble(userinfo string) string {
	var b strings.Builder
	b.Grow(u.textLength() + len(userinfo) + 8)
	if u.scheme != "" {
		b.WriteString(u.scheme)
		b.WriteByte(':')
	}
	// Without an authority a path that begins with two slashes needs an empty one, or it would be read as a host.
	if u.hasAuthority() || strings.HasPrefix(u.path, "//") {
		b.WriteString("//")
		if userinfo != "" {
			b.WriteString(userinfo)
			b.WriteByte('@')
		}
		u.writeNetloc(&b)
	}
	b.WriteString(u.path)
	if u.hasQuery {
		b.WriteByte('?')
		b.WriteString(u.query)
	}
	if u.hasFragment {
		b.WriteByte('#')
		b.WriteString(u.fragment)
	}
	return b.String()
}

func (u *URL) writeNetloc(b *strings.Builder) {
	if strings.Contains(u.host, ":") {
		b.WriteByte('[')
		b.WriteString(u.host)
		b.WriteByte(']')
	} else {
		b.WriteString(u.host)
	}
	if u.port != -1 {
		b.WriteByte(':')
		b.WriteString(strconv.Itoa(u.port))
	}
}

// parsePort reads the digits of a port; the default port of the scheme counts as none. HTTPX checks no range: 65535 is the
// largest here.
func parsePort(s, scheme string) (int, error) {
	if s == "" {
		return -1, nil
	}
	port := 0
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' || port > math.MaxUint16 {
			return 0, NewError(InvalidURL, nil, "Invalid port: %s", quoted(s))
		}
		port = port*10 + int(s[i]-'0')
	}
	if port > math.MaxUint16 {
		return 0, NewError(InvalidURL, nil, "Invalid port: %s", quoted(s))
	}
	if port == defaultPorts[scheme] && scheme != "" && port != 0 {
		return -1, nil
	}
	return port, nil
}

// removeDotSegments drops "." and ".." as HTTPX does: "/path/./to/somewhere/.." becomes "/path/to", without the slash that
// RFC 3986, section 5.2.4, would leave at the end.
func removeDotSegments(path string) string {
	if !hasDotSegment(path) {
		return path
	}
	var kept []string
	for segment := range strings.SplitSeq(path, "/") {
		switch segment {
		case ".":
		case "..":
			if len(kept) > 0 && !(len(kept) == 1 && kept[0] == "") {
				kept = kept[:len(kept)-1]
			}
		default:
			kept = append(kept, segment)
		}
	}
	return strings.Join(kept, "/")
}

func hasDotSegment(path string) bool {
	for i := 0; i < len(path); i++ {
		if path[i] != '.' || i > 0 && path[i-1] != '/' {
			continue
		}
		rest := path[i+1:]
		rest = strings.TrimPrefix(rest, ".")
		if rest == "" || rest[0] == '/' {
			return true
		}
	}
	return false
}

// Scheme is the scheme in lower case, "" for a relative URL.
func (u *URL) Scheme() string { return u.scheme }

// Userinfo is "name:password" as it stands in the URL, percent-encoded.
func (u *URL) Userinfo() string { return u.userinfo }

// Username is the name in the userinfo, decoded.
func (u *URL) Username() string {
	name, _, _ := strings.Cut(u.userinfo, ":")
	return unescape(name)
}

// Password is the password in the userinfo, decoded.
func (u *URL) Password() string {
	_, password, _ := strings.Cut(u.userinfo, ":")
	return unescape(password)
}

// Host is the host for people: an internationalised name in Unicode, an IPv6 address without brackets. RawHost is the one to
// compare and to connect to.
func (u *URL) Host() string { return decodeHost(u.host) }

// RawHost is the host in ASCII: an internationalised name in its xn-- form, an IPv6 address without brackets.
func (u *URL) RawHost() string { return u.host }

// Port is the explicit port, false when there is none or it is the scheme's default.
func (u *URL) Port() (int, bool) {
	if u.port == -1 {
		return 0, false
	}
	return u.port, true
}

// Netloc is "host" or "host:port", as the Host header has it.
func (u *URL) Netloc() string {
	if u.port == -1 && !strings.Contains(u.host, ":") {
		return u.host
	}
	var b strings.Builder
	u.writeNetloc(&b)
	return b.String()
}

// Path is the path, decoded, "/" when it is empty.
func (u *URL) Path() string {
	if u.path == "" {
		return "/"
	}
	return unescape(u.path)
}

// RawPath is the path and the query as they stand in the URL: the target of a request.
func (u *URL) RawPath() string {
	path := u.path
	if path == "" {
		path = "/"
	}
	if u.hasQuery {
		return path + "?" + u.query
	}
	return path
}

// Query is the query as it stands in the URL, without the "?"; false when there is no "?".
func (u *URL) Query() (string, bool) { return u.query, u.hasQuery }

// Params are the parameters of the query.
func (u *URL) Params() QueryParams { return ParseQuery(u.query) }

// Fragment is the fragment, decoded, without the "#".
func (u *URL) Fragment() string { return unescape(u.fragment) }

// IsAbsolute tells whether the URL has a scheme and a host.
func (u *URL) IsAbsolute() bool { return u.scheme != "" && u.host != "" }

// String is the whole URL, the password included.
func (u *URL) String() string { return u.text }

// Masked is the URL for messages and logs: a password is shown as [secure].
func (u *URL) Masked() string {
	name, _, found := strings.Cut(u.userinfo, ":")
	if !found {
		return u.text
	}
	return u.assemble(name + ":[secure]")
}

// Origin is "scheme://host:port", normalised and with the port always written when it is known: two URLs have the same
// origin when these are equal. It is "" for a URL that is not absolute.
func (u *URL) Origin() string {
	if !u.IsAbsolute() {
		return ""
	}
	var b strings.Builder
	b.Grow(len(u.scheme) + len(u.host) + 12)
	b.WriteString(u.scheme)
	b.WriteString("://")
	if address, err := netip.ParseAddr(u.host); err == nil && address.Is6() {
		b.WriteByte('[')
		b.WriteString(address.String())
		b.WriteByte(']')
	} else {
		b.WriteString(u.host)
	}
	port := u.port
	if port == -1 {
		port = defaultPorts[u.scheme]
	}
	if port != 0 || u.port == 0 {
		b.WriteByte(':')
		b.WriteString(strconv.Itoa(port))
	}
	return b.String()
}

// Equal compares the normalised texts. "http://x.org" and "http://x.org/" differ, as in HTTPX.
func (u *URL) Equal(other *URL) bool { return u.text == other.text }
