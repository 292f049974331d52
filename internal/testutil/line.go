package testutil

import (
	"context"
	"slices"
	"testing"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
)

// LockLine is a lock-like of which every place is held, and the loop tasks that wait
// for it. Each of them notes its number when its turn has come, and releases.
type LockLine struct {
	LockLike
	kind LockKind
	t    *testing.T

	Served  []int
	Waiters []*asyncio.Task[asyncio.None]
}

// NewLine makes one, with nobody in line yet.
func NewLine(t *testing.T, k LockKind) *LockLine {
	t.Helper()
	l := &LockLine{LockLike: k.Make(), kind: k, t: t}
	for range k.Places {
		if !l.TryAcquire() {
			t.Errorf("a new one is not free: %v", l)
		}
	}
	return l
}

// Join has a further task wait, with the context that scope makes of its own.
func (l *LockLine) Join(ctx context.Context, scope func(context.Context) context.Context) {
	i := len(l.Waiters)
	l.Waiters = append(l.Waiters, asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
		if scope != nil {
			ctx = scope(ctx)
		}
		if err := l.Acquire(ctx); err != nil {
			return err
		}
		l.Served = append(l.Served, i)
		return l.Release()
	})))
}

// Queue has n further tasks wait and returns when they do.
func (l *LockLine) Queue(ctx context.Context, n int) {
	l.t.Helper()
	for range n {
		l.Join(ctx, nil)
	}
	_ = asyncio.Sleep(ctx, 0)
	l.ExpectQueued(len(l.Waiters))
}

// ExpectQueued checks how many wait.
func (l *LockLine) ExpectQueued(want int) {
	l.t.Helper()
	if n := Queued(l); n != want {
		l.t.Errorf("%d are in line, want %d: %v", n, want, l)
	}
}

// ExpectServed checks that all are done, that these had their turn, in this order,
// and that then the places are free. One of them must have been released before.
func (l *LockLine) ExpectServed(ctx context.Context, want ...int) {
	l.t.Helper()
	ExpectDone(ctx, l.t, l.Waiters)
	if !slices.Equal(l.Served, want) {
		l.t.Errorf("served: %v, want %v", l.Served, want)
	}
	l.ExpectQueued(0)
	for range l.kind.Places - 1 {
		if err := l.Release(); err != nil {
			l.t.Errorf("Release: %v", err)
		}
	}
	ExpectFree(l.t, l.LockLike, l.kind.Places)
}

// ExpectDone checks that all tasks are done when nothing more can happen.
func ExpectDone(ctx context.Context, t *testing.T, tasks []*asyncio.Task[asyncio.None]) {
	t.Helper()
	if slices.ContainsFunc(tasks, func(a *asyncio.Task[asyncio.None]) bool { return !a.Done() }) {
		_ = asynciotest.Settle(ctx)
	}
	for _, a := range tasks {
		if !a.Done() {
			t.Errorf("it hangs: %v", a)
			return
		}
	}
}
