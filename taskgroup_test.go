package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestGroupCancel(t *testing.T) {
	ways := map[string]func(ctx context.Context, tg *asyncio.TaskGroup){
		"the body": func(_ context.Context, tg *asyncio.TaskGroup) { tg.Cancel() },
		"the body, twice": func(_ context.Context, tg *asyncio.TaskGroup) {
			tg.Cancel()
			tg.Cancel()
		},
		"a child": func(_ context.Context, tg *asyncio.TaskGroup) {
			asyncio.CreateTask(tg, asyncio.Void(func(context.Context) error { tg.Cancel(); return nil }))
		},
		"a Go child": func(_ context.Context, tg *asyncio.TaskGroup) {
			asyncio.Go(tg, asyncio.Void(func(context.Context) error { tg.Cancel(); return nil }))
		},
		"a task outside": func(ctx context.Context, tg *asyncio.TaskGroup) {
			asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error { tg.Cancel(); return nil }))
		},
		"a callback": func(ctx context.Context, tg *asyncio.TaskGroup) {
			asyncio.RunningLoop(ctx).CallSoon(func() { tg.Cancel() })
		},
		"another goroutine": func(_ context.Context, tg *asyncio.TaskGroup) { testutil.Elsewhere(func() { tg.Cancel() }) },
	}
	for name, cancel := range ways {
		t.Run("by "+name, func(t *testing.T) {
			for _, children := range []int{0, 1, 3} {
				testutil.NoLeaks(t)
				testutil.Succeed(t, func(ctx context.Context) error {
					ended := 0
					err := testutil.Took(ctx, t, 0, func() error {
						return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
							for range children {
								asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
									err := testutil.Forever(ctx)
									if n := asyncio.CurrentTask(ctx).Cancelling(); n == 1 && errors.Is(err, asyncio.ErrCancelled) {
										ended++
									}
									return err
								}))
							}
							asyncio.Sleep(ctx, 0)
							cancel(ctx, tg)
							err := testutil.Forever(ctx)
							var c *asyncio.CancelledError
							if !errors.As(err, &c) || c.Origin != asyncio.OriginGroup {
								t.Errorf("the body gets %v", err)
							}
							return err
						})
					})
					testutil.ExpectUncancelled(ctx, t)
					if ended != children {
						t.Errorf("%d of %d children were cancelled", ended, children)
					}
					return err
				})
			}
		})
		t.Run("by "+name+", and the body does not wait", func(t *testing.T) {
			testutil.Succeed(t, func(ctx context.Context) error {
				err := testutil.Took(ctx, t, 0, func() error {
					return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						asyncio.CreateTask(tg, asyncio.Void(testutil.Forever))
						cancel(ctx, tg)
						return nil
					})
				})
				testutil.ExpectUncancelled(ctx, t)
				return err
			})
		})
	}
	t.Run("a child that has not started never does", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, asyncio.Void(func(context.Context) error { t.Error("it ran"); return nil }))
				tg.Cancel()
				return nil
			})
		})
	})
	t.Run("what fails on being cancelled is an error", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
					testutil.Forever(ctx)
					return testutil.ErrTest
				}))
				asyncio.CreateTask(tg, asyncio.Void(testutil.Forever))
				asyncio.Sleep(ctx, 0)
				tg.Cancel()
				return testutil.Forever(ctx)
			})
			testutil.ExpectGroupError(t, err, testutil.ErrTest)
			testutil.ExpectUncancelled(ctx, t)
			return nil
		})
	})
	t.Run("the body's own error is one too", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			testutil.ExpectGroupError(t, asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				tg.Cancel()
				return testutil.ErrTest
			}), testutil.ErrTest)
			testutil.ExpectUncancelled(ctx, t)
			return nil
		})
	})
	t.Run("with a cancellation from outside at the same time", func(t *testing.T) {
		for _, first := range []string{"group", "task"} {
			testutil.Succeed(t, func(ctx context.Context) error {
				a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						self := asyncio.CurrentTask(ctx)
						asyncio.CreateTask(tg, asyncio.Void(testutil.Forever))
						asyncio.RunningLoop(ctx).CallSoon(func() {
							if first == "task" {
								self.Cancel("outer")
							}
							tg.Cancel()
							if first == "group" {
								self.Cancel("outer")
							}
						})
						return testutil.Forever(ctx)
					})
					testutil.ExpectIs(t, "the group", err, asyncio.ErrCancelled)
					if n := asyncio.CurrentTask(ctx).Cancelling(); n != 1 {
						t.Errorf("cancelling %d", n)
					}
					return err
				}))
				a.Await(ctx)
				testutil.ExpectState(t, "the task", a, "cancelled")
				return nil
			})
		}
	})
	t.Run("after the end does nothing", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var group *asyncio.TaskGroup
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error { group = tg; return nil })
			group.Cancel()
			testutil.Elsewhere(func() { group.Cancel() })
			testutil.ExpectUncancelled(ctx, t)
			return err
		})
	})
	t.Run("reaches groups inside", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			return testutil.Took(ctx, t, time.Second, func() error {
				return asyncio.WithTaskGroup(ctx, func(outer *asyncio.TaskGroup) error {
					asyncio.CreateTask(outer, asyncio.Void(func(ctx context.Context) error {
						return asyncio.WithTaskGroup(ctx, func(inner *asyncio.TaskGroup) error {
							asyncio.CreateTask(inner, asyncio.Void(func(ctx context.Context) error {
								err := testutil.Forever(ctx)
								asyncio.Sleep(ctx, time.Second)
								return err
							}))
							return nil
						})
					}))
					asyncio.Sleep(ctx, 0)
					outer.Cancel()
					return nil
				})
			})
		})
	})
}

