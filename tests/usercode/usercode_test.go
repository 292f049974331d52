// What users' code does that it should not, in the middle of the library: errors, contexts,
// comparisons, handlers that panic, exit or block, and locked threads. It ends nothing else.
package usercode_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// badError is an error whose methods are no good.
type badError struct {
	inner  error
	unwrap func() error
}

func (e *badError) Error() string { return "bad error" }

func (e *badError) Unwrap() error {
	if e.unwrap != nil {
		return e.unwrap()
	}
	return e.inner
}

// asPanics is one whose As panics, around a cancellation.
type asPanics struct{ error }

func (e asPanics) As(any) bool   { panic("As of the user's") }
func (e asPanics) Is(error) bool { panic("Is of the user's") }
func (e asPanics) Unwrap() error { return e.error }

// joinsItself unwraps to itself twice.
type joinsItself struct{}

func (e *joinsItself) Error() string   { return "joins itself" }
func (e *joinsItself) Unwrap() []error { return []error{e, e} }

// TestErrorsThatAreNoGoodAreErrors: their tasks end, and so do the scopes they pass through.
func TestErrorsThatAreNoGoodAreErrors(t *testing.T) {
	endless := &badError{}
	endless.inner = endless
	chain := asyncio.ErrCancelled
	for range 100_000 {
		chain = &badError{inner: chain}
	}
	for what, c := range map[string]struct {
		err  error
		want string
	}{
		"As panics":                {asPanics{asyncio.ErrCancelled}, "cancelled"},
		"Is panics":                {asPanics{nil}, "failed"},
		"Unwrap returns itself":    {endless, "failed"},
		"joins itself":             {&joinsItself{}, "failed"},
		"Unwrap panics":            {&badError{unwrap: func() error { panic("Unwrap") }}, "failed"},
		"Unwrap exits":             {&badError{unwrap: func() error { runtime.Goexit(); return nil }}, ""},
		"wraps a hundred thousand": {chain, "cancelled"},
	} {
		t.Run(what, func(t *testing.T) {
			if what == "Unwrap exits" {
				unwrapExits(t, c.err)
				return
			}
			testutil.Succeed(t, func(ctx context.Context) error {
				k := asyncio.CreateTask(ctx, testutil.Fail(c.err))
				_, _, err := asyncio.Wait(ctx, []*asyncio.Task[asyncio.None]{k}, asyncio.WaitOptions{})
				if err != nil {
					return err
				}
				testutil.ExpectState(t, "the task", k, c.want)
				_ = asyncio.Timeout(ctx, 1, func(ctx context.Context) error {
					_ = asyncio.Sleep(ctx, time.Second)
					return c.err
				})
				_ = asyncio.WithTaskGroup(ctx, func(*asyncio.TaskGroup) error { return c.err })
				f := asyncio.NewFuture[asyncio.None](ctx)
				if err := f.SetErr(c.err); err != nil {
					return err
				}
				testutil.ExpectState(t, "the future", f, c.want)
				return nil
			})
		})
	}
}

// unwrapExits: Run's goroutine exits as for any Goexit in a task, and nothing hangs.
func unwrapExits(t *testing.T, bad error) {
	var k *asyncio.Task[asyncio.None]
	if testutil.Goexit(t, func() {
		_, _ = asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
			k = asyncio.CreateTask(ctx, testutil.Fail(bad))
			return testutil.Forever(ctx)
		}), asyncio.WithVirtualClock(), (&testutil.Reports{}).Option())
	}) {
		t.Log("Run has returned")
	}
	if !k.Done() {
		t.Error("the task has not ended")
	}
}

