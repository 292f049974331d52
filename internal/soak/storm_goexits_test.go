package soak

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/asyncio-go/asyncio"
)

func goexits(s *strike) {
	s.step("in Go tasks")
	exit := func(context.Context) (int, error) { runtime.Goexit(); return 0, nil }
	t := asyncio.CreateTask(s.resident().Context(), asyncio.Void(func(ctx context.Context) error {
		_, err := asyncio.Go(ctx, exit).Await(ctx)
		s.check(errors.Is(err, asyncio.ErrGoexit), "Goexit in a Go task: %v", err)
		_, err = asyncio.ToThread(ctx, exit)
		s.check(errors.Is(err, asyncio.ErrGoexit), "Goexit in ToThread: %v", err)
		return nil
	}))
	_, err := t.Await(context.Background())
	s.saw("main", err)

	for range 3 {
		s.step("in loop tasks and callbacks")
		s.goexitOfRun()
	}
}

// goexitOfRun has something on a loop exit, which ends Run and its goroutine.
func (s *strike) goexitOfRun() {
	var begun, ended atomic.Int32
	var returned bool
	way := s.n(5)
	s.allow("error was never retrieved", 1) // ErrGoexit itself
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.run(func(ctx context.Context) error {
			for range 5 {
				asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					begun.Add(1)
					defer ended.Add(1)
					return asyncio.Sleep(ctx, time.Hour)
				}))
			}
			if err := asyncio.Sleep(ctx, s.moment()); err != nil {
				return err
			}
			switch way {
			case 0:
				runtime.Goexit()
			case 1:
				asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error { runtime.Goexit(); return nil }))
			case 2:
				asyncio.RunningLoop(ctx).CallSoon(runtime.Goexit)
			case 3:
				return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					asyncio.CreateTask(tg, asyncio.Delay(time.Hour, 1))
					runtime.Goexit()
					return nil
				})
			default:
				asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error { runtime.Goexit(); return nil }), asyncio.Eager())
			}
			return asyncio.Sleep(ctx, time.Hour)
		})
		returned = true
	}()
	<-done
	s.check(!returned, "Run returned after Goexit, way %d", way)
	s.check(begun.Load() == ended.Load(), "Goexit, way %d: of %d tasks %d ran their defers", way, begun.Load(), ended.Load())
}
