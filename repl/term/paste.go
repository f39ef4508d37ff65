package term

import (
	"regexp"
	"strings"
)

// paste inserts pasted text as one change. It is never run, whatever it holds.
func (e *Editor) paste(text string) rune {
	text = stripPrompts(text)
	if e.cfg.Paste != nil {
		text = e.cfg.Paste(text)
	}
	return e.insert(text)
}

var (
	firstPrompt = regexp.MustCompile(`^(?:httpx \[\d+\]> |>>> ?|> ?)`)
	contPrompt  = regexp.MustCompile(`^\s*\.\.\.(?: |$)`)
)

// stripPrompts takes the prompts off text that was copied from a session: when
// the first line and every other that is not empty has one. Text that has a line
// without is left as it is.
func stripPrompts(text string) string {
	lines := strings.Split(text, "\n")
	if !firstPrompt.MatchString(lines[0]) {
		return text
	}
	stripped := make([]string, len(lines))
	for i, line := range lines {
		switch {
		case firstPrompt.MatchString(line):
			stripped[i] = line[len(firstPrompt.FindString(line)):]
		case i > 0 && contPrompt.MatchString(line):
			stripped[i] = line[len(contPrompt.FindString(line)):]
		case line == "":
		default:
			return text
		}
	}
	return strings.Join(stripped, "\n")
}
