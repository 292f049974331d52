// Every method of every type may be called from any goroutine. These tests call each from
// every kind of place that there is, race those that can race, and hammer one loop from many.
package goroutines_test

import (
	"context"
	"errors"
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

// place is somewhere from where a running loop can be used.
type place struct {
	name string
	// enter has f called there and returns when it has returned. started is told
	// the task that f is part of, nil if it is no task.
	enter func(t *testing.T, l *asyncio.Loop, started func(asyncio.AnyTask), f func(ctx context.Context))
	// isTask says that f is part of a task, so that its awaits can be cancelled.
	isTask bool
	// onLoop says that f runs on the loop itself.
	onLoop bool
	// noAwait says that f must not await.
	noAwait bool
}

func inTask(create func(context.Context, asyncio.Coroutine[int], ...asyncio.TaskOption) *asyncio.Task[int], abroad bool) func(*testing.T, *asyncio.Loop, func(asyncio.AnyTask), func(context.Context)) {
	return func(t *testing.T, l *asyncio.Loop, started func(asyncio.AnyTask), f func(context.Context)) {
		if abroad {
			l = testutil.RunningLoop(t)
		}
		task := create(l.Context(), func(ctx context.Context) (int, error) {
			f(ctx)
			return 0, nil
		})
		started(task)
		// Not by Await, which is under test.
		done := make(chan struct{})
		task.AddDoneCallback(func(*asyncio.Task[int]) { close(done) })
		<-done
	}
}

var places = []place{
	{name: "loop task", enter: inTask(asyncio.CreateTask[int], false), isTask: true, onLoop: true},
	{name: "Go task", enter: inTask(asyncio.Go[int], false), isTask: true},
	{name: "task of another loop", enter: inTask(asyncio.CreateTask[int], true), isTask: true},
	{name: "Go task of another loop", enter: inTask(asyncio.Go[int], true), isTask: true},
	{name: "goroutine", enter: func(_ *testing.T, _ *asyncio.Loop, started func(asyncio.AnyTask), f func(context.Context)) {
		started(nil)
		var wg sync.WaitGroup
		wg.Go(func() { f(context.Background()) })
		wg.Wait()
	}},
	{name: "goroutine with the loop's context", enter: func(_ *testing.T, l *asyncio.Loop, started func(asyncio.AnyTask), f func(context.Context)) {
		started(nil)
		var wg sync.WaitGroup
		wg.Go(func() { f(l.Context()) })
		wg.Wait()
	}},
	{name: "goroutine with a task's ctx", enter: func(_ *testing.T, l *asyncio.Loop, started func(asyncio.AnyTask), f func(context.Context)) {
		started(nil)
		end := asyncio.NewFuture[int](l.Context())
		lent := make(chan context.Context, 1)
		lender := asyncio.CreateTask(l.Context(), func(ctx context.Context) (int, error) {
			lent <- ctx
			return end.Await(ctx)
		})
		var wg sync.WaitGroup
		wg.Go(func() { f(<-lent) })
		wg.Wait()
		end.SetResult(0)
		_, _ = lender.Await(context.Background())
	}},
	{name: "callback", onLoop: true, noAwait: true, enter: func(_ *testing.T, l *asyncio.Loop, started func(asyncio.AnyTask), f func(context.Context)) {
		started(nil)
		done := make(chan struct{})
		l.CallSoon(func() {
			defer close(done)
			f(l.Context())
		})
		<-done
	}},
}

func everywhere(t *testing.T, f func(t *testing.T, p place, l *asyncio.Loop)) {
	for _, p := range places {
		t.Run(p.name, func(t *testing.T) {
			testutil.LeaveNothing(t)
			f(t, p, testutil.RunningLoop(t))
		})
	}
}

func nobody(asyncio.AnyTask) {}

var errFailed = errors.New("failed")

func TestEveryVerbFromEveryPlace(t *testing.T) {
	everywhere(t, func(t *testing.T, p place, l *asyncio.Loop) {
		var settle []func()
		p.enter(t, l, nobody, func(ctx context.Context) {
			settle = append(settle, useLoop(t, l), useTask(t, l), useFuture(t, l), useHandle(t, l))
			if p.onLoop {
				if _, err := asyncio.Run(ctx, asyncio.Delay(0, 0)); !errors.Is(err, asyncio.ErrLoopRunning) {
					t.Errorf("Run on a loop: %v", err)
				}
			}
		})
		for _, f := range settle {
			f()
		}
	})
}

// useLoop calls what belongs to the loop and the package. What it returns waits
// for the effects and checks them; so do the others.
func useLoop(t *testing.T, l *asyncio.Loop) (settle func()) {
	if !l.IsRunning() || l.IsClosed() {
		t.Errorf("IsRunning %v, IsClosed %v", l.IsRunning(), l.IsClosed())
	}
	never, done := asyncio.NewFuture[int](l.Context()), asyncio.NewFuture[int](l.Context())
	done.SetResult(0)
	for what, err := range map[string]error{
		"RunForever":                       l.RunForever(),
		"RunUntilComplete":                 l.RunUntilComplete(never),
		"RunUntilComplete of what is done": l.RunUntilComplete(done),
		"Close":                            l.Close(),
	} {
		if !errors.Is(err, asyncio.ErrLoopRunning) {
			t.Errorf("%s of a running loop: %v", what, err)
		}
	}
	if asyncio.RunningLoop(l.Context()) != l {
		t.Error("RunningLoop")
	}
	if now := l.Time(); time.Since(now).Abs() > time.Hour {
		t.Errorf("Time is %v", now)
	}
	if task := asyncio.CurrentTask(l.Context()); task != nil && task.Loop() != l {
		t.Errorf("CurrentTask is %v", task)
	}
	scope, cancel := asyncio.WithCancel(l.Context())
	timeout, cancelTimeout := asyncio.WithTimeout(l.Context(), time.Hour)
	scoped := asyncio.CreateTask(scope, never.Await)
	timed := asyncio.Go(timeout, never.Await)
	all := asyncio.AllTasks(l)
	cancel()
	cancelTimeout()
	if scope.Err() == nil || timeout.Err() == nil {
		t.Error("a cancelled scope has no Err")
	}
	reported := false
	l.SetExceptionHandler(func(_ *asyncio.Loop, c asyncio.ExceptionContext) {
		reported = c.Message == "hello"
	})
	l.CallExceptionHandler(asyncio.ExceptionContext{Message: "hello"})
	if !reported {
		t.Error("CallExceptionHandler")
	}
	l.SetExceptionHandler(func(_ *asyncio.Loop, c asyncio.ExceptionContext) {
		t.Errorf("reported: %s: %v", c.Message, c.Err)
	})
	return func() {
		for _, task := range []*asyncio.Task[int]{scoped, timed} {
			if !slices.Contains(all, asyncio.AnyTask(task)) {
				t.Errorf("%v is not in AllTasks", task)
			}
			if _, err := task.Await(context.Background()); !errors.Is(err, asyncio.ErrCancelled) {
				t.Errorf("in a cancelled scope: %v", err)
			}
		}
	}
}

func useTask(t *testing.T, l *asyncio.Loop) (settle func()) {
	var settles []func()
	for kind, create := range creators {
		never := asyncio.NewFuture[int](l.Context())
		task := create(l.Context(), never.Await, asyncio.WithName(kind))
		var calls atomic.Int32
		count := func(*asyncio.Task[int]) { calls.Add(1) }
		task.AddDoneCallback(count)
		remove := task.AddDoneCallback(count)
		if !remove() || remove() {
			t.Error("remove: want true, then false")
		}
		if task.Name() != kind || task.Loop() != l || task.Done() || task.Cancelled() || task.Cancelling() != 0 {
			t.Errorf("%v of %v", task, task.Loop())
		}
		if _, err := task.Result(); !errors.Is(err, asyncio.ErrInvalidState) || !errors.Is(task.Err(), asyncio.ErrInvalidState) {
			t.Errorf("Result of a pending task: %v", err)
		}
		task.SetName("new " + kind)
		if s := task.String(); !strings.Contains(s, "name=new "+kind) || !strings.Contains(s, "pending") {
			t.Errorf("String is %s", s)
		}
		if !strings.Contains(task.Coro().Function, "Await") {
			t.Errorf("Coro is %+v", task.Coro())
		}
		task.Stack() // whatever it is by now
		if !task.Cancel("a") || task.Cancelling() != 1 {
			t.Errorf("Cancelling is %d", task.Cancelling())
		}
		if n := task.Uncancel(); n != 0 {
			t.Errorf("Uncancel: %d left", n)
		}
		// If the first was not delivered before it was taken back, this one is.
		if !task.Cancel("b") && !task.Done() {
			t.Error("cannot be cancelled")
		}
		settles = append(settles, func() {
			_, err := task.Await(context.Background())
			if !task.Cancelled() || !errors.Is(err, asyncio.ErrCancelled) {
				t.Errorf("cancelled task: %v", err)
			}
			testutil.Flush(l)
			if calls.Load() != 1 {
				t.Errorf("%d callbacks, want 1", calls.Load())
			}
			if task.Cancel() || task.Stack() != nil {
				t.Error("Cancel or Stack of a done task")
			}
		})
	}
	return func() {
		for _, f := range settles {
			f()
		}
	}
}

var creators = map[string]func(context.Context, asyncio.Coroutine[int], ...asyncio.TaskOption) *asyncio.Task[int]{
	"task":    asyncio.CreateTask[int],
	"Go task": asyncio.Go[int],
}

func useFuture(t *testing.T, l *asyncio.Loop) (settle func()) {
	set := asyncio.NewFuture[int](l.Context())
	failed := asyncio.NewFuture[int](l.Context())
	cancelled := asyncio.NewFuture[int](l.Context())
	var calls atomic.Int32
	count := func(*asyncio.Future[int]) { calls.Add(1) }
	for _, f := range []*asyncio.Future[int]{set, failed, cancelled} {
		if _, err := f.Result(); f.Done() || f.Loop() != l || !errors.Is(err, asyncio.ErrInvalidState) || !errors.Is(f.Err(), asyncio.ErrInvalidState) {
			t.Errorf("a pending future: %v, %v", f, err)
		}
		f.AddDoneCallback(count)
		if !f.AddDoneCallback(count)() {
			t.Error("remove is too late")
		}
	}
	if set.SetResult(7) != nil || failed.SetErr(errFailed) != nil || !cancelled.Cancel("x") {
		t.Error("cannot complete a future")
	}
	for _, f := range []*asyncio.Future[int]{set, failed, cancelled} {
		if !errors.Is(f.SetResult(8), asyncio.ErrInvalidState) || !errors.Is(f.SetErr(errFailed), asyncio.ErrInvalidState) || f.Cancel() || !f.Done() {
			t.Errorf("%v can be completed twice", f)
		}
		f.AddDoneCallback(count)
	}
	if v, err := set.Result(); v != 7 || err != nil {
		t.Errorf("%d, %v", v, err)
	}
	if err := failed.Err(); !errors.Is(err, errFailed) || failed.Cancelled() {
		t.Error(err)
	}
	if err := cancelled.Err(); !errors.Is(err, asyncio.ErrCancelled) || !cancelled.Cancelled() {
		t.Error(err)
	}
	return func() {
		testutil.Flush(l)
		if calls.Load() != 6 {
			t.Errorf("%d callbacks, want 6", calls.Load())
		}
	}
}

func useHandle(t *testing.T, l *asyncio.Loop) (settle func()) {
	var calls atomic.Int32
	count := func() { calls.Add(1) }
	when := l.Time().Add(time.Hour)
	kept := []*asyncio.Handle{l.CallSoon(count), l.CallLater(0, count), l.CallAt(l.Time(), count)}
	gone := []*asyncio.Handle{l.CallLater(time.Hour, count), l.CallAt(when, count)}
	if !gone[1].When().Equal(when) {
		t.Errorf("When is %v, want %v", gone[1].When(), when)
	}
	for _, h := range gone {
		if !h.Cancel() || h.Cancel() || !h.Cancelled() {
			t.Error("Cancel: want true, then false")
		}
	}
	return func() {
		testutil.Flush(l)
		testutil.Flush(l)
		if calls.Load() != 3 || kept[0].Cancelled() || kept[0].Cancel() {
			t.Errorf("%d calls, want 3", calls.Load())
		}
	}
}

// awaited is something to await that ends when it is told to.
type awaited struct {
	asyncio.Awaitable[int]
	end func(v int, err error)
}

func awaitables(l *asyncio.Loop) map[string]awaited {
	all := map[string]awaited{}
	future := asyncio.NewFuture[int](l.Context())
	all["future"] = awaited{future, func(v int, err error) {
		if err != nil {
			future.SetErr(err)
			return
		}
		future.SetResult(v)
	}}
	for kind, create := range creators {
		type outcome struct {
			v   int
			err error
		}
		told := asyncio.NewFuture[outcome](l.Context())
		all[kind] = awaited{create(l.Context(), func(ctx context.Context) (int, error) {
			o, err := told.Await(ctx)
			if err != nil {
				return 0, err
			}
			return o.v, o.err
		}), func(v int, err error) { told.SetResult(outcome{v, err}) }}
	}
	return all
}

// awaitEach does one check for each kind of awaitable from each place that may
// await.
func awaitEach(t *testing.T, f func(t *testing.T, p place, l *asyncio.Loop, a awaited)) {
	everywhere(t, func(t *testing.T, p place, l *asyncio.Loop) {
		if p.noAwait {
			return
		}
		for kind, a := range awaitables(l) {
			t.Run(kind, func(t *testing.T) { f(t, p, l, a) })
			a.end(0, nil)
			if _, err := a.Await(context.Background()); err != nil && !a.Cancelled() && !errors.Is(err, errFailed) {
				t.Errorf("%s: %v", kind, err)
			}
		}
	})
}

func TestAwaitGivesResultEverywhere(t *testing.T) {
	awaitEach(t, func(t *testing.T, p place, l *asyncio.Loop, a awaited) {
		p.enter(t, l, nobody, func(ctx context.Context) {
			l.CallSoon(func() { a.end(42, nil) })
			for range 2 { // waiting, then done
				if v, err := a.Await(ctx); v != 42 || err != nil {
					t.Errorf("%d, %v", v, err)
				}
			}
		})
	})
}

func TestAwaitGivesFailureEverywhere(t *testing.T) {
	awaitEach(t, func(t *testing.T, p place, l *asyncio.Loop, a awaited) {
		p.enter(t, l, nobody, func(ctx context.Context) {
			l.CallSoon(func() { a.end(0, errFailed) })
			for range 2 {
				if _, err := a.Await(ctx); err != errFailed { //nolint:errorlint // as it was, unwrapped
					t.Errorf("%v", err)
				}
			}
		})
	})
}

func TestAwaitGivesCancellationEverywhere(t *testing.T) {
	awaitEach(t, func(t *testing.T, p place, l *asyncio.Loop, a awaited) {
		p.enter(t, l, nobody, func(ctx context.Context) {
			l.CallSoon(func() { a.Cancel("why") })
			for range 2 {
				_, err := a.Await(ctx)
				var c *asyncio.CancelledError
				if !errors.As(err, &c) || c.Message != "why" {
					t.Errorf("%v", err)
				}
			}
		})
		if !a.Cancelled() {
			t.Error("not cancelled")
		}
	})
}

func TestCancelOfAwaiterCancelsAwaited(t *testing.T) {
	awaitEach(t, func(t *testing.T, p place, l *asyncio.Loop, a awaited) {
		if !p.isTask {
			return
		}
		awaiting := make(chan struct{})
		var err error
		p.enter(t, l, func(task asyncio.AnyTask) {
			<-awaiting // or about to
			if !task.Cancel("stop") {
				t.Error("the awaiter is done")
			}
		}, func(ctx context.Context) {
			close(awaiting)
			_, err = a.Await(ctx)
		})
		if !errors.Is(err, asyncio.ErrCancelled) {
			t.Errorf("the awaiter got %v", err)
		}
		if _, err := a.Await(context.Background()); !errors.Is(err, asyncio.ErrCancelled) || !a.Cancelled() {
			t.Errorf("the awaited got %v", err)
		}
	})
}

func TestContextEndsAwaitAndNotAwaited(t *testing.T) {
	awaitEach(t, func(t *testing.T, p place, l *asyncio.Loop, a awaited) {
		p.enter(t, l, nobody, func(ctx context.Context) {
			// Ended before, and while it waits.
			for _, early := range []bool{true, false} {
				scope, cancel := context.WithCancelCause(ctx)
				if early {
					cancel(errFailed)
				} else {
					l.CallSoon(func() { cancel(errFailed) })
				}
				if _, err := a.Await(scope); !errors.Is(err, errFailed) {
					t.Errorf("early %v: %v", early, err)
				}
				if a.Done() {
					t.Error("the awaited is done")
				}
			}
			if ctx == context.Background() {
				return
			}
			scope, cancel := asyncio.WithTimeout(ctx, time.Microsecond)
			defer cancel()
			if _, err := a.Await(scope); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("timeout: %v", err)
			}
			if p.isTask {
				if _, err := a.Await(scope); !errors.Is(err, asyncio.ErrTimeout) {
					t.Errorf("after the timeout: %v", err)
				}
			}
			if a.Done() {
				t.Error("the awaited is done")
			}
		})
		if a.Done() {
			t.Error("the awaited is done")
		}
		a.end(1, nil)
		if v, err := a.Await(context.Background()); v != 1 || err != nil {
			t.Errorf("the awaited: %d, %v", v, err)
		}
	})
}

