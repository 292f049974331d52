package engine

import "context"

// membership is what binds a task to where it was created, if there is a group, or an end.
// It is made with the task, on any goroutine. The rest is the owner's: when the task is
// taken in, enter joins the group's members, and what the task ends with; ended is set by
// the first of these to cancel it (scopeEnded, groupEnded), and after that only the group
// can; when the task ends, leave takes it out of both, and watch tells the keeper.
type membership struct {
	extra // of the task, if it had none before: that makes one allocation of two

	// Written once.
	task  *Task
	group *Scope          // as in location
	ends  context.Context // binds of location

	// Owner.
	link  link  // in the group, or else to ends
	inner *link // to ends if that is a scope, of a task that is in a group too
	watch Watch
}

// binding is what says in a bit how a task is bound.
type binding struct {
	// Written once.
	hears   bool // of a membership: somebody calls HearEnd when ends has ended; see StartOn
	outside bool // of a Go task: its context leads to a scope that it does not belong to; see StartOutside

	// Owner.
	ended bool // of a membership: the task was told, and the scope need not tell it
}

// membership returns that of a task created there, nil if nothing binds it.
func (at *location) membership() *membership {
	if at.binds == nil && at.group == nil {
		return nil
	}
	return &membership{group: at.group, ends: at.binds}
}

// enroll gives a new task its membership.
func (t *Task) enroll(m *membership) {
	m.task = t
	if t.extra.Load() == nil {
		t.extra.Store(&m.extra)
	}
	t.more().member = m
}

// grouped reports whether t was created in a group.
func (t *Task) grouped() bool {
	m := t.member()
	return m != nil && m.group != nil
}

// KeptBy reports whether t was created in a group of k.
func (t *Task) KeptBy(k Keeper) bool { return t.grouped() && t.member().group.keeper == k }

// over reports whether the scope has ended, which the loop may not have been told
// yet.
func (m *membership) over() bool {
	return m != nil && m.ends != nil && m.task.loop.errOf(m.ends) != nil
}

// foreign reports whether the task ends with a context that is none of the loop's scopes.
func (m *membership) foreign() bool {
	_, own := m.ends.(*Scope)
	return m.ends != nil && (!own || m.hears)
}

// enter binds a new task.
func (m *membership) enter() {
	bound := &m.link
	if m.group != nil {
		m.link.who = m.task
		m.group.members.add(&m.link.item)
		if _, own := m.ends.(*Scope); own { // whose list is another
			m.inner = &link{}
			bound = m.inner
		}
	}
	if m.hears {
		m.task.HearEnd()
	} else if m.ends != nil {
		bound.who = m.task
		bound.join(m.task.loop, m.ends)
	}
}

// leave unbinds a task that has ended.
func (m *membership) leave() {
	m.link.remove()
	if m.inner != nil {
		m.inner.remove()
	}
}

func (t *Task) scopeEnded(r *Request) {
	if !t.member().ended {
		t.groupEnded(r)
	}
}

// HearEnd tells a task of StartOn of the end of its context, if that has come. Only the owner
// of the loop may call it.
func (t *Task) HearEnd() {
	if m := t.member(); m.over() {
		t.loop.deliver(t, t.loop.endOf(m.ends))
	}
}

// watchEnd has the keeper of a group told when the task has ended.
func (m *membership) watchEnd() {
	if m != nil && m.group != nil {
		m.watch.Start(&m.task.Future, m, 0)
	}
}

// FutureDone tells the keeper of a group that the task has ended.
func (m *membership) FutureDone(int) { m.group.keeper.Ended(m.task) }

// Without it a group would be explored in orders that nobody can tell apart.
var _ counter = (*membership)(nil)

// Counts is for the explorer.
func (m *membership) Counts(int) bool {
	c, ok := m.group.keeper.(interface{ Counts(*Task) bool })
	return ok && c.Counts(m.task)
}

// Completes is for Blocked.
func (m *membership) Completes() *Future { return m.group.keeper.Completion() }
