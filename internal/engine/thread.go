package engine

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/asyncio-go/asyncio/internal/coro"
)

// thread is the goroutine of a Go task. To the loop the task is like any other:
// it has a first step, waits, is cancelled, ends. Only that between two waits it
// runs beside the loop, not on it: it asks for a wait by a visit and is told the
// end of it through woken.
type thread struct {
	extra
	task *Task // written once

	// Any goroutine.
	g atomic.Uintptr // 0 before and after it runs

	// Handed back and forth with each visit.
	woken chan error // holds at most one; made for the first visit
	err   error      // the answer, until there is a place; what the coroutine returned

	// Owner.
	visited bool // in a visit that was not answered
}

func (t *Task) threadOf() *thread {
	if x := t.extra.Load(); x != nil {
		return x.thread
	}
	return nil
}

// isThread reports whether the caller is the goroutine of the Go task t.
func (t *Task) isThread() bool {
	if !t.thread {
		return false
	}
	return t.threadOf().g.Load() == coro.G()
}

// dispatch is a step of a Go task: it starts its goroutine, or answers its visit.
// With all places taken it queues for one. Places are for tasks at work: one that
// waits has none, so that tasks which wait for each other cannot starve.
func (l *Loop) dispatch(t *Task) {
	th := t.threadOf()
	if t.phase == started {
		th.err = t.resumed()
	}
	if l.maxThreads > 0 && l.busy >= l.maxThreads {
		if t.phase == fresh {
			t.phase = parked
		}
		l.queued.push(t)
		return
	}
	l.admit(t, th)
}

// admit gives a Go task a place.
func (l *Loop) admit(t *Task, th *thread) {
	l.busy++
	if t.phase == started {
		th.visited = false
		th.woken <- th.err
		return
	}
	t.phase = started
	go th.run()
}

// vacate gives up a place, to the next in the queue.
func (l *Loop) vacate() {
	l.busy--
	for l.queued.n > 0 && l.busy < l.maxThreads {
		t := l.queued.pop().(*Task)
		if t.phase == fresh || t.Finished() {
			continue // cancelled in the queue
		}
		l.admit(t, t.threadOf())
	}
}

// unpark takes a cancelled task out of the queue for a place that it had not had
// yet, for its step to end it. Its entry in the queue stays behind.
func (t *Task) unpark() {
	if t.phase == parked {
		t.phase = fresh
		t.loop.ready.push(t)
	}
}

// run is the goroutine.
func (th *thread) run() {
	t := th.task
	th.g.Store(coro.G())
	returned := false
	defer func() {
		if !returned {
			if v := recover(); v != nil {
				th.err = t.panicked(v)
			} else {
				th.err = ErrGoexit
			}
		}
		// Before the goroutine's descriptor can be another's.
		th.g.Store(0)
		t.loop.post((*threadEnded)(t))
	}()
	th.err = t.body.Run(t)
	returned = true
}

type threadEnded Task

func (e *threadEnded) run(l *Loop) {
	t := (*Task)(e)
	l.vacate()
	t.fiber = nil
	t.finish(t.threadOf().err)
}

// visit is a Go task's request to wait for f, or if f is nil for d.
type visit struct {
	t   *Task
	f   *Future
	d   time.Duration
	at  place
	ctx context.Context
}

// visit waits on the task's goroutine.
func (t *Task) visit(v *visit) error {
	th := t.threadOf()
	if th.woken == nil {
		th.woken = make(chan error, 1)
	}
	t.loop.post(v)
	return <-th.woken
}

func (v *visit) run(l *Loop) {
	t := v.t
	th := t.threadOf()
	err := t.mayWait(v.at, v.ctx)
	if err == nil && v.f != nil && v.f.Finished() {
		v.f.schedule(l)
		th.woken <- v.f.retrieve()
		return
	}
	if err != nil {
		th.woken <- err
		return
	}
	th.visited = true
	l.vacate()
	if t.fiber == nil {
		t.fiber = &fiber{task: t}
	}
	if v.f != nil {
		t.begin(v.f)
	} else {
		t.doze(v.d)
	}
	t.bind(v.at, v.ctx)
}

// abandon lets go of a Go task of a closing loop. One that has begun runs on,
// with its context ended and every wait refused.
func (l *Loop) abandon(t *Task) {
	th := t.threadOf()
	if t.phase != started {
		t.phase = destroyed
		t.end(Cancelled, l.destroyedError())
		return
	}
	t.endContext(&Request{Origin: OriginShutdown, Cause: ErrLoopClosed})
	if th.visited {
		th.visited = false
		if t.waitOn != nil {
			t.waitOn.drop(t)
			t.waitOn = nil
		}
		_ = t.resumed()
		l.busy++
		th.woken <- ErrLoopClosed
	}
}
