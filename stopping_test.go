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
	"github.com/asyncio-go/asyncio/asynciotest"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// obedient is a coroutine that ends d after it was asked to stop.
func obedient(d time.Duration) asyncio.Coroutine[asyncio.None] {
	return asyncio.Void(func(ctx context.Context) error {
		if err := asyncio.Stopping(ctx).Wait(ctx); err != nil {
			return err
		}
		return asyncio.Sleep(ctx, d)
	})
}

func TestStoppingAsksAtOnce(t *testing.T) {
	t.Run("children, and groups inside, also later ones", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var j asynciotest.Trace
			hears := func(ctx context.Context, who string) {
				asyncio.Stopping(ctx).Wait(ctx)
				j.Add("%s", who)
			}
			child := func(who string) asyncio.Coroutine[asyncio.None] {
				return asyncio.Void(func(ctx context.Context) error { hears(ctx, who); return nil })
			}
			err := testutil.Took(ctx, t, time.Second, func() error {
				return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					asyncio.CreateTask(tg, child("child"))
					asyncio.Go(tg, child("Go child"))
					asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
						return asyncio.WithTaskGroup(ctx, func(inner *asyncio.TaskGroup) error {
							asyncio.CreateTask(inner, child("grandchild"))
							hears(inner, "inner body")
							return nil
						})
					}))
					asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
						hears(ctx, "late")
						return asyncio.WithTaskGroup(ctx, func(inner *asyncio.TaskGroup) error {
							if !inner.Stopping().IsSet() {
								t.Error("a group that is entered after the request is not asked")
							}
							hears(inner, "late body")
							asyncio.CreateTask(inner, child("late child"))
							return nil
						})
					}))
					asyncio.Sleep(ctx, time.Second)
					if tg.Stopping().IsSet() {
						t.Error("asked before the time")
					}
					tg.Shutdown(time.Hour)
					if !tg.Stopping().IsSet() || asyncio.Stopping(tg) != tg.Stopping() {
						t.Error("not asked at once")
					}
					if asyncio.Stopping(ctx).IsSet() {
						t.Error("the loop is asked too")
					}
					asyncio.CreateTask(tg, child("another"))
					return nil
				})
			})
			// The Go task comes when it does.
			testutil.ExpectLines(t, testutil.Sorted(&j), "Go child", "another", "child", "grandchild", "inner body", "late", "late body", "late child")
			return err
		})
	})
	t.Run("not groups beside, nor around", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(outer *asyncio.TaskGroup) error {
				return asyncio.WithTaskGroup(outer, func(a *asyncio.TaskGroup) error {
					return asyncio.WithTaskGroup(outer, func(b *asyncio.TaskGroup) error {
						return asyncio.WithTaskGroup(b, func(c *asyncio.TaskGroup) error {
							b.Shutdown(time.Hour)
							got := fmt.Sprint(outer.Stopping().IsSet(), a.Stopping().IsSet(), b.Stopping().IsSet(), c.Stopping().IsSet())
							if got != "false false true true" {
								t.Error(got)
							}
							return nil
						})
					})
				})
			})
		})
	})
	t.Run("a plain task by the loop", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			own := asyncio.Stopping(asyncio.RunningLoop(ctx).Context())
			_, err := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				if asyncio.Stopping(ctx) != own {
					t.Error("it is not the loop's event")
				}
				return nil
			})).Await(ctx)
			return err
		})
	})
	t.Run("not an independent task that was created inside", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var free *asyncio.Task[asyncio.None]
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, asyncio.Void(func(child context.Context) error {
					if asyncio.Stopping(child) != tg.Stopping() {
						t.Error("a child: not the group's event")
					}
					free = asyncio.CreateTask(child, asyncio.Void(func(free context.Context) error {
						if asyncio.Stopping(free) != asyncio.Stopping(asyncio.RunningLoop(ctx).Context()) {
							t.Error("an independent task: not the loop's event")
						}
						return nil
					}))
					return nil
				}))
				return nil
			})
			free.Await(ctx)
			return err
		})
	})
	t.Run("an independent task whose group is gone, with whom is around that", func(t *testing.T) {
		r := testutil.RunReporting(t, func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
					asyncio.CreateTask(ctx, obedient(0), asyncio.WithName("free"))
					return asyncio.Sleep(ctx, time.Second)
				}))
				return nil
			})
		}, asyncio.WithDrain(time.Hour))
		r.Expect(t)
	})
}

