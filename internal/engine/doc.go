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
// ARCHITECTURE.md has the rest: a turn, who runs next, where a context leads, what becomes
// of a request for cancellation, and which file is about what.
package engine
