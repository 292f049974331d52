package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func spawnEager(scope context.Context, name string, f func(ctx context.Context) error) *asyncio.Task[asyncio.None] {
	return asyncio.CreateTask(scope, asyncio.Void(f), asyncio.Eager(), asyncio.WithName(name))
}

// whoRuns is the name of the current task, "nobody" in a callback.
func whoRuns(ctx context.Context) string {
	if t := asyncio.CurrentTask(ctx); t != nil {
		return t.Name()
	}
	return "nobody"
}

func TestEagerStep(t *testing.T) {
	testutil.RunScenarios(t, []testutil.Scenario{
		{
			Name: "is taken inside CreateTask",
			Want: []string{"a", "created, done true", "callback"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				a := spawnEager(ctx, "a", func(context.Context) error { tr.Add("a"); return nil })
				a.AddDoneCallback(func(*asyncio.Task[asyncio.None]) { tr.Add("callback") })
				tr.Add("created, done %t", a.Done())
				tr.Sleep(ctx, 0)
				return nil
			},
		},
		{
			Name: "is the current task until it waits",
			Want: []string{"main", "a, a", "main", "b, b", "main", "a, nobody"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				asyncio.CurrentTask(ctx).SetName("main")
				tr.Add("%s", whoRuns(ctx))
				spawnEager(ctx, "a", func(inner context.Context) error {
					tr.Add("%s, %s", whoRuns(inner), whoRuns(ctx))
					return nil
				})
				tr.Add("%s", whoRuns(ctx))
				b := spawnEager(ctx, "b", func(inner context.Context) error {
					tr.Add("%s, %s", whoRuns(inner), whoRuns(ctx))
					return asyncio.Sleep(inner, time.Hour)
				})
				tr.Add("%s", whoRuns(ctx))
				b.Cancel()
				tr.Loop.CallSoon(func() {
					who := ""
					spawnEager(ctx, "a", func(inner context.Context) error { who = whoRuns(inner); return nil })
					tr.Add("%s, %s", who, whoRuns(ctx))
				})
				tr.Sleep(ctx, 0)
				return nil
			},
		},
		{
			Name: "ends at the first wait, and the rest has its turn",
			// Sleep(0) in the eager task lets nothing run before the creator goes on.
			Want: []string{"a 1", "main", "b 1", "a 2", "c 1", "main wakes", "a 3"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				asyncio.CreateTask(ctx, tr.Steps("b", 1))
				asyncio.CreateTask(ctx, tr.Steps("a", 3), asyncio.Eager())
				asyncio.CreateTask(ctx, tr.Steps("c", 1))
				tr.Add("main")
				tr.Nap(ctx, "main", 0)
				tr.Sleep(ctx, 0)
				return nil
			},
		},
		{
			Name: "awaits a task that is next in line",
			Want: []string{"a awaits", "main", "b 1", "b 2", "a gets b", "main gets b"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				b := asyncio.CreateTask(ctx, tr.Steps("b", 2))
				a := asyncio.CreateTask(ctx, tr.Wait("a", b), asyncio.Eager())
				tr.Add("main")
				tr.Get(ctx, "main", a)
				return nil
			},
		},
		{
			Name: "awaits a task that it has created itself",
			Want: []string{"a", "main", "b 1", "a gets b"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				a := spawnEager(ctx, "a", func(ctx context.Context) error {
					tr.Add("a")
					tr.Get(ctx, "a", asyncio.CreateTask(ctx, tr.Steps("b", 1)))
					return nil
				})
				tr.Add("main")
				_, err := a.Await(ctx)
				return err
			},
		},
		{
			Name: "cancels its creator",
			Want: []string{"main goes on", "main gets cancelled", "main wakes"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				self := asyncio.CurrentTask(ctx)
				spawnEager(ctx, "a", func(context.Context) error { self.Cancel(); return nil })
				tr.Add("main goes on")
				tr.Nap(ctx, "main", 1)
				self.Uncancel()
				tr.Nap(ctx, "main", 0)
				return nil
			},
		},
		{
			Name: "cancels itself, and its first wait",
			Want: []string{"main", "a gets cancelled", "main gets cancelled"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				a := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					asyncio.CurrentTask(ctx).Cancel()
					tr.Nap(ctx, "a", 0)
					return "", asyncio.ErrCancelled
				}, asyncio.Eager())
				tr.Add("main")
				tr.Get(ctx, "main", a)
				return nil
			},
		},
		{
			Name: "and its creator await each other",
			Want: []string{"main gets deadlock"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				self := asyncio.CurrentTask(ctx).(*asyncio.Task[asyncio.None])
				a := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					_, err := self.Await(ctx)
					return "", err
				}, asyncio.Eager())
				tr.Get(ctx, "main", a)
				return nil
			},
		},
	})
	t.Run("fails at once", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, testutil.Fail(testutil.ErrTest), asyncio.Eager())
			testutil.ExpectState(t, "a", a, "failed")
			testutil.ExpectIs(t, "Err", a.Err(), testutil.ErrTest)
			_, err := a.Await(ctx)
			testutil.ExpectIs(t, "Await", err, testutil.ErrTest)
			return nil
		})
	})
	t.Run("panics", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			a := spawnEager(ctx, "a", func(context.Context) error { explode(); return nil })
			var p *asyncio.PanicError
			if !errors.As(a.Err(), &p) || p.Value != any(testutil.ErrTest) || !strings.Contains(string(p.Stack), "explode") {
				t.Errorf("Err: %v", a.Err())
			}
			// The creator has its wits about it.
			if who := asyncio.CurrentTask(ctx); who == nil || who.Done() {
				t.Errorf("current task %v", who)
			}
			return asyncio.Sleep(ctx, time.Second)
		})
	})
	t.Run("is of a task that AllTasks has", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			spawnEager(ctx, "a", func(ctx context.Context) error {
				all := asyncio.AllTasks(asyncio.RunningLoop(ctx))
				if len(all) != 2 || all[1].Name() != "a" || all[1] != asyncio.CurrentTask(ctx) {
					t.Errorf("AllTasks: %v", all)
				}
				return nil
			})
			if all := asyncio.AllTasks(asyncio.RunningLoop(ctx)); len(all) != 1 {
				t.Errorf("AllTasks afterwards: %v", all)
			}
			return nil
		})
	})
	t.Run("may not run a loop", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			_, err := spawnEager(ctx, "a", func(context.Context) error {
				_, err := asyncio.Run(context.Background(), testutil.Noop)
				return err
			}).Result()
			testutil.ExpectIs(t, "Run", err, asyncio.ErrLoopRunning)
			return nil
		})
	})
	t.Run("stops the loop", func(t *testing.T) {
		var r testutil.Reports
		l := testutil.NewLoop(t, &r)
		var lines []string
		l.CallSoon(func() {
			spawnEager(l.Context(), "a", func(ctx context.Context) error {
				l.Stop()
				lines = append(lines, "a")
				asyncio.Sleep(ctx, 0)
				lines = append(lines, "next run")
				return nil
			})
		})
		l.CallSoon(func() { lines = append(lines, "rest of the turn") })
		if err := l.RunForever(); err != nil {
			t.Error(err)
		}
		testutil.ExpectLines(t, lines, "a", "rest of the turn")
		l.Stop()
		l.RunForever()
		testutil.ExpectLines(t, lines, "a", "rest of the turn", "next run")
		r.Expect(t)
	})
}

