package main

// lockMutants are in what waits in a line for its turn.
var lockMutants = []mutant{
	{
		name:  "lock-barging",
		wrong: "who comes to a free lock takes it before those who wait",
		file:  "lock.go",
		old:   `if l.locked || l.waiters.claimed() {`,
		new:   `if l.locked {`,
	},
	{
		name:  "lock-cancelled-keeps",
		wrong: "a lock that was free for one who is cancelled then is offered to nobody else",
		file:  "lock.go",
		old: `	if !l.locked {
		l.waiters.wakeHead(&l.monitor)
	}
`,
		new: ``,
	},
	{
		name:  "lock-passes-over",
		wrong: "a lock passes over the cancelled at once, not when they run",
		file:  "lock.go",
		old: `	l.locked, l.holder = false, nil
	l.waiters.wakeHead(&l.monitor)
`,
		new: `	l.locked, l.holder = false, nil
	l.waiters.wakeNext(&l.monitor)
`,
	},
	{
		name:  "lock-lifo",
		wrong: "a lock goes to who came last",
		file:  "waitqueue.go",
		old:   `if w := q.head; w != nil && !w.ready() {`,
		new:   `if w := q.tail; w != nil && !w.ready() {`,
	},
	{
		name:  "cancelled-woken",
		wrong: "of several cancelled in a line only the first is passed over",
		file:  "waitqueue.go",
		old:   `	for q.waiting != nil && q.waiting.ready() {`,
		new:   `	if q.waiting != nil && q.waiting.ready() {`,
	},
	{
		name:  "semaphore-barging",
		wrong: "who comes to a free place takes it before those who wait",
		file:  "semaphore.go",
		old:   `s.value == 0 || s.waiters.claimed()`,
		new:   `s.value == 0`,
	},
	{
		name:  "semaphore-cancelled-keeps",
		wrong: "the place of one who is cancelled after it was given is lost",
		file:  "semaphore.go",
		old: `	if w.woken {
		s.value += w.places() // it was given them
	}
`,
		new: ``,
	},
	{
		name:  "semaphore-wakes-two",
		wrong: "one place that is given back lets two in",
		file:  "semaphore.go",
		old: `	s.value -= w.places()
	return true
`,
		new: `	s.value -= int(w.more)
	return true
`,
	},
	{
		name:  "bounded-semaphore-unbounded",
		wrong: "a bounded semaphore allows one release too many",
		file:  "semaphore.go",
		old:   `s.value >= s.bound`,
		new:   `s.value > s.bound`,
	},
	{
		name:  "condition-not-passed-on",
		wrong: "the notification of one who is cancelled is lost",
		file:  "condition.go",
		old:   `passOn = err != nil`,
		new:   `passOn = false`,
	},
	{
		name:  "condition-swallows",
		wrong: "a cancellation while the lock is acquired again is lost",
		file:  "condition.go",
		old: `		err = again
`,
		new: ``,
	},
	{
		name:  "notify-more",
		wrong: "Notify wakes one more",
		file:  "condition.go",
		old:   `	c.waiters.wakeAll(&c.monitor, n)`,
		new:   `	c.waiters.wakeAll(&c.monitor, max(n, n+1))`,
	},
	{
		name:  "event-looks-again",
		wrong: "who was woken by an event waits again if that was cleared since",
		file:  "event.go",
		old: `	e.waiters.leave(w, err)
	e.unlock()
	return err
`,
		new: `	e.waiters.leave(w, err)
	again := err == nil && !e.set
	e.unlock()
	if again {
		return e.Wait(ctx)
	}
	return err
`,
	},
	{
		name:  "barrier-same-number",
		wrong: "a barrier gives two of a round one number",
		file:  "barrier.go",
		old:   `		p.number = n`,
		new:   `		p.number = max(n, 1)`,
	},
	{
		name:  "barrier-too-few",
		wrong: "a barrier lets through one too few",
		file:  "barrier.go",
		old:   `if b.count == b.parties {`,
		new:   `if b.count >= max(b.parties-1, 1) {`,
	},
	{
		name:  "barrier-early",
		wrong: "a new round begins before the last of the old one is out",
		file:  "barrier.go",
		old:   `if b.count--; b.count > 0 {`,
		new:   `if b.count--; b.count > 1 {`,
	},
	{
		name:  "barrier-not-broken",
		wrong: "who is inside when a barrier is reset gets through",
		file:  "barrier.go",
		old:   `	case b.state != draining:`,
		new:   `	case b.state == broken:`,
	},
}
