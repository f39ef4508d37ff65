package loop

import (
	"container/heap"
	"time"

	"httpx-repl/engine/event"
)

// timer is one setTimeout or setInterval, or a scope's deadline. Its number is its place in the order of creation in the
// session, which is how a replay knows it.
type timer struct {
	id    int
	due   time.Duration
	every time.Duration // 0 fires once
	ref   bool
	task  *Task
	fire  func()
	index int
}

// minInterval keeps a zero interval from starving everything else (HTML's rule is 4 ms after nesting; Node's is 1 ms).
const minInterval = time.Millisecond

// SetTimer calls fire on a turn of its own after the given time, and then again every so often when every is above zero. A
// timer with ref keeps the loop alive. The current task is the timer's.
func (l *Loop) SetTimer(after, every time.Duration, ref bool, fire func()) (id int) {
	if every > 0 {
		every = max(every, minInterval)
	}
	return l.addTimer(l.base()+max(after, 0), every, ref, l.Task(), fire).id
}

// base is the time from which a timer counts: the real time, so that a turn that has run for long does not shorten it.
func (l *Loop) base() time.Duration {
	if l.tape != nil {
		return l.now
	}
	return l.time()
}

func (l *Loop) addTimer(due, every time.Duration, ref bool, task *Task, fire func()) *timer {
	l.lastTimer++
	t := &timer{id: l.lastTimer, due: due, every: every, ref: ref, task: task, fire: fire}
	if task != nil && task.Root().abandoned {
		return t
	}
	l.live[t.id] = t
	heap.Push(&l.timers, t)
	return t
}

// ClearTimer stops a timer; an unknown number is ignored.
func (l *Loop) ClearTimer(id int) {
	if t := l.live[id]; t != nil {
		delete(l.live, id)
		heap.Remove(&l.timers, t.index)
	}
}

// TimerRef makes a timer count, or not, among what keeps the loop alive.
func (l *Loop) TimerRef(id int, ref bool) {
	if t := l.live[id]; t != nil {
		t.ref = ref
	}
}

// HasTimer reports whether the timer is still set and whether it keeps the loop alive.
func (l *Loop) HasTimer(id int) (set, ref bool) {
	t := l.live[id]
	return t != nil, t != nil && t.ref
}

// Abandon leaves a root task behind, with all tasks below: its timers are cleared, and those that it sets from now on never fire.
func (l *Loop) Abandon(task *Task) {
	task.abandoned = true
	for id, t := range l.live {
		if t.task != nil && t.task.Root() == task {
			l.ClearTimer(id)
		}
	}
}

func (l *Loop) refTimers() int {
	n := 0
	for _, t := range l.timers {
		if t.ref {
			n++
		}
	}
	return n
}

func (l *Loop) nextTimer() *timer {
	if len(l.timers) == 0 || l.tape != nil {
		return nil
	}
	return l.timers[0]
}

// runTimers fires what is due, a turn each, and reports whether anything was. Timers set meanwhile wait for the next round.
func (l *Loop) runTimers() (fired bool) {
	if l.nextTimer() == nil {
		return false
	}
	now := l.time()
	newest := l.lastTimer
	for t := l.nextTimer(); t != nil && t.due <= now && t.id <= newest; t = l.nextTimer() {
		fired = true
		l.fireTimer(t, event.Event{Kind: event.Timer, Timer: t.id})
		if t.every > 0 {
			break
		}
	}
	return fired
}

func (l *Loop) fireTimer(t *timer, e event.Event) {
	if t.every > 0 {
		t.due = max(t.due+t.every, l.base())
		heap.Fix(&l.timers, t.index)
	} else {
		l.ClearTimer(t.id)
	}
	if Uncatchable(l.dispatch(e, t.task, t.fire)) {
		l.ClearTimer(t.id) // it would need to be stopped every time
	}
}

type timerHeap []*timer

func (h timerHeap) Len() int { return len(h) }

func (h timerHeap) Less(i, j int) bool {
	return h[i].due < h[j].due || h[i].due == h[j].due && h[i].id < h[j].id
}

func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *timerHeap) Push(x any) {
	t := x.(*timer)
	t.index = len(*h)
	*h = append(*h, t)
}

func (h *timerHeap) Pop() any {
	old := *h
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return t
}
