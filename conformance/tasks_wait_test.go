package conformance_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestTaskCreation(t *testing.T) {
	t.Run("of a coroutine, again and again", func(t *testing.T) {
		waitOnLoop(t, func(l *asyncio.Loop) {
			runs := 0
			for range 2 {
				a := asyncio.CreateTask(l.Context(), func(context.Context) (int, error) { runs++; return runs, nil })
				if err := l.RunUntilComplete(a); err != nil {
					t.Error(err)
				}
				if v, _ := a.Result(); v != runs {
					t.Error(v)
				}
			}
			if runs != 2 {
				t.Errorf("%d runs", runs)
			}
		})
	})
	t.Run("of nil panics every time", func(t *testing.T) {
		waitOnLoop(t, func(l *asyncio.Loop) {
			for range 2 {
				waitPanic(t, "nil coroutine", func() { asyncio.CreateTask[int](l.Context(), nil) })
			}
			if tasks := asyncio.AllTasks(l); len(tasks) != 0 {
				t.Errorf("tasks %v", tasks)
			}
		})
	})
	t.Run("without a loop panics", func(t *testing.T) {
		create := func() *asyncio.Task[string] {
			return asyncio.CreateTask(context.Background(), asyncio.Delay(0, "abc"))
		}
		waitPanic(t, "no event loop", func() { asyncio.Shield(context.Background(), create()) })
		waitPanic(t, "no event loop", func() { asyncio.Gather(context.Background(), create(), create()) })
	})
	t.Run("in a coroutine is on its loop", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, asyncio.Delay(0, 1))
			if a.Loop() != asyncio.RunningLoop(ctx) {
				t.Error("on another loop")
			}
			v, err := a.Await(ctx)
			if v != 1 {
				t.Error(v)
			}
			return err
		})
	})
	t.Run("with a name", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, asyncio.Delay(0, asyncio.None{}), asyncio.WithName("No-op"))
			if a.Name() != "No-op" {
				t.Error(a.Name())
			}
			_, err := a.Await(ctx)
			return err
		})
	})
	t.Run("on a closed loop leaves no task", func(t *testing.T) {
		var r testutil.Reports
		l := testutil.NewLoop(t, &r)
		l.Close()
		a := asyncio.CreateTask(l.Context(), asyncio.Void(func(context.Context) error {
			t.Error("it ran")
			return nil
		}))
		if !a.Done() {
			t.Error("pending")
		}
		testutil.ExpectIs(t, "the task", a.Err(), asyncio.ErrLoopClosed)
		if tasks := asyncio.AllTasks(l); len(tasks) != 0 {
			t.Errorf("tasks %v", tasks)
		}
		r.Expect(t)
	})
	t.Run("is remembered in debug mode", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			_, file, line, _ := runtime.Caller(0)
			a := asyncio.CreateTask(ctx, asyncio.Delay(0, 1))
			at := a.Created()
			if len(at) == 0 || at[0].File != file || at[0].Line != line+1 ||
				!strings.Contains(at[0].Function, "TestTaskCreation") {
				t.Errorf("created at %+v, want %s:%d", at, file, line+1)
			}
			_, err := a.Await(ctx)
			return err
		}, asyncio.WithDebug())
	})
	t.Run("remembers the coroutine function", func(t *testing.T) {
		waitOnLoop(t, func(l *asyncio.Loop) {
			a := asyncio.CreateTask(l.Context(), waitDivide)
			before := a.Coro()
			if l.RunUntilComplete(a) == nil {
				t.Error("no error")
			}
			if a.Coro() != before || !strings.HasSuffix(before.Function, ".waitDivide") ||
				filepath.Base(before.File) != "tasks_wait_test.go" {
				t.Errorf("%+v, and before the end %+v", a.Coro(), before)
			}
		})
	})
	t.Run("debug mode is off unless asked for", func(t *testing.T) {
		waitOnLoop(t, func(l *asyncio.Loop) {
			if l.Debug() {
				t.Error("it is on")
			}
		})
		l := asyncio.NewLoop(asyncio.WithDebug())
		defer l.Close()
		if !l.Debug() {
			t.Error("it is off")
		}
	})
}

