package conformance_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestRunResult(t *testing.T) {
	t.Run("is that of main, and the loop is closed", func(t *testing.T) {
		var l *asyncio.Loop
		v, err := asyncio.Run(context.Background(), func(ctx context.Context) (int, error) {
			l = asyncio.RunningLoop(ctx)
			if l.IsClosed() {
				t.Error("closed before the end")
			}
			return 42, asyncio.Sleep(ctx, 0)
		}, asyncio.WithVirtualClock())
		if v != 42 || err != nil || !l.IsClosed() {
			t.Errorf("%d, %v, closed %t", v, err, l.IsClosed())
		}
	})
	t.Run("is the error of main, and the loop is closed", func(t *testing.T) {
		errSpam := errors.New("spam")
		var l *asyncio.Loop
		err := testutil.Run(t, func(ctx context.Context) error {
			l = asyncio.RunningLoop(ctx)
			return errSpam
		})
		if err != errSpam || !l.IsClosed() { //nolint:errorlint // it comes as it is
			t.Errorf("%v, closed %t", err, l.IsClosed())
		}
	})
	t.Run("does not come when a loop runs already", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			_, err := asyncio.Run(context.Background(), asyncio.Void(func(context.Context) error {
				t.Error("the inner coroutine ran")
				return nil
			}), asyncio.WithVirtualClock())
			testutil.ExpectIs(t, "Run on a loop", err, asyncio.ErrLoopRunning)
			return asyncio.Sleep(ctx, time.Second)
		})
	})
}

func TestRunDebug(t *testing.T) {
	t.Run("is off unless it is asked for", func(t *testing.T) {
		for name, test := range map[string]struct {
			opts []asyncio.Option
			want bool
		}{
			"by default": {nil, false},
			"WithDebug":  {[]asyncio.Option{asyncio.WithDebug()}, true},
		} {
			testutil.Succeed(t, func(ctx context.Context) error {
				if on := asyncio.RunningLoop(ctx).Debug(); on != test.want {
					t.Errorf("Run %s: debug %t", name, on)
				}
				return nil
			}, test.opts...)
			r := asyncio.NewRunner(test.opts...)
			if on := r.Loop().Debug(); on != test.want {
				t.Errorf("NewRunner %s: debug %t", name, on)
			}
			if err := r.Close(); err != nil {
				t.Error("Close:", err)
			}
			l := testutil.NewLoop(t, new(testutil.Reports), test.opts...)
			if on := l.Debug(); on != test.want {
				t.Errorf("NewLoop %s: debug %t", name, on)
			}
		}
	})
}

func TestRunLeftovers(t *testing.T) {
	t.Run("are cancelled and done when it returns", func(t *testing.T) {
		var left *asyncio.Task[asyncio.None]
		v, err := asyncio.Run(context.Background(), func(ctx context.Context) (int, error) {
			left = asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				return asyncio.Sleep(ctx, 1000*time.Second)
			}))
			return 123, asyncio.Sleep(ctx, 0)
		}, asyncio.WithVirtualClock())
		if v != 123 || err != nil || !left.Done() || !left.Cancelled() {
			t.Errorf("%d, %v, done %t, cancelled %t", v, err, left.Done(), left.Cancelled())
		}
	})
	t.Run("have their errors reported", func(t *testing.T) {
		var left *asyncio.Task[asyncio.None]
		var told []asyncio.ExceptionContext
		v, err := asyncio.Run(context.Background(), func(ctx context.Context) (int, error) {
			left = asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				if err := testutil.Forever(ctx); errors.Is(err, asyncio.ErrCancelled) {
					return testutil.ErrTest
				}
				return nil
			}))
			return 123, asyncio.Sleep(ctx, 0)
		}, asyncio.WithVirtualClock(), asyncio.WithExceptionHandler(
			func(_ *asyncio.Loop, e asyncio.ExceptionContext) { told = append(told, e) }))
		if v != 123 || err != nil || !left.Done() {
			t.Errorf("%d, %v, done %t", v, err, left.Done())
		}
		if len(told) != 1 {
			t.Fatalf("%d reports: %v", len(told), told)
		}
		if told[0].Task != asyncio.AnyTask(left) || !strings.Contains(told[0].Message, "shutdown") {
			t.Errorf("reported %q of %v", told[0].Message, told[0].Task)
		}
		testutil.ExpectIs(t, "the error reported", told[0].Err, testutil.ErrTest)
	})
	t.Run("have no say in its error", func(t *testing.T) {
		errFancy := errors.New("fancy exit")
		var r testutil.Reports
		var left *asyncio.Task[asyncio.None]
		_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
			left = asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				if err := testutil.Forever(ctx); errors.Is(err, asyncio.ErrCancelled) {
					return testutil.ErrTest
				}
				return nil
			}), asyncio.WithName("left"))
			asyncio.Sleep(ctx, 0)
			return errFancy
		}), asyncio.WithVirtualClock(), r.Option())
		testutil.ExpectIs(t, "Run", err, errFancy)
		if errors.Is(err, testutil.ErrTest) || !left.Done() {
			t.Errorf("%v, done %t", err, left.Done())
		}
		r.Expect(t, "left: test error")
	})
}

