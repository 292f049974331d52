package usercode_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// countedContext panics at one of its calls, or from that on.
type countedContext struct {
	context.Context
	done chan struct{}
	left atomic.Int32 // calls before that
	once bool
}

func (c *countedContext) called() {
	if n := c.left.Add(-1); n == -1 || n < -1 && !c.once {
		panic("context of the user's")
	}
}

func (c *countedContext) Done() <-chan struct{} {
	c.called()
	return c.done
}

func (c *countedContext) Err() error {
	c.called()
	select {
	case <-c.done:
		return context.Canceled
	default:
		return nil
	}
}

func (c *countedContext) Value(key any) any {
	c.called()
	return c.Context.Value(key)
}

func (c *countedContext) Deadline() (time.Time, bool) {
	c.called()
	return time.Time{}, false
}

// contextUses are waits with a context, in queues of lock among others.
func contextUses(lock *asyncio.Lock) map[string]func(ctx context.Context) error {
	return map[string]func(ctx context.Context) error{
		"Sleep": func(ctx context.Context) error { return asyncio.Sleep(ctx, time.Hour) },
		"Await": func(ctx context.Context) error {
			_, err := asyncio.NewFuture[int](ctx).Await(ctx)
			return err
		},
		"Lock": func(ctx context.Context) error { return lock.Acquire(ctx) },
		"scope": func(ctx context.Context) error {
			scope, cancel := asyncio.WithTimeout(ctx, time.Hour)
			defer cancel()
			return asyncio.Sleep(scope, 2*time.Hour)
		},
		"task": func(ctx context.Context) error {
			_, err := asyncio.CreateTask(ctx, asyncio.Void(testutil.Forever)).Await(ctx)
			return err
		},
	}
}

// TestContextThatPanicsAtAnyOfItsCallsHoldsNobodyUp: who waits with it comes back when it
// has ended at the latest, and has left all queues.
func TestContextThatPanicsAtAnyOfItsCallsHoldsNobodyUp(t *testing.T) {
	var lock asyncio.Lock
	for what, use := range contextUses(&lock) {
		for who := range strangers {
			t.Run(what+" in "+who, func(t *testing.T) {
				for n := range int32(16) {
					for _, once := range []bool{true, false} {
						lock = asyncio.Lock{}
						lock.TryAcquire()
						untilEnded(t, who, func(ctx context.Context, done chan struct{}) {
							defer func() { _ = recover() }()
							c := &countedContext{Context: ctx, done: done, once: once}
							c.left.Store(n)
							if err := use(c); err == nil {
								t.Errorf("it has waited to no end, with a context that panics at call %d", n)
							}
						})
						if s := lock.String(); s != "<Lock [locked]>" || lock.Release() != nil || !lock.TryAcquire() {
							t.Errorf("after a panic at call %d: %s", n, s)
						}
					}
				}
			})
		}
	}
}

// strangers are who may wait: each starts f, and returns how to wait for its end.
var strangers = map[string]func(ctx context.Context, f func()) (ended func(context.Context) (asyncio.None, error)){
	"a loop task": func(ctx context.Context, f func()) func(context.Context) (asyncio.None, error) {
		return asyncio.CreateTask(ctx, asyncio.Void(func(context.Context) error {
			f()
			return nil
		})).Await
	},
	"a Go task": func(ctx context.Context, f func()) func(context.Context) (asyncio.None, error) {
		return asyncio.Go(ctx, asyncio.Void(func(context.Context) error {
			f()
			return nil
		})).Await
	},
	"a goroutine": func(ctx context.Context, f func()) func(context.Context) (asyncio.None, error) {
		ended := asyncio.NewFuture[asyncio.None](ctx)
		go func() {
			defer func() { _ = ended.SetResult(asyncio.None{}) }()
			f()
		}()
		return ended.Await
	},
}

// untilEnded has who start use, which is to wait with a context that ends with done, closes
// that, and waits until use has returned.
func untilEnded(t *testing.T, who string, use func(ctx context.Context, done chan struct{})) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
			done := make(chan struct{})
			ended := strangers[who](ctx, func() { use(context.WithoutCancel(ctx), done) })
			if err := asyncio.Sleep(ctx, time.Second); err != nil {
				return err
			}
			close(done)
			_, err := asyncio.WaitFor(ctx, asyncio.CreateTask(ctx, ended), time.Minute)
			return err
		}), (&testutil.Reports{}).Option())
		if err != nil {
			t.Errorf("%s: %v", who, err)
		}
	})
}

