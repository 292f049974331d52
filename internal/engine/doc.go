// Package engine is the one scheduler: a ready queue, timers, the state machines
// of futures and tasks, cancellation, and the door through which other goroutines
// come in. It is not generic and knows nothing of the typed face above it.
//
// # Who may touch what
//
// A loop's state belongs to whoever owns the loop: the goroutine in [Loop.Run]
// and the coroutines it resumes, or, while nobody runs the loop, a goroutine that
// borrows it for the length of one operation. [Loop.owned] tells whether the
// caller is the owner. Every verb does its work at once for the owner; for anyone
// else it is posted to the inbox and done by the owner, in order of arrival, at
// the start of the next turn. Fields are grouped in the structs by this rule:
// "owner", "any goroutine" (atomic or under the named lock), "written once".
//
// # A turn
//
// A turn takes in the inbox, moves the timers that are due behind what is ready,
// and runs as many entries of the ready queue as there were at that moment. What
// those make ready waits for the next turn. This is CPython's order. Who runs
// next in one is told in baton.go.
package engine
