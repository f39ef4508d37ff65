package jsbind

import (
	"fmt"
	"maps"
	"slices"

	"github.com/dop251/goja"

	"httpx-repl/jsbind/loop"
)

// job is a task as the environments see it: asyncio's Task, or what a nursery runs.
type job struct {
	rt     *Runtime
	name   string
	task   *loop.Task
	home   *home
	object *goja.Object // asyncio's Task, made when asked for

	done       bool
	value      goja.Value
	reason     goja.Value // why it failed; nil when it did not
	stopped    bool       // it ended in CancelledError
	claimed    bool       // somebody has seen how it ended
	running    bool
	early      error // a cancellation that came before it ran
	cancelling int   // cancellations asked for and not taken back
	waiting    turnstile
	after      []func()
}

// newJob makes task one of the environments' tasks.
func (rt *Runtime) newJob(task *loop.Task, name string) *job {
	p := rt.placeOf(task)
	if name == "" {
		rt.lastTask++
		name = fmt.Sprintf("Task-%d", rt.lastTask)
	}
	j := &job{rt: rt, name: name, task: task, home: p.home}
	p.job = j
	task.Local = p
	return j
}

// jobSet is a set of tasks in the order in which they were added.
type jobSet struct {
	place map[*job]int
	last  int
}

func (s *jobSet) add(j *job) {
	if s.place == nil {
		s.place = map[*job]int{}
	}
	s.last++
	s.place[j] = s.last
}

func (s *jobSet) remove(j *job) { delete(s.place, j) }

func (s *jobSet) len() int { return len(s.place) }

func (s *jobSet) list() []*job {
	return slices.SortedFunc(maps.Keys(s.place), func(a, b *job) int { return s.place[a] - s.place[b] })
}

// String is how the prompt shows a task.
func (j *job) String() string {
	state := "pending"
	switch {
	case j.stopped:
		state = "cancelled"
	case j.done:
		state = "finished"
	}
	return fmt.Sprintf("<Task %s name='%s'>", state, j.name)
}

// createTask starts an asyncio task that runs f. It belongs to the run that it was created in, or to its cell.
func (rt *Runtime) createTask(f goja.Callable, name string) *job {
	from := rt.here()
	p := rt.placeOf(from)
	above := p.home.scope
	if above == nil {
		above = from.Root().Scope
	}
	scope := rt.loop.NewScope(above)
	scope.Boundary()
	task := from.Below(scope)
	p.library = asyncioLibrary
	task.Local = p
	j := rt.newJob(task, name)
	j.home.jobs.add(j)
	rt.soon(task, func() {
		if j.early != nil {
			j.finish(nil, rt.toJSIn(task, j.early))
			return
		}
		j.running = true
		rt.supervise(task, func(c *loop.Coroutine) (goja.Value, error) {
			v, err := rt.within(c, task, f)
			var reason goja.Value
			if err != nil {
				reason = rt.toJS(err)
			}
			rt.soon(task, func() { j.finish(v, reason) }) // tasks created together all start before one's end is felt
			return nil, nil
		})
	})
	return j
}

func (j *job) finish(value, reason goja.Value) {
	rt := j.rt
	j.done, j.value, j.reason = true, value, reason
	j.stopped = reason != nil && rt.isCancelError(reason)
	j.task.Scope.Close()
	j.home.jobs.remove(j)
	after := j.after
	j.after = nil
	for _, f := range after {
		f()
	}
	j.waiting.all(nil)
	if reason != nil && !j.stopped && !j.claimed {
		rt.unclaimed = append(rt.unclaimed, j)
		if j.home == &rt.session && (rt.current == nil || rt.current.settled || rt.current.name != j.task.Cell) {
			rt.soon(j.task, func() { rt.reportTasks(j.task.Cell) }) // nobody of its cell is left to ask
		}
	}
}

// whenDone calls f once the job is done.
func (j *job) whenDone(f func()) {
	if j.done {
		f()
		return
	}
	j.after = append(j.after, f)
}

// cancel asks the job to end: asyncio's edge cancellation, which ends one wait.
func (j *job) cancel(message string) bool {
	if j.done {
		return false
	}
	j.cancelling++
	reason := &taskCancelled{message}
	if !j.running {
		j.early = reason
		return true
	}
	j.task.Scope.Interrupt(reason)
	return true
}

