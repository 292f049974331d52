package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
	"weak"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestEventsRuns(t *testing.T) {
	t.Run("do not nest", func(t *testing.T) {
		r := asyncio.NewRunner(asyncio.WithVirtualClock())
		l := r.Loop()
		_, err := asyncio.RunOn(r, context.Background(), asyncio.Void(func(ctx context.Context) error {
			if !l.IsRunning() {
				t.Error("it is not running in a coroutine")
			}
			_, err := asyncio.RunOn(r, context.Background(), asyncio.Void(func(context.Context) error {
				t.Error("the inner coroutine ran")
				return nil
			}))
			testutil.ExpectIs(t, "RunOn inside", err, asyncio.ErrLoopRunning)
			f := asyncio.NewFuture[asyncio.None](ctx)
			testutil.ExpectIs(t, "RunUntilComplete inside", l.RunUntilComplete(f), asyncio.ErrLoopRunning)
			return asyncio.Sleep(ctx, time.Second)
		}))
		if err != nil {
			t.Error("RunOn:", err)
		}
		if err := r.Close(); err != nil {
			t.Error("Close:", err)
		}
	})
	t.Run("last as long as what they run", func(t *testing.T) {
		l := testutil.NewLoop(t, new(testutil.Reports))
		begin := l.Time()
		a := asyncio.CreateTask(l.Context(), asyncio.Delay(100*time.Millisecond, asyncio.None{}))
		if err := l.RunUntilComplete(a); err != nil {
			t.Error("RunUntilComplete:", err)
		}
		if took := l.Time().Sub(begin); took != 100*time.Millisecond {
			t.Errorf("took %v", took)
		}
	})
	t.Run("end without a result when the loop is stopped", func(t *testing.T) {
		r := asyncio.NewRunner(asyncio.WithVirtualClock())
		begin := r.Loop().Time()
		_, err := asyncio.RunOn(r, context.Background(), asyncio.Void(func(ctx context.Context) error {
			asyncio.RunningLoop(ctx).Stop()
			return asyncio.Sleep(ctx, 100*time.Millisecond)
		}))
		testutil.ExpectIs(t, "RunOn", err, asyncio.ErrLoopStopped)
		if !r.Loop().Time().Equal(begin) {
			t.Error("it went on until", r.Loop().Time())
		}
		if err := r.Close(); err != nil {
			t.Error("Close:", err)
		}
	})
	t.Run("do not let the loop be closed from inside", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			l := asyncio.RunningLoop(ctx)
			testutil.ExpectIs(t, "Close", l.Close(), asyncio.ErrLoopRunning)
			if l.IsClosed() {
				t.Error("it says it is closed")
			}
			return asyncio.Sleep(ctx, time.Second)
		})
	})
	t.Run("of a worker's own loop are apart", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			v, err := asyncio.ToThread(ctx, func(context.Context) (string, error) {
				return asyncio.Run(context.Background(), func(own context.Context) (string, error) {
					if asyncio.RunningLoop(own) == asyncio.RunningLoop(ctx) {
						t.Error("it runs on the loop that waits for it")
					}
					return "hello", asyncio.Sleep(own, 0)
				}, asyncio.WithVirtualClock())
			})
			if v != "hello" {
				t.Errorf("%q", v)
			}
			return err
		})
	})
	t.Run("are found by the context of their coroutines alone", func(t *testing.T) {
		lost := func() {
			defer func() {
				if v, ok := recover().(string); !ok || !strings.Contains(v, "no event loop") {
					t.Errorf("panic %q", v)
				}
			}()
			asyncio.RunningLoop(context.Background())
		}
		lost()
		l, other := testutil.NewLoop(t, new(testutil.Reports)), testutil.NewLoop(t, new(testutil.Reports))
		a := asyncio.CreateTask(l.Context(), func(ctx context.Context) (*asyncio.Loop, error) {
			lost()
			return asyncio.RunningLoop(ctx), nil
		})
		if err := l.RunUntilComplete(a); err != nil {
			t.Error("RunUntilComplete:", err)
		}
		if on, _ := a.Result(); on != l || asyncio.RunningLoop(other.Context()) != other {
			t.Errorf("it ran on %p, want %p", on, l)
		}
		lost()
	})
}

