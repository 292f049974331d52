package engine

import "sync"

// places is the queue of Go tasks for a place among maxThreads. A goroutine whose
// task has ended passes its place on by itself, and itself with it: a trip over
// the loop, which wakes a goroutine there and another one back, takes longer than
// many a task.
type places struct {
	mu   sync.Mutex
	ring ring // of tasks; an entry whose task is not waiting any more is passed over
}

// claim is where a Go task stands with the queue. The queue sets the waiting ones
// under its lock; to leave them takes a compare-and-swap, since a goroutine may
// want the task as well as the owner.
//
//	unclaimed → waitingToStart → claimed ⇄ waitingToGoOn
//	waitingToStart → unclaimed      cancelled in the queue
type claim = uint32

const (
	unclaimed      claim = iota
	waitingToStart       // any finishing goroutine may take it
	waitingToGoOn        // its wait is over; only the owner can tell its goroutine
	claimed              // has a place, or waits for something else
)

// push adds a task. One that has an entry left over keeps that.
func (p *places) push(th *thread, c claim) {
	p.mu.Lock()
	defer p.mu.Unlock()
	th.claim.Store(c)
	if !th.queued {
		th.queued = true
		p.ring.push(th.task)
	}
}

// next claims the first in the queue and returns it, nil if there is none or, for
// a finishing goroutine, if the first is one for the owner: it waits to go on, or
// is about to be cancelled.
func (p *places) next(owner bool) *thread {
	for {
		th := p.first()
		if th == nil || !owner && th.forOwner() {
			return nil
		}
		if p.claim(th, owner) {
			return th
		}
	}
}

// first returns the first in the queue, and drops what is left over before it.
func (p *places) first() *thread {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.ring.n > 0 {
		th := p.ring.peek().(*Task).threadOf()
		if c := th.claim.Load(); c == waitingToStart || c == waitingToGoOn {
			return th
		}
		th.queued = false
		p.ring.pop()
	}
	p.ring.shrink()
	return nil
}

// forOwner is asked without the lock, as it may call a context of the user's.
func (th *thread) forOwner() bool {
	return th.claim.Load() == waitingToGoOn || th.task.Cancelling() > 0 || th.member.over()
}

// claim takes th if it is the first in the queue still. It may have been there
// twice meanwhile, and be waiting for something else now than when it was looked
// at.
func (p *places) claim(th *thread, owner bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ring.n == 0 || p.ring.peek() != runnable(th.task) {
		return false
	}
	won := th.claim.CompareAndSwap(waitingToStart, claimed) ||
		owner && th.claim.CompareAndSwap(waitingToGoOn, claimed)
	if won {
		th.queued = false
		p.ring.pop()
	}
	return won
}

func (p *places) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ring = ring{}
}

// vacate gives up a place, to the next in the queue.
func (l *Loop) vacate() {
	l.busy--
	for l.busy < l.MaxThreads {
		th := l.queued.next(true)
		if th == nil {
			return
		}
		if t := th.task; t.phase == parked && th.member.over() {
			t.phase = fresh
			th.claim.Store(unclaimed)
			l.ready.push(t) // to be cancelled by its first step
			continue
		}
		l.admit(th.task, th)
	}
}

// unpark takes a cancelled task out of the queue for a place that it had not had
// yet, for its step to end it. Its entry in the queue stays behind.
func (t *Task) unpark() {
	if t.reclaim() {
		t.phase = fresh
		t.loop.ready.push(t)
	}
}

// reclaim takes a parked task back from the queue, unless a goroutine has begun
// it, which the owner learns here.
func (t *Task) reclaim() bool {
	if t.phase != parked {
		return false
	}
	if t.threadOf().claim.CompareAndSwap(waitingToStart, unclaimed) {
		return true
	}
	t.phase = started
	return false
}
