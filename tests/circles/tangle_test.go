package circles_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// holdThenTake is a coroutine that takes first, lets others run, and takes second.
func holdThenTake(first, second testutil.LockLike) asyncio.Coroutine[asyncio.None] {
	return asyncio.Void(func(ctx context.Context) error {
		if err := first.Acquire(ctx); err != nil {
			return err
		}
		defer func() { _ = first.Release() }()
		if err := asyncio.Sleep(ctx, 0); err != nil {
			return err
		}
		if err := second.Acquire(ctx); err != nil {
			return err
		}
		return second.Release()
	})
}

const throughLocks = "tasks wait for each other through locks … await would never end"

// stuckTwo makes a and b, of which each has what the other waits for.
func stuckTwo(ctx context.Context, x, y testutil.LockLike) (a, b *asyncio.Task[asyncio.None]) {
	return asyncio.CreateTask(ctx, holdThenTake(x, y), asyncio.WithName("a")),
		asyncio.CreateTask(ctx, holdThenTake(y, x), asyncio.WithName("b"))
}

// lookedAt runs main, with which the loop comes to rest, in a bubble, and returns what was
// reported by then. Once that is so main's cue is done.
func lookedAt(t *testing.T, main func(ctx context.Context, cue *asyncio.Future[asyncio.None]) error, opts ...asyncio.Option) *testutil.Reports {
	t.Helper()
	var r testutil.Reports
	synctest.Test(t, func(t *testing.T) {
		l := asyncio.NewLoop(append(opts, r.Option())...)
		cue := asyncio.NewFuture[asyncio.None](l.Context())
		task := asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error { return main(ctx, cue) }), asyncio.WithName("main"))
		done := make(chan error, 1)
		go func() { done <- l.RunUntilComplete(task) }()
		synctest.Wait()
		cue.SetResult(asyncio.None{})
		if err := <-done; err != nil {
			t.Errorf("main: %v", err)
		}
		if err := l.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return &r
}

func TestCircleThroughTwoLocksIsSaidOnce(t *testing.T) {
	lookedAt(t, func(ctx context.Context, cue *asyncio.Future[asyncio.None]) error {
		var x, y asyncio.Lock
		a, b := stuckTwo(ctx, &x, &y)
		if _, err := cue.Await(ctx); err != nil {
			return err
		}
		if a.Done() || b.Done() {
			t.Error("the warning has ended a wait")
		}
		return testutil.EndAll(ctx)
	}).Expect(t, throughLocks+" … a waits in Lock.Acquire … at … tangle_test.go: … held by b … b waits in Lock.Acquire … tangle_test.go: … held by a")
}

// A name is no number: tasks that have one are told apart all the same.
func TestCircleThatComesBesideAnotherIsSaidToo(t *testing.T) {
	lookedAt(t, func(ctx context.Context, cue *asyncio.Future[asyncio.None]) error {
		var x, y, v, w asyncio.Lock
		stuckTwo(ctx, &x, &y)
		if _, err := cue.Await(ctx); err != nil {
			return err
		}
		stuckTwo(ctx, &v, &w)
		again := asyncio.NewFuture[asyncio.None](ctx)
		go func() {
			synctest.Wait()
			again.SetResult(asyncio.None{})
		}()
		if _, err := again.Await(ctx); err != nil {
			return err
		}
		return testutil.EndAll(ctx)
	}).Expect(t, throughLocks+" … a waits", throughLocks+" … a waits")
}

func TestProgramGoesOnWhenSomebodyReleases(t *testing.T) {
	lookedAt(t, func(ctx context.Context, cue *asyncio.Future[asyncio.None]) error {
		var x, y asyncio.Lock
		a, b := stuckTwo(ctx, &x, &y)
		if _, err := cue.Await(ctx); err != nil {
			return err
		}
		_ = y.Release() // b's
		if _, err := a.Await(ctx); err != nil {
			return err
		}
		_, err := b.Await(ctx)
		return err
	}).Expect(t, throughLocks)
}

