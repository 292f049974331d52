package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// accounts checks that each task is created once, asked only meanwhile, and ended once.
type accounts struct {
	t  *testing.T
	mu sync.Mutex
	of map[asyncio.AnyTask]string
	n  int
}

func newAccounts(t *testing.T) *accounts {
	return &accounts{t: t, of: map[asyncio.AnyTask]string{}}
}

func (a *accounts) option() asyncio.Option {
	move := func(task asyncio.AnyTask, to string, from ...string) {
		a.mu.Lock()
		defer a.mu.Unlock()
		for _, f := range from {
			if a.of[task] == f {
				a.of[task] = to
				return
			}
		}
		a.t.Errorf("%v is %q, and then %q", task, a.of[task], to)
	}
	return asyncio.WithObserver(asyncio.Observer{
		TaskCreated: func(c asyncio.TaskCreation) {
			move(c.Task, "created", "")
			a.n++
			if c.Task.Done() || c.Context == nil {
				a.t.Errorf("created: %v %v", c.Task, c.Context)
			}
		},
		TaskAsked: func(t asyncio.AnyTask, why *asyncio.CancelledError) {
			move(t, "asked", "created", "asked")
			if t.Done() || why == nil {
				a.t.Errorf("asked: %v %v", t, why)
			}
		},
		TaskEnded: func(t asyncio.AnyTask, err error) {
			move(t, "ended", "created", "asked")
			if !t.Done() || errors.Is(err, asyncio.ErrCancelled) != t.Cancelled() {
				a.t.Errorf("ended: %v %v", t, err)
			}
		},
	})
}

// expect checks that so many tasks have been there, and all have ended.
func (a *accounts) expect(n int) {
	a.t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	if n >= 0 && a.n != n {
		a.t.Errorf("%d tasks, want %d", a.n, n)
	}
	for t, at := range a.of {
		if at != "ended" {
			a.t.Errorf("%v is left as %s", t, at)
		}
	}
}

func TestObserverIsToldOfEachTaskOnce(t *testing.T) {
	forever := asyncio.Void(testutil.Forever)
	for _, c := range []struct {
		name  string
		tasks int // besides main
		f     func(ctx context.Context) error
	}{
		{"that succeeds, fails, panics, is cancelled", 5, func(ctx context.Context) error {
			asyncio.CreateTask(ctx, testutil.Noop)
			_ = asyncio.CreateTask(ctx, testutil.Fail(errors.New("failed"))).Err()
			_, _ = asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error { panic("so") })).Await(ctx)
			asyncio.CreateTask(ctx, forever).Cancel()
			waits := asyncio.CreateTask(ctx, forever)
			_ = asyncio.Sleep(ctx, time.Second)
			waits.Cancel()
			return asyncio.Sleep(ctx, time.Second)
		}},
		{"that is eager", 2, func(ctx context.Context) error {
			asyncio.CreateTask(ctx, testutil.Noop, asyncio.Eager())
			asyncio.CreateTask(ctx, forever, asyncio.Eager()).Cancel()
			return nil
		}},
		{"of Go", 3, func(ctx context.Context) error {
			_, _ = asyncio.Go(ctx, testutil.Noop).Await(ctx)
			_, _ = asyncio.ToThread(ctx, testutil.Noop)
			asyncio.Go(ctx, forever).Cancel()
			return nil
		}},
		{"of Go that is left to itself", 1, func(ctx context.Context) error {
			goes, ends := make(chan struct{}), make(chan struct{})
			task := asyncio.Go(ctx, asyncio.Void(func(context.Context) error {
				close(goes)
				<-ends
				return nil
			}), asyncio.Abandon())
			_ = asyncio.Sleep(ctx, 0)
			<-goes
			task.Cancel()
			_, err := task.Await(ctx)
			close(ends)
			return errIfNot(err, asyncio.ErrCancelled)
		}},
		{"of a group, one refused, one cancelled by the others", 4, func(ctx context.Context) error {
			var group *asyncio.TaskGroup
			failure := errors.New("failed")
			err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				group = tg
				asyncio.CreateTask(tg, forever)
				asyncio.CreateTask(tg, testutil.Fail(failure))
				asyncio.CreateTask(tg, forever, asyncio.Eager())
				return nil
			})
			_, refused := asyncio.CreateTask(group, testutil.Noop).Await(ctx)
			return errors.Join(errIfNot(refused, asyncio.ErrGroupClosed), errIfNot(err, failure))
		}},
		{"that waits for a place in a group", 3, func(ctx context.Context) error {
			err := asyncio.Timeout(ctx, time.Second, func(ctx context.Context) error {
				return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					tg.SetLimit(1)
					asyncio.CreateTask(tg, forever)
					asyncio.CreateTask(tg, forever)
					return nil
				})
			})
			asyncio.CreateTask(ctx, testutil.Noop)
			return errIfNot(err, asyncio.ErrTimeout)
		}},
		{"of a scope that is over", 1, func(ctx context.Context) error {
			scope, cancel := asyncio.WithCancel(ctx)
			cancel()
			asyncio.CreateTask(scope, testutil.Noop)
			return nil
		}},
		{"that is cancelled in a Timeout and goes on", 0, func(ctx context.Context) error {
			return errIfNot(asyncio.Timeout(ctx, time.Second, testutil.Forever), asyncio.ErrTimeout)
		}},
		{"that exits", 2, func(ctx context.Context) error {
			asyncio.CreateTask(ctx, forever)
			asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error {
				runtime.Goexit()
				return nil
			}))
			return testutil.Forever(ctx)
		}},
	} {
		for name, opts := range map[string][]asyncio.Option{
			"":              nil,
			"in debug mode": {asyncio.WithDebug()},
		} {
			t.Run(strings.TrimSpace(c.name+" "+name), func(t *testing.T) {
				a := newAccounts(t)
				testutil.Goexit(t, func() {
					_, err := asyncio.Run(t.Context(), asyncio.Void(c.f), append(opts, asyncio.WithVirtualClock(),
						a.option(), new(testutil.Reports).Option())...)
					if err != nil {
						t.Error(err)
					}
				})
				a.expect(c.tasks + 1)
			})
		}
	}
}

