package jsbind

import (
	"github.com/dop251/goja"

	"httpx-repl/jsbind/loop"
)

// AbortController, AbortSignal, Event and EventTarget as the DOM standard has them, as far as a place without a document
// needs them.

type eventTarget struct{ listeners []*listener }

type listener struct {
	kind    string
	call    goja.Callable
	this    goja.Value
	value   goja.Value
	once    bool
	removed bool
}

type domEvent struct {
	kind                  string
	cancelable, prevented bool
	target                goja.Value
}

type abortSignal struct {
	eventTarget
	object  *goja.Object
	aborted bool
	reason  goja.Value
	onabort goja.Value
	native  []*func(reason error)
}

type abortController struct{ signal *abortSignal }

// aborted is an AbortSignal's reason as the reason of a scope.
type aborted struct{ thrownError }

// AbortedBy names the cause in the record.
func (*aborted) AbortedBy() string { return "signal" }

// Unwrap lets toJS find the thrown value.
func (a *aborted) Unwrap() error { return &a.thrownError }

// targets finds the listeners of anything that extends EventTarget.
func targetOf(h *hostObject) *eventTarget {
	switch v := h.value.(type) {
	case *eventTarget:
		return v
	case *abortSignal:
		return &v.eventTarget
	}
	return nil
}

func (rt *Runtime) eventClass() *class {
	return rt.once(&rt.web.event, func() classSpec {
		of := func(h *hostObject) *domEvent { return h.value.(*domEvent) }
		return classSpec{
			name: "Event", length: 1,
			construct: func(call goja.ConstructorCall) any {
				o := rt.options(call.Argument(1), "Event", "cancelable", "bubbles", "composed")
				return &domEvent{kind: call.Argument(0).String(), cancelable: o["cancelable"] != nil && o["cancelable"].ToBoolean(), target: goja.Null()}
			},
			accessors: []accessor{
				{name: "type", get: func(h *hostObject) goja.Value { return rt.vm.ToValue(of(h).kind) }},
				{name: "target", get: func(h *hostObject) goja.Value { return of(h).target }},
				{name: "currentTarget", get: func(h *hostObject) goja.Value { return of(h).target }},
				{name: "cancelable", get: func(h *hostObject) goja.Value { return rt.vm.ToValue(of(h).cancelable) }},
				{name: "defaultPrevented", get: func(h *hostObject) goja.Value { return rt.vm.ToValue(of(h).prevented) }},
			},
			methods: []member{{"preventDefault", 0, func(h *hostObject, _ []goja.Value) goja.Value {
				of(h).prevented = of(h).cancelable
				return goja.Undefined()
			}}},
		}
	})
}

func (rt *Runtime) eventTargetClass() *class {
	return rt.once(&rt.web.eventTarget, func() classSpec {
		return classSpec{
			name:      "EventTarget",
			construct: func(goja.ConstructorCall) any { return &eventTarget{} },
			methods: []member{
				{"addEventListener", 2, func(h *hostObject, args []goja.Value) goja.Value {
					rt.listen(targetOf(h), h.object, args)
					return goja.Undefined()
				}},
				{"removeEventListener", 2, func(h *hostObject, args []goja.Value) goja.Value {
					t := targetOf(h)
					for i, l := range t.listeners {
						if l.kind == arg(args, 0).String() && l.value.SameAs(arg(args, 1)) {
							l.removed = true
							t.listeners = append(t.listeners[:i:i], t.listeners[i+1:]...)
							break
						}
					}
					return goja.Undefined()
				}},
				{"dispatchEvent", 1, func(h *hostObject, args []goja.Value) goja.Value {
					e, ok := valueOf[*domEvent](arg(args, 0))
					if !ok {
						panic(rt.vm.NewTypeError("dispatchEvent takes an Event, not %s", rt.brief(arg(args, 0))))
					}
					rt.dispatch(targetOf(h), h.object, e, args[0])
					return rt.vm.ToValue(!e.prevented)
				}},
			},
		}
	})
}

func (rt *Runtime) listen(t *eventTarget, this *goja.Object, args []goja.Value) {
	if none(arg(args, 1)) {
		return
	}
	l := &listener{kind: arg(args, 0).String(), value: args[1], this: this}
	if f, ok := goja.AssertFunction(args[1]); ok {
		l.call = f
	} else if o, ok := args[1].(*goja.Object); ok {
		l.this = o
		l.call = func(this goja.Value, args ...goja.Value) (goja.Value, error) {
			f, ok := goja.AssertFunction(o.Get("handleEvent"))
			if !ok {
				return nil, &thrownError{rt.vm.NewTypeError("the listener has no handleEvent method")}
			}
			return f(this, args...)
		}
	} else {
		panic(rt.vm.NewTypeError("a listener is a function or has handleEvent, not %s", rt.brief(args[1])))
	}
	if o, ok := arg(args, 2).(*goja.Object); ok {
		l.once = o.Get("once") != nil && o.Get("once").ToBoolean()
		if signal, ok := valueOf[*abortSignal](o.Get("signal")); ok {
			if signal.aborted {
				return
			}
			signal.onNative(func(error) { l.removed = true })
		}
	}
	for _, known := range t.listeners {
		if known.kind == l.kind && known.value.SameAs(l.value) && !known.removed {
			return
		}
	}
	t.listeners = append(t.listeners, l)
}

