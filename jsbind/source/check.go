package source

// A Verdict says what to do with the text so far at the prompt.
type Verdict uint8

const (
	Complete   Verdict = iota // compile it
	Incomplete                // ask for another line
	Invalid                   // show the error
)

func (v Verdict) String() string {
	return [...]string{"complete", "incomplete", "invalid"}[v]
}

// Check judges text typed at the prompt without knowing the session's names: a
// clash of declarations shows only in Compile. The error is nil for Complete and
// an *Error otherwise. A line that only continues the last expression, such as
// one that starts with ".name(", is wrong to Check.
func Check(src string) (Verdict, error) {
	_, err := Compile("", src, NewNames())
	if err == nil {
		return Complete, nil
	}
	if e, ok := err.(*Error); ok && e.Incomplete {
		return Incomplete, e
	}
	return Invalid, err
}
