package soak

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asyncio-go/asyncio"
)

func closing(s *strike) {
	l, other := s.newLoop(), s.resident()
	running := make(chan struct{})
	s.helper(func() {
		defer close(running)
		if err := l.RunForever(); err != nil {
			s.faultf("RunForever: %v", err)
		}
	})
	x := &condemned{
		s: s, loop: l,
		future: asyncio.NewFuture[int](l.Context()),
		task:   asyncio.CreateTask(l.Context(), asyncio.Delay(time.Hour, 1)),
		queue:  asyncio.NewQueue[int](1),
		cond:   asyncio.NewCondition(nil),
	}
	s.check(x.lock.TryAcquire(), "a new lock is taken")

	const each = 10
	s.allow("destroyed but it is pending", 1+2*each)
	s.allow("left running", each)
	var ends, started atomic.Int32
	begin := make(chan struct{}, 3*each)
	for range each {
		way := s.n(8)
		asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
			started.Add(1)
			defer ends.Add(1)
			begin <- struct{}{}
			return x.await(ctx, way)
		}))
	}
	var threads sync.WaitGroup
	for range each {
		way := s.n(8)
		threads.Add(1)
		asyncio.Go(l.Context(), asyncio.Void(func(ctx context.Context) error {
			defer threads.Done()
			begin <- struct{}{}
			s.saw("an await in a Go task", x.await(ctx, way), asyncio.ErrLoopClosed)
			return nil
		}))
	}
	var away []*asyncio.Task[asyncio.None]
	for range each {
		way := s.n(3) // what belongs to the loop; locks and queues outlive it
		away = append(away, asyncio.CreateTask(other.Context(), asyncio.Void(func(ctx context.Context) error {
			return x.await(ctx, way)
		})))
		ways := s.n(8)
		s.helper(func() { s.saw("an await in a goroutine", x.await(l.Context(), ways), asyncio.ErrLoopClosed) })
	}
	s.step("all begin")
	for range 2 * each {
		<-begin
	}
	time.Sleep(s.moment())

	s.step("Stop and Close")
	l.Stop()
	<-running
	if err := l.Close(); err != nil {
		s.faultf("Close: %v", err)
	}
	s.step("those inside are to end")
	threads.Wait()
	s.check(ends.Load() == started.Load(), "of %d tasks, %d ran their defers", started.Load(), ends.Load())
	s.step("those outside are to end")
	for _, t := range away {
		_, err := t.Await(context.Background())
		s.saw("an await in a task of another loop", err, asyncio.ErrLoopClosed)
	}
	s.helpers.Wait()

	// Nobody who is gone stands in line.
	s.check(x.lock.Release() == nil && x.lock.TryAcquire(), "the lock went to somebody who is gone: %v", &x.lock)
	s.check(x.queue.PutNoWait(1) == nil, "a queue that should have room: %v", x.queue)
	v, err := x.queue.GetNoWait()
	s.check(v == 1 && err == nil, "the item went to somebody who is gone: %d, %v", v, err)

	late := asyncio.CreateTask(l.Context(), asyncio.Delay(0, 1))
	_, err = late.Await(context.Background())
	s.saw("a task that comes late", err, asyncio.ErrLoopClosed)
	s.check(err != nil && l.CallSoon(func() {}).Cancelled(), "a closed loop takes work")
}

// condemned is a loop that will be closed, and what others wait for.
type condemned struct {
	s      *strike
	loop   *asyncio.Loop
	future *asyncio.Future[int]
	task   *asyncio.Task[int]
	lock   asyncio.Lock
	event  asyncio.Event
	queue  *asyncio.Queue[int]
	cond   *asyncio.Condition
}

func (x *condemned) await(ctx context.Context, way int) error {
	var err error
	switch way {
	case 0:
		_, err = asyncio.Shield(ctx, x.future) // or the first to be cancelled ends all
	case 1:
		_, err = asyncio.Shield(ctx, x.task)
	case 2:
		_, _, err = asyncio.Wait(ctx, []asyncio.AnyFuture{x.future, x.task}, asyncio.WaitOptions{})
	case 3:
		err = x.lock.Acquire(ctx)
	case 4:
		err = x.event.Wait(ctx)
	case 5:
		_, err = x.queue.Get(ctx)
	case 6:
		err = x.cond.With(ctx, func() error { return x.cond.WaitFor(ctx, func() bool { return false }) })
	default:
		err = asyncio.Sleep(ctx, time.Hour)
	}
	if err == nil {
		x.s.faultf("await %d of what never comes ended without an error, in %v", way, asyncio.CurrentTask(ctx))
	}
	return err
}
