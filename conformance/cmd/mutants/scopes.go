package main

// scopeMutants are in timeouts and task groups.
var scopeMutants = []mutant{
	{
		name:  "moved-asked-twice",
		wrong: "a task that has the context of one of another loop, which waits for it, is asked twice",
		file:  "internal/engine/moved.go",
		old:   `ok && m.Done() == of {`,
		new:   `ok && m.Done() != of {`,
		guard: `^TestWithLoopOfATaskOfAnotherLoop$`,
	},
	{
		name:  "group-without-deadline",
		wrong: "the tasks of a group do not see the deadline around it",
		file:  "internal/engine/taskcontext.go",
		old:   `		return m.group.Deadline()`,
		new:   `		break`,
		guard: `^TestWhoSeesADeadline$`,
	},
	{
		name:  "timeout-keeps-count",
		wrong: "a timeout does not take its request back",
		file:  "timeout.go",
		old:   `tm.task.TakeBack(tm.cancelling):`,
		new:   `tm.task.Asked().Count-1 > tm.cancelling.Count:`,
	},
	{
		name:  "timeout-takes-all",
		wrong: "a timeout takes somebody else's cancellation for its own",
		file:  "timeout.go",
		old:   `tm.task.TakeBack(tm.cancelling):`,
		new:   `tm.task.TakeBack(tm.cancelling) && tm.own == nil:`,
	},
	{
		name:  "timeout-counts-from-none",
		wrong: "a timeout in a task that was cancelled before takes its own cancellation for somebody else's",
		file:  "timeout.go",
		old:   `tm.task.TakeBack(tm.cancelling):`,
		new:   `tm.task.TakeBack(engine.Asked{}):`,
	},
	{
		name:  "timeout-says-own",
		wrong: "who is cancelled by a timeout and by somebody else is not told of the other",
		file:  "timeout.go",
		old:   `c != nil && c.request == own {`,
		new:   `c != nil && c.request != own && own == nil {`,
	},
	{
		name:  "timeout-entered-twice",
		wrong: "Do of a timeout calls body a second time",
		file:  "timeout.go",
		old:   `if tm.plan != nil && !tm.state.CompareAndSwap(uint32(timeoutCreated), uint32(timeoutEntering)) {`,
		new:   `if tm.plan != nil && tm.state.Swap(uint32(timeoutEntering)) == uint32(timeoutEntering) {`,
	},
	{
		name:  "timeout-not-stopped",
		wrong: "a timeout that is over still expires",
		file:  "timeout.go",
		old: `	if tm.timer != nil {
		tm.timer.Cancel()
		tm.timer = nil
	}
	state :=`,
		new: `	state :=`,
	},
	{
		name:  "reschedule-keeps-timer",
		wrong: "Reschedule does not move the timer",
		file:  "timeout.go",
		old: `	if tm.timer != nil {
		tm.timer.Cancel()
		tm.timer = nil
	}
	tm.window.SetDeadline(due)
`,
		new: `	tm.window.SetDeadline(due)
	if tm.timer != nil {
		return
	}
`,
	},
	{
		name:  "group-reversed",
		wrong: "a group cancels its tasks in reverse",
		file:  "internal/engine/membership.go",
		old: `		m.group.members.add(&m.link.item)
`,
		new: `		k, x := &m.group.members, &m.link.item
		k.add(x)
		if y := k.first(); y != x {
			x.remove()
			x.prev, x.next = &k.root, y
			k.root.next, y.prev = x, x
		}
`,
	},
	{
		name:  "request-counts-twice",
		wrong: "a request that comes by two ways counts twice",
		file:  "internal/engine/walk.go",
		old:   `	case t.latest() == r:`,
		new:   `	case t.latest() == r && t.Cancelling() > 1:`,
	},
	{
		name:  "group-leaves-siblings",
		wrong: "a group does not cancel its tasks when one fails",
		file:  "taskgroup.go",
		old:   `	tg.scope.End(tg.request(why, message))`,
		new:   `	_ = tg.request(why, message)`,
	},
	{
		name:  "group-leaves-body",
		wrong: "a group does not cancel its body when a task fails",
		file:  "taskgroup.go",
		old: `		tg.abort(err, "")
		tg.interrupt(err, "")
`,
		new: `		tg.abort(err, "")
`,
	},
	{
		name:  "group-swallows",
		wrong: "a group swallows a cancellation while it waits for its tasks",
		file:  "taskgroup.go",
		old: `		tg.propagate = err
		tg.abort(err, "")
`,
		new: `		tg.abort(err, "")
`,
	},
	{
		name:  "group-keeps-count",
		wrong: "a group does not take back the request by which it has cancelled its body",
		file:  "taskgroup.go",
		old:   `!tg.parent.TakeBack(tg.cancelling):`,
		new:   `tg.parent.Asked().Count-1 <= tg.cancelling.Count:`,
	},
	{
		name:  "group-does-not-redeliver",
		wrong: "a cancellation that comes together with failures is not delivered again",
		file:  "taskgroup.go",
		old: `		tg.parent.Redeliver(false) // if it was cancelled by somebody else
`,
		new: `		_ = tg.parent
`,
	},
	{
		name:  "group-cancels-again",
		wrong: "a group that is cancelling its tasks cancels who waits for them when another fails",
		file:  "taskgroup.go",
		old:   `!tg.aborting && tg.requested == nil {`,
		new:   `tg.requested == nil {`,
	},
	{
		name:  "group-errors-reversed",
		wrong: "a group has its errors in reverse",
		file:  "taskgroup.go",
		old:   `tg.errs = append(tg.errs, newTaskError(t.Face().(AnyTask), err))`,
		new:   `tg.errs = append([]*TaskError{newTaskError(t.Face().(AnyTask), err)}, tg.errs...)`,
	},
	{
		name:  "group-open-late",
		wrong: "a group takes tasks while it is cancelling",
		file:  "taskgroup.go",
		old: `	case tg.aborting:
		err = `,
		new: `	case tg.aborting && t.Finished():
		err = `,
	},
	{
		name:  "group-error-taken-apart",
		wrong: "a group's error without the cancellations in it is a group's no more",
		file:  "cancellederror.go",
		old: `	case *GroupError:
		return x.strip(steps)
`,
	},
	{
		name:  "shield-lets-in",
		wrong: "a shield holds timeouts and groups, and no Cancel",
		file:  "internal/engine/shield.go",
		old:   `	if x := s.holding(since); x != nil {`,
		new:   `	if x := s.holding(since); x != nil && brief {`,
		guard: `^TestWithShieldHolds$`,
	},
	{
		name:  "shield-loses",
		wrong: "what a shield has held is lost at its end",
		file:  "internal/engine/shield.go",
		old: `			s.outer.came(n, s.last)
		}
		s.release()
`,
		new: `			s.outer.came(n, s.last)
		}
`,
		guard: `^TestWithShieldHolds$`,
	},
	{
		name:  "shield-has-no-end",
		wrong: "a shield goes on to hold what comes when its time is over",
		file:  "internal/engine/shield.go",
		old: `	s.spent = true
	if t := s.task; t != nil && s.held == nil`,
		new:   `	if t := s.task; t != nil && s.held == nil`,
		guard: `^TestWithShieldHolds$`,
	},
	{
		name:  "shield-tells-once",
		wrong: "a clean-up that hangs is not ended with its shield",
		file:  "internal/engine/shield.go",
		old:   `s.held == nil && t.askedOutside(s) {`,
		new:   `s.held == nil && t.askedOutside(s) && s.outer != nil {`,
		guard: `^TestWithShieldBoundsCleanUp$`,
	},
	{
		name:  "shield-comes-late",
		wrong: "a request that is due when a shield is entered comes into it",
		file:  "internal/engine/shield.go",
		old:   `		s.held, s.since = t.handOver(), s.depth-1`,
		new:   `		s.since = s.depth - 1`,
		guard: `^TestWithShieldBoundsCleanUp$`,
	},
	{
		name:  "shield-is-seen-through",
		wrong: "a timeout in a shield sees requests that come from outside of that",
		file:  "internal/engine/shield.go",
		old:   `		return Asked{s.in.Load(), s.depth}`,
		new:   `		return Asked{int32(t.Cancelling()), s.depth}`,
		guard: `^TestWithShieldAmongScopes$`,
	},
	{
		name:  "shield-holds-its-own",
		wrong: "a shield holds the timeouts in it",
		file:  "internal/engine/shield.go",
		old:   `		return Asked{s.in.Load(), s.depth}`,
		new:   `		return Asked{s.in.Load(), 0}`,
		guard: `^TestWithShieldAmongScopes$`,
	},
	{
		name:  "shield-context-ends",
		wrong: "the ctx in a shield ends with that around it",
		file:  "internal/engine/shield.go",
		old:   `	s.link.join(s.loop, &s.loop.root)`,
		new:   `	s.link.join(s.loop, s.from)`,
		guard: `^TestWithShieldContext$`,
	},
}
