package jsbind

import (
	"fmt"
	"math"

	"github.com/dop251/goja"

	"httpx-repl/jsbind/loop"
)

// mockClock is trio.testing.MockClock. There is one clock in a session: during the run that it was given to, the session's clock goes
// by its rules, and afterwards on from there.
type mockClock struct {
	rt        *Runtime
	rate      float64
	threshold float64 // seconds; Infinity never jumps
	running   bool
	cell      string // whose run it drives
	before    loop.Pace
}

func (m *mockClock) begin() {
	if m.rt.mock != nil {
		m.rt.throw(m.rt.plainFailure("Error", "a MockClock drives the session's clock already, until the run that it was given to ends"))
	}
	m.before = m.rt.loop.Pace()
	m.running, m.cell, m.rt.mock = true, m.rt.here().Cell, m
	m.apply()
}

func (m *mockClock) apply() {
	if m.running {
		jump := !math.IsInf(m.threshold, 1)
		p := loop.Pace{Virtual: true, Rate: m.rate, Jump: jump}
		if jump {
			p.Threshold = duration(m.threshold)
		}
		m.rt.loop.SetPace(p)
	}
}

func (m *mockClock) end() {
	if m.running {
		m.running, m.rt.mock = false, nil
		m.rt.loop.SetPace(m.before)
	}
}

// freeClock takes the clock back from a run that was left behind together with its cell.
func (rt *Runtime) freeClock(cell string) {
	if rt.mock != nil && rt.mock.cell == cell {
		rt.mock.end()
	}
}

// String is how the prompt shows a clock.
func (m *mockClock) String() string {
	return fmt.Sprintf("<MockClock, rate=%s, autojumpThreshold=%s>", m.rt.vm.ToValue(m.rate), m.rt.vm.ToValue(m.threshold))
}

func (rt *Runtime) mockClockClass() *class {
	of := func(h *hostObject) *mockClock { return h.value.(*mockClock) }
	number := func(v goja.Value, what string) float64 {
		f := v.ToFloat()
		if !isNumber(v) || !(f >= 0) {
			panic(rt.newError("RangeError", what+" is a number of at least 0"))
		}
		return f
	}
	return rt.newClass(classSpec{
		name: "MockClock",
		construct: func(call goja.ConstructorCall) any {
			m := &mockClock{rt: rt, threshold: math.Inf(1)}
			o := rt.options(call.Argument(0), "MockClock", "rate", "autojumpThreshold")
			if v := o["rate"]; v != nil {
				m.rate = number(v, "rate")
			}
			if v := o["autojumpThreshold"]; v != nil {
				m.threshold = number(v, "autojumpThreshold")
			}
			return m
		},
		methods: []member{{"jump", 1, func(h *hostObject, args []goja.Value) goja.Value {
			seconds := rt.secondsOrForever(arg(args, 0), "jump's time")
			if seconds < 0 {
				panic(rt.newError("RangeError", "time can't go backwards"))
			}
			if !of(h).running {
				panic(rt.newError("Error", "this MockClock drives no run: give it to trio.run(main, {clock})"))
			}
			rt.loop.Advance(duration(seconds))
			return goja.Undefined()
		}}, rt.reprMember()},
		accessors: []accessor{
			{"rate", func(h *hostObject) goja.Value { return rt.vm.ToValue(of(h).rate) }, func(h *hostObject, v goja.Value) {
				of(h).rate = number(v, "rate")
				of(h).apply()
			}},
			{"autojumpThreshold", func(h *hostObject) goja.Value { return rt.vm.ToValue(of(h).threshold) }, func(h *hostObject, v goja.Value) {
				of(h).threshold = number(v, "autojumpThreshold")
				of(h).apply()
			}},
		},
	})
}
