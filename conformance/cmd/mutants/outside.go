package main

// outsideMutants are in who runs what where, in what many of something cost, and in what is printed.
var outsideMutants = []mutant{
	{
		name:  "unwound-in-line",
		wrong: "who is unwound after its wait was interrupted stays in the queue",
		file:  "internal/engine/fiber.go",
		old: `		queue = b.queue
`,
		guard: `^TestWhoIsUnwoundHasLeftTheLine$`,
	},
	{
		name:  "unwound-owes",
		wrong: "an unwound Condition.Wait leaves its lock to nobody",
		file:  "condition.go",
		old: `		if !held {
`,
		new: `		if held {
`,
		guard: `^TestLockOwedByAConditionIsNotWaitedFor$`,
	},
	{
		name:  "locked-close",
		wrong: "a goroutine that is locked to its thread closes a loop itself",
		file:  "internal/engine/close.go",
		old:   `	l.Apart(func() { err = l.close() })`,
		new:   `	err = l.close()`,
		guard: `^TestThreadLocksNeverEndTheProcess$`,
	},
	{
		name:  "locked-run",
		wrong: "a goroutine that is locked to its thread goes on with tasks of others",
		file:  "internal/engine/turn.go",
		old:   `	if !l.mayResume() {`,
		new:   `	if !l.mayResume() && l.observed {`,
		guard: `^TestThreadLocksNeverEndTheProcess$`,
	},
	{
		name:  "locked-stack",
		wrong: "a goroutine that is locked to its thread asks a task for its stack",
		file:  "internal/engine/stack.go",
		old:   `		t.loop.stranded, !t.loop.inRun && !t.loop.closed.Load() && !t.loop.mayResume():`,
		new:   `		t.loop.stranded:`,
		guard: `^TestThreadLocksNeverEndTheProcess$`,
	},
	{
		name:  "step-torn",
		wrong: "while a step asks another loop, what others have sent is done in it",
		file:  "internal/engine/question.go",
		old: `		l.answer(a.verb)
`,
		new: `		l.drain(mostAtOnce)
`,
		guard: `^TestStepIsAtomicWhileItAsksAnotherLoop$`,
	},
	{
		name:  "stuck-silent",
		wrong: "questions wait for a loop that is stuck",
		file:  "internal/engine/question.go",
		old: `	if !a.verb {
		timer`,
		new: `	if !a.verb && l.observed {
		timer`,
		guard: `^TestStuckLoopAnswersFromOutside$`,
	},
	{
		name:  "stuck-unnamed",
		wrong: "who holds up a loop is not named",
		file:  "stuck.go",
		old:   `			if h.Task != nil {`,
		new:   `			if h.Task != nil && len(h.Stack) == 0 {`,
		guard: `^TestStuckNamesWhoHoldsTheLoop$`,
	},
	{
		name:  "closed-timeout",
		wrong: "a timeout on a closed loop calls its body",
		file:  "timeout.go",
		old:   `	if loop.Closed() {`,
		new:   `	if loop.Closed() && due == engine.Never {`,
		guard: `^TestContextOfAClosedLoopIsOver$`,
	},
	{
		name:  "closed-scope",
		wrong: "a scope of a closed loop is not over",
		file:  "internal/engine/scope.go",
		old: `	if s.loop.closed.Load() {
		s.loop.deliver(s, loopClosed())
		return
	}
`,
		guard: `^TestContextOfAClosedLoopIsOver$`,
	},
	{
		name:  "closed-deadlines",
		wrong: "deadlines that are still to come stay when the loop is closed",
		file:  "internal/engine/close.go",
		old: `		x.LoopClosed()
`,
		new: `		_ = x
`,
		guard: `^TestDeadlinesEndWithTheLoop$`,
	},
	{
		name:  "hostile-error",
		wrong: "an error whose methods panic ends more than its task",
		file:  "internal/errwalk/errwalk.go",
		old: `		if recover() != nil {
			whole = false
		}
	}()
	type layer`,
		new: `		if whole && recover() != nil {
			whole = false
		}
	}()
	type layer`,
		guard: `^TestErrorsThatAreNoGoodAreErrors$`,
	},
	{
		name:  "less-locks",
		wrong: "a priority queue whose less has panicked stays locked",
		file:  "queue.go",
		old: `	defer q.unlock() // less may panic
	return q.get()`,
		new: `	v, err = q.get()
	q.unlock()
	return v, err`,
		guard: `^(TestPanickingLessTakesNothingWithIt|TestPanickingLessPassesItsTurnOn)$`,
	},
	{
		name:  "zero-queue",
		wrong: "the zero Queue panics",
		file:  "queue.go",
		old: `	if q.items == nil {
		q.items = &fifo[T]{} // of the zero Queue`,
		new: `	if q.items == nil && q.max > 0 {
		q.items = &fifo[T]{} // of the zero Queue`,
		guard: `^TestZeroValuesWork$`,
	},
	{
		name:  "end-open",
		wrong: "the end of Run takes tasks from everybody",
		file:  "internal/engine/create.go",
		old:   `	case !l.leaving.Load() || creator != nil && !creator.Finished():`,
		new:   `	case l.leaving.Load() || creator != nil && !creator.Finished():`,
		guard: `^TestEndOfRunIsReachedHoweverManyCallIn$`,
	},
	{
		name:  "end-of-rounds",
		wrong: "the end of Run asks Go tasks when no loop task is left, though they make new ones",
		file:  "ending.go",
		old:   `round >= mostRounds &&`,
		new:   `round >= mostRounds<<20 &&`,
		guard: `^TestEndDoesNotGoInRoundsForAGoTask$`,
	},
	{
		name:  "table-full",
		wrong: "the table of who runs where does not grow",
		file:  "internal/coro/table.go",
		old:   `	if int(k.n.Load()) >= len(k.buckets) {`,
		new:   `	if len(k.buckets) == 0 {`,
		guard: `^TestLookingUpDoesNotDependOnHowMany$`,
	},
	{
		name:  "leaving-searches",
		wrong: "who gives up a future is searched for among all who wait for it",
		file:  "internal/engine/listener.go",
		old:   `	const short = 16`,
		new:   `	const short = 1 << 30`,
		guard: `^TestLeavingIsLinear$`,
	},
	{
		name:  "leaving-leaves-places",
		wrong: "places of those who have given up a future are kept",
		file:  "internal/engine/listener.go",
		old:   `s.left > len(s.list)/2`,
		new:   `s.left == len(s.list)`,
		guard: `^TestLeavingIsLinear$`,
	},
	{
		name:  "dump-of-any-size",
		wrong: "the world stands still for as long as a dump of all goroutines takes",
		file:  "internal/coro/stack.go",
		old:   `	if cost > mostDump || pays`,
		new:   `	if pays`,
		guard: `^TestTooManyGoroutinesAreNotDumped$`,
	},
	{
		name:  "dump-unpaid",
		wrong: "looking at all goroutines takes ten per cent of the time",
		file:  "internal/coro/stack.go",
		old:   `p.left+d/100`,
		new:   `p.left+d/10`,
		guard: `^TestLookingAtAllGoroutinesIsRateLimited$`,
	},
	{
		name:  "ancestors-are-frames",
		wrong: "what GODEBUG=tracebackancestors adds counts as frames",
		file:  "internal/coro/stack.go",
		old:   ` && !strings.HasPrefix(lines[i], "[originating from ")`,
		guard: `^TestStackIsThatOfTheGoroutineAlone$`,
	},
	{
		name:  "debug-leaks",
		wrong: "each SetDebug leaves something behind for an hour",
		file:  "internal/engine/observe.go",
		old: `			l.halt = halt
`,
		new: `			l.halt = halt
			_ = time.AfterFunc(time.Hour, func() { _ = halt })
`,
		guard: `^TestSettingDebugModeLeavesNothingBehind$`,
	},
	{
		name:  "handle-keeps",
		wrong: "a handle that has run keeps its callback",
		file:  "internal/engine/handle.go",
		old: `			h.fn = nil // what it has captured must not outlive it
`,
		guard: `^TestHandleLetsGoOfTheCallback$`,
	},
	{
		name:  "child-keeps-creator",
		wrong: "a task that was created with a value keeps its creator",
		file:  "internal/engine/create.go",
		old: `		ctx = valuesOf(ctx, at.task)
`,
		new: `		_ = valuesOf(ctx, at.task)
`,
		guard: `^TestChildHasItsCreatorsValuesAndNotItsCreator$`,
	},
	{
		name:  "string-waits",
		wrong: "String waits for the step of another goroutine",
		file:  "internal/engine/print.go",
		old:   ` || !l.idleNow() {`,
		new:   ` {`,
		guard: `^TestStringDoesNotWaitForTheLoop$`,
	},
	{
		name:  "panic-page",
		wrong: "the text of a panic has its stack",
		file:  "panic.go",
		old:   `return "asyncio: panic: " + e.text() }`,
		new:   `return "asyncio: panic: " + e.text() + string(e.Stack) }`,
		guard: `^TestPanicErrorIsOneLine$`,
	},
	{
		name:  "group-anonymous",
		wrong: "the error of a group does not say which task has failed",
		file:  "grouperror.go",
		old: `			all[i] = t
`,
		new: `			_ = t
`,
		guard: `^TestGroupErrorSaysWhichTasksFailed$`,
	},
	{
		name:  "lines-of-the-library",
		wrong: "a report shows lines of the library",
		file:  "internal/engine/stack.go",
		old:   `		if f.Function == "" || ofLibrary(f) {`,
		new:   `		if f.Function == "" {`,
		guard: `^TestReportsShowTheUsersLines$`,
	},
	{
		name:  "destroyed-unsaid",
		wrong: "a report of a task that was destroyed does not say that it was cancelled and went on",
		file:  "internal/engine/close.go",
		old:   `	return ": it was cancelled, and went on"`,
		new:   `	return ""`,
		guard: `^TestDestroyedTaskSaysWhetherItWasCancelled$`,
	},
	{
		name:  "no-room",
		wrong: "other goroutines call in as fast as they can, however much waits",
		file:  "internal/engine/inbox.go",
		old:   `			if waiting > crowd {`,
		new:   `			if false {`,
		guard: `^TestWhoCallsInFasterThanTheLoopLetsItGoFirst$`,
	},
}