func errIfNot(err, want error) error {
	if errors.Is(err, want) {
		return nil
	}
	return fmt.Errorf("%w, want %w", err, want)
}

func TestObserverAndTheEndOfALoop(t *testing.T) {
	t.Run("Close with tasks pending, and tasks after that", func(t *testing.T) {
		a := newAccounts(t)
		l := asyncio.NewLoop(a.option(), new(testutil.Reports).Option())
		forever := asyncio.Void(testutil.Forever)
		asyncio.CreateTask(l.Context(), forever)
		asyncio.Go(l.Context(), forever)
		l.CallSoon(l.Stop)
		_ = l.RunForever()
		asyncio.CreateTask(l.Context(), forever) // never starts
		_ = l.Close()
		asyncio.CreateTask(l.Context(), forever)
		asyncio.Go(l.Context(), forever)
		testutil.Until(t, "the Go task has ended", func() bool {
			a.mu.Lock()
			defer a.mu.Unlock()
			for _, at := range a.of {
				if at != "ended" {
					return false
				}
			}
			return true
		})
		a.expect(5)
	})
	t.Run("goroutines that create and cancel while it is shut down", func(t *testing.T) {
		a := newAccounts(t)
		r, scope := started(t, a.option(), new(testutil.Reports).Option())
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for i := range 200 {
					task := asyncio.CreateTask(scope, asyncio.Void(func(ctx context.Context) error { return asyncio.Sleep(ctx, 0) }))
					if i%3 == 0 {
						task.Cancel()
					}
				}
			})
		}
		_ = r.Shutdown(context.Background())
		all.Wait()
		a.expect(800)
	})
}

func TestObserverInEveryOrder(t *testing.T) {
	a := newAccounts(t)
	asynciotest.Explore(t, asynciotest.Options{Cancel: 2, Schedules: 300, Loop: []asyncio.Option{a.option()}}, func(ctx context.Context) error {
		nap := asyncio.Void(func(ctx context.Context) error { return asyncio.Sleep(ctx, time.Millisecond) })
		_ = asyncio.Timeout(ctx, 2*time.Millisecond, func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				tg.SetLimit(2)
				for range 3 {
					asyncio.CreateTask(tg, nap)
				}
				_, err := asyncio.CreateTask(ctx, nap, asyncio.Eager()).Await(ctx)
				return err
			})
		})
		last := asyncio.CreateTask(ctx, nap)
		last.Cancel()
		_, _ = last.Await(ctx)
		return nil
	})
	a.expect(-1)
}

func TestWhatAnObserverIsTold(t *testing.T) {
	var j asynciotest.Trace
	type key struct{}
	observe := func(who string) asyncio.Option {
		return asyncio.WithObserver(asyncio.Observer{
			TaskCreated: func(c asyncio.TaskCreation) {
				by := "nobody"
				if c.By != nil {
					by = c.By.Name()
				}
				j.Add("%s: %s by %s, Go %t, value %v", who, c.Task.Name(), by, c.Go, c.Context.Value(key{}))
			},
			TaskAsked: func(t asyncio.AnyTask, why *asyncio.CancelledError) { j.Add("%s: %s is asked: %v", who, t.Name(), why) },
			TaskEnded: func(t asyncio.AnyTask, err error) { j.Add("%s: %s ends: %v", who, t.Name(), err) },
		})
	}
	testutil.Succeed(t, func(ctx context.Context) error {
		asyncio.CurrentTask(ctx).SetName("main")
		j.Add("main runs")
		_ = asyncio.Timeout(context.WithValue(ctx, key{}, 7), time.Second, func(ctx context.Context) error {
			_, err := asyncio.Go(ctx, asyncio.Void(testutil.Forever), asyncio.WithName("goes")).Await(ctx)
			return err
		})
		_, _ = asyncio.CreateTask(asyncio.RunningLoop(ctx).Context(), testutil.Fail(errors.New("oh")), asyncio.WithName("fails")).Await(ctx)
		return nil
	}, observe("one"), asyncio.WithObserver(asyncio.Observer{}), observe("two"))
	j.Expect(t,
		"one: Task-1 by nobody, Go false, value <nil>",
		"two: Task-1 by nobody, Go false, value <nil>",
		"main runs",
		"one: goes by main, Go true, value 7",
		"two: goes by main, Go true, value 7",
		"one: main is asked: asyncio: cancelled by timeout",
		"two: main is asked: asyncio: cancelled by timeout",
		"one: goes is asked: asyncio: cancelled by timeout",
		"two: goes is asked: asyncio: cancelled by timeout",
		"one: goes ends: asyncio: cancelled by timeout",
		"two: goes ends: asyncio: cancelled by timeout",
		"one: fails by nobody, Go false, value <nil>",
		"two: fails by nobody, Go false, value <nil>",
		"one: fails ends: oh",
		"two: fails ends: oh",
		"one: main ends: <nil>",
		"two: main ends: <nil>",
	)
}

