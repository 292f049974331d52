package conformance_test

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"weak"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestLoopClose(t *testing.T) {
	t.Run("is for good", func(t *testing.T) {
		l := testutil.NewLoop(t, new(testutil.Reports))
		pending := asyncio.NewFuture[asyncio.None](l.Context())
		if l.IsClosed() {
			t.Error("closed from the start")
		}
		for range 2 {
			if err := l.Close(); err != nil || !l.IsClosed() {
				t.Errorf("Close: %v, closed %t", err, l.IsClosed())
			}
		}
		testutil.ExpectIs(t, "RunForever", l.RunForever(), asyncio.ErrLoopClosed)
		testutil.ExpectIs(t, "RunUntilComplete", l.RunUntilComplete(pending), asyncio.ErrLoopClosed)
	})
	t.Run("leaves nothing of a task that comes too late", func(t *testing.T) {
		var r testutil.Reports
		l := testutil.NewLoop(t, &r)
		l.Close()
		before := runtime.NumGoroutine()
		for range 100 {
			a := asyncio.CreateTask(l.Context(), asyncio.Void(func(context.Context) error {
				t.Error("it ran")
				return nil
			}))
			testutil.ExpectIs(t, "CreateTask", a.Err(), asyncio.ErrLoopClosed)
			b := asyncio.Go(l.Context(), asyncio.Void(func(context.Context) error {
				t.Error("it ran on a goroutine")
				return nil
			}))
			testutil.ExpectIs(t, "Go", b.Err(), asyncio.ErrLoopClosed)
		}
		if n := runtime.NumGoroutine() - before; n > 0 {
			t.Errorf("%d goroutines more", n)
		}
		runtime.GC()
		r.Expect(t)
	})
}

func TestLoopCallSoon(t *testing.T) {
	t.Run("calls once, on the next turn and not before", func(t *testing.T) {
		l := testutil.NewLoop(t, new(testutil.Reports))
		calls := 0
		h := l.CallSoon(func() { calls++ })
		if h.Cancelled() || calls != 0 {
			t.Errorf("at once: cancelled %t, %d calls", h.Cancelled(), calls)
		}
		l.CallSoon(l.Stop)
		baseEventsRun(t, l)
		baseEventsTurn(t, l)
		if calls != 1 {
			t.Errorf("%d calls", calls)
		}
	})
	t.Run("panics without a callback, in debug mode or not", func(t *testing.T) {
		for _, on := range []bool{true, false} {
			l := testutil.NewLoop(t, new(testutil.Reports))
			l.SetDebug(on)
			func() {
				defer func() {
					if v, ok := recover().(string); !ok || !strings.Contains(v, "nil callback") {
						t.Errorf("debug %t: panic %q", on, v)
					}
				}()
				l.CallSoon(nil)
			}()
			baseEventsTurn(t, l) // it has done no harm
		}
	})
	t.Run("sets no timer", func(t *testing.T) {
		l := testutil.NewLoop(t, new(testutil.Reports))
		begin := l.Time()
		h := l.CallSoon(func() {})
		baseEventsTurn(t, l)
		if !h.When().IsZero() || !l.Time().Equal(begin) {
			t.Errorf("When %v, the time %v after %v", h.When(), l.Time(), begin)
		}
	})
	t.Run("leaves nothing of a handle that is cancelled", func(t *testing.T) {
		l := testutil.NewLoop(t, new(testutil.Reports))
		begin := l.Time()
		l.CallSoon(func() { t.Error("it ran") }).Cancel()
		l.CallLater(time.Second, func() { t.Error("it fired") }).Cancel()
		l.CallLater(time.Minute, l.Stop)
		baseEventsRun(t, l)
		if took := l.Time().Sub(begin); took != time.Minute {
			t.Errorf("took %v", took)
		}
	})
	t.Run("does not call what was cancelled earlier in the turn", func(t *testing.T) {
		l := testutil.NewLoop(t, new(testutil.Reports))
		events := 0
		event := func() { events++ }
		l.CallSoon(event)
		var again *asyncio.Handle
		l.CallSoon(func() { again.Cancel() })
		again = l.CallSoon(event)
		for round := range 2 {
			l.CallSoon(l.Stop)
			baseEventsRun(t, l)
			if events != 1 || !again.Cancelled() {
				t.Errorf("round %d: %d events, cancelled %t", round, events, again.Cancelled())
			}
		}
	})
}

