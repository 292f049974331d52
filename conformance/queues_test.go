package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestQueue(t *testing.T) {
	t.Run("String shows who waits and what is in it", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			q := asyncio.NewQueue[int](0)
			getter := asyncio.CreateTask(ctx, q.Get)
			asyncio.Sleep(ctx, 0)
			queuesExpect(t, "with a getter", fmt.Sprint(q), "<Queue maxsize=0 items=0 getters=1>")
			q.PutNoWait(0)
			if n, err := getter.Await(ctx); n != 0 || err != nil {
				t.Error(n, err)
			}
			q = asyncio.NewQueue[int](1)
			q.PutNoWait(1)
			putter := asyncio.CreateTask(ctx, queuesPut(q, 2))
			asyncio.Sleep(ctx, 0)
			queuesExpect(t, "with a putter", fmt.Sprint(q), "<Queue maxsize=1 items=1 putters=1 tasks=1>")
			q.GetNoWait()
			asyncio.Sleep(ctx, 0)
			queuesExpect(t, "the putter is done", putter.Done(), true)
			queuesExpect(t, "at the end", fmt.Sprint(q), "<Queue maxsize=1 items=1 tasks=2>")
			return nil
		})
	})
	t.Run("is empty before the first put and after the last get", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			q := asyncio.NewQueue[int](0)
			queuesExpect(t, "new", q.Empty(), true)
			q.Put(ctx, 1)
			queuesExpect(t, "with an item", q.Empty(), false)
			queuesGet(ctx, t, q, 1)
			queuesExpect(t, "without", q.Empty(), true)
			return nil
		})
	})
	t.Run("is full with as many items as its bound if it has one", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			for _, max := range []int{0, 1} {
				q := asyncio.NewQueue[int](max)
				queuesExpect(t, "new", q.Full(), false)
				q.Put(ctx, 1)
				queuesExpect(t, fmt.Sprint("with one item of ", max), q.Full(), max == 1)
			}
			return nil
		})
	})
	for _, k := range []struct {
		name string
		q    queuesKind
		want []int
	}{
		{"gives first what was put first", asyncio.NewQueue[int](0), []int{1, 3, 2}},
		{"a LifoQueue gives first what was put last", asyncio.NewLifoQueue[int](0), []int{2, 3, 1}},
		{"a PriorityQueue gives the least first", asyncio.NewPriorityQueue(0, queuesLess), []int{1, 2, 3}},
	} {
		t.Run(k.name, func(t *testing.T) {
			testutil.Succeed(t, func(ctx context.Context) error {
				for _, n := range []int{1, 3, 2} {
					k.q.Put(ctx, n)
				}
				queuesGet(ctx, t, k.q, k.want...)
				return nil
			})
		})
	}
	t.Run("a putter is held up at the bound", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			q := asyncio.NewQueue[int](2)
			queuesExpect(t, "MaxSize", q.MaxSize(), 2)
			var put []int
			putter := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				for n := range 3 {
					if err := q.Put(ctx, n); err != nil {
						return err
					}
					put = append(put, n)
				}
				return nil
			}))
			asyncio.Sleep(ctx, 0)
			asyncio.Sleep(ctx, 0)
			queuesExpect(t, "at the bound", put, []int{0, 1})
			queuesGet(ctx, t, q, 0)
			queuesExpect(t, "before its turn", put, []int{0, 1})
			asyncio.Sleep(ctx, 0)
			queuesExpect(t, "a turn later", put, []int{0, 1, 2})
			queuesGet(ctx, t, q, 1, 2)
			queuesExpect(t, "done", putter.Done(), true)
			return putter.Err()
		})
	})
	t.Run("put and get without waiting need no loop", func(t *testing.T) {
		q := asyncio.NewQueue[int](1)
		_, err := q.GetNoWait()
		testutil.ExpectIs(t, "GetNoWait of an empty queue", err, asyncio.ErrQueueEmpty)
		if err := q.PutNoWait(1); err != nil {
			t.Error(err)
		}
		testutil.ExpectIs(t, "PutNoWait to a full queue", q.PutNoWait(2), asyncio.ErrQueueFull)
		if n, err := q.GetNoWait(); n != 1 || err != nil {
			t.Error(n, err)
		}
		unbounded := asyncio.NewQueue[int](0)
		if err := unbounded.PutNoWait(1); err != nil {
			t.Error(err)
		}
		if n, err := unbounded.GetNoWait(); n != 1 || err != nil {
			t.Error(n, err)
		}
	})
}

