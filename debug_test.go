package asyncio_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"math"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// debugTestFile is this file, and line the line of the caller.
const debugTestFile = "debug_test.go"

func expectCreated(t *testing.T, what string, a asyncio.AnyTask, line int) {
	t.Helper()
	at := a.Created()
	if len(at) == 0 {
		t.Errorf("%s: not known where", what)
		return
	}
	if filepath.Base(at[0].File) != debugTestFile || at[0].Line != line {
		t.Errorf("%s: %s:%d, want %s:%d", what, at[0].File, at[0].Line, debugTestFile, line)
	}
	for _, f := range at {
		if strings.Contains(f.Function, "/internal/") {
			t.Errorf("%s: shows %s", what, f.Function)
		}
	}
}

func TestCreated(t *testing.T) {
	// createAll makes a task in every way, with the line of each.
	createAll := func(ctx context.Context, f func(what string, a asyncio.AnyTask, line int)) error {
		n := testutil.Line() + 1
		a := asyncio.CreateTask(ctx, testutil.Noop)
		f("CreateTask", a, n)
		b := asyncio.Go(ctx, testutil.Noop)
		f("Go", b, n+2)
		c := asyncio.CreateTask(ctx, testutil.Noop, asyncio.Eager(), asyncio.WithName("eager"))
		f("eager", c, n+4)
		scope, cancel := asyncio.WithCancel(ctx)
		defer cancel()
		n = testutil.Line() + 1
		d := asyncio.CreateTask(scope, testutil.Noop)
		f("in a scope", d, n)
		testutil.Elsewhere(func() {
			n := testutil.Line() + 1
			e := asyncio.CreateTask(ctx, testutil.Noop)
			f("elsewhere", e, n)
		})
		asyncio.RunningLoop(ctx).CallSoon(func() {
			n := testutil.Line() + 1
			g := asyncio.CreateTask(ctx, testutil.Noop)
			f("in a callback", g, n)
		})
		asyncio.Sleep(ctx, 0)
		asyncio.GatherAll(ctx, []asyncio.Awaitable[asyncio.None]{a, b, c, d}...)
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			n := testutil.Line() + 1
			a := asyncio.CreateTask(tg, testutil.Noop)
			b := asyncio.Go(tg, testutil.Noop)
			f("in a group", a, n)
			f("Go in a group", b, n+1)
			return nil
		})
	}
	t.Run("says where", func(t *testing.T) {
		asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
			return createAll(ctx, func(what string, a asyncio.AnyTask, line int) { expectCreated(t, what, a, line) })
		}), asyncio.WithVirtualClock(), asyncio.WithDebug(), new(testutil.Reports).Option()) // not all are awaited
	})
	t.Run("not without debug mode", func(t *testing.T) {
		asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
			return createAll(ctx, func(what string, a asyncio.AnyTask, _ int) {
				if at := a.Created(); at != nil {
					t.Errorf("%s: %v", what, at)
				}
			})
		}), asyncio.WithVirtualClock())
	})
	t.Run("of main", func(t *testing.T) {
		var main asyncio.AnyTask
		f := asyncio.Void(func(ctx context.Context) error { main = asyncio.CurrentTask(ctx); return nil })
		n := testutil.Line() + 1
		asyncio.Run(context.Background(), f, asyncio.WithDebug())
		expectCreated(t, "main", main, n)
	})
	t.Run("of the tasks of Map", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			n := testutil.Line() + 1
			_, err := asyncio.Map(ctx, []int{1, 2}, 0, func(ctx context.Context, i int) (int, error) {
				expectCreated(t, "a task of Map", asyncio.CurrentTask(ctx), n)
				return i, nil
			})
			return err
		}, asyncio.WithDebug())
	})
	t.Run("is in the report of an error", func(t *testing.T) {
		var r testutil.Reports
		n := 0
		asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
			n = testutil.Line() + 1
			asyncio.CreateTask(ctx, testutil.Fail(testutil.ErrTest), asyncio.WithName("lost"))
			return asyncio.Sleep(ctx, 0)
		}), asyncio.WithVirtualClock(), asyncio.WithDebug(), r.Option())
		r.Expect(t, fmt.Sprintf("lost … %s:%d … never retrieved … test error", debugTestFile, n))
	})
}