func TestLoopTimers(t *testing.T) {
	t.Run("do not fire on the next turn unless they are due", func(t *testing.T) {
		l := testutil.NewLoop(t, new(testutil.Reports))
		begin := l.Time()
		var at []time.Duration
		h := l.CallLater(10*time.Second, func() { at = append(at, l.Time().Sub(begin)) })
		baseEventsTurn(t, l)
		if len(at) != 0 || !h.When().Equal(begin.Add(10*time.Second)) {
			t.Errorf("fired %v, When %v", at, h.When())
		}
		l.CallLater(20*time.Second, l.Stop)
		baseEventsRun(t, l)
		if !slices.Equal(at, []time.Duration{10 * time.Second}) {
			t.Errorf("fired %v", at)
		}
	})
	t.Run("of the past fire in the order of their moments", func(t *testing.T) {
		l := testutil.NewLoop(t, new(testutil.Reports))
		var order []string
		l.CallLater(-1*time.Second, func() { order = append(order, "a") })
		l.CallLater(-2*time.Second, func() { order = append(order, "b") })
		baseEventsTurn(t, l)
		testutil.ExpectLines(t, order, "b", "a")
	})
	t.Run("fire at the moment of CallAt", func(t *testing.T) {
		l := testutil.NewLoop(t, new(testutil.Reports))
		begin := l.Time()
		l.CallAt(begin.Add(100*time.Millisecond), l.Stop)
		baseEventsRun(t, l)
		if took := l.Time().Sub(begin); took != 100*time.Millisecond {
			t.Errorf("took %v", took)
		}
	})
	t.Run("that are cancelled are not waited for", func(t *testing.T) {
		l := testutil.NewLoop(t, new(testutil.Reports))
		begin := l.Time()
		l.CallLater(5*time.Second, func() { t.Error("it fired") }).Cancel()
		var took time.Duration
		l.CallLater(10*time.Second, func() {
			took = l.Time().Sub(begin)
			l.Stop()
		})
		baseEventsRun(t, l)
		if took != 10*time.Second {
			t.Errorf("took %v", took)
		}
	})
	t.Run("that are cancelled are dropped, wherever they stand", func(t *testing.T) {
		const n = 130
		l := testutil.NewLoop(t, new(testutil.Reports))
		begin := l.Time()
		var fired []time.Duration
		gone := baseEventsCancelled(l, n, func() { fired = append(fired, l.Time().Sub(begin)) })
		baseEventsTurn(t, l)
		runtime.GC()
		runtime.GC()
		for i, h := range gone {
			if h.Value() != nil {
				t.Fatalf("the loop still has timer %d of the %d that were cancelled", i, len(gone))
			}
		}
		l.CallLater((n+1)*time.Second, l.Stop)
		baseEventsRun(t, l)
		var want []time.Duration
		for i := 3; i <= n; i += 3 {
			want = append(want, time.Duration(i)*time.Second)
		}
		if !slices.Equal(fired, want) {
			t.Errorf("fired at %v, want %v", fired, want)
		}
	})
	t.Run("run what they call soon on the next turn", func(t *testing.T) {
		l := testutil.NewLoop(t, new(testutil.Reports))
		var order []string
		l.CallLater(-500*time.Second, func() {
			order = append(order, "timer")
			l.CallSoon(func() { order = append(order, "soon") })
		})
		baseEventsTurn(t, l)
		testutil.ExpectLines(t, order, "timer")
		baseEventsTurn(t, l)
		testutil.ExpectLines(t, order, "timer", "soon")
	})
}

