// Package inspect turns JavaScript values into styled lines of text, laid out
// as Node's util.inspect lays them out.
//
// # What it is for
//
// The echo of a cell, console.log and the print of an uncaught error are all
// made here. The package knows no colours and no escape codes: it answers with
// lines of spans, each span a text and a [Style], and whoever owns the terminal
// chooses how a style looks.
//
//	i := inspect.New(vm)            // once for each runtime, before user code
//	i.Value(v, inspect.Options{})   // the echo of a value
//	i.Format(args, opts)            // console.log("%s is %d", name, age)
//	i.Error(reason, opts)           // Uncaught TypeError: x, and its causes
//
// # It never runs user code
//
// Looking at a value must not change the program that is being looked at. No
// getter, proxy trap, toString, Symbol.toPrimitive, Symbol.hasInstance or
// iterator of the user is ever called. The engine's own objects are read in two
// ways (see realm.go): what kind of object it is comes from the engine's Go
// type, and properties come from built-in functions that belong to a private
// second runtime which user code cannot reach. The latter matters because even
// Reflect.getOwnPropertyDescriptor of the user's own realm can be made to run
// user code, by a setter on Object.prototype.
//
// # It is bounded
//
// Arrays, maps and sets stop at MaxArrayLength items, objects at MaxKeys
// properties, strings at MaxStringLength UTF-16 units, nesting at Depth, and a
// single call at maxEntries entries, maxBytes of text and maxSteps reads. Whatever is left out
// is counted on the screen. Nothing a value contains can make a call panic.
//
// # Texts are shown, not sent
//
// Control characters (C0, DEL, C1), lone surrogates, line separators,
// bidirectional and invisible format characters are written as escapes, in
// strings, property keys, class and function names, symbols, regular
// expressions and error messages alike. The one exception is what console.log
// passes through as it is: the format string and strings at its top level. They
// are split at line feeds; every other character is left to the writer.
//
// # Where it differs from Node
//
//   - The default depth is 4, not 2.
//   - An object shows at most MaxKeys properties.
//   - Accessors named toStringTag, name, message or cause are not read.
//   - An error is shown without its stack, in the brackets Node uses for an
//     error without frames; Options.Stack shows it. Its text is made from its
//     present name and message, not from those it had when it was made.
//   - %s, %d and %j never call toString, valueOf or toJSON of the user.
//   - A map's or set's iterator shows no items: peeking would consume them.
//   - Columns are counted as a terminal shows them, wide characters as two.
//   - Line separators, bidirectional and invisible characters are escaped.
//   - ShowHidden shows non-enumerable own properties, not those of prototypes.
package inspect

import (
	"strings"

	"github.com/dop251/goja"
)

// Style says what a piece of text is; the terminal says how that looks.
type Style uint8

// The styles. Name is for class names and labels; property keys stay Plain
// when they need no quotes, as in Node.
const (
	Plain     Style = iota
	String          // a quoted string, also a key that needs quotes
	Number          // a number or a bigint
	Boolean         // true, false
	Null            // null
	Undefined       // undefined, holes of an array
	Symbol          // Symbol(…)
	Date            // a date
	Regexp          // a regular expression
	Special         // functions, [Getter], [Circular *1], <pending>, [Object]
	Name            // class names, labels such as "cause:"
	Error           // the class of an error that is printed as one
	Dim             // frames of a stack, counts of what was left out
)

// A Span is a piece of one line in one style.
type Span struct {
	Text  string
	Style Style
}

// A Line is what stands between two line feeds. It never contains one.
type Line []Span

// Text joins lines with line feeds, without styles.
func Text(lines []Line) string {
	var b strings.Builder
	for i, line := range lines {
		if i > 0 {
			b.WriteByte('\n')
		}
		for _, span := range line {
			b.WriteString(span.Text)
		}
	}
	return b.String()
}

