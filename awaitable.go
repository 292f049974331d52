package asyncio

import (
	"context"
	"reflect"
	"runtime"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// AnyFuture is a *Task or *Future of any type. Its methods are documented there.
// (asyncio.Future)
type AnyFuture interface {
	Cancel(msg ...string) bool
	Cancelled() bool
	Done() bool
	Err() error
	ResultAny() (any, error)
	OnDone(f func()) (remove func() bool)
	DoneChan() <-chan struct{}
	Loop() *Loop

	core() *engine.Future
}

// AnyTask is a *Task of any type. Its methods are documented there. (asyncio.Task)
type AnyTask interface {
	AnyFuture
	Name() string
	SetName(name string)
	Cancelling() int
	Uncancel() int
	Coro() runtime.Frame
	Stack() []runtime.Frame
	Created() []runtime.Frame
}

// Awaitable is a *Task[T] or a *Future[T]. (collections.abc.Awaitable)
type Awaitable[T any] interface {
	AnyFuture
	Await(ctx context.Context) (T, error)
	Result() (T, error)
}

// cancel is Cancel of tasks and futures.
func cancel(f *engine.Future, msg []string) bool {
	r := &engine.Request{Origin: engine.OriginCancel, By: f.Loop().Self()}
	if len(msg) > 0 {
		r.Message = msg[0]
	}
	taken := f.Cancel(r)
	if !taken && f.Finished() {
		_ = f.Outcome() // as CPython: the caller has dealt with the error
	}
	return taken
}

// addDoneCallback is AddDoneCallback of a task or future.
func addDoneCallback[D any](of *D, f *engine.Future, fn func(*D)) (remove func() bool) {
	if fn == nil {
		panic("asyncio: nil callback")
	}
	c := &doneCallback[D]{f: f, of: of, fn: fn}
	c.h.InitTo(f.Loop(), c)
	c.h.After(f)
	return c.remove
}

// onDone is OnDone of a task or future.
func onDone(f *engine.Future, fn func()) (remove func() bool) {
	if fn == nil {
		panic("asyncio: nil callback")
	}
	h := &engine.Handle{}
	h.Init(f.Loop(), fn, engine.CodeAt(funcPC(fn)))
	h.After(f)
	return func() bool { return h.Remove(f) }
}

// resultAny is ResultAny of a task or future.
func resultAny[T any](v T, err error) (any, error) { return v, err }

// doneCallback is what AddDoneCallback has added to a D.
type doneCallback[D any] struct {
	h  engine.Handle
	f  *engine.Future
	of *D
	fn func(*D)
}

func (c *doneCallback[D]) Fire() {
	c.fn(c.of)
	c.fn = nil // what it has captured must not outlive it; before, a panic's report needs it
}

// Face is for reports, which name the user's function.
func (c *doneCallback[D]) Face() any { return c.fn }

func (c *doneCallback[D]) remove() bool {
	if !c.h.Remove(c.f) {
		return false
	}
	c.fn = nil // what it has captured must not outlive it
	return true
}

// funcFrame returns where a function is defined.
func funcFrame(pc uintptr) runtime.Frame {
	f := runtime.FuncForPC(pc)
	if f == nil {
		return runtime.Frame{}
	}
	file, line := f.FileLine(pc)
	return runtime.Frame{PC: pc, Func: f, Function: f.Name(), File: file, Line: line, Entry: f.Entry()}
}

func funcPC(f any) uintptr { return reflect.ValueOf(f).Pointer() }
