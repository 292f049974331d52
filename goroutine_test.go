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
)

// Every method of every type may be called from any goroutine. These tests call
// each from every kind of place that there is, and race those that can race.

// runningLoop returns a loop that runs on a goroutine of its own until the test
// ends. What reaches its exception handler fails the test.
func runningLoop(t *testing.T, opts ...asyncio.Option) *asyncio.Loop {
	t.Helper()
	l := strictLoop(t, opts...)
	var running sync.WaitGroup
	up := make(chan struct{})
	l.CallSoon(func() { close(up) })
	running.Go(func() {
		if err := l.RunForever(); err != nil {
			t.Errorf("RunForever: %v", err)
		}
	})
	<-up
	t.Cleanup(func() {
		l.Stop()
		running.Wait()
		for _, task := range asyncio.AllTasks(l) {
			t.Errorf("left behind: %v", task)
		}
		if err := l.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return l
}

// leaveNothing has the test wait in the end, after its loops were closed, until
// no more goroutines are left than there are now.
func leaveNothing(t *testing.T) {
	t.Helper()
	before := runtime.NumGoroutine()
	t.Cleanup(func() { goroutinesEnd(before) })
}

func strictLoop(t *testing.T, opts ...asyncio.Option) *asyncio.Loop {
	return asyncio.NewLoop(append(opts, asyncio.WithExceptionHandler(
		func(_ *asyncio.Loop, c asyncio.ExceptionContext) {
			t.Errorf("reported: %s: %v", c.Message, c.Err)
		}))...)
}

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
			l = runningLoop(t)
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
			leaveNothing(t)
			f(t, p, runningLoop(t))
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
			flush(l)
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
		flush(l)
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
		flush(l)
		flush(l)
		if calls.Load() != 3 || kept[0].Cancelled() || kept[0].Cancel() {
			t.Errorf("%d calls, want 3", calls.Load())
		}
	}
}