func TestQueueGet(t *testing.T) {
	t.Run("takes what is there without letting others run", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			for _, put := range []func(*asyncio.Queue[int]) error{
				func(q *asyncio.Queue[int]) error { return q.PutNoWait(1) },
				func(q *asyncio.Queue[int]) error { return q.Put(ctx, 1) },
			} {
				q := asyncio.NewQueue[int](0)
				ran := false
				asyncio.RunningLoop(ctx).CallSoon(func() { ran = true })
				if err := put(q); err != nil {
					return err
				}
				queuesGet(ctx, t, q, 1)
				queuesExpect(t, "others have run", ran, false)
			}
			return nil
		})
	})
	t.Run("wakes who waits to put", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			q := asyncio.NewQueue[int](1)
			q.Put(ctx, 1)
			putter := asyncio.CreateTask(ctx, queuesPut(q, 2))
			asyncio.Sleep(ctx, 0)
			queuesExpect(t, "with a putter", q.String(), "<Queue maxsize=1 items=1 putters=1 tasks=1>")
			queuesGet(ctx, t, q, 1)
			queuesExpect(t, "woken", q.String(), "<Queue maxsize=1 items=0 tasks=1>")
			asyncio.Sleep(ctx, 0)
			queuesExpect(t, "done", putter.Done(), true)
			return putter.Err()
		})
	})
	t.Run("waits for an item", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			q := asyncio.NewQueue[int](0)
			var started asyncio.Event
			finished := false
			begin := asyncio.RunningLoop(ctx).Time()
			getter := asyncio.CreateTask(ctx, func(ctx context.Context) (int, error) {
				started.Set()
				n, err := q.Get(ctx)
				finished = true
				return n, err
			})
			started.Wait(ctx)
			queuesExpect(t, "finished", finished, false)
			asyncio.RunningLoop(ctx).CallLater(10*time.Millisecond, func() { q.PutNoWait(1) })
			n, err := getter.Await(ctx)
			queuesExpect(t, "got", n, 1)
			queuesExpect(t, "finished", finished, true)
			queuesExpect(t, "elapsed", elapsed(ctx, begin), 10*time.Millisecond)
			return err
		})
	})
	t.Run("gets what waiting putters put in their order", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			q := asyncio.NewQueue[int](1)
			asyncio.CreateTask(ctx, queuesPut(q, 1))
			asyncio.CreateTask(ctx, queuesPut(q, 2))
			queuesGet(ctx, t, q, 1, 2)
			return nil
		})
	})
	t.Run("a producer and a consumer finish through a queue of one", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			q := asyncio.NewQueue[int](1)
			var got []int
			err := queuesGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
					for n := range 5 {
						if err := q.Put(ctx, n); err != nil {
							return err
						}
					}
					return nil
				}))
				asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
					for range 5 {
						n, err := q.Get(ctx)
						if err != nil {
							return err
						}
						got = append(got, n)
					}
					return nil
				}))
				return nil
			})
			queuesExpect(t, "got", got, []int{0, 1, 2, 3, 4})
			return err
		})
	})
	t.Run("a getter that timed out is gone", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			q := asyncio.NewQueue[int](5)
			begin := asyncio.RunningLoop(ctx).Time()
			_, err := asyncio.WaitFor(ctx, asyncio.CreateTask(ctx, q.Get), 100*time.Millisecond)
			testutil.ExpectIs(t, "WaitFor", err, asyncio.ErrTimeout)
			queuesExpect(t, "elapsed", elapsed(ctx, begin), 100*time.Millisecond)
			queuesExpect(t, "getters", q.String(), "<Queue maxsize=5 items=0>")
			return nil
		})
	})
	t.Run("a getter that is cancelled is done a turn later, and the next one gets the item", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			q := asyncio.NewQueue[string](0)
			first, second := asyncio.CreateTask(ctx, q.Get), asyncio.CreateTask(ctx, q.Get)
			asyncio.Sleep(ctx, 0)
			queuesExpect(t, "before", q.String(), "<Queue maxsize=0 items=0 getters=2>")
			first.Cancel()
			asyncio.Sleep(ctx, 0)
			queuesExpect(t, "the first is done", first.Done(), true)
			queuesExpect(t, "the first is cancelled", first.Cancelled(), true)
			queuesExpect(t, "the second is done", second.Done(), false)
			if err := q.Put(ctx, "a"); err != nil {
				return err
			}
			got, err := second.Await(ctx)
			queuesExpect(t, "got", got, "a")
			return err
		})
	})
	t.Run("the item of a woken getter that is cancelled is not lost", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			q := asyncio.NewQueue[int](0)
			reader := asyncio.CreateTask(ctx, q.Get)
			asyncio.Sleep(ctx, 0)
			q.PutNoWait(1)
			q.PutNoWait(2)
			reader.Cancel()
			_, err := reader.Await(ctx)
			testutil.ExpectIs(t, "the reader", err, asyncio.ErrCancelled)
			queuesGet(ctx, t, q, 1, 2)
			return nil
		})
	})
	t.Run("the item of a woken getter that is cancelled goes to the next", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			q := asyncio.NewQueue[int](0)
			var r1, r2, r3 *asyncio.Task[int]
			err := queuesGroup(ctx, func(tg *asyncio.TaskGroup) error {
				r1 = asyncio.CreateTask(tg, q.Get)
				r2 = asyncio.CreateTask(tg, q.Get)
				r3 = asyncio.CreateTask(tg, q.Get)
				asyncio.Sleep(ctx, 0)
				q.PutNoWait(1)
				q.PutNoWait(2)
				r1.Cancel()
				_, err := r1.Await(ctx)
				testutil.ExpectIs(t, "reader 1", err, asyncio.ErrCancelled)
				_, err = r3.Await(ctx)
				return err
			})
			if err != nil {
				return err
			}
			two, err := r2.Result()
			if err != nil {
				return err
			}
			three, err := r3.Result()
			queuesExpect(t, "got", []int{min(two, three), max(two, three)}, []int{1, 2})
			return err
		})
	})
}

