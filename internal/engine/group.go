package engine

import (
	"context"
	"time"
)

// Keeper is told by the owner of the loop of the tasks created in its group.
type Keeper interface {
	// Admit is called before anything of the task is done. With an error the task is
	// not started and comes back failed with it.
	Admit(t *Task) error
	// Ended is called one turn after the end of a task that was admitted.
	Ended(t *Task)
	// Completion is what the group's end waits for, nil if it does not.
	Completion() *Future
}

// InitGroup derives the scope from ctx, with tasks that are k's.
func (s *Scope) InitGroup(ctx context.Context, k Keeper) {
	s.keeper = k
	at := locate(ctx)
	s.init(ctx, at, Never)
	s.at.group, s.at.binds = s, nil
	s.enter(at.from)
}

// Members calls f with the tasks of a group that are not done, in creation order.
func (s *Scope) Members(f func(*Task)) {
	for x := s.members.first(); x != nil; x = s.members.after(x) {
		f(linkAt(x).who.(*Task))
	}
}

// groupEnded cancels a task of the group, also one that has refused the end of its scope.
func (t *Task) groupEnded(r *Request) {
	t.member().ended = true
	t.loop.reach(t, r)
}

// Anchor makes the type it is embedded in as a context one with a scope.
type Anchor struct{ scope *Scope }

// AnchorTo returns the anchor for s.
func AnchorTo(s *Scope) Anchor { return Anchor{s} }

func (a *Anchor) anchor() *Scope {
	if a.scope == nil {
		panic("asyncio: a zero TaskGroup: use the one that WithTaskGroup gives to its body")
	}
	return a.scope
}

func (a *Anchor) location() location { return a.anchor().at }

// Deadline is that of the scope.
func (a *Anchor) Deadline() (time.Time, bool) { return a.anchor().Deadline() }

// Done is that of the scope.
func (a *Anchor) Done() <-chan struct{} { return a.anchor().Done() }

// Err is that of the scope.
func (a *Anchor) Err() error { return a.anchor().Err() }

// Value is that of the scope.
func (a *Anchor) Value(key any) any { return a.anchor().Value(key) }