// wait waits on c until the job is done. A cancellation of the waiting task is passed on to the job, as asyncio does: whether the
// waiting task ends is the job's choice then.
func (j *job) wait(c *loop.Coroutine) error {
	for !j.done {
		_, err := j.waiting.wait(c)
		if edge, ok := err.(*taskCancelled); ok && j.cancel(edge.message) {
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// outcome is how the job ended, which counts as seen.
func (j *job) outcome() (goja.Value, error) {
	j.claimed = true
	if j.reason != nil {
		return nil, &thrownError{j.reason}
	}
	return j.value, nil
}

// reportTasks tells of the failed tasks of a cell (all of them when it is "") that nobody has asked about.
func (rt *Runtime) reportTasks(cell string) {
	kept := rt.unclaimed[:0]
	var lost []*job
	for _, j := range rt.unclaimed {
		switch {
		case j.claimed:
		case cell == "" || j.task.Cell == cell:
			lost = append(lost, j)
		default:
			kept = append(kept, j)
		}
	}
	rt.unclaimed = kept
	for _, j := range lost {
		j.claimed = true
		rt.failed = true
		rt.report("Uncaught (in task '"+j.name+"') ", j.reason, j.task)
	}
}

// taskClass is asyncio.Task.
func (rt *Runtime) taskClass() *class {
	of := func(h *hostObject) *job { return h.value.(*job) }
	unfinished := func(j *job) {
		if !j.done {
			rt.throw(rt.failure("InvalidStateError", "Result is not set."))
		}
	}
	return rt.once(&rt.concurrency.classes.task, func() classSpec {
		return classSpec{
			name: "Task",
			methods: []member{
				{"cancel", 0, func(h *hostObject, args []goja.Value) goja.Value {
					message := ""
					if v := arg(args, 0); !none(v) {
						message = rt.text(v, "the message of cancel")
					}
					return rt.vm.ToValue(of(h).cancel(message))
				}},
				{"uncancel", 0, func(h *hostObject, _ []goja.Value) goja.Value {
					j := of(h)
					if j.cancelling > 0 {
						j.cancelling--
						if j.cancelling == 0 {
							j.task.Scope.Uninterrupt()
						}
					}
					return rt.vm.ToValue(j.cancelling)
				}},
				{"cancelling", 0, func(h *hostObject, _ []goja.Value) goja.Value { return rt.vm.ToValue(of(h).cancelling) }},
				{"done", 0, func(h *hostObject, _ []goja.Value) goja.Value { return rt.vm.ToValue(of(h).done) }},
				{"cancelled", 0, func(h *hostObject, _ []goja.Value) goja.Value { return rt.vm.ToValue(of(h).stopped) }},
				{"result", 0, func(h *hostObject, _ []goja.Value) goja.Value {
					unfinished(of(h))
					v, err := of(h).outcome()
					if err != nil {
						rt.throw(err)
					}
					return v
				}},
				{"exception", 0, func(h *hostObject, _ []goja.Value) goja.Value {
					unfinished(of(h))
					_, err := of(h).outcome()
					switch {
					case err == nil:
						return goja.Null()
					case of(h).stopped:
						rt.throw(err)
					}
					return of(h).reason
				}},
				rt.reprMember(),
				{"getName", 0, func(h *hostObject, _ []goja.Value) goja.Value { return rt.vm.ToValue(of(h).name) }},
				{"setName", 1, func(h *hostObject, args []goja.Value) goja.Value {
					of(h).name = rt.text(arg(args, 0), "a task's name")
					return goja.Undefined()
				}},
				{"addDoneCallback", 1, func(h *hostObject, args []goja.Value) goja.Value {
					f := rt.callable(arg(args, 0), "addDoneCallback")
					task := rt.here()
					of(h).whenDone(func() {
						rt.soon(task, func() {
							if _, err := f(goja.Undefined(), h.object); err != nil {
								rt.uncaught(err, task)
							}
						})
					})
					return goja.Undefined()
				}},
			},
			accessors: []accessor{
				// Await reads then at once but calls it later, outside any task; the task that waits is the one that read it.
				{name: "then", get: func(h *hostObject) goja.Value {
					task := rt.here()
					return rt.function("then", 2, func(call goja.FunctionCall) goja.Value {
						v, err := rt.promiseThen(rt.awaitJob(task, of(h)), call.Arguments...)
						if err != nil {
							panic(err)
						}
						return v
					})
				}},
			},
		}
	})
}

// awaitJob is the promise of a job's outcome for a task that waits for it.
func (rt *Runtime) awaitJob(task *loop.Task, j *job) goja.Value {
	return rt.waitIn(task, task.Scope, func(c *loop.Coroutine) (goja.Value, error) {
		if err := j.wait(c); err != nil {
			return nil, err
		}
		return j.outcome()
	})
}

// taskObject is a job as asyncio's Task.
func (j *job) taskObject() *goja.Object {
	if j.object == nil {
		j.object = j.rt.taskClass().wrap(j)
	}
	return j.object
}