func TestEagerFrom(t *testing.T) {
	t.Run("a callback", func(t *testing.T) {
		testutil.RunScenarios(t, []testutil.Scenario{{
			Name: "may await",
			Want: []string{"a", "callback", "b 1", "a wakes"},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				tr.Loop.CallSoon(func() {
					spawnEager(ctx, "a", func(ctx context.Context) error {
						tr.Add("a")
						tr.Nap(ctx, "a", 0)
						return nil
					})
					testutil.ExpectIs(t, "Sleep in a callback", asyncio.Sleep(ctx, 0), asyncio.ErrNotInTask)
					tr.Add("callback")
				})
				asyncio.CreateTask(ctx, tr.Steps("b", 1))
				tr.Sleep(ctx, 1)
				return nil
			},
		}})
	})
	t.Run("a callback that panics afterwards", func(t *testing.T) {
		var r testutil.Reports
		asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
			asyncio.RunningLoop(ctx).CallSoon(func() {
				spawnEager(ctx, "a", func(ctx context.Context) error { return asyncio.Sleep(ctx, 1) })
				panic("callback")
			})
			return asyncio.Sleep(ctx, time.Second)
		}), asyncio.WithVirtualClock(), r.Option())
		r.Expect(t, "panic in callback … TestEagerFrom")
	})
	t.Run("another goroutine, when the loop is told", func(t *testing.T) {
		var lines []string
		testutil.Succeed(t, func(ctx context.Context) error {
			b := asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error {
				lines = append(lines, "b")
				return nil
			}))
			testutil.Elsewhere(func() {
				spawnEager(ctx, "a", func(ctx context.Context) error {
					lines = append(lines, whoRuns(ctx))
					asyncio.Sleep(ctx, 0)
					lines = append(lines, whoRuns(ctx))
					return nil
				})
			})
			lines = append(lines, "main")
			b.Await(ctx)
			return asyncio.Sleep(ctx, 0)
		})
		testutil.ExpectLines(t, lines, "main", "a", "b", "a")
	})
	t.Run("another goroutine, when nothing else is ready", func(t *testing.T) {
		var lines []string
		testutil.Succeed(t, func(ctx context.Context) error {
			testutil.Elsewhere(func() {
				spawnEager(ctx, "a", func(ctx context.Context) error {
					lines = append(lines, whoRuns(ctx))
					return asyncio.Sleep(ctx, time.Second)
				})
			})
			asyncio.CurrentTask(ctx).SetName("main")
			asyncio.Sleep(ctx, 0) // it goes on by itself, with the eager task on top of it
			lines = append(lines, whoRuns(ctx))
			return asyncio.Sleep(ctx, time.Minute)
		})
		testutil.ExpectLines(t, lines, "a", "main")
	})
	t.Run("a loop that does not run, later", func(t *testing.T) {
		var r testutil.Reports
		l := testutil.NewLoop(t, &r)
		ran := false
		a := spawnEager(l.Context(), "a", func(context.Context) error { ran = true; return nil })
		if ran || a.Done() {
			t.Error("it ran")
		}
		if err := l.RunUntilComplete(a); err != nil || !ran {
			t.Error(err, ran)
		}
		r.Expect(t)
	})
	t.Run("a closed loop, never", func(t *testing.T) {
		a := spawnEager(testutil.ClosedLoop(t).Context(), "a", func(context.Context) error { t.Error("it ran"); return nil })
		testutil.ExpectIs(t, "Err", a.Err(), asyncio.ErrLoopClosed)
	})
	t.Run("a scope that has ended, never", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			own, cancel := asyncio.WithCancel(ctx)
			cancel()
			std, cancel := context.WithCancel(ctx)
			cancel()
			for _, scope := range []context.Context{own, std} {
				a := spawnEager(scope, "a", func(context.Context) error { t.Error("it ran"); return nil })
				a.Await(ctx)
				testutil.ExpectState(t, "a", a, "cancelled")
			}
			return nil
		})
	})
	t.Run("a Go task", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			v, err := asyncio.ToThread(ctx, func(ctx context.Context) (int, error) {
				return asyncio.CreateTask(ctx, asyncio.Delay(0, 42), asyncio.Eager()).Await(ctx)
			})
			if v != 42 {
				t.Errorf("%d", v)
			}
			return err
		})
	})
	t.Run("another eager task, to any depth", func(t *testing.T) {
		testutil.NoLeaks(t)
		const deep = 1000
		for _, waits := range []bool{false, true} {
			testutil.Succeed(t, func(ctx context.Context) error {
				asyncio.CurrentTask(ctx).SetName("0")
				var nest func(depth int) asyncio.Coroutine[int]
				nest = func(depth int) asyncio.Coroutine[int] {
					return func(ctx context.Context) (int, error) {
						if depth > deep {
							if waits {
								return 0, asyncio.Sleep(ctx, time.Second)
							}
							return 0, nil
						}
						below := asyncio.CreateTask(ctx, nest(depth+1), asyncio.Eager(), asyncio.WithName(fmt.Sprint(depth)))
						if who := whoRuns(ctx); who != fmt.Sprint(depth-1) {
							t.Errorf("at depth %d: %s", depth, who)
						}
						if below.Done() == waits {
							t.Errorf("at depth %d: done %t", depth, below.Done())
						}
						n, err := below.Await(ctx)
						return n + 1, err
					}
				}
				if n, err := nest(1)(ctx); n != deep || err != nil {
					t.Errorf("%d %v", n, err)
				}
				return nil
			})
		}
	})
	t.Run("a group, which fails one turn later", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var lines []string
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				spawnEager(tg, "slow", func(ctx context.Context) error {
					err := testutil.Forever(ctx)
					lines = append(lines, "slow "+testutil.Show(err))
					return err
				})
				a := asyncio.CreateTask(tg, testutil.Fail(testutil.ErrTest), asyncio.Eager())
				testutil.ExpectState(t, "a", a, "failed")
				spawnEager(tg, "late", func(context.Context) error { lines = append(lines, "late"); return nil })
				err := asyncio.Sleep(ctx, time.Hour)
				lines = append(lines, "body "+testutil.Show(err))
				return err
			})
			var g *asyncio.GroupError
			if !errors.As(err, &g) || !slices.Equal(g.Errs, []error{testutil.ErrTest}) {
				t.Errorf("group: %v", err)
			}
			testutil.ExpectLines(t, lines, "late", "slow cancelled", "body cancelled")
			return nil
		})
	})
}

