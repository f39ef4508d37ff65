package jsbind

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/dop251/goja"

	"httpx-repl/jsbind/inspect"
)

// The virtual machine's messages name neither the expression nor a way out. reword says, where an error is shown, what V8
// would, and what may have been meant; the error itself keeps its message.

var (
	noMember   = regexp.MustCompile(`TypeError: Object has no member '([^']+)'`)
	ofNothing  = regexp.MustCompile(`TypeError: Cannot (read|set) property '?([^']+?)'? of (undefined or null|undefined|null)`)
	notCalled  = regexp.MustCompile(`TypeError: (?:Value is not a function|Not a function|Value is not callable)(?::.*)?$`)
	notObject  = regexp.MustCompile(`TypeError: Value is not an object: (.*)$`) // also what calling a value that is no function says
	noIterator = regexp.MustCompile(`TypeError: (?:Object has no member 'Symbol\.iterator'|object is not iterable.*|Value is not iterable.*)`)
	callPath   = regexp.MustCompile(`((?:[A-Za-z_$][\w$]*\??\.)*[A-Za-z_$][\w$]*)\s*\(?$`)
)

// reword improves the first line of a shown error. Before is the user's line up to the place of the error.
func (rt *Runtime) reword(lines []inspect.Line, before string) (hint string) {
	if len(lines) == 0 || len(lines[0]) == 0 {
		return ""
	}
	text := inspect.Text(lines[:1])
	text, hint = rt.wording(text, before)
	lines[0] = inspect.Line{{Text: text, Style: lines[0][0].Style}}
	return hint
}

func (rt *Runtime) wording(text, before string) (string, string) {
	path := ""
	if m := callPath.FindStringSubmatch(strings.TrimRight(before, " ")); m != nil {
		path = strings.ReplaceAll(m[1], "?", "")
	}
	switch {
	case noIterator.MatchString(text):
		return noIterator.ReplaceAllLiteralString(text, "TypeError: the value is not iterable"), "an async iterable needs for await"
	case noMember.MatchString(text):
		name := noMember.FindStringSubmatch(text)[1]
		object, last := cutLast(path)
		if last != name || object == "" {
			return noMember.ReplaceAllString(text, "TypeError: .$1 is not a function"), ""
		}
		text = noMember.ReplaceAllLiteralString(text, fmt.Sprintf("TypeError: %s.%s is not a function", object, name))
		return text, rt.suggestMember(object, name)
	case ofNothing.MatchString(text):
		m := ofNothing.FindStringSubmatch(text)
		if m[1] == "read" {
			return ofNothing.ReplaceAllString(text, "TypeError: Cannot read properties of $3 (reading '$2')"), ""
		}
		return ofNothing.ReplaceAllString(text, "TypeError: Cannot set properties of $3 (setting '$2')"), ""
	case notCalled.MatchString(text):
		what := "the value"
		if path != "" {
			what = path
		}
		return notCalled.ReplaceAllLiteralString(text, "TypeError: "+what+" is not a function"), ""
	case notObject.MatchString(text) && path != "":
		return notObject.ReplaceAllLiteralString(text, "TypeError: "+path+" is not a function"), ""
	case notObject.MatchString(text):
		return notObject.ReplaceAllString(text, "TypeError: $1 is not an object"), ""
	}
	return text, ""
}

func cutLast(path string) (object, name string) {
	i := strings.LastIndexByte(path, '.')
	if i < 0 {
		return "", path
	}
	return path[:i], path[i+1:]
}

// suggestMember names the member that may have been meant, or says that a promise was not awaited.
func (rt *Runtime) suggestMember(object, name string) string {
	o := rt.resolve(strings.Split(object, "."))
	if o == nil {
		return ""
	}
	if o.ExportType() == promiseType && o.Export().(*goja.Promise) != nil {
		return fmt.Sprintf("%s is a promise: did you mean (await %s).%s?", object, object, name)
	}
	var names []string
	for _, m := range rt.members(o) {
		names = append(names, m.Text)
	}
	if best := closest(name, names); best != "" {
		return fmt.Sprintf("did you mean %s.%s?", object, best)
	}
	return ""
}

// closest is the known name nearest to a mistyped one, "" when none is near.
func closest(name string, known []string) string {
	best, distance := "", 1+len(name)/2
	for _, k := range known {
		if d := editDistance(strings.ToLower(name), strings.ToLower(k)); d < distance {
			best, distance = k, d
		}
	}
	return best
}