// dispatch calls the listeners; what one throws is reported and does not stop the others.
func (rt *Runtime) dispatch(t *eventTarget, target *goja.Object, e *domEvent, v goja.Value) {
	e.target = target
	for _, l := range append([]*listener(nil), t.listeners...) {
		if l.kind != e.kind || l.removed {
			continue
		}
		if l.once {
			l.removed = true
		}
		if _, err := l.call(l.this, v); err != nil {
			rt.uncaught(err, rt.loop.Task())
		}
	}
	kept := t.listeners[:0]
	for _, l := range t.listeners {
		if !l.removed {
			kept = append(kept, l)
		}
	}
	t.listeners = kept
}

func (rt *Runtime) abortSignalClass() *class {
	return rt.once(&rt.web.abortSignal, func() classSpec {
		of := func(h *hostObject) *abortSignal { return h.value.(*abortSignal) }
		return classSpec{
			name: "AbortSignal", parent: rt.eventTargetClass(),
			accessors: []accessor{
				{name: "aborted", get: func(h *hostObject) goja.Value { return rt.vm.ToValue(of(h).aborted) }},
				{name: "reason", get: func(h *hostObject) goja.Value { return of(h).reason }},
				{"onabort", func(h *hostObject) goja.Value { return of(h).onabort }, func(h *hostObject, v goja.Value) { of(h).onabort = v }},
			},
			methods: []member{{"throwIfAborted", 0, func(h *hostObject, _ []goja.Value) goja.Value {
				if of(h).aborted {
					panic(of(h).reason)
				}
				return goja.Undefined()
			}}},
			statics: []member{
				{"abort", 1, func(_ *hostObject, args []goja.Value) goja.Value {
					s := rt.newSignal()
					rt.abort(s, arg(args, 0))
					return s.object
				}},
				{"timeout", 1, func(_ *hostObject, args []goja.Value) goja.Value {
					s := rt.newSignal()
					rt.loop.SetTimer(milliseconds(arg(args, 0)), 0, false, func() {
						rt.abort(s, rt.domException("TimeoutError", "The operation was aborted due to timeout"))
					})
					return s.object
				}},
				{"any", 1, func(_ *hostObject, args []goja.Value) goja.Value { return rt.anySignal(arg(args, 0)) }},
			},
		}
	})
}

func (rt *Runtime) newSignal() *abortSignal {
	s := &abortSignal{reason: goja.Undefined(), onabort: goja.Null()}
	s.object = rt.abortSignalClass().wrap(s)
	return s
}

func (rt *Runtime) anySignal(v goja.Value) goja.Value {
	list, ok := rt.list(v)
	if !ok {
		panic(rt.vm.NewTypeError("AbortSignal.any takes a list of signals, not %s", rt.brief(v)))
	}
	s := rt.newSignal()
	for _, v := range list {
		source, ok := valueOf[*abortSignal](v)
		if !ok {
			panic(rt.vm.NewTypeError("AbortSignal.any takes signals, not %s", rt.brief(v)))
		}
		if source.aborted {
			rt.abort(s, source.reason)
			break
		}
		source.onNative(func(error) { rt.abort(s, source.reason) })
	}
	return s.object
}

// abort aborts a signal: what the engine waits for under it first, then the script's listeners.
func (rt *Runtime) abort(s *abortSignal, reason goja.Value) {
	if s.aborted {
		return
	}
	if missing(reason) {
		reason = rt.domException("AbortError", "This operation was aborted")
	}
	s.aborted, s.reason = true, reason
	native := s.native
	s.native = nil
	for _, f := range native {
		(*f)(&aborted{thrownError{reason}})
	}
	e := &domEvent{kind: "abort"}
	v := rt.eventClass().wrap(e)
	if f, ok := goja.AssertFunction(s.onabort); ok {
		e.target = s.object
		if _, err := f(s.object, v); err != nil {
			rt.uncaught(err, rt.loop.Task())
		}
	}
	rt.dispatch(&s.eventTarget, s.object, e, v)
}

// domException is a DOMException with the given name.
func (rt *Runtime) domException(name, message string) goja.Value {
	return rt.newDOMException(name, message)
}

func (s *abortSignal) onNative(f func(reason error)) (remove func()) {
	entry := &f
	s.native = append(s.native, entry)
	return func() {
		for i, known := range s.native {
			if known == entry {
				s.native = append(s.native[:i:i], s.native[i+1:]...)
				return
			}
		}
	}
}

// bind cancels the scope when the signal aborts; it returns what ends that.
func (s *abortSignal) bind(scope *loop.Scope) (release func()) {
	if s.aborted {
		scope.Cancel(&aborted{thrownError{s.reason}})
		return scope.Close
	}
	remove := s.onNative(scope.Cancel)
	return func() {
		remove()
		scope.Close()
	}
}

func (rt *Runtime) abortControllerClass() *class {
	return rt.once(&rt.web.abortController, func() classSpec {
		return classSpec{
			name:      "AbortController",
			construct: func(goja.ConstructorCall) any { return &abortController{rt.newSignal()} },
			accessors: []accessor{{name: "signal", get: func(h *hostObject) goja.Value { return h.value.(*abortController).signal.object }}},
			methods: []member{{"abort", 1, func(h *hostObject, args []goja.Value) goja.Value {
				rt.abort(h.value.(*abortController).signal, arg(args, 0))
				return goja.Undefined()
			}}},
		}
	})
}

// signalOf reads the signal option of a request.
func (rt *Runtime) signalOf(o options) *abortSignal {
	v := o["signal"]
	if none(v) {
		return nil
	}
	s, ok := valueOf[*abortSignal](v)
	if !ok {
		panic(rt.vm.NewTypeError("signal is an AbortSignal, such as new AbortController().signal, not %s", rt.brief(v)))
	}
	return s
}
