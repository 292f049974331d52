package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// cleaner has a task for a shield of 10ms, whose body naps for so long, and after it for 50ms
// more; both say how that went.
func cleaner(tr *testutil.Trace, ms int, who string) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		err := asyncio.WithShield(ctx, testutil.Millis(10), func(ctx context.Context) error {
			tr.Nap(ctx, who, ms)
			return nil
		})
		if err != nil {
			return err
		}
		tr.Nap(ctx, "after", 50)
		return nil
	}
}

func TestWithShieldHolds(t *testing.T) {
	cancelAt := func(ms ...int) func(ctx context.Context, tr *testutil.Trace, a asyncio.AnyTask) {
		return func(ctx context.Context, tr *testutil.Trace, a asyncio.AnyTask) {
			for _, at := range ms {
				tr.Sleep(ctx, at)
				a.Cancel(fmt.Sprint("at ", at))
			}
		}
	}
	for name, c := range map[string]struct {
		naps int
		ask  func(ctx context.Context, tr *testutil.Trace, a asyncio.AnyTask)
		want []string
	}{
		"nobody asks":                 {5, cancelAt(), []string{"5ms body wakes", "55ms after wakes"}},
		"nobody asks, and it is late": {20, cancelAt(), []string{"20ms body wakes", "70ms after wakes"}},
		"asked in body":               {5, cancelAt(2), []string{"5ms body wakes", "5ms after gets cancelled(at 2)"}},
		"asked twice in body":         {5, cancelAt(2, 1), []string{"5ms body wakes", "5ms after gets cancelled(at 1)"}},
		"asked in body, which is late": {20, cancelAt(2), []string{
			"10ms body gets cancelled(at 2)", "60ms after wakes",
		}},
		"asked when it was late": {20, cancelAt(15), []string{"15ms body gets cancelled(at 15)", "65ms after wakes"}},
		"asked and taken back": {5, func(ctx context.Context, tr *testutil.Trace, a asyncio.AnyTask) {
			tr.Sleep(ctx, 1)
			a.Cancel()
			if n := a.Cancelling(); n != 1 {
				t.Error("Cancelling:", n)
			}
			a.Uncancel()
		}, []string{"5ms body wakes", "55ms after wakes"}},
		"asked twice and taken back once": {5, func(ctx context.Context, tr *testutil.Trace, a asyncio.AnyTask) {
			tr.Sleep(ctx, 1)
			a.Cancel()
			a.Cancel()
			a.Uncancel()
		}, []string{"5ms body wakes", "5ms after gets cancelled"}},
	} {
		for _, kind := range []string{"loop task", "Go task"} {
			t.Run(name+", "+kind, func(t *testing.T) {
				testutil.RunScenarios(t, []testutil.Scenario{{Name: kind, Want: c.want, Main: func(ctx context.Context, tr *testutil.Trace) error {
					create := asyncio.CreateTask[asyncio.None]
					if kind == "Go task" {
						create = asyncio.Go[asyncio.None]
					}
					a := create(ctx, asyncio.Void(cleaner(tr, c.naps, "body")))
					c.ask(ctx, tr, a)
					_, _ = a.Await(ctx)
					return nil
				}}})
			})
		}
	}
}

// A task that was asked to end, and is told so, cleans up: for at most so long, whatever comes.
func TestWithShieldBoundsCleanUp(t *testing.T) {
	testutil.RunScenarios(t, []testutil.Scenario{
		{
			Name: "that hangs",
			Want: []string{"5ms body gets cancelled", "15ms clean-up gets cancelled", "65ms after wakes"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					tr.Nap(ctx, "body", 1000)
					return cleaner(tr, 1000, "clean-up")(ctx)
				}))
				tr.Sleep(ctx, 5)
				a.Cancel()
				_, _ = a.Await(ctx)
				return nil
			},
		},
		{
			Name: "and is asked again",
			Want: []string{"5ms body gets cancelled", "12ms clean-up wakes", "12ms after gets cancelled"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					tr.Nap(ctx, "body", 1000)
					return cleaner(tr, 7, "clean-up")(ctx)
				}))
				tr.Sleep(ctx, 5)
				a.Cancel()
				tr.Sleep(ctx, 2)
				a.Cancel()
				_, _ = a.Await(ctx)
				return nil
			},
		},
		{
			Name: "and was asked again just before",
			Want: []string{"clean-up wakes", "after gets cancelled"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					asyncio.CurrentTask(ctx).Cancel()
					return cleaner(tr, 0, "clean-up")(ctx)
				}))
				_, _ = a.Await(ctx)
				return nil
			},
		},
		{
			Name: "of a task that had refused a request, and taken it back",
			Want: []string{"5ms body gets cancelled", "1005ms clean-up wakes", "1055ms after wakes"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					tr.Nap(ctx, "body", 1000)
					asyncio.CurrentTask(ctx).Uncancel()
					return cleaner(tr, 1000, "clean-up")(ctx)
				}))
				tr.Sleep(ctx, 5)
				a.Cancel()
				_, _ = a.Await(ctx)
				return nil
			},
		},
	})
}

