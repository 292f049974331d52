package order_test

import (
	"context"
	"errors"
	"testing"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// queue is any of the three queues.
type queue interface {
	Put(ctx context.Context, v string) error
	Get(ctx context.Context) (string, error)
	PutNoWait(v string) error
	GetNoWait() (string, error)
	TaskDone() error
	Join(ctx context.Context) error
	Len() int
	Full() bool
	Empty() bool
}

func smaller(a, b string) bool { return a < b }

// getter is a coroutine that gets n items, fewer if the queue is shut down.
func (tr *trace) getter(who string, q queue, n int) coroutine {
	return func(ctx context.Context) (string, error) {
		for range n {
			v, err := q.Get(ctx)
			if errors.Is(err, asyncio.ErrQueueShutDown) {
				tr.Add("%s gets %s", who, word(err))
				break
			}
			if err != nil {
				tr.Add("%s gets %s", who, word(err))
				return "", err
			}
			tr.Add("%s gets %s", who, v)
		}
		return who, nil
	}
}

// putter is a coroutine that puts the items, fewer if the queue is shut down.
func (tr *trace) putter(who string, q queue, items ...string) coroutine {
	return func(ctx context.Context) (string, error) {
		for _, v := range items {
			err := q.Put(ctx, v)
			if errors.Is(err, asyncio.ErrQueueShutDown) {
				tr.Add("%s cannot put %s: %s", who, v, word(err))
				break
			}
			if err != nil {
				tr.Add("%s cannot put %s: %s", who, v, word(err))
				return "", err
			}
			tr.Add("%s put %s", who, v)
		}
		return who, nil
	}
}

// worker is a coroutine that takes ms for every item, until it is cancelled or the
// queue is shut down.
func (tr *trace) worker(who string, q queue, ms int) coroutine {
	return func(ctx context.Context) (string, error) {
		for {
			v, err := q.Get(ctx)
			if err != nil {
				tr.Add("%s gets %s", who, word(err))
				if errors.Is(err, asyncio.ErrQueueShutDown) {
					return who, nil
				}
				return "", err
			}
			tr.Add("%s works on %s", who, v)
			if err := asyncio.Sleep(ctx, testutil.Millis(ms)); err != nil {
				return "", err
			}
			tr.Add("%s is done with %s", who, v)
			if err := q.TaskDone(); err != nil {
				return "", err
			}
		}
	}
}

// joiner is a coroutine that joins the queue.
func (tr *trace) joiner(who string, q queue) coroutine {
	return func(ctx context.Context) (string, error) {
		tr.Add("%s joins", who)
		if err := q.Join(ctx); err != nil {
			tr.Add("%s gets %s", who, word(err))
			return "", err
		}
		tr.Add("%s has joined", who)
		return who, nil
	}
}

// getterFor is a coroutine that waits for a task that gets.
func (tr *trace) getterFor(who string, q queue, ms int) coroutine {
	return func(ctx context.Context) (string, error) {
		v, err := asyncio.WaitFor(ctx, asyncio.CreateTask(ctx, q.Get), testutil.Millis(ms))
		switch {
		case errors.Is(err, asyncio.ErrTimeout):
			tr.Add("%s gets %s", who, word(err))
		case err != nil:
			return "", err
		default:
			tr.Add("%s gets %s", who, v)
		}
		return who, nil
	}
}

func (tr *trace) putNow(who string, q queue, v string) {
	if err := q.PutNoWait(v); err != nil {
		tr.Add("%s cannot put %s: %s", who, v, word(err))
		return
	}
	tr.Add("%s put %s", who, v)
}

func (tr *trace) getNow(who string, q queue) {
	v, err := q.GetNoWait()
	if err != nil {
		tr.Add("%s gets %s", who, word(err))
		return
	}
	tr.Add("%s gets %s", who, v)
}

func (tr *trace) doneNow(who string, q queue) {
	if q.TaskDone() != nil {
		tr.Add("%s is refused", who)
		return
	}
	tr.Add("%s is done with one", who)
}

func (tr *trace) lookQueue(q queue) {
	tr.Add("size %d full %t empty %t", q.Len(), q.Full(), q.Empty())
}

func TestOrderOfQueues(t *testing.T) {
	runScenarios(t, []script{
		{
			name: "a queue with something in it takes no turn",
			want: []string{
				"main put 1", "main put 2", "main put 3", "size 3 full false empty false", "main gets 1",
				"main gets 2", "main gets 3", "size 0 full false empty true", "main gets empty", "turn 1",
				"turn 2", "turn 3",
			},
			main: func(ctx context.Context, tr *trace) error {
				q := asyncio.NewQueue[string](0)
				tr.Tick(3)
				tr.putter("main", q, "1", "2", "3")(ctx)
				tr.lookQueue(q)
				tr.getter("main", q, 3)(ctx)
				tr.lookQueue(q)
				tr.getNow("main", q)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "the orders of the three queues",
			want: []string{
				"fifo put 3", "lifo put 3", "prio put 3", "fifo put 1", "lifo put 1", "prio put 1",
				"fifo put 4", "lifo put 4", "prio put 4", "fifo put 1", "lifo put 1", "prio put 1",
				"fifo put 5", "lifo put 5", "prio put 5", "fifo put 9", "lifo put 9", "prio put 9",
				"fifo put 2", "lifo put 2", "prio put 2", "fifo put 6", "lifo put 6", "prio put 6",
				"fifo gets 3", "lifo gets 6", "prio gets 1", "fifo gets 1", "fifo gets 4", "lifo gets 2",
				"lifo gets 9", "prio gets 1", "prio gets 2", "fifo put 7", "lifo put 7", "prio put 7",
				"fifo put 0", "lifo put 0", "prio put 0", "fifo gets 1", "lifo gets 0", "prio gets 0",
				"fifo gets 5", "lifo gets 7", "prio gets 3", "fifo gets 9", "lifo gets 5", "prio gets 4",
				"fifo gets 2", "lifo gets 1", "prio gets 5", "fifo gets 6", "lifo gets 4", "prio gets 6",
				"fifo gets 7", "lifo gets 1", "prio gets 7", "fifo gets 0", "lifo gets 3", "prio gets 9",
				"fifo gets empty", "lifo gets empty", "prio gets empty",
			},
			main: func(ctx context.Context, tr *trace) error {
				fifo, lifo, prio := asyncio.NewQueue[string](0), asyncio.NewLifoQueue[string](0), asyncio.NewPriorityQueue(0, smaller)
				for _, v := range []string{"3", "1", "4", "1", "5", "9", "2", "6"} {
					tr.putNow("fifo", fifo, v)
					tr.putNow("lifo", lifo, v)
					tr.putNow("prio", prio, v)
				}
				for n := range 3 {
					tr.getter("fifo", fifo, n)(ctx)
					tr.getter("lifo", lifo, n)(ctx)
					tr.getter("prio", prio, n)(ctx)
				}
				for _, v := range []string{"7", "0"} {
					tr.putNow("fifo", fifo, v)
					tr.putNow("lifo", lifo, v)
					tr.putNow("prio", prio, v)
				}
				for range 8 {
					tr.getNow("fifo", fifo)
					tr.getNow("lifo", lifo)
					tr.getNow("prio", prio)
				}
				return nil
			},
		},
		{
			name: "getters are served in order",
			want: []string{
				"1ms main put 1", "1ms main put 2", "1ms main put 3", "1ms main put 4", "1ms main put 5",
				"1ms size 5 full false empty false", "1ms turn 1", "1ms a gets 1", "1ms a gets 2",
				"1ms b gets 3", "1ms b gets 4", "1ms c gets 5", "1ms turn 2", "1ms turn 3", "1ms turn 4",
				"1ms turn 5", "2ms size 0 full false empty true", "2ms main put 6", "2ms c gets 6",
			},
			main: func(ctx context.Context, tr *trace) error {
				q := asyncio.NewQueue[string](0)
				for _, who := range []string{"a", "b", "c"} {
					asyncio.CreateTask(ctx, tr.getter(who, q, 2))
				}
				tr.Sleep(ctx, 1)
				tr.Tick(5)
				for _, v := range []string{"1", "2", "3", "4", "5"} {
					tr.putNow("main", q, v)
				}
				tr.lookQueue(q)
				tr.Sleep(ctx, 1)
				tr.lookQueue(q)
				tr.putNow("main", q, "6")
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "putters are served in order",
			want: []string{
				"a put a1", "1ms size 1 full true empty false", "1ms main gets a1", "1ms turn 1",
				"1ms a put a2", "1ms turn 2", "2ms main gets a2", "2ms turn 1", "2ms b put b1", "2ms turn 2",
				"3ms main gets b1", "3ms turn 1", "3ms c put c1", "3ms turn 2", "4ms main gets c1",
				"4ms turn 1", "4ms b put b2", "4ms turn 2", "5ms main gets b2", "5ms turn 1", "5ms c put c2",
				"5ms turn 2", "6ms main gets c2", "6ms turn 1", "6ms turn 2", "7ms main gets empty",
				"7ms turn 1", "7ms turn 2", "8ms size 0 full false empty true",
			},
			main: func(ctx context.Context, tr *trace) error {
				q := asyncio.NewQueue[string](1)
				asyncio.CreateTask(ctx, tr.putter("a", q, "a1", "a2"))
				asyncio.CreateTask(ctx, tr.putter("b", q, "b1", "b2"))
				asyncio.CreateTask(ctx, tr.putter("c", q, "c1", "c2"))
				tr.Sleep(ctx, 1)
				tr.lookQueue(q)
				for range 7 {
					tr.Tick(2)
					tr.getNow("main", q)
					tr.Sleep(ctx, 1)
				}
				tr.lookQueue(q)
				return nil
			},
		},
		{
			name: "ping pong through a queue of one",
			want: []string{
				"p put 1", "g gets 1", "turn 1", "p put 2", "turn 2", "g gets 2", "turn 3", "p put 3",
				"turn 4", "g gets 3", "turn 5", "p put 4", "turn 6", "g gets 4", "turn 7", "turn 8",
				"1ms size 0 full false empty true",
			},
			main: func(ctx context.Context, tr *trace) error {
				q := asyncio.NewQueue[string](1)
				asyncio.CreateTask(ctx, tr.putter("p", q, "1", "2", "3", "4"))
				asyncio.CreateTask(ctx, tr.getter("g", q, 4))
				tr.Tick(8)
				tr.Sleep(ctx, 1)
				tr.lookQueue(q)
				return nil
			},
		},
		{
			name: "ping pong with the getter first",
			want: []string{
				"p put 1", "turn 1", "g gets 1", "turn 2", "p put 2", "turn 3", "g gets 2", "turn 4",
				"p put 3", "turn 5", "g gets 3", "turn 6", "p put 4", "turn 7", "g gets 4", "turn 8",
				"p put 5", "g gets 5", "1ms size 0 full false empty true",
			},
			main: func(ctx context.Context, tr *trace) error {
				q := asyncio.NewQueue[string](1)
				asyncio.CreateTask(ctx, tr.getter("g", q, 5))
				asyncio.CreateTask(ctx, tr.putter("p", q, "1", "2", "3", "4", "5"))
				tr.Tick(8)
				tr.Sleep(ctx, 1)
				tr.lookQueue(q)
				return nil
			},
		},
		{
			name: "there and back through two queues",
			want: []string{
				"turn 1", "p put 1", "turn 2", "x got 1", "x put 1", "turn 3", "p put 2", "g gets 1", "turn 4",
				"y got 2", "y put 2", "turn 5", "p put 3", "g gets 2", "turn 6", "x got 3", "x put 3",
				"turn 7", "p put 4", "g gets 3", "turn 8", "y got 4", "y put 4", "turn 9", "p put 5",
				"g gets 4", "x got 5", "x put 5", "g gets 5",
			},
			main: func(ctx context.Context, tr *trace) error {
				to, back := asyncio.NewQueue[string](1), asyncio.NewQueue[string](1)
				echo := func(who string) coroutine {
					return func(ctx context.Context) (string, error) {
						for range 3 {
							v, err := to.Get(ctx)
							if err != nil {
								return "", err
							}
							tr.Add("%s got %s", who, v)
							if _, err := tr.putter(who, back, v)(ctx); err != nil {
								return "", err
							}
						}
						return who, nil
					}
				}
				asyncio.CreateTask(ctx, echo("x"))
				asyncio.CreateTask(ctx, echo("y"))
				tr.Tick(9)
				asyncio.CreateTask(ctx, tr.putter("p", to, "1", "2", "3", "4", "5"))
				asyncio.CreateTask(ctx, tr.getter("g", back, 5))
				tr.Sleep(ctx, 5)
				return nil
			},
		},
		{
			name: "many producers and consumers",
			want: []string{
				"p put p1", "p put p2", "x gets p1", "x gets p2", "p put p3", "q put q1", "x gets p3",
				"x gets q1", "r put r1", "r put r2", "y gets r1", "y gets r2", "r put r3", "q put q2",
				"y gets r3", "y gets q2", "q put q3", "5ms size 1 full false empty false", "5ms main gets q3",
			},
			main: func(ctx context.Context, tr *trace) error {
				q := asyncio.NewQueue[string](2)
				for _, who := range []string{"p", "q", "r"} {
					asyncio.CreateTask(ctx, tr.putter(who, q, who+"1", who+"2", who+"3"))
				}
				for _, who := range []string{"x", "y"} {
					asyncio.CreateTask(ctx, tr.getter(who, q, 4))
				}
				tr.Sleep(ctx, 5)
				tr.lookQueue(q)
				tr.getter("main", q, 1)(ctx)
				return nil
			},
		},
		{
			name: "producers and consumers with a pace",
			want: []string{
				"p put p", "p 0", "x gets p", "x 0", "q put q", "q 0", "y gets q", "y 0", "q put q", "q 1",
				"q put q", "q 2", "3ms y gets q", "3ms y 1", "3ms q put q", "3ms q 3", "5ms x gets q",
				"5ms x 1", "5ms p put p", "5ms p 1", "6ms y gets q", "6ms y 2", "7ms p put p", "7ms p 2",
				"9ms y gets p", "9ms y 3", "9ms p put p", "9ms p 3", "10ms x gets p", "10ms x 2",
				"15ms x gets p", "15ms x 3", "50ms size 0 full false empty true",
			},
			main: func(ctx context.Context, tr *trace) error {
				q := asyncio.NewQueue[string](2)
				produce := func(who string, ms int) coroutine {
					return func(ctx context.Context) (string, error) {
						for n := range 4 {
							if _, err := tr.putter(who, q, who)(ctx); err != nil {
								return "", err
							}
							tr.Add("%s %d", who, n)
							if err := asyncio.Sleep(ctx, testutil.Millis(ms)); err != nil {
								return "", err
							}
						}
						return who, nil
					}
				}
				consume := func(who string, ms int) coroutine {
					return func(ctx context.Context) (string, error) {
						for n := range 4 {
							if _, err := tr.getter(who, q, 1)(ctx); err != nil {
								return "", err
							}
							tr.Add("%s %d", who, n)
							if err := asyncio.Sleep(ctx, testutil.Millis(ms)); err != nil {
								return "", err
							}
						}
						return who, nil
					}
				}
				asyncio.CreateTask(ctx, produce("p", 2))
				asyncio.CreateTask(ctx, consume("x", 5))
				asyncio.CreateTask(ctx, produce("q", 0))
				asyncio.CreateTask(ctx, consume("y", 3))
				tr.Sleep(ctx, 50)
				tr.lookQueue(q)
				return nil
			},
		},
		{
			name: "a lifo queue with waiting putters",
			want: []string{
				"a put 1", "a put 2", "1ms main gets 2", "1ms main gets 1", "1ms turn 1", "1ms a put 3",
				"1ms a put 4", "1ms turn 2", "1ms main gets 4", "1ms turn 3", "1ms b put 5", "1ms turn 4",
				"1ms turn 5", "1ms turn 6", "2ms main gets 5", "2ms main gets 3", "2ms b put 6",
				"2ms main gets 6", "2ms size 0 full false empty true",
			},
			main: func(ctx context.Context, tr *trace) error {
				q := asyncio.NewLifoQueue[string](2)
				asyncio.CreateTask(ctx, tr.putter("a", q, "1", "2", "3", "4"))
				asyncio.CreateTask(ctx, tr.putter("b", q, "5", "6"))
				tr.Sleep(ctx, 1)
				tr.Tick(6)
				tr.getter("main", q, 3)(ctx)
				tr.Sleep(ctx, 1)
				tr.getter("main", q, 3)(ctx)
				tr.lookQueue(q)
				return nil
			},
		},
		{
			name: "a priority queue with waiting getters and putters",
			want: []string{
				"1ms turn 1", "1ms a put 5", "1ms a put 2", "1ms a put 8", "1ms turn 2", "1ms x gets 2",
				"1ms x gets 5", "1ms x gets 8", "1ms turn 3", "1ms a put 1", "1ms b put 7", "1ms b put 3",
				"1ms turn 4", "1ms y gets 1", "1ms y gets 3", "1ms y gets 7", "1ms turn 5", "1ms b put 6",
				"1ms b put 4", "1ms turn 6", "2ms size 2 full false empty false", "2ms main gets 4",
				"2ms main gets 6",
			},
			main: func(ctx context.Context, tr *trace) error {
				q := asyncio.NewPriorityQueue(3, smaller)
				for _, who := range []string{"x", "y"} {
					asyncio.CreateTask(ctx, tr.getter(who, q, 3))
				}
				tr.Sleep(ctx, 1)
				tr.Tick(6)
				asyncio.CreateTask(ctx, tr.putter("a", q, "5", "2", "8", "1"))
				asyncio.CreateTask(ctx, tr.putter("b", q, "7", "3", "6", "4"))
				tr.Sleep(ctx, 1)
				tr.lookQueue(q)
				tr.getter("main", q, 2)(ctx)
				return nil
			},
		},
		{
			name: "nothing waits in put nowait and get nowait",
			want: []string{
				"main gets empty", "main put 1", "main put 2", "main cannot put 3: full",
				"size 2 full true empty false", "main gets 1", "main gets 2", "main gets empty", "maxsize 2",
			},
			main: func(ctx context.Context, tr *trace) error {
				q := asyncio.NewQueue[string](2)
				tr.getNow("main", q)
				for _, v := range []string{"1", "2", "3"} {
					tr.putNow("main", q, v)
				}
				tr.lookQueue(q)
				for range 3 {
					tr.getNow("main", q)
				}
				tr.Add("maxsize %d", q.MaxSize())
				return nil
			},
		},
		{
			name: "a getter is cancelled",
			want: []string{
				"1ms a gets cancelled(first)", "2ms main put 1", "2ms main put 2",
				"2ms main gets cancelled(first)", "2ms turn 1", "2ms b gets 1", "2ms c gets cancelled(last)",
				"2ms turn 2", "2ms main gets b", "2ms main gets cancelled(last)",
				"2ms size 1 full false empty false", "2ms turn 3", "2ms turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				q := asyncio.NewQueue[string](0)
				var ts []*task
				for _, who := range []string{"a", "b", "c"} {
					ts = append(ts, asyncio.CreateTask(ctx, tr.getter(who, q, 1)))
				}
				tr.Sleep(ctx, 1)
				ts[0].Cancel("first")
				tr.Sleep(ctx, 1)
				tr.Tick(4)
				tr.putNow("main", q, "1")
				ts[2].Cancel("last")
				tr.putNow("main", q, "2")
				for _, t := range ts {
					tr.Get(ctx, "main", t)
				}
				tr.lookQueue(q)
				return nil
			},
		},
		{
			name: "a woken getter is cancelled and wakes the next",
			want: []string{
				"1ms main put 1", "1ms turn 1", "1ms a gets cancelled(a)", "1ms turn 2", "1ms b gets 1",
				"1ms turn 3", "1ms turn 4", "1ms turn 5", "2ms main put 2", "2ms c gets cancelled(c)",
				"3ms size 1 full false empty false",
			},
			main: func(ctx context.Context, tr *trace) error {
				q := asyncio.NewQueue[string](0)
				var ts []*task
				for _, who := range []string{"a", "b", "c"} {
					ts = append(ts, asyncio.CreateTask(ctx, tr.getter(who, q, 1)))
				}
				tr.Sleep(ctx, 1)
				tr.Tick(5)
				tr.putNow("main", q, "1")
				ts[0].Cancel("a")
				tr.Sleep(ctx, 1)
				tr.putNow("main", q, "2")
				ts[2].Cancel("c")
				tr.Sleep(ctx, 1)
				tr.lookQueue(q)
				return nil
			},
		},
		{
			name: "a getter cancelled in the step before the put",
			want: []string{
				"1ms main put 1", "1ms turn 1", "1ms a gets cancelled(a)", "1ms b gets 1", "1ms turn 2",
				"1ms turn 3", "1ms turn 4", "2ms size 0 full false empty true",
			},
			main: func(ctx context.Context, tr *trace) error {
				q := asyncio.NewQueue[string](0)
				var ts []*task
				for _, who := range []string{"a", "b"} {
					ts = append(ts, asyncio.CreateTask(ctx, tr.getter(who, q, 1)))
				}
				tr.Sleep(ctx, 1)
				tr.Tick(4)
				ts[0].Cancel("a")
				tr.putNow("main", q, "1")
				tr.Sleep(ctx, 1)
				tr.lookQueue(q)
				return nil
			},
		},
		{
			name: "two woken getters cancelled",
			want: []string{
				"1ms main put 1", "1ms main put 2", "1ms turn 1", "1ms a gets cancelled(a)",
				"1ms b gets cancelled(b)", "1ms turn 2", "1ms c gets 1", "1ms d gets 2", "1ms turn 3",
				"1ms turn 4", "1ms turn 5", "2ms size 0 full false empty true",
			},
			main: func(ctx context.Context, tr *trace) error {
				q := asyncio.NewQueue[string](0)
				var ts []*task
				for _, who := range []string{"a", "b", "c", "d"} {
					ts = append(ts, asyncio.CreateTask(ctx, tr.getter(who, q, 1)))
				}
				tr.Sleep(ctx, 1)
				tr.Tick(5)
				tr.putNow("main", q, "1")
				tr.putNow("main", q, "2")
				ts[0].Cancel("a")
				ts[1].Cancel("b")
				tr.Sleep(ctx, 1)
				tr.lookQueue(q)
				return nil
			},
		},
		{
			name: "a putter is cancelled",
			want: []string{
				"main put 0", "1ms a cannot put a: cancelled(first)", "2ms main gets 0", "2ms done true",
				"2ms done false", "2ms done false", "2ms done false", "2ms turn 1",
				"2ms c cannot put c: cancelled(middle)", "2ms b put b", "2ms turn 2", "2ms main gets b",
				"2ms turn 3", "2ms d put d", "2ms turn 4", "3ms size 1 full true empty false",
			},
			main: func(ctx context.Context, tr *trace) error {
				q := asyncio.NewQueue[string](1)
				tr.putNow("main", q, "0")
				var ts []*task
				for _, who := range []string{"a", "b", "c", "d"} {
					ts = append(ts, asyncio.CreateTask(ctx, tr.putter(who, q, who)))
				}
				tr.Sleep(ctx, 1)
				ts[0].Cancel("first")
				tr.Sleep(ctx, 1)
				tr.Tick(4)
				ts[2].Cancel("middle")
				tr.getter("main", q, 1)(ctx)
				for _, t := range ts {
					tr.Add("done %t", t.Done())
				}
				tr.getter("main", q, 1)(ctx)
				tr.Sleep(ctx, 1)
				tr.lookQueue(q)
				return nil
			},
		},
		{
			name: "a woken putter is cancelled and wakes the next",
			want: []string{
				"main put 0", "1ms main gets 0", "1ms turn 1", "1ms a cannot put a: cancelled(a)",
				"1ms turn 2", "1ms b put b", "1ms turn 3", "1ms turn 4", "1ms turn 5",
				"2ms size 1 full true empty false", "2ms main gets b", "2ms c cannot put c: cancelled(c)",
				"3ms size 0 full false empty true",
			},
			main: func(ctx context.Context, tr *trace) error {
				q := asyncio.NewQueue[string](1)
				tr.putNow("main", q, "0")
				var ts []*task
				for _, who := range []string{"a", "b", "c"} {
					ts = append(ts, asyncio.CreateTask(ctx, tr.putter(who, q, who)))
				}
				tr.Sleep(ctx, 1)
				tr.Tick(5)
				tr.getNow("main", q)
				ts[0].Cancel("a")
				tr.Sleep(ctx, 1)
				tr.lookQueue(q)
				tr.getNow("main", q)
				ts[2].Cancel("c")
				tr.Sleep(ctx, 1)
				tr.lookQueue(q)
				return nil
			},
		},
		{
			name: "a put nowait takes the place of a woken putter",
			want: []string{
				"main put 0", "1ms main gets 0", "1ms main put 1", "1ms turn 1", "1ms turn 2", "1ms turn 3",
				"1ms turn 4", "1ms turn 5", "1ms turn 6", "2ms size 1 full true empty false",
				"2ms main gets 1", "2ms b put b1", "2ms main gets b1", "2ms a put a1", "2ms main gets a1",
				"2ms a put a2", "2ms main gets a2",
			},
			main: func(ctx context.Context, tr *trace) error {
				q := asyncio.NewQueue[string](1)
				tr.putNow("main", q, "0")
				asyncio.CreateTask(ctx, tr.putter("a", q, "a1", "a2"))
				asyncio.CreateTask(ctx, tr.putter("b", q, "b1"))
				tr.Sleep(ctx, 1)
				tr.Tick(6)
				tr.getNow("main", q)
				tr.putNow("main", q, "1")
				tr.Sleep(ctx, 1)
				tr.lookQueue(q)
				for range 4 {
					tr.getter("main", q, 1)(ctx)
					tr.Sleep(ctx, 0)
				}
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a get nowait takes the item of a woken getter",
			want: []string{
				"1ms main put 1", "1ms main gets 1", "1ms turn 1", "1ms turn 2", "1ms turn 3", "1ms turn 4",
				"1ms turn 5", "1ms turn 6", "2ms the first goes to the end", "2ms main put 2", "2ms b gets 2",
				"3ms main put 3", "3ms a gets 3",
			},
			main: func(ctx context.Context, tr *trace) error {
				q := asyncio.NewQueue[string](0)
				for _, who := range []string{"a", "b"} {
					asyncio.CreateTask(ctx, tr.getter(who, q, 1))
				}
				tr.Sleep(ctx, 1)
				tr.Tick(6)
				tr.putNow("main", q, "1")
				tr.getNow("main", q)
				tr.Sleep(ctx, 1)
				tr.Add("the first goes to the end")
				tr.putNow("main", q, "2")
				tr.Sleep(ctx, 1)
				tr.putNow("main", q, "3")
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a robbed getter is cancelled",
			want: []string{
				"1ms main put 1", "1ms main gets 1", "1ms turn 1", "1ms a gets cancelled(a)", "1ms turn 2",
				"1ms turn 3", "1ms turn 4", "2ms main put 2", "2ms b gets 2",
				"3ms size 0 full false empty true",
			},
			main: func(ctx context.Context, tr *trace) error {
				q := asyncio.NewQueue[string](0)
				var ts []*task
				for _, who := range []string{"a", "b"} {
					ts = append(ts, asyncio.CreateTask(ctx, tr.getter(who, q, 1)))
				}
				tr.Sleep(ctx, 1)
				tr.Tick(4)
				tr.putNow("main", q, "1")
				tr.getNow("main", q)
				ts[0].Cancel("a")
				tr.Sleep(ctx, 1)
				tr.putNow("main", q, "2")
				tr.Sleep(ctx, 1)
				tr.lookQueue(q)
				return nil
			},
		},
		{
			name: "a robbed putter is cancelled",
			want: []string{
				"main put 0", "1ms main gets 0", "1ms main put 1", "1ms turn 1",
				"1ms a cannot put a: cancelled(a)", "1ms turn 2", "1ms turn 3", "1ms turn 4",
				"2ms main gets 1", "2ms b put b", "3ms size 1 full true empty false",
			},
			main: func(ctx context.Context, tr *trace) error {
				q := asyncio.NewQueue[string](1)
				tr.putNow("main", q, "0")
				var ts []*task
				for _, who := range []string{"a", "b"} {
					ts = append(ts, asyncio.CreateTask(ctx, tr.putter(who, q, who)))
				}
				tr.Sleep(ctx, 1)
				tr.Tick(4)
				tr.getNow("main", q)
				tr.putNow("main", q, "1")
				ts[0].Cancel("a")
				tr.Sleep(ctx, 1)
				tr.getNow("main", q)
				tr.Sleep(ctx, 1)
				tr.lookQueue(q)
				return nil
			},
		},
		{
			name: "a newcomer gets what a woken getter was woken for",
			want: []string{
				"1ms main put 1", "1ms new gets 1", "1ms turn 1", "1ms turn 2", "1ms turn 3", "1ms turn 4",
				"2ms main put 2", "2ms a gets 2",
			},
			main: func(ctx context.Context, tr *trace) error {
				q := asyncio.NewQueue[string](0)
				asyncio.CreateTask(ctx, tr.getter("a", q, 1))
				tr.Sleep(ctx, 1)
				asyncio.CreateTask(ctx, tr.getter("new", q, 1))
				tr.Tick(4)
				tr.putNow("main", q, "1")
				tr.Sleep(ctx, 1)
				tr.putNow("main", q, "2")
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a get that times out at the moment of the put",
			want: []string{
				"10ms timer put 1", "10ms a gets cancelled", "10ms a gets timeout", "10ms b gets cancelled",
				"10ms b gets timeout", "10ms turn 1", "10ms turn 2", "10ms turn 3", "10ms turn 4",
				"20ms size 1 full false empty false",
			},
			main: func(ctx context.Context, tr *trace) error {
				q := asyncio.NewQueue[string](0)
				asyncio.CreateTask(ctx, tr.inTime("a", 10, tr.getter("a", q, 1)))
				tr.Sleep(ctx, 0)
				tr.Loop.CallLater(testutil.Millis(10), func() { tr.putNow("timer", q, "1") })
				tr.Loop.CallLater(testutil.Millis(10), func() { tr.Tick(4) })
				asyncio.CreateTask(ctx, tr.inTime("b", 10, tr.getter("b", q, 1)))
				tr.Sleep(ctx, 20)
				tr.lookQueue(q)
				return nil
			},
		},
		{
			name: "wait for a get",
			want: []string{
				"5ms a gets timeout", "7ms main put 1", "7ms b gets 1", "15ms main put 2",
				"15ms c gets timeout", "16ms size 1 full false empty false", "16ms turn 1", "16ms turn 2",
				"16ms turn 3", "16ms main gets timeout", "16ms size 1 full false empty false", "16ms turn 4",
				"16ms turn 5", "16ms main gets timeout",
			},
			main: func(ctx context.Context, tr *trace) error {
				q := asyncio.NewQueue[string](0)
				asyncio.CreateTask(ctx, tr.getterFor("a", q, 5))
				asyncio.CreateTask(ctx, tr.getterFor("b", q, 10))
				asyncio.CreateTask(ctx, tr.getterFor("c", q, 15))
				tr.Sleep(ctx, 7)
				tr.putNow("main", q, "1")
				tr.Sleep(ctx, 8)
				tr.putNow("main", q, "2")
				tr.Sleep(ctx, 1)
				tr.lookQueue(q)
				tr.Tick(5)
				tr.getterFor("main", q, 0)(ctx)
				tr.lookQueue(q)
				tr.getterFor("main", q, 0)(ctx)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "callbacks put and get",
			want: []string{
				"soon 1 put 1", "soon 2 cannot put 2: full", "a gets 1", "5ms timer 1 put 3",
				"5ms timer 2 cannot put 4: full", "5ms timer 3 gets 3", "5ms turn 1", "5ms main put 6",
				"5ms turn 2", "5ms a gets 6", "5ms main put 7", "5ms a gets 7", "5ms main put 8",
				"5ms size 1 full true empty false", "6ms timer 4 cannot put 5: full",
				"10ms size 1 full true empty false",
			},
			main: func(ctx context.Context, tr *trace) error {
				q := asyncio.NewQueue[string](1)
				asyncio.CreateTask(ctx, tr.getter("a", q, 3))
				tr.Loop.CallSoon(func() { tr.putNow("soon 1", q, "1") })
				tr.Loop.CallSoon(func() { tr.putNow("soon 2", q, "2") })
				tr.Loop.CallLater(testutil.Millis(5), func() { tr.putNow("timer 1", q, "3") })
				tr.Loop.CallLater(testutil.Millis(5), func() { tr.putNow("timer 2", q, "4") })
				tr.Loop.CallLater(testutil.Millis(5), func() { tr.getNow("timer 3", q) })
				tr.Loop.CallLater(testutil.Millis(5), func() { tr.Tick(2) })
				tr.Loop.CallLater(testutil.Millis(6), func() { tr.putNow("timer 4", q, "5") })
				tr.Sleep(ctx, 5)
				tr.putter("main", q, "6", "7", "8")(ctx)
				tr.lookQueue(q)
				tr.Sleep(ctx, 5)
				tr.lookQueue(q)
				return nil
			},
		},
		{
			name: "joining a queue",
			want: []string{
				"main joins", "main has joined", "main put 1", "main put 2", "main put 3", "main joins",
				"turn 1", "x joins", "y joins", "a works on 1", "b works on 2", "turn 2",
				"3ms a is done with 1", "3ms a works on 3", "5ms b is done with 2", "6ms a is done with 3",
				"6ms main has joined", "6ms main is refused", "6ms x has joined", "6ms y has joined",
				"7ms main ends", "7ms a gets cancelled", "7ms b gets cancelled",
			},
			main: func(ctx context.Context, tr *trace) error {
				q := asyncio.NewQueue[string](0)
				tr.Tick(2)
				tr.joiner("main", q)(ctx)
				for _, v := range []string{"1", "2", "3"} {
					tr.putNow("main", q, v)
				}
				for _, who := range []string{"x", "y"} {
					asyncio.CreateTask(ctx, tr.joiner(who, q))
				}
				asyncio.CreateTask(ctx, tr.worker("a", q, 3))
				asyncio.CreateTask(ctx, tr.worker("b", q, 5))
				tr.joiner("main", q)(ctx)
				tr.doneNow("main", q)
				tr.Sleep(ctx, 1)
				tr.Add("main ends")
				return nil
			},
		},
		{
			name: "a queue filled again before the joiner wakes",
			want: []string{
				"main put 1", "x joins", "y joins", "1ms main gets 1", "1ms main is done with one",
				"1ms main put 2", "1ms turn 1", "1ms x gets cancelled(x)", "1ms y has joined", "1ms z joins",
				"1ms turn 2", "1ms turn 3", "1ms turn 4", "2ms main is done with one", "2ms main is refused",
				"2ms z has joined", "3ms size 1 full false empty false",
			},
			main: func(ctx context.Context, tr *trace) error {
				q := asyncio.NewQueue[string](0)
				tr.putNow("main", q, "1")
				x := asyncio.CreateTask(ctx, tr.joiner("x", q))
				asyncio.CreateTask(ctx, tr.joiner("y", q))
				tr.Sleep(ctx, 1)
				tr.Tick(4)
				tr.getNow("main", q)
				tr.doneNow("main", q)
				tr.putNow("main", q, "2")
				asyncio.CreateTask(ctx, tr.joiner("z", q))
				x.Cancel("x")
				tr.Sleep(ctx, 1)
				tr.doneNow("main", q)
				tr.doneNow("main", q)
				tr.Sleep(ctx, 1)
				tr.lookQueue(q)
				return nil
			},
		},
		{
			name: "the end of run finds workers and putters",
			want: []string{
				"p put 1", "j joins", "a works on 1", "p put 2", "b works on 2", "p put 3",
				"3ms a is done with 1", "3ms a works on 3", "3ms b is done with 2", "3ms p put 4",
				"3ms b works on 4", "3ms p put 5", "5ms main ends", "5ms p cannot put 6: cancelled",
				"5ms j gets cancelled",
			},
			main: func(ctx context.Context, tr *trace) error {
				q := asyncio.NewQueue[string](1)
				for _, who := range []string{"a", "b"} {
					asyncio.CreateTask(ctx, tr.worker(who, q, 3))
				}
				asyncio.CreateTask(ctx, tr.putter("p", q, "1", "2", "3", "4", "5", "6"))
				asyncio.CreateTask(ctx, tr.joiner("j", q))
				tr.Sleep(ctx, 5)
				tr.Add("main ends")
				return nil
			},
		},
	})
}

func TestOrderOfQueueShutdown(t *testing.T) {
	runScenarios(t, []script{
		{
			name: "shutdown wakes getters",
			want: []string{
				"1ms main gets shut down", "1ms main gets shut down", "1ms main cannot put 1: shut down",
				"1ms main cannot put 2: shut down", "1ms turn 1", "1ms a gets shut down",
				"1ms b gets cancelled(b)", "1ms c gets shut down", "1ms new gets shut down", "1ms turn 2",
				"1ms turn 3", "1ms turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				q := asyncio.NewQueue[string](0)
				var ts []*task
				for _, who := range []string{"a", "b", "c"} {
					ts = append(ts, asyncio.CreateTask(ctx, tr.getter(who, q, 1)))
				}
				tr.Sleep(ctx, 1)
				tr.Tick(4)
				q.Shutdown()
				ts[1].Cancel("b")
				asyncio.CreateTask(ctx, tr.getter("new", q, 1))
				tr.getter("main", q, 1)(ctx)
				tr.getNow("main", q)
				tr.putNow("main", q, "1")
				tr.putter("main", q, "2")(ctx)
				tr.Sleep(ctx, 1)
				q.Shutdown()
				return nil
			},
		},
		{
			name: "shutdown leaves what is in the queue",
			want: []string{
				"main put 1", "main put 2", "main put 3", "1ms size 3 full true empty false",
				"1ms main cannot put 4: shut down", "1ms turn 1", "1ms a cannot put a: shut down",
				"1ms b cannot put b: shut down", "1ms turn 2", "1ms turn 3", "1ms turn 4", "2ms main gets 1",
				"2ms main gets 2", "2ms main cannot put 5: shut down", "2ms size 1 full false empty false",
				"2ms main gets 3", "2ms main gets shut down", "2ms size 0 full false empty true",
			},
			main: func(ctx context.Context, tr *trace) error {
				q := asyncio.NewQueue[string](3)
				for _, v := range []string{"1", "2", "3"} {
					tr.putNow("main", q, v)
				}
				for _, who := range []string{"a", "b"} {
					asyncio.CreateTask(ctx, tr.putter(who, q, who))
				}
				tr.Sleep(ctx, 1)
				tr.Tick(4)
				q.Shutdown()
				tr.lookQueue(q)
				tr.putter("main", q, "4")(ctx)
				tr.Sleep(ctx, 1)
				tr.getter("main", q, 2)(ctx)
				tr.putter("main", q, "5")(ctx)
				tr.lookQueue(q)
				tr.getNow("main", q)
				tr.getNow("main", q)
				tr.lookQueue(q)
				return nil
			},
		},
		{
			name: "shutdown at once empties the queue",
			want: []string{
				"main put 1", "main put 2", "main put 3", "j joins", "1ms size 0 full false empty true",
				"1ms main gets shut down", "1ms main gets shut down", "1ms main joins", "1ms main has joined",
				"1ms main is refused", "1ms turn 1", "1ms j has joined", "1ms a cannot put a: shut down",
				"1ms b cannot put b: shut down", "1ms turn 2", "1ms turn 3", "1ms turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				q := asyncio.NewQueue[string](3)
				for _, v := range []string{"1", "2", "3"} {
					tr.putNow("main", q, v)
				}
				for _, who := range []string{"a", "b"} {
					asyncio.CreateTask(ctx, tr.putter(who, q, who))
				}
				asyncio.CreateTask(ctx, tr.joiner("j", q))
				tr.Sleep(ctx, 1)
				tr.Tick(4)
				q.Shutdown(true)
				tr.lookQueue(q)
				tr.getter("main", q, 1)(ctx)
				tr.getNow("main", q)
				tr.joiner("main", q)(ctx)
				tr.doneNow("main", q)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "shutdown at once with items at work",
			want: []string{
				"main put 1", "main put 2", "main put 3", "main put 4", "j joins", "a works on 1",
				"b works on 2", "2ms size 0 full false empty true", "2ms main joins", "2ms turn 1",
				"2ms turn 2", "2ms turn 3", "2ms turn 4", "5ms a is done with 1", "5ms a gets shut down",
				"7ms b is done with 2", "7ms b gets shut down", "7ms j has joined", "7ms main has joined",
			},
			main: func(ctx context.Context, tr *trace) error {
				q := asyncio.NewQueue[string](0)
				for _, v := range []string{"1", "2", "3", "4"} {
					tr.putNow("main", q, v)
				}
				asyncio.CreateTask(ctx, tr.joiner("j", q))
				asyncio.CreateTask(ctx, tr.worker("a", q, 5))
				asyncio.CreateTask(ctx, tr.worker("b", q, 7))
				tr.Sleep(ctx, 2)
				tr.Tick(4)
				q.Shutdown(true)
				tr.lookQueue(q)
				tr.joiner("main", q)(ctx)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "shutdown with workers and a joiner",
			want: []string{
				"main put 1", "main put 2", "main put 3", "main put 4", "main put 5", "a works on 1",
				"b works on 2", "1ms main joins", "3ms a is done with 1", "3ms a works on 3",
				"5ms b is done with 2", "5ms b works on 4", "6ms a is done with 3", "6ms a works on 5",
				"9ms a is done with 5", "9ms a gets shut down", "10ms b is done with 4",
				"10ms b gets shut down", "10ms main has joined", "11ms main ends",
			},
			main: func(ctx context.Context, tr *trace) error {
				q := asyncio.NewQueue[string](0)
				for _, v := range []string{"1", "2", "3", "4", "5"} {
					tr.putNow("main", q, v)
				}
				asyncio.CreateTask(ctx, tr.worker("a", q, 3))
				asyncio.CreateTask(ctx, tr.worker("b", q, 5))
				tr.Sleep(ctx, 1)
				q.Shutdown()
				tr.joiner("main", q)(ctx)
				tr.Sleep(ctx, 1)
				tr.Add("main ends")
				return nil
			},
		},
		{
			name: "first a shutdown then one at once",
			want: []string{
				"main put 1", "main put 2", "j joins", "1ms turn 1", "1ms p cannot put 3: shut down",
				"1ms turn 2", "1ms turn 3", "1ms turn 4", "2ms main gets 1",
				"2ms size 0 full false empty true", "3ms main is done with one", "3ms turn 1",
				"3ms j has joined", "3ms turn 2", "3ms turn 3",
			},
			main: func(ctx context.Context, tr *trace) error {
				q := asyncio.NewQueue[string](2)
				for _, v := range []string{"1", "2"} {
					tr.putNow("main", q, v)
				}
				asyncio.CreateTask(ctx, tr.joiner("j", q))
				asyncio.CreateTask(ctx, tr.putter("p", q, "3", "4"))
				tr.Sleep(ctx, 1)
				tr.Tick(4)
				q.Shutdown()
				tr.Sleep(ctx, 1)
				tr.getNow("main", q)
				q.Shutdown(true)
				tr.lookQueue(q)
				tr.Sleep(ctx, 1)
				tr.Tick(3)
				tr.doneNow("main", q)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
		{
			name: "a woken getter meets a shutdown",
			want: []string{
				"1ms main put 1", "1ms turn 1", "1ms a gets 1", "1ms a gets shut down", "1ms b gets shut down",
				"1ms turn 2", "1ms turn 3", "1ms turn 4", "2ms size 0 full false empty true",
			},
			main: func(ctx context.Context, tr *trace) error {
				q := asyncio.NewQueue[string](0)
				for _, who := range []string{"a", "b"} {
					asyncio.CreateTask(ctx, tr.getter(who, q, 2))
				}
				tr.Sleep(ctx, 1)
				tr.Tick(4)
				tr.putNow("main", q, "1")
				q.Shutdown()
				tr.Sleep(ctx, 1)
				tr.lookQueue(q)
				return nil
			},
		},
		{
			name: "a woken getter meets a shutdown at once",
			want: []string{
				"j joins", "j has joined", "1ms main put 1", "1ms turn 1", "1ms a gets 1", "1ms k joins",
				"1ms main put 2", "1ms turn 2", "1ms b gets shut down", "1ms a gets shut down", "1ms turn 3",
				"1ms turn 4", "2ms size 0 full false empty true", "2ms k gets cancelled",
			},
			main: func(ctx context.Context, tr *trace) error {
				q := asyncio.NewQueue[string](0)
				for _, who := range []string{"a", "b"} {
					asyncio.CreateTask(ctx, tr.getter(who, q, 2))
				}
				asyncio.CreateTask(ctx, tr.joiner("j", q))
				tr.Sleep(ctx, 1)
				tr.Tick(4)
				tr.putNow("main", q, "1")
				asyncio.CreateTask(ctx, tr.joiner("k", q))
				tr.Sleep(ctx, 0)
				tr.putNow("main", q, "2")
				q.Shutdown(true)
				tr.Sleep(ctx, 1)
				tr.lookQueue(q)
				return nil
			},
		},
		{
			name: "a woken putter meets a shutdown",
			want: []string{
				"main put 0", "1ms main gets 0", "1ms turn 1", "1ms a cannot put a: shut down",
				"1ms b cannot put b: cancelled(b)", "1ms c cannot put c: shut down", "1ms turn 2",
				"1ms turn 3", "1ms turn 4", "2ms size 0 full false empty true",
			},
			main: func(ctx context.Context, tr *trace) error {
				q := asyncio.NewQueue[string](1)
				tr.putNow("main", q, "0")
				var ts []*task
				for _, who := range []string{"a", "b", "c"} {
					ts = append(ts, asyncio.CreateTask(ctx, tr.putter(who, q, who)))
				}
				tr.Sleep(ctx, 1)
				tr.Tick(4)
				tr.getNow("main", q)
				q.Shutdown()
				ts[1].Cancel("b")
				tr.Sleep(ctx, 1)
				tr.lookQueue(q)
				return nil
			},
		},
		{
			name: "shutdown of lifo and priority queues",
			want: []string{
				"l put 1", "l put 2", "p put 2", "p put 1", "1ms turn 1", "1ms l cannot put 3: shut down",
				"1ms p cannot put 3: shut down", "1ms turn 2", "1ms turn 3", "2ms main gets 2",
				"2ms main gets 1", "2ms main gets shut down", "2ms main gets 1", "2ms main gets 2",
				"2ms main gets shut down",
			},
			main: func(ctx context.Context, tr *trace) error {
				lifo, prio := asyncio.NewLifoQueue[string](2), asyncio.NewPriorityQueue(2, smaller)
				asyncio.CreateTask(ctx, tr.putter("l", lifo, "1", "2", "3"))
				asyncio.CreateTask(ctx, tr.putter("p", prio, "2", "1", "3"))
				tr.Sleep(ctx, 1)
				tr.Tick(3)
				lifo.Shutdown()
				prio.Shutdown()
				tr.Sleep(ctx, 1)
				tr.getter("main", lifo, 3)(ctx)
				tr.getter("main", prio, 3)(ctx)
				return nil
			},
		},
		{
			name: "a shutdown by a timer at the moment of timeouts",
			want: []string{
				"10ms a gets cancelled", "10ms a gets timeout", "10ms b gets cancelled", "10ms b gets timeout",
				"10ms c gets shut down", "10ms turn 1", "10ms turn 2", "10ms turn 3", "10ms turn 4",
			},
			main: func(ctx context.Context, tr *trace) error {
				q := asyncio.NewQueue[string](0)
				asyncio.CreateTask(ctx, tr.inTime("a", 10, tr.getter("a", q, 1)))
				tr.Sleep(ctx, 0)
				tr.Loop.CallLater(testutil.Millis(10), func() { q.Shutdown() })
				tr.Loop.CallLater(testutil.Millis(10), func() { tr.Tick(4) })
				asyncio.CreateTask(ctx, tr.inTime("b", 10, tr.getter("b", q, 1)))
				asyncio.CreateTask(ctx, tr.getter("c", q, 1))
				tr.Sleep(ctx, 20)
				return nil
			},
		},
	})
}
