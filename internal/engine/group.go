package engine

import "context"

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

// keptBy returns the keeper of a group, nil of none.
func (s *Scope) keptBy() Keeper {
	if s == nil {
		return nil
	}
	return s.keeper
}

// Members calls f with the tasks of a group that are not done, in creation order.
func (s *Scope) Members(f func(*Task)) {
	for n := s.members.head; n != nil; n = n.next {
		f((*Task)(n.who.(*kept)))
	}
}

// kept is a task as its group cancels it: also one that has refused the end of its
// scope.
type kept Task

func (k *kept) scopeEnded(r *Request) {
	if t := (*Task)(k); !t.Finished() {
		t.member().ended = true
		t.loop.reach(t, r)
	}
}
