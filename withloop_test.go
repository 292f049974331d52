package asyncio_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// inBackground starts a loop that is closed at the end of the test.
func inBackground(t *testing.T, opts ...asyncio.Option) *asyncio.Loop {
	t.Helper()
	r, _ := started(t, opts...)
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r.Loop()
}

func TestWithLoopIsTheContextOnAnotherLoop(t *testing.T) {
	l := inBackground(t)
	type key struct{}
	why := errors.New("the request has ended")
	request, end := context.WithCancelCause(context.WithValue(context.Background(), key{}, 7))
	request, cancel := context.WithDeadline(request, time.Now().Add(time.Hour))
	defer cancel()
	ctx := asyncio.WithLoop(request, l)
	if asyncio.RunningLoop(ctx) != l || asyncio.CurrentTask(ctx) != nil || ctx.Value(key{}) != 7 || ctx.Err() != nil {
		t.Error(ctx)
	}
	d, _ := ctx.Deadline()
	if want, _ := request.Deadline(); !d.Equal(want) {
		t.Errorf("deadline %v, want %v", d, want)
	}
	task := asyncio.CreateTask(ctx, func(ctx context.Context) (int, error) {
		if got, ok := ctx.Deadline(); !ok || !got.Equal(d) {
			t.Errorf("the deadline inside is %v", got)
		}
		return ctx.Value(key{}).(int), asyncio.Sleep(ctx, 0)
	})
	if v, err := task.Await(ctx); v != 7 || err != nil {
		t.Error(v, err)
	}
	end(why)
	<-ctx.Done()
	testutil.ExpectIs(t, "the cause", context.Cause(ctx), why)
	if again := asyncio.WithLoop(ctx, l); again != ctx {
		t.Error("moved to where it leads already")
	}
}

func TestEndOfARequest(t *testing.T) {
	why := errors.New("the request has ended")
	t.Run("ends the await at once, and the task", func(t *testing.T) {
		l := inBackground(t)
		request, end := context.WithCancelCause(context.Background())
		ctx := asyncio.WithLoop(request, l)
		ended := make(chan error, 1)
		task := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			go end(why)
			err := testutil.Forever(ctx)
			ended <- err
			return err
		}))
		_, err := task.Await(ctx)
		testutil.ExpectIs(t, "the await", err, why)
		err = <-ended
		var c *asyncio.CancelledError
		if !errors.As(err, &c) || c.Origin != asyncio.OriginContext {
			t.Errorf("the task: %v", err)
		}
		testutil.ExpectIs(t, "the task", err, why)
	})
	t.Run("also while the loop is stuck", func(t *testing.T) {
		l := inBackground(t)
		request, end := context.WithCancelCause(context.Background())
		ctx := asyncio.WithLoop(request, l)
		stuck, release := make(chan struct{}), make(chan struct{})
		asyncio.CreateTask(l.Context(), asyncio.Void(func(context.Context) error {
			close(stuck)
			<-release
			return nil
		}))
		<-stuck
		task := asyncio.CreateTask(ctx, testutil.Noop)
		end(why)
		_, err := task.Await(ctx)
		testutil.ExpectIs(t, "the await", err, why)
		testutil.ExpectIs(t, "a sleep", asyncio.Sleep(ctx, time.Hour), why)
		close(release)
		_, err = task.Await(context.Background())
		testutil.ExpectIs(t, "the task", err, asyncio.ErrCancelled)
	})
	t.Run("before there is a task keeps it from starting", func(t *testing.T) {
		l := inBackground(t)
		request, end := context.WithCancelCause(context.Background())
		end(why)
		ctx := asyncio.WithLoop(request, l)
		for _, create := range []func(context.Context, asyncio.Coroutine[asyncio.None], ...asyncio.TaskOption) *asyncio.Task[asyncio.None]{
			asyncio.CreateTask[asyncio.None], asyncio.Go[asyncio.None],
		} {
			task := create(ctx, asyncio.Void(func(context.Context) error {
				t.Error("has started")
				return nil
			}))
			_, err := task.Await(ctx)
			testutil.ExpectIs(t, "the await", err, why)
			_, err = task.Await(context.Background())
			testutil.ExpectIs(t, "the task", err, asyncio.ErrCancelled)
		}
	})
	t.Run("cancels what awaits with it on the loop", func(t *testing.T) {
		l := inBackground(t)
		request, end := context.WithCancelCause(context.Background())
		ctx := asyncio.WithLoop(request, l)
		_, err := asyncio.CreateTask(l.Context(), asyncio.Void(func(context.Context) error {
			go end(why)
			return testutil.Forever(ctx)
		})).Await(context.Background())
		testutil.ExpectIs(t, "the sleep", err, why)
	})
	t.Run("is that of the loop before", func(t *testing.T) {
		r, _ := started(t)
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		ctx = asyncio.WithLoop(ctx, r.Loop())
		f := asyncio.NewFuture[int](ctx)
		began := make(chan struct{})
		go func() {
			<-began
			_ = r.Shutdown(context.Background())
		}()
		close(began)
		_, err := f.Await(ctx)
		testutil.ExpectIs(t, "the await", err, asyncio.ErrLoopClosed)
		_, err = asyncio.CreateTask(ctx, testutil.Noop).Await(ctx)
		testutil.ExpectIs(t, "a new task", err, asyncio.ErrLoopClosed)
		testutil.ExpectIs(t, "a sleep", asyncio.Sleep(ctx, time.Hour), asyncio.ErrLoopClosed)
		if ctx.Err() != nil {
			t.Error("the context has ended with the loop")
		}
	})
}

