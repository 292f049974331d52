package asynciotest_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
)

func TestYearsOfSleepTakeNoTime(t *testing.T) {
	asynciotest.Run(t, func(ctx context.Context) error {
		for range 365 {
			if err := asyncio.Sleep(ctx, 24*time.Hour); err != nil {
				return err
			}
		}
		if got, want := asynciotest.Now(ctx), time.Date(2000, 12, 31, 0, 0, 0, 0, time.UTC); !got.Equal(want) {
			t.Errorf("it is %v, want %v", got, want)
		}
		return nil
	})
}

func TestErrorAndPanic(t *testing.T) {
	expect(t, asynciotest.Check(func(context.Context) error { return errTest }), asynciotest.Error, "test error")
	expect(t, asynciotest.Check(func(context.Context) error { panic("boom") }), asynciotest.Panic, "boom", "run_test.go")
}

func TestDeadlockNamesTheCircle(t *testing.T) {
	f := asynciotest.Check(func(ctx context.Context) error {
		var a, b asyncio.Lock
		eat := func(first, second *asyncio.Lock) func(context.Context) error {
			return func(ctx context.Context) error {
				return first.With(ctx, func() error {
					yield(ctx)
					return second.With(ctx, func() error { return nil })
				})
			}
		}
		p, q := spawn(ctx, "plato", eat(&a, &b)), spawn(ctx, "kant", eat(&b, &a))
		_, err := asyncio.Gather(ctx, p, q)
		return err
	})
	expect(t, f, asynciotest.Deadlock,
		"a circle: plato waits for Lock#1, held by kant waits for Lock#2, held by plato",
		"Task-1 (main) waits in Gather at run_test.go:", "for plato, kant",
		"plato waits in Lock.With at run_test.go:", "for Lock#1 <Lock [locked, waiters:1]>, held by kant",
		"created at helper_test.go:", "run_test.go:")
}

func TestDeadlockNamesWhatIsMissing(t *testing.T) {
	cases := map[string]struct {
		wait func(ctx context.Context) error
		want string
	}{
		"queue": {func(ctx context.Context) error {
			_, err := asyncio.NewQueue[int](0).Get(ctx)
			return err
		}, "Queue#1 <Queue maxsize=0 items=0 getters=1>: nobody is left to Put"},
		"full queue": {func(ctx context.Context) error {
			q := asyncio.NewQueue[int](1)
			_ = q.Put(ctx, 1)
			return q.Put(ctx, 2)
		}, "nobody is left to Get"},
		"join": {func(ctx context.Context) error {
			q := asyncio.NewQueue[int](1)
			_ = q.Put(ctx, 1)
			return q.Join(ctx)
		}, "nobody is left to call TaskDone"},
		"event":   {func(ctx context.Context) error { return new(asyncio.Event).Wait(ctx) }, "Event#1 <Event [unset, waiters:1]>: nobody is left to Set it"},
		"barrier": {func(ctx context.Context) error { _, err := asyncio.NewBarrier(2).Wait(ctx); return err }, "<Barrier [filling, waiters:1/2]>: nobody is left to come"},
		"condition": {func(ctx context.Context) error {
			c := asyncio.NewCondition(nil)
			return c.With(ctx, func() error { return c.Wait(ctx) })
		}, "nobody is left to Notify"},
		"future": {func(ctx context.Context) error {
			_, err := asyncio.NewFuture[int](ctx).Await(ctx)
			return err
		}, "what Task-1 (main) waits for in Future.Await at run_test.go:"},
		"semaphore": {func(ctx context.Context) error {
			s := asyncio.NewSemaphore(1)
			_, err := spawn(ctx, "forgetful", func(ctx context.Context) error { return s.Acquire(ctx) }).Await(ctx)
			if err != nil {
				return err
			}
			return s.Acquire(ctx)
		}, "held by forgetful (which has ended without Release)"},
		"lock": {func(ctx context.Context) error {
			var l asyncio.Lock
			_, err := spawn(ctx, "forgetful", l.Acquire).Await(ctx)
			if err != nil {
				return err
			}
			return l.Acquire(ctx)
		}, "Lock#1, held by forgetful (which has ended without Release)"},
		"group": {func(ctx context.Context) error {
			return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				tg.CreateTask(func(ctx context.Context) error { return new(asyncio.Event).Wait(ctx) }, asyncio.WithName("child"))
				return nil
			})
		}, "Task-1 (main) waits in WithTaskGroup"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			expect(t, asynciotest.Check(c.wait), asynciotest.Deadlock, c.want)
		})
	}
}