func TestQueuePut(t *testing.T) {
	t.Run("waits for room", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			q := asyncio.NewQueue[int](1)
			var started asyncio.Event
			finished := false
			begin := asyncio.RunningLoop(ctx).Time()
			asyncio.RunningLoop(ctx).CallLater(10*time.Millisecond, func() { q.GetNoWait() })
			putter := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				started.Set()
				if err := q.Put(ctx, 1); err != nil {
					return err
				}
				err := q.Put(ctx, 2)
				finished = true
				return err
			}))
			started.Wait(ctx)
			queuesExpect(t, "finished", finished, false)
			_, err := putter.Await(ctx)
			queuesExpect(t, "finished", finished, true)
			queuesExpect(t, "elapsed", elapsed(ctx, begin), 10*time.Millisecond)
			return err
		})
	})
	t.Run("an item whose woken putter is cancelled is there neither lost nor twice", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			q := asyncio.NewQueue[int](1)
			q.PutNoWait(1)
			writer := asyncio.CreateTask(ctx, queuesPut(q, 2))
			asyncio.Sleep(ctx, 0)
			n, err := q.GetNoWait()
			if n != 1 || err != nil {
				t.Error(n, err)
			}
			writer.Cancel()
			_, err = writer.Await(ctx)
			testutil.ExpectIs(t, "the writer", err, asyncio.ErrCancelled)
			queuesExpect(t, "after it", q.Len(), 0)
			if err := q.Put(ctx, 2); err != nil {
				return err
			}
			n, err = q.GetNoWait()
			queuesExpect(t, "the item", n, 2)
			queuesExpect(t, "at the end", q.Len(), 0)
			return err
		})
	})
	t.Run("a task that puts is done when its item was got", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			q := asyncio.NewQueue[int](0)
			putter := asyncio.CreateTask(ctx, queuesPut(q, 1))
			queuesGet(ctx, t, q, 1)
			queuesExpect(t, "done", putter.Done(), true)
			return putter.Err()
		})
	})
	t.Run("a putter that is cancelled leaves its place to no item of its own", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			q := asyncio.NewQueue[string](1)
			putA := asyncio.CreateTask(ctx, queuesPut(q, "a"))
			putB := asyncio.CreateTask(ctx, queuesPut(q, "b"))
			putX := asyncio.CreateTask(ctx, queuesPut(q, "X"))
			asyncio.Sleep(ctx, 0)
			queuesExpect(t, "a is put", putA.Done(), true)
			queuesExpect(t, "b is put", putB.Done(), false)
			putX.Cancel()
			asyncio.Sleep(ctx, 0)
			queuesExpect(t, "X is cancelled", putX.Cancelled(), true)
			for _, want := range []string{"a", "b"} {
				v, err := q.GetNoWait()
				if v != want || err != nil {
					t.Error(v, err)
				}
				asyncio.Sleep(ctx, 0)
			}
			_, err := q.GetNoWait()
			testutil.ExpectIs(t, "after b", err, asyncio.ErrQueueEmpty)
			_, err = putB.Await(ctx)
			return err
		})
	})
	t.Run("goes to a getter that waits", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			q := asyncio.NewQueue[string](0)
			getter := asyncio.CreateTask(ctx, q.Get)
			asyncio.Sleep(ctx, 0)
			q.Put(ctx, "a")
			v, err := getter.Await(ctx)
			queuesExpect(t, "got", v, "a")
			return err
		})
	})
	t.Run("all putters wake when the queue is drained", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			q := asyncio.NewQueue[int](2)
			err := queuesGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
					asyncio.Sleep(ctx, 0)
					queuesExpect(t, "drained", q.String(), "<Queue maxsize=2 items=2 putters=2 tasks=2>")
					for range q.Len() {
						if _, err := q.GetNoWait(); err != nil {
							return err
						}
					}
					return nil
				}))
				for n := range 4 {
					asyncio.CreateTask(tg, queuesPut(q, n))
				}
				return nil
			})
			queuesExpect(t, "at the end", q.String(), "<Queue maxsize=2 items=2 tasks=4>")
			return err
		})
	})
	for _, c := range []struct {
		name  string
		woken bool
	}{
		{"a putter that is cancelled is gone", false},
		{"a woken putter that is cancelled gets the cancellation and nothing else", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			testutil.Succeed(t, func(ctx context.Context) error {
				q := asyncio.NewQueue[int](1)
				q.PutNoWait(1)
				putter := asyncio.CreateTask(ctx, queuesPut(q, 1))
				asyncio.Sleep(ctx, 0)
				queuesExpect(t, "before", q.String(), "<Queue maxsize=1 items=1 putters=1 tasks=1>")
				left := 1
				if c.woken {
					q.GetNoWait()
					left = 0
				}
				putter.Cancel()
				_, err := putter.Await(ctx)
				var cancelled *asyncio.CancelledError
				if !errors.As(err, &cancelled) || cancelled.Cause != nil {
					t.Errorf("the putter: %v", err)
				}
				queuesExpect(t, "after", q.String(), fmt.Sprintf("<Queue maxsize=1 items=%d tasks=1>", left))
				return nil
			})
		})
	}
}

