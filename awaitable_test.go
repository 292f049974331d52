package asyncio_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// mixed are tasks and futures of several types that end after a second, with value or error.
func mixed(ctx context.Context) map[string]asyncio.AnyFuture {
	set := asyncio.NewFuture[string](ctx)
	asyncio.RunningLoop(ctx).CallLater(time.Second, func() { set.SetResult("set") })
	return map[string]asyncio.AnyFuture{
		"task":    asyncio.CreateTask(ctx, asyncio.Delay(time.Second, 1)),
		"Go task": asyncio.Go(ctx, asyncio.Delay(time.Second, 2.5)),
		"future":  set,
		"failed": asyncio.CreateTask(ctx, func(ctx context.Context) ([]int, error) {
			return []int{1}, errors.Join(asyncio.Sleep(ctx, time.Second), testutil.ErrTest)
		}),
	}
}

func TestUntypedResult(t *testing.T) {
	testutil.Succeed(t, func(ctx context.Context) error {
		all := mixed(ctx)
		for name, f := range all {
			_, err := f.ResultAny()
			testutil.ExpectIs(t, name+" before the end", err, asyncio.ErrInvalidState)
		}
		asyncio.Sleep(ctx, 2*time.Second)
		for name, want := range map[string]any{"task": 1, "Go task": 2.5, "future": "set"} {
			if v, err := all[name].ResultAny(); v != want || err != nil {
				t.Errorf("%s: %v, %v, want %v", name, v, err, want)
			}
		}
		v, err := all["failed"].ResultAny()
		testutil.ExpectIs(t, "failed", err, testutil.ErrTest)
		if s, ok := v.([]int); !ok || len(s) != 1 {
			t.Errorf("the value beside an error: %v", v)
		}
		return nil
	})
}

// OnDone runs among the callbacks of AddDoneCallback, in the order in which they were added.
func TestOnDone(t *testing.T) {
	testutil.RunScenarios(t, []testutil.Scenario{{
		Name: "in order, on the turn after the end",
		Want: []string{"running", "1 true", "2", "main goes on", "late"},
		Main: func(ctx context.Context, tr *testutil.Trace) error {
			a := asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error { tr.Add("running"); return nil }))
			a.OnDone(func() { tr.Add("1 %t", a.Done()) })
			remove := a.OnDone(func() { tr.Add("removed") })
			a.AddDoneCallback(func(*asyncio.Task[asyncio.None]) { tr.Add("2") })
			if !remove() || remove() {
				t.Error("remove: want true, then false")
			}
			a.Await(ctx)
			tr.Add("main goes on")
			late := a.OnDone(func() { tr.Add("late") })
			asyncio.Sleep(ctx, 0)
			if late() {
				t.Error("a callback that has run was removed")
			}
			return nil
		},
	}})
	t.Run("what panics is named", func(t *testing.T) {
		r := testutil.RunReporting(t, func(ctx context.Context) error {
			f := asyncio.NewFuture[int](ctx)
			f.OnDone(func() { panic("oh no") })
			f.SetResult(1)
			return asyncio.Sleep(ctx, 0)
		})
		r.Expect(t, "panic in callback … TestOnDone … oh no")
	})
	t.Run("of nobody", func(t *testing.T) {
		l := testutil.ClosedLoop(t)
		f := asyncio.NewFuture[int](l.Context())
		remove := f.OnDone(func() { t.Error("a callback of a closed loop runs") })
		f.SetResult(1)
		remove()
		testutil.ExpectPanic(t, func() { f.OnDone(nil) }, "nil callback")
		testutil.ExpectPanic(t, func() { new(asyncio.Task[int]).OnDone(func() {}) }, "CreateTask")
	})
}