func TestLoopRuns(t *testing.T) {
	t.Run("one turn, without waiting, if it is stopped before", func(t *testing.T) {
		l := testutil.NewLoop(t, new(testutil.Reports))
		begin := l.Time()
		turns := 0
		l.CallSoon(func() {
			turns++
			l.CallSoon(func() { turns++ })
		})
		l.CallLater(time.Hour, func() { t.Error("it has waited") })
		l.Stop()
		baseEventsRun(t, l)
		if turns != 1 || !l.Time().Equal(begin) {
			t.Errorf("%d turns, took %v", turns, l.Time().Sub(begin))
		}
	})
	t.Run("turn by turn, running only in between", func(t *testing.T) {
		l := testutil.NewLoop(t, new(testutil.Reports))
		calls, turns := 0, 0
		l.CallSoon(func() { calls++ })
		var turn func()
		turn = func() {
			turns++
			if !l.IsRunning() {
				t.Error("it is not running in a callback")
			}
			l.CallSoon(turn)
		}
		l.CallSoon(turn)
		for range 10 {
			if l.IsRunning() {
				t.Error("it is running outside")
			}
			baseEventsTurn(t, l)
		}
		if l.IsRunning() || calls != 1 || turns != 10 {
			t.Errorf("running %t, %d calls, %d turns", l.IsRunning(), calls, turns)
		}
	})
	t.Run("not while another loop does on the goroutine", func(t *testing.T) {
		other := testutil.NewLoop(t, new(testutil.Reports))
		other.CallSoon(func() { t.Error("the other loop ran") })
		testutil.Succeed(t, func(ctx context.Context) error {
			testutil.ExpectIs(t, "RunForever", other.RunForever(), asyncio.ErrLoopRunning)
			return asyncio.Sleep(ctx, time.Second)
		})
	})
	t.Run("not until the end of nothing", func(t *testing.T) {
		l := testutil.NewLoop(t, new(testutil.Reports))
		func() {
			defer func() {
				if recover() == nil {
					t.Error("RunUntilComplete of nil returned")
				}
			}()
			_ = l.RunUntilComplete(nil)
		}()
		if l.IsRunning() {
			t.Error("it is running")
		}
		l.CallSoon(l.Stop)
		baseEventsRun(t, l)
	})
	t.Run("on after a callback has exited", func(t *testing.T) {
		l := testutil.NewLoop(t, new(testutil.Reports))
		first := asyncio.CreateTask(l.Context(), asyncio.Delay(100*time.Millisecond, asyncio.None{}))
		l.CallSoon(runtime.Goexit)
		if baseEventsReturned(func() { _ = l.RunUntilComplete(first) }) {
			t.Error("the exit was stopped")
		}
		if first.Done() {
			t.Error("the first sleep is over")
		}
		// The end of the first, halfway, does not stop the run of the second.
		begin := l.Time()
		second := asyncio.CreateTask(l.Context(), asyncio.Delay(200*time.Millisecond, asyncio.None{}))
		if err := l.RunUntilComplete(second); err != nil {
			t.Error("RunUntilComplete:", err)
		}
		if took := l.Time().Sub(begin); took != 200*time.Millisecond || !first.Done() {
			t.Errorf("took %v, the first is done: %t", took, first.Done())
		}
	})
	t.Run("on after a task has exited, with no stop left over", func(t *testing.T) {
		l := testutil.NewLoop(t, new(testutil.Reports))
		if !baseEventsExited(l) {
			t.Error("the exit was stopped")
		}
		called := false
		l.CallSoon(func() {
			l.CallSoon(func() {
				called = true
				l.Stop()
			})
		})
		baseEventsRun(t, l)
		if !called {
			t.Error("the run ended too early")
		}
	})
	t.Run("and reports no error of who has exited it", func(t *testing.T) {
		var r testutil.Reports
		l := testutil.NewLoop(t, &r)
		if !baseEventsExited(l) {
			t.Error("the exit was stopped")
		}
		l.Close()
		runtime.GC()
		r.Expect(t)
	})
}