func TestLentContextEndsAwaitOfBorrower(t *testing.T) {
	testutil.LeaveNothing(t)
	l := testutil.RunningLoop(t)
	never := asyncio.NewFuture[int](l.Context())
	lent := make(chan context.Context, 1)
	lender := asyncio.CreateTask(l.Context(), func(ctx context.Context) (int, error) {
		lent <- ctx
		return asyncio.NewFuture[int](ctx).Await(ctx)
	})
	ctx := <-lent
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, err := never.Await(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("await: %v", err)
			}
			if err := asyncio.Sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) {
				t.Errorf("sleep: %v", err)
			}
		})
	}
	lender.Cancel("over")
	wg.Wait()
	if never.Done() {
		t.Error("the awaited is done")
	}
	_, _ = lender.Await(context.Background())
}

func TestSleepEverywhere(t *testing.T) {
	everywhere(t, func(t *testing.T, p place, l *asyncio.Loop) {
		p.enter(t, l, nobody, func(ctx context.Context) {
			if ctx == context.Background() {
				ctx = l.Context()
			}
			var want error
			if p.noAwait {
				want = asyncio.ErrNotInTask
			}
			for _, d := range []time.Duration{-1, 0, time.Microsecond} {
				if err := asyncio.Sleep(ctx, d); !errors.Is(err, want) {
					t.Errorf("Sleep(%v): %v", d, err)
				}
			}
			if v, err := asyncio.ToThread(ctx, asyncio.Delay(0, 5)); !errors.Is(err, want) || want == nil && v != 5 {
				t.Errorf("ToThread: %d, %v", v, err)
			}
		})
		for _, task := range asyncio.AllTasks(l) { // that of the refused ToThread
			task.Cancel()
		}
		for len(asyncio.AllTasks(l)) > 0 {
			runtime.Gosched()
		}
	})
}

