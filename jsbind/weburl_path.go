package jsbind

import (
	"bytes"
	"strings"
)

// The states of the URL parser for file URLs, paths, queries and fragments.

func (p *urlParser) file(c rune) {
	u, base := p.url, p.base
	u.scheme = "file"
	u.host = new(string)
	switch {
	case c == '/' || c == '\\':
		p.state = fileSlash
	case base != nil && base.scheme == "file":
		u.host, u.query = base.host, base.query
		p.path = append(p.path[:0], base.path...)
		p.relativeRest(c, func() {
			if startsWithDrive(p.input[p.at:]) {
				p.path = p.path[:0]
			} else {
				p.shorten()
			}
		})
	default:
		p.again(pathState)
	}
}

func (p *urlParser) fileSlash(c rune) {
	if c == '/' || c == '\\' {
		p.state = fileHost
		return
	}
	if base := p.base; base != nil && base.scheme == "file" {
		p.url.host = base.host
		if first := firstSegment(base.path); isDrive(first, false) && !startsWithDrive(p.input[min(p.at, len(p.input)):]) {
			p.path = append(append(p.path, '/'), first...)
		}
	}
	p.again(pathState)
}

func (p *urlParser) fileHost(c rune) error {
	if c != endOfInput && c != '/' && c != '\\' && c != '?' && c != '#' {
		p.keep(c)
		return nil
	}
	p.at--
	switch {
	case p.override == 0 && isDrive(string(p.buffer), true):
		p.state = pathState // with the drive letter in the buffer
		return nil
	case len(p.buffer) == 0:
		p.url.host = new(string)
	default:
		if err := p.setHost(); err != nil {
			return err
		}
		if *p.url.host == "localhost" {
			p.url.host = new(string)
		}
	}
	if p.override != 0 {
		return errStop
	}
	p.state = pathStart
	return nil
}

func (p *urlParser) pathStart(c rune) {
	switch {
	case p.url.special():
		p.state = pathState
		if c != '/' && c != '\\' {
			p.at--
		}
	case p.override == 0 && c == '?':
		p.state = queryState
	case p.override == 0 && c == '#':
		p.state = fragmentState
	case c != endOfInput:
		p.state = pathState
		if c != '/' {
			p.at--
		}
	case p.override != 0 && p.url.host == nil:
		p.path = append(p.path, '/')
	}
}

func (p *urlParser) pathSegment(c rune) {
	slash := p.slash(c)
	if !slash && c != endOfInput && (p.override != 0 || c != '?' && c != '#') {
		p.buffer = escapePath.append(p.buffer, string(c))
		return
	}
	segment := p.take()
	dots := dotSegment(segment)
	if dots == 2 {
		p.shorten()
	}
	switch {
	case dots > 0 && !slash:
		p.path = append(p.path, '/')
	case dots == 0:
		if p.url.scheme == "file" && len(p.path) == 0 && isDrive(segment, true) {
			segment = segment[:1] + ":"
		}
		p.path = append(append(p.path, '/'), segment...)
	}
	switch c {
	case '?':
		p.state = queryState
	case '#':
		p.state = fragmentState
	}
}

// shorten removes the path's last segment; a file's drive letter stays.
func (p *urlParser) shorten() {
	last := bytes.LastIndexByte(p.path, '/')
	if last < 0 || last == 0 && len(p.path) == len("/C:") && p.url.scheme == "file" && isDrive(string(p.path[1:]), false) {
		return
	}
	p.path = p.path[:last]
}

func (p *urlParser) opaquePath(c rune) {
	switch c {
	case '?':
		p.state = queryState
	case '#':
		p.state = fragmentState
	case ' ':
		if next := p.peek(1); next == '?' || next == '#' {
			p.path = append(p.path, "%20"...)
		} else {
			p.path = append(p.path, ' ')
		}
	case endOfInput:
	default:
		p.path = escapeControl.append(p.path, string(c))
	}
}

func (p *urlParser) query(c rune) {
	if c != endOfInput && (p.override != 0 || c != '#') {
		p.keep(c)
		return
	}
	set := escapeQuery
	if p.url.special() {
		set = escapeSpecialQuery
	}
	query := set.escape(p.take())
	p.url.query = &query
	if c == '#' {
		p.state = fragmentState
	}
}

func (p *urlParser) fragment(c rune) {
	if c != endOfInput {
		p.keep(c)
		return
	}
	fragment := escapeFragment.escape(p.take())
	p.url.fragment = &fragment
}

// dotSegment is 1 for a segment that stands for its own place, 2 for one that stands for the place above, else 0.
func dotSegment(s string) int {
	if len(s) > len("%2e%2e") {
		return 0
	}
	switch strings.ReplaceAll(strings.ToLower(s), "%2e", ".") {
	case ".":
		return 1
	case "..":
		return 2
	}
	return 0
}

// isDrive tells of a Windows drive letter, C: or, unless it has to be normal, C|.
func isDrive(s string, loose bool) bool {
	return len(s) == 2 && isAlpha(rune(s[0])) && (s[1] == ':' || loose && s[1] == '|')
}

func startsWithDrive(text []rune) bool {
	if len(text) < 2 || !isAlpha(text[0]) || text[1] != ':' && text[1] != '|' {
		return false
	}
	return len(text) == 2 || strings.ContainsRune(`/\?#`, text[2])
}

func firstSegment(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return first
}
