package main

// heardMutants are in what is heard of errors, of clean-ups and of who has asked for what.
var heardMutants = []mutant{
	{
		name:  "refused-when-closed-unheard",
		wrong: "what a closed loop has refused is heard only if somebody else sets the collector to work",
		file:  "internal/engine/create.go",
		old:   `		x.listLate(&t.Future)`,
		new:   `		x.follow(&t.Future)`,
		guard: `^TestTaskThatAClosedLoopHasRefusedIsHeard$`,
	},
	{
		name:  "map-tells-twice",
		wrong: "items that Map could not start are reported beside its error",
		file:  "map.go",
		old:   `			_ = t.Err() // that`,
		new:   `			_ = t // that`,
		guard: `^TestItemsThatMapCouldNotStartAreNotHeard$`,
	},
	{
		name:  "panic-heard-late",
		wrong: "a panic that nobody waits for is reported when the collector comes",
		file:  "internal/engine/unheard.go",
		old:   `	if x.untold() && x.lost.Task && l.Hooks.Panic(x.err) {`,
		new:   `	if x.audience > 0 && x.lost.Task && l.Hooks.Panic(x.err) {`,
		guard: `^TestPanicThatNobodyAwaitsIsHeardAtOnce$`,
	},
	{
		name:  "panic-told-twice",
		wrong: "a panic that somebody waits for is reported too",
		file:  "internal/engine/unheard.go",
		old:   `	if x.untold() && x.lost.Task && l.Hooks.Panic(x.err) {`,
		new:   `	if x.lost.Task && l.Hooks.Panic(x.err) {`,
		guard: `^TestPanicThatNobodyAwaitsIsHeardAtOnce$`,
	},
	{
		name:  "dropped-heard-late",
		wrong: "in an idle process the collector does not come for an error that was dropped",
		file:  "internal/engine/patrol.go",
		old: `	if collect {
`,
		new: `	if collect && p.collect > 0 {
`,
		guard: `^TestDroppedErrorIsHeardWhileTheProcessIsIdle$`,
	},
	{
		name:  "dropped-not-sent-for",
		wrong: "while no loop runs nobody comes for what was found",
		file:  "internal/engine/hearing.go",
		old:   `	case !l.bubble:`,
		new:   `	case !l.bubble && l.asleep.Load():`,
		guard: `^TestDroppedErrorIsHeardWhileNoLoopRuns$`,
	},
	{
		name:  "kept-unheard",
		wrong: "an error that nobody asks for is not reported while somebody keeps the task",
		file:  "internal/engine/unheard.go",
		old:   `		if x.passed = true; x.untold() {`,
		new:   `		if x.passed = true; x.untold() && x.panicked {`,
		guard: `^TestKeptErrorThatNobodyHasAskedForIsHeardOnce$`,
	},
	{
		name:  "kept-told-twice",
		wrong: "an error that somebody was told of is reported while somebody keeps the task",
		file:  "internal/engine/unheard.go",
		old:   `		if x.passed = true; x.untold() {`,
		new:   `		if x.passed = true; x.kept == 0 {`,
		guard: `^TestKeptErrorThatNobodyHasAskedForIsHeardOnce$`,
	},
	{
		name:  "heard-in-other-words",
		wrong: "a task whose error was dropped is not reported with where it was created",
		file:  "internal/engine/lost.go",
		old:   `t.id, t.known().created`,
		new:   `t.id, nil`,
		guard: `^TestErrorIsHeardInTheSameFormWhoeverFindsOut$`,
	},
	{
		name:  "retrieved-stays",
		wrong: "an error that was retrieved stays in memory until the loop is closed",
		file:  "internal/engine/unheard.go",
		old: `	if x.listed() {
		u.remove(x)
		x.cleanup.Stop()
	}
}`,
		new: `	if x.listed() && x.err == nil {
		u.remove(x)
		x.cleanup.Stop()
	}
}`,
		guard: `^TestRetrievedErrorIsGoneWithTheNextCollection$`,
	},
	{
		name:  "clean-up-reports",
		wrong: "a clean-up of the collector calls the exception handler",
		file:  "internal/engine/unheard.go",
		old:   `func collected(x *failure) { x.loop.find(x) }`,
		new:   `func collected(x *failure) { x.run(x.loop) }`,
		guard: `^(TestHandlerThatBlocksOrExitsHoldsUpNobody|TestNothingDiesInABubble)$`,
	},
	{
		name:  "handler-holds-up-close",
		wrong: "Close waits for a handler that blocks",
		file:  "internal/engine/hearing.go",
		old: `	case <-late.C:
`,
		guard: `^TestCloseDoesNotWaitForAHandlerThatBlocks$`,
	},
	{
		name:  "handler-exit-ends",
		wrong: "what was to be reported after a handler has called Goexit is not",
		file:  "internal/engine/hearing.go",
		old: `		close(me.gone)
		if !over {`,
		new: `		close(me.gone)
		if !over && l.asleep.Load() {`,
		guard: `^TestHandlerThatBlocksOrExitsHoldsUpNobody$`,
	},
	{
		name:  "shield-reports",
		wrong: "an error behind a cancelled Shield is reported though somebody handles it",
		file:  "shield.go",
		old: `		s.loop.Do(func() { s.Stop(s.inner) })
`,
		new: `		s.loop.Do(func() { s.Stop(s.inner) })
		h := &engine.Handle{}
		h.Init(s.loop, func() {
			if err := s.inner.Outcome(); err != nil {
				s.loop.Report(engine.Report{Message: "error after the Shield around it was cancelled", Err: err})
			}
		}, nil)
		h.After(s.inner)
`,
		guard: `^TestErrorBehindAShieldIsLikeAnyOther$`,
	},
	{
		name:  "missed-unheard",
		wrong: "an error that a cancelled awaiter is not told of is not reported",
		file:  "internal/engine/await.go",
		old: `		f.Missed()
`,
		new: `		_ = f.retrieve()
`,
		guard: `^TestErrorThatACancelledAwaiterIsNotToldOfIsHeard$`,
	},
	{
		name:  "missed-not-counted",
		wrong: "a panic that the last who waits is not told of is reported late",
		file:  "internal/engine/unheard.go",
		old: `	x.audience--
`,
		guard: `^TestPanicThatACancelledAwaiterIsNotToldOfIsHeardAtOnce$`,
	},
	{
		name:  "missed-by-one",
		wrong: "a panic that one is not told of is reported though another is",
		file:  "internal/engine/unheard.go",
		old: `	x.audience--
`,
		new: `	x.audience = 0
`,
		guard: `^TestErrorThatOneOfTwoAwaitersIsToldOfIsNotReported$`,
	},
	{
		name:  "missed-uncollected",
		wrong: "an error that a cancelled awaiter is not told of is not reported when its task is collected",
		file:  "internal/engine/unheard.go",
		old:   `	if x.cleanup == (runtime.Cleanup{}) {`,
		new:   `	if x.cleanup == (runtime.Cleanup{}) && x.err == nil {`,
		guard: `^TestErrorThatACancelledAwaiterIsNotToldOfIsHeardInTime$`,
	},
	{
		name:  "missed-gathered",
		wrong: "what a cancelled gather has waited for counts as seen",
		file:  "gather.go",
		old:   `	if ok && !outcomes {`,
		new:   `	if g.Finished() {`,
		guard: `^TestErrorThatACancelledAwaiterIsNotToldOfIsHeard$`,
	},
	{
		name:  "request-asks",
		wrong: "a request on its way counts as having asked for the error of what it comes to",
		file:  "internal/engine/future.go",
		old: `	if !f.Claim() {
		return false
`,
		new: `	if !f.Claim() {
		if f.Finished() {
			_ = f.retrieve()
		}
		return false
`,
		guard: `^TestRequestOnItsWayHasNotAskedForAnError$`,
	},
	{
		name:  "group-unwound",
		wrong: "the errors in a group that is unwound are lost",
		file:  "taskgroup.go",
		old:   `	err := t.Peek() //`,
		new:   `	err := t.Outcome() //`,
		guard: `^TestErrorInAGroupThatIsUnwoundIsHeard$`,
	},
	{
		name:  "log-each",
		wrong: "each of many errors of a kind is logged",
		file:  "exceptionhandler.go",
		old:   `	if c.Err == nil || g.first(`,
		new:   `	if c.Err != nil || g.first(`,
		guard: `^TestManyErrorsAreFewLines$`,
	},
	{
		name:  "log-uncounted",
		wrong: "how many errors of a kind there were is not said",
		file:  "exceptionhandler.go",
		old: `	t.more++
`,
		guard: `^TestManyErrorsAreFewLines$`,
	},
	{
		name:  "join-clean-up-lost",
		wrong: "the error of a clean-up that was joined to the cancellation is lost",
		file:  "timeout.go",
		old:   `	case left == nil:`,
		new:   `	case left == nil || taken:`,
		guard: `^TestCleanUpErrorOfWhatAScopeHasStopped$`,
	},
	{
		name:  "join-still-cancelled",
		wrong: "what a timeout has stopped is a cancellation if an error was joined to that",
		file:  "timeout.go",
		old:   `		return fmt.Errorf("%w: %w", newExpiredError(err), left)`,
		new:   `		return fmt.Errorf("%w: %w", newExpiredError(err), err)`,
		guard: `^TestCleanUpErrorOfWhatAScopeHasStopped$`,
	},
	{
		name:  "join-in-group",
		wrong: "the error of a task that a group has stopped is a cancellation if that was joined to it",
		file:  "taskgroup.go",
		old:   `	if t.Cancelling() > 0 {`,
		new:   `	if t.Cancelling() < 0 {`,
		guard: `^TestCleanUpErrorOfWhatAScopeHasStopped$`,
	},
	{
		name:  "hand-after-group",
		wrong: "who is cancelled by hand in the turn in which its group fails is told of the group",
		file:  "taskgroup.go",
		old: `	case propagate != nil:
		propagate = bySomebodyElse(tg.parent, propagate, tg.requested)
`,
		guard: `^(TestCancelInTheTurnOfAScopesEndWins|TestCancelInTheTurnOfAGroupsFailureIsDeliveredAgain)$`,
	},
	{
		name:  "barrier-at-arrival",
		wrong: "parties of a barrier get their numbers when they come",
		file:  "barrier.go",
		old: `	b.count++
	return p
}

// complete lets those through who have come, and gives them their numbers.
func (b *Barrier) complete() {
	n := 0
	for p := b.first; p != nil; p = p.next {
		p.number = n
		n++
	}
`,
		new: `	p.number = b.count
	b.count++
	return p
}

func (b *Barrier) complete() {
`,
		guard: `^TestBarrierNumbersThoseWhoAreThere$`,
	},
	{
		name:  "refused-takes-number",
		wrong: "a task that is refused takes a number",
		file:  "internal/engine/create.go",
		old: `		t.refused(ErrLoopClosed)
`,
		new: `		t.count()
		t.refused(ErrLoopClosed)
`,
		guard: `^TestRefusedTaskTakesNoNumber$`,
	},
	{
		name:  "handle-cancelled-late",
		wrong: "a handle whose Cancel came too late does not say that it was cancelled",
		file:  "internal/engine/handle.go",
		old: `		h.state.CompareAndSwap(ran, late)
`,
		guard: `^TestHandleLetsGoOfTheCallback$`,
	},
}
