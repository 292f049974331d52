package soak

import (
	"context"
	"errors"
	"time"

	"github.com/asyncio-go/asyncio"
)

func locks(s *strike) {
	a, b := s.resident(), s.resident()
	x := &shared{
		strike: s, sem: asyncio.NewSemaphore(2), cond: asyncio.NewCondition(nil), barrier: asyncio.NewBarrier(3),
		own: asyncio.NewBoundedSemaphore(1),
	}
	use := func(ctx context.Context) error {
		for range 20 {
			s.saw("a lock", x.use(ctx), asyncio.ErrTimeout, asyncio.ErrBrokenBarrier)
		}
		return nil
	}
	var tasks []*asyncio.Task[asyncio.None]
	for range 5 {
		tasks = append(tasks,
			asyncio.CreateTask(a.Context(), asyncio.Void(use)),
			asyncio.CreateTask(b.Context(), asyncio.Void(use)),
			asyncio.Go(a.Context(), asyncio.Void(use)))
		s.helper(func() { _ = use(b.Context()) })
	}
	s.step("requests")
	for range 50 {
		tasks[s.n(len(tasks))].Cancel(s.message())
		_ = x.lock.String() + x.sem.String() + x.cond.String() + x.barrier.String() + x.event.String()
		time.Sleep(s.moment() / 20)
	}
	s.step("all are to end")
	for _, t := range tasks {
		_, err := t.Await(context.Background())
		s.saw("main", err)
	}
	s.helpers.Wait()
	s.check(x.under == x.held, "%d times in the lock, %d were counted under it", x.held, x.under)
	s.check(!x.lock.Locked() && x.lock.TryAcquire(), "the lock is held by nobody that is there: %v", &x.lock)
	first, second, third := x.sem.TryAcquire(), x.sem.TryAcquire(), x.sem.TryAcquire()
	s.check(first && second && !third, "places of the semaphore: %v", x.sem)
	s.check(x.own.Release() != nil, "a place too many: %v", x.own)
	s.check(!x.cond.Locked(), "the condition's lock is held: %v", x.cond)
	s.check(x.barrier.Waiting() == 0, "somebody who is gone waits at the barrier: %v", x.barrier)
}

// shared is one of each kind, and what they guard.
type shared struct {
	*strike
	lock    asyncio.Lock
	sem     *asyncio.Semaphore
	own     *asyncio.BoundedSemaphore
	cond    *asyncio.Condition
	barrier *asyncio.Barrier
	event   asyncio.Event

	under, held int // under lock
	guarded     int // under own
	ready       int // under cond
}

func (x *shared) use(ctx context.Context) error {
	scope, cancel := asyncio.WithTimeout(context.WithoutCancel(ctx), x.moment())
	defer cancel()
	if x.chance(3) {
		scope = ctx // a task's own, which only a request interrupts
	}
	switch x.n(7) {
	case 0, 1:
		return x.lock.With(scope, func() error {
			x.held++
			err := asyncio.Sleep(ctx, x.moment()/20)
			x.under++
			return err
		})
	case 2:
		return x.sem.With(scope, func() error { return asyncio.Sleep(ctx, x.moment()/20) })
	case 3:
		return x.own.With(scope, func() error { x.guarded++; return asyncio.Sleep(ctx, 0) })
	case 4:
		short, cancel := asyncio.WithTimeout(context.WithoutCancel(ctx), x.moment())
		defer cancel()
		return x.cond.With(scope, func() error {
			if x.chance(2) {
				x.ready++
				return x.cond.Notify(1)
			}
			err := x.cond.WaitFor(short, func() bool { return x.ready > 0 })
			if err == nil {
				x.ready--
			}
			return err
		})
	case 5:
		short, cancel := asyncio.WithTimeout(context.WithoutCancel(ctx), x.moment()/5)
		defer cancel()
		n, err := x.barrier.Wait(short)
		x.check(err != nil || n >= 0 && n < 3, "number %d at a barrier of 3", n)
		if x.chance(20) {
			x.barrier.Reset()
		}
		return err
	default:
		if x.chance(2) {
			x.event.Set()
			x.event.Clear()
			return nil
		}
		short, cancel := asyncio.WithTimeout(context.WithoutCancel(ctx), x.moment()/5)
		defer cancel()
		err := x.event.Wait(short)
		if errors.Is(err, asyncio.ErrTimeout) {
			return nil
		}
		return err
	}
}
