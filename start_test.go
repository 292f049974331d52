package asyncio_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestStart(t *testing.T) {
	// serve says after d that it listens, and goes on until it is cancelled.
	serve := func(d time.Duration) func(ctx context.Context, started func(string)) error {
		return func(ctx context.Context, started func(string)) error {
			if err := asyncio.Sleep(ctx, d); err != nil {
				return err
			}
			started("a port")
			started("another")
			return testutil.Forever(ctx)
		}
	}
	t.Run("returns what the task has started with, which goes on as any of the group", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				err := testutil.Took(ctx, t, time.Second, func() error {
					v, err := asyncio.Start(ctx, tg, serve(time.Second), asyncio.WithName("server"))
					if v != "a port" {
						t.Errorf("%q", v)
					}
					return err
				})
				all := asyncio.AllTasks(asyncio.RunningLoop(ctx))
				if last := all[len(all)-1]; last.Name() != "server" || last.Done() {
					t.Error(last)
				}
				tg.Cancel()
				return err
			})
		})
	})
	t.Run("a failure after that ends the group", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				_, err := asyncio.Start(ctx, tg, func(ctx context.Context, started func(int)) error {
					started(1)
					return testutil.ErrTest
				})
				if err != nil {
					return err
				}
				return testutil.Forever(ctx)
			})
			testutil.ExpectGroupError(t, err, testutil.ErrTest)
			return nil
		})
	})
	for name, x := range map[string]struct{ err, want error }{
		"fails": {testutil.ErrTest, testutil.ErrTest}, "ends": {nil, asyncio.ErrNotStarted}, "is cancelled": {asyncio.ErrCancelled, asyncio.ErrCancelled},
	} {
		t.Run("a task that "+name+" before has its starter told, and the group goes on", func(t *testing.T) {
			testutil.Succeed(t, func(ctx context.Context) error {
				return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					for _, eager := range []bool{false, true} {
						var opts []asyncio.TaskOption
						if eager {
							opts = append(opts, asyncio.Eager())
						}
						_, err := asyncio.Start(ctx, tg, func(ctx context.Context, started func(int)) error { return x.err }, opts...)
						testutil.ExpectIs(t, "Start", err, x.want)
						var late func(int)
						_, err = asyncio.Start(ctx, tg, func(ctx context.Context, started func(int)) error {
							late = started
							asyncio.Sleep(ctx, time.Second)
							return x.err
						}, opts...)
						testutil.ExpectIs(t, "Start", err, x.want)
						late(1) // does nothing
					}
					return asyncio.Sleep(ctx, time.Second)
				})
			})
		})
	}
	t.Run("a starter that is cancelled before has cancelled the task, and waited for it", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				ended := false
				starter := asyncio.CreateTask(ctx, void(func(ctx context.Context) error {
					_, err := asyncio.Start(ctx, tg, func(ctx context.Context, started func(int)) error {
						err := testutil.Forever(ctx)
						asyncio.Sleep(ctx, time.Minute)
						started(1) // too late
						ended = true
						return err
					})
					return err
				}))
				asyncio.Sleep(ctx, time.Second)
				starter.Cancel("enough")
				_, err := starter.Await(ctx)
				var c *asyncio.CancelledError
				if !errors.As(err, &c) || c.Message != "enough" || !ended {
					t.Error(err, ended)
				}
				return nil
			})
		})
	})
	t.Run("what the task fails with then is told to the starter", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				var got, again error
				starter := asyncio.CreateTask(ctx, void(func(ctx context.Context) error {
					_, got = asyncio.Start(ctx, tg, func(ctx context.Context, started func(int)) error {
						testutil.Forever(ctx)
						return testutil.ErrTest
					})
					again = asyncio.Sleep(ctx, 0)
					return again
				}))
				asyncio.Sleep(ctx, time.Second)
				starter.Cancel()
				starter.Await(ctx)
				testutil.ExpectIs(t, "Start", got, testutil.ErrTest)
				testutil.ExpectIs(t, "the next await", again, asyncio.ErrCancelled)
				return nil
			})
		})
	})
	t.Run("a scope that ends", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				scope, cancel := asyncio.WithTimeout(ctx, time.Second)
				defer cancel()
				_, err := asyncio.Start(scope, tg, serve(time.Hour))
				testutil.ExpectIs(t, "Start", err, asyncio.ErrTimeout)
				err = asyncio.Timeout(ctx, time.Second, func(ctx context.Context) error {
					_, err := asyncio.Start(ctx, tg, serve(time.Hour))
					return err
				})
				testutil.ExpectIs(t, "the timeout", err, asyncio.ErrTimeout)
				return nil
			})
		})
	})
	t.Run("a group that takes no more, or has no room", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var group *asyncio.TaskGroup
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				group = tg
				tg.SetLimit(1)
				if _, err := asyncio.Start(ctx, tg, serve(0)); err != nil {
					return err
				}
				err := asyncio.Timeout(ctx, time.Second, func(ctx context.Context) error {
					_, err := asyncio.Start(ctx, tg, serve(0))
					return err
				})
				testutil.ExpectIs(t, "without room", err, asyncio.ErrTimeout)
				tg.Cancel()
				return nil
			})
			_, closed := asyncio.Start(ctx, group, serve(0))
			testutil.ExpectIs(t, "Start", closed, asyncio.ErrGroupClosed)
			return err
		})
	})
	t.Run("by a goroutine, and of a Go task's work", func(t *testing.T) {
		testutil.NoLeaks(t)
		testutil.Succeed(t, func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				v, err := asyncio.ToThread(ctx, func(context.Context) (string, error) {
					got := make(chan string)
					go func() {
						v, err := asyncio.Start(context.Background(), tg, func(ctx context.Context, started func(string)) error {
							return asyncio.WithTaskGroup(ctx, func(inner *asyncio.TaskGroup) error {
								asyncio.Go(inner, void(func(ctx context.Context) error { started("from a thread"); return nil }))
								return nil
							})
						})
						if err != nil {
							v = err.Error()
						}
						got <- v
					}()
					return <-got, nil
				})
				if v != "from a thread" {
					t.Error(v)
				}
				return err
			})
		})
	})
	t.Run("by a task of another loop", func(t *testing.T) {
		l := testutil.RunningLoop(t)
		testutil.Within(t, func() {
			_, err := asyncio.CreateTask(l.Context(), void(func(ctx context.Context) error {
				return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					other, err := asyncio.ToThread(ctx, func(context.Context) (string, error) {
						return asyncio.Run(context.Background(), func(ctx context.Context) (string, error) {
							_, failed := asyncio.Start(ctx, tg, func(ctx context.Context, started func(int)) error { return testutil.ErrTest })
							testutil.ExpectIs(t, "Start", failed, testutil.ErrTest)
							return asyncio.Start(ctx, tg, serve(1))
						})
					})
					if other != "a port" {
						t.Error(other)
					}
					tg.Cancel()
					return err
				})
			})).Await(context.Background())
			if err != nil {
				t.Error(err)
			}
		})
	})
	t.Run("not in a callback, and no nil function", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.RunningLoop(ctx).CallSoon(func() {
					_, err := asyncio.Start(ctx, tg, serve(0))
					testutil.ExpectIs(t, "Start", err, asyncio.ErrNotInTask)
				})
				testutil.ExpectPanic(t, func() { asyncio.Start[int](ctx, tg, nil) }, "Start of a nil function")
				return asyncio.Sleep(ctx, 0)
			})
		})
	})
}
