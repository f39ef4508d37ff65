package h1

import "fmt"

// Kind says whose fault an Error is.
type Kind uint8

const (
	Local     Kind = iota + 1 // the request breaks HTTP; what was refused was not written
	Remote                    // the response breaks HTTP
	Closed                    // the peer closed the connection before the head of the response was complete
	Truncated                 // the peer closed the connection before the body was complete
	Read                      // reading failed; Cause is the connection's error
	Write                     // writing failed; Cause is the connection's error
)

// Error is every error of this package. After one of any kind but Local the connection is of no more use.
type Error struct {
	Kind  Kind
	Text  string
	Cause error
}

// Error gives the text and the cause.
func (e *Error) Error() string {
	switch {
	case e.Cause == nil:
		return e.Text
	case e.Text == "":
		return e.Cause.Error()
	}
	return e.Text + ": " + e.Cause.Error()
}

// Unwrap gives the connection's error.
func (e *Error) Unwrap() error { return e.Cause }

func local(format string, args ...any) error {
	return &Error{Kind: Local, Text: fmt.Sprintf(format, args...)}
}

func remote(format string, args ...any) error {
	return &Error{Kind: Remote, Text: fmt.Sprintf(format, args...)}
}

// excerpt quotes what came from outside, shortened.
func excerpt(s string) string {
	const most = 60
	if len(s) > most {
		return fmt.Sprintf("%q…", s[:most])
	}
	return fmt.Sprintf("%q", s)
}