func TestLoopDebug(t *testing.T) {
	t.Run("is what was set", func(t *testing.T) {
		l := testutil.NewLoop(t, new(testutil.Reports))
		for _, on := range []bool{true, false} {
			if l.SetDebug(on); l.Debug() != on {
				t.Errorf("set to %t, it is %t", on, l.Debug())
			}
		}
	})
	t.Run("allows callbacks from any goroutine", func(t *testing.T) {
		for _, on := range []bool{true, false} {
			l := testutil.NewLoop(t, new(testutil.Reports))
			l.SetDebug(on)
			var order []string
			note := func(s string) func() { return func() { order = append(order, s) } }
			l.CallSoon(func() {
				var other sync.WaitGroup
				other.Go(func() { // which has no loop
					l.CallSoon(note("soon"))
					l.CallLater(time.Second, note("later"))
					l.CallAt(l.Time().Add(2*time.Second), note("at"))
				})
				other.Go(func() { // which has one of its own
					own := asyncio.NewLoop(asyncio.WithVirtualClock())
					own.CallSoon(func() {
						l.CallLater(3*time.Second, func() {
							note("from a loop")()
							l.Stop()
						})
						own.Stop()
					})
					if err := errors.Join(own.RunForever(), own.Close()); err != nil {
						t.Error("the other loop:", err)
					}
				})
				other.Wait()
			})
			baseEventsRun(t, l)
			testutil.ExpectLines(t, order, "soon", "later", "at", "from a loop")
		}
	})
	t.Run("logs a slow step of a task with its name", func(t *testing.T) {
		logged := baseEventsCaptureLog(t)
		l := baseEventsSlowLoop(t)
		asyncio.CreateTask(l.Context(), asyncio.Void(func(context.Context) error {
			l.Stop()
			return nil
		}), asyncio.WithName("slow task"))
		baseEventsRun(t, l)
		if !logged.has(slog.LevelWarn, "was held up", "slow task", "for:") {
			t.Errorf("logged:\n%s", logged)
		}
	})
	t.Run("logs a slow callback with its name", func(t *testing.T) {
		logged := baseEventsCaptureLog(t)
		l := baseEventsSlowLoop(t)
		stop := baseEventsStop{l}
		l.CallSoon(stop.slowCallback)
		baseEventsRun(t, l)
		if !logged.has(slog.LevelWarn, "was held up", "slowCallback", "for:") {
			t.Errorf("logged:\n%s", logged)
		}
	})
}