// Values for the limits of [Options], whose zero means "the default".
const (
	Unlimited = -1 // as much as the hard bounds of the package allow
	None      = -2 // nothing at all: the top level only, no items, no text
)

// Options says how much is shown and how wide. The zero value is the echo of a
// prompt on a terminal of 80 columns.
type Options struct {
	// Depth is how many levels of nesting are shown below the top level
	// (default 4; None shows the top level only; Unlimited stops at 200).
	Depth int
	// Width is the number of columns to break lines for (default 80).
	Width int
	// MaxArrayLength limits the items of an array, map or set and the bytes
	// of a buffer (default 100).
	MaxArrayLength int
	// MaxStringLength limits a string, in UTF-16 units (default 10,000).
	MaxStringLength int
	// MaxKeys limits the properties of one object (default 1,000).
	MaxKeys int
	// Compact is how many innermost levels may share a line (default 3; None
	// puts every entry on a line of its own).
	Compact int
	// ShowHidden also shows own properties that are not enumerable.
	ShowHidden bool
	// Stack prints the frames of errors.
	Stack bool
	// HideFrame says which frames of a stack are not the user's. It gets the
	// frame as it would be printed, without "at ". Frames in the engine's Go
	// code are always hidden.
	HideFrame func(frame string) bool
	// Custom prints an object of the host in its place, or says that it does
	// not know it. Depth counts from 0 at the top level. It is called with
	// every object, before anything of it was read, and must not call into
	// JavaScript. Its lines are shown with control characters escaped.
	Custom func(obj *goja.Object, depth int) ([]Line, bool)
}

// Hard bounds of one call, whatever the options say.
const (
	maxDepth   = 200
	maxEntries = 20_000
	maxBytes   = 1 << 20
	maxSteps   = 400_000 // reads of a property, and hops to a prototype
)

func (o Options) resolved() Options {
	limit := func(n, def, unlimited int) int {
		switch {
		case n == 0:
			return def
		case n == None:
			return 0
		case n < 0 || n > unlimited:
			return unlimited
		}
		return n
	}
	o.Depth = limit(o.Depth, 4, maxDepth)
	o.Width = limit(o.Width, 80, 1<<20)
	o.MaxArrayLength = limit(o.MaxArrayLength, 100, maxEntries)
	o.MaxStringLength = limit(o.MaxStringLength, 10_000, maxBytes)
	o.MaxKeys = limit(o.MaxKeys, 1_000, maxEntries)
	o.Compact = limit(o.Compact, 3, maxDepth)
	return o
}

// An Inspector prints the values of one runtime. It may be used only where the
// runtime may be used: on one goroutine at a time.
type Inspector struct {
	realm realm
}

// New makes the inspector of vm. Call it before any user code has run: it
// remembers the built-in prototypes of vm as they are now.
func New(vm *goja.Runtime) *Inspector {
	return &Inspector{realm: newRealm(vm)}
}

// Value prints v as the echo of a prompt does: a string is quoted, at every
// level. A nil Value is undefined.
func (i *Inspector) Value(v goja.Value, o Options) []Line {
	p := i.printer(o.resolved())
	return p.value(v, 0).finish()
}

// A printer is the state of one call.
type printer struct {
	*realm
	Options
	indent       int
	currentDepth int // how deep the object that was entered last is
	seen         []*goja.Object
	references   map[*goja.Object]int // of <ref *n>
	entries      int                  // still allowed
	bytes        int                  // still allowed
}

func (i *Inspector) printer(o Options) *printer {
	i.realm.steps = 0
	return &printer{realm: &i.realm, Options: o, entries: maxEntries, bytes: maxBytes}
}

// exhausted says that nothing more is to be looked at.
func (p *printer) exhausted() bool {
	return p.entries <= 0 || p.bytes <= 0 || p.steps > maxSteps
}

// spend takes one entry off the budget and says whether there was one.
func (p *printer) spend() bool {
	if p.exhausted() {
		return false
	}
	p.entries--
	return true
}
