package jsbind

import (
	"math"
	"time"

	"github.com/dop251/goja"
)

// duration is a number of seconds on the loop's clock, rounded to what the clock counts. Negative is none, and the longest is some
// thirty years.
func duration(seconds float64) time.Duration {
	if !(seconds > 0) {
		return 0
	}
	return time.Duration(math.Round(min(seconds, 1e9)*1e6)) * time.Microsecond
}

// inSeconds is the inverse.
func inSeconds(d time.Duration) float64 { return float64(d) / float64(time.Second) }

// secondsOrForever reads a number of seconds, which may be Infinity.
func (rt *Runtime) secondsOrForever(v goja.Value, what string) float64 {
	f := v.ToFloat()
	if !isNumber(v) || math.IsNaN(f) {
		panic(rt.vm.NewTypeError("%s is a number of seconds, not %s", what, rt.brief(v)))
	}
	return f
}
