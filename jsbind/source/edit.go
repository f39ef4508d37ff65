package source

import (
	"fmt"
	"strconv"
	"strings"
)

// An edit is a cell's text with the words that goja cannot parse replaced in
// place: every other byte keeps its offset.
type edit struct {
	code    string
	using   map[string]bool // names of top-level using declarations; true for await using
	imports []importClause
	mark    string // prefix of the stand-in identifiers, chosen not to occur in the text
}

// dynamic is the identifier that stands for the import of import(…).
func (e *edit) dynamic() string { return e.mark + "imp" }

// static is the identifier statement that stands for the i-th import declaration.
func (e *edit) static(i int) string { return e.mark + "_" + strconv.FormatInt(int64(i), 36) }

// An importClause is one `import … from "specifier"`.
type importClause struct {
	at        int // byte offset
	specifier string
	namespace string // import * as namespace
	names     []importName
}

type importName struct{ imported, local string }

// prepare makes the edits. It also refuses what no cell may contain and a
// parser would report badly.
func prepare(src string) (*edit, error) {
	e := &edit{code: src}
	if strings.HasPrefix(src, "#!") {
		e.code = "//" + src[2:]
	}
	if !strings.Contains(src, "import") && !strings.Contains(src, "using") && !strings.Contains(src, "export") {
		return e, nil
	}
	e.using = map[string]bool{}
	for i := 0; ; i++ {
		if i == 36*36 {
			return nil, &Error{Message: "this uses too many identifiers of the form $xx", Line: 1, Column: 1}
		}
		if e.mark = fmt.Sprintf("$%02s", strconv.FormatInt(int64(i), 36)); !strings.Contains(src, e.mark) {
			break
		}
	}
	p := editor{edit: e, out: []byte(e.code), scanner: scanner{src: src}}
	if err := p.run(); err != nil {
		return nil, err
	}
	e.code = string(p.out)
	return e, nil
}

type editor struct {
	*edit
	scanner
	out   []byte
	ahead []lexeme
}

// The word table of scanner.next does not look ahead; the editor does, by a queue.
func (p *editor) peek(n int) lexeme {
	for len(p.ahead) <= n {
		p.ahead = append(p.ahead, p.scanner.next())
	}
	return p.ahead[n]
}

func (p *editor) take() lexeme {
	t := p.peek(0)
	p.ahead = p.ahead[1:]
	return t
}

func (p *editor) fail(t lexeme, message, hint string) error {
	err := &Error{Message: message, Hint: hint}
	err.place(p.src, t.start, t.end-t.start)
	return err
}

func (p *editor) run() error {
	var last lexeme
	depth := 0
	for {
		t := p.take()
		if t.kind == tokEOF {
			return nil
		}
		word := ""
		if t.kind == tokWord && !(last.kind == tokPunct && (p.text(last) == "." || p.text(last) == "?.")) {
			word = p.text(t)
		}
		switch {
		case word == "import" && p.is(0, "("):
			copy(p.out[t.start:], p.dynamic())
		case word == "import" && p.is(0, "."):
			return p.fail(t, "Cannot use 'import.meta' outside a module", "")
		case word == "import" && depth == 0 && !p.is(0, ":") && !p.is(0, "="):
			if err := p.declaration(t); err != nil {
				return err
			}
			last = lexeme{kind: tokPunct}
			continue
		case word == "export" && depth == 0 && !p.is(0, ":") && p.peek(0).kind != tokEOF:
			return p.fail(t, "Unexpected token 'export'", "leave out export: later cells see every top-level name")
		case word == "using" && depth == 0 && p.names(0):
			p.constant(t, t, false)
		case word == "await" && depth == 0 && p.peek(0).kind == tokWord && p.text(p.peek(0)) == "using" && p.names(1):
			p.constant(t, p.take(), true)
		}
		switch {
		case t.kind == tokTemplateOpen && p.src[t.start] == '`':
			depth++
		case t.kind == tokTemplate && p.src[t.start] == '}':
			depth--
		case t.kind == tokPunct:
			switch p.src[t.start] {
			case '(', '[', '{':
				depth++
			case ')', ']', '}':
				depth--
			}
		}
		last = t
	}
}

func (p *editor) is(n int, text string) bool {
	t := p.peek(n)
	return t.kind == tokPunct && p.text(t) == text
}

// names reports whether a binding name follows on the same line, as after using.
func (p *editor) names(n int) bool {
	t := p.peek(n)
	if t.kind != tokWord || t.newline {
		return false
	}
	switch p.text(t) {
	case "in", "instanceof", "of", "as", "satisfies":
		return false
	}
	return true
}

