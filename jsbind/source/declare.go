package source

import (
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/token"
	"github.com/dop251/goja/unistring"
)

// declarations finds the names that the cell declares and refuses those that
// clash, before anything is rewritten.
func (w *rewriter) declarations(t *tree) {
	w.kinds = map[unistring.String]Kind{}
	w.declaredAt = map[unistring.String]file.Idx{}
	for _, s := range t.body.List {
		w.declareStatement(s)
	}
	var own []*ast.VariableDeclaration
	for _, d := range t.arrow.DeclarationList {
		if t.lowered && !w.cameFrom(d.Var, "var") {
			own = append(own, d) // esbuild's temporaries stay local
			continue
		}
		for _, b := range d.List {
			targetNames(b.Target, func(id *ast.Identifier) { w.declare(id, Var) })
		}
	}
	t.arrow.DeclarationList = own
	if w.strict = usesStrict(t.body.List[:directives(t.body.List)]); !w.strict {
		w.escapes = map[*ast.FunctionDeclaration]bool{}
		for _, s := range t.body.List {
			w.escaping(s, nil)
		}
	}
}

func (w *rewriter) declareStatement(s ast.Statement) {
	switch s := unlabelled(s).(type) {
	case *ast.FunctionDeclaration:
		w.declare(s.Function.Name, Function)
	case *ast.ClassDeclaration:
		w.declare(s.Class.Name, Class)
	case *ast.LexicalDeclaration:
		for _, b := range s.List {
			targetNames(b.Target, func(id *ast.Identifier) {
				kind := Let
				if s.Token == token.CONST {
					kind = Const
				}
				if _, using := w.edit.using[id.Name.String()]; using && kind == Const {
					kind = Using
				}
				w.declare(id, kind)
			})
		}
	case *ast.ExpressionStatement:
		id, ok := s.Expression.(*ast.Identifier)
		if !ok || w.edit.mark == "" {
			return
		}
		for i, c := range w.edit.imports {
			if string(id.Name) != w.edit.static(i) {
				continue
			}
			for _, n := range c.names {
				w.declare(&ast.Identifier{Name: unistring.NewFromString(n.local), Idx: id.Idx}, Const)
			}
			if c.namespace != "" {
				w.declare(&ast.Identifier{Name: unistring.NewFromString(c.namespace), Idx: id.Idx}, Const)
			}
		}
	}
}

func (w *rewriter) declare(id *ast.Identifier, kind Kind) {
	name := id.Name.String()
	at := w.places.at(id.Idx)
	taken := func(hint string) {
		w.refuse(at, hint, "Identifier '%s' has already been declared", name)
	}
	if old, ok := w.kinds[id.Name]; ok {
		if kind.Lexical() || old.Lexical() {
			taken("")
		}
		return
	}
	if kind.Lexical() {
		switch name {
		case "let":
			w.refuse(at, "", "let is disallowed as a lexically bound name")
		case "undefined", "NaN", "Infinity":
			taken("")
		}
		w.declaredAt[id.Name] = at
	}
	if old, ok := w.cell.names.Kind(name); ok && !kind.replaces(old) {
		taken("it is a " + old.String() + " of this session: declare it with " + old.String() + " again, or choose another name")
	}
	w.kinds[id.Name] = kind
	w.cell.Declared = append(w.cell.Declared, Name{name, kind})
}

// escaping finds the functions declared in blocks of a sloppy cell that are
// also var-like names of the cell (ECMA-262 Annex B.3.2), which goja lacks.
// blocked holds the lexical names of the blocks between.
func (w *rewriter) escaping(s ast.Statement, blocked []unistring.String) {
	block := func(list []ast.Statement) {
		inner := blocked
		lexicalNames(list, false, func(n unistring.String) { inner = append(inner[:len(inner):len(inner)], n) })
		for _, s := range list {
			if f, ok := s.(*ast.FunctionDeclaration); ok {
				w.escape(f, inner)
			} else {
				w.escaping(s, inner)
			}
		}
	}
	switch s := s.(type) {
	case *ast.BlockStatement:
		block(s.List)
	case *ast.IfStatement:
		for _, branch := range []ast.Statement{s.Consequent, s.Alternate} {
			if f, ok := branch.(*ast.FunctionDeclaration); ok {
				w.escape(f, blocked)
			} else if branch != nil {
				w.escaping(branch, blocked)
			}
		}
	case *ast.SwitchStatement:
		var all []ast.Statement
		for _, c := range s.Body {
			all = append(all, c.Consequent...)
		}
		block(all)
	case *ast.TryStatement:
		block(s.Body.List)
		if s.Catch != nil {
			block(s.Catch.Body.List)
		}
		if s.Finally != nil {
			block(s.Finally.List)
		}
	case *ast.LabelledStatement:
		w.escaping(s.Statement, blocked)
	case *ast.WithStatement:
		w.escaping(s.Body, blocked)
	case *ast.WhileStatement:
		w.escaping(s.Body, blocked)
	case *ast.DoWhileStatement:
		w.escaping(s.Body, blocked)
	case *ast.ForStatement:
		if init, ok := s.Initializer.(*ast.ForLoopInitializerLexicalDecl); ok {
			bindingNames(init.LexicalDeclaration.List, func(n unistring.String) { blocked = append(blocked[:len(blocked):len(blocked)], n) })
		}
		w.escaping(s.Body, blocked)
	case *ast.ForInStatement:
		w.escaping(s.Body, headNames(s.Into, blocked))
	case *ast.ForOfStatement:
		w.escaping(s.Body, headNames(s.Into, blocked))
	}
}

func headNames(into ast.ForInto, blocked []unistring.String) []unistring.String {
	if d, ok := into.(*ast.ForDeclaration); ok {
		targetNames(d.Target, func(id *ast.Identifier) { blocked = append(blocked[:len(blocked):len(blocked)], id.Name) })
	}
	return blocked
}

func (w *rewriter) escape(f *ast.FunctionDeclaration, blocked []unistring.String) {
	name := f.Function.Name
	if f.Function.Async || f.Function.Generator || w.kinds[name.Name].Lexical() {
		return
	}
	for _, n := range blocked {
		if n == name.Name {
			return
		}
	}
	if old, ok := w.cell.names.Kind(name.Name.String()); ok && old.Lexical() {
		return
	}
	w.declare(name, Function)
	w.escapes[f] = true
}
