package jsbind

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The URL standard's basic URL parser (https://url.spec.whatwg.org/#concept-basic-url-parser): a machine of states that
// reads the input once, one code point at a time. Each state is a method; its steps are in the standard's order.

// maxURL bounds a URL, in characters; the standard has no bound.
const maxURL = 1 << 24

const endOfInput rune = -1

type urlState int

const (
	schemeStart urlState = iota + 1
	schemeRest
	noScheme
	specialRelativeOrAuthority
	pathOrAuthority
	relative
	relativeSlash
	specialAuthoritySlashes
	specialAuthorityIgnoreSlashes
	authority
	hostState
	hostnameState
	portState
	fileState
	fileSlash
	fileHost
	pathStart
	pathState
	opaquePath
	queryState
	fragmentState
)

type urlParser struct {
	input    []rune
	at       int // of the current code point
	state    urlState
	override urlState // a setter's state, 0 for a whole URL
	base     *urlRecord
	url      *urlRecord
	buffer   []byte
	path     []byte // url.path while it grows
	username []byte
	password []byte
	atSign   bool // an @ was seen
	token    bool // the password has begun
	brackets bool // inside an IPv6 address
}

// errStop ends a setter's parse without a failure.
var errStop = errors.New("stop")

// Why a text is no URL, in words that go after it.
var (
	errNotAbsolute  = errors.New("it has no scheme such as https:, and there is no base URL that it could be relative to")
	errNoHost       = errors.New("it has no host")
	errPort         = errors.New("its port is not a number from 0 to 65535")
	errURLTooLong   = errors.New("it is longer than " + strconv.Itoa(maxURL) + " characters")
	errSetterScheme = errors.New("the scheme is not valid")
	errSetterHost   = errors.New("the host is not valid here")
)

// parseURL parses a URL, relative to base where there is one. An error says what is wrong with the text, as in "it has no
// host".
func parseURL(text string, base *urlRecord) (*urlRecord, error) {
	p := urlParser{url: &urlRecord{port: noPort}, base: base, state: schemeStart}
	return p.url, p.run(strings.TrimFunc(text, func(c rune) bool { return c <= ' ' }))
}

// set parses one component into a URL that is there, as the setters do. What is not valid changes nothing, or as much as
// was read before.
func (u *urlRecord) set(text string, state urlState) {
	p := urlParser{url: u, state: state, override: state}
	_ = p.run(text) // setters do not tell of failures
}

func (p *urlParser) run(text string) error {
	if len(text) > maxURL && utf8.RuneCountInString(text) > maxURL {
		return errURLTooLong
	}
	if strings.ContainsAny(text, "\t\n\r") {
		text = strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(text)
	}
	p.input = []rune(text)
	p.path = []byte(p.url.path)
	defer func() { p.url.path = string(p.path) }()
	for {
		if err := p.step(p.peek(0)); err == errStop {
			return nil
		} else if err != nil {
			return err
		}
		if p.at >= len(p.input) {
			return nil
		}
		p.at++
	}
}

func (p *urlParser) step(c rune) error {
	switch p.state {
	case schemeStart:
		return p.schemeStart(c)
	case schemeRest:
		return p.scheme(c)
	case noScheme:
		return p.noScheme(c)
	case specialRelativeOrAuthority:
		p.specialRelativeOrAuthority(c)
	case pathOrAuthority:
		p.pathOrAuthority(c)
	case relative:
		p.relative(c)
	case relativeSlash:
		p.relativeSlash(c)
	case specialAuthoritySlashes:
		p.specialAuthoritySlashes(c)
	case specialAuthorityIgnoreSlashes:
		if c != '/' && c != '\\' {
			p.again(authority)
		}
	case authority:
		return p.authority(c)
	case hostState, hostnameState:
		return p.host(c)
	case portState:
		return p.port(c)
	case fileState:
		p.file(c)
	case fileSlash:
		p.fileSlash(c)
	case fileHost:
		return p.fileHost(c)
	case pathStart:
		p.pathStart(c)
	case pathState:
		p.pathSegment(c)
	case opaquePath:
		p.opaquePath(c)
	case queryState:
		p.query(c)
	case fragmentState:
		p.fragment(c)
	}
	return nil
}