func TestGroupBodyPanics(t *testing.T) {
	for name, kind := range map[string]func(context.Context, asyncio.Coroutine[asyncio.None], ...asyncio.TaskOption) *asyncio.Task[asyncio.None]{
		"in a loop task": asyncio.CreateTask[asyncio.None], "in a Go task": asyncio.Go[asyncio.None],
	} {
		t.Run(name, func(t *testing.T) {
			testutil.NoLeaks(t)
			r := testutil.RunReporting(t, func(ctx context.Context) error {
				cleaned := false
				a := kind(ctx, asyncio.Void(func(ctx context.Context) error {
					defer func() {
						if v := recover(); v != any(testutil.ErrTest) || !cleaned {
							t.Errorf("recovered %v, children cleaned up: %t", v, cleaned)
						}
						testutil.ExpectUncancelled(ctx, t)
					}()
					return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
							err := testutil.Forever(ctx)
							asyncio.Sleep(ctx, time.Second)
							cleaned = true
							return err
						}))
						asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
							testutil.Forever(ctx)
							return errors.New("child's error")
						}))
						asyncio.Sleep(ctx, time.Second)
						explode()
						return nil
					})
				}))
				_, err := a.Await(ctx)
				return err
			})
			r.Expect(t, "panicked or exited … child's error")
		})
	}
}

