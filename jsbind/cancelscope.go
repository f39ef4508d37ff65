package jsbind

import (
	"math"

	"github.com/dop251/goja"

	"httpx-repl/jsbind/loop"
)

// cancelScope is trio's and anyio's: level cancellation. Once it is cancelled every checkpoint in it fails, until it ends.
type cancelScope struct {
	rt       *Runtime
	library  *library // of the body; nil keeps the one around
	after    float64  // seconds from its opening to its deadline; Infinity is none
	deadline float64  // on the session's clock
	shield   bool
	tooSlow  string // the class of the error that a deadline ends in; "" ends the block quietly

	outer  *loop.Task
	scope  *loop.Scope
	closed bool
	called bool
	caught bool
}

func (rt *Runtime) newCancelScope(l *library) *cancelScope {
	return &cancelScope{rt: rt, library: l, after: math.Inf(1), deadline: math.Inf(1)}
}

// String is how the prompt shows a scope.
func (s *cancelScope) String() string {
	switch {
	case s.closed && s.caught:
		return "<CancelScope exited, cancelled>"
	case s.closed:
		return "<CancelScope exited>"
	case s.scope == nil:
		return "<CancelScope unbound>"
	case s.called:
		return "<CancelScope active, cancelled>"
	}
	return "<CancelScope active>"
}

func (s *cancelScope) open(outer *loop.Task) *loop.Task {
	if s.scope != nil {
		s.rt.throw(s.rt.plainFailure("Error", "Each CancelScope may only be used for a single block"))
	}
	s.outer = outer
	s.scope = s.rt.loop.NewScope(outer.Scope)
	s.scope.Shield(s.shield)
	if !math.IsInf(s.after, 1) {
		s.deadline = inSeconds(s.rt.loop.Now()) + s.after
	}
	body := outer.Below(s.scope)
	if s.library != nil {
		p := s.rt.placeOf(outer)
		p.library = s.library
		body.Local = p
	}
	if s.called {
		s.scope.Cancel(&scopeCancelled{})
	}
	s.schedule()
	return body
}

// schedule sets the timer for the deadline.
func (s *cancelScope) schedule() {
	if s.scope == nil || s.closed || s.called {
		return
	}
	if math.IsInf(s.deadline, 1) {
		s.scope.ClearDeadline()
		return
	}
	if at := duration(s.deadline); at > s.rt.loop.Now() {
		s.scope.OnDeadline(at, s.cancel)
	} else {
		s.cancel()
	}
}

func (s *cancelScope) cancel() {
	if s.called || s.closed {
		return
	}
	s.called = true
	if s.scope != nil {
		s.scope.ClearDeadline()
		s.scope.Cancel(&scopeCancelled{})
	}
}

// close ends the scope. A cancellation error in it was the scope's own unless the scope around is cancelled too.
func (s *cancelScope) close(_ *loop.Coroutine, failure goja.Value) goja.Value {
	cancelled := s.scope.Err() != nil
	above := !s.scope.Shielded() && s.outer.Scope.Err() != nil
	s.closed = true
	s.scope.Close()
	if failure != nil && cancelled && !above {
		failure, s.caught = s.rt.withoutCancellation(failure)
	}
	if s.caught && failure == nil && s.tooSlow != "" {
		return s.rt.toJS(s.rt.failure(s.tooSlow, ""))
	}
	if failure != nil && above && s.rt.isCancelError(failure) {
		return s.rt.toJSIn(s.outer, s.outer.Scope.Err()) // what is around may be told of its cancellation in another manner
	}
	return failure
}

// cancelScopeClass is the class CancelScope of a library; nil is anyio's.
func (rt *Runtime) cancelScopeClass(l *library) *class {
	of := func(h *hostObject) *cancelScope { return h.value.(*cancelScope) }
	return rt.newClass(classSpec{
		name: "CancelScope",
		construct: func(call goja.ConstructorCall) any {
			o := rt.options(call.Argument(0), "CancelScope", "deadline", "shield")
			s := rt.newCancelScope(l)
			if v := o["deadline"]; v != nil {
				s.deadline = rt.secondsOrForever(v, "deadline")
			}
			if v := o["shield"]; v != nil {
				s.shield = rt.boolean(v, "shield")
			}
			return s
		},
		methods: []member{
			{"cancel", 0, func(h *hostObject, _ []goja.Value) goja.Value {
				of(h).cancel()
				return goja.Undefined()
			}},
			{"with", 1, func(h *hostObject, args []goja.Value) goja.Value {
				return rt.inBlock(of(h), rt.callable(arg(args, 0), "CancelScope.with"), h.object)
			}},
			rt.blockDisposal(), rt.reprMember(),
		},
		accessors: []accessor{
			{"deadline", func(h *hostObject) goja.Value { return rt.vm.ToValue(of(h).deadline) }, func(h *hostObject, v goja.Value) {
				of(h).deadline, of(h).after = rt.secondsOrForever(v, "deadline"), math.Inf(1)
				of(h).schedule()
			}},
			{"shield", func(h *hostObject) goja.Value { return rt.vm.ToValue(of(h).shield) }, func(h *hostObject, v goja.Value) {
				of(h).shield = rt.boolean(v, "shield")
				if of(h).scope != nil {
					of(h).scope.Shield(of(h).shield)
				}
			}},
			{name: "cancelCalled", get: func(h *hostObject) goja.Value { return rt.vm.ToValue(of(h).called) }},
			{name: "cancelledCaught", get: func(h *hostObject) goja.Value { return rt.vm.ToValue(of(h).caught) }},
		},
		disposeA: "aclose",
	})
}

// deadlineBlock is moveOnAfter, failAfter and their like: a scope with a deadline, for the given function or, without one, for await
// using.
func (rt *Runtime) deadlineBlock(name string, scopes *class, l *library, absolute bool, tooSlow string) member {
	return member{name, 1, func(_ *hostObject, args []goja.Value) goja.Value {
		f, args := callbackOf(args)
		s := rt.newCancelScope(l)
		s.tooSlow = tooSlow
		at := math.Inf(1)
		if v := arg(args, 0); !goja.IsNull(v) {
			at = rt.secondsOrForever(v, name+"'s time")
		}
		if absolute {
			s.deadline = at
		} else if at < 0 {
			panic(rt.newError("RangeError", "timeout must be non-negative"))
		} else {
			s.after = at
		}
		if v := rt.options(arg(args, 1), name, "shield")["shield"]; v != nil {
			s.shield = rt.boolean(v, "shield")
		}
		object := scopes.wrap(s)
		if f == nil {
			return object
		}
		return rt.inBlock(s, f, object)
	}}
}
