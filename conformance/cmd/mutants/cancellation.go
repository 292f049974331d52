package main

// cancellationMutants are in how a task is told of a request.
var cancellationMutants = []mutant{
	{
		name:  "uncancel-keeps",
		wrong: "Uncancel does not drop a request that was not delivered yet",
		file:  "internal/engine/cancel.go",
		old: `	if t := (*Task)(u); t.Cancelling() == 0 {
		t.due = nil
		t.known().shield.Load().forget()
	}
`,
		new: ``,
	},
	{
		name:  "delivered-twice",
		wrong: "a request that came when the wait was over is delivered at the next await too",
		file:  "internal/engine/await.go",
		old: `	r := t.handOver()
	if f != nil`,
		new: `	r := t.due
	if f != nil`,
	},
	{
		name:  "not-passed-down",
		wrong: "a request is not passed on to the task that is awaited",
		file:  "internal/engine/walk.go",
		old: `	case f.kind == kindTask:
		return l.reach(f.task(), r)`,
		new: `	case f.kind == kindTask:
		return false`,
	},
	{
		name:  "result-wins",
		wrong: "a request that comes after the result, before the task has run, is lost",
		file:  "internal/engine/await.go",
		old:   `if f.State() == Cancelled || err`,
		new:   `if f.State() != Failed || err`,
	},
	{
		name:  "failure-wins",
		wrong: "a request that comes after a failure, before the task has run, is lost",
		file:  "internal/engine/await.go",
		old:   `err != nil && t.loop.Hooks.AsCancelled(err, nil) != nil {`,
		new:   `err != nil {`,
	},
	{
		name:  "woken-wins",
		wrong: "a request that comes after a lock or an item is delivered at the await after it",
		file:  "internal/engine/await.go",
		old: `	if t.due != nil {
		return t.cancelled(f)`,
		new: `	if t.due != nil && (f == nil || f.kind != kindWaiter) {
		return t.cancelled(f)`,
	},
	{
		name:  "message-lost",
		wrong: "who is cancelled in a lock or a queue does not get the message",
		file:  "internal/engine/waiter.go",
		old:   `f.err = f.loop.Hooks.Cancelled(r)`,
		new:   `f.err = f.loop.Hooks.Cancelled(&Request{Origin: r.Origin, By: r.By})`,
	},
	{
		name:  "message-first",
		wrong: "of two requests before the task runs, the first one's message is delivered",
		file:  "internal/engine/cancel.go",
		old: `	t.due = r
`,
		new: `	if t.due == nil {
		t.due = r
	}
`,
	},
	{
		name:  "body-runs",
		wrong: "a task that is cancelled before its first step runs up to its first await",
		file:  "internal/engine/task.go",
		old:   `	case t.phase == fresh && t.due != nil:`,
		new:   `	case t.phase == fresh && t.due != nil && t.thread:`,
	},
	{
		name:  "end-ignores",
		wrong: "a request that was not delivered before the end of the coroutine is lost",
		file:  "internal/engine/task.go",
		old:   `	case t.due != nil:`,
		new:   `	case t.due != nil && t.thread:`,
	},
	{
		name:  "redelivery-lost",
		wrong: "one request, which a group was to deliver again, is not",
		file:  "internal/engine/cancel.go",
		old:   `if t.Asked().Count > 0 &&`,
		new:   `if t.Asked().Count > 1 &&`,
	},
	{
		name:  "redelivers-the-very-first",
		wrong: "what a group delivers again is the first request ever, also if it was taken back",
		file:  "internal/engine/cancel.go",
		old:   `r := x.standing.Load();`,
		new:   `r := x.first.Load();`,
	},
}
