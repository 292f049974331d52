package contexts_test

import (
	"context"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// What the standard library, net/http and gRPC see of a deadline inside it: who will be
// cancelled by it sees it, and nobody else.
func TestWhoSeesADeadline(t *testing.T) {
	type seen struct {
		due time.Time
		has bool
	}
	look := func(ctx context.Context) (seen, error) {
		due, has := ctx.Deadline()
		return seen{due, has}, nil
	}
	grouped := func(create func(context.Context) *asyncio.Task[seen]) func(context.Context) (seen, error) {
		return func(ctx context.Context) (s seen, err error) {
			err = asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				s, err = create(tg).Await(tg)
				return err
			})
			return s, err
		}
	}
	loopTask := func(ctx context.Context) *asyncio.Task[seen] { return asyncio.CreateTask(ctx, look) }
	goTask := func(ctx context.Context) *asyncio.Task[seen] { return asyncio.Go(ctx, look) }
	within := []struct {
		who string
		// in a Timeout, whose tasks are independent of it, and in a scope, which cancels them
		timeout, scope bool
		see            func(ctx context.Context) (seen, error)
	}{
		{"who is in it", true, true, look},
		{"a context with values", true, true, func(ctx context.Context) (seen, error) {
			return look(context.WithValue(ctx, testutil.Key{}, 1))
		}},
		{"a scope inside", true, true, func(ctx context.Context) (seen, error) {
			inner, cancel := asyncio.WithTimeout(ctx, 24*time.Hour)
			defer cancel()
			return look(inner)
		}},
		{"a context of the standard library inside", true, true, func(ctx context.Context) (seen, error) {
			inner, cancel := context.WithCancel(ctx)
			defer cancel()
			return look(inner)
		}},
		{"a task", false, true, func(ctx context.Context) (seen, error) { return loopTask(ctx).Await(ctx) }},
		{"a Go task", false, true, func(ctx context.Context) (seen, error) { return goTask(ctx).Await(ctx) }},
		{"an eager task", false, true, func(ctx context.Context) (seen, error) {
			return asyncio.CreateTask(ctx, look, asyncio.Eager()).Await(ctx)
		}},
		{"ToThread", true, true, func(ctx context.Context) (seen, error) { return asyncio.ToThread(ctx, look) }},
		{"a group", true, true, func(ctx context.Context) (s seen, err error) {
			return s, asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				s, _ = look(tg)
				return nil
			})
		}},
		{"a task of a group", true, true, grouped(loopTask)},
		{"a Go task of a group", true, true, grouped(goTask)},
		{"a task of a group of a task of a group", true, true, grouped(func(ctx context.Context) *asyncio.Task[seen] {
			return asyncio.CreateTask(ctx, grouped(loopTask))
		})},
		{"a task of a task of a group", false, false, grouped(func(ctx context.Context) *asyncio.Task[seen] {
			return asyncio.CreateTask(ctx, func(ctx context.Context) (seen, error) { return loopTask(ctx).Await(ctx) })
		})},
		{"a task of a Timeout without a deadline in a group", true, true, func(ctx context.Context) (s seen, err error) {
			return s, asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				return asyncio.TimeoutAt(tg, time.Time{}, func(ctx context.Context) error {
					s, err = loopTask(ctx).Await(ctx)
					return err
				})
			})
		}},
	}
	for name, opts := range map[string][]asyncio.Option{
		"on the machine's clock": nil,
		"on a virtual clock":     {asyncio.WithVirtualClock()},
	} {
		t.Run(name, func(t *testing.T) {
			for _, w := range within {
				t.Run(w.who, func(t *testing.T) {
					check := func(in string, ctx context.Context, want time.Time, has bool) error {
						s, err := w.see(ctx)
						if s.has != has || has && !s.due.Equal(want) {
							t.Errorf("in %s: %v %v, want %v %v", in, s.has, s.due, has, want)
						}
						return err
					}
					_, err := asyncio.Run(t.Context(), asyncio.Void(func(ctx context.Context) error {
						// On the loop's clock, as all of its times.
						due := asyncio.RunningLoop(ctx).Time().Add(time.Hour)
						if err := asyncio.TimeoutAt(ctx, due, func(ctx context.Context) error {
							return check("TimeoutAt", ctx, due, w.timeout)
						}); err != nil {
							return err
						}
						if err := asyncio.Timeout(ctx, time.Hour, func(ctx context.Context) error {
							due, _ := ctx.Deadline()
							return check("Timeout", ctx, due, w.timeout)
						}); err != nil {
							return err
						}
						scope, cancel := asyncio.WithTimeout(ctx, time.Hour)
						defer cancel()
						due, _ = scope.Deadline()
						return check("WithTimeout", scope, due, w.scope)
					}), opts...)
					if err != nil {
						t.Error(err)
					}
				})
			}
		})
	}
}
