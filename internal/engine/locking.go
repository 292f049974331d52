package engine

import (
	"runtime"

	"github.com/asyncio-go/asyncio/internal/coro"
)

// A coroutine goes on only on a goroutine that is locked to a thread, or not, as that
// was which has made it; else the runtime ends the process. Coroutines are made by the
// goroutine in Run, and those that are idle end with it, so all there are at one time
// remember the same. That matters when tasks are left waiting from one run to the next.

// keepLocking takes note, at the end of a run, of how the tasks that wait are bound.
func (l *Loop) keepLocking() {
	if !l.tasks.empty() {
		l.locking = coro.CallersLocking()
	}
}

// mayResume reports whether the caller can give control to the tasks that wait. It is for
// who owns the loop and is not in a run.
func (l *Loop) mayResume() bool {
	return l.tasks.empty() || coro.CallersLocking() == l.locking || !l.suspended()
}

// suspended reports whether a loop task has begun and not ended.
func (l *Loop) suspended() bool {
	for t := range l.tasks.all {
		if t.fiber != nil && !t.thread {
			return true
		}
	}
	return false
}

// Apart calls f, which ends the tasks of the loop: on a goroutine of its own if the
// caller is locked to a thread and what waits there is not. If that exits, so does the
// caller.
func (l *Loop) Apart(f func()) {
	apart := func() bool { return l.locking == coro.Locking{} && !l.mayResume() }
	if l.Closed() || l.Running() || !Ask(l, apart, func() bool { return false }) {
		f()
		return
	}
	returned := false
	a := &asked{verb: true, done: make(chan struct{}), do: func() {
		f()
		returned = true
	}}
	go a.run(nil)
	hereLoop().attend(a, nil)
	if !returned {
		runtime.Goexit()
	}
}

// BoundHere reports whether what waits on the loop, which does not run, can go on on the
// caller's goroutine alone, since that is locked to its thread.
func (l *Loop) BoundHere() bool {
	here := coro.CallersLocking()
	if here == (coro.Locking{}) || l.Closed() || l.Running() || hereLoop() != nil {
		return false
	}
	return Ask(l, func() bool { return l.locking == here && l.suspended() }, func() bool { return false })
}

// leaveBehind ends a task whose coroutine nobody here can resume: it stays where it is
// for ever, and what it has deferred does not run.
func (t *Task) leaveBehind() {
	t.forsake()
	t.fiber = nil
	t.perish()
}
