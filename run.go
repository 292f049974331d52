package asyncio

import (
	"context"
	"sync"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// Run runs main on a new loop, on the calling goroutine, and returns its result. A
// program's main function is better off with [Main], which sees to Ctrl-C.
// (asyncio.run)
//
// main is a task whose scope is ctx: when ctx ends, main is cancelled. When main
// has ended, the tasks that remain are cancelled in the order they were created
// and awaited, then the Go tasks, and the goroutines that were left ([Abandon]). An
// error of theirs that nobody retrieved goes to the exception handler.
//
// All that has the time of [WithGrace], from when ctx has ended or main is done, whichever is
// first. After a second, and each time that has doubled, a warning in slog.Default names those
// that are waited for, and where they are, also if one of them holds up the loop. When the
// grace is over Run gives up, also on a main that does not listen: the error is
// [ErrGraceExceeded], joined to that of main if main has ended with one, and names them. Their
// result, if main was done, is returned beside it. Only a task that holds up the loop, which
// is the caller's goroutine, cannot be given up.
//
// It returns ErrLoopRunning if the caller is itself on a loop, whatever ctx is. If a task calls
// runtime.Goexit, Run ends the other tasks and exits its goroutine as well.
func Run[T any](ctx context.Context, main Coroutine[T], opts ...Option) (v T, err error) {
	r := NewRunner(opts...)
	e := &ending{loop: r.loop, who: "Run"}
	ctx, restore := r.loop.heedSignals(ctx)
	defer restore()
	defer func() {
		_ = e.close() // it fails only while the loop runs
		err = e.outcome(err)
	}()
	return runOn(r, ctx, main, e)
}

// Runner is for several runs on one loop ([RunOn]), or for a loop in the background
// ([Runner.Start]). Its methods may be called from any goroutine, but one at a time runs.
// (asyncio.Runner)
type Runner struct {
	loop *Loop // written once

	mu   sync.Mutex
	back *background // the latest of Start, nil without one
	end  *shutdown   // nil until it begins by Shutdown, or after Start
}

// NewRunner makes a loop to run on. Close it in the end.
func NewRunner(opts ...Option) *Runner { return &Runner{loop: NewLoop(opts...)} }

// Loop returns the runner's loop. (Runner.get_loop)
func (r *Runner) Loop() *Loop {
	if r.loop == nil {
		panic("asyncio: a zero Runner: make one with NewRunner")
	}
	return r.loop
}

// RunOn is [Run] on the loop of r, which stays open: tasks that remain are still there at the
// next run. If main goes on for longer than the grace after ctx has ended, RunOn returns
// ErrGraceExceeded, and main is one of those tasks. It returns ErrLoopClosed after Close,
// ErrLoopRunning while the loop runs, also by [Runner.Start] (where CreateTask with [WithLoop]
// is the way), ErrLoopStopped if the loop was stopped before main was done, and
// ErrThreadLocked if tasks wait on the loop that were started on a goroutine with another
// runtime.LockOSThread: see [Loop.RunForever].
//
// r comes first because it is the receiver: a method cannot have a type parameter of its
// own. For a main without a result there is one, [Runner.Run]. (Runner.run)
func RunOn[T any](r *Runner, ctx context.Context, main Coroutine[T]) (T, error) {
	return runAs("RunOn", r, ctx, main)
}

// Run is [RunOn] of a main without a result. (Runner.run)
func (r *Runner) Run(ctx context.Context, main func(ctx context.Context) error) error {
	_, err := runAs("Runner.Run", r, ctx, Void(main))
	return err
}

func runAs[T any](who string, r *Runner, ctx context.Context, main Coroutine[T]) (T, error) {
	ctx, restore := r.Loop().heedSignals(ctx)
	defer restore()
	e := &ending{loop: r.loop, who: who}
	defer e.vigil.end()
	v, err := runOn(r, ctx, main, e)
	return v, e.outcome(err)
}

func runOn[T any](r *Runner, ctx context.Context, main Coroutine[T], e *ending) (T, error) {
	var zero T
	l := r.loop.l
	t := newTask(main)
	e.main = &t.t
	if ctx != nil && ctx.Done() != nil { // nil is for StartOn to refuse
		defer e.await(ctx)()
	}
	err := l.Run(func() *engine.Future {
		t.t.StartOn(l, ctx, (*taskBody[T])(t))
		return &t.t.Future
	})
	switch {
	case err != nil:
		return zero, err
	case !t.Done():
		e.mainLate = e.over
		return zero, ErrLoopStopped
	}
	return t.Result()
}

// Close cancels and awaits what is left on the loop, as at the end of [Run], and
// closes it. If that takes longer than the grace it returns ErrGraceExceeded, and the loop
// is closed. It returns ErrLoopRunning while the loop runs, and ErrThreadLocked as
// [Loop.Close] does. After [Runner.Start] it is Shutdown within the grace. (Runner.close)
func (r *Runner) Close() error {
	e := &ending{loop: r.Loop(), who: "Runner.Close"}
	r.mu.Lock()
	apart := r.back != nil || r.end != nil
	r.mu.Unlock()
	if apart {
		return r.shutdown(context.Background(), e.who)
	}
	_, restore := r.loop.heedSignals(context.Background())
	defer restore()
	if err := e.close(); err != nil {
		return err
	}
	return e.outcome(nil)
}

// String shows the loop.
func (r *Runner) String() string {
	if r.loop == nil {
		return "<Runner>"
	}
	return "<Runner " + r.loop.String() + ">"
}

// GoString is String.
func (r *Runner) GoString() string { return r.String() }
