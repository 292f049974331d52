// Misuse is an error that names the fix, never a hang: nil arguments, zero values, what is
// closed, awaits where none may be.
package misuse_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestClosedLoop(t *testing.T) {
	t.Run("futures", func(t *testing.T) {
		l := testutil.ClosedLoop(t)
		f := asyncio.NewFuture[int](l.Context())
		if err := f.SetResult(1); err != nil {
			t.Error(err)
		}
		if v, err := f.Await(context.Background()); v != 1 || err != nil {
			t.Error(v, err)
		}
		if !asyncio.NewFuture[int](l.Context()).Cancel() {
			t.Error("Cancel of a pending future is false")
		}
	})
	t.Run("callbacks", func(t *testing.T) {
		l := testutil.ClosedLoop(t)
		f := func() { t.Error("it ran") }
		for name, h := range map[string]*asyncio.Handle{
			"CallSoon":  l.CallSoon(f),
			"CallLater": l.CallLater(0, f),
			"CallAt":    l.CallAt(l.Time(), f),
		} {
			if !h.Cancelled() {
				t.Errorf("%s: the handle is not cancelled", name)
			}
			if h.Cancel() {
				t.Errorf("%s: Cancel came in time", name)
			}
		}
		x := asyncio.NewFuture[int](l.Context())
		remove := x.AddDoneCallback(func(*asyncio.Future[int]) { f() })
		x.SetResult(1)
		remove() // either answer is right; it must not panic
	})
	t.Run("runs", func(t *testing.T) {
		l := testutil.ClosedLoop(t)
		testutil.ExpectIs(t, "RunForever", l.RunForever(), asyncio.ErrLoopClosed)
		testutil.ExpectIs(t, "RunUntilComplete", l.RunUntilComplete(asyncio.NewFuture[int](l.Context())), asyncio.ErrLoopClosed)
		r := asyncio.NewRunner()
		for range 2 {
			if err := r.Close(); err != nil {
				t.Error("Close:", err)
			}
		}
		_, err := asyncio.RunOn(r, context.Background(), testutil.Noop)
		testutil.ExpectIs(t, "RunOn", err, asyncio.ErrLoopClosed)
	})
	t.Run("questions", func(t *testing.T) {
		l := testutil.ClosedLoop(t)
		if !l.IsClosed() || l.IsRunning() || len(asyncio.AllTasks(l)) != 0 {
			t.Error("it does not look closed")
		}
		l.Stop()
		if err := l.Close(); err != nil {
			t.Error("Close again:", err)
		}
		testutil.ExpectIs(t, "Err of its context", l.Context().Err(), context.Canceled)
		testutil.ExpectIs(t, "Cause of its context", context.Cause(l.Context()), asyncio.ErrLoopClosed)
	})
	t.Run("what was set before", func(t *testing.T) {
		var r testutil.Reports
		l := testutil.NewLoop(t, &r)
		timer := l.CallLater(time.Hour, func() {})
		soon := l.CallSoon(func() { t.Error("it ran") })
		scope, cancel := asyncio.WithTimeout(l.Context(), time.Hour)
		f := asyncio.NewFuture[int](l.Context())
		remove := f.AddDoneCallback(func(*asyncio.Future[int]) { t.Error("it ran") })
		l.Close()
		timer.Cancel()
		soon.Cancel()
		cancel()
		remove()
		f.SetResult(1)
		testutil.ExpectIs(t, "a scope", scope.Err(), context.Canceled)
	})
	t.Run("who is waiting is told", func(t *testing.T) {
		testutil.NoLeaks(t)
		l := asyncio.NewLoop()
		f := asyncio.NewFuture[int](l.Context())
		errs := make(chan error, 2)
		go func() {
			_, err := f.Await(context.Background())
			errs <- err
		}()
		go func() { errs <- asyncio.Sleep(l.Context(), time.Hour) }()
		l.Close()
		for range 2 {
			testutil.ExpectIs(t, "the wait", <-errs, asyncio.ErrLoopClosed)
		}
	})
	t.Run("scopes", func(t *testing.T) {
		scope, cancel := asyncio.WithTimeout(testutil.ClosedLoop(t).Context(), time.Hour)
		defer cancel()
		if scope.Err() == nil {
			t.Error("a scope of a loop that has ended has not")
		}
	})
}