func TestGroupBodyExits(t *testing.T) {
	body := func(j *asynciotest.Trace) func(tg *asyncio.TaskGroup) error {
		return func(tg *asyncio.TaskGroup) error {
			asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
				err := testutil.Forever(ctx)
				j.Add("child gets %s", testutil.Show(err))
				j.Add("cleans up: %s", testutil.Show(asyncio.Sleep(ctx, time.Second)))
				return errors.New("child's error")
			}))
			asyncio.Sleep(tg, time.Second)
			runtime.Goexit()
			return nil
		}
	}
	lines := []string{"child gets cancelled", "cleans up: no error", "unwound"}
	t.Run("in a loop task", func(t *testing.T) {
		testutil.NoLeaks(t)
		var r testutil.Reports
		var j asynciotest.Trace
		returned := testutil.Goexit(t, func() {
			asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
				defer j.Add("unwound")
				return asyncio.WithTaskGroup(ctx, body(&j))
			}), asyncio.WithVirtualClock(), r.Option())
		})
		if returned {
			t.Error("Run returned")
		}
		j.Expect(t, lines...)
		r.Expect(t, "panicked or exited … child's error")
	})
	t.Run("in a Go task", func(t *testing.T) {
		testutil.NoLeaks(t)
		var j asynciotest.Trace
		r := testutil.RunReporting(t, func(ctx context.Context) error {
			a := asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error {
				defer j.Add("unwound")
				return asyncio.WithTaskGroup(ctx, body(&j))
			}))
			_, err := a.Await(ctx)
			testutil.ExpectIs(t, "Await", err, asyncio.ErrGoexit)
			return nil
		})
		j.Expect(t, lines...)
		r.Expect(t, "panicked or exited … child's error")
	})
	t.Run("in a goroutine", func(t *testing.T) {
		testutil.NoLeaks(t)
		var j asynciotest.Trace
		var r testutil.Reports
		l := asyncio.NewLoop(r.Option())
		var running sync.WaitGroup
		running.Go(func() { l.RunForever() })
		returned := testutil.Goexit(t, func() {
			defer j.Add("unwound")
			asyncio.WithTaskGroup(l.Context(), func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
					err := testutil.Forever(ctx)
					j.Add("child gets %s", testutil.Show(err))
					return err
				}))
				runtime.Goexit()
				return nil
			})
		})
		if returned {
			t.Error("it returned")
		}
		l.Stop()
		running.Wait()
		l.Close()
		events := slices.DeleteFunc(j.Events(), func(s string) bool { return s == "child gets cancelled" }) // unless it never started
		testutil.ExpectLines(t, events, "unwound")
		r.Expect(t)
	})
}

type groupTestError struct{ code int }

func (e *groupTestError) Error() string { return fmt.Sprint("code ", e.code) }

func TestGroupError(t *testing.T) {
	testutil.Succeed(t, func(ctx context.Context) error {
		err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			for i := range 3 {
				asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
					if i == 0 {
						testutil.Forever(ctx)
					}
					return &groupTestError{i}
				}))
			}
			asyncio.CreateTask(tg, asyncio.Void(testutil.Forever)) // a cancellation is not among them
			testutil.Forever(ctx)
			return testutil.ErrTest
		})
		testutil.ExpectIs(t, "the group", err, testutil.ErrTest)
		if errors.Is(err, asyncio.ErrCancelled) {
			t.Error("it is a cancellation")
		}
		var e *groupTestError
		if !errors.As(err, &e) || e.code != 1 {
			t.Errorf("errors.As finds %v", e)
		}
		var g *asyncio.GroupError
		if !errors.As(err, &g) || len(g.Errs) != 4 || len(g.Unwrap()) != 4 {
			t.Errorf("%v", g)
		}
		testutil.ExpectUncancelled(ctx, t)
		return nil
	})
	t.Run("of a group is a failure of the task that returns it", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				return asyncio.WithTaskGroup(ctx, func(*asyncio.TaskGroup) error { return testutil.ErrTest })
			}))
			_, err := a.Await(ctx)
			testutil.ExpectIs(t, "Await", err, testutil.ErrTest)
			testutil.ExpectState(t, "the task", a, "failed")
			return nil
		})
	})
}

func TestGroupClosed(t *testing.T) {
	refused := func(t *testing.T, what string, scope context.Context) {
		t.Helper()
		ran := asyncio.Void(func(context.Context) error { t.Error("it ran"); return nil })
		for kind, a := range map[string]*asyncio.Task[asyncio.None]{
			"CreateTask": asyncio.CreateTask(scope, ran), "eager": asyncio.CreateTask(scope, ran, asyncio.Eager()), "Go": asyncio.Go(scope, ran),
		} {
			if !a.Done() || !errors.Is(a.Err(), asyncio.ErrGroupClosed) {
				t.Errorf("%s, %s: %s %v", what, kind, testutil.State(a), a.Err())
			}
			if a.Cancel() {
				t.Errorf("%s, %s: Cancel of what is done", what, kind)
			}
		}
	}
	testutil.Succeed(t, func(ctx context.Context) error {
		var group *asyncio.TaskGroup
		var scope context.Context
		asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			group, scope = tg, context.WithValue(tg, testutil.Key{}, 1)
			asyncio.CreateTask(tg, testutil.Fail(testutil.ErrTest))
			asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
				testutil.Forever(ctx)
				refused(t, "from a child of a group that fails", tg)
				return nil
			}))
			testutil.Forever(ctx)
			refused(t, "from the body of a group that fails", tg)
			return nil
		})
		refused(t, "in a group that is finished", group)
		refused(t, "in a context derived from it", scope)
		if s := group.String(); !strings.Contains(s, "finished") {
			t.Errorf("the group is %s", s)
		}
		asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			tg.Cancel()
			refused(t, "in a group that was cancelled", tg)
			return nil
		})
		testutil.ExpectUncancelled(ctx, t)
		return nil
	})
}

