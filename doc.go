// Package asyncio is Python asyncio's Task model in Go: coroutines wrapped in
// tasks on an event loop, which can be created, awaited, cancelled, asked for
// their result and watched.
//
// # The model
//
// A coroutine is a function of a context that returns a value and an error. A
// [Task] runs one and is the handle to it. There are two kinds of task, under the
// same handle:
//
//   - Loop tasks, made by [CreateTask], run on one event loop. One runs at a time,
//     and another takes over only where the first awaits. What they share needs no
//     lock, and the order of events is the same in every run: CPython's.
//   - Go tasks, made by [Go], run on a goroutine of their own, in parallel, and may
//     block.
//
// The smallest program creates a task and awaits it:
//
//	func main() {
//		asyncio.Main(func(ctx context.Context) error {
//			hello := asyncio.CreateTask(ctx, asyncio.Delay(time.Second, "Hello"))
//			s, err := hello.Await(ctx)
//			fmt.Println(s)
//			return err
//		})
//	}
//
// [Main] is [Run] for a program, which it ends by Ctrl-C and with an error.
//
// # Await points
//
// An await point is a call at which the calling task may be suspended and at
// which a cancellation is delivered: [Task.Await], [Future.Await], [Sleep],
// [ToThread], and what waits for several tasks, for a lock or for a queue. The
// comment of each says so. Nothing else is one, so between two of them a loop task
// has the loop to itself. From a goroutine that is no loop task the same calls
// block. An await of what is done already, or of a lock that is free, returns at once
// and suspends nobody.
//
// # What a coroutine owes
//
//   - A loop task must not block: no channel receive, no time.Sleep, no network.
//     It would hold up every other task. What blocks belongs in [Go] or [ToThread];
//     for channels there are [Receive] and [Send].
//     Nor may it call runtime.LockOSThread.
//   - It awaits on the goroutine that it was called on: not in a goroutine that it
//     starts and waits for, nor in the sequence of an iter.Pull.
//   - It returns the error of an await that failed, after cleaning up. Clean-up may
//     await further.
//   - It passes on the ctx it was given, to awaits and to the standard library.
//
// # Cancellation
//
// [Task.Cancel] is a request. It is delivered once, as a [*CancelledError] from the
// await the task is in or comes to next. If that is the await of another task or
// future, the request is passed on to it: who must not do that waits with [Wait] or
// [Shield]. A task that was cancelled before its first step never runs: what it was
// handed, such as a connection, is closed by a done callback and not by a defer in it
// (but a loop that is closed calls no more: see [Task.AddDoneCallback]).
//
// The task may refuse: then it goes on, and its next await works as ever. Its ctx,
// though, ends at the first request and stays ended, as contexts do; clean-up that
// calls the standard library uses context.WithoutCancel(ctx). [WithShield] keeps further
// requests out of clean-up, for so long at the most.
//
// How a task has ended is told by the error its coroutine returned. A
// *CancelledError, also wrapped, means cancelled; so does context.Canceled from the
// standard library, if a request was made. Errors joined count as cancelled only
// if each of them is: a failure is not hidden by a cancellation.
//
// # Several tasks
//
// [WithTaskGroup] is the way to have tasks that belong together: it waits for all of
// them, and when one fails it cancels the others, unless the group is told to go on
// ([TaskGroup.Supervise]). tg.CreateTask(f) takes a function without a result,
// CreateTask(tg, c) a coroutine with one; [Start] waits until a task says that it is
// ready. [Map] is a group over the items of a slice.
//
// [Gather], [GatherAll], [Wait], [AsCompleted], [Race] and [FirstSuccess] wait for tasks, Go
// tasks and futures that somebody else has made. [Timeout] and [WaitFor] put an end to
// what takes too long, [Shield] keeps a cancellation away.
//
// [Lock], [RWLock], [Event], [Condition], [Semaphore], [Barrier] and [Queue] are first come,
// first served, for tasks and goroutines alike. [Receive] and [Send] wait for channels of Go's.
//
// # Names
//
// What asyncio calls async with is a function that takes the block as its body: [Timeout],
// [WithTaskGroup], [Lock.With]. A body returns an error; it cannot return from the function
// around it, nor break or continue a loop there: that is done behind the block, by what the
// body has returned. Functions With… that take a ctx and no body derive a context, as those of
// package context do; those without a ctx are options, as some without With are: [Eager],
// [Abandon], [PanicsCrash].
//
// A coroutine is a func(ctx) (T, error); where there is no result, groups, loops, runners,
// [Timeout] and [Main] take a func(ctx) error as it is, and [Void] adapts it for the rest. The
// body of a group is given the group, which is its context; that of a lock needs none, since
// the ctx around it is as good.
//
// # Scopes
//
// Where a function takes a scope, the ctx of a coroutine leads to its loop and
// nothing more: a task created with it is independent of its creator. A context
// that was derived with an end of its own, by context.WithTimeout,
// signal.NotifyContext, [WithCancel] or [WithTimeout], is more: its end cancels the
// tasks created in it, and interrupts the awaits that use it while what they
// awaited goes on. The error of such an await is the scope's cause. It is no
// cancellation of the task that awaits, and a coroutine that returns it has failed.
//
// The contexts that [Timeout] and [WithTaskGroup] give to their bodies end for the
// standard library when the time is over or the group is cancelled. On the loop both
// act by cancelling the task, as in asyncio: awaits with these contexts are not
// interrupted otherwise, and only a group binds the tasks that are created with it.
//
// An await may use the ctx of another task, as a closure does that has captured
// its creator's: then the cancellation of that task interrupts it too.
//
// # Nothing is lost
//
// A panic is the error of its task, with the stack; one that nobody awaits goes to the
// exception handler at once. So does an error within two seconds when its task was dropped, and
// after a minute ([WithUnheardAfter]) when the task is kept and nobody has asked. At the
// end of [Run] every task has been awaited, and no goroutine of the loop is left; those
// that do not end within the grace ([WithGrace]) are named by the error that Run returns,
// [ErrGraceExceeded].
//
// # When something is wrong
//
// [WithDebug] makes tasks remember where they were created and names those that nobody waits
// for; [WithWatchdog] tells, while a task holds up the loop, which one and where it is stuck.
// Tasks that wait for each other through locks are reported to the exception handler when
// nothing else is left to happen. [AllTasks] with [Task.Stack] shows what everybody waits for,
// and [Loop.Stuck] whether the loop answers: both also while a task holds it up.
// [WithObserver] is for metrics and tracing. While the end of [Run] waits for tasks, the log
// names them and where they are after a second, and again each time that has doubled.
//
// # Other goroutines
//
// Every function, and every method of every type, may be called from any
// goroutine, but that one goroutine at a time runs a loop. The loop does what
// they ask for in the order in which it arrives, at the start of its next turn; if
// that is thousands of things, of the turns after it too, so that timers come in between.
// With 65,536 waiting, who asks for more is held up for 100 microseconds each time.
// Methods that ask, like [Task.Done], answer at once.
//
// In a service the loop runs in the background ([Runner.Start]). Its handlers, on goroutines of
// net/http or gRPC, call what is on it with the context of [WithLoop], and
// [Runner.Shutdown] ends it.
//
// # Further
//
// The repository has a guide for those who know goroutines (docs/from-goroutines.md), which also
// says when to stay with them, and one for those who know asyncio (docs/from-asyncio.md); recipes
// for what is written again and again (docs/recipes.md), one to tests that are exact
// (docs/testing.md), programs (examples), how it works and where things are (ARCHITECTURE.md), and
// what a change brings along (CONTRIBUTING.md).
package asyncio
