package main

// loopMutants are in the ready queue, the timers, and what runs when.
var loopMutants = []mutant{
	{
		name:  "ready-lifo",
		wrong: "the ready queue is a stack",
		file:  "internal/engine/ready.go",
		old: `	r.buf[(r.head+r.n)&(len(r.buf)-1)] = x
`,
		new: `	r.head = (r.head - 1) & (len(r.buf) - 1)
	r.buf[r.head] = x
`,
	},
	{
		name:  "wake-late",
		wrong: "who waits alone for a future is told a turn too late",
		file:  "internal/engine/future.go",
		old: `		f.listeners = nil
		l.wake(w)
`,
		new: `		f.listeners = nil
		l.ready.push(action(func() { l.wake(w) }))
`,
	},
	{
		name:  "wake-early",
		wrong: "a sleep ends a turn too early",
		file:  "internal/engine/turn.go",
		old: `			l.ready.push(t.fires)
`,
		new: `			if w, ok := t.fires.(*nap); ok {
				w.run(l)
				continue
			}
			l.ready.push(t.fires)
`,
	},
	{
		name:  "watch-early",
		wrong: "who begins to wait for what is done is told at once",
		file:  "internal/engine/watch.go",
		old: `	f.loop.addListener(f, w)
`,
		new: `	if f.Finished() {
		to.FutureDone(i)
		return
	}
	f.loop.addListener(f, w)
`,
	},
	{
		name:  "callbacks-reversed",
		wrong: "done callbacks run in reverse",
		file:  "internal/engine/listener.go",
		old: `for _, x := range s.list {
		if x`,
		new: `for _, x := range slices.Backward(s.list) {
		if x`,
	},
	{
		name:  "callbacks-at-once",
		wrong: "done callbacks run inside of what has completed the future",
		file:  "internal/engine/handle.go",
		old: `CompareAndSwap(armed, committed) {
		l.ready.push(h)
`,
		new: `CompareAndSwap(armed, committed) {
		h.run(l)
`,
	},
	{
		name:  "timers-reversed",
		wrong: "of timers with the same deadline the last fires first",
		file:  "internal/engine/timer.go",
		old:   `k.seq < o.seq`,
		new:   `k.seq > o.seq`,
	},
	{
		name:  "handle-not-cancelled",
		wrong: "a handle whose time has come cannot be cancelled before it has run",
		file:  "internal/engine/handle.go",
		old: `	if !h.drop() {
		h.state.CompareAndSwap(ran, late)
`,
		new: `	if h.state.Load() != armed {
`,
	},
	{
		name:  "eager-waits",
		wrong: "what a task starts eagerly starts on the next turn",
		file:  "internal/engine/create.go",
		old:   `	if !l.inRun {`,
		new:   `	if !l.inRun || l.current != nil {`,
	},
	{
		name:  "eager-not-current",
		wrong: "in its first step an eager task is not the current one",
		file:  "internal/engine/baton.go",
		old: `	l.to(f.task)
`,
		new: `	before := l.current
	if l.to(f.task); l.held.has(eager) {
		l.current = before
	}
`,
	},
	{
		name:  "eager-current-lost",
		wrong: "who has started an eager task is not the current one after that",
		file:  "internal/engine/baton.go",
		old: `		l.current = current
		if !before`,
		new: `		_ = current
		if !before`,
	},
	{
		name:  "shutdown-reversed",
		wrong: "the end of Run cancels what is left in reverse",
		file:  "ending.go",
		old: `	for _, t := range tasks {
		t.Cancel(`,
		new: `	for i := range tasks {
		t := tasks[len(tasks)-1-i]
		t.Cancel(`,
	},
	{
		name:  "shutdown-short",
		wrong: "the end of Run has two turns less",
		file:  "ending.go",
		old:   `	for range 2 {`,
		new:   `	for range 1 {`,
	},
	{
		name:  "error-not-reported",
		wrong: "an error that nobody has asked for is not reported when the loop is closed",
		file:  "internal/engine/hearing.go",
		old:   `	if x.retrieved.Swap(true) {`,
		new:   `	if x.retrieved.Swap(true) || l.closed.Load() {`,
	},
	{
		name:  "retrieved-reported",
		wrong: "an error is reported though it was asked for",
		file:  "internal/engine/future.go",
		old: `		x.heard()
		return x.err
`,
		new: `		return x.err
`,
	},
	{
		name:  "cancel-not-retrieved",
		wrong: "an error is reported though somebody has cancelled the task after it",
		file:  "awaitable.go",
		old: `		_ = f.Outcome() // as CPython: the caller has dealt with the error
`,
	},
}