func TestQueueJoin(t *testing.T) {
	t.Run("TaskDone without items is refused", func(t *testing.T) {
		queuesEach(t, 0, func(_ context.Context, t *testing.T, q queuesKind) {
			if q.TaskDone() == nil {
				t.Error("TaskDone returned nil")
			}
		})
	})
	t.Run("returns when all items are done", func(t *testing.T) {
		queuesEach(t, 0, func(ctx context.Context, t *testing.T, q queuesKind) {
			for n := range 100 {
				q.PutNoWait(n)
			}
			sum, running := 0, true
			worker := asyncio.Void(func(ctx context.Context) error {
				for running {
					n, err := q.Get(ctx)
					if err != nil {
						return err
					}
					asyncio.Sleep(ctx, 0) // so that Join could return while it is at work
					sum += n
					if err := q.TaskDone(); err != nil {
						return err
					}
				}
				return nil
			})
			err := queuesGroup(ctx, func(tg *asyncio.TaskGroup) error {
				asyncio.CreateTask(tg, worker)
				asyncio.CreateTask(tg, worker)
				if err := q.Join(ctx); err != nil {
					return err
				}
				queuesExpect(t, "sum", sum, 4950)
				running = false
				q.PutNoWait(0)
				return q.PutNoWait(0)
			})
			if err != nil {
				t.Error(err)
			}
		})
	})
	t.Run("returns at once if there was no item", func(t *testing.T) {
		queuesEach(t, 0, func(ctx context.Context, t *testing.T, q queuesKind) {
			ran := false
			asyncio.RunningLoop(ctx).CallSoon(func() { ran = true })
			for range 2 {
				if err := q.Join(ctx); err != nil {
					t.Error(err)
				}
			}
			queuesExpect(t, "others have run", ran, false)
		})
	})
	t.Run("String shows how many are not done", func(t *testing.T) {
		queuesEach(t, 0, func(_ context.Context, t *testing.T, q queuesKind) {
			shows := func(what string) { queuesExpect(t, what, strings.HasSuffix(q.String(), what), true) }
			shows("Queue maxsize=0 items=0>")
			for range 2 {
				q.PutNoWait(1)
				q.GetNoWait()
			}
			shows("Queue maxsize=0 items=0 tasks=2>")
		})
	})
}

