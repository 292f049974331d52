package soak

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asyncio-go/asyncio"
)

func endings(s *strike) {
	for range 3 {
		s.ending()
	}
}

// ending is a Run whose main returns over tasks of all characters.
func (s *strike) ending() {
	grace, drain := s.moment()*5, s.moment()
	opts := []asyncio.Option{asyncio.WithGrace(grace)}
	if s.chance(2) {
		opts = append(opts, asyncio.WithDrain(drain))
	}
	if s.chance(2) {
		opts = append(opts, asyncio.WithVirtualClock())
	}
	const most = 10
	s.allow("was asked to stop", most)
	s.allow("destroyed but it is pending", most)
	s.allow("left running", most)
	var begun, ended atomic.Int32
	var threads sync.WaitGroup
	left := 0
	s.step("Run ends over those who do not")
	err := s.run(func(ctx context.Context) error {
		for range most {
			way := s.n(7)
			if way == 6 {
				threads.Add(1)
				asyncio.Go(ctx, asyncio.Void(func(context.Context) error {
					defer threads.Done()
					time.Sleep(s.moment() * 3) // ignores its ctx
					return nil
				}))
				continue
			}
			if way == 4 {
				left++
			}
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				begun.Add(1)
				defer ended.Add(1)
				return s.character(ctx, way)
			}))
		}
		return asyncio.Sleep(ctx, s.moment())
	}, opts...)
	if left == 0 {
		s.saw("Run", err)
	}
	s.check(begun.Load() == ended.Load(), "%d tasks began, %d ran their defers", begun.Load(), ended.Load())
	s.step("those left behind are to end")
	threads.Wait()
}

// character is how a task takes it that it should end.
func (s *strike) character(ctx context.Context, way int) error {
	var err error
	switch way {
	case 0: // listens
		return asyncio.Stopping(ctx).Wait(ctx)
	case 1: // obeys
		return asyncio.Sleep(ctx, time.Hour)
	case 2: // cleans up
		_ = asyncio.Sleep(ctx, time.Hour)
		return asyncio.Sleep(context.WithoutCancel(ctx), s.moment()/10)
	case 3: // refuses a few times
		for range 3 {
			err = asyncio.Sleep(ctx, time.Hour)
		}
		return err
	case 4: // never ends
		for range 1_000_000 {
			if err = asyncio.Sleep(ctx, time.Millisecond); asyncio.RunningLoop(ctx).IsClosed() {
				return err
			}
		}
		return err
	default: // makes another that has to be ended as well
		err = asyncio.Sleep(ctx, time.Hour)
		asyncio.CreateTask(ctx, asyncio.Delay(time.Hour, 1))
		return err
	}
}
