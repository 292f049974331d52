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
// It may be called at any time. If there is more room then, those who wait for it go on in
// their order. If there is less nobody is stopped: no task is created until so many have ended
// that there is room again.
func (tg *TaskGroup) SetLimit(n int) {
	if n <= 0 {
		n = unlimited
	}
	tg.made().Call(func() {
		s := tg.slots.Load()
		if s == nil {
			if n == unlimited {
				return
			}
			s = &slots{free: -tg.tasks, latest: priorities[lender]{less: later}}
			tg.slots.Store(s)
		}
		s.lock()
		defer s.unlock()
		s.free += n - s.limit
		s.limit = n
		s.serve()
	})
}

const unlimited = 1 << 62

// slots are the places of a group with a limit. A place that gets free goes to the
// last who has lent its own, else to the first who waits for one. The last, because
// those who lent before may be waiting for it. If one is free nobody waits.
//
// A task takes its place before it is created, as a reservation that is redeemed when the group
// admits it. One that was created when there was no limit, and is on its way, has none: it takes a
// place when it is admitted, as do those that are there when the first limit is set, whether
// there is one or not.
type slots struct {
	monitor
	limit    int
	free     int // less than none if the limit was lowered
	reserved int // taken for tasks that were not admitted yet
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
		s.reserved++
	case s.free > 0: // so nobody waits
		s.free--
		s.reserved++
	default:
		if err = s.wait(ctx, &s.creators, 0); err == nil {
			s.reserved++
		}
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

// admitted is the admission of a task, or its refusal.
func (s *slots) admitted(is bool) {
	s.lock()
	defer s.unlock()
	had := s.reserved > 0
	if had {
		s.reserved--
	}
	switch {
	case is && !had:
		s.free--
	case !is && had:
		s.give()
	}
}

// giveBack is the end of a task.
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

// give gives a place to the next.
func (s *slots) give() {
	s.free++
	s.serve()
}

// serve hands out the places that are free.
func (s *slots) serve() {
	for s.free > 0 && s.wakeOne() {
		s.free--
	}
}

func (s *slots) wakeOne() bool {
	for s.latest.len() > 0 {
		if n := s.latest.pop(); n.waits() {
			s.wake(n.waiter)
			return true
		}
	}
	return s.creators.wakeNext(&s.monitor)
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