func TestDoneChan(t *testing.T) {
	t.Run("is closed when it is done, for goroutines and Go tasks", func(t *testing.T) {
		testutil.NoLeaks(t)
		testutil.Succeed(t, func(ctx context.Context) error {
			all, chans := mixed(ctx), map[string]<-chan struct{}{}
			for name, f := range all {
				if chans[name] = f.DoneChan(); isClosed(chans[name]) || f.DoneChan() != chans[name] {
					t.Errorf("%s: closed from the start, or another one each time", name)
				}
			}
			for name, f := range all {
				_, err := asyncio.ToThread(ctx, asyncio.Void(func(ctx context.Context) error {
					select {
					case <-f.DoneChan():
					case <-ctx.Done():
						return context.Cause(ctx)
					}
					if !f.Done() {
						t.Errorf("%s: not done", name)
					}
					return nil
				}))
				if err != nil || !isClosed(chans[name]) || !isClosed(f.DoneChan()) {
					t.Errorf("%s: %v, closed %t, then %t", name, err, isClosed(chans[name]), isClosed(f.DoneChan()))
				}
				_ = f.Err()
			}
			return nil
		})
	})
	t.Run("does not wait for a loop that is busy or does not run", func(t *testing.T) {
		l := asyncio.NewLoop()
		f, g := asyncio.NewFuture[int](l.Context()), asyncio.NewFuture[int](l.Context())
		c := f.DoneChan()
		f.SetResult(1)
		testutil.Wait(t, c) // no run
		step := l.CreateTask(func(context.Context) error {
			testutil.Elsewhere(func() { c = g.DoneChan() })
			return g.SetErr(testutil.ErrTest)
		})
		if err := l.RunUntilComplete(step); err != nil {
			t.Error(err)
		}
		testutil.Wait(t, c)
		testutil.ExpectIs(t, "Err", g.Err(), testutil.ErrTest)
		l.Close()
	})
	t.Run("on a loop that is closed", func(t *testing.T) {
		var r testutil.Reports
		l := asyncio.NewLoop(r.Option())
		begun, late := l.CreateTask(testutil.Forever), l.CreateTask(testutil.Forever)
		f := asyncio.NewFuture[int](l.Context())
		l.CallSoon(func() { l.Stop() })
		l.RunForever()
		chans := []<-chan struct{}{begun.DoneChan(), late.DoneChan()}
		pending := f.DoneChan()
		l.Close()
		for _, c := range chans {
			testutil.Wait(t, c)
		}
		after := l.CreateTask(testutil.Forever)
		testutil.Wait(t, after.DoneChan())
		testutil.ExpectIs(t, "a refused task", after.Err(), asyncio.ErrLoopClosed)
		if isClosed(pending) || isClosed(f.DoneChan()) {
			t.Error("a future that nobody has set is done")
		}
		f.SetResult(1)
		testutil.Wait(t, pending)
	})
	t.Run("of a cancelled one", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			a, f := asyncio.CreateTask(ctx, asyncio.Void(testutil.Forever)), asyncio.NewFuture[int](ctx)
			chans := []<-chan struct{}{a.DoneChan(), f.DoneChan()}
			a.Cancel()
			f.Cancel()
			asyncio.Sleep(ctx, 0)
			asyncio.Sleep(ctx, 0)
			for i, c := range chans {
				if !isClosed(c) {
					t.Errorf("%d is open", i)
				}
			}
			return nil
		})
	})
	t.Run("in a bubble", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := asyncio.NewFuture[int](testutil.RunningLoop(t).Context())
			c := f.DoneChan()
			synctest.Wait()
			go f.SetResult(1)
			<-c
		})
	})
	t.Run("of a zero value", func(t *testing.T) {
		testutil.ExpectPanic(t, func() { new(asyncio.Future[int]).DoneChan() }, "NewFuture")
	})
}

// Who has asked for the channel has not asked for the error.
func TestErrorBehindDoneChanIsHeard(t *testing.T) {
	var r testutil.Reports
	_, err := asyncio.Run(t.Context(), asyncio.Void(func(ctx context.Context) error {
		c := asyncio.CreateTask(ctx, testutil.Fail(testutil.ErrTest), asyncio.WithName("dropped")).DoneChan()
		asyncio.Sleep(ctx, 0)
		if !isClosed(c) {
			t.Error("it is open")
		}
		testutil.Until(t, "it is collected", func() bool {
			runtime.GC()
			asyncio.Sleep(ctx, 0)
			return r.Len() > 0
		})
		return nil
	}), r.Option())
	if err != nil {
		t.Error(err)
	}
	r.Expect(t, "dropped")
}
