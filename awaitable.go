package asyncio

import (
	"context"
	"reflect"
	"runtime"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// AnyFuture is a *Task or *Future of any type. Its methods are documented there.
type AnyFuture interface {
	Cancel(msg ...string) bool
	Cancelled() bool
	Done() bool
	Err() error
	Loop() *Loop

	core() *engine.Future
}

// AnyTask is a *Task of any type. Its methods are documented there.
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

// Awaitable is a *Task[T] or a *Future[T].
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
	return f.Cancel(r)
}

// addDoneCallback is AddDoneCallback of tasks and futures. named is the function
// that reports are to name.
func addDoneCallback(f *engine.Future, call func(), named any) (remove func() bool) {
	if funcPC(named) == 0 {
		panic("asyncio: nil callback")
	}
	h := &engine.Handle{}
	h.Init(f.Loop(), call, named)
	h.After(f)
	return func() bool { return h.Remove(f) }
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
