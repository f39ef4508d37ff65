package source

import (
	"fmt"
	"strings"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/token"
	"github.com/dop251/goja/unistring"
)

// A rewriter walks the whole tree of a cell once. It moves every node to its
// place in the user's text, adds the interrupt checks, guards assignments, and
// refuses what a cell may not contain. It visits each node exactly once: a
// second visit would move it a second time.
type rewriter struct {
	places     *places
	cell       *Cell
	edit       *edit
	src        string // the user's text
	strict     bool
	scope      *scope
	fn         function
	kinds      map[unistring.String]Kind     // of this cell's declarations
	declaredAt map[unistring.String]file.Idx // of its lexical names
	escapes    map[*ast.FunctionDeclaration]bool
	temps      []unistring.String // hidden locals, besides the completion value
}

// A function says what the code being walked may use.
type function struct {
	nested        bool // inside a function, as opposed to the cell itself
	super, target bool
}

// A refusal is a problem found in the tree; it unwinds by panic.
type refusal struct {
	message, hint string
	at            file.Idx // in the user's text
}

func (w *rewriter) refuse(at file.Idx, hint, format string, args ...any) {
	panic(refusal{fmt.Sprintf(format, args...), hint, at})
}

func (w *rewriter) move(idx *file.Idx) { *idx = w.places.at(*idx) }

func (w *rewriter) identifier(id *ast.Identifier) {
	if id != nil {
		w.move(&id.Idx)
	}
}

func (w *rewriter) exprs(list []ast.Expression) {
	for i, e := range list {
		list[i] = w.expr(e)
	}
}

func (w *rewriter) expr(e ast.Expression) ast.Expression {
	switch e := e.(type) {
	case nil:
		return nil
	case *ast.Identifier:
		w.identifier(e)
	case *ast.PrivateIdentifier:
		w.move(&e.Idx)
	case *ast.ThisExpression:
		w.move(&e.Idx)
	case *ast.NullLiteral:
		w.move(&e.Idx)
	case *ast.BooleanLiteral:
		w.move(&e.Idx)
	case *ast.NumberLiteral:
		w.move(&e.Idx)
	case *ast.StringLiteral:
		w.move(&e.Idx)
	case *ast.RegExpLiteral:
		w.regexp(e)
	case *ast.SuperExpression:
		w.move(&e.Idx)
		if !w.fn.super {
			w.refuse(e.Idx, "", "'super' keyword unexpected here")
		}
	case *ast.MetaProperty:
		w.move(&e.Idx)
		w.identifier(e.Meta)
		w.identifier(e.Property)
		if !w.fn.target {
			w.refuse(e.Meta.Idx, "", "new.target expression is not allowed here")
		}
	case *ast.TemplateLiteral:
		w.move(&e.OpenQuote)
		w.move(&e.CloseQuote)
		e.Tag = w.expr(e.Tag)
		for _, element := range e.Elements {
			w.move(&element.Idx)
		}
		w.exprs(e.Expressions)
	case *ast.ArrayLiteral:
		w.move(&e.LeftBracket)
		w.move(&e.RightBracket)
		w.exprs(e.Value)
	case *ast.ObjectLiteral:
		w.move(&e.LeftBrace)
		w.move(&e.RightBrace)
		for _, p := range e.Value {
			w.property(p)
		}
	case *ast.SpreadElement:
		e.Expression = w.expr(e.Expression)
	case *ast.SequenceExpression:
		w.exprs(e.Sequence)
	case *ast.UnaryExpression:
		return w.unary(e)
	case *ast.BinaryExpression:
		w.typeArguments(e)
		e.Left, e.Right = w.expr(e.Left), w.expr(e.Right)
	case *ast.ConditionalExpression:
		e.Test, e.Consequent, e.Alternate = w.expr(e.Test), w.expr(e.Consequent), w.expr(e.Alternate)
	case *ast.AssignExpression:
		return w.assign(e)
	case *ast.AwaitExpression:
		w.move(&e.Await)
		e.Argument = w.expr(e.Argument)
		w.cell.Awaits = w.cell.Awaits || !w.fn.nested
	case *ast.YieldExpression:
		w.move(&e.Yield)
		e.Argument = w.expr(e.Argument)
	case *ast.DotExpression:
		e.Left = w.expr(e.Left)
		w.move(&e.Identifier.Idx)
	case *ast.PrivateDotExpression:
		e.Left = w.expr(e.Left)
		w.move(&e.Identifier.Idx)
	case *ast.BracketExpression:
		e.Left, e.Member = w.expr(e.Left), w.expr(e.Member)
		w.move(&e.LeftBracket)
		w.move(&e.RightBracket)
	case *ast.OptionalChain:
		e.Expression = w.expr(e.Expression)
	case *ast.Optional:
		e.Expression = w.expr(e.Expression)
	case *ast.CallExpression:
		return w.call(e)
	case *ast.NewExpression:
		w.move(&e.New)
		w.move(&e.LeftParenthesis)
		w.move(&e.RightParenthesis)
		e.Callee = w.expr(e.Callee)
		w.exprs(e.ArgumentList)
	case *ast.FunctionLiteral:
		w.functionLiteral(e, function{nested: true, target: true}, true)
	case *ast.ArrowFunctionLiteral:
		w.arrow(e)
	case *ast.ClassLiteral:
		w.class(e)
	case *ast.ObjectPattern, *ast.ArrayPattern:
		return w.pattern(e, w.target)
	default:
		w.refuse(w.places.at(e.Idx0()), "", "Unexpected %T", e)
	}
	return e
}

