package asyncio

import (
	"context"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// Go makes a task that runs c on a goroutine of its own: parallel to the loop and
// free to block. In everything else it is a task like those of [CreateTask]: it
// starts when the loop comes to it, has the same handle, and is cancelled in the
// same way. Its ctx is done at the first Cancel, which is what calls of the
// standard library stop on; an await in it returns the cancellation. A c that stops by
// that returns ctx.Err(): another error, such as "signal: killed" of os/exec, or that of
// a connection which was closed, is a failure and no cancellation.
//
// The task is done when c has returned, also if it was cancelled long before: who awaits
// it, [WaitFor] and [Timeout] around that, its group and the end of [Run] wait for a c
// that does not listen to its ctx. What c has in hand, such as a buffer or a file of the
// caller's, may not be safe to use before. If it is, [Abandon] says so.
//
// State shared with loop tasks needs a lock, or must be passed through results. When c
// has returned, its goroutine may run other Go tasks of the loop that have not begun:
// a c that locks the goroutine to its thread, or sets its profiler labels, has to undo
// that.
//
// It is not an await point but in a group with a limit, may be called from any
// goroutine, and panics without a loop in scope. (loop.run_in_executor)
func Go[T any](scope context.Context, c Coroutine[T], opts ...TaskOption) *Task[T] {
	t := newGoTask(c)
	l, keeper := engine.Located(scope)
	if err := t.start(scope, l, keeper, opts); err != nil {
		redeliver(scope, err)
	}
	return t
}

func newGoTask[T any](c Coroutine[T]) *Task[T] {
	// In one allocation.
	x := &struct {
		Task[T]
		thread engine.Thread
	}{}
	x.init(c)
	x.t.OnThread(&x.thread)
	return &x.Task
}

// ToThread runs f on its own goroutine and awaits it. If the await ends before f, because
// the caller is cancelled, ctx is a scope that ends or the loop is closed, it returns that
// at once; the ctx of f ends, and f is left to itself as by [Abandon]: so f must
// not use what the caller goes on to use, and returns ctx.Err(), since another error is
// reported. Before it has begun, f is not run any more.
//
// The ctx of f has the values and the deadline of ctx. If ctx is a *TaskGroup f is none
// of its tasks: ToThread returns f's error, and nobody else is told.
//
// It is an await point, returns ErrNotInTask in a callback, and panics without a loop in
// ctx. [Go] makes a task of f. (asyncio.to_thread)
func ToThread[T any](ctx context.Context, f Coroutine[T]) (T, error) {
	t := newGoTask(f)
	t.t.Abandonable()
	t.t.StartOutside(ctx, &lateBody[T]{task: t})
	v, err := t.Await(ctx)
	if !t.Done() {
		t.t.Cancel(&engine.Request{Origin: engine.OriginContext, Cause: err})
	}
	return v, err
}

// Abandon is an option of [Go] that makes a task which is cancelled end at once, whatever its
// coroutine is doing. Its ctx ends, its awaits return the cancellation, and its goroutine
// is left to itself. Who awaits the task, or has it in a group, goes on meanwhile: so the
// coroutine must not use what others go on to use.
//
// The loop still knows such a goroutine. The end of [Run] waits for it, within the grace
// ([WithGrace]), and names it if it does not return. With [WithMaxThreads] it keeps its
// place until it returns, for ever if it never does. The value it returns then is dropped; a panic, or
// an error that is no cancellation, goes to the exception handler, as one that came after
// the task was cancelled. [AllTasks] does not list the task, which is done.
// (asyncio.to_thread, when who awaits it is cancelled)
func Abandon() TaskOption {
	return func(o *taskOptions) { o.abandon = true }
}

// lateBody is the body of a task that may be left: it must not write the value of one
// that is done.
type lateBody[T any] struct {
	task  *Task[T]
	value T
}

func (b *lateBody[T]) Run(ctx context.Context) (err error) {
	fn := b.task.fn
	b.task.fn = nil
	b.value, err = fn(ctx)
	return err
}

func (b *lateBody[T]) Face() any { return b.task }

func (b *lateBody[T]) PC() uintptr { return b.task.pc }

// Keep is called if the task was not left.
func (b *lateBody[T]) Keep() { b.task.value = b.value }

// WithMaxThreads bounds the Go tasks at work at one time; further ones start when
// one ends or waits. A Go task that awaits takes no place; one that was left to itself
// ([Abandon], [ToThread]) has its place until its function returns. n must be positive;
// without this option there is no bound.
func WithMaxThreads(n int) Option {
	if n <= 0 {
		panic("asyncio: WithMaxThreads needs a positive number")
	}
	return func(o *options) { o.MaxThreads = n }
}
