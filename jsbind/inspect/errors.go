package inspect

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/dop251/goja"
)

// An errorText is what an error says of itself, escaped line by line.
type errorText struct {
	class   string // "TypeError", "MyError [bar]"
	message string // with its line feeds; may be empty
}

func (t errorText) String() string {
	switch {
	case t.message == "":
		return t.class
	case t.class == "":
		return t.message
	}
	return t.class + ": " + t.message
}

// errorText reads the name and the message of an error. A class that did not
// change the name it inherits is named after its constructor.
func (p *printer) errorText(o *goja.Object, c class) errorText {
	t := errorText{class: "Error"}
	switch name, found := p.lookup(o, p.keyName); {
	case found == hiddenBehindCode && name == nil && c.name != "":
		t.class = c.name
	case found == absent || name == nil || goja.IsUndefined(name):
	default:
		if text, ok := p.primitiveText(name); ok {
			t.class = visible(text)
		}
	}
	if message, found := p.lookup(o, p.keyMessage); found != absent && message != nil && !goja.IsUndefined(message) {
		text, _ := p.primitiveText(message)
		t.message = p.spent(visibleLines(text))
	}
	t.class = p.spent(improvedClass(t, c))
	return t
}

var (
	classBeforeColon = regexp.MustCompile(`^([A-Z][a-z_ A-Z0-9[\]()-]+)(?::|$)`)
	errorByName      = regexp.MustCompile(`^([a-z_A-Z0-9-]*Error)$`)
)

// improvedClass puts the name of the constructor where the name says less. It
// leaves names that do not look like those of an error class alone.
func improvedClass(t errorText, c class) string {
	fallback, replaced := "Error", t.class
	if c.null {
		if m := classBeforeColon.FindStringSubmatch(t.String()); m != nil {
			fallback = m[1]
		} else if m := errorByName.FindStringSubmatch(t.String()); m != nil {
			fallback = m[1]
		} else {
			replaced = ""
		}
	} else if !strings.HasSuffix(t.class, "Error") {
		return t.class
	}
	better := strings.TrimSuffix(c.prefix(fallback, ""), " ")
	switch {
	case t.class == better:
		return t.class
	case !strings.Contains(better, t.class):
		return better + " [" + t.class + "]"
	case replaced == "":
		return better + ": " + t.class
	}
	return better
}

// primitiveText is String(v) for anything but an object.
func (p *printer) primitiveText(v goja.Value) (string, bool) {
	switch v := v.(type) {
	case *goja.Object:
		return "", false
	case goja.String:
		text := jsText(v, p.MaxStringLength)
		if more := v.Length() - p.MaxStringLength; more > 0 {
			text += "... " + counted(more, "more character")
		}
		return text, true
	case *goja.Symbol:
		return symbolText(v, p.MaxStringLength), true
	}
	return numberText(v), true
}

func visibleLines(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = visible(lines[i])
	}
	return strings.Join(lines, "\n")
}

// block is text of several lines, of which all but the first are indented.
func block(text string, indent int, style Style) piece {
	var out piece
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			out.newline(indent)
		}
		out.text(line, style)
	}
	return out
}

// errorBase is what stands before the properties of an error: its text, in
// brackets when no frames follow. It takes the properties that the text already
// shows off the list, and puts the cause and the errors on it.
func (p *printer) errorBase(o *goja.Object, c class, properties *[]entry) piece {
	t := p.errorText(o, c)
	kept := (*properties)[:0]
	listed := map[string]bool{}
	for _, e := range *properties {
		if e.key.StrictEquals(p.keyName) || e.key.StrictEquals(p.keyMessage) {
			if text, ok := p.propertyText(e.value); ok && strings.Contains(t.String(), text) {
				continue
			}
		}
		if s, ok := e.key.(goja.String); ok && s.Length() <= len("errors") {
			listed[s.String()] = true
		}
		kept = append(kept, e)
	}
	*properties = kept
	if !listed["cause"] {
		p.addInherited(o, p.keyCause, properties, func(goja.Value) bool { return true })
	}
	if !listed["errors"] {
		p.addInherited(o, p.keyErrors, properties, isArray)
	}

	frames := p.frames(o)
	if len(frames) == 0 {
		return block("["+t.String()+"]", p.indent, Plain)
	}
	out := block(t.String(), p.indent, Plain)
	for _, frame := range frames {
		out.newline(p.indent)
		out.text("    at "+p.spent(frame), Dim)
	}
	return out
}

func (p *printer) propertyText(v goja.Value) (string, bool) {
	if v == nil {
		return "", false
	}
	text, ok := p.primitiveText(v)
	return visibleLines(text), ok
}

func isArray(v goja.Value) bool {
	o, ok := v.(*goja.Object)
	if !ok {
		return false
	}
	o = unproxied(o)
	return o != nil && o.ClassName() == "Array"
}

// addInherited lists a property that is not enumerable or that a prototype
// has.
func (p *printer) addInherited(o *goja.Object, key goja.Value, properties *[]entry, accept func(goja.Value) bool) {
	if prop, ok := p.own(o, key); ok {
		if prop.value == nil || accept(prop.value) {
			*properties = append(*properties, entry{key, prop})
		}
		return
	}
	if v, found := p.lookup(o, key); found == present && accept(v) {
		*properties = append(*properties, entry{key, property{value: v, enumerable: true}})
	}
}

// maxFrames bounds how much of a stack is shown.
const maxFrames = 50