func TestGroupOfGoTasks(t *testing.T) {
	t.Run("waits for them and fails with them", func(t *testing.T) {
		testutil.NoLeaks(t)
		testutil.Within(t, func() {
			testutil.Succeed(t, func(ctx context.Context) error {
				var ended atomic.Int32
				err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					for range 3 {
						asyncio.Go(tg, asyncio.Void(func(ctx context.Context) error {
							<-ctx.Done() // blocks
							ended.Add(1)
							return ctx.Err()
						}))
					}
					asyncio.Go(tg, testutil.Fail(testutil.ErrTest))
					return nil
				})
				testutil.ExpectGroupError(t, err, testutil.ErrTest)
				// Those that had not started never did.
				if n := ended.Load(); n > 3 {
					t.Errorf("%d ended", n)
				}
				testutil.ExpectUncancelled(ctx, t)
				return nil
			})
		})
	})
	t.Run("in a Go task", func(t *testing.T) {
		testutil.NoLeaks(t)
		testutil.Within(t, func() {
			testutil.Succeed(t, func(ctx context.Context) error {
				_, err := asyncio.ToThread(ctx, asyncio.Void(func(ctx context.Context) error {
					err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						asyncio.CreateTask(tg, asyncio.Void(testutil.Forever))
						asyncio.CreateTask(tg, testutil.Fail(testutil.ErrTest))
						<-tg.Done() // blocks, and is let go by the failure
						testutil.ExpectIs(t, "the body's next await", asyncio.Sleep(ctx, 0), asyncio.ErrCancelled)
						return nil
					})
					testutil.ExpectGroupError(t, err, testutil.ErrTest)
					testutil.ExpectUncancelled(ctx, t)
					return nil
				}))
				return err
			})
		})
	})
	t.Run("in a Go task that is cancelled", func(t *testing.T) {
		testutil.NoLeaks(t)
		testutil.Succeed(t, func(ctx context.Context) error {
			var child *asyncio.Task[asyncio.None]
			a := asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error {
				return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					child = asyncio.CreateTask(tg, asyncio.Void(testutil.Forever))
					return testutil.Forever(tg)
				})
			}))
			asyncio.Sleep(ctx, time.Second)
			a.Cancel()
			a.Await(ctx)
			testutil.ExpectState(t, "the Go task", a, "cancelled")
			testutil.ExpectState(t, "the child", child, "cancelled")
			return nil
		})
	})
	t.Run("in a goroutine", func(t *testing.T) {
		testutil.NoLeaks(t)
		l := testutil.RunningLoop(t)
		testutil.Within(t, func() {
			err := asyncio.WithTaskGroup(l.Context(), func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, asyncio.Void(testutil.Forever))
				asyncio.CreateTask(tg, testutil.Fail(testutil.ErrTest))
				<-tg.Done()
				if err := asyncio.Sleep(l.Context(), 0); err != nil {
					t.Errorf("an await with another context: %v", err)
				}
				if err := asyncio.Sleep(tg, time.Hour); err == nil {
					t.Error("an await with the group's context goes on")
				}
				return nil
			})
			testutil.ExpectGroupError(t, err, testutil.ErrTest)
			sum := 0
			err = asyncio.WithTaskGroup(l.Context(), func(tg *asyncio.TaskGroup) error {
				for i := range 100 {
					asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
						asyncio.Sleep(ctx, 0)
						sum += i
						return nil
					}))
				}
				return nil
			})
			if err != nil || sum != 4950 {
				t.Errorf("%v, sum %d", err, sum)
			}
		})
	})
	t.Run("not in a callback", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			asyncio.RunningLoop(ctx).CallSoon(func() {
				err := asyncio.WithTaskGroup(ctx, func(*asyncio.TaskGroup) error { t.Error("it ran"); return nil })
				testutil.ExpectIs(t, "WithTaskGroup", err, asyncio.ErrNotInTask)
			})
			return asyncio.Sleep(ctx, 0)
		})
	})
}

