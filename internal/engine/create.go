package engine

import "context"

// Start makes t a task that runs body, in the scope of ctx. The first step of one that is
// eager is taken at once if the loop is running.
func (t *Task) Start(ctx context.Context, body Body, eager bool) {
	if parent, ok := ctx.(*Task); ok {
		// Not the parent itself for values, which would keep it alive.
		t.start(parent.loop, parent.values, parent, nil, body, eager)
		return
	}
	at := locate(ctx)
	bound := at.membership()
	if at.task != nil && bound == nil {
		ctx = valuesOf(ctx, at.task)
	}
	t.start(at.loop, ctx, at.task, bound, body, eager)
}

// NeverStart makes t a task of l that comes back done, with why it could not start.
func (t *Task) NeverStart(l *Loop, body Body, s State, err error) {
	t.loop, t.kind, t.body, t.values = l, kindTask, body, l.Values
	t.tellCreated(nil)
	t.stillborn(s, err)
	l.do(action(func() { t.schedule(l) }))
}

// StartOn is Start for a context that need not lead to l. If it can end, it is
// the task's scope; that it has ended is for HearEnd to tell.
func (t *Task) StartOn(l *Loop, ctx context.Context, body Body) {
	if ctx == nil {
		panic(nilContext)
	}
	var bound *membership
	if ctx.Done() != nil {
		bound = &membership{ends: ctx}
		bound.hears = true
	}
	t.start(l, ctx, nil, bound, body, false)
}

// StartOutside is Start for a task that has the values, and the deadline, of ctx, but
// belongs to no scope or group that this leads to.
func (t *Task) StartOutside(ctx context.Context, body Body) {
	if parent, ok := ctx.(*Task); ok {
		t.start(parent.loop, parent.values, parent, nil, body, false)
		return
	}
	t.threadOf().outside = true
	at := locate(ctx)
	t.start(at.loop, ctx, at.task, nil, body, false)
}

// start is Start with whose context it is, nil if no task's, and what binds the task, nil
// for nothing but its loop.
func (t *Task) start(l *Loop, ctx context.Context, creator *Task, bound *membership, body Body, eager bool) {
	t.loop, t.kind, t.body, t.values = l, kindTask, body, ctx
	owned := l.owned()
	if bound == nil && !eager && !t.thread && owned && l.Witness == nil && !l.sites.Load() && !l.closed.Load() {
		// The common case of what follows.
		t.count()
		l.tasks.add(t)
		l.ready.push(t)
		return
	}
	if l.tooLate(creator) {
		t.tellCreated(creator)
		t.refused(ErrLoopClosed)
		return
	}
	if !owned {
		t.count() // whether it is refused is not known here
	}
	if bound != nil {
		t.enroll(bound)
	}
	if l.sites.Load() {
		t.more().created = Callers()
	}
	switch {
	case l.Witness != nil:
		l.do(&witnessed{t, creator, eager})
	case eager:
		l.do((*adoptedEagerly)(t))
	default:
		l.do((*adopted)(t))
	}
}

// SetLeaving has the loop take, or not any more, no further tasks but those of its own
// tasks and callbacks, since it is about to end: created by them, or with the context of
// a pending one. Others could keep it busy for ever. They are refused on the spot, without
// a word to the loop.
func (l *Loop) SetLeaving(on bool) { l.leaving.Store(on) }

// tooLate reports whether a task that the caller creates with the context of creator,
// nil if with no task's, is to be refused at once.
func (l *Loop) tooLate(creator *Task) bool {
	switch {
	case l.owned():
		return false // adopt decides
	case l.closed.Load():
		return true
	case !l.leaving.Load() || creator != nil && !creator.Finished():
		return false
	}
	self := hereWorker()
	return self == nil || self.loop != l
}

// refused ends a new task that comes too late.
func (t *Task) refused(err error) {
	t.stillborn(Failed, err)
	x := t.err.(*failure)
	x.minded = true
	if n := t.loop.refusals.Add(1); n > 100 && n&(n-1) != 0 {
		return // of a flood some reports are enough
	}
	if t.loop.closed.Load() {
		x.listLate(&t.Future)
	} else {
		x.follow(&t.Future)
	}
}

// count gives the task its number, as CPython, which counts only the tasks it names.
func (t *Task) count() {
	if t.id == 0 && t.Name() == "" {
		t.id = t.loop.ids.Add(1)
	}
}

// adopted is a new task on its way to its loop.
type adopted Task

func (a *adopted) run(l *Loop) { l.takeInNew((*Task)(a), nil) }

func (l *Loop) takeInNew(t, creator *Task) {
	if l.adopt(t, creator) {
		t.member().watchEnd()
		l.ready.push(t)
	}
}

// adoptedEagerly is one that is to start when it has arrived.
type adoptedEagerly Task

func (a *adoptedEagerly) run(l *Loop) { l.takeInEagerly((*Task)(a), nil) }

func (l *Loop) takeInEagerly(t, creator *Task) {
	if !l.inRun {
		l.takeInNew(t, creator)
		return
	}
	if l.adopt(t, creator) {
		l.runEagerly(t)
		if m := t.member(); m != nil {
			m.watchEnd() // behind those who came to watch in the first step, as in CPython
			t.joined()
		}
	}
}

// adopt takes a new task in, or ends it and reports false.
func (l *Loop) adopt(t, creator *Task) bool {
	m := t.member()
	var err error
	if l.closed.Load() {
		err = ErrLoopClosed
	} else if m != nil && m.group != nil {
		err = m.group.keeper.Admit(t)
	}
	if err != nil {
		t.tellCreated(creator)
		t.stillborn(Failed, err)
		t.schedule(l)
		return false
	}
	t.count()
	l.tasks.add(t)
	t.tellCreated(creator)
	if m != nil {
		m.enter()
	}
	return true
}

// stillborn ends a task that does not start.
func (t *Task) stillborn(s State, err error) {
	t.phase = destroyed
	t.publish(s, err)
	if w := t.loop.Witness; w != nil {
		w.Ended(t, s, err)
	}
}