func (w *rewriter) property(p ast.Property) {
	switch p := p.(type) {
	case *ast.PropertyShort:
		w.move(&p.Name.Idx)
		if p.Initializer != nil {
			w.refuse(p.Name.Idx, "", "Invalid shorthand property initializer")
		}
	case *ast.PropertyKeyed:
		p.Key = w.expr(p.Key)
		if f, ok := p.Value.(*ast.FunctionLiteral); ok && p.Kind != ast.PropertyKindValue {
			w.functionLiteral(f, function{nested: true, super: true, target: true}, false)
			return
		}
		p.Value = w.expr(p.Value)
	case *ast.SpreadElement:
		p.Expression = w.expr(p.Expression)
	}
}

// regexp refuses what goja would take and get silently wrong.
func (w *rewriter) regexp(e *ast.RegExpLiteral) {
	w.move(&e.Idx)
	if e.Pattern == "" { // goja's parser says nothing when a class is still open at the line's end
		w.refuse(e.Idx, "", "Invalid regular expression: missing /")
	}
	if at := strings.IndexAny(e.Flags, "vd"); at >= 0 {
		w.refuse(e.Idx, "", "Invalid regular expression flags: '%c' is not supported here", e.Flags[at])
	}
	if !strings.Contains(e.Flags, "u") {
		return
	}
	for i := 0; i+2 < len(e.Pattern); i++ {
		if e.Pattern[i] != '\\' {
			continue
		}
		if i++; (e.Pattern[i] == 'p' || e.Pattern[i] == 'P') && e.Pattern[i+1] == '{' {
			w.refuse(e.Idx, "write the characters as ranges, such as [a-zA-Z\\u00c0-\\u024f]",
				`Invalid regular expression: Unicode property escapes (\%c{…}) are not supported here`, e.Pattern[i])
		}
	}
}

func (w *rewriter) call(e *ast.CallExpression) ast.Expression {
	w.move(&e.LeftParenthesis)
	w.move(&e.RightParenthesis)
	if id, ok := e.Callee.(*ast.Identifier); ok && w.edit.mark != "" && string(id.Name) == w.edit.dynamic() {
		w.identifier(id)
		w.exprs(e.ArgumentList)
		id.Name = hiddenImport
		e.ArgumentList = append([]ast.Expression{literal(w.cell.Name, id.Idx)}, e.ArgumentList...)
		return e
	}
	e.Callee = w.expr(e.Callee)
	w.exprs(e.ArgumentList)
	return e
}

// lowerFirst unwinds the walk of a tree that goja parsed but must not compile.
type lowerFirst struct{}

// typeArguments gives f<T>(x), two comparisons in JavaScript, to esbuild, which
// reads it as TypeScript does.
func (w *rewriter) typeArguments(e *ast.BinaryExpression) {
	if e.Operator != token.LESS || w.places.lowered != nil {
		return
	}
	if right, ok := e.Right.(*ast.BinaryExpression); ok && right.Operator == token.GREATER {
		panic(lowerFirst{})
	}
}

func (w *rewriter) functionLiteral(f *ast.FunctionLiteral, fn function, ownName bool) {
	if f.Async && f.Generator {
		panic(lowerFirst{})
	}
	w.move(&f.Function)
	w.identifier(f.Name)
	leave := w.enter(fn, func(add func(unistring.String)) {
		if ownName && f.Name != nil {
			add(f.Name.Name)
		}
		add("arguments")
		parameterNames(f.ParameterList, add)
		varNames(f.DeclarationList, add)
		lexicalNames(f.Body.List, true, add)
	})
	defer leave()
	w.parameters(f.ParameterList)
	w.body(f.Body, f.Function)
}

func (w *rewriter) arrow(f *ast.ArrowFunctionLiteral) {
	w.move(&f.Start)
	fn := w.fn
	fn.nested = true
	leave := w.enter(fn, func(add func(unistring.String)) {
		parameterNames(f.ParameterList, add)
		varNames(f.DeclarationList, add)
		if b, ok := f.Body.(*ast.BlockStatement); ok {
			lexicalNames(b.List, true, add)
		}
	})
	defer leave()
	w.parameters(f.ParameterList)
	switch b := f.Body.(type) {
	case *ast.BlockStatement:
		w.body(b, f.Start)
	case *ast.ExpressionBody:
		b.Expression = &ast.SequenceExpression{Sequence: []ast.Expression{hiddenCall(localCheck, f.Start), w.expr(b.Expression)}}
	}
}

