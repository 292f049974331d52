package asyncio

import (
	"context"
	"runtime"
	"unsafe"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// Coroutine is what a task runs. The context it is given is the task's own. (async def)
type Coroutine[T any] = func(ctx context.Context) (T, error)

// None is the result of a coroutine that has none. (None)
type None = struct{}

// Task is a coroutine that runs on an event loop, or a goroutine under the same
// handle (see [Go]). Every method may be called from any goroutine.
// (asyncio.Task)
//
// A task is pending, then done for ever: it has succeeded, failed or been
// cancelled, told apart by the error that its coroutine returned.
type Task[T any] struct {
	t     engine.Task
	fn    Coroutine[T] // nil once it was called
	pc    uintptr      // of fn
	value T            // readable once done
}

// taskBody is a task as the engine runs it.
type taskBody[T any] Task[T]

func (b *taskBody[T]) Run(ctx context.Context) error {
	fn := b.fn
	b.fn = nil // what it captured must not outlive it
	var err error
	b.value, err = fn(ctx)
	return err
}

func (b *taskBody[T]) Face() any { return (*Task[T])(b) }

func (b *taskBody[T]) PC() uintptr { return b.pc }

// TaskOption is an option of CreateTask and Go. (the keyword arguments of
// asyncio.create_task)
type TaskOption func(*taskOptions)

type taskOptions struct {
	name    string
	eager   bool
	abandon bool
}

// WithName names the task; those without are named Task-1, Task-2 and so on, in
// the order in which they are created on their loop. (name=)
func WithName(name string) TaskOption {
	return func(o *taskOptions) { o.name = name }
}

// CreateTask makes a task that runs c on the loop of scope, and returns at once;
// c starts on a later turn of the loop. It may be called from any goroutine. It
// is not an await point, but in a group with a limit: see [TaskGroup.SetLimit].
// (asyncio.create_task, loop.create_task, TaskGroup.create_task,
// asyncio.run_coroutine_threadsafe)
//
// scope is the ctx of a coroutine, a [*TaskGroup], loop.Context(), or anything
// derived from them; any other context is a mistake and panics. The ctx of a
// coroutine, also with values added, only leads to the loop: the new task is
// independent of the one that made it. With a group it is one of the group's. A
// context that somebody derived with an end of its own (context.WithTimeout,
// signal.NotifyContext, asyncio.WithCancel) is the task's scope: when it ends, the
// task is cancelled.
//
// On a closed loop the task comes back failed with ErrLoopClosed, in a group that
// takes no more with ErrGroupClosed. On a closed loop its done callbacks do not run either: who hands
// it something that must be closed asks task.Err() for ErrLoopClosed. That goes to the exception handler
// if nobody asks for it, as every error does.
func CreateTask[T any](scope context.Context, c Coroutine[T], opts ...TaskOption) *Task[T] {
	t := newTask(c)
	l, keeper := engine.Located(scope)
	f := l.Face().(*Loop).factory.Load()
	if f == nil && keeper == nil && len(opts) == 0 {
		t.t.Start(scope, (*taskBody[T])(t), false)
	} else if err := t.create(scope, f, l, keeper, opts); err != nil {
		redeliver(scope, err)
	}
	return t
}

// create is CreateTask when there is more to it than to start. It returns why the task
// did not get a place in a group with a limit.
func (t *Task[T]) create(scope context.Context, f *TaskFactory, l *engine.Loop, k engine.Keeper, opts []TaskOption) error {
	if f != nil {
		return t.startBy(scope, *f, l, k, opts)
	}
	return t.start(scope, l, k, opts)
}

func newTask[T any](c Coroutine[T]) *Task[T] {
	t := &Task[T]{}
	t.init(c)
	return t
}

func (t *Task[T]) init(c Coroutine[T]) {
	if c == nil {
		panic("asyncio: CreateTask of a nil coroutine")
	}
	t.fn, t.pc = c, **(**uintptr)(unsafe.Pointer(&c)) // funcPC, without reflection
	if t.pc == voidPC {
		t.pc = funcPC(adapted(*(*Coroutine[None])(unsafe.Pointer(&c))))
	}
}

func (t *Task[T]) start(scope context.Context, l *engine.Loop, k engine.Keeper, opts []TaskOption) error {
	eager := len(opts) > 0 && t.apply(opts)
	var body engine.Body = (*taskBody[T])(t)
	if t.t.MayBeLeft() {
		body = &lateBody[T]{task: t}
	}
	if k != nil {
		g := k.(*groupKeeper)
		if s := g.slots.Load(); s != nil {
			reclaim, err := s.take(scope, g)
			if err != nil {
				s := engine.Failed
				if isCancellation(err, false) {
					s = engine.Cancelled
				}
				t.t.NeverStart(l, body, s, err)
				return err
			}
			defer reclaim()
		}
	}
	t.t.Start(scope, body, eager)
	return nil
}

func (t *Task[T]) apply(opts []TaskOption) (eager bool) {
	var o taskOptions
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	if o.name != "" {
		t.t.SetName(o.name)
	}
	if o.abandon {
		if !t.t.Threaded() {
			panic("asyncio: Abandon is an option of Go: a loop task ends by its own code alone")
		}
		t.t.Abandonable()
	}
	return o.eager
}

// CurrentTask returns the task whose code calls it, nil in a callback. In a
// goroutine that is no task it is the task that ctx belongs to, nil if none.
// Without a loop in ctx it panics. (asyncio.current_task)
func CurrentTask(ctx context.Context) AnyTask {
	if t := engine.Current(ctx); t != nil {
		return t.Face().(AnyTask)
	}
	return nil
}

// AllTasks returns the tasks of l that are not done, in creation order. Inside a task l is
// RunningLoop(ctx); it takes the loop and no ctx since it is mostly asked by others, to look
// inside, and may be called from any goroutine. If the loop is stuck in a step and does not
// answer within 200 ms, the answer is what can be seen from outside, and a warning says who
// holds the loop and where. (asyncio.all_tasks)
func AllTasks(l *Loop) []AnyTask {
	tasks := l.core().Tasks()
	all := make([]AnyTask, len(tasks))
	for i, t := range tasks {
		all[i] = t.Face().(AnyTask)
	}
	return all
}

// Await waits until the task is done and returns its result. It is an await
// point: a task is suspended, any other goroutine is blocked. It returns at once
// if the task is done. (await task)
//
// If the awaiting task is cancelled, so is t, and Await returns when t is done,
// with t's *CancelledError, or with t's result if t has refused. If t is done by then, and
// the awaiting task has only not gone on yet, Await returns a *CancelledError all the same:
// an error of t stays with t, to be asked for or reported. If ctx is a scope that ends
// first, Await returns its cause and t goes on.
//
// It returns ErrDeadlock if t waits, directly or not, for the caller: at once, or soon
// after if the circle is over several loops. It returns ErrNotInTask in a callback, and
// ErrLoopClosed if the loop was closed first.
func (t *Task[T]) Await(ctx context.Context) (T, error) {
	var err error
	if w := t.t.Enter(ctx); w != nil {
		err = w.Rest()
	} else {
		err = t.t.AwaitFrom(ctx)
	}
	if !t.t.Finished() {
		var zero T
		return zero, err
	}
	return t.value, err
}

// Cancel asks the task to end: at its current or next await it is given a
// *CancelledError with this message, once. It reports false if the task was done
// already; true does not promise that the task will be cancelled, since it may
// clean up with further awaits, refuse, or fail. A task that has not started
// never will. At most one message is used. (Task.cancel)
func (t *Task[T]) Cancel(msg ...string) bool { return cancel(&t.t.Future, msg) }

// Done reports whether the task has ended in any way: cancelled counts.
// (Task.done)
func (t *Task[T]) Done() bool { return t.t.Finished() }

// Cancelled reports whether the task has ended as cancelled. (Task.cancelled)
func (t *Task[T]) Cancelled() bool { return t.t.State() == engine.Cancelled }

// Result returns what the coroutine returned, or ErrInvalidState before the end.
// It never blocks. (Task.result)
func (t *Task[T]) Result() (T, error) {
	err := t.t.Outcome()
	if !t.t.Finished() {
		var zero T
		return zero, err
	}
	return t.value, err
}

// ResultAny is Result for who has a task of any type: see [AnyTask]. (Task.result)
func (t *Task[T]) ResultAny() (any, error) { return resultAny(t.Result()) }

// Err returns the error of Result. (Task.exception)
func (t *Task[T]) Err() error { return t.t.Outcome() }

// AddDoneCallback has f called on the loop, on the turn after the task is done;
// callbacks run in the order they were added. If the task is done already, f is
// called on the next turn. f must not block or await. remove takes the callback
// back and reports whether it was in time: once the task is done the callback
// will run. A panic in f goes to the exception handler. On a closed loop no callback runs: not
// of a task that it has refused (ErrLoopClosed), nor of one that was pending when it was closed,
// as those that [WithGrace] or Shutdown gave up. [Task.DoneChan] is closed then too. (Task.add_done_callback,
// Task.remove_done_callback)
func (t *Task[T]) AddDoneCallback(f func(*Task[T])) (remove func() bool) {
	return addDoneCallback(t, &t.t.Future, f)
}

// OnDone is [Task.AddDoneCallback] for who has a task of any type, and f needs no argument:
// see [AnyTask]. (Future.add_done_callback)
func (t *Task[T]) OnDone(f func()) (remove func() bool) { return onDone(&t.t.Future, f) }

// DoneChan returns a channel that is closed when the task is done, for select: what it
// returns then is known to Result. It is made when somebody asks for it, of a task that is
// done it is closed already, and it may be asked for from any goroutine, whether the loop
// runs or not. To ask for it is not to ask for the error. A loop task must not block: it
// awaits. (not in asyncio)
//
// One who has asked while the task was pending counts as waiting for it: a panic of the task is not
// reported at once, but as an error is that nobody has asked for.
func (t *Task[T]) DoneChan() <-chan struct{} { return t.t.DoneChan() }

// Cancelling returns how many requests for cancellation were made and not taken
// back. (Task.cancelling)
func (t *Task[T]) Cancelling() int { return t.t.Cancelling() }

// Uncancel takes one request back and returns how many are left. At none, a
// request that was not delivered yet is dropped. Who catches a cancellation that
// it has asked for itself calls it. (Task.uncancel)
func (t *Task[T]) Uncancel() int { return t.t.Uncancel() }

// Name returns the task's name: what it was given, or Task- and a number. One that was
// refused where it was created, since its group or loop takes no more, takes no number.
// (Task.get_name)
func (t *Task[T]) Name() string { return taskName(&t.t) }

func taskName(t *engine.Task) string { return engine.Label(t.Name(), t.ID()) }

// SetName names the task. (Task.set_name)
func (t *Task[T]) SetName(name string) { t.t.SetName(name) }

// Coro returns the name, file and line of the coroutine function.
// (Task.get_coro)
func (t *Task[T]) Coro() runtime.Frame { return funcFrame(t.pc) }

// Stack returns the frames where the task is now, innermost first; nil if it has
// not started or is done. Of a suspended task it shows the await. It may be called from
// any goroutine; if the loop is stuck in a step and does not answer within 200 ms, the
// stack is looked at from outside. For that, and for a Go task, it stops the world for a
// moment, 50 ms at most and one per cent of the time. Beside thousands of goroutines it
// looks for a stack with the task's function in a profile of them, which does not stop the
// world. If there are several at different places, or that has taken too much of the time
// already, the answer is that function alone. (Task.get_stack)
func (t *Task[T]) Stack() []runtime.Frame { return t.t.Stack() }

// Created returns the frames where the task was created, innermost first; nil
// unless its loop was in debug mode: see [Loop.SetDebug]. (Task._source_traceback)
func (t *Task[T]) Created() []runtime.Frame { return t.t.Created() }

// Loop returns the task's loop. (Task.get_loop)
func (t *Task[T]) Loop() *Loop { return t.t.Loop().Face().(*Loop) }

// String shows the state, the name and the coroutine function; the state is cancelling
// as long as a pending task has requests for cancellation that were not taken back. What
// a task waits for is shown too, unless its loop is at work for another goroutine than
// the one that asks: String never waits.
func (t *Task[T]) String() string {
	s := t.t.State()
	state := s.String()
	if !s.Final() && t.Cancelling() > 0 {
		state = "cancelling"
	}
	text := "<Task " + state + " name=" + t.Name() + " coro=" + t.Coro().Function
	if on := t.t.Awaits(); on != "" {
		text += " wait_for=" + on
	}
	return text + ">"
}

// GoString is String.
func (t *Task[T]) GoString() string { return t.String() }

func (t *Task[T]) core() *engine.Future {
	if t == nil {
		return nil
	}
	return &t.t.Future
}