func TestSetDebugWhileRunning(t *testing.T) {
	testutil.NoLeaks(t)
	created := func(ctx context.Context) bool {
		a := asyncio.CreateTask(ctx, testutil.Noop)
		a.Await(ctx)
		return a.Created() != nil
	}
	testutil.Succeed(t, func(ctx context.Context) error {
		l := asyncio.RunningLoop(ctx)
		for _, set := range []struct {
			from string
			do   func(f func())
		}{
			{"the loop", func(f func()) { f() }},
			{"another goroutine", testutil.Elsewhere},
			{"a callback", func(f func()) {
				l.CallSoon(f)
				asyncio.Sleep(ctx, 0)
			}},
		} {
			for _, on := range []bool{true, false, false, true, true, false} {
				set.do(func() { l.SetDebug(on) })
				asyncio.Sleep(ctx, 0)
				if l.Debug() != on || created(ctx) != on {
					t.Errorf("from %s: Debug is %t, want %t", set.from, l.Debug(), on)
				}
			}
		}
		return nil
	})
	t.Run("from many goroutines under load", func(t *testing.T) {
		testutil.NoLeaks(t)
		testutil.Within(t, func() {
			testutil.Succeed(t, func(ctx context.Context) error {
				l := asyncio.RunningLoop(ctx)
				l.SetSlowCallbackDuration(math.MaxInt64)
				var wg sync.WaitGroup
				for range 4 {
					wg.Go(func() {
						for i := range 200 {
							l.SetDebug(i%2 == 0)
							l.SetSlowCallbackDuration(math.MaxInt64 - time.Duration(i))
						}
					})
				}
				set := asyncio.Go(ctx, asyncio.Void(func(context.Context) error { wg.Wait(); return nil }))
				sum := 0
				for n := 0; !set.Done(); n++ {
					a := asyncio.CreateTask(ctx, asyncio.Delay(0, 1))
					b := asyncio.CreateTask(ctx, asyncio.Delay(0, 1), asyncio.Eager())
					vs, err := asyncio.Gather(ctx, a, b)
					if err != nil {
						return err
					}
					if sum += vs[0] + vs[1]; sum != 2*(n+1) {
						t.Errorf("sum %d", sum)
					}
				}
				return nil
			})
		})
	})
}

