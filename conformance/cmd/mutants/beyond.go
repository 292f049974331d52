package main

// beyondMutants are in what asyncio has not: the first success, channels, supervised groups, a
// limit that changes, several places at once, a lock for readers and a writer.
var beyondMutants = []mutant{
	{
		name:  "first-success-first-end",
		wrong: "FirstSuccess gives up when the first has failed",
		file:  "wait.go",
		old:   `	if w.first != nil || w.left == 0 {`,
		new:   `	if w.first != nil || w.left >= 0 {`,
		guard: `^TestFirstSuccess$`,
	},
	{
		name:  "first-success-hides-panic",
		wrong: "a panic before the first success is not heard",
		file:  "wait.go",
		old:   `(w.heard || w.until == firstSuccess && w.left > 0) && !w.wasInVain(f)`,
		new:   `w.heard || w.until == firstSuccess && w.left > 0`,
		guard: `^TestFirstSuccess$`,
	},
	{
		name:  "first-success-cancelled-complains",
		wrong: "who waits for a success and is cancelled has not seen the errors before",
		file:  "wait.go",
		old:   `(w.heard || w.until == firstSuccess && w.left > 0) && !`,
		new:   `w.heard && !`,
		guard: `^TestFirstSuccess$`,
	},
	{
		name:  "first-success-loses-all",
		wrong: "if none has succeeded, and the caller is cancelled before it is told, nobody hears of the errors",
		file:  "wait.go",
		old:   `w.until == firstSuccess && w.left > 0)`,
		new:   `w.until == firstSuccess)`,
		guard: `^TestErrorThatACancelledAwaiterIsNotToldOfIsHeard$`,
	},
	{
		name:  "supervised-ends",
		wrong: "a failure in a supervised group cancels the others",
		file:  "taskgroup.go",
		old:   `!tg.supervised && !tg.aborting`,
		new:   `!tg.aborting`,
		guard: `^TestSupervise$`,
	},
	{
		name:  "supervised-closed",
		wrong: "the group is finished before it tells of the failure of its last task",
		file:  "taskgroup.go",
		old:   `		defer tg.oneLess() // it`,
		new:   `		tg.oneLess() // it`,
		guard: `^TestSupervise$`,
	},
	{
		name:  "start-fails-group",
		wrong: "a task that fails before it has started ends its group",
		file:  "start.go",
		old:   `	return ready.State() != engine.Succeeded`,
		new:   `	return ready.State() == engine.Pending`,
		guard: `^TestStart$`,
	},
	{
		name:  "start-leaves",
		wrong: "who is cancelled in Start leaves the task behind",
		file:  "start.go",
		old:   `		err = untilEnded(ctx, []*engine.Future{t.core()}, err)`,
		new:   `		err = untilEnded(ctx, nil, err)`,
		guard: `^TestStart$`,
	},
	{
		name:  "limit-lowered-early",
		wrong: "a place that gets free is handed out though the limit was lowered",
		file:  "grouplimit.go",
		old:   `	for s.free > 0 && s.wakeOne() {`,
		new:   `	for s.free > -1 && s.wakeOne() {`,
		guard: `^TestGroupLimitChanges$`,
	},
	{
		name:  "limit-late-uncounted",
		wrong: "tasks created before there was a limit do not count",
		file:  "grouplimit.go",
		old:   `&slots{free: -tg.tasks,`,
		new:   `&slots{`,
		guard: `^TestGroupLimitChanges$`,
	},
	{
		name:  "places-starve",
		wrong: "who waits for several places is passed by who wants one",
		file:  "semaphore.go",
		old:   `	if n > 0 && (s.value < n || s.waiters.claimed()) {`,
		new:   `	if n > 0 && s.value < n {`,
		guard: `^TestSemaphoreN$`,
	},
	{
		name:  "places-lost",
		wrong: "who is cancelled with several places gives one back",
		file:  "semaphore.go",
		old:   `		s.value += w.places() //`,
		new:   `		s.value++ //`,
		guard: `^TestSemaphoreN$`,
	},
	{
		name:  "rwlock-passes",
		wrong: "who reads passes who waits to write",
		file:  "rwlock.go",
		old:   `	if l.writing || l.waiters.first() != nil {`,
		new:   `	if l.writing {`,
		guard: `^TestRWLock$`,
	},
	{
		name:  "rwlock-stuck",
		wrong: "who was cancelled while it waited to write keeps out who reads",
		file:  "rwlock.go",
		old:   `	l.serve() // also if it was not its turn`,
		new: `	if !w.woken {
		return
	}
	l.serve() // also if it was not its turn`,
		guard: `^TestRWLock$`,
	},
	{
		name:  "channel-loses",
		wrong: "a value that comes when its receiver is cancelled is lost",
		file:  "channel.go",
		old: `	if recalled = true; !done {
`,
		new: `	if recalled = true; !done || err != nil {
`,
		guard: `^(TestReceive|TestChannelsLoseNothing)$`,
	},
	{
		name:  "channel-swallows",
		wrong: "a Receive that returns a value swallows the cancellation that came with it",
		file:  "channel.go",
		old: `		redeliver(ctx, err)
`,
		new: `		_ = redeliver
`,
		guard: `^TestChannelsAndTheVirtualClock$`,
	},
	{
		name:  "channel-clock-jumps",
		wrong: "the clock jumps before what was sent is seen",
		file:  "internal/engine/outpost.go",
		old:   `	l.eachOutpost((*Outpost).disarm)`,
		new: `	if l.busy > 0 {
		l.eachOutpost((*Outpost).disarm)
	}`,
		guard: `^TestChannelsAndTheVirtualClock$`,
	},
	{
		name:  "channel-no-meeting",
		wrong: "two tasks at a channel without a buffer do not meet",
		file:  "internal/engine/outpost.go",
		old:   `len(there) > 0 && o.who.Meet(`,
		new:   `len(there) > 1 && o.who.Meet(`,
		guard: `^TestChannelsAndTheVirtualClock$`,
	},
}