func (w *rewriter) parameters(p *ast.ParameterList) {
	w.move(&p.Opening)
	w.move(&p.Closing)
	for _, b := range p.List {
		w.binding(b)
	}
	p.Rest = w.expr(p.Rest)
}

// binding walks a declaration whose names are local, or a var.
func (w *rewriter) binding(b *ast.Binding) {
	b.Target = w.pattern(b.Target, w.local).(ast.BindingTarget)
	b.Initializer = w.expr(b.Initializer)
}

// body walks a function body and adds the check after its directives.
func (w *rewriter) body(b *ast.BlockStatement, at file.Idx) {
	w.move(&b.LeftBrace)
	w.move(&b.RightBrace)
	n := directives(b.List)
	strict := w.strict
	w.strict = strict || usesStrict(b.List[:n])
	w.statements(b.List)
	w.strict = strict
	list := make([]ast.Statement, 0, len(b.List)+1)
	list = append(append(list, b.List[:n]...), statement(hiddenCall(localCheck, at)))
	b.List = append(list, b.List[n:]...)
}

func (w *rewriter) class(c *ast.ClassLiteral) {
	w.move(&c.Class)
	w.move(&c.RightBrace)
	w.identifier(c.Name)
	strict := w.strict
	w.strict = true
	leave := w.enter(w.fn, func(add func(unistring.String)) {
		if c.Name != nil {
			add(c.Name.Name)
		}
	})
	defer func() {
		leave()
		w.strict = strict
	}()
	c.SuperClass = w.expr(c.SuperClass)
	member := function{nested: true, super: true, target: true}
	for _, element := range c.Body {
		switch m := element.(type) {
		case *ast.FieldDefinition:
			w.move(&m.Idx)
			m.Key = w.expr(m.Key)
			leave := w.enter(member, func(func(unistring.String)) {})
			m.Initializer = w.expr(m.Initializer)
			leave()
		case *ast.MethodDefinition:
			w.move(&m.Idx)
			m.Key = w.expr(m.Key)
			w.functionLiteral(m.Body, member, false)
		case *ast.ClassStaticBlock:
			w.move(&m.Static)
			leave := w.enter(member, func(add func(unistring.String)) {
				varNames(m.DeclarationList, add)
				lexicalNames(m.Block.List, true, add)
			})
			w.move(&m.Block.LeftBrace)
			w.move(&m.Block.RightBrace)
			w.statements(m.Block.List)
			leave()
		}
	}
}

// pattern walks a binding or assignment target; leaf decides what becomes of
// each name or member expression in it.
func (w *rewriter) pattern(e ast.Expression, leaf func(ast.Expression) ast.Expression) ast.Expression {
	switch e := e.(type) {
	case nil:
		return nil
	case *ast.ObjectPattern:
		w.move(&e.LeftBrace)
		w.move(&e.RightBrace)
		for i, p := range e.Properties {
			e.Properties[i] = w.patternProperty(p, leaf)
		}
		e.Rest = w.pattern(e.Rest, leaf)
		return e
	case *ast.ArrayPattern:
		w.move(&e.LeftBracket)
		w.move(&e.RightBracket)
		for i, element := range e.Elements {
			e.Elements[i] = w.patternElement(element, leaf)
		}
		e.Rest = w.pattern(e.Rest, leaf)
		return e
	}
	return leaf(e)
}

func (w *rewriter) patternProperty(p ast.Property, leaf func(ast.Expression) ast.Expression) ast.Property {
	switch p := p.(type) {
	case *ast.PropertyKeyed:
		p.Key = w.expr(p.Key)
		p.Value = w.patternElement(p.Value, leaf)
	case *ast.PropertyShort:
		name := p.Name
		target := leaf(&name)
		initializer := w.expr(p.Initializer)
		if _, ok := target.(*ast.Identifier); ok {
			p.Name.Idx, p.Initializer = name.Idx, initializer
			return p
		}
		if initializer != nil {
			target = &ast.AssignExpression{Operator: token.ASSIGN, Left: target, Right: named(initializer, p.Name.Name)}
		}
		return &ast.PropertyKeyed{Key: &ast.StringLiteral{Idx: name.Idx, Value: p.Name.Name}, Kind: ast.PropertyKindValue, Value: target}
	}
	return p
}

// patternElement walks target or target = default.
func (w *rewriter) patternElement(e ast.Expression, leaf func(ast.Expression) ast.Expression) ast.Expression {
	a, ok := e.(*ast.AssignExpression)
	if !ok {
		return w.pattern(e, leaf)
	}
	id, _ := a.Left.(*ast.Identifier)
	a.Left = w.pattern(a.Left, leaf)
	a.Right = w.expr(a.Right)
	if _, same := a.Left.(*ast.Identifier); id != nil && !same {
		a.Right = named(a.Right, id.Name)
	}
	return a
}

// local is the leaf of declarations that goja binds itself.
func (w *rewriter) local(e ast.Expression) ast.Expression {
	if id, ok := e.(*ast.Identifier); ok {
		w.identifier(id)
		return id
	}
	return w.expr(e)
}