func TestEventsCallbacks(t *testing.T) {
	t.Run("are called once, at their time", func(t *testing.T) {
		for name, test := range map[string]struct {
			set  func(l *asyncio.Loop, f func())
			took time.Duration
		}{
			"CallSoon": {func(l *asyncio.Loop, f func()) { l.CallSoon(f) }, 0},
			"CallLater": {func(l *asyncio.Loop, f func()) {
				l.CallLater(100*time.Millisecond, f)
			}, 100 * time.Millisecond},
			"CallAt": {func(l *asyncio.Loop, f func()) { l.CallAt(l.Time().Add(time.Minute), f) }, time.Minute},
		} {
			t.Run(name, func(t *testing.T) {
				l := testutil.NewLoop(t, new(testutil.Reports))
				begin := l.Time()
				var calls []string
				test.set(l, func() {
					calls = append(calls, fmt.Sprint("hello world after ", l.Time().Sub(begin)))
					l.Stop()
				})
				eventsRun(t, l)
				l.Stop()
				eventsRun(t, l)
				testutil.ExpectLines(t, calls, fmt.Sprint("hello world after ", test.took))
			})
		}
	})
	t.Run("come in the order of the calls, whoever made them", func(t *testing.T) {
		for name, from := range map[string]func(f func()){
			"on the loop's own goroutine": func(f func()) { f() },
			"on another goroutine":        testutil.Elsewhere,
		} {
			t.Run(name, func(t *testing.T) {
				l := testutil.NewLoop(t, new(testutil.Reports))
				var order []string
				from(func() { l.CallSoon(func() { order = append(order, "hello") }) })
				l.CallSoon(func() {
					order = append(order, "world")
					l.Stop()
				})
				eventsRun(t, l)
				testutil.ExpectLines(t, order, "hello", "world")
			})
		}
	})
	t.Run("sleep for exactly as long as they should", func(t *testing.T) {
		logged := baseEventsCaptureLog(t) // of each step of the task
		testutil.Succeed(t, func(ctx context.Context) error {
			l := asyncio.RunningLoop(ctx)
			l.SetSlowCallbackDuration(0)
			begin := l.Time()
			for _, d := range []time.Duration{10_000_000, 100_000, 1_000, 10, 0} {
				if err := asyncio.Sleep(ctx, d); err != nil {
					return err
				}
			}
			if took := elapsed(ctx, begin); took != 10_101_010 {
				t.Errorf("took %v", took)
			}
			l.SetDebug(false)
			return nil
		}, asyncio.WithDebug())
		if n := logged.len(); n < 5 || n > 20 {
			t.Errorf("%d steps:\n%s", n, logged)
		}
	})
}

func TestEventsWorkers(t *testing.T) {
	t.Run("work off the loop, which gets their value", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			// It can block for what the loop does meanwhile.
			passed := make(chan struct{})
			asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error {
				close(passed)
				return nil
			}))
			arg := "yo"
			v, err := asyncio.ToThread(ctx, func(context.Context) (string, error) {
				<-passed
				return arg, nil
			})
			if v != "yo" {
				t.Errorf("%q", v)
			}
			return err
		})
	})
	t.Run("that end after the loop has closed call nothing on it", func(t *testing.T) {
		var r testutil.Reports
		l := testutil.NewLoop(t, &r)
		begun, release, ended := make(chan struct{}), make(chan struct{}), make(chan struct{})
		job := asyncio.Go(l.Context(), asyncio.Void(func(context.Context) error {
			defer close(ended)
			close(begun)
			<-release
			return nil
		}), asyncio.WithName("job"))
		job.AddDoneCallback(func(*asyncio.Task[asyncio.None]) { t.Error("its callback was called") })
		l.CallSoon(func() {
			l.CallSoon(l.Stop) // a turn after it has started
		})
		eventsRun(t, l)
		<-begun
		if !job.Cancel() {
			t.Error("it was done already")
		}
		if err := l.Close(); err != nil {
			t.Error("Close:", err)
		}
		r.Expect(t, "job") // it is still at work
		close(release)
		<-ended
		for late := time.Now().Add(30 * time.Second); !job.Done() && time.Now().Before(late); {
			runtime.Gosched()
		}
		if !job.Done() || job.Cancelled() {
			t.Errorf("done %t, cancelled %t", job.Done(), job.Cancelled())
		}
		testutil.ExpectIs(t, "RunForever", l.RunForever(), asyncio.ErrLoopClosed)
		r.Expect(t, "job")
	})
}

