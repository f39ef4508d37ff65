package source

import (
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/unistring"
)

func (w *rewriter) statements(list []ast.Statement) {
	for i, s := range list {
		list[i] = w.stmt(s)
	}
}

// stmt walks a statement at any depth. What only a cell's own level needs
// (completion values, session variables) is added by cell.go afterwards.
func (w *rewriter) stmt(s ast.Statement) ast.Statement {
	switch s := s.(type) {
	case nil:
		return nil
	case *ast.ExpressionStatement:
		s.Expression = w.expr(s.Expression)
	case *ast.BlockStatement:
		w.block(s)
	case *ast.EmptyStatement:
		w.move(&s.Semicolon)
	case *ast.DebuggerStatement:
		w.move(&s.Debugger)
	case *ast.VariableStatement:
		w.move(&s.Var)
		w.bindings(s.List)
	case *ast.LexicalDeclaration:
		w.move(&s.Idx)
		w.bindings(s.List)
	case *ast.FunctionDeclaration:
		w.functionLiteral(s.Function, function{nested: true, target: true}, false)
	case *ast.ClassDeclaration:
		w.class(s.Class)
	case *ast.ReturnStatement:
		w.move(&s.Return)
		if !w.fn.nested {
			w.refuse(s.Return, "a cell's value is that of its last expression", "Illegal return statement")
		}
		s.Argument = w.expr(s.Argument)
	case *ast.ThrowStatement:
		w.move(&s.Throw)
		s.Argument = w.expr(s.Argument)
	case *ast.BranchStatement:
		w.move(&s.Idx)
		w.identifier(s.Label)
	case *ast.LabelledStatement:
		w.identifier(s.Label)
		w.move(&s.Colon)
		s.Statement = w.stmt(s.Statement)
	case *ast.IfStatement:
		w.move(&s.If)
		s.Test = w.expr(s.Test)
		s.Consequent, s.Alternate = w.stmt(s.Consequent), w.stmt(s.Alternate)
	case *ast.SwitchStatement:
		w.switchStatement(s)
	case *ast.TryStatement:
		w.try(s)
	case *ast.WithStatement:
		w.move(&s.With)
		s.Object = w.expr(s.Object)
		leave := w.enter(w.fn, nil)
		w.scope.with = true
		s.Body = w.stmt(s.Body)
		leave()
	case *ast.WhileStatement:
		w.move(&s.While)
		s.Test = w.expr(s.Test)
		s.Body = w.loopBody(s.Body, s.While)
	case *ast.DoWhileStatement:
		w.move(&s.Do)
		w.move(&s.RightParenthesis)
		s.Body = w.loopBody(s.Body, s.Do)
		s.Test = w.expr(s.Test)
	case *ast.ForStatement:
		w.forStatement(s)
	case *ast.ForInStatement:
		w.move(&s.For)
		s.Body = w.forInto(s.Into, &s.Source, s.Body, s.For)
	case *ast.ForOfStatement:
		w.move(&s.For)
		s.Body = w.forInto(s.Into, &s.Source, s.Body, s.For)
	default:
		w.refuse(w.places.at(s.Idx0()), "", "Unexpected %T", s)
	}
	return s
}

func (w *rewriter) bindings(list []*ast.Binding) {
	for _, b := range list {
		w.binding(b)
	}
}

func (w *rewriter) block(b *ast.BlockStatement) {
	w.move(&b.LeftBrace)
	w.move(&b.RightBrace)
	leave := w.enter(w.fn, func(add func(unistring.String)) { lexicalNames(b.List, true, add) })
	w.statements(b.List)
	leave()
}

func (w *rewriter) switchStatement(s *ast.SwitchStatement) {
	w.move(&s.Switch)
	w.move(&s.RightBrace)
	s.Discriminant = w.expr(s.Discriminant)
	leave := w.enter(w.fn, func(add func(unistring.String)) {
		for _, c := range s.Body {
			lexicalNames(c.Consequent, true, add)
		}
	})
	for _, c := range s.Body {
		w.move(&c.Case)
		c.Test = w.expr(c.Test)
		w.statements(c.Consequent)
	}
	leave()
}

func (w *rewriter) try(s *ast.TryStatement) {
	w.move(&s.Try)
	w.block(s.Body)
	if c := s.Catch; c != nil {
		w.move(&c.Catch)
		leave := w.enter(w.fn, func(add func(unistring.String)) {
			targetNames(c.Parameter, func(id *ast.Identifier) { add(id.Name) })
		})
		if c.Parameter != nil {
			c.Parameter = w.pattern(c.Parameter, w.local).(ast.BindingTarget)
		}
		w.block(c.Body)
		leave()
	}
	if s.Finally != nil {
		w.block(s.Finally)
	}
}

func (w *rewriter) forStatement(s *ast.ForStatement) {
	w.move(&s.For)
	leave := w.enter(w.fn, func(add func(unistring.String)) {
		if init, ok := s.Initializer.(*ast.ForLoopInitializerLexicalDecl); ok {
			bindingNames(init.LexicalDeclaration.List, add)
		}
	})
	switch init := s.Initializer.(type) {
	case *ast.ForLoopInitializerExpression:
		init.Expression = w.expr(init.Expression)
	case *ast.ForLoopInitializerVarDeclList:
		w.move(&init.Var)
		w.bindings(init.List)
	case *ast.ForLoopInitializerLexicalDecl:
		w.move(&init.LexicalDeclaration.Idx)
		w.bindings(init.LexicalDeclaration.List)
	}
	s.Test, s.Update = w.expr(s.Test), w.expr(s.Update)
	s.Body = w.loopBody(s.Body, s.For)
	leave()
}

func (w *rewriter) forInto(into ast.ForInto, source *ast.Expression, body ast.Statement, at file.Idx) ast.Statement {
	leave := w.enter(w.fn, func(add func(unistring.String)) {
		if d, ok := into.(*ast.ForDeclaration); ok {
			targetNames(d.Target, func(id *ast.Identifier) { add(id.Name) })
		}
	})
	defer leave()
	switch into := into.(type) {
	case *ast.ForIntoVar:
		w.binding(into.Binding)
	case *ast.ForDeclaration:
		w.move(&into.Idx)
		into.Target = w.pattern(into.Target, w.local).(ast.BindingTarget)
	case *ast.ForIntoExpression:
		into.Expression = w.pattern(into.Expression, w.target)
	}
	*source = w.expr(*source)
	return w.loopBody(body, at)
}

// loopBody makes the body a block that starts with the interrupt check.
func (w *rewriter) loopBody(body ast.Statement, at file.Idx) ast.Statement {
	check := statement(hiddenCall(localCheck, at))
	if b, ok := body.(*ast.BlockStatement); ok {
		w.block(b)
		b.List = append([]ast.Statement{check}, b.List...)
		return b
	}
	return &ast.BlockStatement{LeftBrace: at, RightBrace: at, List: []ast.Statement{check, w.stmt(body)}}
}