func TestNeverAwaited(t *testing.T) {
	// Each makes a task that succeeds.
	seen := map[string]func(ctx context.Context){
		"awaited":         func(ctx context.Context) { asyncio.CreateTask(ctx, testutil.Noop).Await(ctx) },
		"awaited by a Go": func(ctx context.Context) { asyncio.Go(ctx, testutil.Noop).Await(ctx) },
		"awaited elsewhere": func(ctx context.Context) {
			a := asyncio.CreateTask(ctx, testutil.Noop)
			asyncio.Sleep(ctx, 0)
			testutil.Elsewhere(func() { a.Await(context.Background()) })
		},
		"asked for its result": func(ctx context.Context) {
			a := asyncio.CreateTask(ctx, testutil.Noop)
			asyncio.Sleep(ctx, 0)
			a.Result()
		},
		"asked for its error": func(ctx context.Context) {
			a := asyncio.CreateTask(ctx, testutil.Noop)
			asyncio.Sleep(ctx, 0)
			a.Err()
		},
		"watched": func(ctx context.Context) {
			asyncio.CreateTask(ctx, testutil.Noop).AddDoneCallback(func(*asyncio.Task[asyncio.None]) {})
		},
		"watched when it was done": func(ctx context.Context) {
			a := asyncio.CreateTask(ctx, testutil.Noop)
			asyncio.Sleep(ctx, 0)
			a.AddDoneCallback(func(*asyncio.Task[asyncio.None]) {})
			asyncio.Sleep(ctx, 0)
		},
		"waited for": func(ctx context.Context) {
			asyncio.Wait(ctx, []asyncio.AnyFuture{asyncio.CreateTask(ctx, testutil.Noop)}, asyncio.WaitOptions{})
		},
		"waited for when it was done": func(ctx context.Context) {
			a := asyncio.CreateTask(ctx, testutil.Noop)
			asyncio.Sleep(ctx, 0)
			asyncio.Wait(ctx, []asyncio.AnyFuture{a}, asyncio.WaitOptions{})
		},
		"gathered when it was done": func(ctx context.Context) {
			a := asyncio.CreateTask(ctx, testutil.Noop)
			asyncio.Sleep(ctx, 0)
			asyncio.Gather(ctx, a)
		},
		"in a race that another wins": func(ctx context.Context) {
			asyncio.Race(ctx, asyncio.CreateTask(ctx, testutil.Noop), asyncio.CreateTask(ctx, testutil.Noop))
		},
		"of a group": func(ctx context.Context) {
			asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, testutil.Noop)
				asyncio.CreateTask(tg, testutil.Noop, asyncio.Eager())
				asyncio.Go(tg, testutil.Noop)
				return nil
			})
		},
		"of Map": func(ctx context.Context) {
			asyncio.Map(ctx, []int{1, 2, 3}, 2, func(context.Context, int) (asyncio.None, error) { return asyncio.None{}, nil })
		},
		"cancelled": func(ctx context.Context) { asyncio.CreateTask(ctx, asyncio.Void(testutil.Forever)).Cancel() },
		"created before debug mode ended": func(ctx context.Context) {
			asyncio.CreateTask(ctx, testutil.Noop)
			asyncio.RunningLoop(ctx).SetDebug(false)
		},
	}
	unseen := map[string]func(ctx context.Context){
		"only created": func(ctx context.Context) { asyncio.CreateTask(ctx, testutil.Noop, asyncio.WithName("alone")) },
		"eager": func(ctx context.Context) {
			asyncio.CreateTask(ctx, testutil.Noop, asyncio.WithName("alone"), asyncio.Eager())
		},
		"a Go task": func(ctx context.Context) {
			a := asyncio.Go(ctx, testutil.Noop, asyncio.WithName("alone"))
			for !a.Done() {
				asyncio.Sleep(ctx, 0)
			}
		},
		"only asked whether it is done": func(ctx context.Context) {
			a := asyncio.CreateTask(ctx, testutil.Noop, asyncio.WithName("alone"))
			for !a.Done() || a.Cancelled() {
				asyncio.Sleep(ctx, 0)
			}
		},
		"asked too early": func(ctx context.Context) { asyncio.CreateTask(ctx, testutil.Noop, asyncio.WithName("alone")).Result() },
	}
	const want = "alone … " + debugTestFile + " … never awaited"
	for name, f := range seen {
		t.Run("not of one that was "+name, func(t *testing.T) {
			testutil.Succeed(t, func(ctx context.Context) error { // which expects no report
				f(ctx)
				return asyncio.Sleep(ctx, time.Second)
			}, asyncio.WithDebug())
		})
	}
	for name, f := range unseen {
		t.Run("at Close: "+name, func(t *testing.T) {
			var r testutil.Reports
			asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
				f(ctx)
				return asyncio.Sleep(ctx, time.Second)
			}), asyncio.WithVirtualClock(), asyncio.WithDebug(), r.Option())
			r.Expect(t, want)
		})
		t.Run("when it is collected: "+name, func(t *testing.T) {
			var r testutil.Reports
			asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
				f(ctx)
				testutil.Until(t, "the task is reported", func() bool {
					runtime.GC()
					asyncio.Sleep(ctx, 0)
					return r.Len() > 0
				})
				return nil
			}), asyncio.WithDebug(), r.Option())
			r.Expect(t, want) // and not again when the loop closed
		})
		t.Run("not without debug mode: "+name, func(t *testing.T) {
			testutil.Succeed(t, func(ctx context.Context) error {
				f(ctx)
				return asyncio.Sleep(ctx, time.Second)
			})
		})
	}
}

