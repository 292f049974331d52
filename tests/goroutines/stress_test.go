package goroutines_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// stressors is how many goroutines hammer the one loop.
const stressors = 16

// TestStress has many goroutines use one loop at the same time, in every way
// there is, and then accounts for all they did. ASYNCIO_STRESS is the number of
// operations; ASYNCIO_SEED repeats the choices, though not the interleaving.
func TestStress(t *testing.T) {
	operations := testutil.EnvUint(t, "ASYNCIO_STRESS", 600_000)
	seed := testutil.EnvUint(t, "ASYNCIO_SEED", uint64(time.Now().UnixNano()))
	t.Logf("ASYNCIO_STRESS=%d ASYNCIO_SEED=%d", operations, seed)

	before := runtime.NumGoroutine()
	s := newStress(t)
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.loop.RunForever(); err != nil {
			t.Errorf("RunForever: %v", err)
		}
	})
	began := time.Now()
	s.hammer(seed, operations/2)
	half := s.settled()
	s.hammer(seed+stressors, operations-operations/2)
	end := s.settled()
	t.Logf("%d operations in %v", s.total.ops, time.Since(began).Round(time.Millisecond))
	t.Logf("%+v", s.total)
	t.Logf("heap at the half %d KB, at the end %d KB", half>>10, end>>10)
	if end > 2*half+8<<20 {
		t.Errorf("memory grows: %d bytes at the half, %d at the end", half, end)
	}

	s.loop.Stop()
	running.Wait()
	if err := s.loop.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if n := s.reports.Load(); n > 0 {
		t.Errorf("%d reports to the exception handler, want none", n)
	}
	testutil.GoroutinesEnd(before)
}

// stress is one loop and what is known about those who use it.
type stress struct {
	t    *testing.T
	loop *asyncio.Loop

	// callbacks holds one for each callback that was set and has neither run nor
	// been taken back; one that did both, or ran twice, makes it panic.
	callbacks sync.WaitGroup
	ran       atomic.Uint64
	reports   atomic.Uint64

	// slots are futures that anybody may complete; who does puts a new one there.
	slots [2]atomic.Pointer[asyncio.Future[int]]

	mu    sync.Mutex
	total tally
}

// tally counts what one stressor, or all, have done.
type tally struct {
	ops                                   uint64
	created, succeeded, failed, cancelled uint64 // tasks
	futures, won, lost                    uint64 // those in slots, and SetResult of them
	set, withdrawn                        uint64 // callbacks of all kinds
	looked                                uint64
}

func (a *tally) add(b *tally) {
	a.ops += b.ops
	a.created += b.created
	a.succeeded += b.succeeded
	a.failed += b.failed
	a.cancelled += b.cancelled
	a.futures += b.futures
	a.won += b.won
	a.lost += b.lost
	a.set += b.set
	a.withdrawn += b.withdrawn
	a.looked += b.looked
}

func newStress(t *testing.T) *stress {
	s := &stress{t: t}
	s.loop = asyncio.NewLoop(
		asyncio.WithMaxThreads(stressors/2),
		asyncio.WithExceptionHandler(func(_ *asyncio.Loop, c asyncio.ExceptionContext) {
			s.reports.Add(1)
			t.Errorf("reported: %s: %v", c.Message, c.Err)
		}))
	for i := range s.slots {
		s.slots[i].Store(asyncio.NewFuture[int](s.loop.Context()))
		s.total.futures++
	}
	return s
}

