// The deliberate differences from CPython's asyncio that no other test is about, and that the
// table in the guide has them all.
package differences_test

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestDifferencesOfWaiting(t *testing.T) {
	// pair makes a task that takes a second and one that takes an hour.
	pair := func(ctx context.Context) (fast, slow *asyncio.Task[string]) {
		return asyncio.CreateTask(ctx, asyncio.Delay(time.Second, "fast")),
			asyncio.CreateTask(ctx, asyncio.Delay(time.Hour, "slow"))
	}
	t.Run("Gather and Shield wait at once, and a task holds them", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			fast, slow := pair(ctx)
			both := asyncio.CreateTask(ctx, func(ctx context.Context) ([]string, error) {
				return asyncio.Gather(ctx, fast, slow)
			})
			safe := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
				return asyncio.Shield(ctx, slow)
			})
			asyncio.Sleep(ctx, 0)
			safe.Cancel()
			safe.Await(ctx)
			testutil.ExpectState(t, "the shielded", slow, "pending")
			if vs, err := both.Await(ctx); !slices.Equal(vs, []string{"fast", "slow"}) {
				t.Error(vs, err)
			}
			return nil
		})
	})
	t.Run("a Gather in a scope that ends cancels nothing", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			fast, slow := pair(ctx)
			scope, cancel := asyncio.WithTimeout(ctx, time.Minute)
			defer cancel()
			_, err := asyncio.Gather(scope, fast, slow)
			testutil.ExpectIs(t, "Gather", err, asyncio.ErrTimeout)
			testutil.ExpectState(t, "the slow one", slow, "pending")
			_, err = slow.Await(ctx)
			return err
		})
	})
	t.Run("Wait gives lists in the order given", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var tasks []*asyncio.Task[string]
			for range 50 {
				fast, slow := pair(ctx)
				tasks = append(tasks, slow, fast)
			}
			done, pending, err := asyncio.Wait(ctx, tasks, asyncio.WaitOptions{Timeout: time.Minute})
			if len(done) != 50 || len(pending) != 50 || err != nil {
				t.Fatal(len(done), len(pending), err)
			}
			for i := range 50 {
				if pending[i] != tasks[2*i] || done[i] != tasks[2*i+1] {
					t.Error("out of order at", i)
				}
			}
			return testutil.EndAll(ctx)
		})
	})
	t.Run("a Timeout of zero is none and less has passed", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			_, slow := pair(ctx)
			tasks := []*asyncio.Task[string]{slow}
			if _, pending, _ := asyncio.Wait(ctx, tasks, asyncio.WaitOptions{Timeout: -1}); len(pending) != 1 {
				t.Error("waited without a time")
			}
			for _, err := range asyncio.AsCompletedWithin(ctx, tasks, 0) { // which has no other meaning
				testutil.ExpectIs(t, "AsCompletedWithin", err, asyncio.ErrTimeout)
			}
			if done, _, _ := asyncio.Wait(ctx, tasks, asyncio.WaitOptions{}); len(done) != 1 {
				t.Error("did not wait for all")
			}
			return nil
		})
	})
	t.Run("Wait and Race of nothing are errors", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			if _, _, err := asyncio.Wait[asyncio.AnyFuture](ctx, nil, asyncio.WaitOptions{}); err == nil {
				t.Error("Wait")
			}
			if _, err := asyncio.Race[*asyncio.Task[int]](ctx); err == nil {
				t.Error("Race")
			}
			if vs, err := asyncio.Gather[*asyncio.Task[int]](ctx); len(vs) != 0 || err != nil {
				t.Error("Gather", vs, err)
			}
			return nil
		})
	})
	t.Run("AsCompleted gives what was given", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			fast, slow := pair(ctx)
			var got []*asyncio.Task[string]
			for f := range asyncio.AsCompleted(ctx, []*asyncio.Task[string]{slow, fast}) {
				got = append(got, f)
			}
			if !slices.Equal(got, []*asyncio.Task[string]{fast, slow}) {
				t.Error(got)
			}
			return nil
		})
	})
	t.Run("a second range over AsCompleted begins anew", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			fast, slow := pair(ctx)
			all := asyncio.AsCompleted(ctx, []*asyncio.Task[string]{slow, fast})
			var got []*asyncio.Task[string]
			for f := range all {
				got = append(got, f)
				break
			}
			for f := range all {
				got = append(got, f)
			}
			if !slices.Equal(got, []*asyncio.Task[string]{fast, fast, slow}) {
				t.Error(got)
			}
			return nil
		})
	})
	t.Run("AsCompleted ends early and the cancellation is delivered again", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			_, slow := pair(ctx)
			var next error
			a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				for range asyncio.AsCompleted(ctx, []*asyncio.Task[string]{slow}) {
					t.Error("nothing is done")
				}
				next = asyncio.Sleep(ctx, time.Second)
				return next
			}))
			asyncio.Sleep(ctx, time.Second)
			a.Cancel("enough")
			a.Await(ctx)
			testutil.ExpectIs(t, "the next await", next, asyncio.ErrCancelled)
			testutil.ExpectState(t, "the slow one", slow, "pending")
			return testutil.EndAll(ctx)
		})
	})
	t.Run("WaitFor gives the value beside ErrTimeout", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			f := asyncio.NewFuture[string](ctx)
			asyncio.RunningLoop(ctx).CallLater(time.Second, func() { f.SetResult("just in time") })
			v, err := asyncio.WaitFor(ctx, f, time.Second)
			testutil.ExpectIs(t, "WaitFor", err, asyncio.ErrTimeout)
			if v != "just in time" {
				t.Errorf("value %q", v)
			}
			return nil
		})
	})
	t.Run("Race ends with the first and has cancelled the others", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			fast, slow := pair(ctx)
			if v, err := asyncio.Race(ctx, slow, fast); v != "fast" || err != nil {
				t.Error(v, err)
			}
			testutil.ExpectState(t, "the slow one", slow, "cancelled")
			return nil
		})
	})
	t.Run("FirstSuccess goes on after a failure", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			failed := asyncio.NewFuture[string](ctx)
			failed.SetErr(testutil.ErrTest)
			fast, slow := pair(ctx)
			if v, err := asyncio.FirstSuccess(ctx, []asyncio.Awaitable[string]{failed, slow, fast}...); v != "fast" || err != nil {
				t.Error(v, err)
			}
			testutil.ExpectState(t, "the slow one", slow, "cancelled")
			return nil
		})
	})
	t.Run("Map keeps the order and the limit", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			working, most := 0, 0
			vs, err := asyncio.Map(ctx, []int{3, 1, 2}, 2, func(ctx context.Context, n int) (int, error) {
				working++
				most = max(most, working)
				defer func() { working-- }()
				return 10 * n, asyncio.Sleep(ctx, time.Duration(n)*time.Second)
			})
			if !slices.Equal(vs, []int{30, 10, 20}) || most != 2 || err != nil {
				t.Error(vs, most, err)
			}
			return nil
		})
	})
}