// how says what came of an await, or a scope.
func how(err error) string {
	var e *asyncio.CancelledError
	switch {
	case err == nil:
		return "no error"
	case errors.Is(err, asyncio.ErrTimeout):
		return "timeout"
	case errors.As(err, &e):
		return "a cancellation by " + e.Origin.String()
	}
	return err.Error()
}

// Scopes around a shield end by what happens in it as scopes do by a body that takes its
// time; those inside work as outside.
func TestWithShieldAmongScopes(t *testing.T) {
	shielded := func(tr *testutil.Trace, who string, d, ms int) func(ctx context.Context) error {
		return func(ctx context.Context) error {
			return asyncio.WithShield(ctx, testutil.Millis(d), func(ctx context.Context) error {
				tr.Nap(ctx, who, ms)
				return nil
			})
		}
	}
	says := func(tr *testutil.Trace, err error) error {
		tr.Add("%s", how(err))
		return nil
	}
	testutil.RunScenarios(t, []testutil.Scenario{
		{
			Name: "in a Timeout, which it outlasts",
			Want: []string{"20ms in wakes", "20ms out gets a cancellation by timeout", "20ms timeout"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				return says(tr, asyncio.Timeout(ctx, testutil.Millis(10), func(ctx context.Context) error {
					_ = shielded(tr, "in", 100, 20)(ctx)
					err := asyncio.Sleep(ctx, time.Second)
					tr.Add("out gets %s", how(err))
					return err
				}))
			},
		},
		{
			Name: "in a Timeout whose body awaits nothing more",
			Want: []string{"20ms in wakes", "20ms no error", "70ms later wakes"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				err := asyncio.Timeout(ctx, testutil.Millis(10), shielded(tr, "in", 100, 20))
				_ = says(tr, err)
				tr.Nap(ctx, "later", 50)
				testutil.ExpectUncancelled(ctx, t)
				return nil
			},
		},
		{
			Name: "around a Timeout, while the task is asked",
			Want: []string{"7ms timeout", "7ms after gets cancelled"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					_ = asyncio.WithShield(ctx, testutil.Millis(100), func(ctx context.Context) error {
						return says(tr, asyncio.Timeout(ctx, testutil.Millis(7), testutil.Forever))
					})
					tr.Nap(ctx, "after", 50)
					return nil
				}))
				tr.Sleep(ctx, 3)
				a.Cancel()
				_, _ = a.Await(ctx)
				return nil
			},
		},
		{
			Name: "around a Timeout, over before that",
			Want: []string{"5ms in gets a cancellation by Cancel", "5ms a cancellation by Cancel", "55ms after wakes"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					_ = asyncio.WithShield(ctx, testutil.Millis(5), func(ctx context.Context) error {
						return says(tr, asyncio.Timeout(ctx, testutil.Millis(7), func(ctx context.Context) error {
							err := testutil.Forever(ctx)
							tr.Add("in gets %s", how(err))
							return err
						}))
					})
					tr.Nap(ctx, "after", 50)
					return nil
				}))
				tr.Sleep(ctx, 3)
				a.Cancel()
				_, _ = a.Await(ctx)
				return nil
			},
		},
		{
			Name: "in a Timeout in a shield, which is the longer",
			Want: []string{"20ms in wakes", "20ms out gets a cancellation by timeout", "20ms timeout", "20ms after gets cancelled"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					_ = asyncio.WithShield(ctx, testutil.Millis(100), func(ctx context.Context) error {
						return says(tr, asyncio.Timeout(ctx, testutil.Millis(10), func(ctx context.Context) error {
							_ = shielded(tr, "in", 50, 20)(ctx)
							err := asyncio.Sleep(ctx, time.Second)
							tr.Add("out gets %s", how(err))
							return err
						}))
					})
					tr.Nap(ctx, "after", 50)
					return nil
				}))
				tr.Sleep(ctx, 3)
				a.Cancel()
				_, _ = a.Await(ctx)
				return nil
			},
		},
		{
			Name: "in a shield, which is the shorter",
			Want: []string{"20ms in wakes", "20ms out gets cancelled", "70ms after wakes"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					_ = asyncio.WithShield(ctx, testutil.Millis(10), func(ctx context.Context) error {
						_ = shielded(tr, "in", 50, 20)(ctx)
						tr.Nap(ctx, "out", 50)
						return nil
					})
					tr.Nap(ctx, "after", 50)
					return nil
				}))
				tr.Sleep(ctx, 3)
				a.Cancel()
				_, _ = a.Await(ctx)
				return nil
			},
		},
		{
			Name: "around a group, while the task is asked",
			Want: []string{"10ms member wakes", "10ms no error", "10ms after gets cancelled"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					_ = asyncio.WithShield(ctx, testutil.Millis(100), func(ctx context.Context) error {
						return says(tr, asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
							tg.CreateTask(func(ctx context.Context) error {
								tr.Nap(ctx, "member", 10)
								return nil
							})
							return nil
						}))
					})
					tr.Nap(ctx, "after", 50)
					return nil
				}))
				tr.Sleep(ctx, 3)
				a.Cancel()
				_, _ = a.Await(ctx)
				return nil
			},
		},
		{
			Name: "around a group that fails, while the task is asked",
			Want: []string{
				"10ms body gets cancelled", "15ms clean-up wakes", "15ms after gets cancelled",
			},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					err := asyncio.WithShield(ctx, testutil.Millis(100), func(ctx context.Context) error {
						err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
							tg.CreateTask(func(ctx context.Context) error {
								return errors.Join(asyncio.Sleep(ctx, testutil.Millis(10)), errors.New("oh"))
							})
							tr.Nap(tg, "body", 50)
							return nil
						})
						tr.Nap(ctx, "clean-up", 5)
						return err
					})
					var failed *asyncio.GroupError
					if !errors.As(err, &failed) {
						t.Error(err)
					}
					tr.Nap(ctx, "after", 50)
					return nil
				}))
				tr.Sleep(ctx, 3)
				a.Cancel()
				_, _ = a.Await(ctx)
				return nil
			},
		},
		{
			Name: "in a member of a group that fails",
			Want: []string{"20ms in wakes", "20ms after gets cancelled", "20ms main gets 1 error"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					tg.CreateTask(func(ctx context.Context) error {
						_ = shielded(tr, "in", 100, 20)(ctx)
						tr.Nap(ctx, "after", 50)
						return nil
					})
					tg.CreateTask(func(ctx context.Context) error {
						return errors.Join(asyncio.Sleep(ctx, testutil.Millis(3)), errors.New("oh"))
					})
					return nil
				})
				var failed *asyncio.GroupError
				if errors.As(err, &failed) {
					tr.Add("main gets %d error", len(failed.Unwrap()))
				}
				return nil
			},
		},
		{
			Name: "around a Timeout whose group fails as it expires, while the task is asked",
			Want: []string{"7ms out gets a cancellation by timeout", "7ms timeout", "7ms after gets cancelled"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					_ = asyncio.WithShield(ctx, testutil.Millis(100), func(ctx context.Context) error {
						return says(tr, asyncio.Timeout(ctx, testutil.Millis(7), func(ctx context.Context) error {
							_ = asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
								_ = asyncio.Sleep(tg, time.Second)
								return errors.New("oh")
							})
							err := asyncio.Sleep(ctx, time.Second)
							tr.Add("out gets %s", how(err))
							return err
						}))
					})
					tr.Nap(ctx, "after", 50)
					return nil
				}))
				tr.Sleep(ctx, 3)
				a.Cancel()
				_, _ = a.Await(ctx)
				return nil
			},
		},
		{
			Name: "around a Timeout that expires with it",
			Want: []string{"7ms in gets a cancellation by Cancel", "7ms a cancellation by Cancel", "57ms after wakes"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					tr.Sleep(ctx, 0)
					asyncio.CurrentTask(ctx).Cancel()
					_ = asyncio.WithShield(ctx, testutil.Millis(7), func(ctx context.Context) error {
						return says(tr, asyncio.Timeout(ctx, testutil.Millis(7), func(ctx context.Context) error {
							err := testutil.Forever(ctx)
							tr.Add("in gets %s", how(err))
							return err
						}))
					})
					tr.Nap(ctx, "after", 50)
					return nil
				}))
				_, _ = a.Await(ctx)
				return nil
			},
		},
		{
			Name: "in a context of somebody else's that ends, until it is over",
			Want: []string{"outside gets context canceled", "10ms in gets context canceled", "60ms after wakes"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				scope, cancel := context.WithCancel(ctx)
				_ = asyncio.WithShield(scope, testutil.Millis(10), func(ctx context.Context) error {
					cancel()
					tr.Nap(scope, "outside", 20)
					tr.Nap(ctx, "in", 20)
					return nil
				})
				tr.Nap(ctx, "after", 50)
				return nil
			},
		},
		{
			Name: "in a scope that ends, until it is over",
			Want: []string{"3ms outside gets asyncio: timeout", "10ms in gets asyncio: timeout", "60ms after wakes"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				scope, cancel := asyncio.WithTimeout(ctx, testutil.Millis(3))
				defer cancel()
				_ = asyncio.WithShield(scope, testutil.Millis(10), func(ctx context.Context) error {
					tr.Nap(scope, "outside", 20)
					tr.Nap(ctx, "in", 20)
					return nil
				})
				tr.Nap(ctx, "after", 50)
				return nil
			},
		},
		{
			Name: "in a scope that has ended",
			Want: []string{"8ms in wakes"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				scope, cancel := asyncio.WithTimeout(ctx, testutil.Millis(3))
				defer cancel()
				tr.Sleep(ctx, 3)
				return shielded(tr, "in", 10, 5)(scope)
			},
		},
		{
			Name: "around a scope",
			Want: []string{"3ms in gets asyncio: timeout", "3ms after gets cancelled"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					_ = asyncio.WithShield(ctx, testutil.Millis(10), func(ctx context.Context) error {
						scope, cancel := asyncio.WithTimeout(ctx, testutil.Millis(3))
						defer cancel()
						tr.Nap(scope, "in", 20)
						return nil
					})
					tr.Nap(ctx, "after", 50)
					return nil
				}))
				tr.Sleep(ctx, 1)
				a.Cancel()
				_, _ = a.Await(ctx)
				return nil
			},
		},
	})
}

