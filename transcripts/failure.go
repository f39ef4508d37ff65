package transcripts

import (
	"fmt"
	"slices"
	"strings"

	"httpx-repl/engine/event"
)

// A failure's fence has its class and phase, its message, and then a line for each cause, outermost first, and one for the
// hint:
//
//	ConnectError connect
//	Cannot connect to http://127.0.0.1:1/: connection refused.
//	cause: dial tcp 127.0.0.1:1: connect: connection refused
//	hint: is the server running, and is the port right?
const causeMark, hintMark = "cause: ", "hint: "

func (w *renderer) failure(x *Exchange) {
	e := x.Err
	first := e.Class
	if e.Phase != "" {
		first += " " + e.Phase
	}
	lines, escaped := failureLines(e)
	info := "text hx-err=" + x.ID
	if escaped {
		info += " escaped"
	}
	w.fence(info, strings.Join(append([]string{first}, lines...), "\n")+"\n")
}

func failureLines(e *event.Event) (lines []string, escaped bool) {
	if e.Text != "" {
		lines = strings.Split(e.Text, "\n")
	}
	message := len(lines)
	for _, c := range e.Causes {
		lines = append(lines, causeMark+c)
	}
	if e.Hint != "" {
		lines = append(lines, hintMark+e.Hint)
	}
	for i, l := range lines {
		escaped = escaped || needsEscape(l) || strings.Contains(l, "\n") || i < message && isMarked(l)
	}
	if !escaped {
		return lines, false
	}
	for i, l := range lines {
		marked := i < message && isMarked(l)
		lines[i] = escapeLine(l, "\n")
		if marked {
			lines[i] = fmt.Sprintf(`\x%02x`, l[0]) + lines[i][1:]
		}
	}
	return lines, true
}

func isMarked(line string) bool {
	return strings.HasPrefix(line, causeMark) || strings.HasPrefix(line, hintMark)
}

func (p *parser) failure(e *event.Event, x *exchangeFences) error {
	f := x.failed
	if f == nil {
		return fmt.Errorf("err names the exchange %s, which has no hx-err fence", e.Exchange)
	}
	attrs, err := f.take("escaped")
	if err != nil {
		return err
	}
	words := []string{}
	if len(f.text) > 0 {
		words = strings.Fields(f.text[0])
	}
	if len(words) == 0 || len(words) > 2 {
		return f.errorf("the first line of a failure is its class and phase, such as ConnectTimeout connect")
	}
	e.Class = words[0]
	if len(words) == 2 {
		e.Phase = words[1]
	}
	lines := slices.Clone(f.text[1:])
	end := len(lines)
	hinted := end > 0 && strings.HasPrefix(lines[end-1], hintMark)
	if hinted {
		end--
	}
	message := end
	for message > 0 && strings.HasPrefix(lines[message-1], causeMark) {
		message--
	}
	if _, escaped := attrs["escaped"]; escaped {
		for i := range lines {
			if lines[i], err = unescapeLine(lines[i]); err != nil {
				return &ParseError{f.line + 2 + i, err.Error()}
			}
		}
	}
	e.Text = strings.Join(lines[:message], "\n")
	for _, l := range lines[message:end] {
		e.Causes = append(e.Causes, l[len(causeMark):])
	}
	if hinted {
		e.Hint = lines[end][len(hintMark):]
	}
	return nil
}