func TestLeaks(t *testing.T) {
	t.Run("task", func(t *testing.T) {
		f := asynciotest.Check(func(ctx context.Context) error {
			spawn(ctx, "lost", func(ctx context.Context) error { return asyncio.Sleep(ctx, time.Hour) })
			return nil
		})
		expect(t, f, asynciotest.Leak, "left 1 of its tasks pending", "lost waits in Sleep at run_test.go:", "until 2000-01-01 01:00:00")
	})
	t.Run("but not one that is about to end", func(t *testing.T) {
		pass(t, asynciotest.Check(func(ctx context.Context) error {
			spawn(ctx, "quick", yields(3))
			return nil
		}))
	})
	t.Run("nor one that was cancelled", func(t *testing.T) {
		pass(t, asynciotest.Check(func(ctx context.Context) error {
			spawn(ctx, "ticker", func(ctx context.Context) error { return asyncio.Sleep(ctx, time.Hour) }).Cancel()
			return nil
		}))
	})
	t.Run("one that spins", func(t *testing.T) {
		f := asynciotest.Check(func(ctx context.Context) error {
			spawn(ctx, "spinner", yields(1<<40))
			return nil
		})
		expect(t, f, asynciotest.Leak, "spinner is ready to go on")
	})
	t.Run("error", func(t *testing.T) {
		f := asynciotest.Check(func(ctx context.Context) error {
			spawn(ctx, "failing", func(context.Context) error { return errTest })
			return asyncio.Sleep(ctx, 1)
		})
		expect(t, f, asynciotest.Leak, "failing (created at ", "error was never retrieved: test error")
	})
	t.Run("callback", func(t *testing.T) {
		f := asynciotest.Check(func(ctx context.Context) error {
			asyncio.RunningLoop(ctx).CallSoon(func() { panic("boom") })
			return asyncio.Sleep(ctx, 1)
		})
		expect(t, f, asynciotest.Leak, "panic in callback", "boom")
	})
	t.Run("goroutine", func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		f := asynciotest.Check(func(context.Context) error {
			go waitFor(release)
			return nil
		})
		expect(t, f, asynciotest.Leak, "goroutines", "waitFor")
	})
}

func waitFor(c <-chan struct{}) { <-c }

func TestGoroutineThatCallsInIsWaitedFor(t *testing.T) {
	asynciotest.Run(t, func(ctx context.Context) error {
		answer := asyncio.NewFuture[int](ctx)
		asked := make(chan struct{})
		go func() {
			<-asked
			_ = answer.SetResult(42)
		}()
		close(asked)
		_, err := answer.Await(ctx)
		return err
	})
}

func TestADeadlineOfTheStandardLibraryIsWaitedFor(t *testing.T) {
	for _, in := range []func(ctx context.Context) error{
		func(ctx context.Context) error { return new(asyncio.Event).Wait(ctx) },
		func(ctx context.Context) error {
			_, err := spawn(ctx, "member", func(ctx context.Context) error { return new(asyncio.Event).Wait(ctx) }).Await(context.WithoutCancel(ctx))
			return err
		},
	} {
		f := asynciotest.Check(func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, time.Millisecond)
			defer cancel()
			return in(ctx)
		})
		if f == nil || f.Kind != asynciotest.Error || !errors.Is(f.Err, context.DeadlineExceeded) {
			t.Errorf("%+v", f)
		}
	}
}

func TestAGoTaskThatIsAboutToEndIsNoLeak(t *testing.T) {
	for range 200 {
		pass(t, asynciotest.Check(func(ctx context.Context) error {
			asyncio.Go(ctx, func(context.Context) (none, error) { return none{}, nil })
			return nil
		}))
	}
}

func TestACallThatHasJustComeIsNoDeadlock(t *testing.T) {
	for range 2000 {
		pass(t, asynciotest.Check(func(ctx context.Context) error {
			scope, end := context.WithCancel(ctx)
			a := spawn(scope, "a", new(asyncio.Event).Wait)
			yield(ctx)
			end()
			_, _ = a.Await(ctx)
			return nil
		}))
	}
}

func TestStuckNamesGoroutinesThatMightCallIn(t *testing.T) {
	setFlag(t, "asyncio.limit", "20ms")
	release := make(chan struct{})
	defer close(release)
	f := asynciotest.Check(func(ctx context.Context) error {
		go waitFor(release)
		return new(asyncio.Event).Wait(ctx)
	})
	expect(t, f, asynciotest.Stuck, "nobody is left to Set it", "goroutines that might call in", "waitFor")
}

func TestStuckNamesGoTasksThatAreBlocked(t *testing.T) {
	setFlag(t, "asyncio.limit", "20ms")
	release := make(chan struct{})
	defer close(release)
	f := asynciotest.Check(func(ctx context.Context) error {
		w := asyncio.Go(ctx, func(context.Context) (int, error) {
			waitFor(release)
			return 0, nil
		}, asyncio.WithName("worker"))
		_, err := w.Await(ctx)
		return err
	})
	expect(t, f, asynciotest.Stuck, "worker is a Go task, and at work: chan receive", "waitFor")
}

