package jsbind

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/dop251/goja"

	"httpx-repl/jsbind/source"
)

// Completion is one way to go on at the cursor.
type Completion struct {
	Text string
	Kind string // "method", "property", "option", "global", "keyword"
}

// completeWait is how long a completion waits for a busy loop before it offers nothing.
const completeWait = 50 * time.Millisecond

// Complete offers what may follow before pos, a byte offset in text: globals, the members of an object, the options of an
// API call. It returns the byte offset that the candidates replace from. No getter and no other code of the user runs.
func (rt *Runtime) Complete(text string, pos int) (start int, list []Completion) {
	type answer struct {
		start int
		list  []Completion
	}
	answers := make(chan answer, 1)
	if !rt.loop.Control(func() {
		start, list := rt.complete(text[:min(pos, len(text))])
		answers <- answer{start, list}
	}) {
		return pos, nil
	}
	timer := time.NewTimer(completeWait)
	defer timer.Stop()
	select {
	case a := <-answers:
		return a.start, a.list
	case <-timer.C:
		return pos, nil
	}
}

// memberPath is a dotted path and the beginning of the next name at the end of a text; indexed a bracket with the beginning
// of a key.
var (
	memberPath = regexp.MustCompile(`((?:[A-Za-z_$][\w$]*\??\.)*)([A-Za-z_$][\w$]*)?$`)
	indexed    = regexp.MustCompile(`((?:[A-Za-z_$][\w$]*\??\.)*[A-Za-z_$][\w$]*)\[(["'])([^"']*)$`)
)

func (rt *Runtime) complete(before string) (int, []Completion) {
	if m := indexed.FindStringSubmatch(before); m != nil {
		o := rt.resolve(strings.Split(strings.ReplaceAll(m[1], "?", ""), "."))
		var list []Completion
		for _, key := range rt.ownNames(o) {
			if strings.HasPrefix(key, m[3]) {
				list = append(list, Completion{key + m[2] + "]", "property"})
			}
		}
		return len(before) - len(m[3]), list
	}
	m := memberPath.FindStringSubmatch(before)
	path, prefix := strings.ReplaceAll(m[1], "?", ""), m[2]
	start := len(before) - len(prefix)
	var list []Completion
	switch {
	case path != "":
		list = rt.members(rt.resolve(strings.Split(strings.TrimSuffix(path, "."), ".")))
	case strings.HasSuffix(strings.TrimRight(before[:start], " "), "."):
		// A member of something that only running it could tell, unless its form tells.
		list = rt.members(rt.prototypeOf(strings.TrimSuffix(strings.TrimSuffix(strings.TrimRight(before[:start], " "), "."), "?")))
	default:
		if keys := optionsAt(before[:start]); keys != nil {
			for _, k := range keys {
				list = append(list, Completion{k + ": ", "option"})
			}
		} else {
			list = rt.globalNames()
		}
	}
	list = slices.DeleteFunc(list, func(c Completion) bool { return !strings.HasPrefix(c.Text, prefix) })
	return start, list
}

// responseCalls are the methods whose awaited result is a Response.
var responseCalls = []string{"get", "head", "options", "delete", "post", "put", "patch", "request", "send", "stream", "raiseForStatus"}

// prototypeOf guesses from its form what an expression at the end of a text gives: a literal, or an awaited call of the client.
func (rt *Runtime) prototypeOf(expression string) *goja.Object {
	if expression == "" {
		return nil
	}
	switch last := expression[len(expression)-1]; last {
	case '"', '\'', '`':
		return rt.prototype("String")
	case ']':
		open := opening(expression, '[', ']')
		if head := strings.TrimRight(expression[:max(open, 0)], " "); open >= 0 && (head == "" || strings.ContainsRune("=(,:?[{;&|+", rune(head[len(head)-1]))) {
			return rt.prototype("Array")
		}
	case ')':
		open := opening(expression, '(', ')')
		if open < 0 {
			return nil
		}
		inner, awaited := strings.CutPrefix(strings.TrimSpace(expression[open+1:len(expression)-1]), "await ")
		if awaited {
			open = opening(inner, '(', ')')
			expression = inner
		}
		if m := calleeAtEnd.FindString(expression[:max(open, 0)]); contains(responseCalls, m) && awaited || m == "raiseForStatus" {
			return rt.responseClass().proto
		}
	}
	return nil
}