// peek is the code point n after the current one.
func (p *urlParser) peek(n int) rune {
	if p.at+n >= len(p.input) {
		return endOfInput
	}
	return p.input[p.at+n]
}

// again goes to a state with the same code point.
func (p *urlParser) again(state urlState) {
	p.state = state
	p.at--
}

func (p *urlParser) keep(c rune) { p.buffer = utf8.AppendRune(p.buffer, c) }

func (p *urlParser) take() string {
	text := string(p.buffer)
	p.buffer = p.buffer[:0]
	return text
}

// slash tells of a code point that separates the segments of this URL's path.
func (p *urlParser) slash(c rune) bool { return c == '/' || c == '\\' && p.url.special() }

// ends tells of a code point that ends an authority.
func (p *urlParser) ends(c rune) bool {
	return c == endOfInput || c == '?' || c == '#' || p.slash(c)
}

func (p *urlParser) schemeStart(c rune) error {
	switch {
	case isAlpha(c):
		p.keep(c | 0x20)
		p.state = schemeRest
	case p.override == 0:
		p.again(noScheme)
	default:
		return errSetterScheme
	}
	return nil
}

func (p *urlParser) scheme(c rune) error {
	u := p.url
	switch {
	case isAlpha(c):
		p.keep(c | 0x20)
		return nil
	case isDigit(c) || c == '+' || c == '-' || c == '.':
		p.keep(c)
		return nil
	case c != ':' && p.override == 0:
		p.buffer = p.buffer[:0]
		p.state, p.at = noScheme, -1
		return nil
	case c != ':':
		return errSetterScheme
	}
	scheme := p.take()
	if p.override != 0 {
		if u.special() != isSpecial(scheme) || scheme == "file" && (u.hasCredentials() || u.port != noPort) || u.scheme == "file" && *u.host == "" {
			return errStop
		}
		u.scheme = scheme
		if u.port == defaultPort(scheme) {
			u.port = noPort
		}
		return errStop
	}
	u.scheme = scheme
	switch {
	case scheme == "file":
		p.state = fileState
	case u.special() && p.base != nil && p.base.scheme == scheme:
		p.state = specialRelativeOrAuthority
	case u.special():
		p.state = specialAuthoritySlashes
	case p.peek(1) == '/':
		p.state = pathOrAuthority
		p.at++
	default:
		u.opaque = true
		p.state = opaquePath
	}
	return nil
}

func (p *urlParser) noScheme(c rune) error {
	base := p.base
	switch {
	case base == nil:
		return errNotAbsolute
	case base.opaque && c != '#':
		return errors.New("it has no scheme, and nothing but a fragment can be relative to a " + base.scheme + ": URL")
	case base.opaque:
		p.url.scheme, p.url.opaque, p.url.query = base.scheme, true, base.query
		p.path = append(p.path, base.path...)
		p.state = fragmentState
	case base.scheme != "file":
		p.again(relative)
	default:
		p.again(fileState)
	}
	return nil
}

func (p *urlParser) specialRelativeOrAuthority(c rune) {
	if c == '/' && p.peek(1) == '/' {
		p.state = specialAuthorityIgnoreSlashes
		p.at++
	} else {
		p.again(relative)
	}
}

func (p *urlParser) pathOrAuthority(c rune) {
	if c == '/' {
		p.state = authority
	} else {
		p.again(pathState)
	}
}

// inherit takes the base's authority.
func (p *urlParser) inherit() {
	u, base := p.url, p.base
	u.username, u.password, u.host, u.port = base.username, base.password, base.host, base.port
}