func TestGoTasksHoldTheClock(t *testing.T) {
	asynciotest.Run(t, func(ctx context.Context) error {
		var mu sync.Mutex
		worked := false
		w := asyncio.Go(ctx, func(context.Context) (none, error) {
			for range 1000 {
				mu.Lock()
				worked = true
				mu.Unlock()
			}
			return none{}, nil
		})
		err := asyncio.Sleep(ctx, time.Hour)
		mu.Lock()
		defer mu.Unlock()
		if !worked || !w.Done() {
			t.Error("the clock has jumped over a Go task at work")
		}
		return err
	})
}

func TestGoexitEndsTheTest(t *testing.T) {
	done := make(chan bool)
	go func() {
		returned := false
		defer func() { done <- returned }()
		asynciotest.Check(func(ctx context.Context) error {
			_, err := spawn(ctx, "", func(context.Context) error { panicsByGoexit(); return nil }).Await(ctx)
			return err
		})
		returned = true
	}()
	if <-done {
		t.Error("Check has returned")
	}
}

func TestInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asynciotest.Run(t, func(ctx context.Context) error {
			slow := asyncio.Go(ctx, func(context.Context) (int, error) {
				time.Sleep(time.Minute) // the bubble's time
				return 1, nil
			})
			if err := asyncio.Sleep(ctx, time.Hour); err != nil {
				return err
			}
			_, err := slow.Await(ctx)
			return err
		})
		f := asynciotest.Check(func(ctx context.Context) error { return new(asyncio.Event).Wait(ctx) })
		expect(t, f, asynciotest.Deadlock, "nobody is left to Set it")
	})
}

func TestABlockedGoTaskLetsTheClockGoOn(t *testing.T) {
	program := func(ctx context.Context) error {
		c := make(chan int)
		g := asyncio.Go(ctx, func(context.Context) (int, error) { return <-c, nil })
		spawn(ctx, "sender", func(ctx context.Context) error {
			err := asyncio.Sleep(ctx, time.Hour)
			close(c)
			return err
		})
		_, err := g.Await(ctx)
		return err
	}
	pass(t, asynciotest.Check(program))
	pass(t, asynciotest.Search(asynciotest.Options{Schedules: 20}, program).Failure)
}

func TestALeakedGoTask(t *testing.T) {
	program := func(ctx context.Context) error {
		asyncio.Go(ctx, func(ctx context.Context) (none, error) {
			<-ctx.Done()
			return none{}, ctx.Err()
		}, asyncio.WithName("lost"))
		return nil
	}
	expect(t, asynciotest.Check(program), asynciotest.Leak, "lost is a Go task, and at work")
	expect(t, asynciotest.Search(asynciotest.Options{}, program).Failure, asynciotest.Leak, "lost is a Go task, and at work")
}

func TestASpinnerLeft(t *testing.T) {
	r := asynciotest.Search(asynciotest.Options{MaxSteps: 1000}, func(ctx context.Context) error {
		spawn(ctx, "spinner", yields(1<<40))
		return nil
	})
	expect(t, r.Failure, asynciotest.Leak, "go on without end", "spinner is ready to go on")
}

// The same schedules come again also where Go tasks let each other go on.
func TestGoTasksThatAreLetGoComeInOneOrder(t *testing.T) {
	count := func() asynciotest.Report {
		return asynciotest.Search(asynciotest.Options{Strategy: asynciotest.Exhaustive}, func(ctx context.Context) error {
			g := asyncio.Go(ctx, asyncio.Delay(time.Second, 1))
			h := asyncio.Go(ctx, func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() })
			yield(ctx)
			g.Cancel()
			h.Cancel()
			_, err := asyncio.GatherAll(ctx, g, h)
			return err
		})
	}
	a, b := count(), count()
	if !a.Complete || a != b {
		t.Errorf("%+v, then %+v", a, b)
	}
}

func TestDelayFindsWhatOneChoiceDecides(t *testing.T) {
	r := asynciotest.Search(asynciotest.Options{Strategy: asynciotest.Delay}, func(ctx context.Context) error {
		c := asyncio.NewCondition(nil)
		w := spawn(ctx, "waiter", func(ctx context.Context) error {
			return c.With(ctx, func() error { return c.Wait(ctx) })
		})
		n := spawn(ctx, "notifier", func(ctx context.Context) error {
			return c.With(ctx, func() error { return c.Notify(1) })
		})
		_, err := asyncio.Gather(ctx, w, n)
		return err
	})
	expect(t, r.Failure, asynciotest.Deadlock, "nobody is left to Notify")
}
