package source

import (
	"errors"
	"fmt"
	"strings"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/token"
	"github.com/dop251/goja/unistring"
)

// A Cell is a compiled cell.
type Cell struct {
	Name     string
	Program  *goja.Program // run it with RunProgram, between Begin and End
	Declared []Name        // top-level names in order of appearance
	Awaits   bool          // has an await outside of functions
	Lowered  bool          // esbuild rewrote the text: Function.prototype.toString shows its version
	names    *Names
	tag      string // tells this cell's initialisations from another's
}

// Compile compiles src as the cell called name, which error positions show. The
// error is an *Error. Nothing is declared until Begin.
func Compile(name, src string, names *Names) (cell *Cell, err error) {
	fail := func(e *Error) (*Cell, error) {
		e.Cell = name
		return nil, e
	}
	t, err := parse(name, src, false)
	if err != nil {
		return fail(err.(*Error))
	}
	cell, err = build(name, names, t)
	if errors.Is(err, errLower) {
		if t, err = parse(name, src, true); err == nil {
			cell, err = build(name, names, t)
		}
	}
	if e, ok := err.(*Error); ok {
		return fail(e)
	}
	return cell, err
}

// errLower says that goja's parser took text that goja cannot run, or took
// TypeScript for something else.
var errLower = errors.New("needs lowering")

const compilerBug = "the compiler failed on this cell"

func build(name string, names *Names, t *tree) (cell *Cell, err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case lowerFirst:
			cell, err = nil, errLower
		case refusal:
			e := &Error{Message: r.message, Hint: r.hint}
			p := t.program.File.Position(int(r.at) - 1)
			e.Line, e.Column = p.Line, p.Column
			cell, err = nil, e
		default: // a bug in goja's compiler or here must not end the session
			cell, err = nil, &Error{Message: fmt.Sprintf("%s: %v", compilerBug, r), Line: 1, Column: 1}
		}
	}()
	c := &Cell{Name: name, Lowered: t.lowered, names: names, tag: names.nextTag()}
	w := &rewriter{places: &t.places, cell: c, edit: t.edit, src: t.src}
	w.cellBody(t)
	c.Program, err = goja.CompileAST(t.program, false)
	if err != nil {
		return nil, compileError(t.src, err)
	}
	return c, nil
}

// cellBody turns the arrow's body into that of a cell: session variables become
// global properties, functions are hoisted, the completion value is returned.
func (w *rewriter) cellBody(t *tree) {
	list := t.body.List
	w.declarations(t)
	leave := w.enter(function{}, func(add func(unistring.String)) {
		varNames(t.vars, add)
		varNames(t.arrow.DeclarationList, add)
	})
	defer leave()
	w.move(&t.arrow.Start)
	w.parameters(t.arrow.ParameterList)
	w.move(&t.body.LeftBrace)
	w.move(&t.body.RightBrace)
	call := t.program.Body[0].(*ast.ExpressionStatement).Expression.(*ast.CallExpression)
	w.move(&call.LeftParenthesis)
	w.move(&call.RightParenthesis)
	at := t.arrow.Start

	n := directives(list)
	w.strict = usesStrict(list[:n])
	w.statements(t.helpers)
	var hoisted, rest []ast.Statement
	for _, s := range list {
		if f, ok := unlabelled(s).(*ast.FunctionDeclaration); ok {
			w.stmt(f)
			id := f.Function.Name
			f.Function.Name = nil // the name is the binding's, and it is inferred
			hoisted = append(hoisted, statement(assignment(id, f.Function)))
			continue
		}
		rest = append(rest, w.top(s)...)
	}
	body := append([]ast.Statement{}, list[:n]...)
	body = append(body, &ast.VariableStatement{Var: at, List: []*ast.Binding{
		{Target: hidden(localValue, at), Initializer: hidden(hiddenEmpty, at)},
		{Target: hidden(localCheck, at), Initializer: hidden(hiddenCheck, at)}}})
	body = append(append(append(body, t.helpers...), hoisted...), rest...)
	end := t.body.RightBrace
	body = append(body, &ast.ReturnStatement{Return: end, Argument: &ast.ObjectLiteral{LeftBrace: end, RightBrace: end, Value: []ast.Property{
		&ast.PropertyKeyed{Key: literal("__proto__", end), Kind: ast.PropertyKindValue, Value: &ast.NullLiteral{Idx: end, Literal: "null"}},
		&ast.PropertyKeyed{Key: literal(resultKey, end), Kind: ast.PropertyKindValue, Value: hidden(localValue, end)},
	}}})
	t.body.List = body
	locals := []*ast.Binding{{Target: hidden(localValue, at)}, {Target: hidden(localCheck, at)}}
	for _, name := range w.temps {
		locals = append(locals, &ast.Binding{Target: hidden(name, at)})
	}
	t.arrow.DeclarationList = append(append(t.arrow.DeclarationList, t.vars...), &ast.VariableDeclaration{List: locals})
}