// There are no signal handlers: a Go task waits for a signal as for anything else.
func TestEventsSignals(t *testing.T) {
	t.Run("reach an idle loop through a Go task", func(t *testing.T) {
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, os.Interrupt)
		defer signal.Stop(signals)
		l := testutil.NewLoop(t, new(testutil.Reports))
		begin := l.Time()
		l.CallLater(time.Minute, func() { t.Error("the loop went on waiting") })
		var handled []string
		handler := func(arg int) {
			handled = append(handled, fmt.Sprint("handled with ", arg))
			l.Stop()
		}
		watcher := asyncio.Go(l.Context(), func(context.Context) (os.Signal, error) {
			self, err := os.FindProcess(os.Getpid())
			if err != nil {
				return nil, err
			}
			if err := self.Signal(os.Interrupt); err != nil {
				return nil, err
			}
			s := <-signals
			l.CallSoon(func() { handler(42) })
			return s, nil
		})
		eventsRun(t, l)
		if err := l.RunUntilComplete(watcher); err != nil {
			t.Error("the watcher:", err)
		}
		if s, _ := watcher.Result(); s != os.Interrupt {
			t.Errorf("signal %v", s)
		}
		testutil.ExpectLines(t, handled, "handled with 42")
		if !l.Time().Equal(begin) {
			t.Errorf("it took %v", l.Time().Sub(begin))
		}
	})
}

func TestEventsClosedLoop(t *testing.T) {
	t.Run("refuses all but futures", func(t *testing.T) {
		l := testutil.NewLoop(t, new(testutil.Reports))
		l.Close()
		ctx := l.Context()
		for what, err := range map[string]error{
			"RunForever":       l.RunForever(),
			"RunUntilComplete": l.RunUntilComplete(asyncio.NewFuture[asyncio.None](ctx)),
			"CreateTask":       asyncio.CreateTask(ctx, asyncio.Delay(0, asyncio.None{})).Err(),
			"Go":               asyncio.Go(ctx, asyncio.Delay(0, asyncio.None{})).Err(),
			"Sleep":            asyncio.Sleep(ctx, 0),
		} {
			testutil.ExpectIs(t, what, err, asyncio.ErrLoopClosed)
		}
		called := func() { t.Error("it was called") }
		var elsewhere *asyncio.Handle
		testutil.Elsewhere(func() { elsewhere = l.CallSoon(called) })
		for what, h := range map[string]*asyncio.Handle{
			"CallSoon":           l.CallSoon(called),
			"CallSoon elsewhere": elsewhere,
			"CallLater":          l.CallLater(-1, called),
			"CallAt":             l.CallAt(l.Time().Add(-1), called),
		} {
			if !h.Cancelled() {
				t.Errorf("%s: the handle is not cancelled", what)
			}
		}
		f := asyncio.NewFuture[int](ctx)
		if err := f.SetResult(1); err != nil || !f.Done() {
			t.Errorf("SetResult: %v, done %t", err, f.Done())
		}
	})
}

