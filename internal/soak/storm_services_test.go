package soak

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/asyncio-go/asyncio"
)

func services(s *strike) {
	var created, ended atomic.Int64
	r := asyncio.NewRunner(asyncio.WithExceptionHandler(s.reported), asyncio.WithObserver(asyncio.Observer{
		TaskCreated: func(asyncio.TaskCreation) { created.Add(1) },
		TaskAsked:   func(t asyncio.AnyTask, _ *asyncio.CancelledError) { s.check(!t.Done(), "asked to end: %v", t) },
		TaskEnded:   func(asyncio.AnyTask, error) { ended.Add(1) },
	}))
	s.step("Start")
	scope, err := r.Start()
	if err != nil {
		s.faultf("Start: %v", err)
		return
	}
	hits := 0 // of the loop alone
	for range 4 {
		s.helper(func() {
			for range 50 {
				request, end := context.WithTimeout(context.Background(), s.moment())
				ctx := asyncio.WithLoop(request, r.Loop())
				nap := s.moment()
				create := asyncio.CreateTask[int]
				if s.chance(3) {
					create = asyncio.Go[int]
				}
				_, err := create(ctx, func(ctx context.Context) (int, error) {
					if asyncio.CurrentTask(ctx) != nil && nap%2 == 0 {
						err := asyncio.Timeout(ctx, nap/2, func(ctx context.Context) error { return asyncio.Sleep(ctx, nap) })
						if errors.Is(err, asyncio.ErrTimeout) {
							err = nil // it would be reported, if the request has ended before that
						}
						return 0, err
					}
					return 1, asyncio.Sleep(ctx, nap)
				}).Await(ctx)
				end()
				if !errors.Is(err, context.Canceled) { // of the end of the loop, which is nobody's here
					s.saw("a call", err, context.DeadlineExceeded, asyncio.ErrLoopClosed)
				}
				_, err = asyncio.CreateTask(scope, func(context.Context) (int, error) {
					hits++
					return hits, nil
				}).Await(context.Background())
				if !errors.Is(err, context.Canceled) {
					s.saw("a hit", err, asyncio.ErrLoopClosed)
				}
			}
		})
	}
	_ = asyncio.Sleep(asyncio.WithLoop(context.Background(), s.resident()), 4*s.moment())
	s.step("Shutdown")
	for range 3 {
		s.helper(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			var err error
			if s.chance(3) {
				err = r.Close()
			} else {
				err = r.Shutdown(ctx)
			}
			if err != nil {
				s.faultf("Shutdown: %v", err)
			}
			s.check(r.Loop().IsClosed(), "after Shutdown: %v", r)
		})
	}
	s.helpers.Wait()
	s.check(created.Load() == ended.Load(), "%d tasks were created, and %d have ended", created.Load(), ended.Load())
}