func TestTaskEnds(t *testing.T) {
	t.Run("the error of a panic has the stack", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, waitDivide)
			asyncio.Sleep(ctx, 0)
			var p *asyncio.PanicError
			if !errors.As(a.Err(), &p) || !strings.Contains(string(p.Stack), "waitDivide") {
				t.Errorf("%v", a.Err())
			}
			var cause runtime.Error
			if !errors.As(a.Err(), &cause) || !strings.Contains(cause.Error(), "divide by zero") {
				t.Errorf("%v", cause)
			}
			return nil
		})
	})
	t.Run("Cancel of a task that has failed counts as having seen it", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error { // which wants no report
			func() {
				a := asyncio.CreateTask(ctx, func(context.Context) (int, error) { return 0, testutil.ErrTest })
				asyncio.Sleep(ctx, 50*time.Millisecond)
				if a.Cancel() {
					t.Error("Cancel of a task that is done is true")
				}
			}()
			runtime.GC() // now, or else it would be reported at the end
			return asyncio.Sleep(ctx, 0)
		})
	})
	t.Run("nothing but its coroutine can end a task", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, asyncio.Delay(100*time.Millisecond, 10))
			if _, ok := any(a).(interface{ SetResult(v int) error }); ok {
				t.Error("has SetResult")
			}
			if _, ok := any(a).(interface{ SetErr(err error) error }); ok {
				t.Error("has SetErr")
			}
			v, err := a.Await(ctx)
			if v != 10 {
				t.Error(v)
			}
			return err
		})
	})
	t.Run("a task that nobody holds stays until Close and is reported then", func(t *testing.T) {
		var got []asyncio.ExceptionContext
		l := asyncio.NewLoop(asyncio.WithVirtualClock(), asyncio.WithDebug(),
			asyncio.WithExceptionHandler(func(_ *asyncio.Loop, c asyncio.ExceptionContext) { got = append(got, c) }))
		_, file, line, _ := runtime.Caller(0)
		asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
			_, err := asyncio.NewFuture[asyncio.None](ctx).Await(ctx)
			return err
		}), asyncio.WithName("forgotten"))
		waitBriefly(t, l)
		runtime.GC()
		runtime.GC()
		waitBriefly(t, l)
		tasks := asyncio.AllTasks(l)
		if len(tasks) != 1 || tasks[0].Name() != "forgotten" || len(got) != 0 {
			t.Errorf("tasks %v, reported %v", tasks, got)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if len(asyncio.AllTasks(l)) != 0 {
			t.Errorf("after Close: tasks %v", asyncio.AllTasks(l))
		}
		const word = "destroyed but it is pending"
		if len(got) != 1 || got[0].Task != tasks[0] || !strings.Contains(got[0].Message, word) {
			t.Fatalf("reported %v", got)
		}
		if at := got[0].Task.Created(); len(at) == 0 || at[0].File != file || at[0].Line != line+1 {
			t.Errorf("created at %v", at)
		}
	})
}