func TestEagerGoexitExitsRun(t *testing.T) {
	exit := func(ctx context.Context) {
		spawnEager(ctx, "exits", func(context.Context) error { runtime.Goexit(); return nil })
	}
	for name, place := range map[string]func(ctx context.Context){
		"from main": exit,
		"from a child": func(ctx context.Context) {
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error { exit(ctx); return nil }))
		},
		"from an eager": func(ctx context.Context) {
			spawnEager(ctx, "between", func(ctx context.Context) error { exit(ctx); return nil })
		},
		"from a callback": func(ctx context.Context) {
			asyncio.RunningLoop(ctx).CallSoon(func() { exit(ctx) })
		},
		"from another goroutine": func(ctx context.Context) { testutil.Elsewhere(func() { exit(ctx) }) },
		"after a wait": func(ctx context.Context) {
			spawnEager(ctx, "exits", func(ctx context.Context) error {
				asyncio.Sleep(ctx, time.Second)
				runtime.Goexit()
				return nil
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			testutil.NoLeaks(t)
			var r testutil.Reports
			var j asynciotest.Trace
			returned := testutil.Goexit(t, func() {
				asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
					asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
						err := testutil.Forever(ctx)
						asyncio.Sleep(ctx, time.Second)
						j.Add("the other gets %s", testutil.Show(err))
						return err
					}))
					asyncio.Sleep(ctx, 0)
					place(ctx)
					j.Add("main goes on as %s", whoRuns(ctx))
					err := testutil.Forever(ctx)
					j.Add("main gets %s", testutil.Show(err))
					return err
				}), asyncio.WithVirtualClock(), r.Option())
			})
			if returned {
				t.Error("Run returned")
			}
			j.Expect(t, "main goes on as Task-1", "main gets cancelled", "the other gets cancelled")
			r.Expect(t)
		})
	}
	t.Run("and the task has ErrGoexit", func(t *testing.T) {
		var a *asyncio.Task[asyncio.None]
		testutil.Goexit(t, func() {
			asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
				a = spawnEager(ctx, "exits", func(context.Context) error { runtime.Goexit(); return nil })
				testutil.ExpectState(t, "a", a, "failed")
				return nil
			}), asyncio.WithVirtualClock())
		})
		testutil.ExpectIs(t, "Err", a.Err(), asyncio.ErrGoexit)
	})
}

