package transcripts

import (
	"fmt"
	"regexp"
	"strings"
)

// A ParseError is a document that cannot be used, with the line, counted from 1, and what to do.
type ParseError struct {
	Line int
	Text string
}

func (e *ParseError) Error() string {
	if e.Line == 0 {
		return e.Text
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.Text)
}

// fence is one fenced block that is ours: a key of its info string begins with hx.
type fence struct {
	line  int    // of the opening fence, from 1
	lang  string // first word
	key   string // "hx", "hx-out", "hx-req", "hx-res", "hx-trail", "hx-err", "hx-order"
	id    string // the key's value
	attrs []attr // the other words
	text  []string
}

type attr struct {
	key, value string
	set        bool // has a value
}

// piece is a part of a document: prose, or a fence.
type piece struct {
	line  int
	prose []string
	fence *fence
}

var ownKeys = map[string]bool{"hx": true, "hx-out": true, "hx-req": true, "hx-res": true, "hx-trail": true, "hx-err": true, "hx-order": true}

// splitDocument cuts lines into prose and our fences. All other Markdown, fences of others with whatever is in them
// included, is prose. First is the number of the first line.
func splitDocument(lines []string, first int) ([]piece, error) {
	var pieces []piece
	var prose []string
	proseAt := first
	flush := func() {
		if len(prose) > 0 {
			pieces = append(pieces, piece{line: proseAt, prose: prose})
			prose = nil
		}
	}
	for i := 0; i < len(lines); {
		mark, info := openingFence(lines[i])
		if mark == "" {
			if len(prose) == 0 {
				proseAt = first + i
			}
			prose = append(prose, lines[i])
			i++
			continue
		}
		end := i + 1
		for end < len(lines) && !closesFence(lines[end], mark) {
			end++
		}
		own := ownFence(lines[i], info)
		if own == nil {
			if len(prose) == 0 {
				proseAt = first + i
			}
			end = min(end, len(lines)-1)
			prose = append(prose, lines[i:end+1]...)
			i = end + 1
			continue
		}
		if end == len(lines) {
			return nil, &ParseError{first + i, fmt.Sprintf("the fence %s=%s has no end: close it with %s on a line of its own", own.key, own.id, mark)}
		}
		flush()
		own.line, own.text = first+i, lines[i+1:end]
		pieces = append(pieces, piece{line: own.line, fence: own})
		i = end + 1
	}
	flush()
	return pieces, nil
}

// openingFence returns the marks and info string of a line that opens a fenced block (CommonMark, section 4.5).
func openingFence(line string) (mark, info string) {
	rest := strings.TrimLeft(line, " ")
	if len(line)-len(rest) > 3 || rest == "" || rest[0] != '`' && rest[0] != '~' {
		return "", ""
	}
	info = strings.TrimLeft(rest, rest[:1])
	mark = rest[:len(rest)-len(info)]
	if len(mark) < 3 || mark[0] == '`' && strings.ContainsRune(info, '`') {
		return "", ""
	}
	return mark, strings.TrimSpace(info)
}

func closesFence(line, mark string) bool {
	rest := strings.TrimLeft(line, " ")
	if len(line)-len(rest) > 3 || !strings.HasPrefix(rest, mark) {
		return false
	}
	return strings.TrimRight(strings.TrimLeft(rest, mark[:1]), " \t") == ""
}

// ownFence reads the info string of a fence that is ours; nil when it is not.
func ownFence(line, info string) *fence {
	if strings.HasPrefix(line, " ") {
		return nil
	}
	f := &fence{}
	for i, word := range strings.Fields(info) {
		key, value, set := strings.Cut(word, "=")
		switch {
		case i == 0 && !set:
			f.lang = word
		case ownKeys[key] && set && f.key == "":
			f.key, f.id = key, value
		default:
			f.attrs = append(f.attrs, attr{key, value, set})
		}
	}
	if f.key == "" {
		return nil
	}
	return f
}

// take returns the attributes by key; one that is not in known is an error.
func (f *fence) take(known string) (map[string]string, error) {
	values := map[string]string{}
	for _, a := range f.attrs {
		if !strings.Contains(" "+known+" ", " "+a.key+" ") {
			return nil, f.errorf("%s=%s has an attribute %q that is not known; known are: %s", f.key, f.id, a.key, known)
		}
		if _, twice := values[a.key]; twice {
			return nil, f.errorf("%s=%s has the attribute %q twice", f.key, f.id, a.key)
		}
		values[a.key] = a.value
	}
	return values, nil
}

func (f *fence) errorf(format string, args ...any) error {
	return &ParseError{f.line, fmt.Sprintf(format, args...)}
}

var detailsStart = regexp.MustCompile(`^<details><summary>[0-9]+ exchange\(s\), [0-9]+ ms</summary>$`)

// withoutDetails removes the lines that fold a cell's exchanges away; open tells, before and after, whether the text
// is inside such a fold.
func withoutDetails(lines []string, open bool) (rest []string, _ bool) {
	for _, line := range lines {
		trimmed := strings.TrimSpace(line)
		switch {
		case !open && detailsStart.MatchString(trimmed):
			open = true
		case open && trimmed == "</details>":
			open = false
		default:
			rest = append(rest, line)
		}
	}
	return rest, open
}