func TestLoopExceptionHandler(t *testing.T) {
	t.Run("by default logs failures of callbacks", func(t *testing.T) {
		for name, set := range map[string]func(l *asyncio.Loop, f func()){
			"CallSoon":  func(l *asyncio.Loop, f func()) { l.CallSoon(f) },
			"CallLater": func(l *asyncio.Loop, f func()) { l.CallLater(10*time.Millisecond, f) },
		} {
			logged := baseEventsCaptureLog(t)
			l := asyncio.NewLoop(asyncio.WithVirtualClock())
			f := asyncio.NewFuture[bool](l.Context())
			f.AddDoneCallback(func(*asyncio.Future[bool]) { l.Stop() })
			set(l, func() { baseEventsFail(f) })
			baseEventsRun(t, l)
			if err := l.Close(); err != nil {
				t.Error("Close:", err)
			}
			if !logged.has(slog.LevelError, "callback", "TestLoopExceptionHandler") || logged.len() != 1 {
				t.Errorf("%s logged:\n%s", name, logged)
			}
			testutil.ExpectIs(t, name+" logged", logged.err(), testutil.ErrTest)
		}
	})
	t.Run("by default logs an error nobody has asked for", func(t *testing.T) {
		logged := baseEventsCaptureLog(t)
		l := asyncio.NewLoop(asyncio.WithVirtualClock())
		func() {
			a := asyncio.CreateTask(l.Context(), asyncio.Void(func(ctx context.Context) error {
				return errors.Join(asyncio.Sleep(ctx, 10*time.Millisecond), testutil.ErrTest)
			}), asyncio.WithName("lost"))
			a.AddDoneCallback(func(*asyncio.Task[asyncio.None]) { l.Stop() })
			baseEventsRun(t, l)
		}()
		if logged.len() > 0 {
			t.Errorf("logged too early:\n%s", logged)
		}
		for late := time.Now().Add(30 * time.Second); logged.len() == 0 && time.Now().Before(late); {
			runtime.GC()
			baseEventsTurn(t, l)
		}
		if !logged.has(slog.LevelError, "lost", "never retrieved") || logged.len() != 1 {
			t.Errorf("logged:\n%s", logged)
		}
		testutil.ExpectIs(t, "logged", logged.err(), testutil.ErrTest)
		if err := l.Close(); err != nil {
			t.Error("Close:", err)
		}
	})
	t.Run("is called with the loop and what has happened, until it is unset", func(t *testing.T) {
		logged := baseEventsCaptureLog(t)
		l := asyncio.NewLoop(asyncio.WithVirtualClock())
		type call struct {
			l *asyncio.Loop
			e asyncio.ExceptionContext
		}
		var calls []call
		round := func() *asyncio.Handle {
			h := l.CallSoon(baseEventsPanic)
			baseEventsTurn(t, l)
			return h
		}
		l.SetExceptionHandler(func(l *asyncio.Loop, e asyncio.ExceptionContext) {
			calls = append(calls, call{l, e})
		})
		h := round()
		if len(calls) != 1 || logged.len() > 0 {
			t.Fatalf("%d calls, logged:\n%s", len(calls), logged)
		}
		c := calls[0]
		if c.l != l || c.e.Handle != h || !strings.Contains(c.e.Message, "callback") ||
			!strings.Contains(c.e.Message, "baseEventsPanic") {
			t.Errorf("called with loop %p, handle %p, message %q", c.l, c.e.Handle, c.e.Message)
		}
		testutil.ExpectIs(t, "the error", c.e.Err, testutil.ErrTest)
		l.SetExceptionHandler(nil)
		round()
		if len(calls) != 1 || !logged.has(slog.LevelError, "callback") || logged.len() != 1 {
			t.Errorf("after it was unset: %d calls, logged:\n%s", len(calls), logged)
		}
		if err := l.Close(); err != nil {
			t.Error("Close:", err)
		}
	})
	t.Run("that fails is logged, with what it was called for", func(t *testing.T) {
		logged := baseEventsCaptureLog(t)
		l := asyncio.NewLoop(asyncio.WithVirtualClock())
		errHam := errors.New("ham")
		l.SetExceptionHandler(func(*asyncio.Loop, asyncio.ExceptionContext) { panic(errHam) })
		l.CallSoon(baseEventsPanic)
		after := false
		l.CallSoon(func() { after = true })
		l.CallSoon(l.Stop)
		baseEventsRun(t, l)
		if !after {
			t.Error("the loop did not go on")
		}
		if !logged.has(slog.LevelError, "exception handler", "baseEventsPanic") || logged.len() != 1 {
			t.Errorf("logged:\n%s", logged)
		}
		testutil.ExpectIs(t, "logged", logged.err(), errHam)
		testutil.ExpectIs(t, "logged", logged.err(), testutil.ErrTest)
		if err := l.Close(); err != nil {
			t.Error("Close:", err)
		}
	})
}

func TestLoopTasks(t *testing.T) {
	calls := 0
	create := func(_ *asyncio.Loop, create func(...asyncio.TaskOption) asyncio.AnyTask) {
		calls++
		create()
	}
	for name, factory := range map[string]asyncio.TaskFactory{
		"have the name that was given, without a factory": nil,
		"have the name that was given, with one":          create,
	} {
		t.Run(name, func(t *testing.T) {
			l := testutil.NewLoop(t, new(testutil.Reports), asyncio.WithTaskFactory(factory))
			a := asyncio.CreateTask(l.Context(), asyncio.Delay(0, asyncio.None{}), asyncio.WithName("test_task"))
			if a.Name() != "test_task" {
				t.Errorf("named %q", a.Name())
			}
			if factory != nil && calls != 1 {
				t.Errorf("the factory was called %d times", calls)
			}
			if err := l.RunUntilComplete(a); err != nil {
				t.Error("RunUntilComplete:", err)
			}
		})
	}
	t.Run("are made by the factory as long as there is one", func(t *testing.T) {
		l := testutil.NewLoop(t, new(testutil.Reports))
		var made []asyncio.AnyTask
		makeOne := func() asyncio.AnyTask {
			a := asyncio.CreateTask(l.Context(), asyncio.Delay(0, asyncio.None{}))
			if err := l.RunUntilComplete(a); err != nil {
				t.Error("RunUntilComplete:", err)
			}
			return a
		}
		makeOne()
		if len(made) != 0 {
			t.Errorf("the factory is called before it is set")
		}
		l.SetTaskFactory(func(_ *asyncio.Loop, create func(...asyncio.TaskOption) asyncio.AnyTask) {
			made = append(made, create(asyncio.WithName("made")))
		})
		a := makeOne()
		if !slices.Equal(made, []asyncio.AnyTask{a}) || a.Name() != "made" {
			t.Errorf("made %v, got %v", made, a)
		}
		l.SetTaskFactory(nil)
		if b := makeOne(); len(made) != 1 || b.Name() == "made" {
			t.Errorf("after it was unset: made %v, got %v", made, b)
		}
	})
}

