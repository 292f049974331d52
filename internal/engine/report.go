package engine

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"weak"
)

// failure is the error of a failed future until somebody has asked for it. In
// debug mode the success of a task is one too, without an error.
type failure struct {
	err       error
	loop      *Loop
	retrieved atomic.Bool
	watched   bool // owner
	// Owner. It keeps the loop, and so all that the loop's exception handler knows, which
	// may be the future itself: it must be stopped, or they keep each other for ever.
	cleanup runtime.Cleanup
	what    string // the task's name or "future"; written before it is watched
	task    weak.Pointer[Task]
}

func (x *failure) Error() string { return fmt.Sprint(x.err) }

// watch sees to it that the failure is reported if nobody retrieves it: when the
// future becomes unreachable, or when the loop is closed.
func (l *Loop) watch(f *Future, x *failure) {
	x.follow(f)
	if f.waiters != nil {
		x.awaited()
	}
	if l.closed.Load() {
		return
	}
	if len(l.failures) == cap(l.failures) {
		// Before growing, forget those that were retrieved since.
		kept := l.failures[:0]
		for _, x := range l.failures {
			if x.retrieved.Load() {
				x.cleanup.Stop()
			} else {
				kept = append(kept, x)
			}
		}
		clear(l.failures[len(kept):])
		l.failures = kept
	}
	l.failures = append(l.failures, x)
}

// follow has the failure reported when the future becomes unreachable.
func (x *failure) follow(f *Future) {
	x.what = "future"
	if f.kind == kindTask {
		t := f.task()
		x.what, x.task = t.label(), weak.Make(t)
		if at := t.Created(); len(at) > 0 {
			x.what += " (created at " + Position(at[0]) + ")"
		}
	}
	x.cleanup = runtime.AddCleanup(f, func(x *failure) { x.loop.post(x) }, x)
}

// awaited takes note that somebody waits for the end of a task, if not for its
// value, which is enough for a success.
func (x *failure) awaited() {
	if x.err == nil {
		x.retrieved.Store(true)
	}
}

// run reports the failure, once, if it is still unheard of.
func (x *failure) run(l *Loop) {
	if x.retrieved.Swap(true) {
		return
	}
	r := Report{Message: x.what + ": error was never retrieved", Err: x.err, Task: x.task.Value()}
	if x.err == nil {
		r.Message = x.what + ": task was never awaited"
	}
	l.report(r)
}

func (l *Loop) reportFailures() {
	for _, x := range l.failures {
		x.run(l)
		x.cleanup.Stop()
	}
	l.failures = nil
}

// Report hands r to the exception handler.
func (l *Loop) Report(r Report) { l.report(r) }

func (l *Loop) report(r Report) { l.hooks.Report(l, r) }

// callbackPanicked reports a panic in a callback. It must be called by the
// deferred function that recovered it.
func (l *Loop) callbackPanicked(v any) {
	r := Report{Message: "panic in callback", Err: l.hooks.Panicked(v, debug.Stack())}
	r.Handle, _ = l.entry.(*Handle)
	l.report(r)
}