// To the standard library the ctx of a body is not done as long as the shield holds.
func TestWithShieldContext(t *testing.T) {
	testutil.Succeed(t, func(ctx context.Context) error {
		a := asyncio.CreateTask(context.WithValue(ctx, testutil.Key{}, 1), asyncio.Void(func(ctx context.Context) error {
			self := asyncio.CurrentTask(ctx)
			self.Cancel("why")
			var kept context.Context
			err := asyncio.WithShield(ctx, testutil.Millis(10), func(in context.Context) error {
				kept = in
				derived, cancel := context.WithCancel(in)
				defer cancel()
				if in.Err() != nil || derived.Err() != nil || ctx.Err() == nil {
					t.Error("in, derived, ctx:", in.Err(), derived.Err(), ctx.Err())
				}
				if asyncio.RunningLoop(in) != self.Loop() || asyncio.CurrentTask(in) != self || in.Value(testutil.Key{}) != 1 {
					t.Error("it leads elsewhere")
				}
				due, ok := in.Deadline()
				if want := self.Loop().Time().Add(testutil.Millis(10)); !ok || !due.Equal(want) {
					t.Error("Deadline:", due, ok)
				}
				err := asyncio.Sleep(in, testutil.Millis(20))
				var e *asyncio.CancelledError
				if !errors.As(err, &e) || e.Message != "why" || in.Err() != context.Canceled || derived.Err() == nil {
					t.Error(err, in.Err(), derived.Err())
				}
				if e = nil; !errors.As(context.Cause(derived), &e) || e.Message != "why" {
					t.Error(context.Cause(derived))
				}
				return errors.New("mine")
			})
			if err == nil || err.Error() != "mine" || kept.Err() == nil {
				t.Error(err, kept.Err())
			}
			self.Uncancel()
			_ = asyncio.WithShield(ctx, testutil.Millis(10), func(in context.Context) error {
				kept = in
				return nil
			})
			<-kept.Done()
			return nil
		}))
		_, err := a.Await(ctx)
		return err
	})
	testutil.Succeed(t, func(ctx context.Context) error { // deadlines
		now := asyncio.RunningLoop(ctx).Time()
		for _, c := range []struct{ around, want time.Duration }{{5, 10}, {20, 20}} {
			scope, cancel := asyncio.WithTimeout(ctx, c.around)
			defer cancel()
			_ = asyncio.WithShield(scope, 10, func(in context.Context) error {
				if due, ok := in.Deadline(); !ok || due.Sub(now) != c.want {
					t.Error(due.Sub(now), ok, "want", c.want)
				}
				return nil
			})
		}
		return asyncio.WithShield(ctx, math.MaxInt64, func(in context.Context) error {
			if due, ok := in.Deadline(); ok {
				t.Error(due)
			}
			return asyncio.Sleep(in, time.Hour)
		})
	})
}