// top walks a statement of the cell's own level.
func (w *rewriter) top(s ast.Statement) []ast.Statement {
	switch s := s.(type) {
	case *ast.LexicalDeclaration:
		return w.lexical(s)
	case *ast.ClassDeclaration:
		w.class(s.Class)
		id := s.Class.Name
		return []ast.Statement{statement(assignment(w.initialise(id, w.kinds[id.Name]), s.Class))}
	case *ast.ExpressionStatement:
		if id, ok := s.Expression.(*ast.Identifier); ok && w.edit.mark != "" {
			for i, clause := range w.edit.imports {
				if string(id.Name) == w.edit.static(i) {
					w.identifier(id)
					return w.importDeclaration(clause, id)
				}
			}
		}
		quiet := w.generated(s)
		w.stmt(s)
		if quiet {
			return []ast.Statement{s}
		}
		return w.complete(s)
	}
	return w.complete(w.stmt(s))
}

// initialise is the target whose assignment ends the dead zone of id.
func (w *rewriter) initialise(id *ast.Identifier, kind Kind) ast.Expression {
	target := hiddenLet
	if kind.Constant() {
		target = hiddenConst
	}
	tagged := unistring.NewFromString(w.cell.tag + ":" + id.Name.String())
	return &ast.DotExpression{Left: hidden(target, id.Idx), Identifier: ast.Identifier{Name: tagged, Idx: id.Idx}}
}

func (w *rewriter) lexical(s *ast.LexicalDeclaration) []ast.Statement {
	w.move(&s.Idx)
	var out []ast.Statement
	for _, b := range s.List {
		if id, ok := b.Target.(*ast.Identifier); ok {
			kind := w.kinds[id.Name]
			w.identifier(id)
			value := w.expr(b.Initializer)
			switch {
			case value == nil && kind.Constant():
				w.refuse(id.Idx, "", "Missing initializer in const declaration")
			case value == nil:
				value = undefined(id.Idx)
			default:
				value = named(value, id.Name)
			}
			if kind == Using {
				async := &ast.BooleanLiteral{Idx: id.Idx, Literal: "", Value: w.edit.using[id.Name.String()]}
				value = hiddenCall(hiddenUsing, id.Idx, value, async, &ast.StringLiteral{Idx: id.Idx, Value: id.Name})
			}
			out = append(out, statement(assignment(w.initialise(id, kind), value)))
			continue
		}
		kind := Let
		if s.Token == token.CONST {
			kind = Const
		}
		target := w.pattern(b.Target, func(e ast.Expression) ast.Expression {
			id := e.(*ast.Identifier)
			w.identifier(id)
			return w.initialise(id, kind)
		})
		out = append(out, statement(assignment(target, w.expr(b.Initializer))))
	}
	return out
}

