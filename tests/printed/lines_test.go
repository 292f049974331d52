package printed_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// awaitingHelper is a user's helper around an await. It says where that is.
func awaitingHelper(ctx context.Context, at func(string)) error {
	at(testutil.Here(1))
	return asyncio.Sleep(ctx, time.Hour)
}

// A report about a task says where it is in the user's code: from the line of the await
// up to the coroutine, without anything of the library's, however the compiler has
// inlined that, and with the body of a loop as part of the function it stands in.
func TestReportsShowTheUsersLines(t *testing.T) {
	never := func(ctx context.Context) *asyncio.Future[int] { return asyncio.NewFuture[int](ctx) }
	for _, x := range []struct {
		name string
		f    func(ctx context.Context, at func(...string)) error
	}{
		{"an await", func(ctx context.Context, at func(...string)) error {
			at(testutil.Here(1))
			return asyncio.Sleep(ctx, time.Hour)
		}},
		{"a helper", func(ctx context.Context, at func(...string)) error {
			outer := testutil.Here(1)
			return awaitingHelper(ctx, func(inner string) { at(inner, outer) })
		}},
		{"waiting for the next of a queue", func(ctx context.Context, at func(...string)) error {
			q := asyncio.NewQueue[int](0)
			at(testutil.Here(1))
			for range q.All(ctx) {
			}
			return nil
		}},
		{"in a loop over a queue", func(ctx context.Context, at func(...string)) error {
			q := asyncio.NewQueue[int](0)
			_ = q.PutNoWait(1)
			for range q.All(ctx) {
				at(testutil.Here(1))
				if err := asyncio.Sleep(ctx, time.Hour); err != nil {
					return err
				}
			}
			return nil
		}},
		{"in loops over what is completed", func(ctx context.Context, at func(...string)) error {
			f := never(ctx)
			_ = f.SetResult(1)
			fs := []*asyncio.Future[int]{f, never(ctx)}
			for range asyncio.AsCompleted(ctx, fs) {
				for range asyncio.AsCompleted(ctx, fs) {
					outer := testutil.Here(1)
					return awaitingHelper(ctx, func(inner string) { at(inner, outer) })
				}
			}
			return nil
		}},
		{"in a group, a scope and a lock", func(ctx context.Context, at func(...string)) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				var l asyncio.Lock
				return l.With(tg, func() error {
					at(testutil.Here(1), testutil.Here(-1), testutil.Here(-3))
					_, err := never(ctx).Await(ctx)
					return err
				})
			})
		}},
		{"waiting for the tasks of a group", func(ctx context.Context, at func(...string)) error {
			at(testutil.Here(1))
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, asyncio.Void(testutil.Forever))
				return nil
			})
		}},
	} {
		t.Run(x.name, func(t *testing.T) {
			var want, got []string
			l := asyncio.NewLoop(asyncio.WithVirtualClock(), asyncio.WithExceptionHandler(
				func(_ *asyncio.Loop, c asyncio.ExceptionContext) {
					if c.Task == nil || c.Task.Name() != "subject" {
						return
					}
					for _, f := range c.At {
						if strings.Contains(f.Function, "-range") || strings.Contains(f.Function, "asyncio.") {
							t.Errorf("names %s", f.Function)
						}
						got = append(got, fmt.Sprintf("%s:%d", filepath.Base(f.File), f.Line))
					}
				}))
			asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
				return x.f(ctx, func(lines ...string) { want = lines })
			}), asyncio.WithName("subject"))
			if err := l.RunUntilComplete(asyncio.CreateTask(l.Context(), asyncio.Delay(time.Second, 0))); err != nil {
				t.Error(err)
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
			// The outermost is the function literal above, which calls f.
			if len(got) > 0 {
				got = got[:len(got)-1]
			}
			testutil.ExpectLines(t, got, want...)
		})
	}
}

// A report that a task was destroyed says what has become of its cancellation.
func TestDestroyedTaskSaysWhetherItWasCancelled(t *testing.T) {
	var r testutil.Reports
	l := testutil.NewLoop(t, &r)
	stubborn := asyncio.Void(func(ctx context.Context) error {
		for {
			_ = asyncio.Sleep(ctx, time.Hour)
		}
	})
	went := asyncio.CreateTask(l.Context(), stubborn, asyncio.WithName("went on"))
	above := asyncio.CreateTask(l.Context(), went.Await, asyncio.WithName("above"))
	late := asyncio.CreateTask(l.Context(), stubborn, asyncio.WithName("late"))
	asyncio.CreateTask(l.Context(), stubborn, asyncio.WithName("plain"))
	if err := l.RunUntilComplete(asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
		above.Cancel()
		return asyncio.Sleep(ctx, time.Second)
	}))); err != nil {
		t.Error(err)
	}
	late.Cancel()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	r.Expect(t,
		"pending: it was cancelled, and went on: went on",
		"pending: it was cancelled, and so was the task that it waits for: above",
		"pending: it was cancelled, and has not run since: late",
		"pending: plain")
}