func TestRunner(t *testing.T) {
	t.Run("has one loop, on which main runs", func(t *testing.T) {
		r := runnersNew(t)
		l := r.Loop()
		for range 2 {
			on, err := asyncio.RunOn(r, context.Background(), func(ctx context.Context) (*asyncio.Loop, error) {
				return asyncio.RunningLoop(ctx), nil
			})
			if on != l || r.Loop() != l || err != nil {
				t.Errorf("it ran on %p, the loop was %p and is %p: %v", on, l, r.Loop(), err)
			}
		}
	})
	t.Run("has a loop of its own", func(t *testing.T) {
		if one, other := runnersNew(t).Loop(), runnersNew(t).Loop(); one == other {
			t.Error("two runners share one")
		}
	})
	t.Run("runs until it is closed", func(t *testing.T) {
		r := runnersNew(t)
		v, err := asyncio.RunOn(r, context.Background(), func(ctx context.Context) (string, error) {
			return "done", asyncio.Sleep(ctx, 0)
		})
		if v != "done" || err != nil || r.Loop().IsClosed() {
			t.Errorf("%s, %v, closed %t", v, err, r.Loop().IsClosed())
		}
		for range 2 { // the second is not needed and does nothing
			if err := r.Close(); err != nil || !r.Loop().IsClosed() {
				t.Errorf("%v, closed %t", err, r.Loop().IsClosed())
			}
		}
		testutil.ExpectIs(t, "RunForever", r.Loop().RunForever(), asyncio.ErrLoopClosed)
	})
	t.Run("runs nothing once it is closed", func(t *testing.T) {
		r := runnersNew(t)
		if err := r.Close(); err != nil {
			t.Error("Close:", err)
		}
		_, err := asyncio.RunOn(r, context.Background(), asyncio.Void(func(context.Context) error {
			t.Error("it ran")
			return nil
		}))
		testutil.ExpectIs(t, "RunOn", err, asyncio.ErrLoopClosed)
	})
	t.Run("can be closed without having run", func(t *testing.T) {
		r := runnersNew(t)
		if err := r.Close(); err != nil || !r.Loop().IsClosed() {
			t.Errorf("%v, closed %t", err, r.Loop().IsClosed())
		}
	})
	t.Run("refuses a nil coroutine and goes on", func(t *testing.T) {
		r := runnersNew(t)
		func() {
			defer func() {
				if v, ok := recover().(string); !ok || !strings.Contains(v, "nil coroutine") {
					t.Errorf("panic %q", v)
				}
			}()
			asyncio.RunOn[asyncio.None](r, context.Background(), nil)
		}()
		if _, err := asyncio.RunOn(r, context.Background(), asyncio.Delay(time.Second, asyncio.None{})); err != nil {
			t.Error("RunOn:", err)
		}
	})
	t.Run("does not run inside itself", func(t *testing.T) {
		r := runnersNew(t)
		_, err := asyncio.RunOn(r, context.Background(), asyncio.Void(func(ctx context.Context) error {
			_, err := asyncio.RunOn(r, ctx, asyncio.Void(func(context.Context) error {
				t.Error("the inner coroutine ran")
				return nil
			}))
			testutil.ExpectIs(t, "RunOn inside", err, asyncio.ErrLoopRunning)
			return asyncio.Sleep(ctx, time.Second)
		}))
		if err != nil {
			t.Error("RunOn:", err)
		}
	})
	t.Run("gives each run the values of its context alone", func(t *testing.T) {
		type key struct{}
		see := func(ctx context.Context) (int, error) {
			v, ok := ctx.Value(key{}).(int)
			if !ok {
				v = -1
			}
			if err := asyncio.Sleep(ctx, 0); err != nil {
				return 0, err
			}
			// What is set here is for what is below, and gone with this run.
			below, err := asyncio.CreateTask(context.WithValue(ctx, key{}, v+100),
				func(ctx context.Context) (int, error) { return ctx.Value(key{}).(int), nil }).Await(ctx)
			if below != v+100 {
				t.Errorf("below %d", below)
			}
			return v, err
		}
		r := runnersNew(t)
		for i, want := range []int{-1, 1, 2, -1} {
			ctx := context.Background()
			if want > 0 {
				ctx = context.WithValue(ctx, key{}, want)
			}
			if v, err := asyncio.RunOn(r, ctx, see); v != want || err != nil {
				t.Errorf("run %d sees %d, want %d: %v", i, v, want, err)
			}
		}
	})
	t.Run("does not ask a result for its text", func(t *testing.T) {
		for _, opts := range [][]asyncio.Option{nil, {asyncio.WithDebug()}} {
			r := runnersNew(t, opts...)
			v, err := asyncio.RunOn(r, context.Background(), func(context.Context) (*runnersResult, error) {
				return &runnersResult{}, nil
			})
			if err != nil {
				t.Error("RunOn:", err)
			}
			if err := r.Close(); err != nil {
				t.Error("Close:", err)
			}
			if v.asked != 0 {
				t.Errorf("asked %d times", v.asked)
			}
		}
	})
}

