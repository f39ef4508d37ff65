package transcripts

import (
	"bytes"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"httpx-repl/engine/event"
)

const (
	maxDocument = 64 << 20 // bytes
	maxEvents   = 1_000_000
)

// Document is a parsed document.
type Document struct {
	Session *Session
	Notes   []Note // what changed by hand since it was recorded
}

// Note is something a reader should know that is no failure.
type Note struct {
	Line     int // of the document, 0 when it has none
	Exchange string
	Text     string
}

func (n Note) String() string {
	if n.Exchange == "" {
		return n.Text
	}
	return n.Exchange + ": " + n.Text
}

// Parse reads a document. Blobs is the folder name.hx.d beside it, or nil. Errors are *ParseError, and name the line.
func Parse(text []byte, blobs fs.FS) (*Document, error) {
	if len(text) > maxDocument {
		return nil, &ParseError{0, fmt.Sprintf("the document has %d bytes; %d is the limit", len(text), maxDocument)}
	}
	if !utf8.Valid(text) {
		return nil, &ParseError{lineOfInvalid(text), "the document is not UTF-8 here: save it as UTF-8"}
	}
	text = bytes.TrimPrefix(text, []byte("\uFEFF"))
	lines := strings.Split(string(text), "\n")
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\r")
	}
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	end := slices.Index(lines[min(1, len(lines)):], "---")
	if len(lines) == 0 || lines[0] != "---" || end < 0 {
		return nil, &ParseError{1, "a transcript begins with front matter: a line ---, keys such as httpx-transcript: 1, and a line ---"}
	}
	p := parser{doc: &Document{Session: &Session{}}, blobs: blobs, cells: map[string]*Cell{}, orders: map[string]*fence{}, shown: map[string]*exchangeFences{}}
	if err := parseFront(p.doc.Session, lines[1:end+1], 2); err != nil {
		return nil, err
	}
	pieces, err := splitDocument(lines[end+2:], end+3)
	if err != nil {
		return nil, err
	}
	if err := p.pieces(pieces); err != nil {
		return nil, err
	}
	return p.doc, p.assemble()
}

func lineOfInvalid(text []byte) int {
	line := 1
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		if r == utf8.RuneError && n == 1 {
			break
		}
		if r == '\n' {
			line++
		}
		text = text[n:]
	}
	return line
}

type parser struct {
	doc    *Document
	blobs  fs.FS
	cells  map[string]*Cell
	orders map[string]*fence
	shown  map[string]*exchangeFences
	ids    []string // of shown, in order
}

// exchangeFences is what the document shows of one exchange.
type exchangeFences struct {
	req, res, trail, failed *fence
	reqBody, resBody        *bodyCursor
	used                    map[event.Kind]bool
}

// pieces sorts the fences; prose goes to the cell that follows it.
func (p *parser) pieces(pieces []piece) error {
	s := p.doc.Session
	var prose []string
	folded := false
	for _, piece := range pieces {
		if piece.fence == nil {
			var rest []string
			rest, folded = withoutDetails(piece.prose, folded)
			prose = append(prose, rest...)
			continue
		}
		f := piece.fence
		var err error
		switch f.key {
		case "hx":
			err = p.cell(f, trimBlank(strings.Join(prose, "\n")))
			prose = nil
		case "hx-out":
			err = p.output(f)
		case "hx-order":
			if p.cells[f.id] == nil {
				err = f.errorf("hx-order=%s stands before a cell hx=%s", f.id, f.id)
			} else if p.orders[f.id] != nil {
				err = f.errorf("hx-order=%s stands twice; the first is in line %d", f.id, p.orders[f.id].line)
			}
			p.orders[f.id] = f
		default:
			err = p.exchange(f)
		}
		if err != nil {
			return err
		}
	}
	s.Tail = trimBlank(strings.Join(prose, "\n"))
	return nil
}

func (p *parser) cell(f *fence, prose string) error {
	if !validCellName(f.id) {
		return f.errorf("%q is not a cell's name: use a letter, then letters, digits, _ or -, such as c1", f.id)
	}
	if p.cells[f.id] != nil {
		return f.errorf("the cell hx=%s stands twice: give the second another name, such as %sa", f.id, f.id)
	}
	c := &Cell{Name: f.id, Lang: f.lang, Prose: prose, Source: strings.Join(f.text, "\n")}
	if c.Lang == "" {
		c.Lang = "js"
	}
	for _, a := range f.attrs {
		word := a.key
		if a.set {
			word += "=" + a.value
		}
		c.Attrs = append(c.Attrs, word)
	}
	p.cells[f.id] = c
	p.doc.Session.Cells = append(p.doc.Session.Cells, c)
	return nil
}

func (p *parser) output(f *fence) error {
	c := p.cells[f.id]
	if c == nil {
		return f.errorf("hx-out=%s stands before a cell hx=%s", f.id, f.id)
	}
	if c.Output != "" {
		return f.errorf("hx-out=%s stands twice", f.id)
	}
	if _, err := f.take(""); err != nil {
		return err
	}
	for _, line := range f.text {
		c.Output += PlainText(line) + "\n"
	}
	return nil
}