func TestQueueShutdown(t *testing.T) {
	t.Run("String says that it is shut down", func(t *testing.T) {
		queuesEach(t, 0, func(_ context.Context, t *testing.T, q queuesKind) {
			q.Shutdown()
			if s := q.String(); !strings.HasSuffix(s, "Queue maxsize=0 items=0 shutdown>") {
				t.Error(s)
			}
		})
	})
	t.Run("of an empty queue", func(t *testing.T) {
		queuesEach(t, 0, func(ctx context.Context, t *testing.T, q queuesKind) {
			getter := asyncio.CreateTask(ctx, q.Get)
			asyncio.Sleep(ctx, 0)
			q.Shutdown()
			queuesExpect(t, "items", q.Len(), 0)
			if err := q.Join(ctx); err != nil {
				t.Error(err)
			}
			asyncio.Sleep(ctx, 0)
			queuesExpect(t, "the getter is done", getter.Done(), true)
			testutil.ExpectIs(t, "the getter", getter.Err(), asyncio.ErrQueueShutDown)
			queuesOver(ctx, t, q)
		})
	})
	t.Run("of a full queue", func(t *testing.T) {
		queuesEach(t, 1, func(ctx context.Context, t *testing.T, q queuesKind) {
			q.PutNoWait(1)
			joiner := asyncio.CreateTask(ctx, asyncio.Void(q.Join))
			putter := asyncio.CreateTask(ctx, queuesPut(q, 2))
			asyncio.Sleep(ctx, 0)
			queuesExpect(t, "the putter is done before", putter.Done(), false)
			q.Shutdown()
			queuesExpect(t, "items", q.Len(), 1)
			asyncio.Sleep(ctx, 0)
			queuesExpect(t, "the putter is done", putter.Done(), true)
			testutil.ExpectIs(t, "the putter", putter.Err(), asyncio.ErrQueueShutDown)
			queuesGet(ctx, t, q, 1)
			asyncio.Sleep(ctx, 0)
			queuesExpect(t, "joined with the item at work", joiner.Done(), false)
			queuesOver(ctx, t, q)
			queuesDone(ctx, t, q, joiner)
		})
	})
	t.Run("at once throws the items away", func(t *testing.T) {
		queuesEach(t, 0, func(ctx context.Context, t *testing.T, q queuesKind) {
			q.PutNoWait(1)
			joiner := asyncio.CreateTask(ctx, asyncio.Void(q.Join))
			asyncio.Sleep(ctx, 0)
			queuesExpect(t, "joined before", joiner.Done(), false)
			q.Shutdown(true)
			queuesExpect(t, "items", q.Len(), 0)
			asyncio.Sleep(ctx, 0)
			queuesExpect(t, "joined", joiner.Done(), true)
			if err := joiner.Err(); err != nil {
				t.Error(err)
			}
			queuesOver(ctx, t, q)
			if q.TaskDone() == nil {
				t.Error("TaskDone for an item that was thrown away")
			}
		})
	})
	t.Run("at once leaves what is at work to be done", func(t *testing.T) {
		queuesEach(t, 0, func(ctx context.Context, t *testing.T, q queuesKind) {
			q.PutNoWait(1)
			q.PutNoWait(1)
			joiner := asyncio.CreateTask(ctx, asyncio.Void(q.Join))
			queuesGet(ctx, t, q, 1)
			q.Shutdown(true)
			queuesExpect(t, "items", q.Len(), 0)
			asyncio.Sleep(ctx, 0)
			queuesExpect(t, "joined with an item at work", joiner.Done(), false)
			queuesOver(ctx, t, q)
			queuesDone(ctx, t, q, joiner)
		})
	})
}