const (
	wasHeldUp = "was held up"
	isHeldUp  = "is held up"
)

func TestSlowSteps(t *testing.T) {
	program := func(t *testing.T, limit time.Duration, opts ...asyncio.Option) *testutil.Logged {
		h := testutil.CaptureLog(t, nil)
		testutil.Succeed(t, func(ctx context.Context) error {
			l := asyncio.RunningLoop(ctx)
			l.SetSlowCallbackDuration(limit)
			l.CallSoon(func() {})
			a := asyncio.CreateTask(ctx, func(ctx context.Context) (asyncio.None, error) {
				return asyncio.None{}, asyncio.Sleep(ctx, time.Second)
			}, asyncio.WithName("slow"))
			asyncio.Go(ctx, testutil.Noop, asyncio.WithName("go")).Await(ctx)
			_, err := a.Await(ctx)
			return err
		}, opts...)
		return h
	}
	t.Run("are logged when they are over", func(t *testing.T) {
		h := program(t, 1, asyncio.WithDebug())
		slow := h.Of(wasHeldUp, "slow")
		if len(slow) != 2 { // before and after its sleep
			t.Errorf("of the task: %v", slow)
		}
		for _, r := range slow {
			if r.Attrs["for"].Duration() < 1 || !strings.Contains(r.Attrs["coro"].String(), "TestSlowSteps") ||
				!strings.Contains(r.Attrs["created"].String(), debugTestFile+":") {
				t.Errorf("logged: %v", r)
			}
		}
		if len(h.Of(wasHeldUp, "")) == 0 {
			t.Error("no callback was logged")
		}
	})
	t.Run("not below the limit", func(t *testing.T) {
		if h := program(t, math.MaxInt64, asyncio.WithDebug()); len(h.All()) > 0 {
			t.Errorf("logged: %v", h.All())
		}
	})
	t.Run("not without debug mode", func(t *testing.T) {
		if h := program(t, 1); len(h.All()) > 0 {
			t.Errorf("logged: %v", h.All())
		}
	})
	t.Run("also those that panic or exit", func(t *testing.T) {
		h := testutil.CaptureLog(t, nil)
		var r testutil.Reports
		returned := testutil.Goexit(t, func() {
			asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
				l := asyncio.RunningLoop(ctx)
				l.SetSlowCallbackDuration(1)
				l.CallSoon(func() { panic("callback") })
				a := asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error { panic("task") }), asyncio.WithName("panics"))
				if _, err := a.Await(ctx); err == nil {
					t.Error("the panic is lost")
				}
				asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error {
					runtime.Goexit()
					return nil
				}), asyncio.WithName("exits")).Await(ctx)
				return nil
			}), asyncio.WithVirtualClock(), asyncio.WithDebug(), r.Option())
		})
		if returned {
			t.Error("Run returned")
		}
		r.Expect(t, "panic in callback")
		for _, who := range []string{"panics", "exits"} {
			if n := len(h.Of(wasHeldUp, who)); n != 1 {
				t.Errorf("%s: logged %d times", who, n)
			}
		}
	})
}

//go:noinline
func stuckHere(release <-chan struct{}) { <-release }

