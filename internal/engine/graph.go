package engine

import (
	"context"
	"time"
)

// Blocked is a pending task and what it waits for.
type Blocked struct {
	Task  *Task
	Doing Doing
	// On is whose ends a waiting task waits for, directly or through a gather, a group
	// and the like.
	On []*Task
	// Until is when its sleep ends, Never if it does not sleep.
	Until time.Duration
	// Deadline says that the wait, or the task, may be ended by a context that somebody
	// else has derived, with a deadline on whichever clock.
	Deadline bool
	// Queue is what it gave to Waiter.OnUnwind, if it waits for the signal of one.
	Queue Unwinder
}

// Doing is what a pending task does.
type Doing uint8

// What pending tasks do.
const (
	Awaiting Doing = iota // for something to end
	Ready                 // its next step is to come
	Working               // it is a Go task, and at work
	Queueing              // it is a Go task without a place among MaxThreads
)

// Resource is who waits in the queue of a primitive, and can say of which.
type Resource interface {
	Of() any // as in About
	About() About
}

// About is what a task that waits in the queue of a primitive waits for.
type About struct {
	Of      any     // the primitive, to be compared
	Op      string  // the method that waits
	State   string  // of the primitive
	Holders []*Task // who has what is waited for, as far as that is known
	Whole   bool    // there are no other holders, and one of them has to let go
}

// Observed reports whether ctx is that of a task on a loop under test, or in debug mode,
// whose primitives are to keep account of who holds them.
func Observed(ctx context.Context) (*Task, bool) {
	t, ok := ctx.(*Task)
	return t, ok && t.loop.accounts.Load()
}

// completer is a Watcher by which something else is completed, for which others wait.
type completer interface{ Completes() *Future }

// Empty reports whether no task is pending, and no goroutine of one that has ended is
// left. Of a loop that is stuck it is false.
func (l *Loop) Empty() bool {
	return Ask(l,
		func() bool { return l.tasks.empty() && l.left.empty() },
		func() bool { return false })
}

// Alone reports whether t is the only pending task. Only the owner may call it.
func (l *Loop) Alone(t *Task) bool {
	return l.tasks.first() == &t.item && l.tasks.after(&t.item) == nil
}

// Blocked returns the pending tasks, in creation order. Only the owner may call it.
func (l *Loop) Blocked() []Blocked {
	var all []Blocked
	for t := range l.tasks.all {
		all = append(all, t.blocked())
	}
	return all
}

// tasks returns those of l that a joint, or the end of a group, waits for.
func (f *Future) tasks(l *Loop) (all []*Task) {
	s := f.leadsTo()
	if f.kind == kindJoint {
		s.parts = f.joint().Parts // also of one that will end all the same
	}
	for x := range s.all {
		if x.kind == kindTask && x.loop == l {
			all = append(all, x.task())
		}
	}
	return all
}

// blocked is what the task itself knows of that.
func (t *Task) blocked() Blocked {
	b := Blocked{Task: t, Until: Never}
	f := t.waitOn
	switch {
	case t.phase == parked:
		b.Doing = Queueing
	case t.thread && t.phase == started && !t.threadOf().visits:
		b.Doing = Working
	case f == nil || f.Finished():
		b.Doing = Ready
	case f.kind == kindTask:
		b.On = []*Task{f.task()}
	case f.kind > kindTask:
		b.On = f.tasks(t.loop)
	case f.kind == kindSleep:
		b.Until = t.loop.timers.when(&t.fiber.nap.timer)
	case f.kind == kindWaiter:
		b.Queue = f.waiter().unwound
	}
	b.Deadline = t.timesOut()
	return b
}

func (t *Task) timesOut() bool {
	if f := t.fiber; f != nil && f.bound != nil {
		if far := f.bound.link.far; far != nil && t.loop.hasDeadline(far.Context) {
			return true
		}
	}
	m := t.member()
	return m != nil && m.foreign() && !m.ended && t.loop.hasDeadline(m.ends)
}

// when returns the moment of a timer that is set, Never of another.
func (h *timers) when(t *timer) time.Duration {
	if t.at == 0 {
		return Never
	}
	return h.heap[t.at-1].when
}
