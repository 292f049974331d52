package soak

import (
	"context"
	"errors"
	"time"

	"github.com/asyncio-go/asyncio"
)

func strangers(s *strike) {
	l := s.resident()
	task := asyncio.CreateTask(l.Context(), asyncio.Delay(50*time.Millisecond, 7))
	future := asyncio.NewFuture[int](l.Context())
	q := asyncio.NewQueue[int](0)
	var lock asyncio.Lock
	s.check(lock.TryAcquire(), "a new lock is taken")
	reason := s.hurt(either)
	for range 30 {
		way, d := s.n(5), s.moment()*10
		s.helper(func() {
			began := time.Now()
			ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(l.Context()), d, reason)
			if s.chance(3) {
				ctx, cancel = context.WithTimeoutCause(context.Background(), d, reason)
				way %= 2 // the others need a loop
			}
			defer cancel()
			var err error
			switch way {
			case 0:
				_, err = task.Await(ctx)
			case 1:
				_, err = future.Await(ctx)
			case 2:
				_, err = q.Get(ctx)
			case 3:
				err = lock.Acquire(ctx)
			default:
				err = asyncio.Sleep(ctx, time.Hour)
			}
			if err == nil {
				s.check(way == 0, "wait %d of what never comes ended without an error", way)
				return
			}
			s.check(errors.Is(err, reason) && time.Since(began) >= d, "a wait with a context of %v ended after %v with %v", d, time.Since(began), err)
		})
	}
	s.step("goroutines wait")
	v, err := task.Await(context.Background())
	s.check(v == 7 && err == nil, "a task that others gave up: %d, %v", v, err)
	s.helpers.Wait()
	s.check(!future.Done() && future.SetResult(1) == nil, "a future that others gave up: %v", future)
	s.check(lock.Release() == nil && lock.TryAcquire(), "the lock went to somebody who is gone: %v", &lock)
	s.check(q.PutNoWait(1) == nil && q.Len() == 1, "an item went to somebody who is gone: %v", q)
}
