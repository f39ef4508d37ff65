package source

import (
	"errors"
	"regexp"
	"strings"

	"github.com/dop251/goja"
)

// explain turns the failure of both parsers into an Error. esbuild's words are
// the better ones; it is asked again without the wrapper, because "unfinished"
// shows only where the text really ends.
func explain(src, code string, wrapped []complaint, object bool) *Error {
	found := diagnose(code)
	if len(found) == 0 {
		found = wrapped
	}
	if len(found) == 0 {
		e := &Error{Message: "Unexpected token '}'", Hint: "a bracket is closed that was not opened"}
		e.place(src, unbalanced(code), 1)
		return e
	}
	e := reword(src, found[0])
	if object && !e.Incomplete {
		if inner := diagnose("(" + code); len(inner) > 0 {
			inner[0].offset--
			if other := reword(src, inner[0]); other.Incomplete || other.after(e) {
				return other
			}
		}
	}
	return e
}

func (e *Error) after(f *Error) bool {
	return e.Line > f.Line || e.Line == f.Line && e.Column > f.Column
}

// unbalanced returns the offset of the first bracket that closes nothing.
func unbalanced(code string) int {
	s := scanner{src: code}
	for {
		open := s.depth()
		t := s.next()
		if t.kind == tokEOF || open == 0 && t.kind == tokPunct && strings.Contains(")]}", s.text(t)) {
			return t.start
		}
	}
}

var (
	expected  = regexp.MustCompile(`^Expected (.+) but found (.+)$`)
	duplicate = regexp.MustCompile(`^The symbol "(.+)" has already been declared$`)
	quoted    = regexp.MustCompile(`^Unexpected "(.+)"$`)
)

