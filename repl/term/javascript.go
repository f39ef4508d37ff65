package term

import (
	"strings"

	"github.com/alecthomas/chroma/v2"
)

// newLexer returns a chroma lexer for JavaScript and TypeScript as they are
// typed: an unfinished string or comment is already one. Importing chroma's own
// lexers would cost every start 12 to 20 ms.
//
// The states follow ECMA-262's lexical goals: in "operand" a slash begins a
// regular expression, in "operator" it divides. Braces push, so that the one
// that closes a template's ${ is known.
func newLexer() chroma.Lexer {
	become := func(state string) chroma.Mutator {
		return chroma.MutatorFunc(func(l *chroma.LexerState) error {
			l.Stack[len(l.Stack)-1] = state
			return nil
		})
	}
	wordGoal := chroma.MutatorFunc(func(l *chroma.LexerState) error {
		next := "operator"
		if expectsOperand[l.Groups[0]] && !isProperty(l, l.Groups[0]) {
			next = "operand"
		}
		l.Stack[len(l.Stack)-1] = next
		return nil
	})
	openBrace := chroma.MutatorFunc(func(l *chroma.LexerState) error {
		l.Stack[len(l.Stack)-1] = "operand"
		l.Stack = append(l.Stack, "operand")
		return nil
	})
	closeBrace := chroma.MutatorFunc(func(l *chroma.LexerState) error {
		if len(l.Stack) > 1 {
			l.Stack = l.Stack[:len(l.Stack)-1]
		}
		return nil
	})
	openTemplate := chroma.MutatorFunc(func(l *chroma.LexerState) error {
		l.Stack[len(l.Stack)-1] = "operator"
		l.Stack = append(l.Stack, "template")
		return nil
	})
	rules := func() chroma.Rules {
		shared := []chroma.Rule{
			{Pattern: `\s+`, Type: chroma.Text},
			{Pattern: `[$_#@\p{L}][$_\p{L}\p{N}]*`, Type: chroma.EmitterFunc(emitWord), Mutator: wordGoal},
			{Pattern: `[()\[\];,.]`, Type: chroma.Punctuation, Mutator: chroma.MutatorFunc(func(l *chroma.LexerState) error {
				next := "operand"
				if c := l.Groups[0]; c == ")" || c == "]" || c == "." {
					next = "operator"
				}
				l.Stack[len(l.Stack)-1] = next
				return nil
			})},
			{Pattern: `'(?:[^'\\\n]|\\[\s\S])*'?`, Type: chroma.LiteralStringSingle, Mutator: become("operator")},
			{Pattern: `"(?:[^"\\\n]|\\[\s\S])*"?`, Type: chroma.LiteralStringDouble, Mutator: become("operator")},
			{Pattern: "`", Type: chroma.LiteralStringBacktick, Mutator: openTemplate},
			{Pattern: `0[xXoObB][0-9a-fA-F_]+n?|\d[\d_]*(?:\.[\d_]*)?(?:[eE][+-]?\d+)?n?`, Type: chroma.LiteralNumber, Mutator: become("operator")},
			{Pattern: `\{`, Type: chroma.Punctuation, Mutator: openBrace},
			{Pattern: `\}`, Type: chroma.Punctuation, Mutator: closeBrace},
			{Pattern: `//[^\n]*`, Type: chroma.CommentSingle},
			{Pattern: `/\*(?:[^*]|\*(?!/))*(?:\*/)?`, Type: chroma.CommentMultiline},
		}
		last := []chroma.Rule{
			{Pattern: `[-+*%&|^!~<>=?:/]+`, Type: chroma.Operator, Mutator: become("operand")},
			{Pattern: `[\s\S]`, Type: chroma.Text},
		}
		regex := chroma.Rule{
			Pattern: `/(?![*/])(?:[^/\\\[\n]|\\[^\n]|\[(?:[^\]\\\n]|\\[^\n])*\])+/\w*`,
			Type:    chroma.LiteralStringRegex, Mutator: become("operator"),
		}
		operator := append(append([]chroma.Rule(nil), shared...), last...)
		operand := append(append(append([]chroma.Rule(nil), shared...), regex), last...)
		return chroma.Rules{
			"root":     {chroma.Default(become("operand"))},
			"operand":  operand,
			"operator": operator,
			"template": {
				{Pattern: "[^`\\\\$]+|\\\\[\\s\\S]?", Type: chroma.LiteralStringBacktick},
				{Pattern: `\$\{`, Type: chroma.LiteralStringInterpol, Mutator: chroma.Push("operand")},
				{Pattern: `\$`, Type: chroma.LiteralStringBacktick},
				{Pattern: "`", Type: chroma.LiteralStringBacktick, Mutator: chroma.Pop(1)},
			},
		}
	}
	return chroma.MustNewLexer(&chroma.Config{Name: "httpx-repl", NotMultiline: true}, rules)
}

// emitWord tells keywords, constants, calls and other names apart.
func emitWord(groups []string, l *chroma.LexerState) chroma.Iterator {
	word, kind := groups[0], chroma.NameOther
	switch {
	case isProperty(l, word):
		if called(l) {
			kind = chroma.NameFunction
		}
	case constants[word]:
		kind = chroma.KeywordConstant
	case keywords[word]:
		kind = chroma.Keyword
	case called(l):
		kind = chroma.NameFunction
	}
	return chroma.Literator(chroma.Token{Type: kind, Value: word})
}

// isProperty reports whether the word before l.Pos follows a single dot.
func isProperty(l *chroma.LexerState, word string) bool {
	at := l.Pos - len([]rune(word))
	return at > 0 && l.Text[at-1] == '.' && (at < 2 || l.Text[at-2] != '.')
}

func called(l *chroma.LexerState) bool { return l.Pos < len(l.Text) && l.Text[l.Pos] == '(' }

func words(list string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(list) {
		set[w] = true
	}
	return set
}

var (
	constants = words("true false null undefined NaN Infinity")
	keywords  = words(`async await break case catch class const continue debugger default delete do else enum
		export extends finally for function if implements import in instanceof interface let new of private protected
		public return static super switch this throw try type typeof using var void while with yield as satisfies
		readonly declare namespace abstract`)
	expectsOperand = words(`await case delete do else extends in instanceof new of return throw typeof void yield`)
)
