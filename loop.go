package asyncio

import (
	"context"
	"errors"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// Loop is an event loop: it runs callbacks and the steps of tasks, one at a time,
// first in, first out. Every method may be called from any goroutine. Most
// programs use [Run] and never see it. (asyncio.AbstractEventLoop)
type Loop struct {
	l       *engine.Loop
	grace   time.Duration
	drain   time.Duration
	signals []os.Signal // that end Run
	stop    stopNode
	handler atomic.Pointer[func(*Loop, ExceptionContext)]
	log     errorLog
	factory atomic.Pointer[TaskFactory]
}

// ExceptionContext describes to the exception handler what nobody else will hear
// of. Fields that do not apply are nil. (the context of loop.call_exception_handler)
//
// Of an error that nobody has retrieved, Task is a likeness of the task, which may not
// exist any more: its name, its places, its end and its String are the task's, and it
// is that in every such report. Of a future that is no task there is the error alone.
type ExceptionContext struct {
	Message string
	Err     error
	Task    AnyTask
	Future  AnyFuture
	Handle  *Handle

	// At is where Task was in your code, from the line of its await up to its coroutine;
	// nil if that is not what this is about, or not known.
	At []runtime.Frame

	kind string // Message without names
}

// Option is an option of Run, NewRunner and NewLoop. (the keyword arguments of asyncio.run)
type Option func(*options)

type options struct {
	engine.Config
	grace   time.Duration
	drain   time.Duration
	signals []os.Signal
	handler func(*Loop, ExceptionContext)
	factory TaskFactory
}

// DefaultGrace is how long Run waits at its end unless WithGrace says otherwise. (not in
// asyncio, which waits for ever)
const DefaultGrace = time.Minute

// WithGrace sets how long Run and Runner.Close wait, on the loop's clock, for tasks that
// were asked to end; without it that is DefaultGrace. It begins when the ctx of Run ends or main is done,
// whichever is first, and the time that WithDrain gives is not counted. Those still there
// when it is over are named in the error of Run, which is [ErrGraceExceeded], reported to
// the exception handler, and left behind: loop tasks, main too, are unwound so that
// their defers run, Go tasks go on until they return.
func WithGrace(d time.Duration) Option {
	return func(o *options) { o.grace = d }
}

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

// PanicsCrash makes a panic in a task crash the process, with the stack where it
// was raised, instead of ending that task with a *PanicError.
func PanicsCrash() Option {
	return func(o *options) { o.PanicsCrash = true }
}

// WithExceptionHandler is [Loop.SetExceptionHandler] as an option.
func WithExceptionHandler(f func(*Loop, ExceptionContext)) Option {
	return func(o *options) { o.handler = f }
}

// NewLoop makes a loop. Close it in the end. (asyncio.new_event_loop)
func NewLoop(opts ...Option) *Loop {
	o := options{grace: DefaultGrace}
	o.UnheardAfter = DefaultUnheardAfter
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	if o.Driver == nil {
		o.Driver = engine.NewWall()
	}
	l := &Loop{grace: o.grace, drain: o.drain, signals: o.signals}
	o.Face = l
	o.Values = context.Background()
	o.Hooks = engine.Hooks{
		Cancelled:   cancelledBy,
		AsCancelled: asCancelled,
		Panicked:    panicked,
		Panic:       isPanic,
		Report:      l.report,
		Slow:        logSlow,
		Still:       logStill,
	}
	l.l = engine.New(o.Config)
	l.SetExceptionHandler(o.handler)
	l.SetTaskFactory(o.factory)
	return l
}

// core returns the engine's loop, which a zero Loop does not have.
func (l *Loop) core() *engine.Loop {
	if l.l == nil {
		panic("asyncio: a zero Loop: make one with NewLoop")
	}
	return l.l
}

// Context returns the context that leads to the loop: the scope for CreateTask
// and NewFuture outside of tasks. It ends when the loop is closed. (not in asyncio, where
// the loop itself is given)
func (l *Loop) Context() context.Context { return l.core().Root() }

// Time returns the time of the loop's clock, the one that CallAt and timeouts go
// by. (loop.time)
func (l *Loop) Time() time.Time { return l.core().Time() }

// RunForever runs the loop on the calling goroutine until Stop. It returns
// ErrLoopRunning or ErrLoopClosed if it cannot run, and ErrThreadLocked if tasks wait
// on it that cannot go on on this goroutine. (loop.run_forever)
//
// A loop that runs on a goroutine which is locked to its thread (runtime.LockOSThread, or
// C has called it) runs its tasks on that thread. They can only go on there: the next run
// has to be on the same goroutine, locked as often. A callback must not lock the loop's
// goroutine, nor must a task lock its own over an await: for that the Go runtime ends the
// process.
//
// If a task or a callback calls runtime.Goexit, as t.FailNow does, RunForever gives
// up the loop and exits its goroutine as well.
func (l *Loop) RunForever() error { return l.core().Run(nil) }

// RunUntilComplete runs the loop on the calling goroutine until f is done and
// returns f's error; the value is in f.Result. It returns ErrLoopStopped if Stop
// came first, and ErrLoopRunning, ErrLoopClosed or ErrThreadLocked if the loop cannot
// run: see [Loop.RunForever].
// (loop.run_until_complete)
func (l *Loop) RunUntilComplete(f AnyFuture) error {
	if coreOf(f).Loop() != l.core() {
		return errors.New("asyncio: RunUntilComplete of a future that belongs to another loop")
	}
	if err := l.core().Run(f.core); err != nil {
		return err
	}
	if !f.Done() {
		return ErrLoopStopped
	}
	return f.Err()
}

// Stop makes RunForever return at the end of the current turn; callbacks that are
// scheduled for it still run, those scheduled by them wait for the next
// RunForever. A loop that does not run stops after one turn of the next run.
// (loop.stop)
func (l *Loop) Stop() { l.core().Stop() }

// Close ends the loop for good. Tasks that are pending are reported to the
// exception handler; loop tasks are unwound so that their defers run, and end as
// cancelled. Errors that nobody retrieved are reported. It returns ErrLoopRunning
// if the loop runs, and does nothing if it was closed. If tasks wait on it that were
// started on a locked thread, and this is not the goroutine that has run them, it closes
// the loop all the same and returns ErrThreadLocked: what they have deferred cannot run.
// Otherwise it does not matter whether the caller is locked to a thread. [Run] ends more
// gently. (loop.close)
func (l *Loop) Close() error { return l.core().Close() }

// IsRunning reports whether the loop runs. (loop.is_running)
func (l *Loop) IsRunning() bool { return l.core().Running() }

// IsClosed reports whether the loop was closed. (loop.is_closed)
func (l *Loop) IsClosed() bool { return l.core().Closed() }

// DefaultUnheardAfter is after how long a failure is reported that nobody has asked for
// unless WithUnheardAfter says otherwise. (not in asyncio)
const DefaultUnheardAfter = time.Minute

// WithUnheardAfter sets after how long, on the machine's clock, it is reported once that
// a task or future has failed and nobody has asked for the error, while somebody keeps
// it; without it that is DefaultUnheardAfter. Zero is not before the loop is closed. Who
// awaits it or has left a callback will ask, or has decided not to. A loop on another
// clock, or in a bubble of testing/synctest, reports it when it is closed. (not in asyncio)
func WithUnheardAfter(d time.Duration) Option {
	if d < 0 {
		panic("asyncio: WithUnheardAfter needs a duration of zero or more")
	}
	return func(o *options) { o.UnheardAfter = d }
}

// SetExceptionHandler sets what is told of events that nobody else will hear of:
// panics in callbacks, tasks destroyed while pending, and errors:
//
//   - a panic in a task that nobody waits for when it ends, and that has no callback, at
//     once;
//   - an error that nobody has retrieved before the task or future became unreachable,
//     within two seconds, also in an idle process. The garbage collector has to find it:
//     for a minute after a failure it is set to work each second, for no more than a
//     hundredth of the time. On a clock other than the machine's, and in a bubble of
//     testing/synctest, it comes by itself;
//   - an error that nobody has asked for while somebody keeps the task: once, see
//     [WithUnheardAfter];
//   - tasks that wait for each other through locks, when nothing is ready and no timer is
//     set: once, with ErrDeadlock, on the machine's clock after a second or two. Somebody
//     may still release a lock, so nothing is ended by it;
//   - all others when the loop is closed.
//
// The handler runs on the loop, or on the goroutine that closes it, or while no loop
// runs on a goroutine of its own; then Run and Close wait a moment for it to return. It
// must not block or await; if it panics, the default handler is told. nil restores the
// default, which logs to slog.Default: of errors of one kind (message, coroutine, type
// and text) the first, then how many more there were, at most once a second, and the
// rest when the loop is closed. (loop.set_exception_handler)
func (l *Loop) SetExceptionHandler(f func(*Loop, ExceptionContext)) {
	if f == nil {
		l.handler.Store(nil)
		return
	}
	l.handler.Store(&f)
}

// CallExceptionHandler tells the exception handler. (loop.call_exception_handler)
func (l *Loop) CallExceptionHandler(c ExceptionContext) {
	f := l.handler.Load()
	if f == nil {
		l.log.add(l, c)
		return
	}
	defer func() {
		if v := recover(); v != nil {
			c.Message = "panic in the exception handler, called with: " + c.Message
			c.Err = errors.Join(panicked(v, nil), c.Err)
			logException(c)
		}
	}()
	(*f)(l, c)
}

// report is CallExceptionHandler for the engine.
func (l *Loop) report(_ *engine.Loop, r engine.Report) {
	c := ExceptionContext{Message: r.Message, Err: r.Err, At: r.At, kind: r.Kind}
	if r.Task != nil {
		c.Task = r.Task.Face().(AnyTask)
	}
	if r.Lost != nil {
		t := &Task[None]{pc: r.Lost.PC}
		r.Lost.Liken(&t.t, l.l, (*taskBody[None])(t))
		c.Task = t
	}
	if r.Handle != nil {
		h, pc := callback(r.Handle)
		if pc != 0 {
			c.Message += " " + funcFrame(pc).Function
		}
		if h != nil {
			c.Handle = h
			if at := h.Created(); len(at) > 0 {
				c.Message += " (created at " + position(at[0]) + ")"
			}
		}
	}
	l.CallExceptionHandler(c)
}