// What an interrupt is in Python is here the end of the context of the run, whose
// cause says what has ended it.
func TestRunInterrupt(t *testing.T) {
	errInterrupt := errors.New("interrupt")
	interrupted := func(t *testing.T, err error) {
		t.Helper()
		var e *asyncio.CancelledError
		if !errors.As(err, &e) || e.Origin != asyncio.OriginContext {
			t.Errorf("RunOn: %v", err)
		}
		testutil.ExpectIs(t, "RunOn", err, errInterrupt)
	}
	t.Run("reaches a main that never waits", func(t *testing.T) {
		r := runnersNew(t)
		outer, interrupt := context.WithCancelCause(context.Background())
		cancelled := false
		turns := 0
		var turn func() // a timer would not do: the clock stands still while main spins
		turn = func() {
			if turns++; turns == 10 {
				interrupt(errInterrupt)
				return
			}
			r.Loop().CallSoon(turn)
		}
		r.Loop().CallSoon(turn)
		spins := 0
		_, err := asyncio.RunOn(r, outer, asyncio.Void(func(ctx context.Context) error {
			for ; ; spins++ {
				if err := asyncio.Sleep(ctx, 0); err != nil {
					cancelled = errors.Is(err, asyncio.ErrCancelled)
					return err
				}
			}
		}))
		interrupted(t, err)
		if !cancelled || spins < 9 {
			t.Errorf("cancelled %t after %d spins", cancelled, spins)
		}
	})
	t.Run("cancels main and the future it awaits", func(t *testing.T) {
		r := runnersNew(t)
		outer, interrupt := context.WithCancelCause(context.Background())
		f := asyncio.NewFuture[asyncio.None](r.Loop().Context())
		r.Loop().CallLater(100*time.Millisecond, func() { interrupt(errInterrupt) })
		_, err := asyncio.RunOn(r, outer, asyncio.Void(func(ctx context.Context) error {
			begin := asyncio.RunningLoop(ctx).Time()
			_, err := f.Await(ctx)
			testutil.ExpectIs(t, "Await", err, asyncio.ErrCancelled)
			if took := elapsed(ctx, begin); took != 100*time.Millisecond {
				t.Errorf("took %v", took)
			}
			return err
		}))
		interrupted(t, err)
		if !f.Cancelled() {
			t.Error("the future is not cancelled")
		}
	})
	t.Run("of a main that was cancelled before is not its reason", func(t *testing.T) {
		r := runnersNew(t)
		outer, interrupt := context.WithCancelCause(context.Background())
		_, err := asyncio.RunOn(r, outer, asyncio.Void(func(ctx context.Context) error {
			main := asyncio.CurrentTask(ctx)
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				err := asyncio.Sleep(ctx, 0)
				main.Cancel("by the subtask")
				interrupt(errInterrupt)
				return err
			}))
			err := asyncio.Sleep(ctx, 10*time.Second)
			for main.Cancelling() < 2 { // until the interrupt is here too
				asyncio.Sleep(ctx, 0)
			}
			return err
		}))
		var e *asyncio.CancelledError
		if !errors.As(err, &e) || e.Origin != asyncio.OriginCancel || e.Message != "by the subtask" {
			t.Errorf("RunOn: %v", err)
		}
		if errors.Is(err, errInterrupt) {
			t.Error("it has ended by the interrupt")
		}
	})
}

// runnersNew makes a runner on a virtual clock, closed at the end of the test.
func runnersNew(t *testing.T, opts ...asyncio.Option) *asyncio.Runner {
	t.Helper()
	r := asyncio.NewRunner(append([]asyncio.Option{asyncio.WithVirtualClock()}, opts...)...)
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return r
}

// runnersResult counts how often it is asked for its text.
type runnersResult struct{ asked int }

func (r *runnersResult) String() string   { r.asked++; return "" }
func (r *runnersResult) GoString() string { r.asked++; return "" }