// constant writes const over [await] using and remembers the declared names.
func (p *editor) constant(from, to lexeme, async bool) {
	for i := from.start; i < to.end; i++ {
		if p.out[i] != '\n' && p.out[i] != '\r' {
			p.out[i] = ' '
		}
	}
	copy(p.out[to.start:], "const")
	depth, expect := 0, true
	for n := 0; ; n++ {
		t := p.peek(n)
		if t.kind == tokEOF || depth == 0 && t.kind == tokPunct && p.text(t) == ";" {
			return
		}
		if expect && t.kind == tokWord {
			p.using[p.text(t)] = async
		} else if depth == 0 && t.newline && t.kind == tokWord {
			return
		}
		expect = false
		if t.kind == tokPunct {
			switch p.text(t) {
			case "(", "[", "{":
				depth++
			case ")", "]", "}":
				depth--
			case ",":
				expect = depth == 0
			}
		} else if t.kind == tokTemplateOpen && p.src[t.start] == '`' {
			depth++
		} else if t.kind == tokTemplate && p.src[t.start] == '}' {
			depth--
		}
	}
}

// declaration reads the rest of a static import and puts a stand-in there.
func (p *editor) declaration(start lexeme) error {
	c := importClause{at: start.start}
	wrong := func(t lexeme) error {
		err := p.fail(t, "Cannot read this import declaration", `write import name, {other as local} from "specifier"`).(*Error)
		if t.kind == tokEOF {
			err.Message, err.Hint, err.Incomplete = "Unexpected end of input", "", true
		}
		return err
	}
	typeOnly := p.peek(0).kind == tokWord && p.text(p.peek(0)) == "type" && !p.is(1, ",") && !(p.peek(1).kind == tokWord && p.text(p.peek(1)) == "from")
	if typeOnly {
		p.take()
	}
	if p.peek(0).kind != tokString {
		if p.peek(0).kind == tokWord {
			c.names = append(c.names, importName{"default", p.text(p.take())})
			if p.is(0, ",") {
				p.take()
			}
		}
		switch {
		case p.is(0, "*"):
			p.take()
			if as := p.take(); p.text(as) != "as" || p.peek(0).kind != tokWord {
				return wrong(as)
			}
			c.namespace = p.text(p.take())
		case p.is(0, "{"):
			if t, ok := p.clause(&c); !ok {
				return wrong(t)
			}
		}
		if from := p.take(); from.kind != tokWord || p.text(from) != "from" {
			return wrong(from)
		}
	}
	t := p.take()
	specifier, ok := stringValue(p.text(t))
	if t.kind != tokString || t.broken || !ok {
		return wrong(t)
	}
	c.specifier = specifier
	end := t.end
	if next := p.peek(0); next.kind == tokWord && !next.newline && (p.text(next) == "with" || p.text(next) == "assert") && p.is(1, "{") {
		for p.take(); !p.is(0, "}"); p.take() {
			if p.peek(0).kind == tokEOF {
				return wrong(p.peek(0))
			}
		}
		end = p.take().end
	}
	if next := p.peek(0); next.kind != tokEOF && !next.newline && !p.is(0, ";") {
		return wrong(next)
	}
	stand := p.static(len(p.imports)) + ";"
	if typeOnly {
		stand = ""
	} else {
		p.imports = append(p.imports, c)
	}
	if len(stand) > end-start.start {
		return p.fail(start, "too many imports in one cell", "split it into smaller cells")
	}
	for i := start.start; i < end; i++ {
		if p.out[i] != '\n' && p.out[i] != '\r' {
			p.out[i] = ' '
		}
	}
	copy(p.out[start.start:], stand)
	return nil
}

// clause reads {a, b as c, "d" as e, type F}.
func (p *editor) clause(c *importClause) (at lexeme, ok bool) {
	p.take()
	for !p.is(0, "}") {
		typeOnly := p.peek(0).kind == tokWord && p.text(p.peek(0)) == "type" && p.peek(1).kind == tokWord && p.text(p.peek(1)) != "as"
		if typeOnly {
			p.take()
		}
		t := p.take()
		name := importName{imported: p.text(t)}
		if t.kind == tokString {
			if name.imported, ok = stringValue(p.text(t)); !ok {
				return t, false
			}
		} else if t.kind != tokWord {
			return t, false
		}
		name.local = p.text(t)
		if as := p.peek(0); as.kind == tokWord && p.text(as) == "as" {
			p.take()
			local := p.take()
			if local.kind != tokWord {
				return local, false
			}
			name.local = p.text(local)
		} else if t.kind == tokString {
			return as, false
		}
		if !typeOnly {
			c.names = append(c.names, name)
		}
		if !p.is(0, ",") {
			break
		}
		p.take()
	}
	t := p.take()
	return t, t.kind == tokPunct && p.text(t) == "}"
}

// stringValue reads a JavaScript string literal that has only simple escapes.
func stringValue(literal string) (string, bool) {
	if len(literal) < 2 {
		return "", false
	}
	body := literal[1 : len(literal)-1]
	if !strings.Contains(body, "\\") {
		return body, true
	}
	if literal[0] == '\'' {
		body = strings.ReplaceAll(strings.ReplaceAll(body, `\'`, `'`), `"`, `\"`)
	}
	value, err := strconv.Unquote(`"` + body + `"`)
	return value, err == nil
}
