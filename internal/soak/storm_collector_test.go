package soak

import (
	"context"
	"runtime"
	"time"

	"github.com/asyncio-go/asyncio"
)

func collector(s *strike) {
	l := s.resident()
	s.step("dropped in a task")
	t := asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
		for range 20 {
			x := &dropped{future: asyncio.NewFuture[int](ctx), block: make([]byte, 1<<10)}
			x.future.AddDoneCallback(func(*asyncio.Future[int]) { s.faultf("a future that nobody has completed is done: %v", x) })
			x.handle = asyncio.RunningLoop(ctx).CallLater(time.Hour, func() { s.faultf("an hour is over: %v", x) })
			x.handle.Cancel()
			switch s.n(4) {
			case 0:
				asyncio.CreateTask(ctx, s.failing(mustBeHeard))
			case 1:
				_ = asyncio.NewFuture[*dropped](ctx).SetResult(x)
			case 2:
				if _, err := asyncio.CreateTask(ctx, asyncio.Delay(0, x)).Await(ctx); err != nil {
					return err
				}
			default:
				if err := asyncio.Sleep(ctx, s.moment()/10); err != nil {
					return err
				}
			}
		}
		return s.comeLoose(ctx)
	}))
	s.helper(func() {
		for range 3 {
			runtime.GC()
			time.Sleep(s.moment())
		}
	})
	_, err := t.Await(context.Background())
	s.saw("main", err)
	s.step("whole loops dropped without Close")
	for range 5 {
		l := asyncio.NewLoop(asyncio.WithExceptionHandler(s.reported))
		asyncio.NewFuture[int](l.Context())
		_, err := asyncio.RunOn(asyncio.NewRunner(), context.Background(), asyncio.Delay(time.Microsecond, 1))
		s.saw("a run", err)
	}
}

// dropped is what nothing leads to any more.
type dropped struct {
	future *asyncio.Future[int]
	handle *asyncio.Handle
	block  []byte
}
