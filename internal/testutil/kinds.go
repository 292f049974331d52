package testutil

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/asyncio-go/asyncio"
)

// LockLike is anything that can be used as a lock.
type LockLike interface {
	Acquire(ctx context.Context) error
	TryAcquire() bool
	Release() error
	With(ctx context.Context, f func() error) error
	String() string
}

// LockKind is a kind of them.
type LockKind struct {
	Name   string
	Make   func() LockLike
	Places int // how many hold it at a time
	// Elastic says that a Release without an Acquire adds a place.
	Elastic bool
	// Barged says that, as in CPython, who comes by takes a free place also if
	// somebody was woken for it, who then has to wait again.
	Barged bool
	// Free, Held and Waited are what String shows: of a new one, of one that is
	// held, and of one that is held and that two wait for.
	Free, Held, Waited string
}

// LockKinds are all that can be used as a lock. One that is added takes part in the contract
// of primitives and in the positions of cancellation.
var LockKinds = []LockKind{
	{
		// Its zero value is what the whole contract is tested with.
		Name: "Lock", Make: func() LockLike { return &asyncio.Lock{} }, Places: 1,
		Free: "[unlocked]", Held: "[locked]", Waited: "[locked, waiters:2]",
	},
	{
		Name: "Condition", Make: func() LockLike {
			l := &asyncio.Lock{}
			return conditional{asyncio.NewCondition(l), l}
		}, Places: 1,
		Free: "[unlocked]", Held: "[locked]", Waited: "[locked, waiters:2]",
	},
	{
		Name: "Semaphore(1)", Make: func() LockLike { return asyncio.NewSemaphore(1) }, Places: 1, Elastic: true,
		Free: "[unlocked, value:1]", Held: "[locked]", Waited: "[locked, waiters:2]",
	},
	{
		Name: "Semaphore(3)", Make: func() LockLike { return asyncio.NewSemaphore(3) }, Places: 3, Elastic: true,
		Free: "[unlocked, value:3]", Held: "[locked]", Waited: "[locked, waiters:2]",
	},
	{
		Name: "BoundedSemaphore(1)", Make: func() LockLike { return asyncio.NewBoundedSemaphore(1) }, Places: 1,
		Free: "[unlocked, value:1]", Held: "[locked]", Waited: "[locked, waiters:2]",
	},
	{
		Name: "BoundedSemaphore(3)", Make: func() LockLike { return asyncio.NewBoundedSemaphore(3) }, Places: 3,
		Free: "[unlocked, value:3]", Held: "[locked]", Waited: "[locked, waiters:2]",
	},
	{
		Name: "RWLock", Make: func() LockLike { return &asyncio.RWLock{} }, Places: 1,
		Free: "[unlocked]", Held: "[locked]", Waited: "[locked, waiters:2]",
	},
	{
		Name: "Queue with room for one", Make: func() LockLike { return room{asyncio.NewQueue[asyncio.None](1)} }, Places: 1,
		Barged: true, Free: "items=0", Held: "items=1", Waited: "items=1 putters=2",
	},
	{
		Name: "Queue with one item", Make: func() LockLike {
			q := asyncio.NewQueue[asyncio.None](1)
			_ = q.PutNoWait(asyncio.None{})
			return token{q}
		}, Places: 1,
		Barged: true, Free: "items=1", Held: "items=0", Waited: "items=0 getters=2",
	},
}

// conditional is a condition whose String is that of its lock: its own counts
// those who wait for a notification.
type conditional struct {
	*asyncio.Condition
	lock *asyncio.Lock
}

func (c conditional) String() string { return c.lock.String() }

// room is a queue that is held by who has put something in.
type room struct{ *asyncio.Queue[asyncio.None] }

func (q room) Acquire(ctx context.Context) error { return q.Put(ctx, asyncio.None{}) }

func (q room) TryAcquire() bool { return q.PutNoWait(asyncio.None{}) == nil }

func (q room) Release() error {
	_, err := q.GetNoWait()
	if errors.Is(err, asyncio.ErrQueueEmpty) {
		return asyncio.ErrNotAcquired
	}
	return err
}

func (q room) With(ctx context.Context, f func() error) error { return holding(ctx, q, f) }

// token is a queue that is held by who has taken its item.
type token struct{ *asyncio.Queue[asyncio.None] }

func (q token) Acquire(ctx context.Context) error {
	_, err := q.Get(ctx)
	return err
}

func (q token) TryAcquire() bool {
	_, err := q.GetNoWait()
	return err == nil
}

func (q token) Release() error {
	err := q.PutNoWait(asyncio.None{})
	if errors.Is(err, asyncio.ErrQueueFull) {
		return asyncio.ErrNotAcquired
	}
	return err
}

func (q token) With(ctx context.Context, f func() error) error { return holding(ctx, q, f) }

// holding is With for what has none.
func holding(ctx context.Context, l LockLike, f func() error) error {
	if err := l.Acquire(ctx); err != nil {
		return err
	}
	defer func() { _ = l.Release() }()
	return f()
}

// Queued is how many wait for l.
func Queued(l fmt.Stringer) int {
	for _, before := range []string{"waiters:", "putters=", "getters="} {
		if _, after, ok := strings.Cut(l.String(), before); ok {
			n := 0
			for _, r := range after {
				if r < '0' || r > '9' {
					break
				}
				n = 10*n + int(r-'0')
			}
			return n
		}
	}
	return 0
}

// ExpectFree checks that there are so many places and nobody holds any of them,
// and leaves it so.
func ExpectFree(t *testing.T, l LockLike, places int) {
	t.Helper()
	for i := range places {
		if !l.TryAcquire() {
			t.Errorf("%d of %d places are free: %v", i, places, l)
			return
		}
	}
	if l.TryAcquire() {
		t.Errorf("more than %d places: %v", places, l)
	}
	for range places {
		if err := l.Release(); err != nil {
			t.Errorf("Release: %v", err)
		}
	}
}

// Item is the seq-th of a producer.
type Item struct{ Producer, Seq int }

// QueueLike is any of the queues.
type QueueLike interface {
	Put(ctx context.Context, v Item) error
	Get(ctx context.Context) (Item, error)
	PutNoWait(v Item) error
	GetNoWait() (Item, error)
	TaskDone() error
	Join(ctx context.Context) error
	Shutdown(immediate ...bool)
	Len() int
	All(ctx context.Context) iter.Seq2[Item, error]
	String() string
}

// QueueKind is a kind of queue.
type QueueKind struct {
	Name string
	Make func(size int) QueueLike
}

// QueueKinds are all queues, with what LockKinds says.
var QueueKinds = []QueueKind{
	{"Queue", func(size int) QueueLike { return asyncio.NewQueue[Item](size) }},
	{"LifoQueue", func(size int) QueueLike { return asyncio.NewLifoQueue[Item](size) }},
	{"PriorityQueue", func(size int) QueueLike {
		return asyncio.NewPriorityQueue(size, func(a, b Item) bool { return a.Seq < b.Seq })
	}},
}