func TestCircleThroughALockAndAnAwait(t *testing.T) {
	for _, w := range awaits {
		if strings.HasPrefix(w.name, "WaitFor") {
			continue // it ends by its timer
		}
		t.Run(w.name, func(t *testing.T) {
			lookedAt(t, func(ctx context.Context, cue *asyncio.Future[asyncio.None]) error {
				var x asyncio.Lock
				open := asyncio.NewFuture[asyncio.None](ctx)
				asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					return x.With(ctx, func() error {
						b := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
							return x.With(ctx, func() error { return nil })
						}), asyncio.WithName("b"))
						return w.wait(ctx, b, open)
					})
				}), asyncio.WithName("a"))
				if _, err := cue.Await(ctx); err != nil {
					return err
				}
				return testutil.EndAll(ctx)
			}).Expect(t, throughLocks+" … a awaits … b waits in Lock.Acquire … held by a")
		})
	}
}

func TestCircleThroughAConditionsLock(t *testing.T) {
	lookedAt(t, func(ctx context.Context, cue *asyncio.Future[asyncio.None]) error {
		c := asyncio.NewCondition(nil)
		a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			return c.With(ctx, func() error { return c.Wait(ctx) })
		}), asyncio.WithName("a"))
		b := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			if err := c.Acquire(ctx); err != nil {
				return err
			}
			_ = c.NotifyAll()
			_, err := a.Await(ctx) // which wants the lock again
			return err
		}), asyncio.WithName("b"))
		if _, err := cue.Await(ctx); err != nil {
			return err
		}
		_ = c.Release() // b's; a request would not keep a from taking the lock again
		_, err := b.Await(ctx)
		return err
	}).Expect(t, throughLocks+" … a waits in Lock.Acquire … held by b … b awaits a")
}

func TestCircleThroughSemaphoresInDebugMode(t *testing.T) {
	main := func(ctx context.Context, cue *asyncio.Future[asyncio.None]) error {
		x, y := asyncio.NewSemaphore(1), asyncio.NewBoundedSemaphore(1)
		stuckTwo(ctx, x, y)
		if _, err := cue.Await(ctx); err != nil {
			return err
		}
		return testutil.EndAll(ctx)
	}
	lookedAt(t, main, asyncio.WithDebug()).Expect(t, throughLocks+" … a waits in Semaphore.Acquire … held by b")
	lookedAt(t, main).Expect(t) // nobody keeps account
}

func TestNoCircleWhereSomebodyMayGoOn(t *testing.T) {
	for name, begin := range map[string]func(ctx context.Context, x, y *asyncio.Lock, end <-chan struct{}){
		"a goroutine holds it": func(ctx context.Context, x, y *asyncio.Lock, _ <-chan struct{}) {
			x.TryAcquire()
			asyncio.CreateTask(ctx, holdThenTake(y, x))
		},
		"a Go task is at work": func(ctx context.Context, x, y *asyncio.Lock, end <-chan struct{}) {
			stuckTwo(ctx, x, y)
			asyncio.Go(ctx, func(context.Context) (asyncio.None, error) { <-end; return asyncio.None{}, nil })
		},
		"a timer is set": func(ctx context.Context, x, y *asyncio.Lock, _ <-chan struct{}) {
			stuckTwo(ctx, x, y)
			// On this clock the timer comes at once, with the end of the circle.
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				defer func() { _ = x.Release() }()
				return asyncio.Sleep(ctx, time.Hour)
			}))
		},
		"an await is for a future": func(ctx context.Context, x, _ *asyncio.Lock, _ <-chan struct{}) {
			open := asyncio.NewFuture[asyncio.None](ctx)
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				return x.With(ctx, func() error { _, err := open.Await(ctx); return err })
			}))
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error { return x.Acquire(ctx) }))
		},
		"a goroutine has one of two places": func(ctx context.Context, x, _ *asyncio.Lock, _ <-chan struct{}) {
			two := asyncio.NewSemaphore(2)
			two.TryAcquire()
			stuckTwo(ctx, x, two)
			stuckTwo(ctx, two, x)
		},
		"the holder has ended": func(ctx context.Context, x, y *asyncio.Lock, _ <-chan struct{}) {
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error { return x.Acquire(ctx) }))
			asyncio.CreateTask(ctx, holdThenTake(y, x))
		},
		"a deadline on another clock": func(ctx context.Context, x, y *asyncio.Lock, _ <-chan struct{}) {
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				late, stop := context.WithTimeout(ctx, time.Hour)
				defer stop()
				return x.With(ctx, func() error { return errors.Join(asyncio.Sleep(ctx, 0), y.Acquire(late)) })
			}))
			asyncio.CreateTask(ctx, holdThenTake(y, x))
		},
	} {
		t.Run(name, func(t *testing.T) {
			var opts []asyncio.Option
			if strings.Contains(name, "places") {
				opts = append(opts, asyncio.WithDebug()) // else nobody keeps account
			}
			lookedAt(t, func(ctx context.Context, cue *asyncio.Future[asyncio.None]) error {
				var x, y asyncio.Lock
				end := make(chan struct{})
				begin(ctx, &x, &y, end)
				_, err := cue.Await(ctx)
				close(end)
				return errors.Join(err, testutil.EndAll(ctx))
			}, opts...).Expect(t)
		})
	}
}

