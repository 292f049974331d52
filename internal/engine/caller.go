package engine

import (
	"context"
	"sync/atomic"
	"unsafe"

	"github.com/asyncio-go/asyncio/internal/coro"
)

// Who runs on a goroutine. A goroutine of the library enters itself when it begins and
// leaves before it ends, not for each task: of several on one that do (a loop run in a Go
// task, one closed by a callback of another), each table knows the first.
var (
	runners    coro.Table // outsiders: the goroutines in Run or Close
	coroutines coro.Table // fibers
	workers    coro.Table // of Go tasks
)

// outsider is the goroutine that owns a loop, to the coroutines that it lends control to.
type outsider struct {
	coro.Coro
	loop *Loop // written once
}

// hereLoop returns the running loop that the caller is on, nil if it is on none.
func hereLoop() *Loop {
	// Self is the first field of all of them.
	if s := coroutines.Here(); s != nil {
		return (*fiber)(unsafe.Pointer(s)).task.loop // it has one, or it would not run
	}
	if s := runners.Here(); s != nil {
		return (*outsider)(unsafe.Pointer(s)).loop
	}
	return nil
}

// hereWorker returns the Go task that the caller is, nil if it is none.
func hereWorker() *Task {
	if s := workers.Here(); s != nil {
		return (*worker)(unsafe.Pointer(s)).task.Load()
	}
	return nil
}

// worker is a goroutine of Go tasks.
type worker struct {
	coro.Self                      // G is 0 while there is no goroutine
	task      atomic.Pointer[Task] // written by the goroutine
}

// isCaller reports whether the caller is the goroutine of t.
func (t *Task) isCaller() bool {
	if !t.thread {
		return false
	}
	w := t.threadOf().on.Load()
	return w != nil && coro.Is(&w.G) && w.task.Load() == t
}

// goroutine returns the identity of the goroutine that a Go task runs on, 0 if none.
func (t *Task) goroutine() uintptr {
	if w := t.threadOf().on.Load(); w != nil && w.task.Load() == t {
		return coro.Peek(&w.G)
	}
	return 0
}

// caller finds the task whose code is running, which need not be the one that the
// context belongs to; nil for a goroutine that is no task.
func caller(at location, other *Loop) (*Task, error) {
	if at.task != nil && at.task.isCaller() {
		return at.task, nil
	}
	here := other
	if here == nil || !here.owned() {
		if here = at.loop; here == nil || !here.owned() {
			here = hereLoop()
		}
	}
	if here != nil {
		if here.current == nil {
			return nil, ErrNotInTask
		}
		return here.current, nil
	}
	return hereWorker(), nil
}

// Caller returns the task whose code calls it, nil for a goroutine that is none, and
// ErrNotInTask in a callback.
func Caller(ctx context.Context) (*Task, error) {
	at := locate(ctx)
	return caller(at, at.loop)
}

// Unscoped returns the context in which the caller waits if only a cancellation
// of its own is to interrupt it.
func Unscoped(ctx context.Context) context.Context {
	at := lookup(ctx)
	if t, _ := caller(at, at.loop); t != nil {
		return t
	}
	return context.Background()
}

// Current returns the task whose code calls it: on the loop of ctx the running
// one, nil in a callback; elsewhere the task that ctx belongs to.
func Current(ctx context.Context) *Task {
	at := locate(ctx)
	if at.loop.owned() {
		return at.loop.current
	}
	return at.task
}

// Here returns the task that the caller runs as, of whichever loop, nil if none.
func Here() *Task {
	if l := hereLoop(); l != nil {
		return l.current
	}
	return nil
}
