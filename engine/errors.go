package engine

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The tree is HTTPX 0.28's, with ResponseTooLarge added and the three language errors that HTTPX takes from Python:
//
//	Exception
//	├─ HTTPError
//	│  ├─ RequestError
//	│  │  ├─ TransportError
//	│  │  │  ├─ TimeoutException
//	│  │  │  │  ├─ ConnectTimeout
//	│  │  │  │  ├─ ReadTimeout
//	│  │  │  │  ├─ WriteTimeout
//	│  │  │  │  └─ PoolTimeout
//	│  │  │  ├─ NetworkError
//	│  │  │  │  ├─ ConnectError
//	│  │  │  │  ├─ ReadError
//	│  │  │  │  ├─ WriteError
//	│  │  │  │  └─ CloseError
//	│  │  │  ├─ ProtocolError
//	│  │  │  │  ├─ LocalProtocolError
//	│  │  │  │  └─ RemoteProtocolError
//	│  │  │  ├─ ProxyError
//	│  │  │  └─ UnsupportedProtocol
//	│  │  ├─ DecodingError
//	│  │  ├─ TooManyRedirects
//	│  │  └─ ResponseTooLarge
//	│  └─ HTTPStatusError
//	├─ InvalidURL
//	├─ CookieConflict
//	├─ RuntimeError            JavaScript's Error
//	│  └─ StreamError
//	│     ├─ StreamConsumed
//	│     ├─ StreamClosed
//	│     ├─ ResponseNotRead
//	│     └─ RequestNotRead
//	├─ ValueError              JavaScript's RangeError
//	└─ TypeError

// Class is a kind of error. It is an error itself, so that errors.Is(err, ConnectTimeout) and errors.Is(err, TransportError)
// ask whether err is of that class or of one below it.
type Class uint8

// The classes, parents first. Exception is the root and the zero value.
const (
	Exception Class = iota
	HTTPError
	RequestError
	TransportError
	TimeoutException
	ConnectTimeout
	ReadTimeout
	WriteTimeout
	PoolTimeout
	NetworkError
	ConnectError
	ReadError
	WriteError
	CloseError
	ProtocolError
	LocalProtocolError
	RemoteProtocolError
	ProxyError
	UnsupportedProtocol
	DecodingError
	TooManyRedirects
	ResponseTooLarge
	HTTPStatusError
	InvalidURL
	CookieConflict
	RuntimeError
	StreamError
	StreamConsumed
	StreamClosed
	ResponseNotRead
	RequestNotRead
	ValueError
	TypeError
	classCount
)

var classes = [classCount]struct {
	name   string
	parent Class
}{
	Exception:           {"Exception", Exception},
	HTTPError:           {"HTTPError", Exception},
	RequestError:        {"RequestError", HTTPError},
	TransportError:      {"TransportError", RequestError},
	TimeoutException:    {"TimeoutException", TransportError},
	ConnectTimeout:      {"ConnectTimeout", TimeoutException},
	ReadTimeout:         {"ReadTimeout", TimeoutException},
	WriteTimeout:        {"WriteTimeout", TimeoutException},
	PoolTimeout:         {"PoolTimeout", TimeoutException},
	NetworkError:        {"NetworkError", TransportError},
	ConnectError:        {"ConnectError", NetworkError},
	ReadError:           {"ReadError", NetworkError},
	WriteError:          {"WriteError", NetworkError},
	CloseError:          {"CloseError", NetworkError},
	ProtocolError:       {"ProtocolError", TransportError},
	LocalProtocolError:  {"LocalProtocolError", ProtocolError},
	RemoteProtocolError: {"RemoteProtocolError", ProtocolError},
	ProxyError:          {"ProxyError", TransportError},
	UnsupportedProtocol: {"UnsupportedProtocol", TransportError},
	DecodingError:       {"DecodingError", RequestError},
	TooManyRedirects:    {"TooManyRedirects", RequestError},
	ResponseTooLarge:    {"ResponseTooLarge", RequestError},
	HTTPStatusError:     {"HTTPStatusError", HTTPError},
	InvalidURL:          {"InvalidURL", Exception},
	CookieConflict:      {"CookieConflict", Exception},
	RuntimeError:        {"RuntimeError", Exception},
	StreamError:         {"StreamError", RuntimeError},
	StreamConsumed:      {"StreamConsumed", StreamError},
	StreamClosed:        {"StreamClosed", StreamError},
	ResponseNotRead:     {"ResponseNotRead", StreamError},
	RequestNotRead:      {"RequestNotRead", StreamError},
	ValueError:          {"ValueError", Exception},
	TypeError:           {"TypeError", Exception},
}