func TestAwaitInCallbackIsRefused(t *testing.T) {
	testutil.LeaveNothing(t)
	l := testutil.RunningLoop(t)
	done := make(chan struct{})
	l.CallSoon(func() {
		defer close(done)
		for _, ctx := range []context.Context{context.Background(), l.Context()} {
			if _, err := asyncio.NewFuture[int](l.Context()).Await(ctx); !errors.Is(err, asyncio.ErrNotInTask) {
				t.Error(err)
			}
		}
	})
	<-done
}

// A loop that does not run is used by whoever calls, who then does the work
// itself; only callbacks and tasks wait for the loop.
func TestStoppedLoopIsUsedInline(t *testing.T) {
	testutil.LeaveNothing(t)
	l := testutil.StrictLoop(t)
	ctx := l.Context()
	var order []string
	note := func(s string) func() { return func() { order = append(order, s) } }

	f := asyncio.NewFuture[int](ctx)
	task := asyncio.CreateTask(ctx, func(ctx context.Context) (int, error) {
		note("task")()
		return f.Await(ctx)
	}, asyncio.WithName("waits"))
	l.CallSoon(note("soon"))
	dropped := l.CallSoon(note("dropped"))
	goTask := asyncio.Go(ctx, func(context.Context) (int, error) { return 3, nil })
	unborn := asyncio.CreateTask(ctx, func(context.Context) (int, error) {
		note("unborn")()
		return 0, nil
	})
	if !dropped.Cancel() || !unborn.Cancel() {
		t.Error("Cancel")
	}
	if all := asyncio.AllTasks(l); len(all) != 3 || all[0] != asyncio.AnyTask(task) || all[1] != asyncio.AnyTask(goTask) {
		t.Errorf("AllTasks: %v", all)
	}
	if l.IsRunning() || task.Done() || len(order) > 0 || task.Stack() != nil {
		t.Errorf("something ran: %v", order)
	}
	ended, cancel := context.WithCancelCause(context.Background())
	cancel(errFailed)
	if _, err := f.Await(ended); !errors.Is(err, errFailed) {
		t.Errorf("Await: %v", err)
	}
	goOn := func() {
		l.CallSoon(func() { l.CallSoon(l.Stop) })
		if err := l.RunForever(); err != nil {
			t.Error(err)
		}
	}
	goOn()
	if want := []string{"task", "soon"}; !slices.Equal(order, want) {
		t.Errorf("order %v, want %v", order, want)
	}
	if !testutil.HasFrame(task.Stack(), "TestStoppedLoopIsUsedInline") {
		t.Errorf("stack of a suspended task: %v", task.Stack())
	}

	// From several goroutines at once.
	var wg sync.WaitGroup
	var ran, won atomic.Int32
	for range stressors {
		wg.Go(func() {
			l.CallSoon(func() { ran.Add(1) })
			asyncio.CreateTask(ctx, func(context.Context) (int, error) {
				ran.Add(1)
				return 0, nil
			}).AddDoneCallback(func(*asyncio.Task[int]) { ran.Add(1) })
			if f.SetResult(9) == nil {
				won.Add(1)
			}
			task.Stack()
			if v, err := f.Await(context.Background()); v != 9 || err != nil {
				t.Errorf("Await of a done future: %d, %v", v, err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 || ran.Load() != 0 || task.Done() {
		t.Errorf("%d won, %d ran", won.Load(), ran.Load())
	}
	goOn()
	goOn()
	if v, err := task.Result(); v != 9 || err != nil {
		t.Errorf("task: %d, %v", v, err)
	}
	if ran.Load() != 3*stressors {
		t.Errorf("%d ran, want %d", ran.Load(), 3*stressors)
	}
	if err := l.RunUntilComplete(goTask); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if !unborn.Cancelled() || slices.Contains(order, "unborn") || slices.Contains(order, "dropped") {
		t.Errorf("%v, order %v", unborn, order)
	}
}