// flush returns after the loop has done what was ready.
func flush(l *asyncio.Loop) {
	done := make(chan struct{})
	l.CallSoon(func() { l.CallSoon(func() { close(done) }) })
	<-done
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
	leaveNothing(t)
	l := runningLoop(t)
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
	leaveNothing(t)
	l := runningLoop(t)
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
	leaveNothing(t)
	l := strictLoop(t)
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
	if !frames(task.Stack(), "TestStoppedLoopIsUsedInline") {
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

// frames reports whether one of the frames is of a function so named.
func frames(stack []runtime.Frame, name string) bool {
	return slices.ContainsFunc(stack, func(f runtime.Frame) bool { return strings.Contains(f.Function, name) })
}

func TestClosedLoopRefuses(t *testing.T) {
	leaveNothing(t)
	l := strictLoop(t)
	ctx := l.Context()
	done := asyncio.CreateTask(ctx, asyncio.Delay(0, 1))
	if err := l.RunUntilComplete(done); err != nil {
		t.Fatal(err)
	}
	pending := asyncio.NewFuture[int](ctx)
	timer := l.CallLater(time.Hour, func() { t.Error("CallLater") })
	scope, cancelScope := asyncio.WithTimeout(ctx, time.Hour)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	timer.Cancel()
	cancelScope()
	if !timer.Cancelled() || scope.Err() == nil {
		t.Error("timers outlive the loop")
	}
	check := func(from context.Context) {
		for kind, create := range creators {
			task := create(ctx, asyncio.Delay(0, 1))
			if _, err := task.Await(from); !errors.Is(err, asyncio.ErrLoopClosed) || !task.Done() {
				t.Errorf("%s: %v", kind, err)
			}
			called := task.AddDoneCallback(func(*asyncio.Task[int]) { t.Error("callback of a closed loop") })
			called()
			if task.Cancel() || task.Cancelled() || task.Stack() != nil || task.Cancelling() != 0 || task.Uncancel() != 0 {
				t.Errorf("%v", task)
			}
		}
		for what, err := range map[string]error{
			"RunForever":       l.RunForever(),
			"RunUntilComplete": l.RunUntilComplete(pending),
			"Sleep":            asyncio.Sleep(ctx, 0),
		} {
			// On another loop it may be turned down for that.
			if !errors.Is(err, asyncio.ErrLoopClosed) && !errors.Is(err, asyncio.ErrLoopRunning) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if err := l.Close(); err != nil {
			t.Errorf("second Close: %v", err)
		}
		for _, h := range []*asyncio.Handle{
			l.CallSoon(func() { t.Error("CallSoon") }),
			l.CallLater(0, func() { t.Error("CallLater") }),
			l.CallAt(l.Time(), func() { t.Error("CallAt") }),
		} {
			if h.Cancel(); !h.Cancelled() {
				t.Error("a handle of a closed loop is alive")
			}
		}
		l.Stop()
		if !l.IsClosed() || l.IsRunning() || len(asyncio.AllTasks(l)) > 0 || ctx.Err() == nil {
			t.Error("not closed")
		}
		scope, cancel := asyncio.WithTimeout(ctx, time.Hour)
		if scope.Err() == nil {
			t.Error("a scope of a closed loop is alive")
		}
		cancel()
		if v, err := done.Await(from); v != 1 || err != nil {
			t.Errorf("a done task: %d, %v", v, err)
		}
		f := asyncio.NewFuture[int](ctx)
		if f.SetResult(4) != nil {
			t.Error("SetResult")
		}
		if v, err := f.Await(from); v != 4 || err != nil {
			t.Errorf("a done future: %d, %v", v, err)
		}
	}
	check(context.Background())
	check(ctx)
	if _, err := pending.Await(context.Background()); !errors.Is(err, asyncio.ErrLoopClosed) {
		t.Errorf("a pending future: %v", err)
	}
	other := runningLoop(t)
	for _, create := range creators {
		if _, err := create(other.Context(), func(own context.Context) (int, error) {
			check(own)
			return 0, nil
		}).Await(context.Background()); err != nil {
			t.Error(err)
		}
	}
}

func TestCloseEndsAwaitOfGoroutines(t *testing.T) {
	leaveNothing(t)
	l := asyncio.NewLoop()
	f := asyncio.NewFuture[int](l.Context())
	var wg sync.WaitGroup
	for range stressors {
		wg.Go(func() {
			if _, err := f.Await(context.Background()); !errors.Is(err, asyncio.ErrLoopClosed) {
				t.Error(err)
			}
			if err := asyncio.Sleep(l.Context(), time.Hour); !errors.Is(err, asyncio.ErrLoopClosed) {
				t.Errorf("on a closed loop: %v", err)
			}
		})
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
}

// Whatever is made while a loop is being closed is done in the end, and nothing
// runs once it is closed.
func TestCloseRacesWithEverything(t *testing.T) {
	leaveNothing(t)
	for range 50 {
		l := asyncio.NewLoop(asyncio.WithExceptionHandler(func(*asyncio.Loop, asyncio.ExceptionContext) {}))
		var closed atomic.Bool
		tasks := make([][]*asyncio.Task[int], stressors)
		run := func(context.Context) (int, error) {
			if closed.Load() {
				t.Error("a task begins on a closed loop")
			}
			return 0, nil
		}
		var wg, running sync.WaitGroup
		running.Go(func() { _ = l.RunForever() })
		for i := range tasks {
			wg.Go(func() {
				for range 20 {
					task := asyncio.CreateTask(l.Context(), run)
					tasks[i] = append(tasks[i], task)
					l.CallSoon(func() {
						if closed.Load() {
							t.Error("a callback runs on a closed loop")
						}
					})
					task.AddDoneCallback(func(*asyncio.Task[int]) {})
					if i%2 == 0 {
						task.Cancel()
					}
				}
			})
		}
		wg.Go(func() {
			l.Stop()
			running.Wait()
			if err := l.Close(); err != nil {
				t.Error(err)
			}
			closed.Store(true)
		})
		wg.Wait()
		for i := range tasks {
			for _, task := range tasks[i] {
				if err := task.Err(); errors.Is(err, asyncio.ErrInvalidState) {
					t.Errorf("%v", task)
				} else if err != nil && !task.Cancelled() && !errors.Is(err, asyncio.ErrLoopClosed) {
					t.Error(err)
				}
			}
		}
	}
}

func TestGoTaskEndsAfterClose(t *testing.T) {
	before := runtime.NumGoroutine()
	var reports atomic.Int32
	l := asyncio.NewLoop(asyncio.WithExceptionHandler(func(*asyncio.Loop, asyncio.ExceptionContext) { reports.Add(1) }))
	release, begun := make(chan struct{}), make(chan struct{})
	sum := make(chan error, 3)
	task := asyncio.Go(l.Context(), func(ctx context.Context) (int, error) {
		close(begun)
		<-release
		sum <- ctx.Err()
		sum <- asyncio.Sleep(ctx, 0)
		_, err := asyncio.CreateTask(ctx, asyncio.Delay(0, 0)).Await(ctx)
		sum <- err
		return 5, nil
	})
	l.CallSoon(func() { l.CallSoon(l.Stop) })
	if err := l.RunForever(); err != nil {
		t.Error(err)
	}
	<-begun
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if task.Done() || reports.Load() != 1 {
		t.Errorf("%v, %d reports, want 1", task, reports.Load())
	}
	if _, err := task.Await(context.Background()); !errors.Is(err, asyncio.ErrLoopClosed) {
		t.Errorf("Await: %v", err)
	}
	close(release)
	if err := <-sum; !errors.Is(err, context.Canceled) {
		t.Errorf("its context: %v", err)
	}
	for range 2 {
		if err := <-sum; !errors.Is(err, asyncio.ErrLoopClosed) {
			t.Errorf("its await: %v", err)
		}
	}
	goroutinesEnd(before)
	if v, err := task.Result(); v != 5 || err != nil {
		t.Errorf("%d, %v", v, err)
	}
}

func TestLoopsAwaitEachOther(t *testing.T) {
	leaveNothing(t)
	a, b := runningLoop(t), runningLoop(t)
	var down func(here, there *asyncio.Loop, depth int) asyncio.Coroutine[int]
	down = func(here, there *asyncio.Loop, depth int) asyncio.Coroutine[int] {
		return func(ctx context.Context) (int, error) {
			if asyncio.RunningLoop(ctx) != here {
				t.Error("on the wrong loop")
			}
			if depth == 0 {
				return 0, nil
			}
			create := asyncio.CreateTask[int]
			if depth%5 == 0 {
				create = asyncio.Go[int]
			}
			v, err := create(there.Context(), down(there, here, depth-1)).Await(ctx)
			return v + 1, err
		}
	}
	var wg sync.WaitGroup
	for range 4 {
		for _, l := range [][2]*asyncio.Loop{{a, b}, {b, a}} {
			wg.Go(func() {
				v, err := asyncio.CreateTask(l[0].Context(), down(l[0], l[1], 50)).Await(context.Background())
				if v != 50 || err != nil {
					t.Errorf("%d, %v", v, err)
				}
			})
		}
	}
	wg.Wait()
}

func TestCancellationCrossesLoops(t *testing.T) {
	leaveNothing(t)
	a, b := runningLoop(t), runningLoop(t)
	deepest := asyncio.NewFuture[int](a.Context())
	var tasks []*asyncio.Task[int]
	await := deepest.Await
	begun := make(chan struct{}, 6)
	for i := range 6 {
		l := []*asyncio.Loop{b, a}[i%2]
		create := []func(context.Context, asyncio.Coroutine[int], ...asyncio.TaskOption) *asyncio.Task[int]{
			asyncio.CreateTask[int], asyncio.CreateTask[int], asyncio.Go[int],
		}[i%3]
		next := await
		task := create(l.Context(), func(ctx context.Context) (int, error) {
			begun <- struct{}{}
			return next(ctx)
		})
		await = task.Await
		tasks = append(tasks, task)
	}
	for range tasks {
		<-begun
	}
	tasks[len(tasks)-1].Cancel()
	for i, task := range tasks {
		if _, err := task.Await(context.Background()); !errors.Is(err, asyncio.ErrCancelled) || !task.Cancelled() {
			t.Errorf("task %d: %v", i, err)
		}
	}
	if !deepest.Cancelled() {
		t.Error("it did not reach the end")
	}
}

// completers are the ways to complete a future; each tells whether it has won.
var completers = []func(f *asyncio.Future[int], i int) bool{
	func(f *asyncio.Future[int], i int) bool { return f.SetResult(i) == nil },
	func(f *asyncio.Future[int], i int) bool { return f.SetErr(fmt.Errorf("%w %d", errFailed, i)) == nil },
	func(f *asyncio.Future[int], i int) bool { return f.Cancel(fmt.Sprint("cancelled ", i)) },
}

func TestOneOfManyCompletesFuture(t *testing.T) {
	leaveNothing(t)
	l := runningLoop(t)
	for round := range 100 {
		f := asyncio.NewFuture[int](l.Context())
		awaiters := []*asyncio.Task[int]{
			asyncio.CreateTask(l.Context(), f.Await),
			asyncio.Go(l.Context(), f.Await),
		}
		var winner atomic.Int32
		winner.Store(-1)
		var wg sync.WaitGroup
		for i := range stressors {
			wg.Go(func() {
				complete := completers[0]
				if round%2 == 1 {
					complete = completers[i%len(completers)]
				}
				if complete(f, i) && winner.Swap(int32(i)) != -1 {
					t.Error("two have won")
				}
				if v, err := f.Await(context.Background()); err == nil && v >= stressors {
					t.Errorf("%d, %v", v, err)
				}
			})
		}
		wg.Wait()
		w := int(winner.Load())
		is := func(v int, err error) bool {
			if round%2 == 0 || w%len(completers) == 0 {
				return v == w && err == nil
			}
			return err != nil && strings.HasSuffix(err.Error(), fmt.Sprint(" ", w))
		}
		if w < 0 || !is(f.Result()) {
			t.Errorf("winner %d: %v, %v", w, f, f.Err())
		}
		for _, task := range awaiters {
			if v, err := task.Await(context.Background()); !is(v, err) {
				t.Errorf("winner %d: %v got %d, %v", w, task, v, err)
			}
		}
	}
}

// A callback has been taken back, or it runs: never both, never neither.
func TestRemoveRacesWithCompletion(t *testing.T) {
	leaveNothing(t)
	l := runningLoop(t)
	for round := range 100 {
		f := asyncio.NewFuture[int](l.Context())
		task := asyncio.CreateTask(l.Context(), f.Await)
		if round%2 == 1 {
			task = asyncio.Go(l.Context(), f.Await)
		}
		var ran, want [stressors][2]atomic.Int32
		var wg sync.WaitGroup
		for i := range stressors {
			wg.Go(func() {
				for k, remove := range []func() bool{
					f.AddDoneCallback(func(*asyncio.Future[int]) { ran[i][0].Add(1) }),
					task.AddDoneCallback(func(*asyncio.Task[int]) { ran[i][1].Add(1) }),
				} {
					if i == k {
						f.SetResult(1)
					}
					if i%2 == 1 || !remove() {
						want[i][k].Store(1)
					}
				}
			})
		}
		wg.Wait()
		_, _ = task.Await(context.Background())
		flush(l)
		for i := range ran {
			for k := range ran[i] {
				if got, want := ran[i][k].Load(), want[i][k].Load(); got != want {
					t.Fatalf("goroutine %d, callback %d ran %d times, want %d", i, k, got, want)
				}
			}
		}
	}
}

func TestCancelOfHandleRacesWithItsTurn(t *testing.T) {
	leaveNothing(t)
	l := runningLoop(t)
	for range 100 {
		var ran [stressors]atomic.Int32
		handles := make([]*asyncio.Handle, stressors)
		var wg sync.WaitGroup
		for i := range handles {
			wg.Go(func() {
				f := func() { ran[i].Add(1) }
				switch i % 4 {
				case 0:
					handles[i] = l.CallSoon(f)
				case 1:
					handles[i] = l.CallLater(0, f)
				case 2:
					handles[i] = l.CallLater(time.Microsecond, f)
				case 3:
					handles[i] = l.CallAt(l.Time().Add(20*time.Microsecond), f)
				}
			})
		}
		wg.Wait()
		var cancelled [stressors]atomic.Int32
		for i := range handles {
			for range 2 {
				wg.Go(func() {
					if handles[i].Cancel() {
						cancelled[i].Add(1)
					}
				})
			}
		}
		wg.Wait()
		flush(l)
		for i := range handles {
			if r, c := ran[i].Load(), cancelled[i].Load(); r+c != 1 || !handles[i].Cancelled() {
				t.Fatalf("handle %d: ran %d times, cancelled %d times", i, r, c)
			}
		}
	}
}

func TestPostsOfOneGoroutineAreDoneInOrder(t *testing.T) {
	const posts = 500
	check := func(t *testing.T, l *asyncio.Loop, finish func()) {
		got := make([][]int, stressors) // the loop's until it has stopped
		var wg sync.WaitGroup
		for i := range got {
			wg.Go(func() {
				for n := range posts {
					note := func() { got[i] = append(got[i], n) }
					switch n % 3 {
					case 0:
						l.CallSoon(note)
					case 1:
						asyncio.CreateTask(l.Context(), func(context.Context) (int, error) {
							note()
							return 0, nil
						})
					case 2:
						f := asyncio.NewFuture[int](l.Context())
						f.SetResult(1)
						f.AddDoneCallback(func(*asyncio.Future[int]) { note() })
					}
				}
			})
		}
		wg.Wait()
		finish()
		for i, g := range got {
			if len(g) != posts || !slices.IsSorted(g) {
				t.Errorf("goroutine %d: %d posts done, in order: %v", i, len(g), slices.IsSorted(g))
			}
		}
	}
	t.Run("running", func(t *testing.T) {
		l := runningLoop(t)
		check(t, l, func() { flush(l) })
	})
	t.Run("stopped", func(t *testing.T) {
		l := strictLoop(t)
		check(t, l, func() {
			l.Stop()
			if err := l.RunForever(); err != nil {
				t.Error(err)
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		})
	})
}

func TestStopWakesIdleLoop(t *testing.T) {
	leaveNothing(t)
	l := strictLoop(t)
	for range 200 {
		ended := make(chan error)
		go func() { ended <- l.RunForever() }()
		for !l.IsRunning() {
			runtime.Gosched()
		}
		l.Stop()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func TestOneOfManyRunsLoop(t *testing.T) {
	leaveNothing(t)
	l := strictLoop(t)
	for range 50 {
		var ran atomic.Int32
		var refused, wg sync.WaitGroup
		refused.Add(stressors - 1)
		for range stressors {
			wg.Go(func() {
				err := l.RunForever()
				if err == nil {
					ran.Add(1)
					return
				}
				if !errors.Is(err, asyncio.ErrLoopRunning) {
					t.Error(err)
				}
				refused.Done()
			})
		}
		// It is stopped when the others have been turned down.
		refused.Wait()
		l.Stop()
		wg.Wait()
		if ran.Load() != 1 {
			t.Fatalf("%d have run it", ran.Load())
		}
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func suspendedHere(ctx context.Context, f *asyncio.Future[int]) (int, error) { return f.Await(ctx) }

func TestStackAndTasksFromOtherGoroutines(t *testing.T) {
	leaveNothing(t)
	l := runningLoop(t)
	never := asyncio.NewFuture[int](l.Context())
	var tasks []*asyncio.Task[int]
	in := make(chan struct{}, 2)
	for _, create := range creators {
		task := create(l.Context(), func(ctx context.Context) (int, error) {
			in <- struct{}{}
			return suspendedHere(ctx, never)
		})
		<-in
		tasks = append(tasks, task)
	}
	flush(l)
	var wg sync.WaitGroup
	for i := range stressors {
		wg.Go(func() {
			all := asyncio.AllTasks(l)
			if len(all) != len(tasks) || all[0] != asyncio.AnyTask(tasks[0]) || all[1] != asyncio.AnyTask(tasks[1]) {
				t.Errorf("AllTasks: %v", all)
			}
			task := tasks[i%2]
			for !frames(task.Stack(), "suspendedHere") { // a Go task may be on its way there
				if stack := task.Stack(); stack == nil {
					t.Errorf("no stack: %v", task)
					return
				}
			}
		})
	}
	wg.Wait()
	for _, task := range tasks {
		task.Cancel()
		_, _ = task.Await(context.Background())
	}
}

func TestCurrentTaskIsThatOfCaller(t *testing.T) {
	leaveNothing(t)
	l := runningLoop(t)
	for _, create := range creators {
		task := create(l.Context(), func(ctx context.Context) (int, error) {
			me := asyncio.CurrentTask(ctx)
			other := asyncio.CreateTask(ctx, func(inner context.Context) (int, error) {
				if got := asyncio.CurrentTask(ctx); got != asyncio.CurrentTask(inner) || got == me {
					t.Errorf("with another's ctx: %v", got)
				}
				return 0, nil
			})
			if _, err := other.Await(ctx); err != nil {
				t.Error(err)
			}
			if got := asyncio.CurrentTask(ctx); got != me {
				t.Errorf("after an await: %v, want %v", got, me)
			}
			var wg sync.WaitGroup
			wg.Go(func() {
				if got := asyncio.CurrentTask(ctx); got != me {
					t.Errorf("in a goroutine with its ctx: %v", got)
				}
			})
			wg.Wait()
			return 0, nil
		})
		if _, err := task.Await(context.Background()); err != nil {
			t.Error(err)
		}
	}
}

// A request from another goroutine reaches a task wherever it is by then.
func TestCancelFromManyGoroutines(t *testing.T) {
	leaveNothing(t)
	l := runningLoop(t)
	for kind, create := range creators {
		for range 50 {
			var delivered atomic.Int32
			task := create(l.Context(), func(ctx context.Context) (int, error) {
				for {
					if err := asyncio.Sleep(ctx, 0); err != nil {
						delivered.Add(1)
						return 0, err
					}
				}
			})
			var wg sync.WaitGroup
			for range stressors {
				wg.Go(func() {
					task.Cancel()
					if task.Cancelling() == 0 {
						t.Error("Cancelling is 0")
					}
					if _, err := task.Await(context.Background()); !errors.Is(err, asyncio.ErrCancelled) {
						t.Errorf("%s: %v", kind, err)
					}
				})
			}
			wg.Wait()
			if !task.Cancelled() || delivered.Load() > 1 || task.Cancelling() > stressors {
				t.Errorf("%s: %v, delivered %d times, %d requests", kind, task, delivered.Load(), task.Cancelling())
			}
		}
	}
}

// byAnother has f called on another goroutine and returns when it has returned.
func byAnother(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

func TestTaskCancelledByAnotherBeforeItsFirstStepNeverRuns(t *testing.T) {
	leaveNothing(t)
	never := func(context.Context) (int, error) {
		t.Error("it runs")
		return 0, nil
	}
	check := func(victim *asyncio.Task[int]) {
		if _, err := victim.Result(); !errors.Is(err, asyncio.ErrCancelled) {
			t.Error(err)
		}
	}
	t.Run("awaited", func(t *testing.T) {
		_, err := asyncio.Run(context.Background(), func(ctx context.Context) (int, error) {
			victim := asyncio.CreateTask(ctx, never)
			byAnother(func() { victim.Cancel() })
			_, _ = victim.Await(ctx)
			check(victim)
			return 0, nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	t.Run("next in line", func(t *testing.T) {
		l := strictLoop(t)
		var victim *asyncio.Task[int]
		asyncio.CreateTask(l.Context(), func(ctx context.Context) (int, error) {
			victim = asyncio.CreateTask(ctx, never)
			byAnother(func() { victim.Cancel() })
			l.CallSoon(func() { l.CallSoon(l.Stop) })
			return 0, nil
		})
		if err := l.RunForever(); err != nil {
			t.Error(err)
		}
		check(victim)
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
}

// The request is known at once and delivered later; a scope that is made in
// between ends like those made after.
func TestScopeOfTaskThatAnotherHasCancelled(t *testing.T) {
	leaveNothing(t)
	for name, derive := range map[string]func(context.Context) (context.Context, context.CancelFunc){
		"WithCancel": asyncio.WithCancel,
		"WithTimeout": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return asyncio.WithTimeout(ctx, time.Hour)
		},
		"context.WithCancel": context.WithCancel,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := asyncio.Run(context.Background(), func(ctx context.Context) (int, error) {
				me := asyncio.CurrentTask(ctx)
				byAnother(func() { me.Cancel() })
				scope, cancel := derive(ctx)
				defer cancel()
				return 0, asyncio.Sleep(scope, time.Hour)
			})
			if !errors.Is(err, asyncio.ErrCancelled) {
				t.Error(err)
			}
		})
	}
}

func TestAwaitOfClosedLoopEnds(t *testing.T) {
	leaveNothing(t)
	for _, before := range []bool{true, false} {
		for kind, create := range creators {
			other := strictLoop(t)
			f := asyncio.NewFuture[int](other.Context())
			if before {
				_ = other.Close()
			}
			_, err := asyncio.Run(context.Background(), func(ctx context.Context) (int, error) {
				begun := make(chan struct{})
				waiter := create(ctx, func(ctx context.Context) (int, error) {
					close(begun)
					return f.Await(ctx)
				})
				if err := asyncio.Sleep(ctx, 0); err != nil {
					t.Error(err)
				}
				<-begun
				byAnother(func() { _ = other.Close() })
				return waiter.Await(ctx)
			})
			if !errors.Is(err, asyncio.ErrLoopClosed) {
				t.Errorf("%s, closed before %v: %v", kind, before, err)
			}
		}
	}
}

// A task that is always ready never hands control to the loop's own goroutine.
func TestStackOfTaskThatKeepsYielding(t *testing.T) {
	leaveNothing(t)
	_, err := asyncio.Run(context.Background(), func(ctx context.Context) (int, error) {
		me := asyncio.CurrentTask(ctx)
		var stack []runtime.Frame
		var asked atomic.Bool
		go func() {
			stack = me.Stack()
			asked.Store(true)
		}()
		for !asked.Load() {
			if err := asyncio.Sleep(ctx, 0); err != nil {
				return 0, err
			}
		}
		if !frames(stack, "TestStackOfTaskThatKeepsYielding") {
			t.Errorf("stack: %v", stack)
		}
		return 0, nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestGoTaskSleepsWhileLoopIsClosed(t *testing.T) {
	leaveNothing(t)
	l := asyncio.NewLoop(asyncio.WithExceptionHandler(func(*asyncio.Loop, asyncio.ExceptionContext) {}))
	got := make(chan error, 2)
	asyncio.Go(l.Context(), func(ctx context.Context) (int, error) {
		// In its visit, or about to be.
		l.CallSoon(func() { l.CallSoon(l.Stop) })
		got <- asyncio.Sleep(ctx, time.Hour)
		return 0, nil
	})
	loopTask := asyncio.CreateTask(l.Context(), func(ctx context.Context) (int, error) {
		scope, cancel := asyncio.WithTimeout(ctx, time.Hour)
		defer cancel()
		return 0, asyncio.Sleep(scope, time.Hour)
	})
	if err := l.RunForever(); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := <-got; !errors.Is(err, asyncio.ErrLoopClosed) {
		t.Errorf("Go task: %v", err)
	}
	if !loopTask.Cancelled() {
		t.Errorf("loop task: %v", loopTask.Err())
	}
}

// TestGoTasksDoNotWaitForEachOther: a goroutine that has run a Go task goes on with others,
// but none has to wait for one that is still running.
func TestGoTasksDoNotWaitForEachOther(t *testing.T) {
	const many = 200
	_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
		for range 20 {
			var begun sync.WaitGroup
			begun.Add(many)
			tasks := make([]*asyncio.Task[int], 2*many)
			for i := range tasks {
				tasks[i] = asyncio.Go(ctx, func(context.Context) (int, error) {
					switch {
					case i%2 == 0:
						begun.Done()
						begun.Wait() // until all of these have begun
					case i%7 == 0:
						runtime.Gosched()
					}
					return i, nil
				})
			}
			values, err := asyncio.Gather(ctx, tasks...)
			if err != nil {
				return err
			}
			for i, v := range values {
				if v != i {
					t.Errorf("task %d returned %d", i, v)
				}
			}
		}
		return nil
	}))
	if err != nil {
		t.Error(err)
	}
}

// TestContextOfATimeoutAskedByOthers: the context of a timeout ends for goroutines that
// ask for its end at any moment, also while it ends, and says what it should.
func TestContextOfATimeoutAskedByOthers(t *testing.T) {
	for _, expires := range []bool{false, true} {
		_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
			for range 200 {
				var asked sync.WaitGroup
				d, want := time.Hour, context.Canceled
				if expires {
					d, want = 0, context.DeadlineExceeded
				}
				err := asyncio.Timeout(ctx, d, func(ctx context.Context, _ *asyncio.TimeoutScope) error {
					for i := range 4 {
						asked.Go(func() {
							for range i {
								runtime.Gosched()
							}
							child, cancel := context.WithCancel(ctx)
							defer cancel()
							<-ctx.Done()
							<-child.Done()
							if ctx.Err() != want { //nolint:errorlint // contexts return these as they are
								t.Errorf("Err is %v, want %v", ctx.Err(), want)
							}
						})
					}
					return asyncio.Sleep(ctx, 0)
				})
				if expires != errors.Is(err, asyncio.ErrTimeout) {
					t.Errorf("Timeout returned %v", err)
				}
				// The loop must be free to hear of what the goroutines derive.
				_, err = asyncio.ToThread(ctx, func(context.Context) (int, error) { asked.Wait(); return 0, nil })
				if err != nil {
					return err
				}
			}
			return nil
		}))
		if err != nil {
			t.Error(err)
		}
	}
}