func TestDifferencesOfLocks(t *testing.T) {
	t.Run("AcquireN stands in the line of Acquire", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			s := asyncio.NewSemaphore(1)
			two := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error { return s.AcquireN(ctx, 2) }))
			asyncio.Sleep(ctx, 0)
			one := asyncio.CreateTask(ctx, asyncio.Void(s.Acquire))
			asyncio.Sleep(ctx, time.Second)
			testutil.ExpectState(t, "two", two, "pending")
			testutil.ExpectState(t, "one", one, "pending")
			s.ReleaseN(2)
			asyncio.Sleep(ctx, time.Second)
			testutil.ExpectState(t, "two", two, "succeeded")
			testutil.ExpectState(t, "one", one, "succeeded")
			if s.Free() != 0 || s.TryAcquireN(1) {
				t.Error(s)
			}
			return nil
		})
	})
	t.Run("an RWLock has many who read", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			var l asyncio.RWLock
			return l.WithRead(ctx, func() error {
				if l.TryAcquire() || !l.TryAcquireRead() {
					t.Error(&l)
				}
				return l.ReleaseRead()
			})
		})
	})
	t.Run("belong to no loop and no goroutine", func(t *testing.T) {
		var lock asyncio.Lock
		queue := asyncio.NewQueue[int](1)
		count := 0
		work := func(ctx context.Context) error {
			for range 100 {
				if err := lock.With(ctx, func() error { count++; return nil }); err != nil {
					return err
				}
				if err := queue.Put(ctx, 1); err != nil {
					return err
				}
			}
			return nil
		}
		var all sync.WaitGroup
		for range 2 {
			all.Go(func() { testutil.PlainRun(t, work) })
		}
		all.Go(func() {
			if err := work(context.Background()); err != nil {
				t.Error(err)
			}
		})
		testutil.PlainRun(t, func(ctx context.Context) error {
			for range 300 {
				if _, err := queue.Get(ctx); err != nil {
					return err
				}
			}
			return nil
		})
		all.Wait()
		if count != 300 {
			t.Error(count)
		}
	})
	t.Run("misuse is an error", func(t *testing.T) {
		var lock asyncio.Lock
		testutil.ExpectIs(t, "Lock.Release", lock.Release(), asyncio.ErrNotAcquired)
		testutil.ExpectIs(t, "BoundedSemaphore.Release", asyncio.NewBoundedSemaphore(1).Release(), asyncio.ErrNotAcquired)
		cond := asyncio.NewCondition(nil)
		testutil.ExpectIs(t, "Condition.Notify", cond.Notify(1), asyncio.ErrNotAcquired)
		testutil.ExpectIs(t, "Condition.Wait", cond.Wait(context.Background()), asyncio.ErrNotAcquired)
		if asyncio.NewQueue[int](0).TaskDone() == nil {
			t.Error("Queue.TaskDone")
		}
		if err := asyncio.NewSemaphore(0).Release(); err != nil {
			t.Error("Semaphore.Release", err)
		}
	})
	t.Run("With releases also after a panic", func(t *testing.T) {
		var lock asyncio.Lock
		func() {
			defer func() { recover() }()
			lock.With(context.Background(), func() error { panic("oh no") })
		}()
		if !lock.TryAcquire() {
			t.Error("still held")
		}
	})
	t.Run("impossible sizes panic", func(t *testing.T) {
		testutil.ExpectPanic(t, func() { asyncio.NewSemaphore(-1) }, "not negative")
		testutil.ExpectPanic(t, func() { asyncio.NewBoundedSemaphore(-1) }, "not negative")
		testutil.ExpectPanic(t, func() { asyncio.NewBarrier(0) }, "at least one")
	})
	t.Run("Abort and Reset do not wait", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			barrier := asyncio.NewBarrier(2)
			wait := asyncio.Void(func(ctx context.Context) error {
				_, err := barrier.Wait(ctx)
				return err
			})
			for _, end := range []func(){barrier.Reset, barrier.Abort} {
				a := asyncio.CreateTask(ctx, wait)
				asyncio.Sleep(ctx, 0)
				asyncio.RunningLoop(ctx).CallSoon(end) // where nothing can wait
				_, err := a.Await(ctx)
				testutil.ExpectIs(t, "Wait", err, asyncio.ErrBrokenBarrier)
			}
			return nil
		})
	})
	t.Run("a Condition's Wait in a closed loop has no lock", func(t *testing.T) {
		var r testutil.Reports
		l := testutil.NewLoop(t, &r)
		var lock asyncio.Lock
		cond := asyncio.NewCondition(&lock)
		lock.TryAcquire()
		waited := make(chan error, 1)
		asyncio.Go(l.Context(), asyncio.Void(func(ctx context.Context) error {
			err := cond.Wait(ctx)
			waited <- err
			return err
		}))
		l.RunUntilComplete(asyncio.CreateTask(l.Context(), testutil.Noop))
		testutil.Until(t, "the lock is free", lock.TryAcquire) // and now somebody else's
		l.Close()
		testutil.ExpectIs(t, "Wait", <-waited, asyncio.ErrLoopClosed)
	})
}

