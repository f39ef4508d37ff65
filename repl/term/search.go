package term

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"httpx-repl/jsbind/inspect"
)

// A search is Ctrl-R: the newest entry that holds the query is the text, and
// the query stands below it.
type search struct {
	query  string
	at     int // the entry shown, len(entries) for none yet
	failed bool
	before edit // the text that Ctrl-G brings back
}

func (s *search) status() inspect.Line {
	label := "search: "
	if s.failed {
		label = "no match: "
	}
	return inspect.Line{{Text: label, Style: inspect.Dim}, {Text: s.query}, {Text: "   (Ctrl-R older, Ctrl-S newer, Enter runs, Ctrl-G leaves)", Style: inspect.Dim}}
}

func (e *Editor) startSearch() rune {
	e.search = &search{at: len(e.entries), before: edit{e.text, e.pos}}
	return e.stay()
}

// searchKey handles a key while searching; false leaves it to the others, which
// then work on the entry that was found.
func (e *Editor) searchKey(r rune) (rune, bool) {
	s := e.search
	switch {
	case r == keySearch:
		return e.find(s.at-1, -1), true
	case r == keySearchForward:
		return e.find(s.at+1, 1), true
	case r == keyBackspace:
		_, n := utf8.DecodeLastRuneInString(s.query)
		s.query = s.query[:len(s.query)-n]
		s.at = len(e.entries)
		if s.query == "" {
			s.failed = false
			return e.stage(s.before.text, s.before.pos), true
		}
		return e.find(len(e.entries)-1, -1), true
	case r == keyPaste:
		line, _, _ := strings.Cut(e.keys.takePaste(), "\n")
		s.query += line
		return e.find(min(s.at, len(e.entries)-1), -1), true
	case r < keyEnter || r >= keyLast:
		s.query += string(r)
		return e.find(min(s.at, len(e.entries)-1), -1), true
	case r == keyAbort || r == keyInterrupt:
		e.search = nil
		return e.stage(s.before.text, s.before.pos), true
	case r == keyEscape:
		e.search = nil
		return e.stay(), true
	}
	e.search = nil
	return 0, false
}

// find shows the first entry from i in direction by that holds the query. Upper
// case in the query makes case matter.
func (e *Editor) find(i, by int) rune {
	s := e.search
	if s.query == "" {
		return e.stay()
	}
	exact := strings.IndexFunc(s.query, unicode.IsUpper) >= 0
	for ; i >= 0 && i < len(e.entries); i += by {
		entry := e.entries[i]
		if !exact {
			entry = strings.ToLower(entry)
		}
		if at := strings.Index(entry, s.query); at >= 0 {
			s.at, s.failed = i, false
			text := []rune(e.entries[i])
			return e.stage(text, min(utf8.RuneCountInString(entry[:at]), len(text)))
		}
	}
	s.failed = true
	return e.stay()
}
