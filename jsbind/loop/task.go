package loop

// Task is one async function at work, in its scope, or a part of one that runs in a scope of its own. The root task of a
// cell carries the cell's name; tasks below it share its count of requests and are left behind together with it.
type Task struct {
	Cell  string // the cell that started it, "c1"
	Scope *Scope
	Local any // what the owner of the loop keeps with the task; tasks below inherit it

	root      *Task // nil for a root task
	outer     *Task
	left      bool
	exchanges int
	abandoned bool
}

// NewTask makes a root task that runs in scope.
func (l *Loop) NewTask(cell string, scope *Scope) *Task { return &Task{Cell: cell, Scope: scope} }

// Below makes a task of the same cell that runs in scope.
func (t *Task) Below(scope *Scope) *Task {
	return &Task{Cell: t.Cell, Scope: scope, Local: t.Local, root: t.Root(), outer: t}
}

// Root is the root task of the task's cell.
func (t *Task) Root() *Task {
	if t.root == nil {
		return t
	}
	return t.root
}

// NextExchange counts the requests that the task's cell has issued and gives the number of the next one, from 1. Tasks
// of one cell share the count of its root task.
func (t *Task) NextExchange() int {
	root := t.Root()
	root.exchanges++
	return root.exchanges
}

// As runs f with task as the current task: for callbacks that belong to another task than the running one.
func (l *Loop) As(task *Task, f func()) {
	before := l.task
	l.task = task
	defer func() { l.task = before }()
	f()
}

// descent is a function that has made a task below its own the current one, up to the end of one of its blocks.
type descent struct {
	before *Task
	depth  int // of the call stack while the function itself runs
}

// Descend makes task current for the rest of the async function that is frames below the caller on the call stack: it follows the function over its
// awaits. Whoever called the function goes on in the task that was current before. Ascend ends it.
func (l *Loop) Descend(task *Task, frames int) {
	l.descents = append(l.descents, descent{l.task, l.depth() - frames})
	l.task = task
}

// Ascend ends what Descend began: what runs in task goes on in the task around it.
func (l *Loop) Ascend(task *Task) { task.left = true }

// in is the task, or the first around it that was not left.
func (t *Task) in() *Task {
	for t != nil && t.left {
		t = t.outer
	}
	return t
}

// taskTracker makes the current task follow await and promise reactions (goja's AsyncContextTracker).
type taskTracker struct{ l *Loop }

// Grab is called for every promise reaction. When a function that has descended suspends itself, its caller runs next.
func (t taskTracker) Grab() any {
	l := t.l
	task := l.Task()
	if len(l.descents) > 0 {
		depth := l.depth()
		for n := len(l.descents); n > 0 && l.descents[n-1].depth > depth; n-- {
			l.task = l.descents[n-1].before
			l.descents = l.descents[:n-1]
		}
	}
	return task
}

func (t taskTracker) Resumed(grabbed any) {
	task, _ := grabbed.(*Task)
	t.l.task = task.in()
	t.l.descents = t.l.descents[:0]
}

func (t taskTracker) Exited() { t.l.task = nil }
