package differences_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestDifferencesOfTasks(t *testing.T) {
	t.Run("names count from one on every loop", func(t *testing.T) {
		for range 2 {
			testutil.Succeed(t, func(ctx context.Context) error {
				if name := asyncio.CurrentTask(ctx).Name(); name != "Task-1" {
					t.Error(name)
				}
				return nil
			})
		}
	})
	t.Run("a coroutine function can be run many times", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			c := asyncio.Delay(time.Second, "again")
			for range 2 {
				if v, err := asyncio.CreateTask(ctx, c).Await(ctx); v != "again" || err != nil {
					t.Error(v, err)
				}
			}
			return nil
		})
	})
	t.Run("Err gives a cancellation instead of raising it", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, testutil.Noop)
			a.Cancel("no")
			a.Await(ctx)
			testutil.ExpectIs(t, "Err", a.Err(), asyncio.ErrCancelled)
			return nil
		})
	})
	t.Run("a cancelled await of a Go task ends when its function has", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var ended, inTime bool
			working := asyncio.NewFuture[asyncio.None](ctx)
			a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				_, err := asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error {
					working.SetResult(asyncio.None{})
					<-ctx.Done()
					runtime.Gosched()
					ended = true
					return ctx.Err()
				})).Await(ctx)
				inTime = ended
				return err
			}))
			working.Await(ctx)
			a.Cancel()
			a.Await(ctx)
			testutil.ExpectState(t, "the task", a, "cancelled")
			if !inTime {
				t.Error("left its goroutine behind")
			}
			return nil
		})
	})
	t.Run("the function of a cancelled ToThread is told, and its late error heard", func(t *testing.T) {
		var r testutil.Reports
		testutil.Succeed(t, func(ctx context.Context) error {
			working, release := asyncio.NewFuture[asyncio.None](ctx), make(chan struct{})
			a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				_, err := asyncio.ToThread(ctx, asyncio.Void(func(ctx context.Context) error {
					working.SetResult(asyncio.None{})
					<-ctx.Done()
					<-release
					return testutil.ErrTest
				}))
				return err
			}))
			working.Await(ctx)
			a.Cancel()
			a.Await(ctx)
			testutil.ExpectState(t, "the task", a, "cancelled")
			if r.Len() > 0 {
				t.Error("reported before it has ended")
			}
			close(release)
			return nil
		}, r.Option())
		r.Expect(t, "left to itself … test error")
	})
	t.Run("a Go task that returns nil has succeeded", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			working := asyncio.NewFuture[asyncio.None](ctx)
			a := asyncio.Go(ctx, func(ctx context.Context) (string, error) {
				working.SetResult(asyncio.None{})
				<-ctx.Done()
				return "done all the same", nil
			})
			working.Await(ctx)
			a.Cancel()
			v, err := a.Await(ctx)
			testutil.ExpectState(t, "the task", a, "succeeded")
			if v == "" || err != nil {
				t.Error(v, err)
			}
			return nil
		})
	})
	t.Run("a task factory calls create once", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			l := asyncio.RunningLoop(ctx)
			l.SetTaskFactory(func(*asyncio.Loop, func(...asyncio.TaskOption) asyncio.AnyTask) {})
			testutil.ExpectPanic(t, func() { asyncio.CreateTask(ctx, testutil.Noop) }, "without calling create")
			l.SetTaskFactory(func(_ *asyncio.Loop, create func(...asyncio.TaskOption) asyncio.AnyTask) {
				create()
				create()
			})
			testutil.ExpectPanic(t, func() { asyncio.CreateTask(ctx, testutil.Noop) }, "twice")
			return nil
		})
	})
	t.Run("a text says how it stands and not with what", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			f, g, h := asyncio.NewFuture[string](ctx), asyncio.NewFuture[string](ctx), asyncio.NewFuture[string](ctx)
			f.SetResult("secret")
			g.SetErr(errors.New("secret"))
			h.Cancel("secret")
			a := asyncio.CreateTask(ctx, g.Await, asyncio.WithName("a"))
			a.Await(ctx)
			got := fmt.Sprint(f, g, h, a)
			if !strings.HasPrefix(got, "<Future finished> <Future failed> <Future cancelled> <Task failed name=a ") ||
				strings.Contains(got, "secret") {
				t.Error(got)
			}
			return nil
		})
	})
	t.Run("values set in a task are for those below it", func(t *testing.T) {
		type key struct{}
		testutil.Succeed(t, func(ctx context.Context) error {
			look := func(ctx context.Context) (any, error) { return ctx.Value(key{}), nil }
			set := context.WithValue(ctx, key{}, "set")
			with, _ := asyncio.CreateTask(set, look).Await(ctx)
			without, _ := asyncio.CreateTask(ctx, look).Await(ctx)
			if with != "set" || without != nil {
				t.Error(with, without)
			}
			return nil
		})
	})
}