// What a context variable is in CPython is a value of the ctx here: it is not set but
// handed on in a ctx derived from that.
func TestTaskValues(t *testing.T) {
	type key struct{}
	set := func(ctx context.Context, v any) context.Context { return context.WithValue(ctx, key{}, v) }
	look := func(t *testing.T, ctx context.Context, want any) {
		t.Helper()
		if v := ctx.Value(key{}); v != want {
			t.Errorf("value %v, want %v", v, want)
		}
	}
	t.Run("go neither into a task that was made before nor out of it", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			ctx = set(ctx, "nope")
			sub := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				err := asyncio.Sleep(ctx, 10*time.Millisecond)
				look(t, ctx, "nope")
				ctx = set(ctx, "something else")
				look(t, ctx, "something else")
				return errors.Join(err, asyncio.Sleep(ctx, 0))
			}))
			ctx = set(ctx, "yes")
			look(t, ctx, "yes")
			_, err := sub.Await(ctx)
			look(t, ctx, "yes")
			return err
		})
	})
	t.Run("last over awaits and callbacks", func(t *testing.T) {
		var outside context.Context
		testutil.Succeed(t, func(ctx context.Context) error {
			outside = ctx
			calls := 0
			for _, j := range []string{"0", "1"} {
				f := asyncio.NewFuture[asyncio.None](ctx)
				ctx = set(ctx, "yes"+j)
				f.AddDoneCallback(func(*asyncio.Future[asyncio.None]) {
					calls++
					look(t, set(ctx, "something else"), "something else")
				})
				asyncio.RunningLoop(ctx).CallSoon(func() { f.SetResult(asyncio.None{}) })
				f.Await(ctx)
				look(t, ctx, "yes"+j)
				for _, i := range []string{"0", "1", "2"} {
					ctx = set(ctx, "yes"+i+j)
					asyncio.Sleep(ctx, time.Millisecond)
					look(t, ctx, "yes"+i+j)
				}
			}
			if calls != 2 {
				t.Errorf("%d callbacks", calls)
			}
			return nil
		})
		look(t, outside, nil)
	})
	t.Run("of a hundred tasks are each one's own", func(t *testing.T) {
		random := rand.New(rand.NewPCG(1, 2))
		var outside context.Context
		testutil.Succeed(t, func(ctx context.Context) error {
			outside = set(ctx, -1)
			looks := 0
			var tasks []*asyncio.Task[asyncio.None]
			for range 100 {
				n := random.IntN(11)
				tasks = append(tasks, asyncio.CreateTask(outside, asyncio.Void(func(ctx context.Context) error {
					look(t, ctx, -1)
					for i := range 10 {
						ctx = set(ctx, n+i)
						if err := asyncio.Sleep(ctx, time.Duration(1+random.IntN(49))*time.Millisecond); err != nil {
							return err
						}
						look(t, ctx, n+i)
						looks++
					}
					return nil
				})))
			}
			_, err := asyncio.Gather(ctx, tasks...)
			if looks != 1000 {
				t.Errorf("%d looks", looks)
			}
			return err
		})
		look(t, outside, -1)
	})
	t.Run("set by a task do not get into the context that it was given", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			for _, v := range []int{1, 2} {
				a := asyncio.CreateTask(ctx, func(ctx context.Context) (any, error) {
					asyncio.Sleep(ctx, 0)
					ctx = set(ctx, v)
					return asyncio.CreateTask(ctx, func(ctx context.Context) (any, error) {
						return ctx.Value(key{}), nil
					}).Await(ctx)
				})
				if seen, err := a.Await(ctx); seen != v || err != nil {
					t.Error(seen, err)
				}
				look(t, ctx, nil)
			}
			return nil
		})
	})
	t.Run("may be pointers, which tasks with one context share", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			n := 0
			given := set(ctx, &n)
			for _, v := range []int{1, 2} {
				a := asyncio.CreateTask(given, asyncio.Void(func(ctx context.Context) error {
					err := asyncio.Sleep(ctx, 0)
					*ctx.Value(key{}).(*int) = v
					return err
				}))
				if _, err := a.Await(ctx); n != v || err != nil {
					t.Errorf("%d, want %d; %v", n, v, err)
				}
			}
			return nil
		})
	})
	t.Run("are the given ones to the end", func(t *testing.T) {
		waitOnLoop(t, func(l *asyncio.Loop) {
			given := new(int)
			var own context.Context
			a := asyncio.CreateTask(set(l.Context(), given), asyncio.Void(func(ctx context.Context) error {
				own = ctx
				look(t, ctx, given)
				return nil
			}))
			if err := l.RunUntilComplete(a); err != nil {
				t.Error(err)
			}
			look(t, own, given)
			if asyncio.RunningLoop(own) != l {
				t.Error("leads to another loop")
			}
		})
	})
}

