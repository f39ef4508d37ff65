package source

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokEOF tokenKind = iota
	tokWord
	tokNumber
	tokString
	tokRegex
	tokTemplate // `…` or the tail }…`
	tokTemplateOpen
	tokPunct
)

// A lexeme is one token of the cell, as byte offsets into its text.
type lexeme struct {
	kind       tokenKind
	start, end int
	newline    bool // a line break stands before it
	broken     bool // a string, template, regex or comment that does not end
	control    bool // a ")" that closes the head of if, while, for or with
}

// A level is one open bracket. Its kind is '(', '[', '{' or '$' for "${".
type level struct {
	kind    byte
	control bool // "(" of if, while, for, with
	object  bool // "{" where an expression is expected
}

// A scanner splits text into JavaScript tokens without understanding them. It
// tells a regular expression from a division by the token before, which is
// wrong for a few odd texts; it is used for bounds and for finding words, never
// for deciding whether a text is valid.
type scanner struct {
	src    string
	pos    int
	levels []level
	prev   lexeme
}

func (s *scanner) text(t lexeme) string { return s.src[t.start:t.end] }

// depth is the number of open brackets.
func (s *scanner) depth() int { return len(s.levels) }

func (s *scanner) next() lexeme {
	t := lexeme{newline: s.pos == 0}
	if s.skipSpace(&t) {
		t.kind, t.start, t.end, t.broken = tokEOF, len(s.src), len(s.src), true
		return t
	}
	t.start = s.pos
	if s.pos >= len(s.src) {
		t.end = s.pos
		return t
	}
	c := s.src[s.pos]
	switch {
	case c == '"' || c == '\'':
		t.kind = tokString
		t.broken = !s.skipString(c)
	case c == '`':
		s.pos++
		s.template(&t)
	case c == '}' && len(s.levels) > 0 && s.levels[len(s.levels)-1].kind == '$':
		s.levels = s.levels[:len(s.levels)-1]
		s.pos++
		s.template(&t)
	case isDigit(c) || c == '.' && s.pos+1 < len(s.src) && isDigit(s.src[s.pos+1]):
		t.kind = tokNumber
		s.skipNumber()
	case c == '/' && s.regexAllowed():
		t.kind = tokRegex
		t.broken = !s.skipRegex()
	case c == '#' || c == '\\' || isWordByte(c):
		t.kind = tokWord
		s.pos++
		s.skipWord()
	default:
		t.kind = tokPunct
		s.punct(&t)
	}
	t.end = s.pos
	s.prev = t
	return t
}

// skipSpace passes white space and comments; it reports an open comment.
func (s *scanner) skipSpace(t *lexeme) (open bool) {
	for s.pos < len(s.src) {
		c := s.src[s.pos]
		switch {
		case c == '\n' || c == '\r':
			t.newline = true
			s.pos++
		case c == ' ' || c == '\t' || c == '\v' || c == '\f':
			s.pos++
		case c == '/' && strings.HasPrefix(s.src[s.pos:], "//"):
			s.pos = lineEnd(s.src, s.pos)
		case c == '#' && s.pos == 0 && strings.HasPrefix(s.src, "#!"):
			s.pos = lineEnd(s.src, s.pos)
		case c == '/' && strings.HasPrefix(s.src[s.pos:], "/*"):
			n := strings.Index(s.src[s.pos+2:], "*/")
			if n < 0 {
				return true
			}
			comment := s.src[s.pos : s.pos+n+4]
			if strings.ContainsAny(comment, "\n\r\u2028\u2029") {
				t.newline = true
			}
			s.pos += len(comment)
		case c >= utf8.RuneSelf:
			r, n := utf8.DecodeRuneInString(s.src[s.pos:])
			if r == '\u2028' || r == '\u2029' {
				t.newline = true
			} else if r != '\ufeff' && !unicode.Is(unicode.Zs, r) {
				return false
			}
			s.pos += n
		default:
			return false
		}
	}
	return false
}

func lineEnd(src string, from int) int {
	n := strings.IndexAny(src[from:], "\n\r\u2028\u2029")
	if n < 0 {
		return len(src)
	}
	return from + n
}

func (s *scanner) skipString(quote byte) bool {
	for s.pos++; s.pos < len(s.src); s.pos++ {
		switch s.src[s.pos] {
		case quote:
			s.pos++
			return true
		case '\\':
			s.pos++
			if s.pos < len(s.src) && s.src[s.pos] == '\r' && strings.HasPrefix(s.src[s.pos:], "\r\n") {
				s.pos++
			}
		case '\n', '\r':
			return false
		}
	}
	s.pos = len(s.src)
	return false
}

func (s *scanner) template(t *lexeme) {
	t.kind = tokTemplate
	for ; s.pos < len(s.src); s.pos++ {
		switch s.src[s.pos] {
		case '`':
			s.pos++
			return
		case '\\':
			s.pos++
		case '$':
			if s.pos+1 < len(s.src) && s.src[s.pos+1] == '{' {
				s.pos += 2
				s.levels = append(s.levels, level{kind: '$'})
				t.kind = tokTemplateOpen
				return
			}
		}
	}
	s.pos = len(s.src)
	t.broken = true
}