func TestDifferencesOfCancellation(t *testing.T) {
	t.Run("SetErr with a cancellation cancels the future", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			f := asyncio.NewFuture[asyncio.None](ctx)
			f.SetErr(&asyncio.CancelledError{Message: "set"})
			testutil.ExpectState(t, "the future", f, "cancelled")
			return nil
		})
	})
	t.Run("every awaiter gets the message", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, asyncio.Void(testutil.Forever))
			var waiters []*asyncio.Task[asyncio.None]
			for range 3 {
				waiters = append(waiters, asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					_, err := a.Await(ctx)
					return err
				})))
			}
			asyncio.Sleep(ctx, time.Second)
			a.Cancel("why")
			for _, w := range append(waiters, a) {
				_, err := w.Await(ctx)
				var e *asyncio.CancelledError
				if !errors.As(err, &e) || e.Message != "why" {
					t.Errorf("%v", err)
				}
			}
			return nil
		})
	})
	t.Run("the message is kept by what stands between", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			refuses := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				testutil.Forever(ctx)
				return nil // CPython gives the message of who is last to end
			}))
			inner := asyncio.CreateTask(ctx, asyncio.Void(testutil.Forever))
			again := func(ctx context.Context) error {
				err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
						testutil.Forever(ctx)
						return testutil.ErrTest // so that the group fails, and delivers the cancellation again
					}))
					return testutil.Forever(ctx)
				})
				testutil.ExpectIs(t, "WithTaskGroup", err, testutil.ErrTest)
				return asyncio.Sleep(ctx, 0)
			}
			tasks := map[string]*asyncio.Task[asyncio.None]{
				"Gather": asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					_, err := asyncio.Gather(ctx, refuses)
					return err
				})),
				"Shield": asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					_, err := asyncio.Shield(ctx, inner)
					return err
				})),
				"WithTaskGroup": asyncio.CreateTask(ctx, asyncio.Void(again)),
			}
			asyncio.Sleep(ctx, time.Second)
			tasks["Gather"].Cancel("why")
			tasks["WithTaskGroup"].Cancel("why")
			inner.Cancel("why")
			for name, task := range tasks {
				_, err := task.Await(ctx)
				var e *asyncio.CancelledError
				if !errors.As(err, &e) || e.Message != "why" {
					t.Errorf("%s: %v", name, err)
				}
			}
			return nil
		})
	})
	t.Run("an end of Run that a task swallows is not repeated", func(t *testing.T) {
		requests := 0
		testutil.PlainRun(t, func(ctx context.Context) error {
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				for asyncio.Sleep(ctx, time.Second) != nil {
					requests++
				}
				return nil
			}))
			return asyncio.Sleep(ctx, 0)
		})
		if requests != 1 {
			t.Error(requests)
		}
	})
}

