// Package asynciotest tests programs that run on an event loop of package asyncio:
// exactly, at once, and in every order that they have to bear.
//
//	func TestTransfer(t *testing.T) {
//		asynciotest.Explore(t, asynciotest.Options{}, func(ctx context.Context) error {
//			...
//		})
//	}
//
// [Run] runs a function once, in the loop's own order; [Explore] runs it under many
// schedules, [Fuzz] under those that Go's fuzzer makes up. Check and Search are the first
// two without a test.
//
// # Time
//
// The clock starts at [Epoch] and stands still while anything can run. When nothing can,
// it jumps to the next timer, so a program that sleeps for a year ends at once. Go tasks
// (asyncio.Go) hold the clock while they are at work: the loop has started their goroutine
// or answered their await, and has not been told yet of their next await or their end. If
// all of them are seen blocked on channels or locks, and nobody is there who might end
// that from outside, the clock goes on, as in a bubble of testing/synctest. A
// goroutine that the program has started by itself does not hold it, since the loop does
// not know of it: what such a goroutine asks of the loop may come after a jump.
// [Settle] waits until everybody else waits, [Advance] lets time pass, and [Clock] is for
// code that is given a clock.
//
// # Verdicts
//
// A test fails not only by what the function returns:
//
//   - Deadlock: nothing can run any more, and no timer is set. The verdict names the circle
//     of tasks that wait for each other, or what all wait for in the end and who holds it,
//     and shows for each task what it waits for, where it was created and where it is.
//   - Stuck: the same, but somebody who is no task is part of it: a Go task that is blocked
//     in something else than an await, or a goroutine of the program's that the loop does
//     not know of and that might call in, but has not within -asyncio.limit (5 s) of real
//     time. It shows who. A Go task that computes, sleeps or does input and output is
//     never called stuck.
//   - Leak: when the function returns, a task is pending that nobody has cancelled, and
//     that does not end by itself before the clock moves; or a goroutine that the test has
//     started is left; or something was reported to the exception handler, such as an error
//     nobody has asked for, and with asyncio.WithDebug a task that nobody has awaited. With
//     asyncio.WithExceptionHandler the reports are the test's own affair.
//   - Endless, when exploring: a schedule has more than Options.MaxSteps steps.
//
// Whether a deadlock can be told at once depends on what else is there: goroutines of
// other asynciotest tests do not count, one that an older part of the program has left
// behind does, and so does a context of the standard library with a deadline that a task
// waits with; they make the verdict wait for the limit. In a bubble of testing/synctest the
// limit passes at once as well. Nobody can see what time.AfterFunc has set, or that two
// tests which run at one time wait for each other: such a test is called a deadlock.
//
// # Schedules
//
// Between two awaits a task has the loop for itself. Which of the tasks that can run goes
// on after an await is the loop's affair: it takes the one that was ready first, but a
// program must not depend on it, since a little more work here or a slower answer there
// makes it another. Explore tries others, but only such as asyncio does not rule out:
//
//   - Steps of tasks may come in any order: first steps, and steps after an await.
//   - Timers that are due, of timeouts for example, may be handled in any order, also
//     after steps of tasks; those of the same moment too. The clock moves only when
//     nothing can run.
//   - Other callbacks, of CallSoon and AddDoneCallback, run in the order in which they
//     became ready, and before whatever became ready after them.
//   - Locks, queues and the like serve first come, first served, as always.
//   - Go tasks run one at a time, each until its next await or its end; what it has asked
//     of the loop by then is done in that order, but each at any later moment. So the
//     ends of Go tasks come in any order. One that is blocked otherwise, on a channel for
//     example, is not waited for.
//   - A step that is ready is taken before a hundred others in a row that became ready
//     after it, so that programs which spin until something is so come to an end.
//
// With Options.Cancel a task may also be cancelled at any of its await points.
//
// A task that blocks the loop, on a channel for example, blocks the test as well, with no
// verdict but that of go test -timeout: such work belongs in a Go task.
//
// The function must do the same under the same schedule: no random numbers, no package
// time, no order of a map, and no goroutines but Go tasks; else the schedule that fails
// cannot be shrunk or run again. It runs once for each schedule, so it has to make anew
// all that it changes.
//
// The guide is docs/testing.md in the module.
package asynciotest
