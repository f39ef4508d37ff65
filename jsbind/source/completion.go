package source

import (
	"strconv"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/unistring"
)

// complete makes a statement of the cell's own level keep its completion value
// in a hidden local: expression statements assign it; statements whose value is
// never empty (ECMA-262's UpdateEmpty(…, undefined)) reset it first.
func (w *rewriter) complete(s ast.Statement) []ast.Statement {
	at := s.Idx0()
	reset := func() ast.Statement { return statement(assignment(hidden(localValue, at), undefined(at))) }
	switch s := s.(type) {
	case *ast.ExpressionStatement:
		return []ast.Statement{statement(assignment(hidden(localValue, at), unnamed(s.Expression)))}
	case *ast.BlockStatement:
		s.List = w.completeList(s.List)
	case *ast.LabelledStatement:
		inner := w.complete(s.Statement)
		last := len(inner) - 1
		s.Statement = inner[last]
		return append(inner[:last:last], s)
	case *ast.IfStatement:
		s.Consequent, s.Alternate = w.branch(s.Consequent), w.branch(s.Alternate)
		return []ast.Statement{reset(), s}
	case *ast.SwitchStatement:
		for _, c := range s.Body {
			c.Consequent = w.completeList(c.Consequent)
		}
		return []ast.Statement{reset(), s}
	case *ast.TryStatement:
		s.Body.List = w.completeList(s.Body.List)
		if s.Catch != nil {
			s.Catch.Body.List = append([]ast.Statement{reset()}, w.completeList(s.Catch.Body.List)...)
		}
		if s.Finally != nil {
			w.completeFinally(s.Finally)
		}
		return []ast.Statement{reset(), s}
	case *ast.WithStatement:
		s.Body = w.branch(s.Body)
		return []ast.Statement{reset(), s}
	case *ast.WhileStatement:
		s.Body = w.branch(s.Body)
		return []ast.Statement{reset(), s}
	case *ast.DoWhileStatement:
		s.Body = w.branch(s.Body)
		return []ast.Statement{reset(), s}
	case *ast.ForStatement:
		s.Body = w.branch(s.Body)
		return []ast.Statement{reset(), s}
	case *ast.ForInStatement:
		s.Body = w.branch(s.Body)
		return []ast.Statement{reset(), s}
	case *ast.ForOfStatement:
		s.Body = w.branch(s.Body)
		return []ast.Statement{reset(), s}
	}
	return []ast.Statement{s}
}

func (w *rewriter) completeList(list []ast.Statement) []ast.Statement {
	out := make([]ast.Statement, 0, len(list))
	for _, s := range list {
		if e, ok := s.(*ast.ExpressionStatement); ok && isCheck(e) {
			out = append(out, s)
			continue
		}
		out = append(out, w.complete(s)...)
		if f, ok := s.(*ast.FunctionDeclaration); ok && w.escapes[f] {
			id := f.Function.Name
			outer := &ast.DotExpression{Left: hidden(hiddenVar, id.Idx), Identifier: *id}
			out = append(out, statement(assignment(outer, &ast.Identifier{Name: id.Name, Idx: id.Idx})))
		}
	}
	return out
}

func isCheck(s *ast.ExpressionStatement) bool {
	call, ok := s.Expression.(*ast.CallExpression)
	if !ok {
		return false
	}
	id, ok := call.Callee.(*ast.Identifier)
	return ok && id.Name == localCheck
}

// branch completes a statement that must stay one statement.
func (w *rewriter) branch(s ast.Statement) ast.Statement {
	if s == nil {
		return nil
	}
	if _, ok := s.(*ast.FunctionDeclaration); ok {
		return s // if (x) function f() {}
	}
	list := w.complete(s)
	if len(list) == 1 {
		return list[0]
	}
	return &ast.BlockStatement{LeftBrace: s.Idx0(), RightBrace: s.Idx0(), List: list}
}

// completeFinally: a finally block that ends normally has no say in the value,
// one that breaks out has.
func (w *rewriter) completeFinally(b *ast.BlockStatement) {
	at := b.LeftBrace
	saved := hiddenName("saved" + strconv.Itoa(len(w.temps)))
	w.temps = append(w.temps, saved)
	list := []ast.Statement{
		statement(assignment(hidden(saved, at), hidden(localValue, at))),
		statement(assignment(hidden(localValue, at), undefined(at))),
	}
	list = append(list, w.completeList(b.List)...)
	b.List = append(list, statement(assignment(hidden(localValue, at), hidden(saved, at))))
}

// unnamed keeps an anonymous function from taking the hidden local's name.
func unnamed(e ast.Expression) ast.Expression {
	if named(e, unistring.String("f")) == e {
		return e
	}
	at := e.Idx0()
	return &ast.SequenceExpression{Sequence: []ast.Expression{&ast.NullLiteral{Idx: at, Literal: "null"}, e}}
}