// silentContext ends, but its Err does not say so.
type silentContext struct {
	context.Context
	done chan struct{}
}

func (c *silentContext) Done() <-chan struct{} { return c.done }
func (c *silentContext) Err() error            { return nil }

// TestContextThatEndsWithoutSayingSo ends as one that was cancelled.
func TestContextThatEndsWithoutSayingSo(t *testing.T) {
	var lock asyncio.Lock
	lock.TryAcquire()
	for what, use := range contextUses(&lock) {
		for who := range strangers {
			t.Run(what+" in "+who, func(t *testing.T) {
				untilEnded(t, who, func(ctx context.Context, done chan struct{}) {
					if err := use(&silentContext{ctx, done}); err == nil {
						t.Error("it has waited to no end")
					}
					if err := use(&silentContext{ctx, done}); err == nil {
						t.Error("it has waited to no end, after the end")
					}
				})
			})
		}
	}
}

// askedContext calls a function, once, when it is asked for a value.
type askedContext struct {
	context.Context
	done chan struct{}
	then atomic.Pointer[func()]
}

func (c *askedContext) Done() <-chan struct{} { return c.done }
func (c *askedContext) Err() error            { return nil }

func (c *askedContext) Value(key any) any {
	if f := c.then.Swap(nil); f != nil {
		(*f)()
	}
	return c.Context.Value(key)
}

// TestContextThatCancelsWhileACancellationIsOnItsWay: both come to whom they are for. The
// first goes to a goroutine that is left to itself, on a loop that does not run.
func TestContextThatCancelsWhileACancellationIsOnItsWay(t *testing.T) {
	l := asyncio.NewLoop(asyncio.WithVirtualClock(), (&testutil.Reports{}).Option())
	defer func() { _ = l.Close() }()
	c := &askedContext{Context: l.Context(), done: make(chan struct{})}
	began, release := make(chan struct{}, 2), make(chan struct{})
	defer close(release)
	leave := func(ctx context.Context) *asyncio.Task[int] {
		return asyncio.Go(ctx, func(context.Context) (int, error) {
			began <- struct{}{}
			<-release
			return 0, nil
		}, asyncio.Abandon())
	}
	left, beside := leave(c), leave(l.Context())
	testutil.ExpectIs(t, "RunUntilComplete", l.RunUntilComplete(asyncio.CreateTask(l.Context(), testutil.Noop)), nil)
	<-began
	<-began
	testutil.Succeed(t, func(ctx context.Context) error {
		endless := func(ctx context.Context) (int, error) { return 0, testutil.Forever(ctx) }
		other := asyncio.CreateTask(ctx, endless)
		for range 5_000 { // so many that the memory for its way is not kept
			other = asyncio.CreateTask(ctx, other.Await)
		}
		first, last := asyncio.CreateTask(ctx, endless), asyncio.CreateTask(ctx, endless)
		k := asyncio.CreateTask(ctx, func(ctx context.Context) ([]int, error) { return asyncio.Gather(ctx, first, left, last) })
		if err := asyncio.Sleep(ctx, 0); err != nil {
			return err
		}
		called := false
		f := func() {
			called = true
			other.Cancel("by the context")
			beside.Cancel("too")
		}
		c.then.Store(&f)
		k.Cancel("first")
		for range 5_010 {
			if err := asyncio.Sleep(ctx, 0); err != nil {
				return err
			}
		}
		for task, want := range map[asyncio.AnyTask]string{
			k: "first", first: "first", left: "first", last: "first", other: "by the context", beside: "too",
		} {
			var e *asyncio.CancelledError
			if err := task.Err(); !errors.As(err, &e) || e.Message != want {
				t.Errorf("%v: %v, want a cancellation: %s", task, err, want)
			}
		}
		if !called {
			t.Error("the context was not asked")
		}
		return nil
	})
}
