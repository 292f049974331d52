package asyncio

import (
	"context"
	"unsafe"
)

// Void adapts a function without a result, for what takes a coroutine. Groups, loops and
// runners need no adapter: [TaskGroup.CreateTask], [TaskGroup.Go], [Loop.CreateTask],
// [Loop.Go], [Runner.Run]. (not in asyncio)
//
//go:noinline
func Void(f func(ctx context.Context) error) Coroutine[None] {
	if f == nil {
		panic("asyncio: a coroutine of a nil function") // where it was given, not in the task
	}
	return func(ctx context.Context) (None, error) { return None{}, f(ctx) }
}

// CreateTask makes a task of the group from a function without a result, as [CreateTask]
// with the group does from a coroutine: the same options, the same errors, and an await
// point if the group has a limit. (TaskGroup.create_task)
func (tg *TaskGroup) CreateTask(f func(ctx context.Context) error, opts ...TaskOption) *Task[None] {
	return CreateTask(tg, Void(f), opts...)
}

// Go makes a Go task of the group from a function without a result: see [Go]. It is as
// much of an await point as [TaskGroup.CreateTask]. (not in asyncio, where it is
// create_task of to_thread)
func (tg *TaskGroup) Go(f func(ctx context.Context) error, opts ...TaskOption) *Task[None] {
	return Go(tg, Void(f), opts...)
}

// CreateTask makes a task on the loop from a function without a result, as [CreateTask]
// with loop.Context() does from a coroutine. No scope ends the task, and no group has it.
// (loop.create_task)
func (l *Loop) CreateTask(f func(ctx context.Context) error, opts ...TaskOption) *Task[None] {
	return CreateTask(l.Context(), Void(f), opts...)
}

// Go makes a Go task on the loop from a function without a result: see [Go]. No scope ends
// the task, and no group has it. (loop.run_in_executor)
func (l *Loop) Go(f func(ctx context.Context) error, opts ...TaskOption) *Task[None] {
	return Go(l.Context(), Void(f), opts...)
}

// voidPC is how to know what Void has made. Most coroutines are, and reports are to
// name the user's function, not the adapter. Void is not inlined so that there is one
// such address; it is 0 if adapted does not work.
var voidPC = func() uintptr {
	f := func(context.Context) error { return nil }
	c := Void(f)
	if *(*unsafe.Pointer)(unsafe.Add(closure(c), ptrSize)) != *(*unsafe.Pointer)(unsafe.Pointer(&f)) {
		return 0
	}
	return funcPC(c)
}()

const ptrSize = unsafe.Sizeof(uintptr(0))

// closure returns the address of the record that a function value points to: the
// address of its code, then what it has captured.
func closure(c Coroutine[None]) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&c)) }

// adapted returns the function that c, made by Void, calls.
func adapted(c Coroutine[None]) func(context.Context) error {
	return *(*func(context.Context) error)(unsafe.Add(closure(c), ptrSize))
}