func TestTaskRegistry(t *testing.T) {
	t.Run("AllTasks has a task of the loop until it is done", func(t *testing.T) {
		waitOnLoop(t, func(l *asyncio.Loop) {
			waitOnLoop(t, func(other *asyncio.Loop) {
				expect := func(when string, l *asyncio.Loop, want ...asyncio.AnyTask) {
					t.Helper()
					if got := asyncio.AllTasks(l); !slices.Equal(got, want) {
						t.Errorf("%s: %v, want %v", when, got, want)
					}
				}
				expect("at first", l)
				a := asyncio.CreateTask(l.Context(), asyncio.Delay(time.Second, 1))
				expect("created", l, a)
				expect("created on another loop", other)
				waitBriefly(t, l)
				expect("asleep", l, a)
				l.RunUntilComplete(a)
				expect("done", l)
				b := asyncio.CreateTask(l.Context(), asyncio.Delay(time.Second, 1))
				b.Cancel()
				expect("not yet cancelled", l, b)
				waitBriefly(t, l)
				expect("cancelled before it ran", l)
			})
		})
	})
	t.Run("CurrentTask is the task whose code runs and else nil", func(t *testing.T) {
		waitOnLoop(t, func(l *asyncio.Loop) {
			expect := func(when string, ctx context.Context, want asyncio.AnyTask) {
				t.Helper()
				if got := asyncio.CurrentTask(ctx); got != want {
					t.Errorf("%s: %v, want %v", when, got, want)
				}
			}
			expect("before", l.Context(), nil)
			callbacks := 0
			var a asyncio.AnyTask
			a = asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
				l.CallSoon(func() {
					callbacks++
					expect("in a callback", l.Context(), nil)
				})
				for range 2 {
					expect("in the task", ctx, a)
					expect("by the loop", l.Context(), a)
					asyncio.Sleep(ctx, 0)
				}
				return nil
			}))
			expect("created", l.Context(), nil)
			if err := l.RunUntilComplete(a); err != nil || callbacks != 1 {
				t.Error(err, callbacks)
			}
			expect("after", l.Context(), nil)
		})
	})
	t.Run("CurrentTask without a loop panics", func(t *testing.T) {
		waitPanic(t, "no event loop", func() { asyncio.CurrentTask(context.Background()) })
	})
	t.Run("no task can be run inside another", func(t *testing.T) {
		waitOnLoop(t, func(l *asyncio.Loop) {
			ran := false
			var a asyncio.AnyTask
			a = asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
				b := asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error { ran = true; return nil }))
				testutil.ExpectIs(t, "RunUntilComplete", l.RunUntilComplete(b), asyncio.ErrLoopRunning)
				if asyncio.CurrentTask(ctx) != a || ran {
					t.Errorf("current is %v, ran %t", asyncio.CurrentTask(ctx), ran)
				}
				_, err := b.Await(ctx)
				return err
			}))
			if err := l.RunUntilComplete(a); err != nil || !ran {
				t.Error(err, ran)
			}
		})
	})
	t.Run("a task that ends inside another leaves that current", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			a := asyncio.CurrentTask(ctx)
			for _, err := range []error{nil, testutil.ErrTest, &asyncio.CancelledError{}} {
				var inside asyncio.AnyTask
				b := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
					inside = asyncio.CurrentTask(ctx)
					return err
				}), asyncio.Eager())
				if inside != asyncio.AnyTask(b) || asyncio.CurrentTask(ctx) != a {
					t.Errorf("inside %v, after %v", inside, asyncio.CurrentTask(ctx))
				}
				if !errors.Is(b.Err(), err) {
					t.Error(b.Err())
				}
			}
			return nil
		})
	})
	t.Run("a task serves wherever a future does", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			f := asyncio.NewFuture[int](ctx)
			f.SetResult(1)
			mixed := func() []asyncio.Awaitable[int] {
				return []asyncio.Awaitable[int]{asyncio.CreateTask(ctx, asyncio.Delay(time.Second, 2)), f}
			}
			if vs, err := asyncio.Gather(ctx, mixed()...); !slices.Equal(vs, []int{2, 1}) || err != nil {
				t.Error("Gather:", vs, err)
			}
			if done, _, err := asyncio.Wait(ctx, mixed(), asyncio.WaitOptions{}); len(done) != 2 || err != nil {
				t.Error("Wait:", done, err)
			}
			var order []int
			for aw := range asyncio.AsCompleted(ctx, mixed()) {
				v, _ := aw.Result()
				order = append(order, v)
			}
			if !slices.Equal(order, []int{1, 2}) {
				t.Error("AsCompleted:", order)
			}
			for i, aw := range mixed() {
				v, err := asyncio.Shield(ctx, aw)
				w, err2 := asyncio.WaitFor(ctx, aw, time.Minute)
				u, err3 := aw.Await(ctx)
				if want := 2 - i; v != want || w != want || u != want || errors.Join(err, err2, err3) != nil {
					t.Error(v, w, u, err, err2, err3)
				}
			}
			return nil
		})
	})
}