func TestDifferencesOfQueues(t *testing.T) {
	t.Run("Receive and Send wait for a channel, and the loop goes on", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			ch := make(chan int)
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error { return asyncio.Send(ctx, ch, 1) }))
			v, err := asyncio.Receive(ctx, ch)
			if v != 1 {
				t.Error(v)
			}
			return err
		})
	})
	t.Run("a PriorityQueue keeps the order of equals", func(t *testing.T) {
		type job struct{ priority, number int }
		queue := asyncio.NewPriorityQueue(0, func(a, b job) bool { return a.priority < b.priority })
		for i := range 50 {
			queue.PutNoWait(job{i % 3, i})
		}
		last := job{-1, -1}
		for !queue.Empty() {
			j, _ := queue.GetNoWait()
			if j.priority < last.priority || j.priority == last.priority && j.number < last.number {
				t.Error(last, "before", j)
			}
			last = j
		}
	})
	t.Run("there is one type of queue", func(t *testing.T) {
		fill := func(queue *asyncio.Queue[int]) (first int) {
			for i := range 3 {
				queue.PutNoWait(i)
			}
			first, _ = queue.GetNoWait()
			return first
		}
		stack := asyncio.NewLifoQueue[int](0)
		heap := asyncio.NewPriorityQueue(0, func(a, b int) bool { return a > b })
		if a, b := fill(stack), fill(heap); a != 2 || b != 2 {
			t.Errorf("first %d and %d, want 2 and 2", a, b)
		}
		// What has no order is a plain Queue, whatever it is called.
		var stackless asyncio.LifoQueue[int]
		var heapless asyncio.PriorityQueue[int]
		if a, b := fill(&stackless), fill(&heapless); a != 0 || b != 0 {
			t.Errorf("first of zero values %d and %d, want 0 and 0", a, b)
		}
		testutil.ExpectLines(t, []string{stack.String(), heap.String(), stackless.String()},
			"<LifoQueue maxsize=0 items=2 tasks=3>", "<PriorityQueue maxsize=0 items=2 tasks=3>", "<Queue maxsize=0 items=2 tasks=3>")
	})
	t.Run("a goroutine that is woken is promised its item", func(t *testing.T) {
		queue := asyncio.NewQueue[int](0)
		got := make(chan int, 1)
		go func() {
			n, _ := queue.Get(context.Background())
			got <- n
		}()
		testutil.Until(t, "the goroutine waits", func() bool { return strings.Contains(queue.String(), "getters=1") })
		queue.PutNoWait(42)
		_, err := queue.GetNoWait()
		testutil.ExpectIs(t, "GetNoWait", err, asyncio.ErrQueueEmpty)
		if n := <-got; n != 42 {
			t.Error(n)
		}
	})
	t.Run("All ends at a shutdown and tells what else has ended it", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			queue := asyncio.NewQueue[int](0)
			for n := range 3 {
				queue.PutNoWait(n)
			}
			scope, cancel := asyncio.WithTimeout(ctx, time.Second)
			defer cancel()
			var got []int
			var last error
			for n, err := range queue.All(scope) {
				if err != nil {
					last = err
					break
				}
				got = append(got, n)
			}
			testutil.ExpectIs(t, "All in a scope", last, asyncio.ErrTimeout)
			queue.PutNoWait(3)
			queue.Shutdown()
			for n, err := range queue.All(ctx) {
				if err != nil {
					t.Error(err)
				}
				got = append(got, n)
			}
			if !slices.Equal(got, []int{0, 1, 2, 3}) {
				t.Error(got)
			}
			return nil
		})
	})
}

