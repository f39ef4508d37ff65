package jsbind

import (
	"io"
	"math"

	"github.com/dop251/goja"

	"httpx-repl/jsbind/loop"
)

// channel is trio's memory channel and anyio's memory object stream: a queue with two ends, each of which can be cloned and closed.
type channel struct {
	rt        *Runtime
	end       string // the class of the error when nothing more will come
	most      float64
	items     []goja.Value
	senders   int // open ends
	receivers int
	getters   turnstile // a turn's value is the item
	putters   turnstile
	waiting   map[*ticket]goja.Value
}

type channelEnd struct {
	ch     *channel
	sends  bool
	closed bool
}

func (rt *Runtime) channelClasses(sender, receiver, end string) (open func(most float64) goja.Value, classes []*class) {
	var send, receive *class
	of := func(h *hostObject) *channelEnd { return h.value.(*channelEnd) }
	wrap := func(e *channelEnd) *goja.Object {
		if e.sends {
			e.ch.senders++
			return send.wrap(e)
		}
		e.ch.receivers++
		return receive.wrap(e)
	}
	common := []member{
		{"clone", 0, func(h *hostObject, _ []goja.Value) goja.Value {
			if of(h).closed {
				rt.throw(rt.failure("ClosedResourceError", ""))
			}
			return wrap(&channelEnd{ch: of(h).ch, sends: of(h).sends})
		}},
		{"close", 0, func(h *hostObject, _ []goja.Value) goja.Value {
			of(h).close()
			return goja.Undefined()
		}},
		{"aclose", 0, func(h *hostObject, _ []goja.Value) goja.Value {
			of(h).close()
			return rt.checkpoint(func(*loop.Coroutine) (goja.Value, error) { return nil, nil })
		}},
	}
	send = rt.newClass(classSpec{
		name: sender, dispose: "close", disposeA: "aclose",
		methods: append([]member{
			{"send", 1, func(h *hostObject, args []goja.Value) goja.Value {
				return rt.checkpoint(func(c *loop.Coroutine) (goja.Value, error) {
					if sent, err := of(h).send(arg(args, 0)); sent || err != nil {
						return nil, err
					}
					return nil, of(h).ch.wait(c, arg(args, 0))
				})
			}},
			{"sendNowait", 1, func(h *hostObject, args []goja.Value) goja.Value {
				sent, err := of(h).send(arg(args, 0))
				if err == nil && !sent {
					err = rt.failure("WouldBlock", "")
				}
				if err != nil {
					rt.throw(err)
				}
				return goja.Undefined()
			}},
		}, common...),
	})
	next := func(h *hostObject, c *loop.Coroutine) (goja.Value, error) {
		if err := c.Scope().Err(); err != nil {
			return nil, err
		}
		if v, err := of(h).receive(); v != nil || err != nil {
			return v, err
		}
		word, err := of(h).ch.getters.wait(c)
		if err != nil {
			return nil, err
		}
		if v, ok := word.(goja.Value); ok {
			return v, nil
		}
		if of(h).closed {
			return nil, rt.failure("ClosedResourceError", "")
		}
		return nil, errNoMore
	}
	ended := func(v goja.Value, err error) (goja.Value, error) {
		if err == errNoMore {
			return nil, rt.failure(end, "")
		}
		return v, err
	}
	receive = rt.newClass(classSpec{
		name: receiver, dispose: "close", disposeA: "aclose",
		methods: append([]member{
			{"receive", 0, func(h *hostObject, _ []goja.Value) goja.Value {
				return rt.async(func(c *loop.Coroutine) (goja.Value, error) { return ended(next(h, c)) })
			}},
			{"receiveNowait", 0, func(h *hostObject, _ []goja.Value) goja.Value {
				v, err := ended(of(h).receive())
				if v == nil && err == nil {
					err = rt.failure("WouldBlock", "")
				}
				if err != nil {
					rt.throw(err)
				}
				return v
			}},
			{"[Symbol.asyncIterator]", 0, func(h *hostObject, _ []goja.Value) goja.Value {
				return rt.asyncIterator(func(c *loop.Coroutine) (goja.Value, error) {
					v, err := next(h, c)
					if err == errNoMore {
						err = io.EOF
					}
					return v, err
				}, func() error { return nil })
			}},
		}, common...),
	})
	must(receive.proto.DefineDataPropertySymbol(rt.symbols.asyncIterator, receive.proto.Get("[Symbol.asyncIterator]"), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	must(receive.proto.Delete("[Symbol.asyncIterator]"))
	open = func(most float64) goja.Value {
		ch := &channel{rt: rt, end: end, most: most, waiting: map[*ticket]goja.Value{}}
		return rt.array(wrap(&channelEnd{ch: ch, sends: true}), wrap(&channelEnd{ch: ch}))
	}
	return open, []*class{send, receive}
}

// errNoMore is a channel whose sending ends are all closed, and that is empty.
var errNoMore = io.EOF

// send hands an item over or stores it; it is false when it would have to wait.
func (e *channelEnd) send(v goja.Value) (bool, error) {
	ch := e.ch
	switch {
	case e.closed:
		return false, ch.rt.failure("ClosedResourceError", "")
	case ch.receivers == 0:
		return false, ch.rt.failure("BrokenResourceError", "")
	case ch.getters.next(v):
		return true, nil
	case float64(len(ch.items)) < ch.most:
		ch.items = append(ch.items, v)
		return true, nil
	}
	return false, nil
}

// wait waits until the item that a sender brings has been taken.
func (ch *channel) wait(c *loop.Coroutine, v goja.Value) error {
	k := &ticket{c: c}
	ch.waiting[k] = v
	ch.putters.line = append(ch.putters.line, k)
	err := c.Wait(func() bool { return k.granted })
	delete(ch.waiting, k)
	if err != nil {
		ch.putters.drop(k)
		return err
	}
	if k.value != nil {
		return ch.rt.failure(k.value.(string), "")
	}
	return nil
}

// receive takes an item; nil is none yet.
func (e *channelEnd) receive() (goja.Value, error) {
	ch := e.ch
	if e.closed {
		return nil, ch.rt.failure("ClosedResourceError", "")
	}
	if len(ch.putters.line) > 0 {
		ch.items = append(ch.items, ch.waiting[ch.putters.line[0]])
		ch.putters.next(nil)
	}
	if len(ch.items) > 0 {
		v := ch.items[0]
		ch.items = ch.items[1:]
		return v, nil
	}
	if ch.senders == 0 {
		return nil, errNoMore
	}
	return nil, nil
}

// close closes an end; the last one of its side ends the channel for the other.
func (e *channelEnd) close() {
	if e.closed {
		return
	}
	e.closed = true
	ch := e.ch
	if e.sends {
		if ch.senders--; ch.senders == 0 {
			ch.getters.all(nil)
		}
		return
	}
	if ch.receivers--; ch.receivers == 0 {
		ch.items = nil
		ch.putters.all("BrokenResourceError")
	}
}

// channelFunction is openMemoryChannel and createMemoryObjectStream.
func (rt *Runtime) channelFunction(name string, needed bool, open func(most float64) goja.Value) member {
	return member{name, 1, func(_ *hostObject, args []goja.Value) goja.Value {
		most := 0.0
		if v := arg(args, 0); needed || !missing(v) {
			most = v.ToFloat()
			if !isNumber(v) || most < 0 || most != math.Trunc(most) && !math.IsInf(most, 1) {
				panic(rt.vm.NewTypeError("%s takes how many items wait at most: a whole number, or Infinity, not %s", name, rt.brief(v)))
			}
		}
		return open(most)
	}}
}