// engineOffset ends a frame as the engine writes it: "\tat f (file:1:2(3))", the
// last number being an offset into its bytecode.
var engineOffset = regexp.MustCompile(`(:\d+:\d+)\(\d+\)(\)?)$`)

// frames lists the user's part of an error's stack, when it is wanted.
func (p *printer) frames(o *goja.Object) []string {
	if !p.Stack {
		return nil
	}
	stack, _ := p.own(o, p.keyStack)
	s, ok := stack.value.(goja.String)
	if !ok {
		return nil
	}
	var frames []string
	for line := range strings.SplitSeq(jsText(s, 1<<16), "\n") {
		indented := strings.TrimLeft(line, " \t")
		frame, ok := strings.CutPrefix(indented, "at ")
		if !ok || indented == line {
			continue
		}
		if strings.HasSuffix(frame, "(native)") || p.HideFrame != nil && p.HideFrame(frame) {
			continue
		}
		frame = visible(engineOffset.ReplaceAllString(frame, "$1$2"))
		if frames = append(frames, frame); len(frames) == maxFrames {
			break
		}
	}
	return frames
}

// Bounds of the print of an error that nobody caught.
const (
	maxCauses       = 10  // in one chain
	maxChildren     = 10  // of one group
	maxGroups       = 6   // inside each other
	maxErrorEntries = 200 // of the whole print
)

// Error prints a value that was thrown or rejected with and that nobody
// caught: "Uncaught ", the class and the message, then below it the errors of a
// group and the chain of causes.
//
//	Uncaught ExceptionGroup: 2 tasks failed
//	  - TypeError: x is not a function
//	  - ReadTimeout: no data for 5 s
//	      cause: OSError: i/o timeout
//	  cause: Error: what led to it all
//
// A value that is not an error is printed as [Inspector.Value] does.
func (i *Inspector) Error(v goja.Value, o Options) []Line {
	p := i.printer(o.resolved())
	out := plain("Uncaught ")
	if err := p.asError(v); err != nil {
		p.entries = maxErrorEntries
		p.errorTree(&out, err, 0, 0)
	} else {
		out.add(p.value(v, 0))
	}
	return out.finish()
}

// asError returns the error that v is, or nil.
func (p *printer) asError(v goja.Value) *goja.Object {
	o, ok := v.(*goja.Object)
	if !ok {
		return nil
	}
	if o = unproxied(o); o == nil || p.kindOf(o) != kindError {
		return nil
	}
	return o
}

// errorTree prints an error where the line stands, and what belongs to it on
// lines that are indented by more than indent.
func (p *printer) errorTree(out *piece, o *goja.Object, indent, groups int) {
	for causes := 0; ; causes++ {
		at := indent
		if causes > 0 {
			at += 2
		}
		p.seen = append(p.seen, o)
		defer func(n int) { p.seen = p.seen[:n] }(len(p.seen) - 1)
		p.errorLines(out, o, at)
		p.errorChildren(out, o, at, groups)

		cause, found := p.lookup(o, p.keyCause)
		if found == absent || cause == nil || goja.IsUndefined(cause) {
			return
		}
		out.newline(indent + 2)
		if causes == maxCauses || !p.spend() {
			out.text("... more causes", Dim)
			return
		}
		out.text("cause: ", Name)
		next := p.asError(cause)
		if next == nil || p.isSeen(next) {
			p.nested(out, cause, indent+4)
			return
		}
		o = next
	}
}

func (p *printer) isSeen(o *goja.Object) bool {
	for _, s := range p.seen {
		if s == o {
			return true
		}
	}
	return false
}

// nested prints a value that is no error, or an error that is being printed.
func (p *printer) nested(out *piece, v goja.Value, indent int) {
	if err := p.asError(v); err != nil {
		out.text("[Circular]", Special)
		return
	}
	p.indent += indent
	out.add(p.value(v, max(0, p.Depth-1)))
	p.indent -= indent
}

func (p *printer) errorLines(out *piece, o *goja.Object, indent int) {
	t := p.errorText(o, p.classOf(o, kindError, 0))
	switch {
	case t.class == "":
		out.add(block(t.message, indent+2, Plain))
	case t.message == "":
		out.text(t.class, Error)
	default:
		out.text(t.class, Error)
		out.text(": ", Plain)
		out.add(block(t.message, indent+2, Plain))
	}
	for _, frame := range p.frames(o) {
		out.newline(indent + 4)
		out.text("at "+p.spent(frame), Dim)
	}
}

// errorChildren prints the errors of an AggregateError or ExceptionGroup.
func (p *printer) errorChildren(out *piece, o *goja.Object, indent, groups int) {
	v, _ := p.lookup(o, p.keyErrors)
	if v == nil || !isArray(v) {
		return
	}
	list := unproxied(v.(*goja.Object))
	length, _ := p.own(list, p.keyLength)
	if length.value == nil {
		return
	}
	n := int(length.value.ToInteger())
	for i := range n {
		out.newline(indent + 2)
		if i == maxChildren || groups == maxGroups || !p.spend() {
			out.text("... "+strconv.Itoa(n-i)+" more", Dim)
			return
		}
		out.text("- ", Plain)
		child, _ := p.own(list, p.private.ToValue(i))
		if err := p.asError(child.value); err != nil && !p.isSeen(err) {
			p.errorTree(out, err, indent+4, groups+1)
		} else {
			p.nested(out, child.value, indent+4)
		}
	}
}