// hammer performs about n operations and returns when all that they have begun
// is over.
func (s *stress) hammer(seed, n uint64) {
	var all sync.WaitGroup
	for i := range uint64(stressors) {
		all.Go(func() {
			h := &stressor{stress: s, rng: rand.New(rand.NewPCG(seed+i, 0))}
			for h.ops < n/stressors {
				h.act()
			}
			for len(h.tasks) > 0 {
				h.collect()
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			s.total.add(&h.tally)
		})
	}
	all.Wait()
	s.callbacks.Wait()
}

// settled checks the accounts at a moment when nothing is under way, and returns
// the bytes in use then.
func (s *stress) settled() uint64 {
	c := &s.total
	if c.succeeded+c.failed+c.cancelled != c.created {
		s.t.Errorf("%d tasks created, %d succeeded + %d failed + %d cancelled",
			c.created, c.succeeded, c.failed, c.cancelled)
	}
	if c.won+uint64(len(s.slots)) != c.futures {
		s.t.Errorf("%d futures made, %d completed, %d left", c.futures, c.won, len(s.slots))
	}
	if ran := s.ran.Load(); ran+c.withdrawn != c.set {
		s.t.Errorf("%d callbacks set, %d ran, %d withdrawn", c.set, ran, c.withdrawn)
	}
	if all := asyncio.AllTasks(s.loop); len(all) > 0 {
		s.t.Errorf("%d tasks left, the first %v", len(all), all[0])
	}
	// The first collection finds what the second frees.
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// stressor is one goroutine's part.
type stressor struct {
	*stress
	tally
	rng   *rand.Rand
	tasks []pendingTask // begun, not looked at yet
}

type pendingTask struct {
	task  *asyncio.Task[int]
	check func(v int, err error) bool
}

var errStress = errors.New("stress")

func gives(want int) func(int, error) bool {
	return func(v int, err error) bool { return v == want && err == nil }
}

func fails(_ int, err error) bool { return errors.Is(err, errStress) }

func isCancelled(_ int, err error) bool { return errors.Is(err, asyncio.ErrCancelled) }

// either is for a cancellation that races with the end.
func either(a, b func(int, error) bool) func(int, error) bool {
	return func(v int, err error) bool { return a(v, err) || b(v, err) }
}

// begin counts a task and takes note of what is to become of it.
func (h *stressor) begin(task *asyncio.Task[int], check func(int, error) bool) *asyncio.Task[int] {
	h.ops++
	h.created++
	h.tasks = append(h.tasks, pendingTask{task, check})
	if len(h.tasks) > 32 {
		h.collect()
	}
	return task
}

// collect awaits one of the tasks and accounts for it.
func (h *stressor) collect() {
	h.ops++
	i := h.rng.IntN(len(h.tasks))
	p := h.tasks[i]
	last := len(h.tasks) - 1
	h.tasks[i] = h.tasks[last]
	h.tasks[last] = pendingTask{}
	h.tasks = h.tasks[:last]

	v, err := p.task.Await(context.Background())
	if !p.check(v, err) {
		h.t.Errorf("%v: %d, %v", p.task, v, err)
	}
	rv, rerr := p.task.Result()
	if !p.task.Done() || rv != v || rerr != err { //nolint:errorlint // it must be the same one
		h.t.Errorf("%v: Await gave %d, %v; Result gives %d, %v", p.task, v, err, rv, rerr)
	}
	switch {
	case p.task.Cancelled():
		h.cancelled++
	case err != nil:
		h.failed++
	default:
		h.succeeded++
	}
}

// callback counts one that is set and returns what it is to do.
func (h *stressor) callback() func() {
	h.ops++
	h.set++
	h.callbacks.Add(1)
	s := h.stress
	return func() {
		s.ran.Add(1)
		s.callbacks.Done()
	}
}

// withdraw counts an attempt to take a callback back.
func (h *stressor) withdraw(withdrawn bool) {
	h.ops++
	if withdrawn {
		h.withdrawn++
		h.callbacks.Done()
	}
}

func (h *stressor) maybe() bool { return h.rng.IntN(2) == 0 }

// act does something.
func (h *stressor) act() {
	ctx := h.loop.Context()
	n := h.rng.IntN(1000)
	switch h.rng.IntN(16) {
	case 0: // a task that returns at once
		task := h.begin(asyncio.CreateTask(ctx, func(context.Context) (int, error) { return n, nil }), gives(n))
		h.watch(task)
	case 1: // one that fails
		task := h.begin(asyncio.CreateTask(ctx, func(context.Context) (int, error) { return 0, errStress }), fails)
		h.watch(task)
	case 2: // one that yields, and may be cancelled at any of its steps
		task := asyncio.CreateTask(ctx, func(ctx context.Context) (int, error) {
			for range n % 8 {
				if err := asyncio.Sleep(ctx, 0); err != nil {
					return 0, err
				}
			}
			return n, nil
		})
		h.watch(task)
		check := gives(n)
		if h.maybe() {
			h.ops++
			task.Cancel()
			check = either(check, isCancelled)
		}
		h.begin(task, check)
	case 3: // one that waits for ever, until it is cancelled
		never := asyncio.NewFuture[int](ctx)
		task := asyncio.CreateTask(ctx, never.Await)
		h.ops += 2
		if !task.Cancel("enough") || task.Cancelling() != 1 {
			h.t.Errorf("%v: cannot be cancelled", task)
		}
		h.begin(task, isCancelled)
	case 4: // a request that is taken back, delivered or not
		f := asyncio.NewFuture[int](ctx)
		task := asyncio.CreateTask(ctx, f.Await)
		h.ops += 4
		task.Cancel()
		task.Uncancel()
		_ = f.SetResult(n)
		h.begin(task, either(gives(n), isCancelled))
	case 5: // tasks that make tasks
		h.begin(asyncio.CreateTask(ctx, func(ctx context.Context) (int, error) {
			var children [4]*asyncio.Task[int]
			for i := range children {
				children[i] = asyncio.CreateTask(ctx, asyncio.Delay(0, i))
			}
			sum := n
			for i := range children {
				v, err := children[len(children)-1-i].Await(ctx)
				if err != nil {
					return 0, err
				}
				sum += v
			}
			return sum, nil
		}), gives(n+6))
		h.ops += 8
	case 6: // a scope of the loop's clock, in a task
		h.begin(asyncio.CreateTask(ctx, func(ctx context.Context) (int, error) {
			scope, cancel := asyncio.WithTimeout(ctx, time.Duration(n)*time.Microsecond)
			defer cancel()
			child := asyncio.CreateTask(scope, asyncio.Delay(time.Hour, 0))
			if n%2 == 0 {
				cancel()
			}
			_, err := child.Await(ctx)
			return n, err
		}), isCancelled)
		h.ops += 4
	case 7: // a scope from outside, that ends while its task begins
		scope, cancel := asyncio.WithCancel(ctx)
		task := asyncio.CreateTask(scope, asyncio.Delay(time.Duration(n%2)*time.Hour, n))
		cancel()
		h.ops += 2
		h.begin(task, either(gives(n), isCancelled))
	case 8: // a scope of the standard library
		scope, cancel := context.WithCancel(ctx)
		task := asyncio.CreateTask(scope, asyncio.Delay(time.Duration(n%2)*time.Hour, n))
		cancel()
		h.ops += 2
		h.begin(task, either(gives(n), isCancelled))
	case 9: // a future that everybody wants to complete
		slot := &h.slots[h.rng.IntN(len(h.slots))]
		f := slot.Load()
		h.ops++
		if err := f.SetResult(n); err == nil {
			h.won++
			h.ops++
			h.futures++
			slot.Store(asyncio.NewFuture[int](ctx))
		} else {
			h.lost++
		}
		if !f.Done() && f.Cancelled() {
			h.t.Error("completed with a result, and cancelled")
		}
	case 10: // an await of such a future, with little patience
		impatient, cancel := context.WithCancelCause(context.Background())
		if h.maybe() {
			cancel(errStress)
		}
		f := h.slots[h.rng.IntN(len(h.slots))].Load()
		done := f.Done()
		if done || impatient.Err() != nil {
			h.ops++
			if _, err := f.Await(impatient); err != nil && (done || !errors.Is(err, errStress)) {
				h.t.Errorf("await of a future: %v", err)
			}
		}
		cancel(nil)
	case 11: // callbacks
		handle := h.loop.CallSoon(h.callback())
		if h.maybe() {
			h.withdraw(handle.Cancel())
		}
	case 12:
		later := []time.Duration{-1, 0, time.Microsecond, time.Hour}[n%4]
		handle := h.loop.CallLater(later, h.callback())
		if later == time.Hour || h.maybe() {
			h.withdraw(handle.Cancel())
		}
	case 13: // a Go task
		task := asyncio.Go(ctx, func(context.Context) (int, error) { return n, nil })
		h.watch(task)
		h.begin(task, gives(n))
	case 14: // one that awaits, and may be cancelled at any time
		task := asyncio.Go(ctx, func(ctx context.Context) (int, error) {
			v, err := asyncio.CreateTask(ctx, asyncio.Delay(0, n)).Await(ctx)
			if err != nil {
				return 0, err
			}
			if err := asyncio.Sleep(ctx, 0); err != nil {
				return 0, err
			}
			return v, nil
		})
		h.ops += 3
		check := gives(n)
		if h.maybe() {
			h.ops++
			task.Cancel()
			check = either(check, isCancelled)
		}
		h.begin(task, check)
	case 15: // a look around
		if h.rng.IntN(64) == 0 && len(h.tasks) > 0 {
			h.ops += 3
			h.looked++
			asyncio.AllTasks(h.loop)
			task := h.tasks[0].task
			task.Stack()
			task.SetName("looked at")
			_ = fmt.Sprint(task, task.Coro())
		}
	}
}

// watch adds a callback to a task that may end at any time, and may take it back.
func (h *stressor) watch(task *asyncio.Task[int]) {
	f := h.callback()
	remove := task.AddDoneCallback(func(*asyncio.Task[int]) { f() })
	if h.maybe() {
		h.withdraw(remove())
	}
}
