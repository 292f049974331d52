package engine

import "sync"

// places is the queue of Go tasks for a place among maxThreads. A goroutine whose
// task has ended passes its place on by itself, and itself with it: a trip over
// the loop, which wakes a goroutine there and another one back, takes longer than
// many a task.
type places struct {
	mu   sync.Mutex
	ring ring // of tasks
}

// The claim on a fresh task in the queue, which a goroutine may take as well as
// the owner.
const (
	unclaimed = iota // not in the queue, or cancelled in it
	waiting          // in the queue
	claimed          // has had a place
)

// push adds a task, unless it has an entry.
func (p *places) push(t *Task) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if th := t.threadOf(); !th.queued {
		th.queued = true
		p.ring.push(t)
	}
}

// next takes the first in the queue, nil if there is none. One that has run
// before, and waits for a place to go on, is for the owner alone, as is one that
// is to be cancelled.
func (p *places) next(owner bool) *thread {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.ring.n > 0 {
		th := p.ring.peek().(*Task).threadOf()
		again := th.claim.Load() == claimed
		if !owner && (again || th.member.over()) {
			return nil
		}
		p.ring.pop()
		th.queued = false
		if again && !th.task.Finished() || th.claim.CompareAndSwap(waiting, claimed) {
			return th
		}
	}
	return nil
}

func (p *places) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ring = ring{}
}
