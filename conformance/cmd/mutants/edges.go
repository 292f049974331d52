package main

// edgeMutants are where requests and circles go, and in what code does that does not listen.
var edgeMutants = []mutant{
	{
		name:  "goroutine-told-by-chance",
		wrong: "a goroutine that awaits in a scope which has ended is told of the task's cancellation, or of the scope, by chance",
		file:  "internal/engine/await.go",
		old:   `if f.State() != Cancelled || f.loop.closed.Load() {`,
		new:   `if f.State() != Cancelled || !f.loop.closed.Load() {`,
		guard: `^TestGoroutineIsToldOfItsScopeAndNotOfTheTaskCancelledByIt$`,
	},
	{
		name:  "observer-misses-refused",
		wrong: "an Observer is told of the end of a task that a group refuses, and not that it was created",
		file:  "internal/engine/create.go",
		old: `		t.tellCreated(creator)
		t.stillborn(Failed, err)
		t.schedule(l)`,
		new: `		t.stillborn(Failed, err)
		t.schedule(l)`,
		guard: `^TestObserverIsToldOfEachTaskOnce$`,
	},
	{
		name:  "observer-created-late",
		wrong: "an Observer is told that a task was asked to end before it is told that it was created",
		file:  "internal/engine/create.go",
		old: `	t.tellCreated(creator)
	if m != nil {
		m.enter()
	}`,
		new: `	if m != nil {
		m.enter()
	}
	t.tellCreated(creator)`,
		guard: `^TestObserverIsToldOfEachTaskOnce$`,
	},
	{
		name:  "observer-interrupts-unsaid",
		wrong: "an Observer is not told of a request that comes from a timeout, or from another goroutine",
		file:  "internal/engine/cancel.go",
		old: `		l.tellAsked(d.t, d.r)
`,
		new:   ``,
		guard: `^TestWhatAnObserverIsTold$`,
	},
	{
		name:  "request-abroad-again",
		wrong: "a request goes to a task of another loop by each way",
		file:  "internal/engine/walk.go",
		old:   `	case !r.leaves(f) || f.kind == kindTask && f.task().latest() == r:`,
		new:   `	case !r.leaves(f) && f.Finished():`,
		guard: `^TestRequestOverLoopsVisitsEachTaskOnce$`,
	},
	{
		name:  "request-by-calls",
		wrong: "a request goes down by calls",
		file:  "internal/engine/walk.go",
		old: `		l.legs = append(l.legs, leg{of: f, task: t, brief: brief})
`,
		new: `		base := len(l.legs)
		l.legs = append(l.legs, leg{of: f, task: t, brief: brief})
		l.carry(r, base, false)
`,
		guard: `^TestRequestGoesDownAChainOfAMillion$`,
	},
	{
		name:  "nest-on-members",
		wrong: "a task runs on the stack of one of a group that awaits it, and that may have to go on before",
		file:  "internal/engine/baton.go",
		old:   ` && !t.grouped() &&`,
		new:   ` &&`,
		guard: `^TestGroupWhoseTaskAwaitsWhatHasNotBegun$`,
	},
	{
		name:  "request-cut-off",
		wrong: "a request that is made while another is on its way cuts that off",
		file:  "internal/engine/walk.go",
		old: `	if base > 0 {
		return taken
	}
`,
		new:   ``,
		guard: `^TestContextThatCancelsWhileACancellationIsOnItsWay$`,
	},
	{
		name:  "context-without-an-error",
		wrong: "a wait with a context whose Err is nil when it has ended succeeds",
		file:  "internal/engine/stdcontext.go",
		old:   `return cmp.Or(context.Cause(ctx), context.Canceled) }`,
		new:   `return cmp.Or(context.Cause(ctx)) }`,
		guard: `^TestContextThatEndsWithoutSayingSo$`,
	},
	{
		name:  "request-held-up",
		wrong: "a request that has gone round a circle over loops is held up by it",
		file:  "internal/engine/probe.go",
		old:   `	if r := t.latest(); r != nil && t.waitOn.hasPassed(r) {`,
		new:   `	if r := t.latest(); r != nil && t.waitOn.hasPassed(r) && t.Finished() {`,
		guard: `^TestRequestGoesRoundACircleOverLoops$`,
	},
	{
		name:  "request-latest-told",
		wrong: "a gather that is cancelled twice tells of the second request",
		file:  "internal/engine/walk.go",
		old:   `	if first {`,
		new:   `	if j.request = r; first {`,
		guard: `^TestFirstRequestIsTold$`,
	},
	{
		name:  "circle-by-group",
		wrong: "the end of a group closes no circle",
		file:  "internal/engine/circle.go",
		old: `	case kindJoint, kindMembers:
		return false
	}
	return true`,
		new: `	case kindJoint:
		return false
	}
	return true`,
		guard: `^TestGroupWhoseTasksWaitForItsParent$`,
	},
	{
		name:  "circle-by-gather",
		wrong: "a gather closes no circle",
		file:  "gather.go",
		old:   `	g.Passes = true`,
		new:   `	g.Passes, g.Need = true, engine.Nothing`,
		guard: `^TestAwaitThatClosesACircleIsADeadlock$`,
	},
	{
		name:  "circle-by-wait",
		wrong: "Wait, Race and AsCompleted close no circle",
		file:  "wait.go",
		old:   `	w.Loop().Do(w.begin)`,
		new: `	w.Parts = make([]*engine.Future, len(fs))
	w.Loop().Do(w.begin)`,
		guard: `^TestAwaitThatClosesACircleIsADeadlock$`,
	},
	{
		name:  "circle-by-shield",
		wrong: "a shield closes no circle",
		file:  "shield.go",
		old: `	s.outer.Parts = s.parts[:]
`,
		guard: `^TestAwaitThatClosesACircleIsADeadlock$`,
	},
	{
		name:  "circle-cancelled-first",
		wrong: "WaitFor without time cancels what waits for the caller, and so the caller",
		file:  "waitfor.go",
		old:   `	if err := engine.Closes(ctx, f); err != nil {`,
		new:   `	if err := engine.Closes(ctx, f); err != nil && f.Finished() {`,
		guard: `^TestAwaitThatClosesACircleIsADeadlock$`,
	},
	{
		name:  "circle-by-go-task",
		wrong: "a Go task that waits is not part of a circle",
		file:  "internal/engine/circle.go",
		old:   `		if w := f.task().waitOn; w != nil {`,
		new:   `		if w := f.task().waitOn; w != nil && !f.task().thread {`,
		guard: `^TestCircleOfGoTasksAndLoopTasks$`,
	},
	{
		name:  "circle-abroad",
		wrong: "circles over several loops are not looked for",
		file:  "internal/engine/circle.go",
		old:   `	abroad := s.downmost && s.topmost`,
		new:   `	abroad := s.downmost && s.topmost && found`,
		guard: `^TestCircleOverLoopsThatAWaitOnOneClosesIsADeadlock$`,
	},
	{
		name:  "circle-later",
		wrong: "a circle that is one when others have ended is not found",
		file:  "internal/engine/joint.go",
		old:   `	if t, ok := j.listeners.(*Task); ok {`,
		new:   `	if t, ok := j.listeners.(*Task); ok && t.Finished() {`,
		guard: `^TestCircleThatIsOneLater$`,
	},
	{
		name:  "locks-said-again",
		wrong: "a circle through locks is said at each look",
		file:  "internal/engine/tangle.go",
		old:   `		known := slices.Contains(l.accused, who)`,
		new:   `		known := slices.Contains(there, who)`,
		guard: `^TestPatrolFindsACircleThroughLocks$`,
	},
	{
		name:  "locks-of-strangers",
		wrong: "a lock that a goroutine may release is part of a circle",
		file:  "internal/engine/tangle.go",
		old:   `	if !x.about.Whole {`,
		new:   `	if !x.about.Whole && len(x.about.Holders) == 0 {`,
		guard: `^TestNoCircleWhereSomebodyMayGoOn$`,
	},
	{
		name:  "still-and-silent",
		wrong: "in debug mode nothing is said of a loop on which nothing moves",
		file:  "internal/engine/tangle.go",
		old:   `	case quiet < stillBeats*beat:`,
		new:   `	case quiet <= stillBeats*beat:`,
		guard: `^TestStillLoopIsDescribedInDebugMode$`,
	},
	{
		name:  "to-thread-waits",
		wrong: "ToThread waits for a function that does not listen",
		file:  "thread.go",
		old: `	t.t.Abandonable()
`,
		guard: `^TestAbandonToThread$`,
	},
	{
		name:  "to-thread-joins",
		wrong: "in the body of a group ToThread makes a task of the group",
		file:  "thread.go",
		old:   `	t.t.StartOutside(ctx, &lateBody[T]{task: t})`,
		new:   `	t.t.Start(ctx, &lateBody[T]{task: t}, 0)`,
		guard: `^TestAbandonIsNoTaskOfTheGroup$`,
	},
	{
		name:  "late-panic-dropped",
		wrong: "a panic of a function that was left is not reported",
		file:  "internal/engine/leave.go",
		old:   `	if err == nil || err == ErrGoexit ||`,
		new:   `	if err == nil || err == ErrGoexit || l.Hooks.Panic(err) ||`,
		guard: `^TestAbandonLateEnds$`,
	},
	{
		name:  "late-value-kept",
		wrong: "a task that was left has the value that its function returns later",
		file:  "internal/engine/thread.go",
		old: `	if th.left() {
		l.returned(t, th.err)`,
		new: `	if th.left() {
		if x, ok := t.body.(Late); ok {
			x.Keep()
		}
		l.returned(t, th.err)`,
		guard: `^TestAbandonLateEnds$`,
	},
	{
		name:  "left-without-place",
		wrong: "a function that was left gives up its place among MaxThreads",
		file:  "internal/engine/leave.go",
		old:   `		l.left.add(t)`,
		new: `		l.left.add(t)
		if !t.threadOf().visits {
			l.vacate()
			t.threadOf().passed = true
		}`,
		guard: `^TestAbandonWithMaxThreads$`,
	},
	{
		name:  "grace-again",
		wrong: "the grace of the others begins when main is done",
		file:  "ending.go",
		old: `	e.begin()
	l.SetLeaving(true)`,
		new: `	e.begun = false
	e.begin()
	l.SetLeaving(true)`,
		guard: `^TestGraceOfMain$`,
	},
	{
		name:  "grace-of-drain",
		wrong: "the time of WithDrain is taken from the grace",
		file:  "ending.go",
		old:   `		if e.begun {`,
		new:   `		if !e.begun {`,
		guard: `^TestGraceOfMain$`,
	},
	{
		name:  "grace-unnamed",
		wrong: "when the grace is over the error does not say who is left",
		file:  "ending.go",
		old:   `		if left := whoIsLeft(l, e.asked); left != "" {`,
		new:   `		if left := whoIsLeft(l, e.asked); left == "" {`,
		guard: `^TestGraceOfTheOthers$`,
	},
	{
		name:  "shutdown-asks-nobody",
		wrong: "Go tasks for which loop tasks leave no time are not cancelled",
		file:  "ending.go",
		old:   `	for _, threads := range []bool{false, true} {`,
		new:   `	for _, threads := range []bool{false} {`,
		guard: `^TestShutdownWithinItsContext$`,
	},
	{
		name:  "shutdown-elsewhere",
		wrong: "Shutdown ends tasks on a goroutine of its own that only the caller's can go on with",
		file:  "background.go",
		old:   `	case l.BoundHere():`,
		new:   `	case false && l.BoundHere():`,
		guard: `^TestShutdownAtOddTimes$`,
	},
	{
		name:  "background-goexit-unsaid",
		wrong: "that Goexit has ended a loop in the background is not reported",
		file:  "background.go",
		old:   `		if back.exited {`,
		new:   `		if !back.exited {`,
		guard: `^TestGoexitAndPanicsInTheBackground$`,
	},
	{
		name:  "grace-forgets-left",
		wrong: "the end of Run does not wait for goroutines that were left",
		file:  "internal/engine/remains.go",
		old:   `		left = threads && !l.left.empty()`,
		new:   `		left = threads && !l.left.empty() && len(tasks) > 0`,
		guard: `^TestGraceOfTheOthers$`,
	},
	{
		name:  "vigil-each-second",
		wrong: "who is waited for is named each second",
		file:  "vigil.go",
		old:   `		v.next *= 2`,
		new:   `		v.next += firstWord`,
		guard: `^TestVigil$`,
	},
	{
		name:  "main-deaf",
		wrong: "a second signal does not end the process",
		file:  "signals.go",
		old:   `				if !first {`,
		new:   `				if !first && l.l.Closed() {`,
		guard: `^TestMainEnds$/^at_once_by_a_second_signal$`,
	},
	{
		name:  "main-status",
		wrong: "the exit status does not say which signal it was",
		file:  "signals.go",
		old:   `		return 128 + int(n)`,
		new:   `		return max(1, int(n)>>8)`,
		guard: `^TestMainEnds$`,
	},
	{
		name:  "signals-kept",
		wrong: "when Run has returned signals still do nothing",
		file:  "signals.go",
		old: `		signal.Stop(c)
`,
		guard: `^TestMainSignalsAreRestored$`,
	},
}
