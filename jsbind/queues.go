package jsbind

import (
	"math"

	"github.com/dop251/goja"

	"httpx-repl/jsbind/loop"
)

// queue is asyncio's Queue, LifoQueue and PriorityQueue, and the Barrier beside them.
type queue struct {
	rt         *Runtime
	name       string
	most       int64 // 0 has no bound
	items      []goja.Value
	unfinished int
	down       bool
	getters    turnstile
	putters    turnstile
	joiners    turnstile
}

func (q *queue) full() bool { return q.most > 0 && int64(len(q.items)) >= q.most }

// add puts an item at its place.
func (q *queue) add(v goja.Value) {
	at := len(q.items)
	if q.name == "PriorityQueue" {
		for at > 0 && q.rt.before(v, q.items[at-1]) {
			at--
		}
	}
	q.items = append(q.items, nil)
	copy(q.items[at+1:], q.items[at:])
	q.items[at] = v
	q.unfinished++
}

func (q *queue) take() goja.Value {
	at := 0
	if q.name == "LifoQueue" {
		at = len(q.items) - 1
	}
	v := q.items[at]
	q.items = append(q.items[:at], q.items[at+1:]...)
	return v
}

// before reports whether a comes before b: numbers and strings by value, arrays element by element, as Python compares tuples.
func (rt *Runtime) before(a, b goja.Value) bool {
	listA, okA := rt.list(a)
	listB, okB := rt.list(b)
	if okA && okB {
		for i := range min(len(listA), len(listB)) {
			if rt.before(listA[i], listB[i]) {
				return true
			}
			if rt.before(listB[i], listA[i]) {
				return false
			}
		}
		return len(listA) < len(listB)
	}
	switch {
	case isNumber(a) && isNumber(b):
		return a.ToFloat() < b.ToFloat()
	case goja.IsString(a) && goja.IsString(b):
		return a.String() < b.String()
	case okA != okB:
		panic(rt.vm.NewTypeError("a PriorityQueue cannot compare %s with %s", rt.brief(a), rt.brief(b)))
	}
	return false
}

func (q *queue) put(c *loop.Coroutine, v goja.Value) error {
	for q.full() && !q.down {
		if _, err := q.putters.wait(c); err != nil {
			return err
		}
	}
	if q.down {
		return q.rt.failure("QueueShutDown", "")
	}
	q.add(v)
	q.getters.next(nil)
	return nil
}

func (q *queue) get(c *loop.Coroutine) (goja.Value, error) {
	for len(q.items) == 0 {
		if q.down {
			return nil, q.rt.failure("QueueShutDown", "")
		}
		if _, err := q.getters.wait(c); err != nil {
			return nil, err
		}
	}
	v := q.take()
	q.putters.next(nil)
	return v, nil
}

func (q *queue) finished(n int) {
	q.unfinished -= n
	if q.unfinished <= 0 {
		q.unfinished = 0
		q.joiners.all(nil)
	}
}