func TestAwaitInACallback(t *testing.T) {
	testutil.Succeed(t, func(ctx context.Context) error {
		l := asyncio.RunningLoop(ctx)
		done := asyncio.NewFuture[asyncio.None](ctx)
		l.CallSoon(func() {
			defer done.SetResult(asyncio.None{})
			f := asyncio.NewFuture[asyncio.None](ctx)
			for _, c := range []context.Context{ctx, l.Context(), context.Background()} {
				_, err := f.Await(c)
				testutil.ExpectIs(t, "Await", err, asyncio.ErrNotInTask)
			}
			testutil.ExpectIs(t, "Sleep", asyncio.Sleep(ctx, 0), asyncio.ErrNotInTask)
			_, err := asyncio.ToThread(ctx, testutil.Noop)
			testutil.ExpectIs(t, "ToThread", err, asyncio.ErrNotInTask)
			// What is done needs no wait.
			f.SetResult(asyncio.None{})
			if _, err := f.Await(ctx); err != nil {
				t.Error(err)
			}
			if asyncio.CurrentTask(ctx) != nil {
				t.Error("a callback has a task")
			}
			if err := l.RunForever(); !errors.Is(err, asyncio.ErrLoopRunning) {
				t.Error("RunForever:", err)
			}
		})
		_, err := done.Await(ctx)
		return err
	})
}

func TestNil(t *testing.T) {
	var r testutil.Reports
	l := testutil.NewLoop(t, &r)
	ctx := l.Context()
	var noCtx context.Context
	f := asyncio.NewFuture[asyncio.None](ctx)
	a := asyncio.CreateTask(ctx, testutil.Noop)
	l.RunUntilComplete(a)
	for name, test := range map[string]struct {
		do   func()
		word string
	}{
		"CreateTask":             {func() { asyncio.CreateTask[asyncio.None](ctx, nil) }, "nil coroutine"},
		"Go":                     {func() { asyncio.Go[asyncio.None](ctx, nil) }, "nil coroutine"},
		"Run":                    {func() { asyncio.Run[asyncio.None](context.Background(), nil) }, "nil coroutine"},
		"CallSoon":               {func() { l.CallSoon(nil) }, "nil callback"},
		"CallLater":              {func() { l.CallLater(time.Second, nil) }, "nil callback"},
		"CallAt":                 {func() { l.CallAt(l.Time(), nil) }, "nil callback"},
		"Task.AddDoneCallback":   {func() { a.AddDoneCallback(nil) }, "nil callback"},
		"Future.AddDoneCallback": {func() { f.AddDoneCallback(nil) }, "nil callback"},

		"CreateTask in nil":  {func() { asyncio.CreateTask(noCtx, testutil.Noop) }, "nil context: pass"},
		"Go in nil":          {func() { asyncio.Go(noCtx, testutil.Noop) }, "nil context: pass"},
		"NewFuture in nil":   {func() { asyncio.NewFuture[asyncio.None](noCtx) }, "nil context: pass"},
		"Sleep in nil":       {func() { asyncio.Sleep(noCtx, 0) }, "nil context: pass"},
		"Await in nil":       {func() { f.Await(noCtx) }, "nil context: pass"},
		"Run in nil":         {func() { asyncio.Run(noCtx, testutil.Noop) }, "nil context: pass"},
		"WithCancel of nil":  {func() { asyncio.WithCancel(noCtx) }, "nil context: pass"},
		"WithTimeout of nil": {func() { asyncio.WithTimeout(noCtx, time.Second) }, "nil context: pass"},
		"RunningLoop of nil": {func() { asyncio.RunningLoop(noCtx) }, "nil context: pass"},

		"WithMaxThreads of none":     {func() { asyncio.WithMaxThreads(0) }, "positive"},
		"WithUnheardAfter of before": {func() { asyncio.WithUnheardAfter(-1) }, "zero or more"},

		"Wait for a nil future": {func() { asyncio.Wait(ctx, []*asyncio.Future[int]{nil}, asyncio.WaitOptions{}) }, "nil task or future"},
	} {
		t.Run(name, func(t *testing.T) { testutil.ExpectPanic(t, test.do, test.word) })
	}
	// None of it has harmed the loop.
	l.CallSoon(l.Stop)
	if err := l.RunForever(); err != nil {
		t.Error(err)
	}
	r.Expect(t)
}
