package soak

import (
	"context"
	"time"

	"github.com/asyncio-go/asyncio"
)

func crossing(s *strike) {
	for range 3 {
		s.chain()
	}
	s.step("futures of one loop that tasks of all complete")
	home := s.resident()
	futures := make([]*asyncio.Future[int], 20)
	for i := range futures {
		futures[i] = asyncio.NewFuture[int](home.Context())
	}
	var tasks []*asyncio.Task[int]
	for range 20 {
		tasks = append(tasks, asyncio.CreateTask(s.resident().Context(), func(ctx context.Context) (int, error) {
			won := 0
			for i, f := range futures {
				if s.chance(2) && f.SetResult(i) == nil {
					won++
				}
				v, err := asyncio.Shield(ctx, f)
				if err != nil {
					s.saw("a future", err)
					return won, nil
				}
				s.check(v == i, "future %d has %d", i, v)
			}
			return won, nil
		}))
	}
	for range 5 {
		tasks[s.n(len(tasks))].Cancel(s.message())
	}
	for _, f := range futures {
		time.Sleep(s.moment() / 10)
		_ = f.Cancel(s.message())
	}
	for _, t := range tasks {
		_, err := t.Await(context.Background())
		s.saw("who awaits futures", err)
	}
}

// chain is tasks that each await the next, on any loop, and a future at the end of it.
func (s *strike) chain() {
	s.step("a chain through loops")
	last := asyncio.NewFuture[int](s.resident().Context())
	var chain []*asyncio.Task[int]
	await := last.Await
	for range 2 + s.n(20) {
		next := await
		create := asyncio.CreateTask[int]
		if s.chance(4) {
			create = asyncio.Go[int]
		}
		t := create(s.resident().Context(), func(ctx context.Context) (int, error) {
			v, err := next(ctx)
			return v + 1, err
		})
		chain, await = append(chain, t), t.Await
	}
	time.Sleep(s.moment())
	first := chain[len(chain)-1]
	cancelled := s.chance(2)
	if cancelled {
		chain[s.n(len(chain))].Cancel(s.message())
	} else {
		s.check(last.SetResult(0) == nil, "SetResult of a pending future")
	}
	v, err := first.Await(context.Background())
	s.saw("a chain", err)
	if !cancelled {
		s.check(err == nil && v == len(chain), "a chain of %d returned %d, %v", len(chain), v, err)
	}
	s.step("the rest of a chain through loops")
	for _, t := range chain {
		last.Cancel(s.message()) // of a request above it, the future at the end hears later
		_, err := t.Await(context.Background())
		s.saw("a chain", err)
	}
}