func TestGroupOfAnotherLoop(t *testing.T) {
	testutil.NoLeaks(t)
	l := testutil.RunningLoop(t)
	t.Run("is made by a task", func(t *testing.T) {
		testutil.Within(t, func() {
			succeedOnTheClock(t, func(ctx context.Context) error {
				sum := 0 // of l
				err := asyncio.WithTaskGroup(l.Context(), func(tg *asyncio.TaskGroup) error {
					for i := range 10 {
						a := asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error { sum += i; return nil }))
						if a.Loop() != l {
							t.Error("of the wrong loop")
						}
					}
					return nil
				})
				if err != nil || sum != 45 {
					t.Errorf("%v, sum %d", err, sum)
				}
				err = asyncio.WithTaskGroup(l.Context(), func(tg *asyncio.TaskGroup) error {
					asyncio.CreateTask(tg, asyncio.Void(testutil.Forever))
					asyncio.CreateTask(tg, testutil.Fail(testutil.ErrTest))
					return asyncio.Sleep(ctx, 1<<62) // of its own loop
				})
				testutil.ExpectGroupError(t, err, testutil.ErrTest)
				testutil.ExpectUncancelled(ctx, t)
				err = asyncio.WithTaskGroup(l.Context(), func(tg *asyncio.TaskGroup) error {
					asyncio.CreateTask(tg, asyncio.Void(testutil.Forever))
					tg.Cancel()
					return nil
				})
				testutil.ExpectUncancelled(ctx, t)
				return err
			})
		})
	})
	t.Run("is used by a task", func(t *testing.T) {
		testutil.Within(t, func() {
			succeedOnTheClock(t, func(ctx context.Context) error {
				groups := make(chan *asyncio.TaskGroup, 1)
				var end asyncio.Event
				a := asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
					return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						tg.SetLimit(1)
						groups <- tg
						return end.Wait(ctx)
					})
				}))
				tg := <-groups
				for i := range 10 {
					v, err := asyncio.CreateTask(tg, func(ctx context.Context) (int, error) {
						return i, asyncio.Sleep(ctx, 0)
					}).Await(ctx)
					if v != i || err != nil {
						t.Errorf("%d %v", v, err)
					}
				}
				end.Set()
				_, err := a.Await(ctx)
				return err
			})
		})
	})
}

// succeedOnTheClock is succeed on the machine's clock: the time of a loop that
// waits for another one must not pass meanwhile.
func succeedOnTheClock(t *testing.T, main func(ctx context.Context) error) {
	t.Helper()
	var r testutil.Reports
	if _, err := asyncio.Run(context.Background(), asyncio.Void(main), r.Option()); err != nil {
		t.Errorf("Run: %v", err)
	}
	r.Expect(t)
}

func TestGroupOfMany(t *testing.T) {
	many := testutil.Scaled(100_000)
	testutil.NoLeaks(t)
	for name, fails := range map[string]bool{"that succeed": false, "that are cancelled": true} {
		t.Run(name, func(t *testing.T) {
			testutil.Succeed(t, func(ctx context.Context) error {
				ended := 0
				err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					for range many {
						asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
							err := asyncio.Sleep(ctx, time.Second)
							ended++
							return err
						}))
					}
					asyncio.Sleep(ctx, 0)
					if fails {
						return testutil.ErrTest
					}
					return nil
				})
				if ended != many || fails != errors.Is(err, testutil.ErrTest) || !fails && err != nil {
					t.Errorf("%d ended, %v", ended, err)
				}
				testutil.ExpectUncancelled(ctx, t)
				return nil
			})
		})
	}
}