// queuesKind is a queue of any kind.
type queuesKind interface {
	Put(ctx context.Context, n int) error
	PutNoWait(n int) error
	Get(ctx context.Context) (int, error)
	GetNoWait() (int, error)
	Join(ctx context.Context) error
	TaskDone() error
	Shutdown(immediate ...bool)
	Len() int
	String() string
}

func queuesLess(a, b int) bool { return a < b }

// queuesEach calls f on a loop for a queue of each kind, as a subtest.
func queuesEach(t *testing.T, max int, f func(ctx context.Context, t *testing.T, q queuesKind)) {
	t.Helper()
	for name, q := range map[string]queuesKind{
		"Queue":         asyncio.NewQueue[int](max),
		"LifoQueue":     asyncio.NewLifoQueue[int](max),
		"PriorityQueue": asyncio.NewPriorityQueue(max, queuesLess),
	} {
		t.Run(name, func(t *testing.T) {
			testutil.Succeed(t, func(ctx context.Context) error {
				f(ctx, t, q)
				return nil
			})
		})
	}
}

// queuesGroup is a task group with a second's time: what hangs is an error.
func queuesGroup(ctx context.Context, body func(tg *asyncio.TaskGroup) error) error {
	return asyncio.Timeout(ctx, time.Second, func(ctx context.Context) error {
		return asyncio.WithTaskGroup(ctx, body)
	})
}

func queuesPut[T any](q interface {
	Put(ctx context.Context, v T) error
}, v T) asyncio.Coroutine[asyncio.None] {
	return asyncio.Void(func(ctx context.Context) error { return q.Put(ctx, v) })
}

// queuesGet gets items and checks that they are these.
func queuesGet(ctx context.Context, t *testing.T, q queuesKind, want ...int) {
	t.Helper()
	for _, n := range want {
		if got, err := q.Get(ctx); got != n || err != nil {
			t.Errorf("got %d, %v, want %d", got, err, n)
		}
	}
}

// queuesOver checks that there is nothing to be had and that nothing can be put.
func queuesOver(ctx context.Context, t *testing.T, q queuesKind) {
	t.Helper()
	testutil.ExpectIs(t, "Put", q.Put(ctx, 1), asyncio.ErrQueueShutDown)
	testutil.ExpectIs(t, "PutNoWait", q.PutNoWait(1), asyncio.ErrQueueShutDown)
	_, err := q.Get(ctx)
	testutil.ExpectIs(t, "Get", err, asyncio.ErrQueueShutDown)
	_, err = q.GetNoWait()
	testutil.ExpectIs(t, "GetNoWait", err, asyncio.ErrQueueShutDown)
}

// queuesDone checks that a TaskDone is what the joiner waits for, and the last.
func queuesDone(ctx context.Context, t *testing.T, q queuesKind, joiner *asyncio.Task[asyncio.None]) {
	t.Helper()
	if err := q.TaskDone(); err != nil {
		t.Error(err)
	}
	if q.TaskDone() == nil {
		t.Error("a TaskDone too much")
	}
	asyncio.Sleep(ctx, 0)
	queuesExpect(t, "joined", joiner.Done(), true)
	if err := joiner.Err(); err != nil {
		t.Error(err)
	}
}

// queuesExpect compares what is printed, so that values of any kind can be had alike.
func queuesExpect(t *testing.T, what string, got, want any) {
	t.Helper()
	if is, should := fmt.Sprint(got), fmt.Sprint(want); is != should {
		t.Errorf("%s: %s, want %s", what, is, should)
	}
}