// Whoever is stuck is released by the warning about it. In a process of its own: among
// thousands of goroutines the stack may be left out.
func TestWatchdog(t *testing.T) {
	if !testutil.InProcess(t) {
		return
	}
	const threshold = 2 * time.Millisecond
	for name, p := range map[string]struct {
		task  string // to be named
		stick func(ctx context.Context, stuck func()) error
	}{
		"names the task and where it is stuck": {"stuck", func(ctx context.Context, stuck func()) error {
			_, err := asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error { stuck(); return nil }),
				asyncio.WithName("stuck")).Await(ctx)
			return err
		}},
		"a later step": {"stuck", func(ctx context.Context, stuck func()) error {
			_, err := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				err := asyncio.Sleep(ctx, time.Hour)
				stuck()
				return err
			}), asyncio.WithName("stuck")).Await(ctx)
			return err
		}},
		"a callback": {"", func(ctx context.Context, stuck func()) error {
			asyncio.RunningLoop(ctx).CallSoon(stuck)
			return asyncio.Sleep(ctx, time.Hour)
		}},
		"a timer": {"", func(ctx context.Context, stuck func()) error {
			asyncio.RunningLoop(ctx).CallLater(time.Minute, stuck)
			return asyncio.Sleep(ctx, time.Hour)
		}},
		"a done callback": {"", func(ctx context.Context, stuck func()) error {
			asyncio.CreateTask(ctx, testutil.Noop).AddDoneCallback(func(*asyncio.Task[asyncio.None]) { stuck() })
			return asyncio.Sleep(ctx, time.Hour)
		}},
		"an eager task": {"stuck", func(ctx context.Context, stuck func()) error {
			return spawnEager(ctx, "stuck", func(context.Context) error { stuck(); return nil }).Err()
		}},
		"an eager task of a callback": {"stuck", func(ctx context.Context, stuck func()) error {
			asyncio.RunningLoop(ctx).CallSoon(func() {
				spawnEager(ctx, "stuck", func(context.Context) error { stuck(); return nil }).Err()
			})
			return asyncio.Sleep(ctx, time.Hour)
		}},
		"the creator of an eager task": {"stuck", func(ctx context.Context, stuck func()) error {
			_, err := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				asyncio.CreateTask(ctx, testutil.Noop, asyncio.Eager()).Err()
				stuck()
				return nil
			}), asyncio.WithName("stuck")).Await(ctx)
			return err
		}},
	} {
		for mode, opts := range map[string][]asyncio.Option{
			"alone": {asyncio.WithWatchdog(threshold)},
			// With its own threshold instead of debug mode's 100 ms.
			"in debug mode": {asyncio.WithDebug(), asyncio.WithWatchdog(threshold)},
		} {
			t.Run(name+" "+mode, func(t *testing.T) {
				testutil.NoLeaks(t)
				release := make(chan struct{})
				var first, second testutil.LogRecord
				n := 0 // all records of a loop come from one goroutine at a time
				testutil.CaptureLog(t, func(r testutil.LogRecord) {
					stack := r.Attrs["stack"].String()
					if !strings.Contains(r.Message, isHeldUp) || !strings.Contains(stack, "stuckHere") {
						return // a machine that is very busy
					}
					switch n++; n {
					case 1:
						first = r
					case 2:
						second = r
						close(release)
					}
				})
				testutil.Within(t, func() {
					testutil.Succeed(t, func(ctx context.Context) error {
						return p.stick(ctx, func() { stuckHere(release) })
					}, opts...)
				})
				for _, r := range []testutil.LogRecord{first, second} {
					stack := r.Attrs["stack"].String()
					if r.Task() != p.task {
						t.Errorf("names task %q, want %q", r.Task(), p.task)
					}
					callback, named := r.Attrs["callback"]
					if named != (p.task == "") || named && !strings.Contains(callback.String(), "TestWatchdog") {
						t.Errorf("names callback %v", callback)
					}
					if !strings.Contains(stack, debugTestFile+":") || strings.Contains(stack, "/internal/") {
						t.Errorf("stack:\n%s", stack)
					}
				}
				a, b := first.Attrs["for"].Duration(), second.Attrs["for"].Duration()
				if a < threshold || b < 2*a {
					t.Errorf("warned after %v and %v", a, b)
				}
			})
		}
	}
	t.Run("is there in debug mode too", func(t *testing.T) {
		testutil.NoLeaks(t)
		release := make(chan struct{})
		var once sync.Once
		testutil.CaptureLog(t, func(r testutil.LogRecord) {
			if strings.Contains(r.Attrs["stack"].String(), "stuckHere") {
				once.Do(func() { close(release) })
			}
		})
		testutil.Within(t, func() {
			testutil.Succeed(t, func(ctx context.Context) error {
				asyncio.RunningLoop(ctx).SetSlowCallbackDuration(threshold)
				asyncio.Sleep(ctx, 0)
				stuckHere(release)
				return nil
			}, asyncio.WithDebug())
		})
	})
	t.Run("a threshold must be positive", func(t *testing.T) {
		testutil.ExpectPanic(t, func() { asyncio.WithWatchdog(0) }, "WithWatchdog", "positive")
	})
}