// What an observer looks at is still to be heard of by others.
func TestObserverHearsForNobody(t *testing.T) {
	r := testutil.RunReporting(t, func(ctx context.Context) error {
		asyncio.CreateTask(ctx, testutil.Fail(errors.New("dropped")))
		return asyncio.Sleep(ctx, 0)
	}, asyncio.WithObserver(asyncio.Observer{TaskEnded: func(_ asyncio.AnyTask, err error) { _ = fmt.Sprint(err) }}))
	r.Expect(t, "dropped")
}

func TestObserverThatPanicsOrExits(t *testing.T) {
	explode := asyncio.Observer{
		TaskCreated: func(asyncio.TaskCreation) { panic("created") },
		TaskAsked:   func(asyncio.AnyTask, *asyncio.CancelledError) { panic("asked") },
		TaskEnded:   func(asyncio.AnyTask, error) { panic("ended") },
	}
	t.Run("a panic goes to the handler, and everything goes on", func(t *testing.T) {
		a := newAccounts(t)
		var r testutil.Reports
		_, err := asyncio.Run(t.Context(), asyncio.Void(func(ctx context.Context) error {
			task := asyncio.CreateTask(ctx, asyncio.Void(testutil.Forever))
			_ = asyncio.Sleep(ctx, 0)
			task.Cancel()
			_, err := task.Await(ctx)
			return errIfNot(err, asyncio.ErrCancelled)
		}), asyncio.WithObserver(explode), a.option(), r.Option())
		if err != nil {
			t.Error(err)
		}
		a.expect(2)
		r.Expect(t, "Observer … created", "Observer … created", "Observer … asked", "Observer … ended", "Observer … ended")
	})
	t.Run("Goexit at the end of a task keeps nobody waiting", func(t *testing.T) {
		testutil.Goexit(t, func() {
			_, _ = asyncio.Run(t.Context(), asyncio.Void(func(ctx context.Context) error {
				_, err := asyncio.CreateTask(ctx, testutil.Noop).Await(ctx)
				return err
			}), asyncio.WithObserver(asyncio.Observer{TaskEnded: func(asyncio.AnyTask, error) { runtime.Goexit() }}),
				new(testutil.Reports).Option())
		})
	})
}

func TestObserverOfWhatHoldsUpTheLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		logged := testutil.CaptureLog(t, nil)
		told := make(chan asyncio.HeldUp, 10)
		_, err := asyncio.Run(t.Context(), asyncio.Void(func(context.Context) error {
			h := <-told
			if h.Task == nil || h.Task.Name() != "Task-1" || h.Over || h.For < time.Second || len(h.Stack) == 0 || h.Callback != nil {
				t.Errorf("%+v", h)
			}
			return nil
		}), asyncio.WithWatchdog(time.Second), asyncio.WithObserver(asyncio.Observer{LoopHeldUp: func(h asyncio.HeldUp) { told <- h }}))
		if err != nil {
			t.Error(err)
		}
		if n := len(logged.All()); n != 1 {
			t.Errorf("%d lines in the log", n)
		}
	})
	t.Run("of a callback, and when it is over", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			testutil.CaptureLog(t, nil)
			told := make(chan asyncio.HeldUp, 10)
			var handle *asyncio.Handle
			_, err := asyncio.Run(t.Context(), asyncio.Void(func(ctx context.Context) error {
				handle = asyncio.RunningLoop(ctx).CallSoon(func() { time.Sleep(150 * time.Millisecond) })
				return asyncio.Sleep(ctx, 0)
			}), asyncio.WithDebug(), asyncio.WithObserver(asyncio.Observer{LoopHeldUp: func(h asyncio.HeldUp) { told <- h }}))
			if err != nil {
				t.Error(err)
			}
			stuck, over := <-told, <-told
			if stuck.Over || stuck.Callback != handle || stuck.Task != nil || !over.Over || over.Callback != handle || over.Stack != nil {
				t.Errorf("%+v\n%+v", stuck, over)
			}
		})
	})
}