func (p *urlParser) relative(c rune) {
	u, base := p.url, p.base
	u.scheme = base.scheme
	if p.slash(c) {
		p.state = relativeSlash
		return
	}
	p.inherit()
	p.path = append(p.path[:0], base.path...)
	u.query = base.query
	p.relativeRest(c, func() { p.shorten() })
}

// relativeRest goes on after a relative reference took the base's path: with a query, a fragment, or a path instead of the
// base's last segment.
func (p *urlParser) relativeRest(c rune, shorten func()) {
	switch c {
	case '?':
		p.url.query = nil
		p.state = queryState
	case '#':
		p.state = fragmentState
	case endOfInput:
	default:
		p.url.query = nil
		shorten()
		p.again(pathState)
	}
}

func (p *urlParser) relativeSlash(c rune) {
	switch {
	case p.url.special() && (c == '/' || c == '\\'):
		p.state = specialAuthorityIgnoreSlashes
	case c == '/':
		p.state = authority
	default:
		p.inherit()
		p.again(pathState)
	}
}

func (p *urlParser) specialAuthoritySlashes(c rune) {
	p.state = specialAuthorityIgnoreSlashes
	if c == '/' && p.peek(1) == '/' {
		p.at++
	} else {
		p.at--
	}
}

func (p *urlParser) authority(c rune) error {
	switch {
	case c == '@':
		p.credentials()
	case p.ends(c):
		if p.atSign && len(p.buffer) == 0 {
			return errNoHost
		}
		p.url.username, p.url.password = string(p.username), string(p.password)
		p.at -= utf8.RuneCount(p.buffer) + 1
		p.buffer = p.buffer[:0]
		p.state = hostState
	default:
		p.keep(c)
	}
	return nil
}

// credentials takes what stood before an @; an earlier @ belonged to it.
func (p *urlParser) credentials() {
	text := p.take()
	if p.atSign {
		text = "%40" + text
	}
	p.atSign = true
	if !p.token {
		name, rest, found := strings.Cut(text, ":")
		p.username = escapeUserinfo.append(p.username, name)
		text, p.token = rest, found
	}
	p.password = escapeUserinfo.append(p.password, text)
}

func (p *urlParser) host(c rune) error {
	u := p.url
	switch {
	case p.override != 0 && u.scheme == "file":
		p.again(fileHost)
	case c == ':' && !p.brackets:
		if len(p.buffer) == 0 {
			return errNoHost
		}
		if p.override == hostnameState {
			return errSetterHost
		}
		if err := p.setHost(); err != nil {
			return err
		}
		p.state = portState
	case p.ends(c):
		p.at--
		if u.special() && len(p.buffer) == 0 {
			return errNoHost
		}
		if p.override != 0 && len(p.buffer) == 0 && (u.hasCredentials() || u.port != noPort) {
			return errSetterHost
		}
		if err := p.setHost(); err != nil {
			return err
		}
		p.state = pathStart
		if p.override != 0 {
			return errStop
		}
	default:
		if c == '[' || c == ']' {
			p.brackets = c == '['
		}
		p.keep(c)
	}
	return nil
}

func (p *urlParser) setHost() error {
	host, err := parseHost(p.take(), !p.url.special())
	if err == nil {
		p.url.host = &host
	}
	return err
}

func (p *urlParser) port(c rune) error {
	switch {
	case isDigit(c):
		p.keep(c)
		return nil
	case !p.ends(c) && p.override == 0:
		return errPort
	}
	if len(p.buffer) > 0 {
		port, err := strconv.ParseUint(p.take(), 10, 64)
		if err != nil || port > math.MaxUint16 {
			return errPort
		}
		p.url.port = int(port)
		if p.url.port == defaultPort(p.url.scheme) {
			p.url.port = noPort
		}
		if p.override != 0 {
			return errStop
		}
	}
	if p.override != 0 {
		return errPort
	}
	p.again(pathStart)
	return nil
}
