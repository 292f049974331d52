package asyncio

import (
	"context"
	"fmt"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// SetLimit bounds the tasks of the group that are at work to n. From then on
// CreateTask in the group waits until there is room; it is an await point. If the
// creator is cancelled there, or its scope ends, the task comes back done with that
// error, and a cancellation is delivered again at the creator's next await. A task
// of the group does not wait for room but gives up its own place to the task that it
// creates, and CreateTask returns when it has one again: tasks that create tasks, and
// then await them, cannot wait for each other. The tasks of a group inside are not of
// the group. In a callback, which cannot wait, a task for which there is no room comes
// back failed with ErrNotInTask. Zero or less is no bound.
//
// It must be called before the first task is created, and panics afterwards.
func (tg *TaskGroup) SetLimit(n int) {
	created := false
	tg.made().Call(func() { created = tg.created })
	if created {
		panic("asyncio: TaskGroup.SetLimit after a task was created in the group: call it first")
	}
	tg.slots = nil
	if n > 0 {
		tg.slots = &slots{free: n, latest: priorities[lender]{less: later}}
	}
}

// slots are the places of a group with a limit. A place that gets free goes to the
// last who has lent its own, else to the first who waits for one. The last, because
// those who lent before may be waiting for it.
type slots struct {
	monitor
	free     int
	creators waitQueue
	lenders  waitQueue
	latest   priorities[lender]      // of the lenders, who has lent last first, and of some who have left
	lent     map[*engine.Task]uint64 // tasks of the group without a place: the number of the loan
	loans    uint64
}

// lender is a waiter as long as it waits to get back what it has lent in that loan.
type lender struct {
	*waiter
	of uint64
}

func (n lender) waits() bool { return n.loan == n.of && !n.left && !n.ready() }

func later(a, b lender) bool { return a.of > b.of }

// take waits for the place of a new task. reclaim is to be called when that was
// created.
func (s *slots) take(ctx context.Context, k *groupKeeper) (reclaim func(), err error) {
	reclaim = func() {}
	self, _ := engine.Caller(ctx)
	s.lock()
	switch {
	case self != nil && self.KeptBy(k) && s.lent[self] == 0:
		if s.lent == nil {
			s.lent = map[*engine.Task]uint64{}
		}
		s.loans++
		s.lent[self] = s.loans
		reclaim = func() { s.reclaim(ctx, self) }
	case s.free > 0: // so nobody waits
		s.free--
	default:
		err = s.wait(ctx, &s.creators, 0)
	}
	s.unlock()
	return reclaim, err
}

// wait waits for a place, with the monitor locked before and after.
func (s *slots) wait(ctx context.Context, q *waitQueue, loan uint64) error {
	w, err := q.enter(ctx, &s.monitor, s)
	if err != nil {
		return err
	}
	if loan != 0 {
		w.loan = loan
		s.line(lender{w, loan})
	}
	s.unlock()
	err = w.Wait(ctx)
	q.leave(w, err)
	w.loan = 0
	return err
}

func (s *slots) about() engine.About {
	s.lock()
	defer s.unlock()
	return engine.About{Of: s, Op: "CreateTask in a group with a limit", State: fmt.Sprintf("<places free=%d>", s.free)}
}

func (s *slots) gaveUp(w *waiter) {
	if w.woken {
		s.give()
	}
}

// reclaim gets the place back that self has lent. One that is cancelled meanwhile
// goes on without.
func (s *slots) reclaim(ctx context.Context, self *engine.Task) {
	s.lock()
	var err error
	if s.free > 0 {
		s.free--
	} else {
		err = s.wait(ctx, &s.lenders, s.lent[self])
	}
	if err == nil {
		delete(s.lent, self)
	}
	s.unlock()
	if err != nil {
		redeliver(ctx, err)
	}
}

// giveBack is the end of a task, or of one that was refused.
func (s *slots) giveBack(t *engine.Task) {
	s.lock()
	defer s.unlock()
	if s.lent[t] != 0 {
		delete(s.lent, t)
	} else {
		s.give()
	}
}

// line puts a lender in line. Those who have left are dropped when they are the most.
func (s *slots) line(n lender) {
	if all := s.latest.items; len(all) > 2*s.lenders.n+16 {
		s.latest.items = nil
		for _, x := range all {
			if x.v.waits() {
				s.latest.push(x.v)
			}
		}
	}
	s.latest.push(n)
}

// give hands a place to the next.
func (s *slots) give() {
	for s.latest.len() > 0 {
		if n := s.latest.pop(); n.waits() {
			s.wake(n.waiter)
			return
		}
	}
	if !s.creators.wakeNext(&s.monitor) {
		s.free++
	}
}

// redeliver has a cancellation that cannot be returned to the caller delivered again.
func redeliver(ctx context.Context, err error) {
	if !isCancellation(err, false) {
		return
	}
	if self, _ := engine.Caller(ctx); self != nil {
		self.Redeliver(true)
	}
}