// TestPanickingLessTakesNothingWithIt: the Put or Get that has called it panics; the items
// are as they were, in their order, and who waits is not forgotten.
func TestPanickingLessTakesNothingWithIt(t *testing.T) {
	testutil.Succeed(t, func(ctx context.Context) error {
		calls, bad := 0, -1
		q := asyncio.NewPriorityQueue(0, func(a, b int) bool {
			if calls++; calls == bad {
				panic(testutil.ErrTest)
			}
			return a < b
		})
		panics := func(f func()) (did bool) {
			defer func() { did = recover() != nil }()
			f()
			return false
		}
		for size := 1; size <= 20; size++ {
			for at := 1; at <= 12; at++ {
				for i := range size {
					_ = q.PutNoWait((i * 7) % size)
				}
				calls, bad = 0, at
				if at%2 == 0 {
					if panics(func() { _ = q.PutNoWait(-1) }) && q.Len() != size {
						t.Fatalf("%d items after a Put that has panicked, want %d", q.Len(), size)
					}
				} else if panics(func() { _, _ = q.GetNoWait() }) && q.Len() != size {
					t.Fatalf("%d items after a Get that has panicked, want %d", q.Len(), size)
				}
				bad = -1
				last := -2
				for q.Len() > 0 {
					v, err := q.GetNoWait()
					if err != nil || v < last {
						t.Fatalf("%d after %d, %v", v, last, err)
					}
					last = v
				}
			}
		}
		return nil
	})
}

// TestPanickingLessPassesItsTurnOn to the next who waits.
func TestPanickingLessPassesItsTurnOn(t *testing.T) {
	testutil.Succeed(t, func(ctx context.Context) error {
		panicking := false
		q := asyncio.NewPriorityQueue(0, func(a, b int) bool {
			if panicking {
				panicking = false
				panic(testutil.ErrTest)
			}
			return a < b
		})
		first := asyncio.CreateTask(ctx, q.Get)
		others := []*asyncio.Task[int]{
			asyncio.CreateTask(ctx, q.Get), asyncio.CreateTask(ctx, q.Get), asyncio.CreateTask(ctx, q.Get),
		}
		if err := asyncio.Sleep(ctx, 0); err != nil {
			return err
		}
		for i := range others {
			_ = q.PutNoWait(i) // the last of four is not woken by that
		}
		panicking = true // in the Get of the first
		_, err := first.Await(ctx)
		var p *asyncio.PanicError
		if !errors.As(err, &p) {
			t.Errorf("the first: %v", err)
		}
		for i, k := range others {
			if v, err := k.Await(ctx); v != i || err != nil {
				t.Errorf("another: %d, %v, want %d", v, err, i)
			}
		}

		full := asyncio.NewPriorityQueue(2, func(a, b int) bool {
			if panicking {
				panicking = false
				panic(testutil.ErrTest)
			}
			return a < b
		})
		_, _ = full.PutNoWait(0), full.PutNoWait(1)
		put := func(v int) *asyncio.Task[asyncio.None] {
			return asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error { return full.Put(ctx, v) }))
		}
		a, b := put(2), put(3)
		if err := asyncio.Sleep(ctx, 0); err != nil {
			return err
		}
		_, _ = full.GetNoWait()
		panicking = true // in the Put of a
		if _, err = a.Await(ctx); !errors.As(err, &p) {
			t.Errorf("the first put: %v", err)
		}
		_, err = b.Await(ctx)
		return err
	})
}

// badContext has methods that panic from some moment on.
type badContext struct {
	context.Context
	done     chan struct{}
	doneBad  bool
	errBad   bool
	valueBad bool
	timeBad  bool
}

func (c *badContext) Done() <-chan struct{} {
	if c.doneBad {
		panic("Done of the user's")
	}
	return c.done
}

func (c *badContext) Err() error {
	if c.errBad {
		panic("Err of the user's")
	}
	select {
	case <-c.done:
		return context.Canceled
	default:
		return nil
	}
}

func (c *badContext) Value(key any) any {
	if c.valueBad {
		panic("Value of the user's")
	}
	return c.Context.Value(key)
}

func (c *badContext) Deadline() (time.Time, bool) {
	if c.timeBad {
		panic("Deadline of the user's")
	}
	return time.Time{}, false
}

// unwatched has no goroutine of the standard library wait for its end, which would ask why
// it has ended, where nobody could recover that.
type unwatched struct{ *badContext }

func (unwatched) AfterFunc(func()) (stop func() bool) { return func() bool { return false } }

