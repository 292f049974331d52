package asyncio

import (
	"context"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// Observer is told what becomes of the tasks of a loop, loop tasks and Go tasks alike, for
// metrics and tracing: see [WithObserver]. A function that is nil is not called. (not in
// asyncio)
//
// The functions of tasks are called on the loop, in the middle of what it is doing. They must
// not block, await, create or cancel, nor call runtime.Goexit: they count, take the time, and
// hand over the rest. A panic goes to the exception handler, and everything goes on. Tasks that a
// closed loop refuses are told of on the goroutine that would create them; so those
// functions may be called at the same time, as with an Observer of several loops.
type Observer struct {
	// TaskCreated is called when the loop takes a task in, before its first step; an eager one
	// too. It is followed by one TaskEnded, also of a task that comes back done at once, since
	// its group or loop takes no more.
	TaskCreated func(TaskCreation)

	// TaskAsked is called when a task that is not done is asked to end: by Cancel, a timeout, a
	// group, a context, or the end of [Run]. why says by whom, and is the error that
	// the task gets. It may refuse, or be asked again.
	TaskAsked func(t AnyTask, why *CancelledError)

	// TaskEnded is called when a task has ended, before anybody who waits for it goes on. err is
	// what its Result has: nil, or if t.Cancelled() the cancellation, or the failure. To look at
	// err, unlike t.Err(), does not count as having asked for it.
	TaskEnded func(t AnyTask, err error)

	// LoopHeldUp is called with what the log is told: of a step that holds up the loop, by
	// [WithWatchdog] and in debug mode while the loop is stuck, and in debug mode also when that is
	// over. It is called on the watchdog's goroutine, or that of who has asked a loop that is stuck, or
	// if it is over on the loop.
	LoopHeldUp func(HeldUp)
}

// TaskCreation is what an [Observer] is told of a new task. (not in asyncio)
type TaskCreation struct {
	Task AnyTask
	// By is the task whose ctx, or group, it was created with; nil if it was none.
	By AnyTask
	// Context is the task's own ctx, for the values that it was created with.
	Context context.Context
	// Go is whether it is a Go task.
	Go bool
}

// HeldUp is a step that holds up the loop, or has. (not in asyncio)
type HeldUp struct {
	Task     AnyTask         // whose step it is, nil of a callback
	Callback *Handle         // nil of a task, or if it is not known
	For      time.Duration   // until now
	Over     bool            // it goes on no more
	Stack    []runtime.Frame // where the loop is stuck, innermost first; nil if it is over
}

// WithObserver has o told what becomes of the loop's tasks. Given several times, all are told, in
// that order. Without one tasks cost what they do; with one each costs an allocation more. (not in asyncio)
func WithObserver(o Observer) Option {
	return func(x *options) { x.observers = append(x.observers, o) }
}

// witness is what the engine calls, nil if nobody observes tasks.
func (l *Loop) witness() *engine.Witness {
	tasks := false
	for _, o := range l.observers {
		tasks = tasks || o.TaskCreated != nil || o.TaskAsked != nil || o.TaskEnded != nil
	}
	if !tasks {
		return nil
	}
	return &engine.Witness{
		Created: func(t, creator *engine.Task) {
			c := TaskCreation{Task: t.Face().(AnyTask), Context: t, Go: t.Threaded()}
			if creator != nil {
				c.By = creator.Face().(AnyTask)
			}
			for i := range l.observers {
				l.tell(l.observers[i].TaskCreated != nil, func() { l.observers[i].TaskCreated(c) })
			}
		},
		Asked: func(t *engine.Task, r *engine.Request) {
			why := newCancelledError(r)
			for i := range l.observers {
				l.tell(l.observers[i].TaskAsked != nil, func() { l.observers[i].TaskAsked(t.Face().(AnyTask), why) })
			}
		},
		Ended: func(t *engine.Task, _ engine.State, err error) {
			for i := range l.observers {
				l.tell(l.observers[i].TaskEnded != nil, func() { l.observers[i].TaskEnded(t.Face().(AnyTask), err) })
			}
		},
	}
}

// heldUp is what the engine tells of a step.
func (l *Loop) heldUp(s engine.Slow) {
	logSlow(s)
	if len(l.observers) == 0 {
		return
	}
	h := HeldUp{For: s.For, Over: s.Ended, Stack: s.Stack}
	if s.Task != nil {
		h.Task = s.Task.Face().(AnyTask)
	} else if s.Handle != nil {
		h.Callback, _ = callback(s.Handle)
	}
	for i := range l.observers {
		l.tell(l.observers[i].LoopHeldUp != nil, func() { l.observers[i].LoopHeldUp(h) })
	}
}

// tell calls a function of an observer.
func (l *Loop) tell(given bool, f func()) {
	if !given {
		return
	}
	defer func() {
		if v := recover(); v != nil {
			l.CallExceptionHandler(ExceptionContext{Message: "panic in an Observer", Err: panicked(v, debug.Stack())})
		}
	}()
	f()
}
