package loop

import "httpx-repl/engine/event"

// Posted is one of several events that are put on the queue together.
type Posted struct {
	Event   event.Event
	Deliver func()
}

// PostAll is Post for events that belong together and are known at once: they are queued in one step, and still taken one a
// turn.
func (l *Loop) PostAll(task *Task, dropped *bool, events []Posted) bool {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return false
	}
	for _, e := range events {
		l.queue = append(l.queue, item{event: e.Event, task: task, dropped: dropped, deliver: e.Deliver})
	}
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return true
}
