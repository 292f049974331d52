package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestSupervise(t *testing.T) {
	errA, errB := errors.New("a"), errors.New("b")
	// member creates a task that ends so after d.
	member := func(tg *asyncio.TaskGroup, d time.Duration, err error) *asyncio.Task[asyncio.None] {
		return asyncio.CreateTask(tg, void(func(ctx context.Context) error {
			if e := asyncio.Sleep(ctx, d); e != nil {
				return e
			}
			return err
		}), asyncio.WithName(fmt.Sprint("after ", d)))
	}
	t.Run("with nil all errors come at the end", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var good, late *asyncio.Task[asyncio.None]
			err := testutil.Took(ctx, t, 4*time.Second, func() error {
				return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					tg.Supervise(nil)
					member(tg, 2*time.Second, errB)
					member(tg, time.Second, errA)
					good = member(tg, 3*time.Second, nil)
					asyncio.Go(tg, void(func(context.Context) error { return testutil.ErrTest }))
					if err := asyncio.Sleep(ctx, 2*time.Second+1); err != nil {
						t.Error(err) // the body goes on
					}
					late = member(tg, 2*time.Second-1, nil)
					return nil
				})
			})
			testutil.ExpectGroupError(t, err, testutil.ErrTest, errA, errB)
			testutil.ExpectState(t, "the third", good, "succeeded")
			testutil.ExpectState(t, "the late one", late, "succeeded")
			testutil.ExpectUncancelled(ctx, t)
			return nil
		})
	})
	t.Run("a function is told of each as it comes", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var told []string
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				tg.Supervise(func(task asyncio.AnyTask, err error) {
					told = append(told, task.Name()+": "+err.Error())
					if asyncio.CurrentTask(tg) != nil {
						t.Error("in a task")
					}
				})
				member(tg, 2, errB)
				member(tg, 1, errA)
				member(tg, 3, asyncio.ErrCancelled) // is no failure
				return nil
			})
			testutil.ExpectLines(t, told, "after 1ns: a", "after 2ns: b")
			return err
		})
	})
	t.Run("it may create another in the place of the last", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			tries := 0
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				work := func(ctx context.Context) error {
					if tries++; tries < 3 {
						return testutil.ErrTest
					}
					return nil
				}
				tg.Supervise(func(asyncio.AnyTask, error) { asyncio.CreateTask(tg, void(work)) })
				asyncio.CreateTask(tg, void(work))
				return nil
			})
		})
	})
	t.Run("it may give up", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var slow *asyncio.Task[asyncio.None]
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				tg.Supervise(func(_ asyncio.AnyTask, err error) { tg.Cancel("gave up: " + err.Error()) })
				slow = member(tg, time.Hour, nil)
				member(tg, 1, errA)
				return nil
			})
			var c *asyncio.CancelledError
			if !errors.As(slow.Err(), &c) || c.Message != "gave up: a" {
				t.Error(slow.Err())
			}
			return err
		})
	})
	t.Run("a panic in it is reported, and the group goes on", func(t *testing.T) {
		r := testutil.RunReporting(t, func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				tg.Supervise(func(asyncio.AnyTask, error) { panic("oh") })
				member(tg, 1, errA)
				member(tg, 2, nil)
				return nil
			})
		})
		r.Expect(t, "panic in the function given to TaskGroup.Supervise … oh")
	})
	t.Run("a panic of a task is told", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var told error
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				tg.Supervise(func(_ asyncio.AnyTask, err error) { told = err })
				asyncio.CreateTask(tg, void(func(context.Context) error { panic("oh") }))
				return nil
			})
			var p *asyncio.PanicError
			if !errors.As(told, &p) {
				t.Error(told)
			}
			return err
		})
	})
	t.Run("the body's error ends the group, and what fails then is kept too", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var slow *asyncio.Task[asyncio.None]
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				tg.Supervise(nil)
				slow = member(tg, time.Hour, nil)
				asyncio.CreateTask(tg, void(func(ctx context.Context) error {
					testutil.Forever(ctx)
					return errA
				}))
				asyncio.Sleep(ctx, 1)
				return errB
			})
			testutil.ExpectGroupError(t, err, errA, errB)
			testutil.ExpectState(t, "the other", slow, "cancelled")
			return nil
		})
	})
	t.Run("a cancellation of the parent ends the group", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var slow *asyncio.Task[asyncio.None]
			told := 0
			parent := asyncio.CreateTask(ctx, void(func(ctx context.Context) error {
				return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					tg.Supervise(func(asyncio.AnyTask, error) { told++ })
					member(tg, 1, errA)
					slow = member(tg, time.Hour, nil)
					return nil
				})
			}))
			asyncio.Sleep(ctx, time.Second)
			parent.Cancel()
			_, err := parent.Await(ctx)
			testutil.ExpectIs(t, "the parent", err, asyncio.ErrCancelled)
			testutil.ExpectState(t, "the member", slow, "cancelled")
			if told != 1 {
				t.Error(told)
			}
			return nil
		})
	})
	t.Run("at any time, from any goroutine", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			told := 0
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				testutil.Elsewhere(func() { tg.Supervise(nil) })
				member(tg, 1, errA)
				asyncio.Sleep(ctx, 2)
				tg.Supervise(func(asyncio.AnyTask, error) { told++ })
				member(tg, 1, errB)
				return nil
			})
			testutil.ExpectGroupError(t, err, errA)
			if told != 1 {
				t.Error(told)
			}
			return nil
		})
	})
	t.Run("a failure that was before has ended the group", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var slow *asyncio.Task[asyncio.None]
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				slow = member(tg, time.Hour, nil)
				member(tg, 1, errA)
				asyncio.Sleep(ctx, time.Second)
				tg.Supervise(func(asyncio.AnyTask, error) { t.Error("told") })
				return nil
			})
			testutil.ExpectGroupError(t, err, errA)
			testutil.ExpectState(t, "the other", slow, "cancelled")
			return nil
		})
	})
}