// importDeclaration builds: {a: ‹const›.b, …} = ‹exports›(await ‹import›(…), "a", …).
func (w *rewriter) importDeclaration(c importClause, id *ast.Identifier) []ast.Statement {
	at := id.Idx
	w.cell.Awaits = true
	var namespace ast.Expression = &ast.AwaitExpression{Await: at,
		Argument: hiddenCall(hiddenImport, at, literal(w.cell.Name, at), literal(c.specifier, at))}
	names := []ast.Expression{namespace}
	pattern := &ast.ObjectPattern{LeftBrace: at, RightBrace: at}
	for _, n := range c.names {
		names = append(names, literal(n.imported, at))
		local := &ast.Identifier{Name: unistring.NewFromString(n.local), Idx: at}
		pattern.Properties = append(pattern.Properties, &ast.PropertyKeyed{
			Key: literal(n.imported, at), Kind: ast.PropertyKindValue, Value: w.initialise(local, Const)})
	}
	value := hiddenCall(hiddenExports, at, names...)
	if c.namespace != "" {
		all := &ast.Identifier{Name: unistring.NewFromString(c.namespace), Idx: at}
		value = assignment(w.initialise(all, Const), value)
	}
	return []ast.Statement{statement(assignment(pattern, value))}
}

// generated reports whether esbuild made an expression statement out of a
// declaration (an enum, a decorated class), which has no value.
func (w *rewriter) generated(s *ast.ExpressionStatement) bool {
	if w.places.lowered == nil {
		return false
	}
	if w.cameFrom(s.Idx0(), "enum") {
		return true
	}
	e := s.Expression
	if sequence, ok := e.(*ast.SequenceExpression); ok {
		e = sequence.Sequence[0]
	}
	if a, ok := e.(*ast.AssignExpression); ok {
		if id, ok := a.Left.(*ast.Identifier); ok && w.scope.binds(id.Name) {
			return true
		}
		e = a.Right
	}
	call, ok := e.(*ast.CallExpression)
	if !ok {
		return false
	}
	id, ok := call.Callee.(*ast.Identifier)
	return ok && w.scope.binds(id.Name)
}

// cameFrom reports whether the user's text has word where the node at idx came
// from.
func (w *rewriter) cameFrom(idx file.Idx, word string) bool {
	offset := w.places.lowered.original(int(idx)-1) - w.places.before
	if offset < 0 || offset > len(w.src) {
		return false
	}
	s := scanner{src: w.src, pos: offset}
	first := s.next()
	return first.start == offset && s.text(first) == word
}

// resultKey names the one property of the object that a program's promise
// resolves to. The object has no prototype, so that a value with a then method
// is not awaited a second time.
const resultKey = "value"

// Begin declares the cell's names: var and function names come into being,
// lexical names enter their dead zone. Call it right before RunProgram, on the
// goroutine of vm. The error says which name cannot be declared.
func (c *Cell) Begin(vm *goja.Runtime) error {
	return realmOf(vm).begin(c)
}

// End forgets the lexical names that were never initialised: they stay
// unreadable, and may be declared again with any kind. Call it when the cell's
// promise has settled, or when the cell is abandoned; what an abandoned cell
// still initialises later is ignored. It may be called more than once.
func (c *Cell) End(vm *goja.Runtime) { realmOf(vm).end(c) }

// Result takes the completion value out of what a cell's promise resolved to.
// ok is false when the cell has no completion value, as with declarations.
func Result(resolved goja.Value) (value goja.Value, ok bool) {
	object, isObject := resolved.(*goja.Object)
	if !isObject {
		return goja.Undefined(), false
	}
	value = object.Get(resultKey)
	if value == nil || value.SameAs(empty) {
		return goja.Undefined(), false
	}
	return value, true
}

var empty = goja.NewSymbol("empty")

// Hidden reports whether name is one of the globals that Install defines for
// compiled cells and that nobody should see.
func Hidden(name string) bool { return strings.HasPrefix(name, hiddenMark) }
