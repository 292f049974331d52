package engine

// A Go task that may be left ends with the first Cancel, whatever its goroutine is at: who
// awaits it goes on at once, and the goroutine is left to itself. The loop still knows it,
// in left: it is busy, and has its place among maxThreads, until it returns. Its awaits
// are answered with the cancellation.
//
// Invariant: a task is in tasks until it has ended, and then in left if its goroutine has
// not returned.

// Abandonable makes a Go task that was not started yet one that may be left.
func (t *Task) Abandonable() { t.threadOf().leave = mayLeave }

// MayBeLeft reports whether Abandonable was called.
func (t *Task) MayBeLeft() bool { return t.thread && t.threadOf().leave != stays }

// leave is whether a Go task may be left: stays | mayLeave → hasLeft, when it has ended by a
// cancellation before its goroutine.
type leave uint8

const (
	stays leave = iota
	mayLeave
	hasLeft
)

func (th *thread) left() bool { return th.leave == hasLeft }

// Late is a Body whose value is not seen before Keep was called, which is not done if the
// task was left: it may be done, and asked for its value, while the body is running.
type Late interface{ Keep() }

// abandoned ends a cancelled task, if it may be left and its goroutine has begun, or is about
// to, and reports whether that is so. The rest is for carry.
func (l *Loop) abandoned(t *Task) bool {
	th := t.threadOf()
	if th == nil || th.leave == stays {
		return false
	}
	t.unpark()
	if t.phase != started {
		return false // and never will
	}
	th.leave = hasLeft
	l.endAll(&t.more().links)
	if f := t.waitOn; th.visits && f != nil && !f.Finished() { // else it is in the ready queue, or in that for places
		// What it waits for is asked to end, as by any cancellation, but not waited for.
		l.legs = append(l.legs, leg{of: f})
		t.breakOff(nil)
	}
	l.quits = append(l.quits, t)
	return true
}

// quit ends those that are left, once the request has come to all: none is to end while
// lists that it is in are gone through. The context of one is asked by the way, which is
// users' code, and may cancel others.
func (l *Loop) quit() {
	for len(l.quits) > 0 {
		t := l.quits[0]
		l.quits = l.quits[1:]
		t.end(Cancelled, l.Hooks.Cancelled(t.latest()))
		l.left.add(t)
	}
	l.quits = nil
}

// returned is the end of a goroutine that was left.
func (l *Loop) returned(t *Task, err error) {
	t.remove()
	if all := l.allBack; all != nil && l.left.empty() {
		l.allBack = nil
		all()
	}
	if err == nil || err == ErrGoexit || l.Hooks.AsCancelled(err, t.latest()) != nil {
		return
	}
	const kind = "Go task has failed after it was cancelled and left to itself"
	l.Report(Report{
		Message: t.label() + ": " + kind,
		Kind:    kind,
		Err:     err,
		Task:    t,
	})
}

// WhenAllBack has f called when no goroutine is left any more, in place of an earlier f, and
// reports whether there is one now; if not f is forgotten. Only the owner may call it.
func (l *Loop) WhenAllBack(f func()) bool {
	if l.left.empty() {
		f = nil
	}
	l.allBack = f
	return f != nil
}

// forsakeLeft reports those that are left when the loop is closed, and refuses their waits.
func (l *Loop) forsakeLeft() {
	for t := range l.left.all {
		l.Report(Report{Message: "Go task was cancelled, and its goroutine is left running", Task: t})
		l.turnAway(t)
	}
}
