package many_test

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestDeepChains(t *testing.T) {
	deep, coroutines := testutil.Scaled(200_000), testutil.Scaled(100_000)
	var chain func(n int, end asyncio.Coroutine[int]) asyncio.Coroutine[int]
	chain = func(n int, end asyncio.Coroutine[int]) asyncio.Coroutine[int] {
		if n == 0 {
			return end
		}
		return func(ctx context.Context) (int, error) {
			v, err := asyncio.CreateTask(ctx, chain(n-1, end)).Await(ctx)
			return v + 1, err
		}
	}
	// apart has every task on a stack of its own: it starts before it is awaited.
	var apart func(n int) asyncio.Coroutine[int]
	apart = func(n int) asyncio.Coroutine[int] {
		return func(ctx context.Context) (int, error) {
			if n == 0 {
				asyncio.Sleep(ctx, time.Second)
				return 0, nil
			}
			a := asyncio.CreateTask(ctx, apart(n-1))
			asyncio.Sleep(ctx, 0)
			v, err := a.Await(ctx)
			return v + 1, err
		}
	}
	for name, test := range map[string]struct {
		n int
		c asyncio.Coroutine[int]
	}{
		"each awaits a fresh one":               {deep, chain(deep, asyncio.Delay(0, 0))},
		"each awaits a fresh one, which sleeps": {deep, chain(deep, asyncio.Delay(time.Second, 0))},
		"each awaits one that has started":      {coroutines, apart(coroutines)},
	} {
		t.Run(name, func(t *testing.T) {
			testutil.NoLeaks(t)
			testutil.Succeed(t, func(ctx context.Context) error {
				v, err := asyncio.CreateTask(ctx, test.c).Await(ctx)
				if v != test.n {
					t.Errorf("%d, want %d", v, test.n)
				}
				return err
			})
		})
	}
	t.Run("cancelled from the top", func(t *testing.T) {
		testutil.NoLeaks(t)
		testutil.Succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, chain(deep, asyncio.Delay(time.Duration(math.MaxInt64), 0)))
			asyncio.Sleep(ctx, time.Second)
			a.Cancel("down")
			_, err := a.Await(ctx)
			var e *asyncio.CancelledError
			if !errors.As(err, &e) || e.Message != "down" {
				t.Error(err)
			}
			return nil
		})
	})
	t.Run("closed over", func(t *testing.T) {
		testutil.NoLeaks(t)
		var r testutil.Reports
		l := testutil.NewLoop(t, &r)
		asyncio.CreateTask(l.Context(), chain(1000, asyncio.Delay(time.Hour, 0)))
		l.RunUntilComplete(asyncio.CreateTask(l.Context(), asyncio.Delay(time.Second, 0)))
		l.Close()
		if r.Len() != 1001 {
			t.Errorf("%d reports", r.Len())
		}
	})
}