// A task made with the ctx of a body is what it would be with that around it.
func TestWithShieldTasks(t *testing.T) {
	testutil.Succeed(t, func(ctx context.Context) error {
		var loose, bound *asyncio.Task[asyncio.None]
		a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			scope, cancel := asyncio.WithCancel(ctx)
			defer cancel()
			_ = asyncio.WithShield(ctx, time.Second, func(ctx context.Context) error {
				loose = asyncio.CreateTask(ctx, testutil.Sleepy(2*time.Second))
				return nil
			})
			return asyncio.WithShield(scope, time.Second, func(ctx context.Context) error {
				bound = asyncio.CreateTask(ctx, asyncio.Void(testutil.Forever))
				_ = asyncio.Sleep(ctx, 0)
				cancel()
				_, err := bound.Await(ctx)
				if !bound.Cancelled() {
					t.Error("not cancelled by the scope around:", err)
				}
				return nil
			})
		}))
		if _, err := a.Await(ctx); err != nil {
			return err
		}
		_, err := loose.Await(ctx)
		return err
	})
	testutil.Succeed(t, func(ctx context.Context) error { // of a group that takes no more
		boom := errors.New("boom")
		err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			return errors.Join(boom, asyncio.WithShield(tg, time.Second, func(ctx context.Context) error {
				tg.Cancel()
				if _, err := asyncio.CreateTask(ctx, testutil.Noop).Await(ctx); !errors.Is(err, asyncio.ErrGroupClosed) {
					t.Error(err)
				}
				return asyncio.WithTaskGroup(ctx, func(own *asyncio.TaskGroup) error {
					asyncio.CreateTask(own, testutil.Sleepy(time.Millisecond))
					return nil
				})
			}))
		})
		if !errors.Is(err, boom) {
			return err
		}
		return nil
	})
}

