package asyncio

import (
	"log/slog"
	"runtime"
	"time"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// SetDebug switches the debug mode: tasks and handles remember where they were created
// ([Task.Created], [Handle.Created], also in reports), a task whose result nobody has awaited, asked
// for or watched is reported to the exception handler when it is collected or the
// loop is closed (one that is to be left to itself belongs in a group), and a step that takes longer than [Loop.SetSlowCallbackDuration]
// is logged: where the loop is stuck while it is, as by [WithWatchdog], and how
// long it took when it is over. When nothing has moved for more than five seconds of the
// machine's clock, who waits for what is logged once. The order of events stays the same; speed does
// not. (loop.set_debug)
func (l *Loop) SetDebug(on bool) { l.core().SetDebug(on) }

// Debug reports whether the debug mode is on. (loop.get_debug)
func (l *Loop) Debug() bool { return l.core().Debug() }

// SetSlowCallbackDuration sets how long a step of a task, or a callback, may take
// in debug mode, on the machine's clock; 100 ms if it was not set.
// (loop.slow_callback_duration)
func (l *Loop) SetSlowCallbackDuration(d time.Duration) { l.core().SetSlow(d) }

// WithDebug is [Loop.SetDebug] as an option. (asyncio.run(debug=True))
func WithDebug() Option {
	return func(o *options) { o.Debug = true }
}

// WithWatchdog has the loop watched, outside of debug mode too: as long as a task
// or a callback holds it up for more than threshold, on the machine's clock, a
// warning with the name of the task or callback, how long, and the stack where it is stuck at that
// moment goes to slog.Default, and again each time the duration has doubled; not when
// it is over, which debug mode tells. Beside thousands of goroutines the stack may be the
// task's function alone: see [Task.Stack]. A watched loop takes no shortcuts between tasks and is slower; the order of events
// is the same. threshold must be positive.
func WithWatchdog(threshold time.Duration) Option {
	if threshold <= 0 {
		panic("asyncio: WithWatchdog needs a positive duration")
	}
	return func(o *options) { o.Watchdog = threshold }
}

func logSlow(s engine.Slow) {
	attrs := []any{"for", s.For}
	switch {
	case s.Task != nil:
		attrs = append(attrs, describeTask(s.Task.Face().(AnyTask))...)
	case s.Handle != nil:
		attrs = append(attrs, describeCallback(s.Handle)...)
	}
	if s.Ended {
		say(slog.LevelWarn, "asyncio: the loop was held up", attrs...)
		return
	}
	say(slog.LevelWarn, "asyncio: the loop is held up; what blocks belongs in Go or ToThread",
		append(attrs, "stack", engine.Chain(s.Stack))...)
}

func logStill(quiet time.Duration, r engine.Remains) {
	say(slog.LevelWarn, "asyncio: nothing has moved", "for", quiet, "count", r.All, "tasks", describeRemains(r))
}

// describeTask names a task in a log.
func describeTask(t AnyTask) []any {
	coro := t.Coro()
	attrs := []any{"task", t.Name(), "coro", named(coro)}
	if at := t.Created(); len(at) > 0 {
		attrs = append(attrs, "created", position(at[0]))
	}
	return attrs
}

// describeCallback names a callback in a log.
func describeCallback(e *engine.Handle) []any {
	h, pc := callback(e)
	if pc == 0 {
		return nil
	}
	f := funcFrame(pc)
	attrs := []any{"callback", named(f)}
	if h != nil {
		if at := h.Created(); len(at) > 0 {
			attrs = append(attrs, "created", position(at[0]))
		}
	}
	return attrs
}

// position is file and line for a reader.
func position(f runtime.Frame) string { return engine.Position(f) }

// named is a function with its file and line, for a reader.
func named(f runtime.Frame) string { return engine.Chain([]runtime.Frame{f}) }
