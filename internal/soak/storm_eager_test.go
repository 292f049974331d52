package soak

import (
	"context"
	"sync/atomic"

	"github.com/asyncio-go/asyncio"
)

func eager(s *strike) {
	s.step("from everywhere")
	l, other := s.resident(), s.resident()
	x := &eagerness{strike: s, loop: l}
	main := asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error { return x.nest(ctx, 5, other) }))
	thread := asyncio.Go(l.Context(), asyncio.Void(func(ctx context.Context) error { return x.nest(ctx, 3, other) }))
	away := asyncio.CreateTask(other.Context(), asyncio.Void(func(ctx context.Context) error {
		for range 20 {
			v, err := asyncio.CreateTask(l.Context(), x.step, asyncio.Eager()).Await(ctx)
			s.check(v == 1 && err == nil, "an eager task returned %d, %v", v, err)
		}
		return nil
	}))
	for range 3 {
		s.helper(func() {
			for range 20 {
				v, err := asyncio.CreateTask(l.Context(), x.step, asyncio.Eager()).Await(context.Background())
				s.check(v == 1 && err == nil, "an eager task returned %d, %v", v, err)
			}
		})
	}
	for _, t := range []*asyncio.Task[asyncio.None]{main, thread, away} {
		_, err := t.Await(context.Background())
		s.saw("main", err)
	}
	s.helpers.Wait()

	s.step("by a factory")
	x = &eagerness{strike: s}
	err := s.run(func(ctx context.Context) error {
		for i := range 20 {
			t := asyncio.CreateTask(ctx, func(context.Context) (int, error) { return i, nil })
			s.check(t.Done(), "an eager task without a wait is not done: %v", t)
			v, err := t.Result()
			s.check(v == i && err == nil, "an eager task returned %d, %v", v, err)
			failed := asyncio.CreateTask(ctx, func(context.Context) (int, error) { return 0, s.hurt(mustBeTold) })
			s.saw("an eager failure", failed.Err())
		}
		return nil
	}, asyncio.WithTaskFactory(asyncio.EagerTaskFactory))
	s.saw("Run", err)
}

// eagerness counts who is in a step of the loop.
type eagerness struct {
	*strike
	loop   *asyncio.Loop
	inside atomic.Int32
}

// step is a task of one step, and one after a wait.
func (x *eagerness) step(ctx context.Context) (int, error) {
	x.inside.Add(1)
	x.inside.Add(-1)
	if x.chance(2) {
		return 1, asyncio.Sleep(ctx, 0)
	}
	return 1, nil
}

// nest starts tasks in the first step of tasks, and asks other loops in between.
func (x *eagerness) nest(ctx context.Context, depth int, other *asyncio.Loop) error {
	for range 5 {
		self := asyncio.CurrentTask(ctx)
		inner := asyncio.CreateTask(ctx, func(ctx context.Context) (int, error) {
			if depth > 0 {
				if err := x.nest(ctx, depth-3, other); err != nil {
					return 0, err
				}
			}
			return x.step(ctx)
		}, asyncio.Eager())
		x.check(asyncio.CurrentTask(ctx) == self, "after an eager task the current one is %v, not %v", asyncio.CurrentTask(ctx), self)
		_ = asyncio.AllTasks(other)
		v, err := inner.Await(ctx)
		x.check(v == 1 && err == nil, "an eager task returned %d, %v", v, err)
	}
	return nil
}
