package transcripts

import (
	"fmt"
	"regexp"
	"sort"
	"strings"

	"github.com/aymanbagabas/go-udiff"
)

// Checker compares what cells print with what was recorded.
type Checker struct {
	file  string
	elide []elision
}

type elision struct {
	name    string
	pattern *regexp.Regexp
}

// NewChecker returns a checker for the document called file. Offline replays are exact and compare as they are; live selects
// the document's elide rules, a map of names to regular expressions: what they match becomes [name] on both sides.
func NewChecker(file string, s *Session, live bool) (*Checker, error) {
	c := &Checker{file: file}
	if !live {
		return c, nil
	}
	rules := map[string]string{}
	if _, err := s.FrontValue("elide", &rules); err != nil {
		return nil, err
	}
	for name, text := range rules {
		pattern, err := regexp.Compile(text)
		if err != nil {
			return nil, fmt.Errorf("front matter, elide: %s: %w", name, err)
		}
		c.elide = append(c.elide, elision{name, pattern})
	}
	sort.Slice(c.elide, func(i, k int) bool { return c.elide[i].name < c.elide[k].name })
	return c, nil
}

// Check compares a cell's recorded output with printed, which need not be plain text. The diff is unified, "" when they
// are equal.
func (c *Checker) Check(cell *Cell, printed string) (diff string) {
	want, got := c.normal(cell.Output), c.normal(printed)
	if want == got {
		return ""
	}
	label := "hx-out=" + cell.Name
	if c.file != "" {
		label = c.file + " " + label
	}
	return udiff.Unified(label+" (recorded)", label+" (now)", want, got)
}

func (c *Checker) normal(text string) string {
	text = PlainText(text)
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	for _, e := range c.elide {
		text = e.pattern.ReplaceAllLiteralString(text, "["+e.name+"]")
	}
	return text
}
