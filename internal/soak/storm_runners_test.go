package soak

import (
	"context"
	"errors"
	"time"

	"github.com/asyncio-go/asyncio"
)

func runners(s *strike) {
	r := asyncio.NewRunner(asyncio.WithExceptionHandler(s.reported))
	l := r.Loop()
	var left *asyncio.Task[int]
	for range 5 {
		s.step("a run")
		stop := s.chance(2)
		v, err := asyncio.RunOn(r, context.Background(), func(ctx context.Context) (int, error) {
			if left == nil {
				left = asyncio.CreateTask(ctx, asyncio.Delay(time.Hour, 7))
			}
			s.check(!left.Done(), "a task did not outlive its run: %v", left)
			s.helper(func() {
				_, err := asyncio.RunOn(r, context.Background(), asyncio.Delay(0, 1))
				// It may have come when the run was over, and is one of its own then.
				s.saw("a run beside a run", err, asyncio.ErrLoopRunning, asyncio.ErrLoopStopped)
			})
			if stop {
				s.helper(l.Stop)
			}
			return 3, asyncio.Sleep(ctx, s.moment()/2)
		})
		s.saw("a run", err, asyncio.ErrLoopStopped, asyncio.ErrLoopRunning)
		s.check(err != nil || v == 3, "a run returned %d", v)
		s.step("those beside it are to end")
		for over := false; !over; { // a run that Stop has come too late for ends with its first turn
			_, err := asyncio.RunOn(r, context.Background(), func(context.Context) (int, error) { return 1, nil })
			over = err == nil
		}
		s.helpers.Wait()
	}
	s.step("a run in a run")
	_, err := asyncio.RunOn(r, context.Background(), func(ctx context.Context) (int, error) {
		_, err := asyncio.Run(ctx, asyncio.Delay(0, 1))
		s.check(errors.Is(err, asyncio.ErrLoopRunning), "Run in a task: %v", err)
		return 1, nil
	})
	s.saw("a run", err, asyncio.ErrLoopStopped)
	s.step("Close")
	if err := r.Close(); err != nil {
		s.faultf("Close: %v", err)
	}
	if left != nil {
		s.check(left.Cancelled(), "after Close: %v", left)
	}
	_, err = asyncio.RunOn(r, context.Background(), asyncio.Delay(0, 1))
	s.check(errors.Is(err, asyncio.ErrLoopClosed), "a run after Close: %v", err)
}
