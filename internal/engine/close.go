package engine

import "runtime"

// Close destroys what is left and refuses everything from then on. It does not
// wait for Go tasks.
func (l *Loop) Close() (err error) {
	l.Apart(func() { err = l.close() })
	return err
}

func (l *Loop) close() error {
	if l.closed.Load() {
		return nil
	}
	if err := l.acquire(); err != nil {
		if l.closed.Load() {
			return nil // somebody else is closing it
		}
		return err
	}
	defer l.release()
	if l.closed.Swap(true) {
		return nil
	}
	l.recallAll()
	l.stranded = !l.mayResume()
	if l.explorer != nil {
		l.explorer.flush(l)
	}
	l.ready = ring{}
	l.bereft = l.timers.clear()
	l.queued.clear()
	l.doomed = l.listed()
	l.wreck()
	if l.stranded {
		return ErrThreadLocked
	}
	return nil
}

// wreck is the rest of Close. It goes on if a handler exits the goroutine.
func (l *Loop) wreck() {
	finished := false
	defer func() {
		if !finished {
			l.wreck()
		}
	}()
	l.destroyAll()
	l.dropFibers()
	l.reportFailures()
	l.root.End(loopClosed())
	for _, x := range l.bereft {
		x.LoopClosed()
	}
	l.bereft = nil
	finished = true
}

// perish ends a task that the loop was closed over.
func (t *Task) perish() {
	t.phase = destroyed
	t.end(Cancelled, t.loop.Hooks.Cancelled(loopClosed()))
}

// destroyAll ends the pending tasks of a closing loop.
func (l *Loop) destroyAll() {
	for len(l.doomed) > 0 {
		t := l.doomed[0]
		l.doomed = l.doomed[1:]
		r := loopClosed()
		message, at := l.obituary(t), t.Where()
		t.endContext(r)
		l.endAll(&t.more().links)
		l.carry(r, 0, false)
		l.Report(Report{Message: message, Task: t, At: at})
	}
	for x := l.tasks.first(); x != nil; x = l.tasks.first() {
		l.destroy(taskAt(x))
	}
	l.forsakeLeft()
}

// ignored says what has become of a request for cancellation of a task that is still
// there, if there was one.
func (t *Task) ignored() string {
	switch f := t.waitOn; {
	case t.endedBy() == nil:
		return ""
	case t.known().shield.Load().holding(0) != nil:
		return ": it was cancelled, and was in a shield"
	case t.due != nil || t.phase == fresh || t.phase == parked || f != nil && f.State() == Cancelled:
		return ": it was cancelled, and has not run since"
	case f != nil && f.kind == kindTask && f.task().endedBy() != nil:
		return ": it was cancelled, and so was the task that it waits for"
	}
	return ": it was cancelled, and went on"
}

// destroy ends one. Unwinding it may end others: those on the same stack.
func (l *Loop) destroy(t *Task) {
	t.remove()
	if t.thread {
		l.letGo(t)
		return
	}
	switch f := t.fiber; {
	case f == nil:
		t.perish()
	case l.stranded:
		t.leaveBehind()
	default:
		l.ask(f, runtime.Goexit)
	}
}

func (l *Loop) obituary(t *Task) string {
	message := "task was destroyed but it is pending"
	switch {
	case t.thread && t.threadOf().claim.Load() >= waitingToGoOn:
		message = "Go task is left running"
	case l.stranded && t.fiber != nil && !t.thread:
		message += ", and what it has deferred does not run: it was started on a thread that " +
			"runtime.LockOSThread had locked, and the loop was closed on another"
	}
	return message + t.ignored()
}

// unwound is finish when the loop is closed.
func (t *Task) unwound(err error) {
	defer t.perish() // also if a handler exits this goroutine
	if err != ErrGoexit {
		t.loop.Report(Report{Message: "task failed while it was destroyed", Err: err, Task: t})
	}
}