// TestFailureOfABodyIsNotLostToALateCancellation: a group that was cancelled, whose body
// then failed, and whose caller is cancelled while the tasks are ending, returns the failure;
// the cancellation is delivered at the caller's next await.
func TestFailureOfABodyIsNotLostToALateCancellation(t *testing.T) {
	boom := errors.New("clean-up failed")
	testutil.Succeed(t, func(ctx context.Context) error {
		var left, next error
		leaving := asyncio.NewFuture[int](ctx)
		w := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			left = asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
					_ = asyncio.Sleep(ctx, time.Hour)
					_ = leaving.SetResult(1)
					return asyncio.Sleep(ctx, time.Second) // cleans up
				}))
				_ = asyncio.Sleep(tg, time.Second)
				tg.Cancel()
				return boom
			})
			next = asyncio.Sleep(ctx, 0)
			return next
		}))
		if _, err := leaving.Await(ctx); err != nil {
			return err
		}
		w.Cancel("late")
		_, err := w.Await(ctx)
		if !errors.Is(left, boom) {
			t.Errorf("the group returned %v", left)
		}
		if c := (*asyncio.CancelledError)(nil); !errors.As(next, &c) || c.Message != "late" {
			t.Errorf("the next await returned %v", next)
		}
		if !errors.Is(err, asyncio.ErrCancelled) {
			t.Errorf("the caller ended with %v", err)
		}
		return nil
	})
}

// In a group that fails, the failure goes first and the cancellation is delivered again.
func TestCancelInTheTurnOfAGroupsFailureIsDeliveredAgain(t *testing.T) {
	for _, before := range []bool{true, false} {
		testutil.Succeed(t, func(ctx context.Context) error {
			err := byHand(ctx, before, func(ctx context.Context) error {
				err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
						asyncio.Sleep(ctx, time.Second)
						return testutil.ErrTest
					}))
					return asyncio.Sleep(ctx, time.Hour)
				})
				if before && errors.Is(err, asyncio.ErrCancelled) {
					return err
				}
				testutil.ExpectIs(t, "the group", err, testutil.ErrTest)
				return asyncio.Sleep(ctx, time.Hour)
			})
			var c *asyncio.CancelledError
			if !errors.As(err, &c) || c.Message != "by hand" {
				t.Errorf("before %t: %v, want one by hand", before, err)
			}
			return nil
		})
	}
}

func TestGroupOfAGoroutineWhoseLoopIsClosed(t *testing.T) {
	for name, body := range map[string]func(tg *asyncio.TaskGroup) error{
		"its body is told":           func(tg *asyncio.TaskGroup) error { return asyncio.Sleep(tg, time.Hour) },
		"its body says where it was": func(tg *asyncio.TaskGroup) error { return fmt.Errorf("here: %w", asyncio.Sleep(tg, time.Hour)) },
	} {
		t.Run(name, func(t *testing.T) {
			testutil.NoLeaks(t)
			r, _ := started(t)
			told := make(chan error)
			began, deferred := make(chan struct{}), make(chan struct{})
			go func() {
				told <- asyncio.WithTaskGroup(asyncio.WithLoop(context.Background(), r.Loop()), func(tg *asyncio.TaskGroup) error {
					tg.CreateTask(func(ctx context.Context) error {
						defer close(deferred)
						close(began)
						return testutil.Forever(ctx)
					})
					return body(tg)
				})
			}()
			<-began
			if err := r.Close(); err != nil {
				t.Error(err)
			}
			err := <-told
			var group *asyncio.GroupError
			if !asyncio.Except(err, asyncio.ErrLoopClosed) || errors.As(err, &group) {
				t.Errorf("%T: %v", err, err)
			}
			<-deferred
		})
	}
}
