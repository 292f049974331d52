package engine

import "context"

// membership is a task's place in the scope that it was created in.
type membership struct {
	extra // of the task, if it had none before: that makes one allocation of two

	// Written once.
	task   *Task
	home   *Scope          // as in place
	keeper *Scope          // as in place
	ends   context.Context // what it is bound to; nil if that tells the task in time
	away   bool            // as in place
	hears  bool            // as in place

	// Owner.
	ended bool  // the task was told, and the scope need not tell it
	late  bool  // watch is begun by who adopts the task
	link  link  // in a group, or else in a binding scope
	inner *link // in a binding scope, of a task that is in a group too
	stop  func() bool
	watch Watch
}

// enroll gives a new task its place.
func (t *Task) enroll(at *place) {
	m := &membership{home: at.home, keeper: at.keeper, away: at.away, hears: at.hears, task: t}
	if t.extra.Load() == nil {
		t.extra.Store(&m.extra)
	}
	t.more().member = m
	switch {
	case at.away:
		m.ends = at.watch
	case at.home != nil && at.home.kind != group:
		m.ends = at.home
	}
}

// grouped reports whether t was created in a group.
func (t *Task) grouped() bool {
	m := t.member()
	return m != nil && m.keeper != nil
}

// KeptBy reports whether t was created in a group of k.
func (t *Task) KeptBy(k Keeper) bool { return t.grouped() && t.member().keeper.keeper == k }

// over reports whether the scope has ended, which the loop may not have been told
// yet.
func (m *membership) over() bool {
	return m != nil && m.ends != nil && m.task.loop.errOf(m.ends) != nil
}

// watchEnd has the keeper of a group told when the task has ended.
func (m *membership) watchEnd() {
	if m.keeper != nil {
		m.watch.Start(&m.task.Future, m, 0)
	}
}

// FutureDone tells the keeper of a group that the task has ended.
func (m *membership) FutureDone(int) { m.keeper.keeper.Ended(m.task) }

// Counts is for the explorer.
func (m *membership) Counts() bool {
	c, ok := m.keeper.keeper.(interface{ Counts(*Task) bool })
	return ok && c.Counts(m.task)
}

// Completes is for Blocked.
func (m *membership) Completes() *Future { return m.keeper.keeper.Completion() }

// leave unbinds a task that has ended.
func (m *membership) leave() {
	m.link.remove()
	if m.inner != nil {
		m.inner.remove()
	}
	if m.stop != nil {
		m.stop()
	}
}

func (t *Task) scopeEnded(r *Request) {
	if m := t.member(); m.ended || t.Finished() { // Cancel would take its error for dealt with
		return
	}
	t.member().ended = true
	t.loop.reach(t, r)
}

// HearEnd tells a task of StartOn of the end of its context, if that has come. Only the owner
// of the loop may call it.
func (t *Task) HearEnd() {
	if m := t.member(); m.over() {
		t.loop.deliver(t, t.loop.endOf(m.ends))
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

// enterScope binds a new task to the end of the context it was created with.
func (t *Task) enterScope(m *membership) {
	if m.away {
		if t.loop.errOf(m.ends) != nil {
			t.loop.deliver(t, t.loop.endOf(m.ends))
			return
		}
		if !m.hears {
			m.stop = t.loop.whenEnded(m.ends, t)
		}
	}
	bound := &m.link
	if m.keeper != nil {
		m.link.who = (*kept)(t)
		m.keeper.members.add(&m.link)
		if m.home.kind != group {
			m.inner = &link{}
			bound = m.inner
		}
	}
	switch home := m.home; {
	case home == nil, home.kind == group:
	case m.away: // its end is that of what was watched
	case home.over != nil:
		t.loop.deliver(t, home.over)
	default:
		bound.who = t
		home.links.add(bound)
	}
}