func (s *scanner) skipRegex() bool {
	class := false
	for s.pos++; s.pos < len(s.src); s.pos++ {
		switch c := s.src[s.pos]; {
		case c == '\\' && s.pos+1 < len(s.src) && s.src[s.pos+1] != '\n' && s.src[s.pos+1] != '\r':
			s.pos++
		case c == '[':
			class = true
		case c == ']':
			class = false
		case c == '/' && !class:
			s.pos++
			s.skipWord()
			return true
		case c == '\n' || c == '\r':
			return false
		}
	}
	s.pos = len(s.src)
	return false
}

func (s *scanner) skipNumber() {
	start := s.pos
	hex := strings.HasPrefix(s.src[s.pos:], "0x") || strings.HasPrefix(s.src[s.pos:], "0X")
	for s.pos < len(s.src) {
		c := s.src[s.pos]
		sign := (c == '+' || c == '-') && !hex && s.pos > start && s.src[s.pos-1]|0x20 == 'e'
		if !isWordByte(c) && !isDigit(c) && c != '.' && !sign || c >= utf8.RuneSelf {
			return
		}
		s.pos++
	}
}

func (s *scanner) skipWord() {
	for s.pos < len(s.src) {
		c := s.src[s.pos]
		switch {
		case isWordByte(c) && c < utf8.RuneSelf, isDigit(c):
			s.pos++
		case c == '\\':
			s.pos++
			if strings.HasPrefix(s.src[s.pos:], "u{") {
				if n := strings.IndexByte(s.src[s.pos:], '}'); n > 0 && n < 10 {
					s.pos += n + 1
				}
			}
		case c >= utf8.RuneSelf:
			r, n := utf8.DecodeRuneInString(s.src[s.pos:])
			if unicode.IsSpace(r) || r == '\ufeff' || r == '\u2028' || r == '\u2029' {
				return
			}
			s.pos += n
		default:
			return
		}
	}
}

// Longest first: the scanner takes the first that matches.
var puncts = []string{
	">>>=", "...", "===", "!==", "**=", "<<=", ">>=", ">>>", "&&=", "||=", "??=",
	"=>", "==", "!=", "<=", ">=", "&&", "||", "??", "?.", "++", "--", "+=", "-=", "*=", "/=", "%=",
	"&=", "|=", "^=", "<<", ">>", "**",
}

func (s *scanner) punct(t *lexeme) {
	switch c := s.src[s.pos]; c {
	case '(', '[', '{':
		l := level{kind: c}
		switch {
		case c == '(' && s.prev.kind == tokWord:
			switch s.text(s.prev) {
			case "if", "while", "for", "with", "await":
				l.control = true
			}
		case c == '{':
			l.object = s.operandExpected()
		}
		s.levels = append(s.levels, l)
		s.pos++
		return
	case ')', ']', '}':
		if n := len(s.levels); n > 0 {
			t.control = c == ')' && s.levels[n-1].control
			s.levels = s.levels[:n-1]
		}
		s.pos++
		return
	case ';', ',', ':', '~':
		s.pos++
		return
	}
	rest := s.src[s.pos:]
	for _, p := range puncts {
		if strings.HasPrefix(rest, p) {
			if p == "?." && len(rest) > 2 && isDigit(rest[2]) {
				break
			}
			s.pos += len(p)
			return
		}
	}
	_, n := utf8.DecodeRuneInString(rest)
	s.pos += n
}

// operandExpected tells "{" of an object from "{" of a block.
func (s *scanner) operandExpected() bool {
	switch s.prev.kind {
	case tokPunct:
		switch s.text(s.prev) {
		case ")", "]", "}", "{", ";", "=>", ":":
			return false
		}
		return true
	case tokTemplateOpen:
		return true
	case tokWord:
		switch s.text(s.prev) {
		case "return", "typeof", "in", "of", "instanceof", "new", "delete", "void", "throw", "case", "await", "yield", "extends", "default":
			return true
		}
	}
	return false
}

func (s *scanner) regexAllowed() bool {
	switch s.prev.kind {
	case tokNumber, tokString, tokRegex, tokTemplate:
		return false
	case tokPunct:
		switch s.text(s.prev) {
		case ")":
			return s.prev.control
		case "]", "++", "--":
			return false
		}
		return true
	case tokWord:
		return operatorWord(s.text(s.prev))
	}
	return true
}

// operatorWord reports the words after which an operand must follow.
func operatorWord(w string) bool {
	switch w {
	case "return", "typeof", "instanceof", "in", "of", "new", "delete", "void", "throw", "case", "do", "else", "await", "yield", "extends":
		return true
	}
	return false
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isWordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '$' || c >= utf8.RuneSelf
}