// TestContextsThatPanicHaveEnded, or the call panics that was given them: nothing else is
// harmed, and nothing hangs. In a process of its own, since a context's methods are also
// called where nobody could recover them.
func TestContextsThatPanicHaveEnded(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 4*testutil.Patience)
	defer cancel()
	c := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestContextsThatPanicProcess$")
	c.Env = append(os.Environ(), "ASYNCIO_TEST_CONTEXTS=1")
	if out, err := c.CombinedOutput(); err != nil || !strings.Contains(string(out), "it holds") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestContextsThatPanicProcess is that process; by itself it does nothing.
func TestContextsThatPanicProcess(t *testing.T) {
	if os.Getenv("ASYNCIO_TEST_CONTEXTS") == "" {
		return
	}
	for what, bad := range map[string]func(*badContext){
		"Done":     func(c *badContext) { c.doneBad = true },
		"Err":      func(c *badContext) { c.errBad = true },
		"Value":    func(c *badContext) { c.valueBad = true },
		"Deadline": func(c *badContext) { c.timeBad = true },
	} {
		for where, use := range badUses() {
			t.Run(what+" in "+where, func(t *testing.T) { useBadContext(t, bad, use) })
		}
	}
	if !t.Failed() {
		_, _ = os.Stdout.WriteString("it holds\n")
	}
}

func badUses() map[string]func(ctx context.Context) {
	var lock asyncio.Lock
	lock.TryAcquire()
	return map[string]func(ctx context.Context){
		"CreateTask":  func(ctx context.Context) { asyncio.CreateTask(ctx, asyncio.Void(testutil.Forever)) },
		"Go":          func(ctx context.Context) { asyncio.Go(ctx, asyncio.Void(testutil.Forever)) },
		"Sleep":       func(ctx context.Context) { _ = asyncio.Sleep(ctx, time.Hour) },
		"Await":       func(ctx context.Context) { _, _ = asyncio.NewFuture[int](ctx).Await(ctx) },
		"Lock":        func(ctx context.Context) { _ = lock.Acquire(ctx) },
		"Queue":       func(ctx context.Context) { _, _ = asyncio.NewQueue[int](0).Get(ctx) },
		"WithTimeout": func(ctx context.Context) { asyncio.WithTimeout(ctx, time.Hour) },
		"Timeout": func(ctx context.Context) {
			_ = asyncio.Timeout(ctx, time.Hour, testutil.Forever)
		},
		"group": func(ctx context.Context) {
			_ = asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, asyncio.Void(testutil.Forever))
				return nil
			})
		},
	}
}

// useBadContext uses a context that is bad from the start, or gets bad and then ends, in a
// loop task, in a Go task and in a goroutine: the loop goes on and comes to its end.
func useBadContext(t *testing.T, bad func(*badContext), use func(context.Context)) {
	for _, late := range []bool{false, true} {
		testutil.Within(t, func() {
			_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
				c := &badContext{Context: context.WithoutCancel(ctx), done: make(chan struct{})}
				if !late {
					bad(c)
				}
				careful := asyncio.Void(func(context.Context) error {
					defer func() { _ = recover() }()
					use(c)
					return nil
				})
				asyncio.CreateTask(ctx, careful)
				if late {
					// One at a time: what gets bad is read by others.
					if err := asyncio.Sleep(ctx, time.Second); err != nil {
						return err
					}
					bad(c)
					close(c.done)
					return asyncio.Sleep(ctx, time.Second)
				}
				asyncio.Go(ctx, careful)
				outside := make(chan struct{})
				go func() {
					defer close(outside)
					defer func() { _ = recover() }()
					scope, cancel := context.WithCancel(unwatched{c})
					cancel()
					use(scope)
				}()
				if err := asyncio.Sleep(ctx, time.Second); err != nil {
					return err
				}
				close(c.done)
				if _, err := asyncio.ToThread(ctx, asyncio.Void(func(context.Context) error {
					<-outside
					return nil
				})); err != nil {
					return err
				}
				ok, err := asyncio.CreateTask(ctx, asyncio.Delay(time.Second, true)).Await(ctx)
				if !ok {
					t.Error("the loop does not go on")
				}
				return err
			}), asyncio.WithVirtualClock(), asyncio.WithGrace(time.Second), (&testutil.Reports{}).Option())
			if err != nil && !errors.Is(err, asyncio.ErrGraceExceeded) {
				t.Errorf("Run: %v", err)
			}
		})
	}
}

