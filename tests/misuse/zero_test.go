package misuse_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// TestZeroValuesWork, those that can.
func TestZeroValuesWork(t *testing.T) {
	testutil.Succeed(t, func(ctx context.Context) error {
		var q asyncio.Queue[int]
		got := asyncio.CreateTask(ctx, q.Get)
		if err := asyncio.Sleep(ctx, 0); err != nil {
			return err
		}
		for i := range 3 {
			if err := q.Put(ctx, i); err != nil {
				return err
			}
		}
		v, err := got.Await(ctx)
		w, _ := q.GetNoWait()
		if v != 0 || w != 1 || err != nil || q.Len() != 1 || q.Full() {
			t.Errorf("Queue: %d, %d, %v, %v", v, w, err, &q)
		}
		q.Shutdown(true)
		_, err = q.Get(ctx)
		testutil.ExpectIs(t, "Get", err, asyncio.ErrQueueShutDown)

		var empty asyncio.Queue[int]
		empty.Shutdown(true)
		_, err = empty.Get(ctx)
		testutil.ExpectIs(t, "Get of an empty one", err, asyncio.ErrQueueShutDown)

		var e asyncio.Event
		if e.IsSet() {
			t.Error("an Event is set from the start")
		}
		e.Set()
		if err := e.Wait(ctx); err != nil {
			return err
		}

		var c asyncio.Condition
		waits := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			return c.With(ctx, func() error { return c.Wait(ctx) })
		}))
		if err := asyncio.Sleep(ctx, 0); err != nil {
			return err
		}
		if err := c.With(ctx, c.NotifyAll); err != nil {
			return err
		}
		if _, err := waits.Await(ctx); err != nil {
			return err
		}

		var rw asyncio.RWLock
		if err := rw.WithRead(ctx, func() error { return nil }); err != nil {
			return err
		}

		var s asyncio.Semaphore
		_ = s.Release()
		return s.Acquire(ctx)
	})
}

// TestZeroValuesSayWhatToCall, the others.
func TestZeroValuesSayWhatToCall(t *testing.T) {
	ctx := context.Background()
	var (
		bounded asyncio.BoundedSemaphore
		barrier asyncio.Barrier
		group   asyncio.TaskGroup
		scope   asyncio.TimeoutScope
		future  asyncio.Future[int]
		task    asyncio.Task[int]
		runner  asyncio.Runner
		loop    asyncio.Loop
		handle  asyncio.Handle
	)
	body := func(context.Context) (int, error) { return 0, nil }
	for what, f := range map[string]func(){
		"WithTaskGroup, CreateTask":   func() { asyncio.CreateTask(&group, body) },
		"WithTaskGroup, Go":           func() { asyncio.Go(&group, body) },
		"WithTaskGroup, SetLimit":     func() { group.SetLimit(1) },
		"WithTaskGroup, Cancel":       func() { group.Cancel() },
		"WithTaskGroup, Shutdown":     func() { group.Shutdown(0) },
		"WithTaskGroup, Done":         func() { group.Done() },
		"WithTaskGroup, Err":          func() { _ = group.Err() },
		"WithTaskGroup, Value":        func() { group.Value(1) },
		"NewTimeout, Do":              func() { _ = scope.Do(ctx, func(context.Context) error { return nil }) },
		"NewTimeout, Reschedule":      func() { _ = scope.Reschedule(time.Time{}) },
		"NewTimeout, When":            func() { scope.When() },
		"NewFuture, SetResult":        func() { _ = future.SetResult(1) },
		"NewFuture, SetErr":           func() { _ = future.SetErr(testutil.ErrTest) },
		"NewFuture, Await":            func() { _, _ = future.Await(ctx) },
		"NewFuture, Cancel":           func() { future.Cancel() },
		"NewFuture, AddDoneCallback":  func() { future.AddDoneCallback(func(*asyncio.Future[int]) {}) },
		"NewFuture, OnDone":           func() { future.OnDone(func() {}) },
		"NewFuture, DoneChan":         func() { future.DoneChan() },
		"NewFuture, Loop":             func() { future.Loop() },
		"CreateTask, Await":           func() { _, _ = task.Await(ctx) },
		"CreateTask, Cancel":          func() { task.Cancel() },
		"CreateTask, AddDoneCallback": func() { task.AddDoneCallback(func(*asyncio.Task[int]) {}) },
		"CreateTask, OnDone":          func() { task.OnDone(func() {}) },
		"CreateTask, DoneChan":        func() { task.DoneChan() },
		"CreateTask, Stack":           func() { task.Stack() },
		"CreateTask, Loop":            func() { task.Loop() },
		"CreateTask, Gather":          func() { _, _ = asyncio.Gather(ctx, &task) },
		"CreateTask, Wait":            func() { _, _, _ = asyncio.Wait(ctx, []*asyncio.Task[int]{&task}, asyncio.WaitOptions{}) },
		"CreateTask, WaitFor":         func() { _, _ = asyncio.WaitFor(ctx, &task, 0) },
		"NewRunner, RunOn":            func() { _, _ = asyncio.RunOn(&runner, ctx, body) },
		"NewRunner, Close":            func() { _ = runner.Close() },
		"NewRunner, Loop":             func() { runner.Loop() },
		"NewLoop, Context":            func() { loop.Context() },
		"NewLoop, Time":               func() { loop.Time() },
		"NewLoop, RunForever":         func() { _ = loop.RunForever() },
		"NewLoop, Stop":               func() { loop.Stop() },
		"NewLoop, Close":              func() { _ = loop.Close() },
		"NewLoop, IsClosed":           func() { loop.IsClosed() },
		"NewLoop, CallSoon":           func() { loop.CallSoon(func() {}) },
		"NewLoop, CallLater":          func() { loop.CallLater(1, func() {}) },
		"NewLoop, AllTasks":           func() { asyncio.AllTasks(&loop) },
		"NewLoop, SetDebug":           func() { loop.SetDebug(true) },
		"NewLoop, Stuck":              func() { _ = loop.Stuck() },
	} {
		t.Run(what, func(t *testing.T) {
			name := what
			for i, r := range what {
				if r == ',' {
					name = what[:i]
					break
				}
			}
			testutil.Within(t, func() { testutil.ExpectPanic(t, f, name) })
		})
	}
	testutil.Within(t, func() {
		testutil.ExpectIs(t, "BoundedSemaphore.Acquire", bounded.Acquire(ctx), asyncio.ErrNotAcquired)
		testutil.ExpectIs(t, "BoundedSemaphore.AcquireN", bounded.AcquireN(ctx, 1), asyncio.ErrNotAcquired)
		testutil.ExpectIs(t, "BoundedSemaphore.ReleaseN", bounded.ReleaseN(1), asyncio.ErrNotAcquired)
		testutil.ExpectIs(t, "BoundedSemaphore.Release", bounded.Release(), asyncio.ErrNotAcquired)
		testutil.ExpectIs(t, "BoundedSemaphore.With", bounded.With(ctx, func() error { return nil }), asyncio.ErrNotAcquired)
		_, err := barrier.Wait(ctx)
		testutil.ExpectIs(t, "Barrier.Wait", err, asyncio.ErrBrokenBarrier)
		if handle.Cancel() {
			t.Error("a zero Handle was cancelled")
		}
		for _, x := range []any{&bounded, &barrier, &group, &scope, &future, &task, &runner, &loop, &handle} {
			if s := fmt.Sprint(x); s == "" || s[0] != '<' {
				t.Errorf("%T prints as %q", x, s)
			}
		}
	})
}