func TestDifferencesOfLoops(t *testing.T) {
	t.Run("debug mode knows who was never asked for", func(t *testing.T) {
		var r testutil.Reports
		_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
			a := asyncio.CreateTask(ctx, testutil.Noop, asyncio.WithName("forgotten"))
			if at := a.Created(); len(at) == 0 || !strings.HasSuffix(at[0].File, "differences_test.go") {
				t.Error("made at", at)
			}
			asyncio.Sleep(ctx, 0)
			runtime.KeepAlive(a)
			return nil
		}), asyncio.WithVirtualClock(), asyncio.WithDebug(), r.Option())
		if err != nil {
			t.Error(err)
		}
		r.Expect(t, "forgotten")
	})
	t.Run("CallSoon on a closed loop gives a cancelled handle", func(t *testing.T) {
		h := testutil.ClosedLoop(t).CallSoon(func() { t.Error("called") })
		if !h.Cancelled() {
			t.Error("not cancelled")
		}
	})
	t.Run("CallSoon from elsewhere comes behind those of the turn", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			l := asyncio.RunningLoop(ctx)
			var order []string
			note := func(s string) func() { return func() { order = append(order, s) } }
			testutil.Elsewhere(func() { l.CallSoon(note("from elsewhere")) })
			l.CallSoon(note("on the loop"))
			l.CallSoon(func() {
				note("last of the turn")()
				l.CallSoon(note("next turn"))
			})
			for range 2 {
				asyncio.Sleep(ctx, 0)
			}
			testutil.ExpectLines(t, order, "on the loop", "last of the turn", "from elsewhere", "next turn")
			return nil
		})
	})
	t.Run("a run leaves no stop for the next", func(t *testing.T) {
		l := testutil.NewLoop(t, new(testutil.Reports))
		f := asyncio.NewFuture[asyncio.None](l.Context())
		l.CallSoon(func() {
			f.SetResult(asyncio.None{})
			l.Stop()
		})
		if err := l.RunUntilComplete(f); err != nil {
			t.Error(err)
		}
		turns := 0
		var turn func()
		turn = func() {
			if turns++; turns == 3 {
				l.Stop()
				return
			}
			l.CallSoon(turn)
		}
		l.CallSoon(turn)
		if err := l.RunForever(); err != nil || turns != 3 {
			t.Errorf("%v after %d turns", err, turns)
		}
	})
	t.Run("the options make the loop", func(t *testing.T) {
		took, err := asyncio.Run(context.Background(), func(ctx context.Context) (time.Duration, error) {
			l := asyncio.RunningLoop(ctx)
			if !l.Debug() {
				t.Error("not in debug mode")
			}
			begin := l.Time()
			err := asyncio.Sleep(ctx, time.Hour)
			return l.Time().Sub(begin), err
		}, asyncio.WithVirtualClock(), asyncio.WithDebug())
		if took != time.Hour || err != nil {
			t.Error(took, err)
		}
	})
	t.Run("what was set is replaced, and unset by nil", func(t *testing.T) {
		h := testutil.CaptureLog(t, nil)
		l := testutil.NewLoop(t, new(testutil.Reports))
		var told []string
		for _, who := range []string{"a", "b", ""} {
			l.SetExceptionHandler(nil)
			l.SetTaskFactory(nil)
			if who != "" {
				l.SetExceptionHandler(func(*asyncio.Loop, asyncio.ExceptionContext) { told = append(told, who) })
				l.SetTaskFactory(func(_ *asyncio.Loop, create func(...asyncio.TaskOption) asyncio.AnyTask) {
					create(asyncio.WithName("made by " + who))
				})
			}
			a := asyncio.CreateTask(l.Context(), testutil.Noop)
			l.CallSoon(func() { panic(testutil.ErrTest) })
			if err := l.RunUntilComplete(a); err != nil {
				t.Error(err)
			}
			told = append(told, a.Name())
		}
		testutil.ExpectLines(t, told, "a", "made by a", "b", "made by b", "Task-1")
		if len(h.All()) != 1 || !strings.Contains(h.All()[0].Message, "panic in callback") {
			t.Errorf("logged: %v", h.All())
		}
	})
	t.Run("Loop of a closed Runner is its closed loop", func(t *testing.T) {
		r := asyncio.NewRunner(asyncio.WithVirtualClock())
		l := r.Loop()
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if r.Loop() != l || !l.IsClosed() {
			t.Errorf("%p, want %p; closed %t", r.Loop(), l, l.IsClosed())
		}
		_, err := asyncio.RunOn(r, context.Background(), testutil.Noop)
		testutil.ExpectIs(t, "RunOn", err, asyncio.ErrLoopClosed)
	})
	t.Run("the end of Run waits for as long as the grace", func(t *testing.T) {
		var took time.Duration
		var r testutil.Reports
		_, err := asyncio.Run(context.Background(), asyncio.Void(func(ctx context.Context) error {
			l := asyncio.RunningLoop(ctx)
			start := l.Time()
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				defer func() { took = l.Time().Sub(start) }()
				testutil.Forever(ctx)
				return testutil.Forever(ctx)
			}), asyncio.WithName("stubborn"))
			return asyncio.Sleep(ctx, 0)
		}), asyncio.WithVirtualClock(), r.Option())
		if took != asyncio.DefaultGrace {
			t.Error(took)
		}
		testutil.ExpectIs(t, "Run", err, asyncio.ErrGraceExceeded)
		r.Expect(t, "destroyed … stubborn")
	})
}