// TestHandlersThatExitEndNothingElse: Close goes on with the rest, whatever the exception
// handler does.
func TestHandlersThatExitEndNothingElse(t *testing.T) {
	for what, handler := range map[string]func(){
		"exits":  runtime.Goexit,
		"panics": func() { panic(testutil.ErrTest) },
	} {
		t.Run(what, func(t *testing.T) {
			ended := 0
			l := asyncio.NewLoop(asyncio.WithVirtualClock(),
				asyncio.WithExceptionHandler(func(*asyncio.Loop, asyncio.ExceptionContext) { handler() }))
			var tasks []*asyncio.Task[asyncio.None]
			for range 5 {
				tasks = append(tasks, asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
					defer func() {
						ended++
						panic(testutil.ErrTest) // reported too
					}()
					return testutil.Forever(ctx)
				})))
			}
			l.CallSoon(func() { l.CallSoon(l.Stop) })
			if err := l.RunForever(); err != nil {
				t.Fatal(err)
			}
			if returned := testutil.Goexit(t, func() { _ = l.Close() }); returned == (what == "exits") {
				t.Errorf("Close has returned: %v", returned)
			}
			for i, k := range tasks {
				if !k.Done() {
					t.Errorf("task %d has not ended", i)
				}
			}
			if ended != 5 || !l.IsClosed() {
				t.Errorf("%d have run their defers, closed=%v", ended, l.IsClosed())
			}
			select {
			case <-l.Context().Done():
			default:
				t.Error("the loop's context has not ended")
			}
		})
	}
}

// panickingLog is a handler for slog that panics.
type panickingLog struct{ slog.Handler }

func (panickingLog) Handle(context.Context, slog.Record) error { panic("slog handler of the user's") }

// TestLogHandlersThatPanicEndNothing: neither on the loop nor on the watchdog's goroutine.
func TestLogHandlersThatPanicEndNothing(t *testing.T) {
	before := slog.Default()
	slog.SetDefault(slog.New(panickingLog{before.Handler()}))
	defer slog.SetDefault(before)
	stuck := make(chan struct{})
	testutil.Within(t, func() {
		_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
			l := asyncio.RunningLoop(ctx)
			l.CallSoon(func() { panic(testutil.ErrTest) })
			asyncio.CreateTask(ctx, testutil.Fail(testutil.ErrTest))
			go func() {
				_ = asyncio.AllTasks(l) // which says that the loop is stuck
				close(stuck)
			}()
			<-stuck
			return asyncio.Sleep(ctx, 0)
		}), asyncio.WithWatchdog(time.Millisecond))
		testutil.ExpectIs(t, "Run", err, nil)
	})
}

// TestHandlersThatExitOnALoopThatNobodyRuns: the goroutine that has called in ends by it, and
// the loop is there for the next.
func TestHandlersThatExitOnALoopThatNobodyRuns(t *testing.T) {
	told := make(chan struct{}, 2)
	l := asyncio.NewLoop(asyncio.WithVirtualClock(), asyncio.WithExceptionHandler(func(*asyncio.Loop, asyncio.ExceptionContext) {
		told <- struct{}{}
		runtime.Goexit()
	}))
	began, release := make(chan struct{}), make(chan struct{})
	left := asyncio.Go(l.Context(), asyncio.Void(func(context.Context) error {
		close(began)
		<-release
		return testutil.ErrTest // which nobody but the handler can hear of any more
	}), asyncio.Abandon())
	end := func(what string) {
		t.Helper()
		testutil.Within(t, func() {
			testutil.ExpectIs(t, what, l.RunUntilComplete(asyncio.CreateTask(l.Context(), testutil.Noop)), nil)
		})
	}
	end("the first run")
	<-began
	left.Cancel()
	end("the run in which it is left")
	close(release)
	<-told
	end("the run after the handler has exited")
	testutil.Within(t, func() { testutil.ExpectIs(t, "Close", l.Close(), nil) })
}