func TestDifferencesOfTimeouts(t *testing.T) {
	t.Run("is ErrTimeout and no cancellation, which errors.As finds", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			err := asyncio.Timeout(ctx, time.Second, func(ctx context.Context) error {
				return fmt.Errorf("wrapped: %w", testutil.Forever(ctx))
			})
			testutil.ExpectIs(t, "the error", err, asyncio.ErrTimeout)
			testutil.ExpectIs(t, "the error", err, context.DeadlineExceeded)
			if errors.Is(err, asyncio.ErrCancelled) || errors.Is(err, context.Canceled) {
				t.Error("is a cancellation")
			}
			var e *asyncio.CancelledError
			if !errors.As(err, &e) || e.Origin != asyncio.OriginTimeout {
				t.Errorf("%#v", e)
			}
			return nil
		})
	})
	t.Run("ends the context for the standard library", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var after error
			err := asyncio.Timeout(ctx, time.Second, func(ctx context.Context) error {
				if _, ok := ctx.Deadline(); !ok {
					t.Error("no deadline")
				}
				err := testutil.Forever(ctx)
				after = ctx.Err()
				return err
			})
			testutil.ExpectIs(t, "the error", err, asyncio.ErrTimeout)
			testutil.ExpectIs(t, "Err of the context", after, context.DeadlineExceeded)
			if ctx.Err() != nil {
				t.Error("the context outside has ended too")
			}
			return nil
		})
	})
	t.Run("is ErrTimeout if the standard library was first", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			err := asyncio.Timeout(ctx, time.Second, func(ctx context.Context) error {
				testutil.Forever(ctx)
				return fmt.Errorf("reading: %w", context.DeadlineExceeded)
			})
			testutil.ExpectIs(t, "the error", err, asyncio.ErrTimeout)
			return nil
		})
	})
	t.Run("works in a goroutine that is no task", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			f := asyncio.NewFuture[asyncio.None](ctx)
			go func() {
				f.SetErr(asyncio.Timeout(ctx, time.Second, testutil.Forever))
			}()
			_, err := f.Await(ctx)
			testutil.ExpectIs(t, "the error", err, asyncio.ErrTimeout)
			return nil
		})
	})
	t.Run("lets a panic of the body go on", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			func() {
				defer func() {
					if recover() != "oh no" {
						t.Error("no panic")
					}
				}()
				asyncio.Timeout(ctx, time.Second, func(context.Context) error { panic("oh no") })
			}()
			return asyncio.Sleep(ctx, time.Hour) // the deadline is gone
		})
	})
	t.Run("no time is the zero time", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			tm := asyncio.NewTimeoutAt(time.Time{})
			return tm.Do(ctx, func(ctx context.Context) error {
				if !tm.When().IsZero() {
					t.Error(tm.When())
				}
				return asyncio.Sleep(ctx, 1000*time.Hour)
			})
		})
	})
	t.Run("a scope interrupts and binds, a timeout cancels", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			scope, cancel := asyncio.WithTimeout(ctx, time.Second)
			defer cancel()
			a := asyncio.CreateTask(scope, asyncio.Void(testutil.Forever))
			b := asyncio.CreateTask(ctx, asyncio.Void(testutil.Forever))
			_, err := b.Await(scope)
			testutil.ExpectIs(t, "Await in the scope", err, asyncio.ErrTimeout)
			asyncio.Sleep(ctx, 0)
			testutil.ExpectState(t, "a task made in the scope", a, "cancelled")
			testutil.ExpectState(t, "a task awaited in the scope", b, "pending")

			var c *asyncio.Task[asyncio.None]
			err = asyncio.Timeout(ctx, time.Second, func(ctx context.Context) error {
				c = asyncio.CreateTask(ctx, asyncio.Void(testutil.Forever))
				_, err := b.Await(ctx)
				return err
			})
			testutil.ExpectIs(t, "Timeout", err, asyncio.ErrTimeout)
			testutil.ExpectState(t, "a task made in the timeout", c, "pending")
			testutil.ExpectState(t, "a task awaited in the timeout", b, "cancelled")
			return testutil.EndAll(ctx)
		})
	})
}

