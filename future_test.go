package asyncio_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestFutureSetOnce(t *testing.T) {
	ends := map[string]struct {
		end   func(f *asyncio.Future[int]) error
		state string
	}{
		"SetResult": {func(f *asyncio.Future[int]) error { return f.SetResult(1) }, "succeeded"},
		"SetErr":    {func(f *asyncio.Future[int]) error { return f.SetErr(testutil.ErrTest) }, "failed"},
		"SetErr of a cancellation": {func(f *asyncio.Future[int]) error {
			return f.SetErr(&asyncio.CancelledError{})
		}, "cancelled"},
		"Cancel": {func(f *asyncio.Future[int]) error {
			if !f.Cancel() {
				return asyncio.ErrInvalidState
			}
			return nil
		}, "cancelled"},
	}
	for first, a := range ends {
		for second, b := range ends {
			t.Run(first+" then "+second, func(t *testing.T) {
				testutil.Succeed(t, func(ctx context.Context) error {
					f := asyncio.NewFuture[int](ctx)
					if err := a.end(f); err != nil {
						t.Error(err)
					}
					testutil.ExpectIs(t, second, b.end(f), asyncio.ErrInvalidState)
					testutil.ExpectState(t, "the future", f, a.state)
					return nil
				})
			})
		}
	}
	t.Run("SetErr of nil", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			f := asyncio.NewFuture[int](ctx)
			if err := f.SetErr(nil); err == nil || !strings.Contains(err.Error(), "SetResult") {
				t.Errorf("%v does not name the fix", err)
			}
			testutil.ExpectState(t, "the future", f, "pending")
			return nil
		})
	})
	t.Run("by many goroutines", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			f := asyncio.NewFuture[int](ctx)
			var won atomic.Int32
			var winner atomic.Int32
			for i := range 50 {
				asyncio.Go(ctx, asyncio.Void(func(context.Context) error {
					if f.SetResult(i) == nil {
						won.Add(1)
						winner.Store(int32(i))
					}
					return nil
				}))
			}
			for _, a := range asyncio.AllTasks(asyncio.RunningLoop(ctx)) {
				if g, ok := a.(*asyncio.Task[asyncio.None]); ok && a != asyncio.CurrentTask(ctx) {
					g.Await(ctx)
				}
			}
			v, err := f.Await(ctx)
			if won.Load() != 1 || v != int(winner.Load()) || err != nil {
				t.Errorf("%d winners, result %d of %d, %v", won.Load(), v, winner.Load(), err)
			}
			return nil
		})
	})
}
