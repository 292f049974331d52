package soak

import (
	"context"
	"sync/atomic"

	"github.com/asyncio-go/asyncio"
)

func bursts(s *strike) {
	l := s.resident()
	n := 100 + s.n(1500)
	var ran atomic.Int64
	one := func(i int) asyncio.Coroutine[int] {
		wait, mod := s.chance(3), s.n(4)
		return func(ctx context.Context) (int, error) {
			ran.Add(1)
			if wait && i%4 == mod {
				if err := asyncio.Sleep(ctx, 0); err != nil {
					return 0, err
				}
			}
			return i, nil
		}
	}
	burst := func(ctx context.Context, create func(context.Context, asyncio.Coroutine[int], ...asyncio.TaskOption) *asyncio.Task[int]) error {
		var tasks []*asyncio.Task[int]
		for i := range n {
			tasks = append(tasks, create(ctx, one(i)))
		}
		got, err := asyncio.Gather(ctx, tasks...)
		if err != nil {
			s.faultf("Gather of a burst: %v", err)
			return nil
		}
		sum := 0
		for _, v := range got {
			sum += v
		}
		s.check(sum == n*(n-1)/2, "a burst of %d returned %d", n, sum)
		return nil
	}
	s.step("a burst from a task and one from a Go task")
	a := asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error { return burst(ctx, asyncio.CreateTask[int]) }))
	b := asyncio.Go(l.Context(), asyncio.Void(func(ctx context.Context) error { return burst(ctx, asyncio.Go[int]) }))
	s.helper(func() { _ = burst(l.Context(), asyncio.CreateTask[int]) })
	_, err := a.Await(context.Background())
	s.saw("burst", err)
	_, err = b.Await(context.Background())
	s.saw("burst", err)
	s.helpers.Wait()
	s.check(ran.Load() == int64(3*n), "of 3 x %d tasks %d ran", n, ran.Load())
}