func TestDifferencesOfGroups(t *testing.T) {
	t.Run("errors stand in one GroupError, the body's last", func(t *testing.T) {
		err := testutil.Run(t, func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, asyncio.Void(func(context.Context) error { panic("oh no") }))
				asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
					testutil.Forever(ctx)
					return testutil.ErrTest
				}))
				testutil.Forever(tg)
				return errors.New("body")
			})
		})
		var group *asyncio.GroupError
		var panicked *asyncio.PanicError
		if !errors.As(err, &group) || len(group.Errs) != 3 {
			t.Fatal(err)
		}
		if !errors.As(group.Errs[0], &panicked) || !errors.Is(group.Errs[1], testutil.ErrTest) || group.Errs[2].Error() != "body" {
			t.Error(group.Errs)
		}
	})
	t.Run("a closed group makes failed tasks", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var closed *asyncio.TaskGroup
			if err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error { closed = tg; return nil }); err != nil {
				return err
			}
			a := asyncio.CreateTask(closed, testutil.Noop)
			testutil.ExpectState(t, "the task", a, "failed")
			testutil.ExpectIs(t, "its error", a.Err(), asyncio.ErrGroupClosed)
			return nil
		})
	})
	t.Run("Cancel is no error", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				a := asyncio.CreateTask(tg, asyncio.Void(testutil.Forever))
				tg.Cancel()
				err := testutil.Forever(tg)
				testutil.ExpectIs(t, "the body", err, asyncio.ErrCancelled)
				a.Await(tg)
				testutil.ExpectState(t, "the task", a, "cancelled")
				return err
			})
		})
	})
	t.Run("SetLimit makes CreateTask wait", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			start := asyncio.RunningLoop(ctx).Time()
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				tg.SetLimit(2)
				for range 6 {
					asyncio.CreateTask(tg, asyncio.Delay(time.Second, 0))
				}
				return nil
			})
			if took := asyncio.RunningLoop(ctx).Time().Sub(start); took != 3*time.Second {
				t.Error(took)
			}
			return err
		})
	})
	t.Run("SetLimit at any time", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			start := asyncio.RunningLoop(ctx).Time()
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, asyncio.Delay(time.Second, 0))
				tg.SetLimit(1)
				asyncio.CreateTask(tg, asyncio.Delay(time.Second, 0))
				return nil
			})
			if took := asyncio.RunningLoop(ctx).Time().Sub(start); took != 2*time.Second {
				t.Error(took)
			}
			return err
		})
	})
	t.Run("Supervise lets the others go on", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var other *asyncio.Task[int]
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				tg.Supervise(nil)
				asyncio.CreateTask(tg, testutil.Fail(testutil.ErrTest))
				other = asyncio.CreateTask(tg, asyncio.Delay(time.Second, 1))
				return nil
			})
			testutil.ExpectGroupError(t, err, testutil.ErrTest)
			testutil.ExpectState(t, "the other", other, "succeeded")
			return nil
		})
	})
	t.Run("Start waits until the task is ready", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				v, err := asyncio.Start(ctx, tg, func(ctx context.Context, started func(int)) error {
					started(1)
					return nil
				})
				if v != 1 {
					t.Error(v)
				}
				return err
			})
		})
	})
	t.Run("Cancel has a message", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				a := asyncio.CreateTask(tg, asyncio.Void(testutil.Forever))
				asyncio.Sleep(ctx, 0)
				tg.Cancel("enough")
				body := testutil.Forever(ctx)
				a.Await(asyncio.RunningLoop(ctx).Context())
				for _, err := range []error{body, a.Err()} {
					var c *asyncio.CancelledError
					if !errors.As(err, &c) || c.Message != "enough" || c.Error() != "asyncio: cancelled by task group: enough" {
						t.Error(err)
					}
				}
				return body
			})
		})
	})
	t.Run("Shutdown asks, and cancels who does not listen", func(t *testing.T) {
		var r testutil.Reports
		_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
					return asyncio.Stopping(ctx).Wait(ctx)
				}), asyncio.WithName("polite"))
				asyncio.CreateTask(tg, asyncio.Void(testutil.Forever), asyncio.WithName("deaf"))
				tg.Shutdown(time.Minute)
				return nil
			})
		}), asyncio.WithVirtualClock(), r.Option())
		if err != nil {
			t.Error(err)
		}
		r.Expect(t, "asked to stop … deaf")
	})
	t.Run("WithDrain asks at the end of Run", func(t *testing.T) {
		var r testutil.Reports
		var ends []string
		_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				err := asyncio.Stopping(ctx).Wait(ctx)
				ends = append(ends, "polite "+testutil.Show(err))
				return err
			}))
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				err := testutil.Forever(ctx)
				ends = append(ends, "deaf "+testutil.Show(err))
				return err
			}), asyncio.WithName("deaf"))
			return asyncio.Sleep(ctx, 0)
		}), asyncio.WithVirtualClock(), asyncio.WithDrain(time.Minute), r.Option())
		if err != nil {
			t.Error(err)
		}
		testutil.ExpectLines(t, ends, "polite no error", "deaf cancelled")
		r.Expect(t, "asked to stop … deaf")
	})
	t.Run("a panic in the body goes on when all have ended", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var a *asyncio.Task[asyncio.None]
			defer func() {
				if recover() != "oh no" {
					t.Error("no panic")
				}
				testutil.ExpectState(t, "the task", a, "cancelled")
			}()
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				a = asyncio.CreateTask(tg, asyncio.Void(testutil.Forever))
				panic("oh no")
			})
		})
	})
	t.Run("works in a goroutine that is no task", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			f := asyncio.NewFuture[asyncio.None](ctx)
			go func() {
				f.SetErr(asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					asyncio.CreateTask(tg, testutil.Fail(testutil.ErrTest))
					return nil
				}))
			}()
			_, err := f.Await(ctx)
			testutil.ExpectIs(t, "the group", err, testutil.ErrTest)
			return nil
		})
	})
}
