package engine

import (
	"time"
)

// Contexts and tasks are printed by loggers, with any verb, from any goroutine, while
// their loop runs. What is printed is made of what every goroutine may read: were it
// left to reflection, that would be all of the engine, in the middle of its work.

// String names the context of a coroutine.
func (t *Task) String() string { return "asyncio.Task(" + t.label() + ")" }

// GoString is String: with %#v too nothing is printed by reflection.
func (t *Task) GoString() string { return t.String() }

// String names the scope after the nearest task, or the loop, that it was derived from. A
// group has a text of its own.
func (s *Scope) String() string {
	if s == &s.loop.root {
		return "asyncio.Loop"
	}
	return derivedFrom(s.at.task) + s.loop.until(".WithCancel", ".WithTimeout", s.OwnDeadline())
}

// GoString is String.
func (s *Scope) GoString() string { return s.String() }

// String names the window after the nearest task, or the loop, that it was derived from.
func (w *Window) String() string {
	return derivedFrom(lookup(w.parent).task) + w.loop.until(".Timeout", ".Timeout", w.OwnDeadline())
}

// GoString is String.
func (w *Window) GoString() string { return w.String() }

func derivedFrom(t *Task) string {
	if t == nil {
		return "asyncio.Loop"
	}
	return t.String()
}

// until names a context by its deadline.
func (l *Loop) until(without, with string, due time.Duration) string {
	if due == Never {
		return without
	}
	return with + "(" + l.Moment(due).Format(time.RFC3339Nano) + ")"
}

// Role says what a future that the face uses inside stands for.
type Role uint8

// The roles.
const (
	NoRole    Role = iota // a future of the user's
	Gathered              // the ends of those in a Gather
	Waited                // what Wait waits for
	Shielded              // the end of what is shielded
	Grouped               // the end of a group's tasks
	Mirrored              // the end of a future of another loop
	Completed             // the next of AsCompleted
)

var roles = [...]string{"Future pending", "Gather", "Wait", "Shield", "TaskGroup", "Future of another loop", "AsCompleted"}

// Play gives a new future a role.
func (f *Future) Play(r Role) { f.role = r }

// Awaits says what the task waits for, as far as that can be told without making
// anybody wait: the loop is the caller's, or nobody's, or asleep. Else it is "", as for
// a task that waits for nothing.
func (t *Task) Awaits() string {
	if t.loop == nil {
		return "" // a zero Task
	}
	l := t.loop
	if l.owned() {
		return t.awaits()
	}
	if t.Finished() || l.explorer != nil || !l.idleNow() {
		return ""
	}
	var s string
	if !l.have(&asked{do: func() { s = t.awaits() }}) {
		return ""
	}
	return s
}

// idleNow reports whether a question would be answered at once.
func (l *Loop) idleNow() bool {
	if l.asleep.Load() {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.owner == unowned
}

func (t *Task) awaits() string {
	f := t.waitOn
	switch {
	case t.Finished():
	case t.phase == parked:
		return "<place for a Go task>"
	case f == nil || f.Finished():
	case f.kind == kindTask:
		u := f.task()
		return "<Task " + u.State().String() + " name=" + u.label() + ">"
	case f.kind == kindSleep:
		if due := t.loop.timers.when(&t.fiber.nap.timer); due != Never {
			return "<Sleep until=" + t.loop.Moment(due).Format(time.RFC3339Nano) + ">"
		}
		return "<Sleep>"
	case f.kind == kindWaiter:
		if r, ok := f.waiter().unwound.(Resource); ok {
			a := r.About()
			return "<" + a.Op + " of " + a.State + ">"
		}
	default:
		return "<" + roles[f.role] + ">"
	}
	return ""
}
