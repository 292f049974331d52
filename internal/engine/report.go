package engine

import (
	"runtime"
	"runtime/debug"
)

// Report describes an event for the exception handler.
type Report struct {
	Message string
	// Kind is Message without what tells one report from others of its kind, "" if that
	// is Message.
	Kind   string
	Err    error
	Task   *Task
	Handle *Handle
	Lost   *Lost           // in place of Task
	At     []runtime.Frame // where the task is: see Where
}

// Report hands r to the exception handler.
func (l *Loop) Report(r Report) { l.Hooks.Report(l, r) }

// callbackPanicked reports a panic in a callback. It must be called by the
// deferred function that recovered it.
func (l *Loop) callbackPanicked(v any) {
	h := l.calling
	l.calling = nil
	l.Report(Report{Message: "panic in callback", Err: l.Hooks.Panicked(v, debug.Stack()), Handle: h})
}
