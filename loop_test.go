package asyncio_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestRunUntilComplete(t *testing.T) {
	var r testutil.Reports
	l := testutil.NewLoop(t, &r)
	t.Run("another loop's future", func(t *testing.T) {
		other := testutil.NewLoop(t, &r)
		err := l.RunUntilComplete(asyncio.NewFuture[asyncio.None](other.Context()))
		if err == nil || !strings.Contains(err.Error(), "another loop") {
			t.Error(err)
		}
	})
	t.Run("an error", func(t *testing.T) {
		testutil.ExpectIs(t, "RunUntilComplete", l.RunUntilComplete(asyncio.CreateTask(l.Context(), testutil.Fail(testutil.ErrTest))), testutil.ErrTest)
	})
	t.Run("a future that is done", func(t *testing.T) {
		f := asyncio.NewFuture[asyncio.None](l.Context())
		f.SetResult(asyncio.None{})
		if err := l.RunUntilComplete(f); err != nil {
			t.Error(err)
		}
	})
	t.Run("stopped before it is done", func(t *testing.T) {
		f := asyncio.NewFuture[asyncio.None](l.Context())
		l.CallSoon(l.Stop)
		testutil.ExpectIs(t, "RunUntilComplete", l.RunUntilComplete(f), asyncio.ErrLoopStopped)
		// Its end does not stop a later run.
		f.SetResult(asyncio.None{})
		if err := l.RunUntilComplete(asyncio.CreateTask(l.Context(), asyncio.Delay(time.Second, asyncio.None{}))); err != nil {
			t.Error(err)
		}
	})
	t.Run("stopped before it runs", func(t *testing.T) {
		turns := 0
		l.CallSoon(func() { turns++; l.CallSoon(func() { turns++ }) })
		l.Stop()
		if err := l.RunForever(); err != nil || turns != 1 {
			t.Errorf("error %v, %d turns", err, turns)
		}
	})
	t.Run("main stopped before it is done", func(t *testing.T) {
		err := testutil.Run(t, func(ctx context.Context) error {
			asyncio.RunningLoop(ctx).Stop()
			return asyncio.Sleep(ctx, time.Second)
		})
		testutil.ExpectIs(t, "Run", err, asyncio.ErrLoopStopped)
	})
	r.Expect(t)
}
