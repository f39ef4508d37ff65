package jsbind

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/dop251/goja"
)

// The URL class (https://url.spec.whatwg.org/#url-class).

// webURL is a URL object: the record, and the URLSearchParams that shows its query.
type webURL struct {
	urlRecord
	params       *searchParams
	paramsObject *goja.Object // nil until a script asks for it
}

func newWebURL(record *urlRecord) *webURL {
	u := &webURL{urlRecord: *record}
	u.params = &searchParams{url: u}
	u.readParams()
	return u
}

// readParams makes the parameters those of the query.
func (u *webURL) readParams() {
	u.params.list = nil
	if u.query != nil {
		u.params.list = parseForm(*u.query)
	}
}

// String is the URL as the prompt shows it, without the password.
func (u *webURL) String() string { return "URL { href: " + quoted(u.masked()) + " }" }

// urlComponent is one property of a URL object.
type urlComponent struct {
	name string
	get  func(*urlRecord) string
	set  func(*urlRecord, string) // nil: read-only, or not a component alone
}

// urlComponents are the properties of a URL object that read, and some of them write, its record. A value that is not valid
// leaves the record as it is, as the standard says.
var urlComponents = []urlComponent{
	{"href", (*urlRecord).Href, nil},
	{"origin", (*urlRecord).origin, nil},
	{"protocol", func(u *urlRecord) string { return u.scheme + ":" }, func(u *urlRecord, v string) { u.set(v+":", schemeStart) }},
	{"username", func(u *urlRecord) string { return u.username }, func(u *urlRecord, v string) {
		if !u.fixedAuthority() {
			u.username = escapeUserinfo.escape(v)
		}
	}},
	{"password", func(u *urlRecord) string { return u.password }, func(u *urlRecord, v string) {
		if !u.fixedAuthority() {
			u.password = escapeUserinfo.escape(v)
		}
	}},
	{"host", (*urlRecord).hostPort, func(u *urlRecord, v string) { u.setHost(v, hostState) }},
	{"hostname", func(u *urlRecord) string { return value(u.host) }, func(u *urlRecord, v string) { u.setHost(v, hostnameState) }},
	{"port", (*urlRecord).portText, (*urlRecord).setPort},
	{"pathname", func(u *urlRecord) string { return u.path }, func(u *urlRecord, v string) {
		if !u.opaque {
			u.path = ""
			u.set(v, pathStart)
		}
	}},
	{"search", func(u *urlRecord) string { return prefixed("?", u.query) }, func(u *urlRecord, v string) {
		u.query = nil
		if v != "" {
			u.set(strings.TrimPrefix(v, "?"), queryState)
		}
	}},
	{"hash", func(u *urlRecord) string { return prefixed("#", u.fragment) }, func(u *urlRecord, v string) {
		u.fragment = nil
		if v != "" {
			u.set(strings.TrimPrefix(v, "#"), fragmentState)
		}
	}},
}

func (u *urlRecord) setHost(v string, state urlState) {
	if !u.opaque {
		u.set(v, state)
	}
}

func (u *urlRecord) portText() string {
	if u.port == noPort {
		return ""
	}
	return strconv.Itoa(u.port)
}

func (u *urlRecord) setPort(v string) {
	switch {
	case u.fixedAuthority():
	case v == "":
		u.port = noPort
	default:
		u.set(v, portState)
	}
}

func value(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// prefixed is a query or fragment with its sign; an empty one is nothing.
func prefixed(sign string, text *string) string {
	if value(text) == "" {
		return ""
	}
	return sign + *text
}

func (rt *Runtime) webURLClass() *class {
	return rt.once(&rt.web.url, func() classSpec {
		of := func(h *hostObject) *webURL { return h.value.(*webURL) }
		spec := classSpec{
			name: "URL", length: 1,
			construct: func(call goja.ConstructorCall) any {
				rt.needs(call.Arguments, 1, "URL")
				u, err := rt.newURL(call.Arguments)
				if err != nil {
					panic(rt.vm.NewTypeError("Invalid URL %s: %s", rt.brief(call.Arguments[0]), err))
				}
				return newWebURL(u)
			},
			statics: []member{
				{"canParse", 1, func(_ *hostObject, args []goja.Value) goja.Value {
					rt.needs(args, 1, "URL.canParse")
					_, err := rt.newURL(args)
					return rt.vm.ToValue(err == nil)
				}},
				{"parse", 1, func(_ *hostObject, args []goja.Value) goja.Value {
					rt.needs(args, 1, "URL.parse")
					u, err := rt.newURL(args)
					if err != nil {
						return goja.Null()
					}
					return rt.webURLClass().wrap(newWebURL(u))
				}},
			},
			accessors: []accessor{{name: "searchParams", get: func(h *hostObject) goja.Value {
				if of(h).paramsObject == nil {
					of(h).paramsObject = rt.searchParamsClass().wrap(of(h).params)
				}
				return of(h).paramsObject
			}}},
		}
		for _, c := range urlComponents {
			a := accessor{name: c.name, get: func(h *hostObject) goja.Value { return rt.vm.ToValue(c.get(&of(h).urlRecord)) }}
			if c.set != nil {
				a.set = func(h *hostObject, v goja.Value) {
					text := rt.scalar(v)
					c.set(&of(h).urlRecord, text)
					if c.name == "search" {
						of(h).params.list = parseForm(strings.TrimPrefix(text, "?"))
					}
				}
			}
			if c.name == "href" {
				a.set = func(h *hostObject, v goja.Value) {
					record, err := parseURL(rt.scalar(v), nil)
					if err != nil {
						panic(rt.vm.NewTypeError("Invalid URL %s: %s", rt.brief(v), err))
					}
					of(h).urlRecord = *record
					of(h).readParams()
				}
			}
			spec.accessors = append(spec.accessors, a)
		}
		for _, name := range []string{"toString", "toJSON"} {
			spec.methods = append(spec.methods, member{name, 0, func(h *hostObject, _ []goja.Value) goja.Value { return rt.vm.ToValue(of(h).Href()) }})
		}
		return spec
	})
}

// newURL parses the arguments of the URL class: a URL and, for a relative one, its base.
func (rt *Runtime) newURL(args []goja.Value) (*urlRecord, error) {
	text := rt.scalar(args[0])
	if missing(arg(args, 1)) {
		return parseURL(text, nil)
	}
	base, err := parseURL(rt.scalar(args[1]), nil)
	if err != nil {
		return nil, fmt.Errorf("the base %s is no URL: %w", rt.brief(args[1]), err)
	}
	return parseURL(text, base)
}