func TestCircleThroughLocksOnAVirtualClock(t *testing.T) {
	var r testutil.Reports
	l := testutil.NewLoop(t, &r)
	var x, y asyncio.Lock
	stuckTwo(l.Context(), &x, &y)
	testutil.Within(t, func() {
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = l.RunForever()
		}()
		testutil.Until(t, "reported", func() bool { return r.Len() > 0 })
		for _, a := range asyncio.AllTasks(l) {
			a.Cancel()
		}
		testutil.Until(t, "ended", func() bool { return len(asyncio.AllTasks(l)) == 0 })
		l.Stop()
		<-done
	})
	r.Expect(t, throughLocks)
}

func TestSecondLookAtACircleSaysNothing(t *testing.T) {
	var r testutil.Reports
	synctest.Test(t, func(t *testing.T) {
		l := asyncio.NewLoop(r.Option())
		var x, y asyncio.Lock
		a, b := stuckTwo(l.Context(), &x, &y)
		done := make(chan error, 1)
		go func() { done <- l.RunForever() }()
		synctest.Wait()
		if r.Len() != 1 {
			t.Errorf("%d reports", r.Len())
		}
		for range 3 {
			asyncio.CreateTask(l.Context(), testutil.Noop) // something moves
			synctest.Wait()
		}
		a.Cancel()
		b.Cancel()
		synctest.Wait()
		l.Stop()
		if err := errors.Join(<-done, l.Close()); err != nil {
			t.Error(err)
		}
	})
	r.Expect(t, throughLocks)
}

// Many circles at one time are told of a few at a time, each once.
func TestManyCirclesThroughLocks(t *testing.T) {
	const n = 25
	var r testutil.Reports
	synctest.Test(t, func(t *testing.T) {
		l := asyncio.NewLoop(r.Option())
		for range n {
			var x, y asyncio.Lock
			stuckTwo(l.Context(), &x, &y)
		}
		done := make(chan error, 1)
		go func() { done <- l.RunForever() }()
		for _, want := range []int{10, 20, n, n} {
			synctest.Wait()
			if r.Len() != want {
				t.Errorf("%d reports, want %d", r.Len(), want)
			}
			asyncio.CreateTask(l.Context(), testutil.Noop) // something moves, and it looks again
		}
		for _, a := range asyncio.AllTasks(l) {
			a.Cancel()
		}
		synctest.Wait()
		l.Stop()
		if err := errors.Join(<-done, l.Close()); err != nil {
			t.Error(err)
		}
	})
	var want []string
	for range n {
		want = append(want, throughLocks)
	}
	r.Expect(t, want...)
}

// Of many who hold a semaphore some are named.
func TestCircleThroughASemaphoreOfMany(t *testing.T) {
	lookedAt(t, func(ctx context.Context, cue *asyncio.Future[asyncio.None]) error {
		const n = 13
		var x asyncio.Lock
		s := asyncio.NewSemaphore(n)
		for range n {
			asyncio.CreateTask(ctx, holdThenTake(s, &x), asyncio.WithName("one"))
		}
		asyncio.CreateTask(ctx, holdThenTake(&x, s), asyncio.WithName("all"))
		if _, err := cue.Await(ctx); err != nil {
			return err
		}
		return testutil.EndAll(ctx)
	}, asyncio.WithDebug()).Expect(t,
		throughLocks+" … one waits in Lock.Acquire … held by all … all waits in Semaphore.Acquire … held by one, one, one, one, one, one, one, one, one, one, 3 more")
}