// baseEventsRun runs l until it is stopped.
func baseEventsRun(t *testing.T, l *asyncio.Loop) {
	t.Helper()
	if err := l.RunForever(); err != nil {
		t.Errorf("RunForever: %v", err)
	}
}

// baseEventsTurn runs l for one turn.
func baseEventsTurn(t *testing.T, l *asyncio.Loop) {
	t.Helper()
	l.Stop()
	baseEventsRun(t, l)
}

// baseEventsCancelled sets n timers, a second apart, and cancels two of three. It
// returns those.
func baseEventsCancelled(l *asyncio.Loop, n int, f func()) []weak.Pointer[asyncio.Handle] {
	var cancelled []weak.Pointer[asyncio.Handle]
	for i := 1; i <= n; i++ {
		h := l.CallLater(time.Duration(i)*time.Second, f)
		if i%3 != 0 {
			h.Cancel()
			cancelled = append(cancelled, weak.Make(h))
		}
	}
	return cancelled
}

// baseEventsReturned calls f on a goroutine of its own and reports whether it
// returned, as it does not after runtime.Goexit.
func baseEventsReturned(f func()) (returned bool) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
		returned = true
	}()
	<-done
	return returned
}

// baseEventsExited runs on l what a coroutine that raises SystemExit is in Python, and
// reports whether that has ended the goroutine that ran the loop.
func baseEventsExited(l *asyncio.Loop) bool {
	a := asyncio.CreateTask(l.Context(), asyncio.Void(func(context.Context) error {
		runtime.Goexit()
		return nil
	}))
	return !baseEventsReturned(func() { _ = l.RunUntilComplete(a) })
}

func baseEventsFail(f *asyncio.Future[bool]) {
	if err := f.SetResult(true); err != nil {
		panic(err)
	}
	panic(testutil.ErrTest)
}

func baseEventsPanic() { panic(testutil.ErrTest) }

type baseEventsStop struct{ l *asyncio.Loop }

func (s baseEventsStop) slowCallback() { s.l.Stop() }

// baseEventsSlowLoop makes a loop that logs every step.
func baseEventsSlowLoop(t *testing.T) *asyncio.Loop {
	t.Helper()
	l := testutil.NewLoop(t, new(testutil.Reports), asyncio.WithDebug())
	l.SetSlowCallbackDuration(0)
	return l
}

// baseEventsLog is what is logged by slog.Default.
type baseEventsLog struct{ *testutil.Logged }

func baseEventsCaptureLog(t *testing.T) baseEventsLog {
	t.Helper()
	return baseEventsLog{testutil.CaptureLog(t, nil)}
}

func (h baseEventsLog) len() int { return len(h.All()) }

// has reports whether there is a record of the level with all the words.
func (h baseEventsLog) has(level slog.Level, words ...string) bool {
	return slices.ContainsFunc(h.All(), func(r testutil.LogRecord) bool {
		missing := func(w string) bool { return !strings.Contains(r.String(), w) }
		return r.Level == level && !slices.ContainsFunc(words, missing)
	})
}

// err returns the error of the last record.
func (h baseEventsLog) err() (err error) {
	if all := h.All(); len(all) > 0 {
		for _, v := range all[len(all)-1].Attrs {
			if e, ok := v.Any().(error); ok {
				err = e
			}
		}
	}
	return err
}