// The ctx may lead to another loop than that of the task: what is held is the task's.
func TestWithShieldWithAnotherLoop(t *testing.T) {
	other := asyncio.NewLoop()
	defer other.Close()
	testutil.PlainRun(t, func(ctx context.Context) error {
		a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			err := asyncio.WithShield(other.Context(), testutil.Millis(10), func(in context.Context) error {
				return errors.Join(asyncio.Sleep(ctx, testutil.Millis(5)), in.Err())
			})
			if err != nil {
				t.Error(err)
			}
			return asyncio.Sleep(ctx, testutil.Millis(5))
		}))
		_ = asyncio.Sleep(ctx, testutil.Millis(1))
		a.Cancel()
		_, err := a.Await(ctx)
		if !errors.Is(err, asyncio.ErrCancelled) {
			t.Error(err)
		}
		return nil
	}, asyncio.WithVirtualClock())
}

func TestWithShieldOfNothing(t *testing.T) {
	testutil.Succeed(t, func(ctx context.Context) error {
		for _, d := range []time.Duration{0, -1, math.MinInt64} {
			err := asyncio.WithShield(ctx, d, func(in context.Context) error {
				if in != ctx {
					t.Error(d, "another ctx")
				}
				asyncio.CurrentTask(ctx).Cancel()
				return asyncio.Sleep(in, 1)
			})
			if !errors.Is(err, asyncio.ErrCancelled) {
				t.Error(d, err)
			}
			asyncio.CurrentTask(ctx).Uncancel()
		}
		testutil.ExpectPanic(t, func() { _ = asyncio.WithShield(ctx, 1, nil) }, "WithShield", "nil body")
		done := asyncio.NewFuture[error](ctx)
		asyncio.RunningLoop(ctx).CallSoon(func() {
			done.SetResult(asyncio.WithShield(ctx, 1, func(context.Context) error { return errors.New("called") }))
		})
		got, err := done.Await(ctx)
		if !errors.Is(got, asyncio.ErrNotInTask) {
			t.Error(got)
		}
		return err
	})
	called := false
	err := asyncio.WithShield(testutil.ClosedLoop(t).Context(), 1, func(ctx context.Context) error {
		called = true
		return asyncio.Sleep(ctx, 1)
	})
	if !called || !errors.Is(err, asyncio.ErrLoopClosed) {
		t.Error(called, err)
	}
}

