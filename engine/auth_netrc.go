package engine

import (
	"context"
	"strings"
)

// maxNetRC bounds the text of a netrc file, in bytes, as curl does.
const maxNetRC = 128 << 10

// NetRCAuth authenticates with the entry of a netrc file that names the host of the request, or the file's default entry.
// Without an entry, or one without a password, nothing is sent. The entry is chosen once per send, so that no redirect target
// gets the default entry.
type NetRCAuth struct {
	machines map[string]netrcEntry
	standard *netrcEntry
}

type netrcEntry struct{ login, password string }

// NewNetRCAuth parses the text of a netrc file. A text that is out of form is a ValueError with the line; it never shows what
// stands in the line.
func NewNetRCAuth(text string) (*NetRCAuth, error) {
	if len(text) > maxNetRC {
		return nil, NewError(ValueError, nil, "the netrc text is longer than %d bytes", maxNetRC)
	}
	p := netrcParser{text: text, line: 1}
	auth := &NetRCAuth{machines: map[string]netrcEntry{}}
	var entry *netrcEntry
	var host string
	finish := func() {
		switch {
		case entry == nil:
		case host == "":
			auth.standard = entry
		default:
			if _, known := auth.machines[host]; !known {
				auth.machines[host] = *entry
			}
		}
	}
	for {
		word, ok, err := p.next()
		if err != nil {
			return nil, err
		}
		if !ok {
			finish()
			return auth, nil
		}
		switch word {
		case "machine", "default":
			finish()
			entry, host = &netrcEntry{}, ""
			if word == "machine" {
				if host, err = p.value(word); err != nil {
					return nil, err
				}
				host = strings.ToLower(host)
			}
		case "macdef":
			p.skipMacro()
		case "login", "user", "account", "password":
			line := p.line
			value, err := p.value(word)
			if err != nil {
				return nil, err
			}
			if entry == nil {
				return nil, NewError(ValueError, nil, "netrc line %d: %s stands before the first machine", line, quoted(word))
			}
			switch word {
			case "login", "user":
				entry.login = value
			case "password":
				entry.password = value
			}
		default:
			return nil, NewError(ValueError, nil,
				"netrc line %d: expected machine, default, login, account, password or macdef", p.line)
		}
	}
}

// Flow adds basic authentication when the host has an entry.
func (n *NetRCAuth) Flow(_ context.Context, request *Request, send func(*Request) (*Response, error)) (*Response, error) {
	entry, found := n.machines[request.URL.RawHost()]
	if !found && n.standard != nil {
		entry, found = *n.standard, true
	}
	if found && entry.password != "" {
		request.Headers.Set("Authorization", basicHeader(entry.login, entry.password))
	}
	return send(request)
}

// String keeps the credentials out of what is printed.
func (n *NetRCAuth) String() string { return "NetRCAuth([secure])" }

// netrcParser reads words: separated by blanks, or in double quotes with backslash escapes; a comment goes from a "#" at the
// start of a word, where a keyword is expected, to the end of the line.
type netrcParser struct {
	text string
	line int
}

func (p *netrcParser) next() (word string, ok bool, err error) {
	for {
		p.skipBlanks()
		if !strings.HasPrefix(p.text, "#") {
			break
		}
		end := strings.IndexByte(p.text, '\n')
		if end < 0 {
			end = len(p.text)
		}
		p.text = p.text[end:]
	}
	if p.text == "" {
		return "", false, nil
	}
	word, err = p.word()
	return word, err == nil, err
}

func (p *netrcParser) value(of string) (string, error) {
	p.skipBlanks()
	if p.text == "" {
		return "", NewError(ValueError, nil, "netrc line %d: %s has no value", p.line, quoted(of))
	}
	return p.word()
}

func (p *netrcParser) skipBlanks() {
	for p.text != "" && strings.IndexByte(" \t\r\n", p.text[0]) >= 0 {
		if p.text[0] == '\n' {
			p.line++
		}
		p.text = p.text[1:]
	}
}

func (p *netrcParser) word() (string, error) {
	if p.text[0] != '"' {
		end := strings.IndexAny(p.text, " \t\r\n")
		if end < 0 {
			end = len(p.text)
		}
		word := p.text[:end]
		p.text = p.text[end:]
		return word, nil
	}
	var b strings.Builder
	for i := 1; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == '"':
			p.text = p.text[i+1:]
			return b.String(), nil
		case c == '\n':
			return "", NewError(ValueError, nil, "netrc line %d: a quoted value does not end", p.line)
		case c == '\\' && i+1 < len(p.text):
			i++
			b.WriteByte(p.text[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", NewError(ValueError, nil, "netrc line %d: a quoted value does not end", p.line)
}

// skipMacro leaves out a macro definition, which ends at an empty line.
func (p *netrcParser) skipMacro() {
	for p.text != "" {
		var line string
		line, p.text, _ = strings.Cut(p.text, "\n")
		p.line++
		if strings.TrimSpace(line) == "" {
			return
		}
	}
}
