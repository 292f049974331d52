package asyncio

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/asyncio-go/asyncio/internal/engine"
)

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

// WithExceptionHandler is [Loop.SetExceptionHandler] as an option.
func WithExceptionHandler(f func(*Loop, ExceptionContext)) Option {
	return func(o *options) { o.handler = f }
}

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

// errorLog is the default exception handler of a loop: it logs the first error of a kind,
// and then counts, so that a million failures are not a million lines.
type errorLog struct {
	mu      sync.Mutex
	kinds   map[errorKind]*tally
	inOrder []*tally // in which they came up
	counted bool     // some tally is not said yet, and will be
}

// errorKind is what errors that are counted together have in common.
type errorKind struct{ message, coro, err, text string }

// tally is how often there was an error of a kind that was not logged.
type tally struct {
	kind  errorKind
	more  int
	last  error
	texts int // of the kind without text: how many there are with one
}

// What is told apart: so many texts of an error that is otherwise the same, so far into
// the text, and so many kinds in all.
const (
	maxTexts = 8
	maxText  = 256
	maxKinds = 1024
)

// add logs or counts.
func (g *errorLog) add(l *Loop, c ExceptionContext) {
	if c.Err == nil || g.first(kindOf(c), c.Err) {
		logException(c)
		return
	}
	g.mu.Lock()
	counted := g.counted
	g.counted = true
	g.mu.Unlock()
	if !counted {
		l.l.Errand(g.sayCounts)
	}
}

// kindOf returns the kind of an error, as far as its own methods let it.
func kindOf(c ExceptionContext) (k errorKind) {
	k.message = c.kind
	if k.message == "" {
		k.message = c.Message
	}
	if c.Task != nil {
		k.coro = c.Task.Coro().Function
	}
	k.err = fmt.Sprintf("%T", c.Err)
	if p, ok := c.Err.(*PanicError); ok { //nolint:errorlint // its text has a stack
		k.text = fmt.Sprint(p.Value)
	} else {
		k.text = fmt.Sprint(c.Err)
	}
	k.text = k.text[:min(len(k.text), maxText)]
	return k
}

// first reports whether an error is the first of its kind, and else counts it.
func (g *errorLog) first(k errorKind, err error) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.kinds[k]
	if t == nil {
		whole := k
		whole.text = ""
		if g.kinds[whole] == nil && len(g.kinds) >= maxKinds {
			whole = errorKind{message: "error of another kind"}
		}
		if t = g.tally(whole); t.texts < maxTexts && len(g.kinds) < maxKinds {
			t.texts++
			g.tally(k)
			return true
		}
	}
	t.more++
	t.last = err
	return false
}

// tally returns that of a kind, which it makes if there is none.
func (g *errorLog) tally(k errorKind) *tally {
	t := g.kinds[k]
	if t == nil {
		if g.kinds == nil {
			g.kinds = map[errorKind]*tally{}
		}
		t = &tally{kind: k}
		g.kinds[k] = t
		g.inOrder = append(g.inOrder, t)
	}
	return t
}

// sayCounts logs how many there were since it was last called.
func (g *errorLog) sayCounts() {
	g.mu.Lock()
	g.counted = false
	var counts []tally
	for _, t := range g.inOrder {
		if t.more > 0 {
			counts = append(counts, *t)
			t.more, t.last = 0, nil
		}
	}
	g.mu.Unlock()
	for _, t := range counts {
		attrs := []any{"more", t.more, "last", t.last}
		if t.kind.coro != "" {
			attrs = append(attrs, "coro", t.kind.coro)
		}
		say(slog.LevelError, "asyncio: "+t.kind.message+": more of this kind", attrs...)
	}
}

// say logs with slog.Default, whose handler is the user's, and may panic: on the loop, or
// on a goroutine where nobody could recover that.
func say(level slog.Level, message string, attrs ...any) {
	defer func() {
		if v := recover(); v != nil {
			fmt.Fprintf(os.Stderr, "%s (and the handler of slog.Default panics: %v)\n", message, v)
		}
	}()
	slog.Log(context.Background(), level, message, attrs...)
}

func logException(c ExceptionContext) {
	var attrs []any
	if c.Err != nil {
		attrs = append(attrs, "err", c.Err)
		if stack := panicInside(c.Err); stack != nil {
			attrs = append(attrs, "stack", engine.Chain(stack))
		}
	}
	if c.Task != nil {
		attrs = append(attrs, describeTask(c.Task)...)
	}
	if len(c.At) > 0 {
		attrs = append(attrs, "at", engine.Chain(c.At))
	}
	say(slog.LevelError, "asyncio: "+c.Message, attrs...)
}
