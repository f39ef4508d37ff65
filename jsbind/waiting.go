package jsbind

import "httpx-repl/jsbind/loop"

// turnstile is a line of coroutines that wait for their turn, first come, first served. A turn is handed over: who was granted one
// has it, even when its task is cancelled in the same moment.
type turnstile struct{ line []*ticket }

type ticket struct {
	c       *loop.Coroutine
	granted bool
	value   any // what came with the turn
}

// wait waits for a turn.
func (t *turnstile) wait(c *loop.Coroutine) (value any, err error) {
	k := &ticket{c: c}
	t.line = append(t.line, k)
	if err := c.Wait(func() bool { return k.granted }); err != nil {
		t.drop(k)
		return nil, err
	}
	return k.value, nil
}

func (t *turnstile) drop(k *ticket) {
	for i, x := range t.line {
		if x == k {
			t.line = append(t.line[:i:i], t.line[i+1:]...)
			return
		}
	}
}

// next grants the first in line its turn; it is false when nobody waits.
func (t *turnstile) next(value any) bool {
	if len(t.line) == 0 {
		return false
	}
	k := t.line[0]
	t.line = t.line[1:]
	k.granted, k.value = true, value
	k.c.Wake()
	return true
}

// all grants everyone who waits now a turn.
func (t *turnstile) all(value any) {
	for n := len(t.line); n > 0; n-- {
		t.next(value)
	}
}
