package contexts_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// A child has the values of the context that it was created with, and does not keep its
// creator, with the result of that, alive for them.
func TestChildHasItsCreatorsValuesAndNotItsCreator(t *testing.T) {
	type key string
	type result struct{ _ [64 << 10]byte }
	one := func(ctx context.Context) context.Context { return context.WithValue(ctx, key("a"), 1) }
	for name, derive := range map[string]func(ctx context.Context, then func(context.Context)){
		"a value": func(ctx context.Context, then func(context.Context)) { then(one(ctx)) },
		"one in another": func(ctx context.Context, then func(context.Context)) {
			then(context.WithValue(one(one(ctx)), key("b"), 2))
		},
		"above a timeout": func(ctx context.Context, then func(context.Context)) {
			_ = asyncio.Timeout(one(ctx), time.Hour, func(ctx context.Context) error { then(ctx); return nil })
		},
		"below a timeout": func(ctx context.Context, then func(context.Context)) {
			_ = asyncio.Timeout(ctx, time.Hour, func(ctx context.Context) error { then(one(ctx)); return nil })
		},
		"nothing but a timeout": func(ctx context.Context, then func(context.Context)) {
			ctx = context.WithValue(ctx, key("a"), 1)
			_ = asyncio.Timeout(ctx, time.Hour, func(ctx context.Context) error { then(ctx); return nil })
		},
	} {
		t.Run(name, func(t *testing.T) {
			testutil.Succeed(t, func(ctx context.Context) error {
				var freed atomic.Bool
				release := asyncio.NewFuture[asyncio.None](ctx)
				var child, grandchild *asyncio.Task[int]
				values := func(ctx context.Context) (int, error) {
					_, err := release.Await(ctx)
					a, _ := ctx.Value(key("a")).(int)
					zero, _ := ctx.Value(key("0")).(int)
					return 10*zero + a, err
				}
				_, err := asyncio.CreateTask(context.WithValue(ctx, key("0"), 4), func(ctx context.Context) (*result, error) {
					r := &result{}
					runtime.AddCleanup(r, func(struct{}) { freed.Store(true) }, struct{}{})
					var begun asyncio.Event
					derive(ctx, func(ctx context.Context) {
						child = asyncio.CreateTask(ctx, func(ctx context.Context) (int, error) {
							grandchild = asyncio.CreateTask(context.WithValue(ctx, key("c"), 3), values)
							begun.Set()
							return values(ctx)
						})
					})
					return r, begun.Wait(ctx)
				}).Await(ctx)
				if err != nil {
					return err
				}
				testutil.Until(t, "the creator's result is collected", func() bool { runtime.GC(); return freed.Load() })
				release.SetResult(asyncio.None{})
				for _, k := range []*asyncio.Task[int]{child, grandchild} {
					if v, err := k.Await(ctx); v != 41 || err != nil {
						t.Errorf("values %d, %v", v, err)
					}
				}
				return nil
			})
		})
	}
}