func TestShutdown(t *testing.T) {
	const ignored = "asked to stop … "
	ignores := asyncio.Void(testutil.Forever)
	t.Run("reports those that are left after exactly the grace", func(t *testing.T) {
		r := testutil.RunReporting(t, func(ctx context.Context) error {
			return testutil.Took(ctx, t, 11*time.Second, func() error {
				return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					asyncio.CreateTask(tg, ignores, asyncio.WithName("deaf"))
					asyncio.CreateTask(tg, obedient(9*time.Second), asyncio.WithName("quick"))
					asyncio.CreateTask(tg, obedient(11*time.Second), asyncio.WithName("slow"))
					asyncio.Go(tg, ignores, asyncio.WithName("deaf Go task"))
					asyncio.Sleep(ctx, time.Second)
					tg.Shutdown(10 * time.Second)
					return nil
				})
			})
		})
		r.Expect(t, ignored+"10s … deaf", ignored+"slow", ignored+"deaf Go task")
	})
	t.Run("reports those in a scope of the group too", func(t *testing.T) {
		r := testutil.RunReporting(t, func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				own, cancel := asyncio.WithCancel(tg)
				defer cancel()
				std, cancel := context.WithCancel(tg)
				defer cancel()
				asyncio.CreateTask(own, ignores, asyncio.WithName("own"))
				asyncio.CreateTask(std, ignores, asyncio.WithName("std"))
				asyncio.CreateTask(tg, ignores, asyncio.WithName("child"))
				tg.Shutdown(time.Second)
				testutil.Forever(ctx)
				return nil
			})
		})
		r.Expect(t, ignored+"own", ignored+"std", ignored+"child", ignored+"Task-1")
	})
	t.Run("reports and cancels a body that is still there", func(t *testing.T) {
		r := testutil.RunReporting(t, func(ctx context.Context) error {
			asyncio.CurrentTask(ctx).SetName("main")
			err := testutil.Took(ctx, t, 10*time.Second, func() error {
				return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					tg.Shutdown(10 * time.Second)
					err := testutil.Forever(ctx)
					testutil.ExpectIs(t, "the body's await", err, asyncio.ErrCancelled)
					return err
				})
			})
			if n := asyncio.CurrentTask(ctx).Cancelling(); n != 0 || ctx.Err() != nil {
				t.Errorf("cancelling %d, ctx %v", n, ctx.Err())
			}
			asyncio.Sleep(ctx, time.Second)
			return err
		})
		r.Expect(t, ignored+"main")
	})
	t.Run("is over as soon as all are gone", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			return testutil.Took(ctx, t, 3*time.Second, func() error {
				return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					tg.Shutdown(math.MaxInt64)
					asyncio.CreateTask(tg, obedient(3*time.Second))
					asyncio.CreateTask(tg, obedient(0))
					return nil
				})
			})
		})
	})
	t.Run("without grace cancels on the next turn", func(t *testing.T) {
		for _, grace := range []time.Duration{0, -time.Hour} {
			r := testutil.RunReporting(t, func(ctx context.Context) error {
				return testutil.Took(ctx, t, 0, func() error {
					return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						asyncio.CreateTask(tg, ignores, asyncio.WithName("a"))
						tg.Shutdown(grace)
						return nil
					})
				})
			})
			r.Expect(t, ignored+"a")
		}
	})
	t.Run("an error meanwhile makes the group fail", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			err := testutil.Took(ctx, t, time.Second, func() error {
				return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
						asyncio.Stopping(ctx).Wait(ctx)
						asyncio.Sleep(ctx, time.Second)
						return testutil.ErrTest
					}))
					asyncio.CreateTask(tg, ignores)
					tg.Shutdown(time.Hour)
					return nil
				})
			})
			testutil.ExpectIs(t, "the group", err, testutil.ErrTest)
			return nil
		})
	})
	t.Run("an error of one that is cancelled in the end, too", func(t *testing.T) {
		r := testutil.RunReporting(t, func(ctx context.Context) error {
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
					testutil.Forever(ctx)
					return testutil.ErrTest
				}), asyncio.WithName("a"))
				tg.Shutdown(time.Hour)
				return nil
			})
			testutil.ExpectIs(t, "the group", err, testutil.ErrTest)
			return nil
		})
		r.Expect(t, ignored+"a")
	})
	t.Run("again replaces what is left of the grace", func(t *testing.T) {
		for _, x := range []struct{ first, second, want time.Duration }{
			{10 * time.Second, time.Second, 2 * time.Second},
			{2 * time.Second, 10 * time.Second, 11 * time.Second},
		} {
			r := testutil.RunReporting(t, func(ctx context.Context) error {
				return testutil.Took(ctx, t, x.want, func() error {
					return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						asyncio.CreateTask(tg, ignores, asyncio.WithName("a"))
						tg.Shutdown(x.first)
						asyncio.Sleep(ctx, time.Second)
						tg.Shutdown(x.second)
						return nil
					})
				})
			})
			r.Expect(t, ignored+x.second.String()+" … a")
		}
	})
	t.Run("from elsewhere", func(t *testing.T) {
		for name, call := range map[string]func(ctx context.Context, f func()){
			"another goroutine": func(_ context.Context, f func()) { testutil.Elsewhere(f) },
			"a callback":        func(ctx context.Context, f func()) { asyncio.RunningLoop(ctx).CallSoon(f) },
			"a Go task": func(ctx context.Context, f func()) {
				asyncio.ToThread(ctx, asyncio.Void(func(context.Context) error { f(); return nil }))
			},
			"another task": func(ctx context.Context, f func()) {
				asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error { f(); return nil }))
			},
		} {
			t.Run(name, func(t *testing.T) {
				r := testutil.RunReporting(t, func(ctx context.Context) error {
					return testutil.Took(ctx, t, 10*time.Second, func() error {
						return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
							asyncio.CreateTask(tg, ignores, asyncio.WithName("deaf"))
							asyncio.CreateTask(tg, obedient(0))
							call(ctx, func() { tg.Shutdown(10 * time.Second) })
							return nil
						})
					})
				})
				r.Expect(t, ignored+"deaf")
			})
		}
	})
	t.Run("by a child", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, obedient(time.Second))
				asyncio.CreateTask(tg, asyncio.Void(func(context.Context) error { tg.Shutdown(time.Hour); return nil }))
				return nil
			})
		})
	})
	t.Run("takes more children until the end", func(t *testing.T) {
		r := testutil.RunReporting(t, func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				tg.Shutdown(time.Second)
				asyncio.Sleep(ctx, time.Millisecond)
				a := asyncio.CreateTask(tg, obedient(0))
				if _, err := a.Await(ctx); err != nil {
					t.Errorf("a child during the grace: %v", err)
				}
				testutil.Forever(ctx)
				late := asyncio.CreateTask(tg, ignores)
				testutil.ExpectIs(t, "a child after it", late.Err(), asyncio.ErrGroupClosed)
				return nil
			})
		})
		r.Expect(t, ignored)
	})
	t.Run("when the group is finished does nothing", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var group *asyncio.TaskGroup
			if err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				group = tg
				tg.Shutdown(time.Second)
				return nil
			}); err != nil {
				return err
			}
			group.Shutdown(time.Second)
			return asyncio.Sleep(ctx, time.Hour)
		})
	})
	t.Run("a cancellation from outside does not wait for the grace", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					asyncio.CreateTask(tg, ignores)
					tg.Shutdown(time.Hour)
					return nil
				})
			}))
			asyncio.Sleep(ctx, time.Second)
			a.Cancel()
			testutil.Took(ctx, t, 0, func() error { _, err := a.Await(ctx); return err })
			testutil.ExpectState(t, "a", a, "cancelled")
			return nil
		})
	})
	t.Run("Cancel does not wait for the grace", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			return testutil.Took(ctx, t, 0, func() error {
				return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					asyncio.CreateTask(tg, ignores)
					tg.Shutdown(time.Hour)
					tg.Cancel()
					return nil
				})
			})
		})
	})
	t.Run("in a goroutine that is no task", func(t *testing.T) {
		testutil.NoLeaks(t)
		l := testutil.RunningLoop(t)
		testutil.Within(t, func() {
			err := asyncio.WithTaskGroup(l.Context(), func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, obedient(0))
				asyncio.Go(tg, obedient(0))
				tg.Shutdown(time.Hour)
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	})
}

func TestDrain(t *testing.T) {
	const ignored = "asked to stop … "
	// timed runs main and returns what was reported and how long it all took.
	timed := func(t *testing.T, main func(ctx context.Context) error, opts ...asyncio.Option) (*testutil.Reports, time.Duration) {
		testutil.NoLeaks(t)
		var l *asyncio.Loop
		var began time.Time
		r := testutil.RunReporting(t, func(ctx context.Context) error {
			l = asyncio.RunningLoop(ctx)
			began = l.Time()
			return main(ctx)
		}, opts...)
		return r, l.Time().Sub(began)
	}
	t.Run("asks when main has ended, waits for so long, and cancels", func(t *testing.T) {
		var j asynciotest.Trace
		r, d := timed(t, func(ctx context.Context) error {
			l := asyncio.RunningLoop(ctx)
			began := l.Time()
			note := func(ctx context.Context, what string) {
				j.Add("%v %s", l.Time().Sub(began), what)
			}
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				err := testutil.Forever(ctx)
				note(ctx, "deaf gets "+testutil.Show(err))
				return err
			}), asyncio.WithName("deaf"))
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				err := asyncio.Stopping(ctx).Wait(ctx)
				note(ctx, "obedient gets "+testutil.Show(err))
				return err
			}))
			asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error {
				asyncio.Stopping(ctx).Wait(ctx)
				err := testutil.Forever(ctx)
				note(ctx, "slow gets "+testutil.Show(err))
				return err
			}), asyncio.WithName("slow Go task"))
			return asyncio.Sleep(ctx, time.Second)
		}, asyncio.WithDrain(5*time.Second))
		r.Expect(t, ignored+"5s … deaf", ignored+"slow Go task")
		if d != 6*time.Second {
			t.Errorf("took %v", d)
		}
		j.Expect(t, "1s obedient gets no error", "6s deaf gets cancelled", "6s slow gets cancelled")
	})
	t.Run("does not wait when all are gone", func(t *testing.T) {
		for name, main := range map[string]func(ctx context.Context) error{
			"with nobody": func(ctx context.Context) error { return asyncio.Sleep(ctx, time.Second) },
			"with some who leave at once": func(ctx context.Context) error {
				for range 3 {
					asyncio.CreateTask(ctx, obedient(0))
					asyncio.Go(ctx, obedient(0))
				}
				return asyncio.Sleep(ctx, time.Second)
			},
			"with one that has not started": func(ctx context.Context) error {
				asyncio.Sleep(ctx, time.Second)
				asyncio.CreateTask(ctx, obedient(0))
				return nil
			},
		} {
			t.Run(name, func(t *testing.T) {
				r, d := timed(t, main, asyncio.WithDrain(time.Hour))
				r.Expect(t)
				if d != time.Second {
					t.Errorf("took %v", d)
				}
			})
		}
	})
	t.Run("waits for tasks that are created meanwhile", func(t *testing.T) {
		ended := 0
		r, d := timed(t, func(ctx context.Context) error {
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				asyncio.Stopping(ctx).Wait(ctx)
				asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					if !asyncio.Stopping(ctx).IsSet() {
						t.Error("not asked")
					}
					asyncio.Sleep(ctx, time.Second)
					asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) error {
						err := asyncio.Sleep(ctx, time.Second)
						ended++
						return err
					}))
					return nil
				}))
				return nil
			}))
			return asyncio.Sleep(ctx, 0)
		}, asyncio.WithDrain(time.Hour))
		r.Expect(t)
		if ended != 1 || d != 2*time.Second {
			t.Errorf("%d ended, took %v", ended, d)
		}
	})
	t.Run("goes on when the loop is stopped meanwhile", func(t *testing.T) {
		r, d := timed(t, func(ctx context.Context) error {
			l := asyncio.RunningLoop(ctx)
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				asyncio.Stopping(ctx).Wait(ctx)
				l.Stop()
				return asyncio.Sleep(ctx, time.Second)
			}))
			return asyncio.Sleep(ctx, 0)
		}, asyncio.WithDrain(time.Hour))
		r.Expect(t)
		if d != time.Second {
			t.Errorf("took %v", d)
		}
	})
	t.Run("an error meanwhile is reported", func(t *testing.T) {
		var held *asyncio.Task[asyncio.None]
		r, _ := timed(t, func(ctx context.Context) error {
			held = asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				asyncio.Stopping(ctx).Wait(ctx)
				return testutil.ErrTest
			}), asyncio.WithName("fails"))
			return asyncio.Sleep(ctx, 0)
		}, asyncio.WithDrain(time.Hour))
		r.Expect(t, "fails … never retrieved … test error")
		runtime.KeepAlive(held)
	})
	t.Run("Goexit meanwhile leaves the others their clean-up", func(t *testing.T) {
		testutil.NoLeaks(t)
		var r testutil.Reports
		var j asynciotest.Trace
		returned := testutil.Goexit(t, func() {
			asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
				asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					err := testutil.Forever(ctx)
					j.Add("the other gets %s", testutil.Show(err))
					j.Add("cleans up: %s", testutil.Show(asyncio.Sleep(ctx, time.Second)))
					return err
				}), asyncio.WithName("other"))
				asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					asyncio.Stopping(ctx).Wait(ctx)
					runtime.Goexit()
					return nil
				}))
				return asyncio.Sleep(ctx, 0)
			}), asyncio.WithVirtualClock(), asyncio.WithDrain(time.Hour), r.Option())
		})
		if returned {
			t.Error("Run returned")
		}
		j.Expect(t, "the other gets cancelled", "cleans up: no error")
		r.Expect(t)
	})
	t.Run("of a Runner is at Close", func(t *testing.T) {
		testutil.NoLeaks(t)
		var rep testutil.Reports
		r := asyncio.NewRunner(asyncio.WithVirtualClock(), rep.Option(), asyncio.WithDrain(time.Hour))
		event := asyncio.Stopping(r.Loop().Context())
		a := asyncio.CreateTask(r.Loop().Context(), obedient(time.Second))
		for range 3 {
			_, err := asyncio.RunOn(r, context.Background(), asyncio.Void(func(ctx context.Context) error {
				return asyncio.Sleep(ctx, time.Minute)
			}))
			if err != nil {
				t.Error(err)
			}
			if event.IsSet() || a.Done() {
				t.Error("asked before Close")
			}
		}
		began := r.Loop().Time()
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if !event.IsSet() {
			t.Error("not asked at Close")
		}
		if d := r.Loop().Time().Sub(began); d != time.Second {
			t.Errorf("Close took %v", d)
		}
		testutil.ExpectState(t, "the task", a, "succeeded")
		rep.Expect(t)
	})
	t.Run("and groups", func(t *testing.T) {
		// A group in a task is asked with the loop.
		var got error
		r, d := timed(t, func(ctx context.Context) error {
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				got = asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					asyncio.CreateTask(tg, obedient(time.Second))
					return tg.Stopping().Wait(ctx)
				})
				return got
			}))
			return asyncio.Sleep(ctx, 0)
		}, asyncio.WithDrain(time.Hour))
		r.Expect(t)
		if got != nil || d != time.Second {
			t.Errorf("%v, took %v", got, d)
		}
	})
	t.Run("without it nobody is asked", func(t *testing.T) {
		testutil.NoLeaks(t)
		var event *asyncio.Event
		testutil.PlainRun(t, func(ctx context.Context) error {
			event = asyncio.Stopping(ctx)
			a := asyncio.CreateTask(ctx, obedient(0))
			a.AddDoneCallback(func(*asyncio.Task[asyncio.None]) {
				if _, err := a.Result(); !errors.Is(err, asyncio.ErrCancelled) {
					t.Errorf("the task: %v", err)
				}
			})
			return asyncio.Sleep(ctx, 0)
		})
		if event.IsSet() {
			t.Error("asked")
		}
	})
}