// A loop that has nothing to do, and Go tasks at work, are no reason to warn. How
// long that has to be looked at is told by another loop, which is stuck.
func TestWatchdogIsSilentWhileTheLoopIsIdle(t *testing.T) {
	testutil.NoLeaks(t)
	const threshold = 50 * time.Millisecond
	release, end := make(chan struct{}), make(chan struct{})
	var idleWarned atomic.Int32
	h := testutil.CaptureLog(t, func(r testutil.LogRecord) {
		switch {
		case r.Task() != "stuck":
			idleWarned.Add(1)
		case strings.Contains(r.Message, isHeldUp) && r.Attrs["for"].Duration() > 2*threshold:
			close(release)
		}
	})
	idle := make(chan *asyncio.Loop, 1)
	var running sync.WaitGroup
	running.Go(func() {
		asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error { return asyncio.Sleep(ctx, time.Hour) }))
			work := asyncio.Go(ctx, asyncio.Void(func(context.Context) error { <-end; return nil }))
			idle <- asyncio.RunningLoop(ctx)
			_, err := work.Await(ctx)
			return err
		}), asyncio.WithWatchdog(threshold))
	})
	l := <-idle
	asyncio.AllTasks(l) // waits for the end of its step
	before := idleWarned.Load()
	testutil.Within(t, func() {
		stuck := asyncio.NewLoop(asyncio.WithWatchdog(threshold))
		defer stuck.Close()
		stuck.RunUntilComplete(asyncio.CreateTask(stuck.Context(), asyncio.Void(func(context.Context) error {
			stuckHere(release)
			return nil
		}), asyncio.WithName("stuck")))
	})
	if n := idleWarned.Load(); n != before {
		t.Errorf("warned of the idle loop: %v", h.All())
	}
	close(end)
	running.Wait()
}