// A thread is a Go task here, whose goroutine makes a loop task and waits for it.
func TestTasksFromThreads(t *testing.T) {
	sum := func(end func(ctx context.Context) error) asyncio.Coroutine[int] {
		return func(ctx context.Context) (int, error) {
			if err := asyncio.Sleep(ctx, 50*time.Millisecond); err != nil {
				return 0, err
			}
			if err := end(ctx); err != nil {
				return 0, err
			}
			return 1 + 2, nil
		}
	}
	fine := func(context.Context) error { return nil }
	// start makes the thread, which notes what it gets.
	start := func(l *asyncio.Loop, end func(ctx context.Context) error) (*asyncio.Task[int], *waitOutcome) {
		got := new(waitOutcome)
		return asyncio.Go(l.Context(), func(ctx context.Context) (int, error) {
			got.Value, got.Err = asyncio.CreateTask(l.Context(), sum(end)).Await(ctx)
			return got.Value, got.Err
		}), got
	}
	t.Run("the result", func(t *testing.T) {
		waitOnLoop(t, func(l *asyncio.Loop) {
			begin := l.Time()
			thread, got := start(l, fine)
			if err := l.RunUntilComplete(thread); err != nil {
				t.Error(err)
			}
			if v, _ := thread.Result(); v != 3 || *got != (waitOutcome{Value: 3}) {
				t.Error(v, *got)
			}
			if d := l.Time().Sub(begin); d != 50*time.Millisecond {
				t.Errorf("took %v", d)
			}
		})
	})
	t.Run("an error", func(t *testing.T) {
		waitOnLoop(t, func(l *asyncio.Loop) {
			fail := errors.New("fail")
			thread, got := start(l, func(context.Context) error { return fail })
			if err := l.RunUntilComplete(thread); any(err) != any(fail) || *got != (waitOutcome{Err: fail}) {
				t.Error(err, *got)
			}
		})
	})
	t.Run("a cancellation of its own", func(t *testing.T) {
		waitOnLoop(t, func(l *asyncio.Loop) {
			thread, got := start(l, func(ctx context.Context) error {
				asyncio.CurrentTask(ctx).Cancel("by itself")
				return asyncio.Sleep(ctx, 0)
			})
			testutil.ExpectIs(t, "the thread", l.RunUntilComplete(thread), asyncio.ErrCancelled)
			testutil.ExpectIs(t, "Await in it", got.Err, asyncio.ErrCancelled)
			waitCancelled(t, "the thread", thread, "by itself")
		})
	})
	t.Run("no time", func(t *testing.T) {
		waitOnLoop(t, func(l *asyncio.Loop) {
			var a *asyncio.Task[int]
			thread := asyncio.Go(l.Context(), func(ctx context.Context) (int, error) {
				scope, cancel := asyncio.WithTimeout(ctx, 0)
				defer cancel()
				a = asyncio.CreateTask(l.Context(), sum(fine))
				v, err := a.Await(scope)
				if !a.Cancel() {
					t.Error("it is done")
				}
				return v, err
			})
			testutil.ExpectIs(t, "the thread", l.RunUntilComplete(thread), asyncio.ErrTimeout)
			waitBriefly(t, l)
			if tasks := asyncio.AllTasks(l); len(tasks) != 0 {
				t.Errorf("pending: %v", tasks)
			}
			waitCancelled(t, "the task", a, "")
		})
	})
	t.Run("a task factory that panics", func(t *testing.T) {
		waitOnLoop(t, func(l *asyncio.Loop) { // which wants no report: it is the thread's own
			thread, got := start(l, fine)
			l.SetTaskFactory(func(*asyncio.Loop, func(...asyncio.TaskOption) asyncio.AnyTask) { panic(testutil.ErrTest) })
			err := l.RunUntilComplete(thread)
			testutil.ExpectIs(t, "the thread", err, testutil.ErrTest)
			var p *asyncio.PanicError
			if !errors.As(err, &p) || *got != (waitOutcome{}) {
				t.Errorf("%v; it went on with %v", err, *got)
			}
			if tasks := asyncio.AllTasks(l); len(tasks) != 0 {
				t.Errorf("pending: %v", tasks)
			}
		})
	})
}