func (rt *Runtime) queueTool(name string) *class {
	of := func(h *hostObject) *queue { return h.value.(*queue) }
	return rt.newClass(classSpec{
		name: name,
		construct: func(call goja.ConstructorCall) any {
			q := &queue{rt: rt, name: name}
			if v := call.Argument(0); isNumber(v) {
				q.most = max(rt.integer(v, "maxsize"), 0)
			} else if v := rt.options(v, name, "maxsize")["maxsize"]; v != nil {
				q.most = max(rt.integer(v, "maxsize"), 0)
			}
			return q
		},
		methods: []member{
			{"put", 1, func(h *hostObject, args []goja.Value) goja.Value {
				return rt.async(func(c *loop.Coroutine) (goja.Value, error) { return nil, of(h).put(c, arg(args, 0)) })
			}},
			{"get", 0, func(h *hostObject, _ []goja.Value) goja.Value { return rt.async(of(h).get) }},
			{"putNowait", 1, func(h *hostObject, args []goja.Value) goja.Value {
				q := of(h)
				switch {
				case q.down:
					rt.throw(rt.failure("QueueShutDown", ""))
				case q.full():
					rt.throw(rt.failure("QueueFull", ""))
				}
				q.add(arg(args, 0))
				q.getters.next(nil)
				return goja.Undefined()
			}},
			{"getNowait", 0, func(h *hostObject, _ []goja.Value) goja.Value {
				q := of(h)
				switch {
				case len(q.items) > 0:
					v := q.take()
					q.putters.next(nil)
					return v
				case q.down:
					rt.throw(rt.failure("QueueShutDown", ""))
				}
				rt.throw(rt.failure("QueueEmpty", ""))
				return nil
			}},
			{"qsize", 0, func(h *hostObject, _ []goja.Value) goja.Value { return rt.vm.ToValue(len(of(h).items)) }},
			{"empty", 0, func(h *hostObject, _ []goja.Value) goja.Value { return rt.vm.ToValue(len(of(h).items) == 0) }},
			{"full", 0, func(h *hostObject, _ []goja.Value) goja.Value { return rt.vm.ToValue(of(h).full()) }},
			{"taskDone", 0, func(h *hostObject, _ []goja.Value) goja.Value {
				if of(h).unfinished == 0 {
					panic(rt.newError("RangeError", "taskDone() called too many times"))
				}
				of(h).finished(1)
				return goja.Undefined()
			}},
			{"join", 0, func(h *hostObject, _ []goja.Value) goja.Value {
				return rt.async(func(c *loop.Coroutine) (goja.Value, error) {
					if of(h).unfinished == 0 {
						return nil, nil
					}
					_, err := of(h).joiners.wait(c)
					return nil, err
				})
			}},
			{"shutdown", 0, func(h *hostObject, args []goja.Value) goja.Value {
				q := of(h)
				q.down = true
				if v := arg(args, 0); !missing(v) && rt.boolean(v, "immediate") {
					n := len(q.items)
					q.items = nil
					q.finished(n)
				}
				q.getters.all(nil)
				q.putters.all(nil)
				return goja.Undefined()
			}},
		},
		accessors: []accessor{{name: "maxsize", get: func(h *hostObject) goja.Value { return rt.vm.ToValue(of(h).most) }}},
	})
}

// barrier lets its parties pass together.
type barrier struct {
	parties int
	broken  bool
	waiting turnstile
}

func (rt *Runtime) barrierTool() *class {
	of := func(h *hostObject) *barrier { return h.value.(*barrier) }
	broken := func() error { return rt.failure("BrokenBarrierError", "Barrier aborted") }
	return rt.newClass(classSpec{
		name: "Barrier",
		construct: func(call goja.ConstructorCall) any {
			n := rt.integer(call.Argument(0), "a barrier's parties")
			if n < 1 || n > math.MaxInt32 {
				panic(rt.newError("RangeError", "parties must be >= 1"))
			}
			return &barrier{parties: int(n)}
		},
		methods: []member{
			{"wait", 0, func(h *hostObject, _ []goja.Value) goja.Value {
				b := of(h)
				return rt.async(func(c *loop.Coroutine) (goja.Value, error) {
					if b.broken {
						return nil, broken()
					}
					index := len(b.waiting.line)
					if index+1 == b.parties {
						b.waiting.all(nil)
						return rt.vm.ToValue(index), nil
					}
					word, err := b.waiting.wait(c)
					if word != nil {
						return nil, broken()
					}
					return rt.vm.ToValue(index), err
				})
			}},
			{"abort", 0, func(h *hostObject, _ []goja.Value) goja.Value {
				of(h).broken = true
				of(h).waiting.all("broken")
				return goja.Undefined()
			}},
			{"reset", 0, func(h *hostObject, _ []goja.Value) goja.Value {
				of(h).broken = false
				of(h).waiting.all("broken")
				return goja.Undefined()
			}},
		},
		accessors: []accessor{
			{name: "parties", get: func(h *hostObject) goja.Value { return rt.vm.ToValue(of(h).parties) }},
			{name: "nWaiting", get: func(h *hostObject) goja.Value { return rt.vm.ToValue(len(of(h).waiting.line)) }},
			{name: "broken", get: func(h *hostObject) goja.Value { return rt.vm.ToValue(of(h).broken) }},
		},
	})
}