// fixedMessages are the texts of HTTPX's exceptions that take no message.
var fixedMessages = map[Class]string{
	StreamConsumed: "Attempted to read or stream some content, but the content has already been streamed. " +
		"For requests, this could be due to passing a generator as request content, and then receiving a redirect " +
		"response or a secondary request as part of an authentication flow." +
		"For responses, this could be due to attempting to stream the response content more than once.",
	StreamClosed:    "Attempted to read or stream content, but the stream has been closed.",
	ResponseNotRead: "Attempted to access streaming response content, without having called `read()`.",
	RequestNotRead:  "Attempted to access streaming request content, without having called `read()`.",
}

// Name is HTTPX's name of the class, such as "ConnectTimeout".
func (c Class) Name() string {
	if c >= classCount {
		return fmt.Sprintf("Class(%d)", uint8(c))
	}
	return classes[c].name
}

// Error makes a class usable as the target of errors.Is; it gives the name.
func (c Class) Error() string { return c.Name() }

// Parent is the class above c in the tree, Exception for those at the top and for Exception itself.
func (c Class) Parent() Class {
	if c >= classCount {
		return Exception
	}
	return classes[c].parent
}

// within tells whether c is ancestor or lies below it.
func (c Class) within(ancestor Class) bool {
	for c != ancestor {
		if c == Exception || c >= classCount {
			return false
		}
		c = classes[c].parent
	}
	return true
}

// Classes lists every class below Exception, parents before their children.
func Classes() []Class {
	list := make([]Class, 0, classCount-1)
	for c := HTTPError; c < classCount; c++ {
		list = append(list, c)
	}
	return list
}

// Error is every error of this package: an HTTPX exception.
type Error struct {
	Class   Class
	Message string // one sentence, without secrets; HTTPX's text where it gives one
	Phase   string // what was going on, such as "connect" or "read"; may be empty
	Hint    string // what to do about it; may be empty

	Request  *Request  // the request that was being made, when known
	Response *Response // set for HTTPStatusError

	Cause error // the error below, when there is one
}

// NewError makes an Error about req, which may be nil. With an empty format the message is HTTPX's fixed text of the class
// (StreamConsumed, StreamClosed, ResponseNotRead, RequestNotRead). A %w in the format sets Cause.
func NewError(class Class, req *Request, format string, args ...any) *Error {
	if format == "" {
		return &Error{Class: class, Request: req, Message: fixedMessages[class]}
	}
	text := fmt.Errorf(format, args...)
	return &Error{Class: class, Request: req, Message: text.Error(), Cause: errors.Unwrap(text)}
}

// Error gives the message alone; the class is for the caller to name.
func (e *Error) Error() string { return e.Message }

// Unwrap gives the error below.
func (e *Error) Unwrap() error { return e.Cause }

// Is reports whether target is e's class or one of its ancestors.
func (e *Error) Is(target error) bool {
	class, ok := target.(Class)
	return ok && e.Class.within(class)
}

// quoted writes s as Python's repr does, which is how HTTPX's messages show values: in single quotes, unless s holds a single
// quote and no double one; control characters, and bytes that are not UTF-8, as escapes.
func quoted(s string) string {
	quote := byte('\'')
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = '"'
	}
	var b strings.Builder
	b.Grow(len(s) + 2)
	b.WriteByte(quote)
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == rune(quote) || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < 0x20 || r >= 0x7f && r < 0xa0:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r == '\u2028' || r == '\u2029' || r == '\ufeff' || r >= '\u200b' && r <= '\u200f' || r >= '\u202a' && r <= '\u202e' ||
			r >= '\u2060' && r <= '\u206f':
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
		i += size
	}
	b.WriteByte(quote)
	return b.String()
}
