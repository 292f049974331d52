package main

// queueMutants are in the queues.
var queueMutants = []mutant{
	{
		name:  "queue-wakes-two",
		wrong: "one item wakes two getters",
		file:  "queue.go",
		old: `	q.n++
	q.wakeGetter()
`,
		new: `	q.n++
	q.wakeGetter()
	q.wakeGetter()
`,
	},
	{
		name:  "queue-wakes-cancelled",
		wrong: "an item or room is announced to who was cancelled",
		file:  "waitqueue.go",
		old: `		if !w.ready() {
			m.wake(w)
			return w
		}
	}
	return nil
`,
		new: `		m.wake(w)
		return w
	}
	return nil
`,
	},
	{
		name:  "getter-cancelled-keeps",
		wrong: "an item announced to a getter that is cancelled then is announced to nobody else",
		file:  "queue.go",
		old:   `if w.woken && q.n > 0 {`,
		new:   `if w.promised && q.n > 0 {`,
	},
	{
		name:  "putter-cancelled-keeps",
		wrong: "room announced to a putter that is cancelled then is announced to nobody else",
		file:  "queue.go",
		old:   `if w.woken && !q.full() {`,
		new:   `if w.promised && !q.full() {`,
	},
	{
		name:  "shutdown-leaves-putters",
		wrong: "Shutdown does not wake who waits for room",
		file:  "queue.go",
		old: `	for q.putters.n > 0 {
		q.putters.popNext(&q.monitor)
	}
`,
		new: ``,
	},
	{
		name:  "shutdown-leaves-getters",
		wrong: "Shutdown does not wake who waits for an item",
		file:  "queue.go",
		old: `	q.wakeGetters()
	for q.putters`,
		new: `	for q.putters`,
	},
	{
		name:  "shutdown-not-joined",
		wrong: "items that Shutdown throws away are not done for Join",
		file:  "queue.go",
		old: `		q.unjoined = max(q.unjoined-q.left(), 0)
`,
		new: ``,
	},
	{
		name:  "join-early",
		wrong: "Join returns when one item is not done yet",
		file:  "queue.go",
		old: `	if q.unjoined == 0 {
		q.joiners`,
		new: `	if q.unjoined <= 1 {
		q.joiners`,
	},
	{
		name:  "queue-overfull",
		wrong: "a queue holds one more than its bound",
		file:  "queue.go",
		old:   `q.n+q.promisedRoom >= q.max`,
		new:   `q.n+q.promisedRoom > q.max`,
	},
	{
		name:  "priority-ties-reversed",
		wrong: "of equal items the last put comes first",
		file:  "priorityqueue.go",
		old:   `a.order < b.order`,
		new:   `a.order > b.order`,
	},
}
