package loop

// Task is one async function at work, in its scope. The root task of a cell carries the cell's name.
type Task struct {
	Cell  string // the cell that started it, "c1"
	Scope *Scope

	exchanges int
	abandoned bool
}

// NewTask makes a task that runs in scope.
func (l *Loop) NewTask(cell string, scope *Scope) *Task { return &Task{Cell: cell, Scope: scope} }

// NextExchange counts the requests that the task's cell has issued and gives the number of the next one, from 1. Tasks
// of one cell share the count of its root task.
func (t *Task) NextExchange() int {
	t.exchanges++
	return t.exchanges
}

// As runs f with task as the current task: for callbacks that belong to another task than the running one.
func (l *Loop) As(task *Task, f func()) {
	before := l.task
	l.task = task
	defer func() { l.task = before }()
	f()
}

// taskTracker makes the current task follow await and promise reactions (goja's AsyncContextTracker).
type taskTracker struct{ l *Loop }

func (t taskTracker) Grab() any { return t.l.task }

func (t taskTracker) Resumed(grabbed any) { t.l.task, _ = grabbed.(*Task) }

func (t taskTracker) Exited() { t.l.task = nil }