//go:noinline
func eagerCreator(ctx context.Context, step func(ctx context.Context)) {
	spawnEager(ctx, "eager", func(ctx context.Context) error { eagerStep(ctx, step); return nil })
}

//go:noinline
func eagerStep(ctx context.Context, step func(ctx context.Context)) { step(ctx) }

//go:noinline
func stackedMain(ctx context.Context, f func(ctx context.Context) error) error { return f(ctx) }

// While a task runs eagerly its creator, and who awaits that one, show their own
// frames alone.
func TestStackOfCreatorWhileAnEagerTaskRuns(t *testing.T) {
	steps := 0
	testutil.Succeed(t, func(ctx context.Context) error {
		return stackedMain(ctx, func(ctx context.Context) error {
			main := asyncio.CurrentTask(ctx)
			// The creator runs on main's stack, since main awaits it at once.
			creator := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				creator := asyncio.CurrentTask(ctx)
				eagerCreator(ctx, func(ctx context.Context) {
					steps++
					for _, x := range []struct {
						task      asyncio.AnyTask
						in, notIn []string
					}{
						{asyncio.CurrentTask(ctx), []string{"eagerStep"}, []string{"eagerCreator", "stackedMain"}},
						{creator, []string{"eagerCreator", "spawnEager"}, []string{"eagerStep", "stackedMain"}},
						{main, []string{"Await", "stackedMain"}, []string{"eagerStep", "eagerCreator"}},
					} {
						stack := testutil.Functions(x.task)
						for _, f := range x.in {
							if !slices.Contains(stack, f) {
								t.Errorf("%s lacks %s: %v", x.task.Name(), f, stack)
							}
						}
						for _, f := range x.notIn {
							if slices.Contains(stack, f) {
								t.Errorf("%s has %s: %v", x.task.Name(), f, stack)
							}
						}
						for _, part := range []string{"/internal/", "iter.Pull"} {
							if testutil.HasFrame(x.task.Stack(), part) {
								t.Errorf("%s shows %s: %v", x.task.Name(), part, stack)
							}
						}
					}
				})
				if stack := testutil.Functions(creator); stack[0] != "Stack" || slices.Contains(stack, "eagerCreator") {
					t.Errorf("afterwards: %v", stack)
				}
				return nil
			}), asyncio.WithName("creator"))
			_, err := creator.Await(ctx)
			return err
		})
	})
	if steps != 1 {
		t.Errorf("%d steps", steps)
	}
}