func TestWithLoopIsAScopeForEverything(t *testing.T) {
	l := inBackground(t)
	for name, request := range map[string]context.Context{
		"of a request":       t.Context(),
		"that does not end":  context.Background(),
		"with values inside": context.WithValue(context.Background(), t, 1),
	} {
		t.Run(name, func(t *testing.T) {
			ctx := context.WithValue(asyncio.WithLoop(request, l), l, 1)
			nap := asyncio.Void(func(ctx context.Context) error { return asyncio.Sleep(ctx, time.Microsecond) })
			var lock asyncio.Lock
			q := asyncio.NewQueue[int](1)
			for what, f := range map[string]func() error{
				"CreateTask": func() error { _, err := asyncio.CreateTask(ctx, nap).Await(ctx); return err },
				"Go":         func() error { _, err := asyncio.Go(ctx, nap).Await(ctx); return err },
				"ToThread":   func() error { _, err := asyncio.ToThread(ctx, nap); return err },
				"Sleep":      func() error { return asyncio.Sleep(ctx, time.Microsecond) },
				"NewFuture": func() error {
					f := asyncio.NewFuture[int](ctx)
					go func() { _ = f.SetResult(1) }()
					_, err := f.Await(ctx)
					return err
				},
				"Gather": func() error {
					_, err := asyncio.Gather(ctx, asyncio.CreateTask(ctx, nap), asyncio.CreateTask(ctx, nap))
					return err
				},
				"WithTaskGroup": func() error {
					return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
						asyncio.CreateTask(tg, nap)
						return nil
					})
				},
				"Lock":  func() error { return lock.With(ctx, func() error { return asyncio.Sleep(ctx, 0) }) },
				"Queue": func() error { return errors.Join(q.Put(ctx, 1), func() error { _, err := q.Get(ctx); return err }()) },
			} {
				if err := f(); err != nil {
					t.Errorf("%s: %v", what, err)
				}
			}
			scope, cancel := asyncio.WithTimeout(ctx, time.Microsecond)
			defer cancel()
			_, err := asyncio.NewFuture[int](scope).Await(scope)
			testutil.ExpectIs(t, "WithTimeout", err, asyncio.ErrTimeout)
		})
	}
}

func TestWithLoopOfATaskOfAnotherLoop(t *testing.T) {
	l, other := inBackground(t), inBackground(t)
	t.Run("is cancelled with it, once", func(t *testing.T) {
		for name, derive := range map[string]func(context.Context) context.Context{
			"as it is":    func(ctx context.Context) context.Context { return ctx },
			"with values": func(ctx context.Context) context.Context { return context.WithValue(ctx, t, 1) },
		} {
			t.Run(name, func(t *testing.T) {
				awaits := make(chan struct{})
				var child *asyncio.Task[asyncio.None]
				parent := asyncio.CreateTask(other.Context(), asyncio.Void(func(ctx context.Context) error {
					child = asyncio.CreateTask(derive(asyncio.WithLoop(derive(ctx), l)), asyncio.Void(func(ctx context.Context) error {
						close(awaits)
						err := testutil.Forever(ctx)
						for range 10 { // a second request would interrupt that
							if err := asyncio.Sleep(ctx, time.Millisecond); err != nil {
								t.Errorf("the clean-up: %v", err)
							}
						}
						return err
					}))
					_, err := child.Await(ctx)
					return err
				}))
				<-awaits
				parent.Cancel("enough")
				_, err := parent.Await(context.Background())
				var c *asyncio.CancelledError
				if !errors.As(err, &c) || c.Message != "enough" {
					t.Error(err)
				}
				if n := child.Cancelling(); n != 1 || !child.Cancelled() {
					t.Errorf("%v was asked %d times", child, n)
				}
			})
		}
	})
	t.Run("and ends with a scope of it", func(t *testing.T) {
		scope, cancel := asyncio.WithCancel(other.Context())
		task := asyncio.CreateTask(asyncio.WithLoop(scope, l), asyncio.Void(testutil.Forever))
		cancel()
		_, err := task.Await(context.Background())
		testutil.ExpectIs(t, "the task", err, asyncio.ErrCancelled)
	})
}

func TestWithLoopCosts(t *testing.T) {
	l := asyncio.NewLoop()
	defer l.Close()
	request, cancel := context.WithCancel(context.Background())
	defer cancel()
	if n := testing.AllocsPerRun(100, func() { _ = asyncio.WithLoop(request, l) }); n != 1 {
		t.Errorf("%v allocations", n)
	}
	before := runtime.NumGoroutine()
	ctx := asyncio.WithLoop(request, l)
	for range 100 { // none is started: the loop does not run
		asyncio.CreateTask(ctx, testutil.Noop)
		_ = asyncio.NewFuture[int](ctx)
	}
	if n := runtime.NumGoroutine() - before; n > 0 {
		t.Errorf("%d goroutines", n)
	}
}

func TestWithLoopMisused(t *testing.T) {
	testutil.ExpectPanic(t, func() { asyncio.WithLoop(context.Background(), nil) }, "asyncio: WithLoop of a nil loop")
	testutil.ExpectPanic(t, func() { asyncio.WithLoop(context.Background(), &asyncio.Loop{}) }, "NewLoop")
	var none context.Context
	testutil.ExpectPanic(t, func() { asyncio.WithLoop(none, inBackground(t)) }, "asyncio: nil context")
}