// richProgram has a bit of everything on the loop.
func richProgram(ctx context.Context, tr *testutil.Trace) error {
	tr.Tick(30)
	var lock asyncio.Lock
	q := asyncio.NewQueue[int](1)
	asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
		for i := range 5 {
			q.Put(ctx, i)
			tr.Add("put %d", i)
		}
		q.Shutdown()
		return nil
	}))
	asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
		for v, err := range q.All(ctx) {
			tr.Add("got %d %v", v, err)
		}
		return nil
	}), asyncio.Eager())
	for i := range 3 {
		who := fmt.Sprint("lock", i)
		asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			return lock.With(ctx, func() error {
				tr.Nap(ctx, who, i)
				return nil
			})
		}))
	}
	a := asyncio.CreateTask(ctx, tr.Steps("a", 4), asyncio.Eager())
	b := asyncio.CreateTask(ctx, tr.Wait("b", a))
	c := asyncio.CreateTask(ctx, tr.Sleeper("c", 20))
	tr.Loop.CallLater(testutil.Millis(3), func() { c.Cancel("enough") })
	a.AddDoneCallback(func(*asyncio.Task[string]) { tr.Add("a done") })
	vs, err := asyncio.Gather(ctx, a, b)
	tr.Add("gathered %v %v", vs, err)
	err = asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
		tg.SetLimit(2)
		for i := range 4 {
			asyncio.CreateTask(tg, tr.Sleeper(fmt.Sprint("g", i), 2))
			tr.Add("created g%d", i)
		}
		asyncio.CreateTask(tg, testutil.Fail(testutil.ErrTest), asyncio.Eager())
		tr.Nap(ctx, "body", 50)
		return nil
	})
	tr.Add("group %t", errors.Is(err, testutil.ErrTest)) // the text has where a task was created, in debug mode
	tr.Add("timeout %v", asyncio.Timeout(ctx, testutil.Millis(2), func(ctx context.Context) error {
		// Awaited as soon as it was created, to any depth.
		_, err := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
			return asyncio.CreateTask(ctx, tr.Sleeper("deep", 9)).Await(ctx)
		}).Await(ctx)
		return err
	}))
	_, err = c.Await(ctx)
	tr.Add("c %s", testutil.Show(err))
	testutil.Elsewhere(func() {
		tr.Loop.CallSoon(tr.Say("from elsewhere"))
		asyncio.CreateTask(ctx, tr.Steps("e", 2), asyncio.Eager())
		asyncio.CreateTask(ctx, tr.Steps("f", 2))
	})
	asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error { panic("p") })).Await(ctx)
	tr.Loop.CallSoon(func() { panic("callback") })
	for i := range 50 {
		asyncio.CreateTask(ctx, tr.Steps(fmt.Sprint("s", i), 1+i%3))
	}
	asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
		err := testutil.Forever(ctx)
		tr.Nap(ctx, "cleans up", 1)
		return err
	}))
	tr.Sleep(ctx, 5)
	return errors.New("end")
}

func TestOrderIsTheSameUnderObservation(t *testing.T) {
	testutil.CaptureLog(t, nil)
	observed := func(opts ...asyncio.Option) []string {
		tr := &testutil.Trace{}
		_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
			tr.Begin(asyncio.RunningLoop(ctx))
			return richProgram(ctx, tr)
		}), append(opts, asyncio.WithVirtualClock())...)
		tr.Lines = append(tr.Lines, testutil.Show(err))
		return slices.DeleteFunc(tr.Lines, func(line string) bool {
			return strings.HasSuffix(line, "handler no error") // debug mode's, of tasks never awaited
		})
	}
	plain := observed()
	if len(plain) < 150 {
		t.Errorf("a poor program: %d lines", len(plain))
	}
	for name, opts := range map[string][]asyncio.Option{
		"debug":             {asyncio.WithDebug()},
		"watchdog":          {asyncio.WithWatchdog(time.Hour)},
		"a hasty watchdog":  {asyncio.WithWatchdog(1)},
		"debug and watched": {asyncio.WithDebug(), asyncio.WithWatchdog(time.Hour)},
	} {
		t.Run(name, func(t *testing.T) { testutil.ExpectLines(t, observed(opts...), plain...) })
	}
}

// The default handler logs where a task was created.
func TestReportIsLoggedWithWhereTheTaskWasCreated(t *testing.T) {
	var b bytes.Buffer
	before, writer, flags := slog.Default(), log.Writer(), log.Flags()
	slog.SetDefault(slog.New(slog.NewTextHandler(&b, nil)))
	defer func() {
		slog.SetDefault(before)
		log.SetOutput(writer)
		log.SetFlags(flags)
	}()
	n := 0
	asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		n = testutil.Line() + 1
		asyncio.CreateTask(ctx, testutil.Fail(testutil.ErrTest))
		return asyncio.Sleep(ctx, 0)
	}), asyncio.WithVirtualClock(), asyncio.WithDebug())
	if want := fmt.Sprintf("%s:%d", debugTestFile, n); !strings.Contains(b.String(), want) {
		t.Errorf("logged %q, want %q in it", b.String(), want)
	}
}
