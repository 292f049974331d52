package main

// waitMutants are in what waits for several, or for some time.
var waitMutants = []mutant{
	{
		name:  "except-looks-into-groups",
		wrong: "Except is errors.Is",
		file:  "except.go",
		old:   `return !group, !found`,
		new:   `return !group || true, !found`,
		guard: `^TestExcept$`,
	},
	{
		name:  "done-chan-each-time",
		wrong: "each call of DoneChan makes a channel",
		file:  "internal/engine/donechan.go",
		old:   `	if c = d.of[key]; c != nil {`,
		new:   `	if c = d.of[key]; c != nil && false {`,
		guard: `^TestDoneChan$`,
	},
	{
		name:  "done-chan-kept",
		wrong: "the channel of a future that nobody has any more is kept",
		file:  "internal/engine/donechan.go",
		old:   `gone := runtime.AddCleanup(f, forgetDoneChan, key)`,
		new:   `gone := runtime.AddCleanup(f, func(int) {}, 0)`,
		guard: `^TestDoneChansAreForgotten$`,
	},
	{
		name:  "lifo-in-order",
		wrong: "a LifoQueue is a Queue in all",
		file:  "lifoqueue.go",
		old:   `items: &lifo[T]{}}`,
		new:   `items: &fifo[T]{}}`,
	},
	{
		name:  "wait-deadline-passed",
		wrong: "a Deadline of Wait that is now is none",
		file:  "wait.go",
		old:   `	if !o.Deadline.IsZero() {`,
		new:   `	if !o.Deadline.IsZero() && l.Since(o.Deadline) > l.Now() {`,
		guard: `^TestWaitDeadline$`,
	},
	{
		name:  "gather-first",
		wrong: "Gather returns when the first is done",
		file:  "gather.go",
		old:   `	case g.left > 0:`,
		new:   `	case g.left == len(g.each):`,
	},
	{
		name:  "gather-cancels-one",
		wrong: "Gather passes a cancellation on to one of them only",
		file:  "internal/engine/walk.go",
		old:   `	if g.next < len(j.Parts) {`,
		new:   `	if g.next < len(j.Parts) && !g.taken {`,
	},
	{
		name:  "gather-lets-go",
		wrong: "Gather does not pass a cancellation on",
		file:  "gather.go",
		old: `	g.Passes = true
`,
	},
	{
		name:  "gather-all-ignores",
		wrong: "GatherAll returns outcomes though it was cancelled",
		file:  "gather.go",
		old:   `	case g.Request() != nil:`,
		new:   `	case g.Request() != nil && !g.outcomes:`,
	},
	{
		name:  "gather-told-the-last",
		wrong: "Gather tells the last of several requests",
		file:  "internal/engine/walk.go",
		old:   `	first := j.request == nil`,
		new:   `	first := true`,
		guard: `^TestFirstRequestIsTold$`,
	},
	{
		name:  "circle-unfound",
		wrong: "an await that closes a circle through several tasks is begun",
		file:  "internal/engine/circle.go",
		old:   `	if found {`,
		new:   `	if found && f.kind == kindMembers {`,
	},
	{
		name:  "circle-of-group-unfound",
		wrong: "a group waits for tasks that wait for its parent",
		file:  "internal/engine/circle.go",
		old:   `	if found {`,
		new:   `	if found && f.kind != kindMembers {`,
	},
	{
		name:  "circle-of-some",
		wrong: "a wait for the first is refused for one of several that leads back",
		file:  "internal/engine/circle.go",
		old: `			n.needs = 1
`,
		new: ``,
	},
	{
		name:  "wait-cancelled-fails",
		wrong: "Wait for the first failure takes a cancelled one for that",
		file:  "wait.go",
		old:   `f.State() != engine.Failed {`,
		new:   `f.State() == engine.Succeeded {`,
	},
	{
		name:  "wait-cancels",
		wrong: "Wait cancels what is not done in time",
		file:  "wait.go",
		old: `			pending = append(pending, f)
`,
		new: `			pending = append(pending, f)
			f.core().Cancel(&engine.Request{Origin: engine.OriginTimeout})
`,
	},
	{
		name:  "as-completed-reversed",
		wrong: "AsCompleted yields the latest first",
		file:  "ascompleted.go",
		old:   `i, c.ended = c.ended[0], c.ended[1:]`,
		new:   `i, c.ended = c.ended[len(c.ended)-1], c.ended[:len(c.ended)-1]`,
	},
	{
		name:  "wait-for-leaves",
		wrong: "WaitFor leaves what it has waited for running",
		file:  "waitfor.go",
		old:   `v, err = aw.Await(ctx)`,
		new:   `v, err = Shield[A, T](ctx, aw)`,
	},
	{
		name:  "wait-for-no-time",
		wrong: "WaitFor without time does not wait for the end of what it cancels",
		file:  "waitfor.go",
		old:   `	return w.await(ctx)`,
		new: `	w.Loop().Do(w.end)
	return nil`,
	},
	{
		name:  "shield-passes-on",
		wrong: "Shield passes a cancellation on",
		file:  "shield.go",
		old:   `s.outer.Cancel(&engine.Request{}) // if it was a scope that ended the wait`,
		new:   `s.inner.Cancel(&engine.Request{})`,
	},
	{
		name:  "shield-forgets",
		wrong: "a cancelled Shield has seen the error of what it has left",
		file:  "shield.go",
		old: `	if !s.outer.Claim() {
`,
		new: `	if _ = s.inner.Outcome(); !s.outer.Claim() {
`,
	},
	{
		name:  "wait-looks-on",
		wrong: "a wait that is over goes on to watch, and to see errors",
		file:  "wait.go",
		old: `			w.letGo(i)
`,
	},
}
