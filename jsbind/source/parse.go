package source

import (
	"strings"
	"unicode/utf8"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/parser"
)

const (
	prefix       = "(async()=>{"
	suffix       = "\n})()"
	objectPrefix = prefix + "("
	objectSuffix = "\n)" + suffix
)

// A tree is a parsed cell before it is rewritten.
type tree struct {
	program *ast.Program
	arrow   *ast.ArrowFunctionLiteral
	body    *ast.BlockStatement
	helpers []ast.Statement            // esbuild's, to become local to the arrow
	vars    []*ast.VariableDeclaration // of the helpers
	lowered bool
	src     string
	edit    *edit
	places  places
}

// parse finds the reading of src that is valid: goja's, then esbuild's; and
// before both, for text that starts with a brace, as an object literal.
// onlyLowered leaves out goja's own.
func parse(name, src string, onlyLowered bool) (*tree, error) {
	if !utf8.ValidString(src) {
		src = strings.ToValidUTF8(src, "\uFFFD")
	}
	if err := Guard(src); err != nil {
		return nil, err
	}
	e, err := prepare(src)
	if err != nil {
		return nil, err
	}
	object := looksLikeObject(e.code)
	if !onlyLowered {
		if object {
			if t := parseWrapped(name, e.code, objectPrefix, objectSuffix); t != nil {
				return t.finish(name, src, e, len(objectPrefix)), nil
			}
		}
		if t := parseWrapped(name, e.code, prefix, suffix); t != nil {
			return t.finish(name, src, e, len(prefix)), nil
		}
	}
	if object {
		if t, _ := parseLowered(name, e.code, objectPrefix, objectSuffix); t != nil {
			return t.finish(name, src, e, len(objectPrefix)), nil
		}
	}
	t, complaints := parseLowered(name, e.code, prefix, suffix)
	if t != nil {
		return t.finish(name, src, e, len(prefix)), nil
	}
	return nil, explain(src, e.code, complaints, object)
}

// looksLikeObject: it starts with "{", does not end with ";", and closes no
// bracket that it did not open.
func looksLikeObject(src string) bool {
	s := scanner{src: src}
	first := s.next()
	if first.kind != tokPunct || s.text(first) != "{" {
		return false
	}
	for last := first; ; {
		open := s.depth()
		t := s.next()
		if t.kind == tokEOF {
			return s.text(last) != ";"
		}
		if open == 0 && t.kind == tokPunct && strings.Contains(")]}", s.text(t)) {
			return false
		}
		last = t
	}
}

// parseWrapped gives the text to goja's parser alone; nil means rejected.
func parseWrapped(name, code, before, after string) (t *tree) {
	defer func() {
		if recover() != nil {
			t = nil
		}
	}()
	text := before + code + after
	program, err := parser.ParseFile(nil, name, text, 0, parser.WithDisableSourceMaps)
	if err != nil {
		return nil
	}
	t = unwrap(program)
	if t == nil || len(program.Body) != 1 || int(t.body.RightBrace) != len(text)-len("})()")+1 {
		return nil // the text closed the wrapper and opened another
	}
	if before == objectPrefix {
		if len(t.body.List) != 1 {
			return nil
		}
		if _, ok := t.body.List[0].(*ast.ExpressionStatement); !ok {
			return nil
		}
	}
	return t
}

// parseLowered gives the text to esbuild, and the result to goja's parser.
func parseLowered(name, code, before, after string) (t *tree, complaints []complaint) {
	defer func() {
		if recover() != nil {
			t = nil
		}
	}()
	l, complaints := lower(before + code + after)
	if l == nil {
		for i := range complaints {
			complaints[i].offset -= len(before)
		}
		return nil, complaints
	}
	program, err := parser.ParseFile(nil, name, l.code, 0, parser.WithDisableSourceMaps)
	if err != nil {
		if list, ok := err.(parser.ErrorList); ok && len(list) > 0 {
			offset := newLines(l.code).offset(list[0].Position.Line-1, 0) + list[0].Position.Column - 1
			complaints = append(complaints, complaint{text: list[0].Message, offset: l.original(offset) - len(before)})
		}
		return nil, complaints
	}
	if t = unwrap(program); t == nil || !t.split(len(before), len(code), l, before == objectPrefix) {
		return nil, complaints
	}
	t.lowered = true
	t.places.lowered = l
	return t, nil
}

// unwrap finds the async arrow that holds the cell: the last statement.
func unwrap(program *ast.Program) *tree {
	if len(program.Body) == 0 {
		return nil
	}
	statement, ok := program.Body[len(program.Body)-1].(*ast.ExpressionStatement)
	if !ok {
		return nil
	}
	call, ok := statement.Expression.(*ast.CallExpression)
	if !ok || len(call.ArgumentList) > 0 {
		return nil
	}
	arrow, ok := call.Callee.(*ast.ArrowFunctionLiteral)
	if !ok || !arrow.Async {
		return nil
	}
	body, ok := arrow.Body.(*ast.BlockStatement)
	if !ok {
		return nil
	}
	return &tree{program: program, arrow: arrow, body: body}
}

// split takes esbuild's helpers out of the program. All statements before the
// arrow must be declarations that stem from no place in the text.
func (t *tree) split(before, length int, l *lowered, object bool) bool {
	t.helpers = t.program.Body[:len(t.program.Body)-1]
	for _, h := range t.helpers {
		if _, ok := h.(*ast.VariableStatement); !ok {
			return false
		}
	}
	if object && len(t.body.List) != 1 {
		return false
	}
	t.vars = t.program.DeclarationList
	t.program.Body = t.program.Body[len(t.helpers):]
	t.program.DeclarationList = nil
	return true
}

func (t *tree) finish(name, src string, e *edit, before int) *tree {
	t.src, t.edit = src, e
	t.places.before = before
	t.places.length = len(src)
	shadow := src
	for i := 0; i < len(src); i++ {
		if src[i] >= utf8.RuneSelf {
			shadow, t.places.units = utf16Shadow(src)
			break
		}
	}
	t.program.File = file.NewFile(name, shadow, 1)
	return t
}

// places moves positions from the text that was parsed to the user's own.
type places struct {
	before, length int
	lowered        *lowered
	units          []int32 // byte offset → offset in the shadow; nil for ASCII
}

// at returns where the node at idx stands in the file that goja sees.
func (p *places) at(idx file.Idx) file.Idx {
	offset := int(idx) - 1
	if p.lowered != nil {
		offset = p.lowered.original(max(offset, 0))
	}
	offset = min(max(offset-p.before, 0), p.length)
	if p.units != nil {
		offset = int(p.units[offset])
	}
	return file.Idx(offset + 1)
}

// utf16Shadow returns text with the line structure of src in which one byte
// stands for one UTF-16 code unit: goja counts columns in bytes.
func utf16Shadow(src string) (string, []int32) {
	shadow := make([]byte, 0, len(src))
	units := make([]int32, len(src)+1)
	for i, r := range src {
		at := int32(len(shadow))
		n := utf8.RuneLen(r)
		for k := i; k < i+n; k++ {
			units[k] = at
		}
		switch {
		case r == '\u2028' || r == '\u2029':
			shadow = append(shadow, '\n')
		case r < utf8.RuneSelf:
			shadow = append(shadow, byte(r))
		case r < 0x10000:
			shadow = append(shadow, 'x')
		default:
			shadow = append(shadow, 'x', 'x')
		}
	}
	units[len(src)] = int32(len(shadow))
	return string(shadow), units
}
