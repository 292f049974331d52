package engine

import (
	"sync/atomic"
	"unsafe"

	"github.com/asyncio-go/asyncio/internal/coro"
)

// thread is the goroutine of a Go task. To the loop the task is like any other:
// it has a first step, waits, is cancelled, ends. Only that between two waits it
// runs beside the loop, not on it: it asks for a wait by a visit and is told the
// end of it through woken.
type thread struct {
	extra

	// Written once.
	task *Task

	// Any goroutine.
	on atomic.Pointer[worker] // set when it begins

	// Handed back and forth with each visit.
	woken chan error // holds at most one; made for the first visit
	err   error      // the answer, until there is a place; what the coroutine returned

	// Any goroutine; beside what is as small.
	claim atomic.Uint32 // see maxthreads.go

	// The goroutine, then the owner.
	passed bool // its place is another's already

	// Under places.mu.
	queued bool // has an entry in the queue for places, which may be left over

	// Owner.
	visits bool // in a visit that was not answered
	leave  leave
}

// Thread is for who makes a Go task to allocate the two together.
type Thread = thread

// OnThread makes a task that was not started yet a Go task.
func (t *Task) OnThread(th *Thread) {
	th.task, t.thread = t, true
	t.extra.Store(&th.extra)
}

// threadOf returns the thread of a Go task, nil of another.
func (t *Task) threadOf() *thread {
	if !t.thread {
		return nil
	}
	return (*thread)(unsafe.Pointer(t.extra.Load())) // extra is the first field
}

// dispatch is a step of a Go task: it starts its goroutine, or answers its visit.
// With all places taken it queues for one. Places are for tasks at work: one that
// waits has none, so that tasks which wait for each other cannot starve.
func (l *Loop) dispatch(t *Task) {
	th := t.threadOf()
	full := l.MaxThreads > 0 && l.busy >= l.MaxThreads
	if t.phase == started {
		f := t.waitOn
		waits := (full || th.left()) && t.due == nil && f != nil && f.State() == Failed
		if waits {
			t.waitOn = nil
		}
		th.err = t.resumed()
		if waits {
			th.err, t.waitOn = f.Peek(), f // it is told when it goes on, if it does
		}
	}
	if full {
		c := waitingToGoOn
		if t.phase == fresh {
			t.phase = parked
			c = waitingToStart
		}
		l.queued.push(th, c)
		return
	}
	l.admit(t, th)
}

// admit gives a Go task a place.
func (l *Loop) admit(t *Task, th *thread) {
	l.busy++
	if t.phase == started {
		th.visits = false
		f := t.waitOn
		t.waitOn = nil
		switch {
		case th.left():
			if f != nil {
				f.Missed()
			}
			th.err = t.retrieve()
		case f != nil:
			_ = f.retrieve()
		}
		th.woken <- th.err
		return
	}
	t.phase = started
	th.claim.Store(claimed)
	l.starts.push(t)
}

// caughtUp is what a goroutine says of itself, on the loop: it has begun.
func (t *Task) caughtUp() *thread {
	if t.phase == parked {
		t.phase = started
	}
	return t.threadOf()
}

// work is a goroutine of Go tasks: first of th, then of those that its place is passed
// on to, then of others that were started.
func (l *Loop) work(th *thread, w *worker) {
	coro.Set(&w.G, coro.G())
	workers.Enter(&w.Self)
	defer func() {
		// Before the goroutine's descriptor can be another's.
		workers.Leave(&w.Self)
		coro.Set(&w.G, 0)
		l.starts.giveBack(w)
	}()
	for th != nil {
		th.on.Store(w)
		w.task.Store(th.task)
		if th = th.run(w); th == nil {
			th = l.starts.next()
		}
	}
}

// run runs the task and returns the one that its place is passed on to, nil if none.
func (th *thread) run(w *worker) (next *thread) {
	t := th.task
	returned := false
	defer func() {
		if !returned {
			if v := recover(); v != nil {
				th.err = t.panicked(v)
			} else {
				th.err = ErrGoexit
			}
		}
		// One that was cancelled leaves its place to the owner, who may be about to
		// cancel those in the queue as well.
		if returned && t.loop.MaxThreads > 0 && t.Cancelling() == 0 && t.loop.explorer == nil {
			next = t.loop.queued.next(false)
		}
		th.passed = next != nil
		w.task.Store(nil)
		posted := false
		defer func() {
			if !posted && next != nil {
				go t.loop.work(next, &worker{}) // a handler, called by the way, exits this goroutine
			}
		}()
		t.loop.post((*threadEnded)(t))
		posted = true
	}()
	th.err = t.body.Run(t)
	returned = true
	return nil
}

type threadEnded Task

func (e *threadEnded) run(l *Loop) {
	t := (*Task)(e)
	th := t.caughtUp()
	if !th.passed {
		l.vacate()
	}
	t.fiber = nil
	if th.left() {
		l.returned(t, th.err)
		return
	}
	if x, ok := t.body.(Late); ok {
		x.Keep()
	}
	if th.err == nil {
		// Its context has told it of a request in time: a result is its answer.
		t.handOver()
	}
	t.finish(th.err)
}

// visit is do on the task's goroutine.
func (w wait) visit() error {
	th := w.t.threadOf()
	if th.woken == nil {
		th.woken = make(chan error, 1)
	}
	w.t.loop.post(&w)
	return <-th.woken
}

// run is a visit's arrival.
func (w *wait) run(l *Loop) {
	t := w.t
	th := t.caughtUp()
	if th.left() {
		th.woken <- t.retrieve()
		return
	}
	if err := t.mayWait(w.end); err != nil {
		th.woken <- err
		return
	}
	if w.f != nil && w.f.Finished() {
		w.f.schedule(l)
		th.woken <- w.f.retrieve()
		return
	}
	th.visits = true
	l.vacate()
	if t.fiber == nil {
		t.fiber = &fiber{task: t}
	}
	w.enter()
}

// letGo lets go of a Go task of a closing loop. One that has begun runs on,
// with its context ended and every wait refused.
func (l *Loop) letGo(t *Task) {
	if t.reclaim() || t.phase != started {
		t.perish()
		return
	}
	l.turnAway(t)
}

// turnAway answers the visit of a Go task of a closing loop, if it is in one.
func (l *Loop) turnAway(t *Task) {
	th := t.threadOf()
	if !th.visits {
		return
	}
	th.visits = false
	if t.waitOn != nil {
		t.waitOn.drop(t)
		t.waitOn = nil
	}
	_ = t.resumed()
	l.busy++
	th.woken <- ErrLoopClosed
}
