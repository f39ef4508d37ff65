package source

import (
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/token"
	"github.com/dop251/goja/unistring"
)

// A scope knows which names are bound between an identifier and the cell's top
// level. Its names are collected only when something is looked up.
type scope struct {
	outer   *scope
	collect func(add func(unistring.String))
	names   map[unistring.String]struct{}
	with    bool // the object of a with statement may have any name
}

func (w *rewriter) enter(fn function, collect func(add func(unistring.String))) (leave func()) {
	outer, outerFn := w.scope, w.fn
	w.scope = &scope{outer: outer, collect: collect}
	w.fn = fn
	return func() { w.scope, w.fn = outer, outerFn }
}

// local reports whether name is bound inside the cell.
func (s *scope) binds(name unistring.String) bool {
	for ; s != nil; s = s.outer {
		if s.with {
			return true
		}
		if s.names == nil {
			s.names = map[unistring.String]struct{}{}
			s.collect(func(n unistring.String) { s.names[n] = struct{}{} })
		}
		if _, ok := s.names[name]; ok {
			return true
		}
	}
	return false
}

// targetNames calls add with every name that a binding target declares.
func targetNames(e ast.Expression, add func(id *ast.Identifier)) {
	switch e := e.(type) {
	case *ast.Identifier:
		add(e)
	case *ast.AssignExpression:
		targetNames(e.Left, add)
	case *ast.ObjectPattern:
		for _, p := range e.Properties {
			switch p := p.(type) {
			case *ast.PropertyShort:
				add(&p.Name)
			case *ast.PropertyKeyed:
				targetNames(p.Value, add)
			}
		}
		targetNames(e.Rest, add)
	case *ast.ArrayPattern:
		for _, element := range e.Elements {
			targetNames(element, add)
		}
		targetNames(e.Rest, add)
	}
}

func bindingNames(list []*ast.Binding, add func(unistring.String)) {
	for _, b := range list {
		targetNames(b.Target, func(id *ast.Identifier) { add(id.Name) })
	}
}

func parameterNames(p *ast.ParameterList, add func(unistring.String)) {
	bindingNames(p.List, add)
	targetNames(p.Rest, func(id *ast.Identifier) { add(id.Name) })
}

func varNames(list []*ast.VariableDeclaration, add func(unistring.String)) {
	for _, d := range list {
		bindingNames(d.List, add)
	}
}

// lexicalNames adds what a block declares: let, const, class and functions.
func lexicalNames(list []ast.Statement, functions bool, add func(unistring.String)) {
	for _, s := range list {
		switch s := unlabelled(s).(type) {
		case *ast.LexicalDeclaration:
			bindingNames(s.List, add)
		case *ast.ClassDeclaration:
			add(s.Class.Name.Name)
		case *ast.FunctionDeclaration:
			if functions {
				add(s.Function.Name.Name)
			}
		}
	}
}

func unlabelled(s ast.Statement) ast.Statement {
	for {
		l, ok := s.(*ast.LabelledStatement)
		if !ok {
			return s
		}
		s = l.Statement
	}
}

// An access says what assigning to an identifier means.
type access uint8

const (
	accessPlain   access = iota // a local, or a session variable that is not const
	accessConst                 // a session constant
	accessUnknown               // no declaration is known yet; a later cell may make it const
)

func (w *rewriter) access(name unistring.String) access {
	if w.scope.binds(name) {
		return accessPlain
	}
	kind, ok := w.kinds[name]
	if !ok {
		kind, ok = w.cell.names.Kind(name.String())
	}
	switch {
	case !ok:
		return accessUnknown
	case kind.Constant():
		return accessConst
	}
	return accessPlain
}

func (w *rewriter) assign(e *ast.AssignExpression) ast.Expression {
	id, ok := e.Left.(*ast.Identifier)
	if !ok {
		e.Left = w.pattern(e.Left, w.target)
		e.Right = w.expr(e.Right)
		return e
	}
	w.identifier(id)
	e.Right = w.expr(e.Right)
	logical := e.Operator == token.LOGICAL_AND || e.Operator == token.LOGICAL_OR || e.Operator == token.COALESCE
	switch access := w.access(id.Name); {
	case access == accessConst, access == accessUnknown && logical:
		e.Left = checked(id)
	case access == accessUnknown:
		return afterCheck(id, e)
	case w.early(id):
		return &ast.SequenceExpression{Sequence: []ast.Expression{&ast.Identifier{Name: id.Name, Idx: id.Idx}, e}}
	}
	return e
}

// early reports whether an assignment may come before the initialisation of a
// lexical name of this cell; reading it first throws while it is in its dead zone.
func (w *rewriter) early(id *ast.Identifier) bool {
	at, ok := w.declaredAt[id.Name]
	return ok && id.Idx < at && !w.scope.binds(id.Name)
}

func (w *rewriter) unary(e *ast.UnaryExpression) ast.Expression {
	w.move(&e.Idx)
	id, ok := e.Operand.(*ast.Identifier)
	if !ok {
		e.Operand = w.expr(e.Operand)
		return e
	}
	w.identifier(id)
	switch e.Operator {
	case token.INCREMENT, token.DECREMENT:
		switch w.access(id.Name) {
		case accessConst:
			e.Operand = checked(id)
		case accessUnknown:
			return afterCheck(id, e)
		}
	case token.DELETE:
		if !w.strict && !w.scope.binds(id.Name) && w.access(id.Name) != accessUnknown {
			return &ast.BooleanLiteral{Idx: e.Idx, Literal: "false"}
		}
	}
	return e
}

// target is the leaf of patterns and loop heads that assign to what exists.
func (w *rewriter) target(e ast.Expression) ast.Expression {
	id, ok := e.(*ast.Identifier)
	if !ok {
		return w.expr(e)
	}
	w.identifier(id)
	if w.access(id.Name) != accessPlain {
		return checked(id)
	}
	return id
}

// checked is the global variable id seen through an object that refuses to
// assign constants.
func checked(id *ast.Identifier) ast.Expression {
	return &ast.DotExpression{Left: hidden(hiddenChecked, id.Idx), Identifier: *id}
}

// afterCheck evaluates e, which assigns id, after asking that id is no constant.
func afterCheck(id *ast.Identifier, e ast.Expression) ast.Expression {
	return &ast.SequenceExpression{Sequence: []ast.Expression{
		hiddenCall(hiddenAssignable, id.Idx, &ast.StringLiteral{Idx: id.Idx, Value: id.Name}), e}}
}