func (p *parser) exchange(f *fence) error {
	if !validExchangeID(f.id) {
		return f.errorf("%q is not an exchange's id: use the cell's name, a dot and a number, such as c1.2", f.id)
	}
	x := p.shown[f.id]
	if x == nil {
		x = &exchangeFences{used: map[event.Kind]bool{}}
		p.shown[f.id] = x
		p.ids = append(p.ids, f.id)
	}
	place := map[string]**fence{"hx-req": &x.req, "hx-res": &x.res, "hx-trail": &x.trail, "hx-err": &x.failed}[f.key]
	if *place != nil {
		return f.errorf("%s=%s stands twice; the first is in line %d", f.key, f.id, (*place).line)
	}
	*place = f
	return nil
}

// assemble builds the orders, and gives each of their events what the fences say.
func (p *parser) assemble() error {
	events := 0
	for _, c := range p.doc.Session.Cells {
		f := p.orders[c.Name]
		if f == nil {
			continue
		}
		if events += len(f.text); events > maxEvents {
			return f.errorf("the document has more than %d events", maxEvents)
		}
		if err := p.order(c, f); err != nil {
			return err
		}
	}
	for _, id := range p.ids {
		x := p.shown[id]
		for _, unused := range []struct {
			f    *fence
			kind event.Kind
		}{{x.req, event.Req}, {x.res, event.Head}, {x.trail, event.Trail}, {x.failed, event.Err}} {
			if unused.f != nil && !x.used[unused.kind] {
				return unused.f.errorf("no order fence has a line \"%s %s\": add it, or remove this fence", unused.kind, id)
			}
		}
		for _, body := range []*bodyCursor{x.reqBody, x.resBody} {
			if err := p.checkRest(id, body); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkRest makes sure that the order delivers the whole body.
func (p *parser) checkRest(id string, body *bodyCursor) error {
	if body == nil || body.at == len(body.data) || body.whole {
		return nil
	}
	if body.last == nil {
		return body.f.errorf("%s has a body, but no order fence has a line that delivers it: add \"%s %s *\" ", id, body.kind, id)
	}
	body.last.Data = append(slices.Clip(body.last.Data), body.data[body.at:]...)
	if body.kind == event.Sent {
		body.last.Size = int64(len(body.last.Data))
	}
	p.note(body.f.line, id, fmt.Sprintf("the body is %d bytes longer than its chunks; the last one takes the rest", len(body.data)-body.at))
	return nil
}

func (p *parser) note(line int, exchange, text string) {
	p.doc.Notes = append(p.doc.Notes, Note{line, exchange, text})
}

// message reads the head of a request or response fence: its first line and its headers.
func (f *fence) message(escaped bool) (first string, headers [][2]string, body string, hasBody bool, err error) {
	if len(f.text) == 0 {
		return "", nil, "", false, f.errorf("the fence is empty")
	}
	blank := slices.Index(f.text, "")
	head := f.text
	if blank >= 0 {
		head, body, hasBody = f.text[:blank], strings.Join(f.text[blank+1:], "\n"), true
	}
	if len(head) == 0 {
		return "", nil, "", false, f.errorf("the fence has no first line")
	}
	headers, err = f.headers(head[1:], f.line+2, escaped)
	return head[0], headers, body, hasBody, err
}

func (f *fence) headers(lines []string, at int, escaped bool) ([][2]string, error) {
	var headers [][2]string
	for i, line := range lines {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, &ParseError{at + i, fmt.Sprintf("%q is not a header: write name: value", line)}
		}
		value = strings.TrimPrefix(value, " ")
		if escaped {
			var err error
			if name, err = unescapeLine(name); err == nil {
				value, err = unescapeLine(value)
			}
			if err != nil {
				return nil, &ParseError{at + i, err.Error()}
			}
		}
		headers = append(headers, [2]string{name, value})
	}
	return headers, nil
}

// words splits the first line of a message into at most n words.
func (f *fence) words(first string, n int, escaped bool) ([]string, error) {
	words := strings.SplitN(first, " ", n)
	for i := range words {
		if !escaped {
			break
		}
		word, err := unescapeLine(words[i])
		if err != nil {
			return nil, &ParseError{f.line + 1, err.Error()}
		}
		words[i] = word
	}
	return words, nil
}

// size reads an attribute that is a number of bytes.
func (f *fence) size(attrs map[string]string, key string) (n int64, set bool, err error) {
	text, set := attrs[key]
	if !set {
		return 0, false, nil
	}
	n, err = strconv.ParseInt(text, 10, 62)
	if err != nil || n < 0 {
		return 0, true, f.errorf("%s=%s is not a number of bytes", key, text)
	}
	return n, true, nil
}
