package conformance_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestToThread(t *testing.T) {
	t.Run("gives the value of the function", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			numbers := []int{40, 2}
			v, err := asyncio.ToThread(ctx, func(context.Context) (int, error) {
				sum := 0
				for _, n := range numbers {
					sum += n
				}
				return sum, nil
			})
			if v != 42 {
				t.Errorf("40 + 2 = %d", v)
			}
			return err
		})
	})
	t.Run("gives the error of the function", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			own := errors.New("test")
			_, err := asyncio.ToThread(ctx, func(context.Context) (int, error) { return 0, own })
			testutil.ExpectIs(t, "the error", err, own)
			if err == nil || err.Error() != "test" {
				t.Errorf("the text is %v", err)
			}
			return nil
		})
	})
	t.Run("calls the function once and with what was given", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			type call struct {
				word      string
				something bool
			}
			var calls []call
			f := func(word string, something bool) { calls = append(calls, call{word, something}) }
			_, err := asyncio.ToThread(ctx, func(context.Context) (asyncio.None, error) {
				f("test", true)
				return asyncio.None{}, nil
			})
			if len(calls) != 1 || calls[0] != (call{"test", true}) {
				t.Errorf("calls: %v", calls)
			}
			return err
		})
	})
	t.Run("ten at a time are ten calls", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var calls atomic.Int32
			var tasks []*asyncio.Task[asyncio.None]
			for range 10 {
				tasks = append(tasks, asyncio.CreateTask(ctx, func(ctx context.Context) (asyncio.None, error) {
					return asyncio.ToThread(ctx, func(context.Context) (asyncio.None, error) {
						calls.Add(1)
						return asyncio.None{}, nil
					})
				}))
			}
			_, err := asyncio.Gather(ctx, tasks...)
			if n := calls.Load(); n != 10 {
				t.Errorf("%d calls", n)
			}
			return err
		})
	})
	t.Run("the function has the values of the context", func(t *testing.T) {
		type key struct{}
		testutil.Succeed(t, func(ctx context.Context) error {
			ctx = context.WithValue(ctx, key{}, "parrot")
			v, err := asyncio.ToThread(ctx, func(ctx context.Context) (any, error) {
				return ctx.Value(key{}), nil
			})
			if v != "parrot" {
				t.Errorf("the value is %v", v)
			}
			return err
		})
	})
}
