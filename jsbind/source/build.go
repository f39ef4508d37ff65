package source

import (
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/token"
	"github.com/dop251/goja/unistring"
)

// The hidden globals and locals. U+E000 is a private-use character, which no
// identifier can contain.
var (
	hiddenCheck      = hiddenName("check")      // throws when the host wants the code to stop
	hiddenAssignable = hiddenName("assignable") // throws when a name is constant
	hiddenChecked    = hiddenName("checked")    // global variables; constants cannot be assigned
	hiddenLet        = hiddenName("let")        // assigning initialises a let, class or function
	hiddenConst      = hiddenName("const")      // assigning initialises a constant
	hiddenVar        = hiddenName("var")        // assigning sets a var, from where a block shadows it
	hiddenUsing      = hiddenName("using")      // registers what must be disposed at the session's end
	hiddenEnter      = hiddenName("enter")      // tells the host of a value that a block's using declares
	hiddenLeave      = hiddenName("leave")      // tells the host of the block's end
	hiddenImport     = hiddenName("import")     // import(referrer, specifier, options)
	hiddenExports    = hiddenName("exports")    // checks that a namespace has the names asked for
	hiddenEmpty      = hiddenName("empty")      // the completion value of what has none
	hiddenRealm      = hiddenName("realm")

	localValue = hiddenName("value")
	localCheck = hiddenName("stop") // hiddenCheck, faster to reach
)

const hiddenMark = "\uE000"

func hiddenName(s string) unistring.String { return unistring.NewFromString(hiddenMark + s) }

func hidden(name unistring.String, at file.Idx) *ast.Identifier {
	return &ast.Identifier{Name: name, Idx: at}
}

func hiddenCall(name unistring.String, at file.Idx, args ...ast.Expression) ast.Expression {
	return &ast.CallExpression{Callee: hidden(name, at), LeftParenthesis: at, ArgumentList: args, RightParenthesis: at}
}

func statement(e ast.Expression) ast.Statement { return &ast.ExpressionStatement{Expression: e} }

func literal(s string, at file.Idx) *ast.StringLiteral {
	return &ast.StringLiteral{Idx: at, Value: unistring.NewFromString(s)}
}

func undefined(at file.Idx) ast.Expression {
	return &ast.UnaryExpression{Operator: token.VOID, Idx: at, Operand: &ast.NumberLiteral{Idx: at, Literal: "0", Value: int64(0)}}
}

func assignment(left, right ast.Expression) ast.Expression {
	return &ast.AssignExpression{Operator: token.ASSIGN, Left: left, Right: right}
}

// named returns e such that an anonymous function or class gets its name even
// though the target of the assignment is not an identifier: ({name: e})["name"].
func named(e ast.Expression, name unistring.String) ast.Expression {
	switch f := e.(type) {
	case *ast.FunctionLiteral:
		if f.Name != nil {
			return e
		}
	case *ast.ClassLiteral:
		if f.Name != nil {
			return e
		}
	case *ast.ArrowFunctionLiteral:
	default:
		return e
	}
	at := e.Idx0()
	key := &ast.StringLiteral{Idx: at, Value: name}
	object := &ast.ObjectLiteral{LeftBrace: at, RightBrace: at, Value: []ast.Property{
		&ast.PropertyKeyed{Key: key, Kind: ast.PropertyKindValue, Value: e, Computed: name == "__proto__"}}}
	return &ast.BracketExpression{Left: object, Member: &ast.StringLiteral{Idx: at, Value: name}, LeftBracket: at, RightBracket: at}
}

// directives counts the string statements at the start of a body.
func directives(list []ast.Statement) int {
	for i, s := range list {
		e, ok := s.(*ast.ExpressionStatement)
		if !ok {
			return i
		}
		if l, ok := e.Expression.(*ast.StringLiteral); !ok || l.Literal == "" {
			return i
		}
	}
	return len(list)
}

func usesStrict(list []ast.Statement) bool {
	for _, s := range list {
		switch s.(*ast.ExpressionStatement).Expression.(*ast.StringLiteral).Literal {
		case `"use strict"`, `'use strict'`:
			return true
		}
	}
	return false
}