// opening is where the bracket that closes at the end of a text opens, -1 when it does not.
func opening(text string, open, close byte) int {
	depth := 0
	for i := len(text) - 1; i >= 0; i-- {
		switch text[i] {
		case close:
			depth++
		case open:
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

var keywords = []string{"async", "await", "break", "case", "catch", "class", "const", "continue", "delete", "do", "else", "export", "extends", "finally",
	"for", "function", "if", "import", "in", "instanceof", "let", "new", "null", "of", "return", "static", "super", "switch", "this", "throw", "true",
	"false", "try", "typeof", "undefined", "using", "var", "void", "while", "yield"}

func (rt *Runtime) globalNames() []Completion {
	var list []Completion
	seen := map[string]bool{}
	add := func(name, kind string) {
		if !seen[name] && !source.Hidden(name) && !rt.aliases[name] {
			seen[name] = true
			list = append(list, Completion{name, kind})
		}
	}
	for _, n := range rt.names.List() {
		add(n.Name, "variable")
	}
	for _, n := range rt.ownNames(rt.vm.GlobalObject()) {
		add(n, "global")
	}
	for _, k := range keywords {
		add(k, "keyword")
	}
	slices.SortStableFunc(list, func(a, b Completion) int { return strings.Compare(a.Text, b.Text) })
	return list
}

// members are an object's own and inherited names; HTTPX's own spellings work, but are not offered.
func (rt *Runtime) members(o *goja.Object) []Completion {
	var list []Completion
	seen := map[string]bool{}
	every := rt.prototype("Object")
	for depth := 0; o != nil && depth < 16; depth++ {
		if o.ExportType() == proxyType || o == every && len(list) > 0 {
			break // what every object has is noise behind an object's own
		}
		for _, name := range rt.ownNames(o) {
			if seen[name] || rt.aliases[name] || !isIdentifier(name) || name == "constructor" || strings.HasPrefix(name, "__") {
				continue
			}
			seen[name] = true
			kind := "property"
			if v, err := rt.descriptor(o, name); err == nil && v != nil {
				if _, ok := goja.AssertFunction(v); ok {
					kind = "method"
				}
			}
			list = append(list, Completion{name, kind})
		}
		o = o.Prototype()
	}
	slices.SortFunc(list, func(a, b Completion) int { return strings.Compare(a.Text, b.Text) })
	return list
}

func (rt *Runtime) ownNames(o *goja.Object) []string {
	if o == nil || o.ExportType() == proxyType {
		return nil
	}
	return o.GetOwnPropertyNames()
}

var identifier = regexp.MustCompile(`^[A-Za-z_$][\w$]*$`)

func isIdentifier(name string) bool { return identifier.MatchString(name) }

// resolve follows a path through data properties and native accessors; it stops at anything that would run code.
func (rt *Runtime) resolve(path []string) *goja.Object {
	at := rt.vm.GlobalObject()
	for i, name := range path {
		if makeIt := rt.lazies[at][name]; makeIt != nil {
			makeIt()
		}
		v, err := rt.descriptor(at, name)
		if err != nil {
			return nil
		}
		if v == nil {
			v = rt.nativeProperty(at, name)
		}
		if i == 0 && v == nil {
			return nil
		}
		switch {
		case v == nil:
			return nil
		case goja.IsString(v):
			at = rt.prototype("String")
		case isNumber(v):
			at = rt.prototype("Number")
		default:
			o, ok := v.(*goja.Object)
			if !ok {
				return nil
			}
			at = o
		}
	}
	return at
}

// nativeProperty reads an accessor of a native class, which runs no user code; what throws reads as nothing.
func (rt *Runtime) nativeProperty(o *goja.Object, name string) (v goja.Value) {
	h := hostOf(o)
	if h == nil || !h.declared(name) {
		return nil
	}
	if rt.vm.Try(func() { v = o.Get(name) }) != nil {
		return nil
	}
	return v
}

// apiOptions are the options of each API call, by the last name of its callee.
var apiOptions = map[string][]string{
	"get": getKeys, "head": getKeys, "options": getKeys, "delete": getKeys,
	"post": concat(bodyKeys, requestKeys, sendKeys), "put": concat(bodyKeys, requestKeys, sendKeys), "patch": concat(bodyKeys, requestKeys, sendKeys),
	"request": concat(bodyKeys, requestKeys, sendKeys), "stream": concat(bodyKeys, requestKeys, sendKeys),
	"buildRequest": concat(bodyKeys, requestKeys), "send": sentKeys,
	"AsyncClient": clientKeys, "AsyncHTTPTransport": networkKeys,
	"Timeout": {"connect", "read", "write", "pool", "total"}, "Limits": {"maxConnections", "maxKeepaliveConnections", "keepaliveExpiry"},
	"aiterBytes": {"chunkSize"}, "aiterText": {"chunkSize"}, "aiterRaw": {"chunkSize"}, "aiterLines": {"separators", "maxLength"},
}

var calleeAtEnd = regexp.MustCompile(`([A-Za-z_$][\w$]*)$`)

// optionsAt is the list of options when the text ends in the options object of an API call, where a key may stand.
func optionsAt(before string) []string {
	trimmed := strings.TrimRight(before, " \t\n")
	if trimmed == "" || trimmed[len(trimmed)-1] != '{' && trimmed[len(trimmed)-1] != ',' {
		return nil
	}
	var open []int // brackets that are open at the end
	for i := 0; i < len(trimmed); i++ {
		switch c := trimmed[i]; c {
		case '(', '[', '{':
			open = append(open, i)
		case ')', ']', '}':
			if len(open) > 0 {
				open = open[:len(open)-1]
			}
		case '"', '\'', '`':
			if end := strings.IndexByte(trimmed[i+1:], c); end >= 0 {
				i += end + 1
			}
		}
	}
	n := len(open)
	if n < 2 || trimmed[open[n-1]] != '{' || trimmed[open[n-2]] != '(' {
		return nil
	}
	m := calleeAtEnd.FindStringSubmatch(strings.TrimRight(trimmed[:open[n-2]], " "))
	if m == nil {
		return nil
	}
	return apiOptions[m[1]]
}