func TestEventsHandle(t *testing.T) {
	type setter struct {
		name string
		set  func(l *asyncio.Loop, f func()) *asyncio.Handle
	}
	setters := []setter{
		{"CallSoon", func(l *asyncio.Loop, f func()) *asyncio.Handle { return l.CallSoon(f) }},
		{"CallLater", func(l *asyncio.Loop, f func()) *asyncio.Handle {
			return l.CallLater(123*time.Second, f)
		}},
		{"CallAt", func(l *asyncio.Loop, f func()) *asyncio.Handle {
			return l.CallAt(l.Time().Add(123*time.Second), f)
		}},
	}
	t.Run("is cancelled by Cancel, also if it has run", func(t *testing.T) {
		for _, s := range setters {
			l := testutil.NewLoop(t, new(testutil.Reports))
			calls := 0
			runs := s.set(l, func() { calls++ })
			h := s.set(l, func() { t.Error("it was called") })
			if h.Cancelled() {
				t.Errorf("%s: cancelled from the start", s.name)
			}
			if !h.Cancel() || !h.Cancelled() || h.Cancel() || !h.Cancelled() {
				t.Errorf("%s: cancelled %t", s.name, h.Cancelled())
			}
			l.CallLater(time.Hour, l.Stop)
			eventsRun(t, l)
			if calls != 1 || runs.Cancelled() || runs.Cancel() || !runs.Cancelled() {
				t.Errorf("%s: %d calls, cancelled %t", s.name, calls, runs.Cancelled())
			}
		}
	})
	t.Run("keeps its moment", func(t *testing.T) {
		l := testutil.NewLoop(t, new(testutil.Reports))
		when := l.Time().Add(123 * time.Second)
		for _, s := range setters[1:] {
			h := s.set(l, func() {})
			if !h.When().Equal(when) {
				t.Errorf("%s: %v, want %v", s.name, h.When(), when)
			}
			if h.Cancel(); !h.When().Equal(when) {
				t.Errorf("%s, cancelled: %v, want %v", s.name, h.When(), when)
			}
		}
	})
	t.Run("lets go of the callback when it is cancelled", func(t *testing.T) {
		for _, s := range setters {
			l := testutil.NewLoop(t, new(testutil.Reports))
			h, held := eventsHold(l, s.set)
			runtime.GC()
			if held.Value() == nil {
				t.Errorf("%s: gone before it was cancelled", s.name)
			}
			h.Cancel()
			l.Stop()
			eventsRun(t, l)
			runtime.GC()
			runtime.GC()
			if held.Value() != nil {
				t.Errorf("%s: a cancelled handle holds what its callback has captured", s.name)
			}
			runtime.KeepAlive(h)
		}
	})
	t.Run("is in the report of its failure, which goes no further", func(t *testing.T) {
		for _, s := range setters {
			var told []asyncio.ExceptionContext
			l := testutil.NewLoop(t, new(testutil.Reports))
			l.SetExceptionHandler(func(_ *asyncio.Loop, e asyncio.ExceptionContext) { told = append(told, e) })
			h := s.set(l, eventsFail)
			l.CallLater(time.Hour, l.Stop)
			eventsRun(t, l)
			if len(told) != 1 {
				t.Fatalf("%s: %d reports", s.name, len(told))
			}
			if told[0].Handle != h || !strings.Contains(told[0].Message, "callback") ||
				!strings.Contains(told[0].Message, "eventsFail") {
				t.Errorf("%s: handle %p, want %p; message %q", s.name, told[0].Handle, h, told[0].Message)
			}
			testutil.ExpectIs(t, s.name, told[0].Err, testutil.ErrTest)
		}
	})
	t.Run("has a text that names its callback", func(t *testing.T) {
		for _, s := range setters {
			l := testutil.NewLoop(t, new(testutil.Reports))
			h := s.set(l, eventsFail)
			eventsText(t, s.name, h, []string{"eventsFail", "events_test.go:"}, []string{"cancelled"})
			h.Cancel()
			eventsText(t, s.name+", cancelled", h, []string{"cancelled"}, []string{"eventsFail"})
		}
	})
	t.Run("has a text with its moment", func(t *testing.T) {
		for _, s := range setters[1:] {
			l := testutil.NewLoop(t, new(testutil.Reports))
			h := s.set(l, eventsFail)
			when := h.When().Format(time.RFC3339Nano)
			eventsText(t, s.name, h, []string{when, "eventsFail"}, []string{"cancelled"})
			h.Cancel()
			eventsText(t, s.name+", cancelled", h, []string{when, "cancelled"}, []string{"eventsFail"})
		}
	})
	t.Run("has a text that says where it was set, in debug mode", func(t *testing.T) {
		l := testutil.NewLoop(t, new(testutil.Reports), asyncio.WithDebug())
		check := func(name string, h *asyncio.Handle) {
			_, file, line, _ := runtime.Caller(1)
			where := fmt.Sprintf("%s:%d", filepath.Base(file), line)
			eventsText(t, name, h, []string{"eventsFail", where}, []string{"cancelled"})
			for range 2 {
				h.Cancel()
				eventsText(t, name+", cancelled", h, []string{"cancelled", "eventsFail", where}, nil)
			}
		}
		check("CallSoon", l.CallSoon(eventsFail))
		check("CallLater", l.CallLater(0, eventsFail))
		check("CallAt", l.CallAt(l.Time().Add(123*time.Second), eventsFail))
		testutil.Elsewhere(func() { check("CallSoon elsewhere", l.CallSoon(eventsFail)) })
	})
}

// eventsRun runs l until it is stopped.
func eventsRun(t *testing.T, l *asyncio.Loop) {
	t.Helper()
	if err := l.RunForever(); err != nil {
		t.Errorf("RunForever: %v", err)
	}
}

func eventsFail() { panic(testutil.ErrTest) }

// eventsHold sets a callback that holds something.
//
//go:noinline
func eventsHold(l *asyncio.Loop, set func(l *asyncio.Loop, f func()) *asyncio.Handle) (
	*asyncio.Handle, weak.Pointer[[64]byte],
) {
	held := new([64]byte)
	h := set(l, func() { panic(errors.New(string(held[:]))) })
	return h, weak.Make(held)
}

// eventsText checks what the text of h has in it and what it has not.
func eventsText(t *testing.T, what string, h *asyncio.Handle, has, not []string) {
	t.Helper()
	text := fmt.Sprint(h)
	for _, w := range has {
		if !strings.Contains(text, w) {
			t.Errorf("%s: %q is not in %s", what, w, text)
		}
	}
	for _, w := range not {
		if strings.Contains(text, w) {
			t.Errorf("%s: %q is in %s", what, w, text)
		}
	}
}
