package soak

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/asyncio-go/asyncio"
)

func onlookers(s *strike) {
	var opts []asyncio.Option
	if s.chance(2) {
		opts = append(opts, asyncio.WithWatchdog(2*time.Millisecond))
	}
	if s.chance(3) {
		opts = append(opts, asyncio.WithDebug())
	}
	l := s.newLoop(opts...)
	l.SetSlowCallbackDuration(2 * time.Millisecond)
	s.forever(l)
	var over atomic.Bool
	var tasks []*asyncio.Task[int]
	for range 10 {
		create := asyncio.CreateTask[int]
		if s.chance(4) {
			create = asyncio.Go[int]
		}
		tasks = append(tasks, create(l.Context(), func(ctx context.Context) (int, error) {
			for !over.Load() {
				v, err := asyncio.CreateTask(ctx, asyncio.Delay(s.moment()/10, 1)).Await(ctx)
				s.check(v == 1 && err == nil, "a task that is looked at returned %d, %v", v, err)
				switch s.n(20) {
				case 0:
					time.Sleep(4 * time.Millisecond) // holds up the loop
				case 1:
					_ = asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						asyncio.CreateTask(tg, asyncio.Delay(0, 1))
						look(l, tg)
						return nil
					})
				}
			}
			return 1, nil
		}))
	}
	s.step("looking")
	until := time.Now().Add(200 * time.Millisecond)
	for range 3 {
		s.helper(func() {
			for time.Now().Before(until) {
				if s.chance(5) {
					l.SetDebug(s.chance(2))
				}
				for _, t := range asyncio.AllTasks(l) {
					look(l, t)
				}
				// The stack of a Go task stops the world.
				time.Sleep(s.moment())
			}
		})
	}
	for _, r := range s.soak.residents {
		for _, t := range asyncio.AllTasks(r.loop) {
			look(r.loop, t)
		}
	}
	time.Sleep(time.Until(until))
	over.Store(true)
	for _, t := range tasks {
		v, err := t.Await(context.Background())
		s.check(v == 1 && err == nil, "a task that is looked at ended with %d, %v", v, err)
	}
	s.step("Close")
	l.Stop()
	s.helpers.Wait()
	if err := l.Close(); err != nil {
		s.faultf("Close: %v", err)
	}
}

// look asks for all there is to know about x, which is on l.
func look(l *asyncio.Loop, x any) {
	if str, ok := x.(fmt.Stringer); ok {
		_ = str.String()
	}
	if t, ok := x.(asyncio.AnyTask); ok {
		_, _, _, _, _ = t.Name(), t.Stack(), t.Created(), t.Coro(), t.Cancelling()
		_, _ = t.Done(), t.Cancelled()
	}
	_, _, _, _ = l.IsRunning(), l.IsClosed(), l.Debug(), l.Time()
}