// reword gives V8's words to a complaint.
func reword(src string, c complaint) *Error {
	e := &Error{Message: c.text}
	end := strings.TrimRight(src, " \t\r\n")
	switch {
	case strings.Contains(c.text, "end of file"):
		e.Message, e.Incomplete = "Unexpected end of input", c.offset >= len(end)
		if m := expected.FindStringSubmatch(c.text); m != nil {
			e.Hint = "expected " + strings.ReplaceAll(m[1], `"`, "'")
		}
	case c.text == "Unterminated template literal":
		e.Incomplete = true
	case strings.Contains(c.text, `Expected "*/"`):
		e.Message, e.Incomplete = "Unterminated comment", true
	case c.text == "Unterminated string literal":
		if openTemplate(src) {
			e.Message, e.Incomplete = "Unterminated template literal", true
			break
		}
		e.Message, e.Hint = "Invalid or unexpected token", "the string is not closed on its line; use `…` for text of several lines"
		if strings.HasSuffix(end, `\`) {
			e.Incomplete = true
		}
	case c.text == "Unterminated regular expression":
		e.Message = "Invalid regular expression: missing /"
	case strings.HasPrefix(c.text, `"await" can only be used inside`):
		e.Message = "await is only valid in async functions and the top level bodies of modules"
		e.Hint = "make the enclosing function async"
		if arrowBefore(src, c.offset) {
			e.Hint = "make the arrow function async"
		}
	case strings.HasPrefix(c.text, `The keyword "await" cannot be used here`):
		e.Message = "Illegal await-expression in formal parameters of async function"
	case duplicate.MatchString(c.text):
		e.Message = duplicate.ReplaceAllString(c.text, "Identifier '$1' has already been declared")
	case expected.MatchString(c.text):
		m := expected.FindStringSubmatch(c.text)
		e.Message = unexpected(m[2], c, src)
		want := strings.ReplaceAll(m[1], `"`, "'")
		if want == "')'" && inCall(src, c.offset) {
			e.Message = "missing ) after argument list"
		} else if want != "';'" {
			e.Hint = "expected " + want
		}
	case c.text == `Unexpected "."` && strings.HasSuffix(end, "?.") && c.offset >= len(end)-1:
		e.Message, e.Incomplete = "Unexpected end of input", true // esbuild takes "?." at the end for two tokens
	case quoted.MatchString(c.text):
		e.Message = unexpected(strings.TrimPrefix(c.text, "Unexpected "), c, src)
	}
	e.place(src, c.offset, c.length)
	return e
}

// openTemplate reports whether the first thing that does not end is a template.
func openTemplate(src string) bool {
	for s := (scanner{src: src}); ; {
		if t := s.next(); t.broken || t.kind == tokEOF {
			return t.kind == tokTemplate
		}
	}
}

// unexpected words a token that esbuild quotes.
func unexpected(found string, c complaint, src string) string {
	s := scanner{src: src[max(0, min(c.offset, len(src))):]}
	t := s.next()
	token := strings.Trim(found, `"`)
	switch {
	case t.kind == tokString:
		return "Unexpected string"
	case t.kind == tokNumber:
		return "Unexpected number"
	case t.kind == tokTemplate || t.kind == tokTemplateOpen:
		return "Unexpected template string"
	case t.kind == tokWord && !strings.HasPrefix(found, `"`) || t.kind == tokWord && !reserved(token):
		return "Unexpected identifier '" + s.text(t) + "'"
	case found == "identifier" || found == "string" || found == "number":
		return "Unexpected " + found
	}
	return "Unexpected token '" + token + "'"
}

func reserved(w string) bool {
	switch w {
	case "break", "case", "catch", "class", "const", "continue", "debugger", "default", "delete", "do", "else", "enum", "export",
		"extends", "false", "finally", "for", "function", "if", "import", "in", "instanceof", "new", "null", "return", "super",
		"switch", "this", "throw", "true", "try", "typeof", "var", "void", "while", "with":
		return true
	}
	return false
}

// inCall reports whether the innermost open bracket at offset is that of a call.
func inCall(src string, offset int) bool {
	s := scanner{src: src[:max(0, min(offset, len(src)))]}
	var calls []bool
	for {
		before := s.prev
		t := s.next()
		switch {
		case t.kind == tokEOF:
			return len(calls) > 0 && calls[len(calls)-1]
		case s.depth() > len(calls):
			call := s.text(t) == "(" && (before.kind == tokWord && !operatorWord(s.text(before)) && !reserved(s.text(before)) ||
				before.kind == tokPunct && (s.text(before) == ")" && !before.control || s.text(before) == "]"))
			calls = append(calls, call)
		case s.depth() < len(calls):
			calls = calls[:s.depth()]
		}
	}
}

// arrowBefore reports whether the function around offset is an arrow function.
func arrowBefore(src string, offset int) bool {
	s := scanner{src: src[:max(0, min(offset, len(src)))]}
	arrow := false
	for {
		t := s.next()
		switch {
		case t.kind == tokEOF:
			return arrow
		case t.kind == tokPunct && s.text(t) == "=>":
			arrow = true
		case t.kind == tokWord && s.text(t) == "function":
			arrow = false
		}
	}
}

// compileError turns goja's own refusal of a rewritten tree into an Error.
func compileError(src string, err error) *Error {
	e := &Error{Message: err.Error()}
	var syntax *goja.CompilerSyntaxError
	var reference *goja.CompilerReferenceError
	var c *goja.CompilerError
	switch {
	case errors.As(err, &syntax):
		c = &syntax.CompilerError
	case errors.As(err, &reference):
		c = &reference.CompilerError
	default:
		return e
	}
	e.Message = c.Message
	if c.File != nil {
		p := c.File.Position(c.Offset)
		e.Line, e.Column = p.Line, p.Column
	}
	if offset := newLines(src).offset(e.Line-1, e.Column-1); strings.HasPrefix(src[min(offset, len(src)):], "/") {
		reason, _, _ := strings.Cut(strings.TrimPrefix(e.Message, "Invalid regular expression"), " (")
		if e.Message = "Invalid regular expression"; reason != "" {
			e.Message += ": " + strings.TrimLeft(reason, ": ")
		}
	}
	return e
}