func TestManyEagerTasks(t *testing.T) {
	done, waiting := testutil.Scaled(1_000_000), testutil.Scaled(100_000)
	testutil.NoLeaks(t)
	testutil.Succeed(t, func(ctx context.Context) error {
		n := 0
		for range done {
			asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error { n++; return nil }), asyncio.Eager())
		}
		if n != done {
			t.Errorf("%d of %d done", n, done)
		}
		n = 0
		for range waiting {
			spawnEager(ctx, "", func(ctx context.Context) error {
				err := asyncio.Sleep(ctx, time.Second)
				n++
				return err
			})
		}
		asyncio.Sleep(ctx, time.Minute)
		if n != waiting {
			t.Errorf("%d of %d woke", n, waiting)
		}
		return nil
	})
}

// TestEagerTaskFromOutsideAsATaskEnds: the coroutine of a task that ends is not given to an
// eager task that comes in before it has passed control on.
func TestEagerTaskFromOutsideAsATaskEnds(t *testing.T) {
	testutil.PlainRun(t, func(ctx context.Context) error {
		over := false
		other := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			for !over { // there is always a task that goes on in the next turn
				if err := asyncio.Sleep(ctx, 0); err != nil {
					return err
				}
			}
			return nil
		}))
		if err := asyncio.Sleep(ctx, 0); err != nil {
			return err
		}
		var eager *asyncio.Task[int]
		last := asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error {
			posted := make(chan struct{})
			go func() {
				defer close(posted)
				eager = asyncio.CreateTask(other.Loop().Context(), func(ctx context.Context) (int, error) {
					return 7, asyncio.Sleep(ctx, 0)
				}, asyncio.Eager())
			}()
			<-posted
			return nil
		}))
		if _, err := last.Await(ctx); err != nil {
			return err
		}
		v, err := eager.Await(ctx)
		if v != 7 || err != nil {
			t.Errorf("the eager task returned %d, %v", v, err)
		}
		over = true
		_, err = other.Await(ctx)
		return err
	})
}
