package jsbind

import (
	"time"

	"github.com/dop251/goja"
)

// performance (https://www.w3.org/TR/hr-time-3/) on the session's clock, which a replay repeats.

type performance struct{}

func (rt *Runtime) performanceClass() *class {
	return rt.once(&rt.web.performance, func() classSpec {
		origin := func() goja.Value {
			return rt.vm.ToValue(float64(rt.o.Opened.UnixMicro()) / 1e3)
		}
		return classSpec{
			name:      "Performance",
			accessors: []accessor{{name: "timeOrigin", get: func(*hostObject) goja.Value { return origin() }}},
			methods: []member{
				{"now", 0, func(*hostObject, []goja.Value) goja.Value {
					return rt.vm.ToValue(float64(rt.loop.ReadClock()) / float64(time.Millisecond))
				}},
				{"toJSON", 0, func(*hostObject, []goja.Value) goja.Value {
					o := rt.vm.NewObject()
					must(o.DefineDataProperty("timeOrigin", origin(), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE))
					return o
				}},
			},
		}
	})
}