// What leaves a body in another way leaves the shield.
func TestWithShieldUnwound(t *testing.T) {
	for name, leave := range map[string]func(){
		"panic":  func() { panic("oh") },
		"Goexit": runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			var r testutil.Reports
			done := make(chan []string)
			go func() {
				var lines []string
				defer func() { done <- lines }()
				_, _ = asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
					a := asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error {
						defer func() {
							_ = recover()
							lines = append(lines, fmt.Sprint(asyncio.Sleep(ctx, 1)))
						}()
						return asyncio.WithShield(ctx, time.Second, func(ctx context.Context) error {
							asyncio.CurrentTask(ctx).Cancel()
							lines = append(lines, fmt.Sprint(asyncio.Sleep(ctx, 1)))
							leave()
							return nil
						})
					}))
					_, _ = a.Await(ctx)
					return nil
				}), asyncio.WithVirtualClock(), r.Option())
			}()
			testutil.ExpectLines(t, <-done, "<nil>", "asyncio: cancelled")
		})
	}
}

// The grace of Run ends a body that a shield would hold for longer, and unwinds it; Close
// does too.
func TestWithShieldEndsWithTheLoop(t *testing.T) {
	for _, create := range []func(ctx context.Context, c asyncio.Coroutine[asyncio.None], opts ...asyncio.TaskOption) *asyncio.Task[asyncio.None]{
		asyncio.CreateTask[asyncio.None], asyncio.Go[asyncio.None],
	} {
		var r testutil.Reports
		var awaits []error
		ended := make(chan struct{})
		_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
			create(ctx, asyncio.Void(func(ctx context.Context) error {
				defer close(ended)
				return asyncio.WithShield(ctx, time.Hour, func(ctx context.Context) error {
					awaits = append(awaits, asyncio.Sleep(ctx, 20*time.Second))
					err := testutil.Forever(ctx)
					awaits = append(awaits, err) // of a Go task
					return err
				})
			}), asyncio.WithName("stubborn"))
			return asyncio.Sleep(ctx, time.Second)
		}), asyncio.WithVirtualClock(), asyncio.WithGrace(30*time.Second), r.Option())
		if !errors.Is(err, asyncio.ErrGraceExceeded) {
			t.Error(err)
		}
		<-ended
		r.Expect(t, "it was cancelled, and was in a shield: stubborn")
		if len(awaits) == 0 || awaits[0] != nil || len(awaits) > 1 && !errors.Is(awaits[1], asyncio.ErrLoopClosed) {
			t.Error(awaits)
		}
	}
}

// Of a goroutine that is no task the ctx is shielded.
func TestWithShieldOnAGoroutine(t *testing.T) {
	testutil.PlainRun(t, func(ctx context.Context) error {
		scope, cancel := asyncio.WithCancel(ctx)
		defer cancel()
		f := asyncio.NewFuture[int](ctx)
		errs := make(chan error)
		go func() {
			errs <- asyncio.WithShield(scope, time.Hour, func(in context.Context) error {
				errs <- nil
				v, err := f.Await(in)
				if v != 1 || err != nil {
					return fmt.Errorf("%d, %w", v, err)
				}
				_, err = f.Await(scope)
				return err
			})
		}()
		_, err := asyncio.ToThread(ctx, asyncio.Void(func(context.Context) error {
			<-errs
			cancel()
			f.SetResult(1)
			return <-errs
		}))
		return err
	})
}

// A task that may be left is so when its shield does not hold any more.
func TestWithShieldAbandon(t *testing.T) {
	testutil.PlainRun(t, func(ctx context.Context) error {
		start := asyncio.RunningLoop(ctx).Time()
		work := make(chan struct{})
		a := asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error {
			_ = asyncio.WithShield(ctx, testutil.Millis(10), func(ctx context.Context) error {
				return asyncio.Sleep(ctx, testutil.Millis(5))
			})
			<-work
			return nil
		}), asyncio.Abandon())
		_ = asyncio.Sleep(ctx, testutil.Millis(1))
		a.Cancel()
		_, err := a.Await(ctx)
		if took := asyncio.RunningLoop(ctx).Time().Sub(start); took != testutil.Millis(5) || !errors.Is(err, asyncio.ErrCancelled) {
			t.Error(took, err)
		}
		close(work)
		return nil
	}, asyncio.WithVirtualClock())
}