func TestSleepOfNothing(t *testing.T) {
	t.Run("lets a callback go first", func(t *testing.T) {
		result := 0
		testutil.Succeed(t, func(ctx context.Context) error {
			begin := asyncio.RunningLoop(ctx).Time()
			asyncio.RunningLoop(ctx).CallSoon(func() { result++ })
			if result != 0 {
				t.Error("at once")
			}
			n, err := asyncio.Delay(0, 10)(ctx)
			if result != 1 || elapsed(ctx, begin) != 0 {
				t.Error(result, elapsed(ctx, begin))
			}
			result += n
			return err
		})
		if result != 11 {
			t.Error(result)
		}
	})
}

// waitOnLoop calls body with a loop, which it closes. Nothing may be reported: no task
// that is left, no error that nobody has seen.
func waitOnLoop(t *testing.T, body func(l *asyncio.Loop)) {
	t.Helper()
	var r testutil.Reports
	l := testutil.NewLoop(t, &r)
	body(l)
	if err := l.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	r.Expect(t)
}

// waitBriefly runs the loop for two turns.
func waitBriefly(t *testing.T, l *asyncio.Loop) {
	t.Helper()
	if err := l.RunUntilComplete(asyncio.CreateTask(l.Context(), asyncio.Delay(-1, asyncio.None{}))); err != nil {
		t.Errorf("RunUntilComplete: %v", err)
	}
}

// waitSettle runs it until nothing more can happen without a timer.
func waitSettle(t *testing.T, l *asyncio.Loop) {
	t.Helper()
	for range 4 {
		waitBriefly(t, l)
	}
}

func waitFutures(l *asyncio.Loop, n int) []*asyncio.Future[int] {
	fs := make([]*asyncio.Future[int], n)
	for i := range fs {
		fs[i] = asyncio.NewFuture[int](l.Context())
	}
	return fs
}

// waitKinds are what can be gathered: futures, and tasks that await them.
var waitKinds = map[string]func(l *asyncio.Loop, fs []*asyncio.Future[int]) []asyncio.Awaitable[int]{
	"futures": func(_ *asyncio.Loop, fs []*asyncio.Future[int]) (all []asyncio.Awaitable[int]) {
		for _, f := range fs {
			all = append(all, f)
		}
		return all
	},
	"tasks": func(l *asyncio.Loop, fs []*asyncio.Future[int]) (all []asyncio.Awaitable[int]) {
		for _, f := range fs {
			all = append(all, asyncio.CreateTask(l.Context(), f.Await))
		}
		return all
	},
}

// waitRest ends the last three of five futures when their gather has ended.
func waitRest(t *testing.T, l *asyncio.Loop, fs []*asyncio.Future[int]) {
	t.Helper()
	late := errors.New("late error")
	fs[2].SetResult(3)
	fs[3].Cancel()
	fs[4].SetErr(late)
	waitSettle(t, l)
	testutil.ExpectIs(t, "the last future", fs[4].Err(), late)
}

func waitCancelled(t *testing.T, what string, f asyncio.AnyFuture, msg string) {
	t.Helper()
	var c *asyncio.CancelledError
	if !f.Cancelled() || !errors.As(f.Err(), &c) || c.Message != msg {
		t.Errorf("%s: cancelled %t, %v, want the message %q", what, f.Cancelled(), f.Err(), msg)
	}
}

func waitPanic(t *testing.T, words string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if message, _ := recover().(string); !strings.Contains(message, words) {
			t.Errorf("panic %q, want one with %q", message, words)
		}
	}()
	f()
}

// waitDivide panics.
func waitDivide(context.Context) (int, error) {
	zero := 0
	return 1 / zero, nil
}