// TestNilArgumentsAreIgnoredOrNamed: nothing is a nil dereference.
func TestNilArgumentsAreIgnoredOrNamed(t *testing.T) {
	testutil.Succeed(t, func(ctx context.Context) error {
		if _, err := asyncio.CreateTask(ctx, testutil.Noop, nil, asyncio.WithName("x"), nil).Await(ctx); err != nil {
			return err
		}
		var task *asyncio.Task[int]
		var any asyncio.Awaitable[int]
		var lock asyncio.Lock
		cond := asyncio.NewCondition(&lock)
		for what, f := range map[string]func(){
			"Gather":       func() { _, _ = asyncio.Gather(ctx, task) },
			"Gather any":   func() { _, _ = asyncio.Gather(ctx, any) },
			"GatherAll":    func() { _, _ = asyncio.GatherAll(ctx, task) },
			"Wait":         func() { _, _, _ = asyncio.Wait(ctx, []*asyncio.Task[int]{task}, asyncio.WaitOptions{}) },
			"Race":         func() { _, _ = asyncio.Race(ctx, task) },
			"FirstSuccess": func() { _, _ = asyncio.FirstSuccess(ctx, task) },
			"WaitFor":      func() { _, _ = asyncio.WaitFor(ctx, any, time.Second) },
			"Shield":       func() { _, _ = asyncio.Shield(ctx, any) },
			"AsCompleted":  func() { asyncio.AsCompleted(ctx, []*asyncio.Task[int]{task})(nil) },
			"With":         func() { _ = lock.With(ctx, nil) },
			"WaitFor pred": func() { _ = cond.WaitFor(ctx, nil) },
			"Timeout":      func() { _ = asyncio.Timeout(ctx, 1, nil) },
			"group":        func() { _ = asyncio.WithTaskGroup(ctx, nil) },
			"Map":          func() { _, _ = asyncio.Map[int, int](ctx, []int{1}, 0, nil) },
		} {
			func() {
				defer func() {
					if t.Failed() {
						t.Log(what)
					}
				}()
				testutil.ExpectPanic(t, f)
			}()
		}
		if lock.Locked() {
			t.Error("the lock is held")
		}
		return nil
	}, nil)
}
