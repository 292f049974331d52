package engine

import (
	"context"
	"time"
)

// A task is the context of its own coroutine; this file is that side of it.

// Deadline is that of the scope the task was created in, if any. That of a group is the one
// of the Timeout, or scope, around it: who is in that is cancelled then, and so are its tasks.
func (t *Task) Deadline() (time.Time, bool) {
	switch m := t.member(); {
	case m == nil:
	case m.ends != nil:
		return m.ends.Deadline()
	case m.group != nil:
		return m.group.Deadline()
	}
	if th := t.threadOf(); th != nil && th.outside {
		return t.values.Deadline()
	}
	return time.Time{}, false
}

// Done returns a channel that closes at the first Cancel and stays closed. It is
// made when first asked for.
func (t *Task) Done() <-chan struct{} { return t.std().ctx().Done() }

// Err returns context.Canceled after the first Cancel.
func (t *Task) Err() error {
	if t.endedBy() == nil {
		return nil
	}
	if t.more().std.Load() != nil {
		t.std() // so that Done is closed by now
	}
	return context.Canceled
}

// Value returns the values of the context that the task was created with.
func (t *Task) Value(key any) any {
	switch key {
	case nodeKey{}:
		return t
	case cancelKey:
		return t.std().ctx().Value(key)
	}
	return t.values.Value(key)
}

// std returns the task as the standard library sees it. Whichever of it and endContext
// comes second sees what the first has stored.
func (t *Task) std() *stdContext {
	x := t.more()
	if x.std.Load() == nil {
		x.std.CompareAndSwap(nil, &stdContext{})
	}
	s := x.std.Load()
	if r := t.endedBy(); r != nil {
		s.end(context.Canceled, t.loop.Hooks.Cancelled(r))
	}
	return s
}
