package engine

// This file is how a request for cancellation finds its way: from a task to what that
// waits for, from there to the tasks that are waited for, and so on; then to the scopes
// that were derived from the task, and to what is bound to those. The order is that of
// CPython, which goes down by calls. Here it is a stack of legs: graphs are made by users
// and may be deeper than any stack of calls. Each task takes a request once, so that the
// way takes time in proportion to the edges, and no memory at all for a task that waits
// for a plain future, a sleep or a signal.
//
// No code of the user's runs on the way on this loop. It may on another that does not run,
// whose owner the caller is for a moment, and ask for another cancellation here: that goes
// its way above base.

// leg is a part of the way that is not at its end. It is one of four:
type leg struct {
	of    *Future // this is asked, or was,
	task  *Task   // because this one waits for it; nil for nobody
	joint *Joint  // so are the parts before next
	links *list   // each is told and taken out, until there are none

	member *item // in links of a group: so are this one and those behind it, but they stay

	next  int
	asked bool // of
	brief bool // of a task: its scopes do not end
	taken bool // of a joint: by one of its parts
	first bool // of a joint: it was passed no request before
}

// maxLegs bounds the memory that is kept for the next way.
const maxLegs = 1 << 12

// reach brings a request to a task, and reports whether it was taken: not if the task was
// done. What it does not do at once it adds as a leg, and then carry knows.
func (l *Loop) reach(t *Task, r *Request) (taken bool) {
	switch {
	case t.Finished():
		return false
	case t.latest() == r:
		return true
	}
	t.take(r)
	l.tellAsked(t, r)
	l.press(t, r, 0, false, 1)
	return true
}

// pass passes a request on to what the task waits for, or keeps it for the next step.
// The second way is also taken when the wait is over but the task has not run yet: then
// the cancellation wins over the result. Unless it is brief, the task's scopes are next.
func (l *Loop) pass(t *Task, r *Request, brief bool) {
	f := t.waitOn
	if f != nil && f.kind >= kindTask {
		l.legs = append(l.legs, leg{of: f, task: t, brief: brief})
		return
	}
	if f == nil || !f.Cancel(r) {
		t.keep(r)
	}
	if !brief {
		l.endAll(&t.more().links)
	}
}

// endAll adds a list of those who are to be told.
func (l *Loop) endAll(k *list) {
	if !k.empty() {
		l.legs = append(l.legs, leg{links: k})
	}
}

// deliver has who end with r, and all that ends with it.
func (l *Loop) deliver(who scoped, r *Request) {
	base := len(l.legs)
	who.scopeEnded(r)
	l.carry(r, base, false)
}

// carry goes all legs above base, and returns whether whom the request was brought to has taken it, given
// what the latest has said.
func (l *Loop) carry(r *Request, base int, taken bool) bool {
	if len(l.legs) == base && len(l.quits) == 0 {
		return taken
	}
	for len(l.legs) > base {
		g := &l.legs[len(l.legs)-1]
		switch {
		case g.member != nil:
			x := g.member
			if g.member = g.links.after(x); g.member == nil {
				l.pop()
			}
			linkAt(x).who.(*Task).groupEnded(r)
		case g.links != nil:
			if x := g.links.first(); x != nil {
				n := linkAt(x)
				n.remove()
				n.who.scopeEnded(r)
				continue
			}
			l.pop()
			taken = true
		case g.joint != nil:
			taken = l.carryJoint(g, r, taken)
		case !g.asked:
			g.asked = true
			taken = l.bring(g.of, r)
		default:
			l.carried(*g, r, taken)
			taken = true
		}
	}
	if base > 0 {
		return taken
	}
	if cap(l.legs) > maxLegs {
		l.legs = nil
	}
	l.quit()
	return taken
}

// pop ends the latest leg, and forgets whom it came to.
func (l *Loop) pop() {
	n := len(l.legs) - 1
	l.legs[n] = leg{}
	l.legs = l.legs[:n]
}

// carried ends the leg of one that was asked, and of the task that waits for it.
func (l *Loop) carried(g leg, r *Request, taken bool) {
	l.pop()
	t := g.task
	if t != nil && !taken {
		t.keep(r)
	}
	if t != nil && !g.brief {
		l.endAll(&t.more().links)
	}
}

// carryJoint goes on to the next part of a joint, which is not looked at before the
// latest has been dealt with: that may have completed it.
func (l *Loop) carryJoint(g *leg, r *Request, taken bool) bool {
	j := g.joint
	if g.next > 0 && taken {
		g.taken = true
	}
	if g.next < len(j.Parts) {
		g.next++
		return l.bring(j.Parts[g.next-1], r)
	}
	taken = g.taken
	if g.first && !taken {
		j.request = nil
	}
	l.pop()
	return taken
}

// bring is reach for any future, of whichever loop.
func (l *Loop) bring(f *Future, r *Request) bool {
	switch {
	case f.loop != l:
		return l.askAbroad(f, r)
	case f.kind == kindTask:
		return l.reach(f.task(), r)
	case f.kind == kindJoint && f.joint().Passes:
		return l.enterJoint(f.joint(), r)
	}
	return f.Cancel(r)
}

func (l *Loop) enterJoint(j *Joint, r *Request) bool {
	if j.Finished() {
		return false
	}
	first := j.request == nil
	if first {
		j.request = r // before they hear of it, since some may be on other loops
	}
	l.legs = append(l.legs, leg{joint: j, first: first})
	return false
}

// pass has the owner of a joint pass a request on to its parts.
func (f *Future) pass(r *Request) bool {
	if f.Finished() {
		return false
	}
	l := f.loop
	carry := func() bool {
		base := len(l.legs)
		return l.carry(r, base, l.enterJoint(f.joint(), r))
	}
	if l.owned() {
		return carry()
	}
	l.post(action(func() { carry() }))
	return true
}

// askAbroad sends a request to another loop, to each of its futures once. It always goes
// by post: if that loop does not run, the caller is its owner meanwhile, and the way
// would be one of calls after all.
func (l *Loop) askAbroad(f *Future, r *Request) bool {
	switch {
	case f.kind < kindTask, f.kind == kindJoint && !f.joint().Passes, f.kind == kindMembers:
		return f.cancelPlain(r)
	case f.Finished():
		return false
	case !r.leaves(f) || f.kind == kindTask && f.task().latest() == r:
		// Maybe this is a circle over several loops that has not been found.
		for i := len(l.legs) - 1; i >= 0; i-- {
			if t := l.legs[i].task; t != nil {
				l.post((*probing)(t))
				break
			}
		}
	case f.kind == kindTask:
		f.task().take(r)
		f.loop.post(&delivery{t: f.task(), r: r})
	default:
		f.loop.post(action(func() { f.pass(r) }))
	}
	return true
}
