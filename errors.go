package asyncio

import (
	"errors"
	"fmt"

	"github.com/asyncio-go/asyncio/internal/engine"
)

var (
	// ErrCancelled is what every *CancelledError is for errors.Is. Returning it
	// from a coroutine ends the task as cancelled. (asyncio.CancelledError)
	ErrCancelled error = &CancelledError{}

	// ErrTimeout is returned when a deadline on the loop's clock has passed. It is
	// context.DeadlineExceeded for errors.Is. (asyncio.TimeoutError)
	ErrTimeout = engine.ErrTimeout

	// ErrInvalidState is returned by Result and Err before the end, and by
	// SetResult and SetErr after it. (asyncio.InvalidStateError)
	ErrInvalidState = engine.ErrInvalidState

	// ErrLoopClosed is returned by whatever needs the loop after Close; tasks
	// created from then on come back failed with it. (RuntimeError: Event loop is closed)
	ErrLoopClosed = engine.ErrLoopClosed

	// ErrLoopRunning is returned by Run, RunForever, RunUntilComplete, Start and Close
	// while the loop runs, by Run when the caller is itself on a loop, where a task is to
	// be created instead, and by Shutdown in a task of the loop that it is to end. (the RuntimeError of
	// asyncio.run and of loop.run_forever)
	ErrLoopRunning = engine.ErrLoopRunning

	// ErrLoopStopped is returned by Run and RunUntilComplete when Stop came before
	// the end of what they ran. (the RuntimeError of loop.run_until_complete)
	ErrLoopStopped = errors.New("asyncio: event loop was stopped before the task was done")

	// ErrGraceExceeded is returned by Run, RunOn, Runner.Close and Shutdown when tasks that were
	// asked to end have not ended within the grace: see [WithGrace]. The text names them, says
	// where they are and what they wait for. What main has returned is joined to it. (not in
	// asyncio, which waits for ever)
	ErrGraceExceeded = errors.New("asyncio: not all ended within the grace")

	// ErrThreadLocked is returned by RunOn, RunForever, RunUntilComplete, Start, Close and Shutdown when
	// tasks wait on the loop that can only go on on a goroutine which is locked to its
	// thread (runtime.LockOSThread) as the one was that has run the loop before. Call
	// them on that goroutine, or lock none while the loop has tasks. (not in asyncio)
	ErrThreadLocked = engine.ErrThreadLocked

	// ErrDeadlock is returned by an await that would close a circle, and so never end: of
	// oneself, or of tasks that wait, directly or not, for the caller, by whatever
	// combinator, in a group, on whichever loops. The text names the tasks. A wait that
	// ends by itself, or by one of several that can still end, closes no circle; nor do
	// futures, locks and queues, which anybody may complete. Who waits for the end of a group
	// cannot leave it: there the tasks of the group that wait for it are told instead.
	ErrDeadlock = engine.ErrDeadlock

	// ErrNotInTask is returned by an await in a callback, which would block the
	// loop. Create a task in the callback instead.
	ErrNotInTask = engine.ErrNotInTask

	// ErrNotAcquired is returned by Release of what is not held, or not by anybody
	// any more, and by Wait and Notify of a Condition whose lock is free. (the
	// RuntimeError, or ValueError, of those methods)
	ErrNotAcquired = errors.New("asyncio: not acquired: call Acquire first, and Release once for each")

	// ErrBrokenBarrier is returned by Barrier.Wait when the barrier was aborted, or
	// reset while the caller waited. (asyncio.BrokenBarrierError)
	ErrBrokenBarrier = errors.New("asyncio: barrier is broken")

	// ErrQueueEmpty is returned by GetNoWait of a queue without items.
	// (asyncio.QueueEmpty)
	ErrQueueEmpty = errors.New("asyncio: queue is empty")

	// ErrQueueFull is returned by PutNoWait of a queue that has its maximum.
	// (asyncio.QueueFull)
	ErrQueueFull = errors.New("asyncio: queue is full")

	// ErrQueueShutDown is returned by Put after Shutdown, and by Get once the items
	// that were left are gone. (asyncio.QueueShutDown)
	ErrQueueShutDown = errors.New("asyncio: queue is shut down")

	// ErrChannelClosed is returned by Receive from a channel that is closed and empty.
	// (not in asyncio)
	ErrChannelClosed = errors.New("asyncio: channel is closed")

	// ErrNotStarted is returned by Start if the task has ended well without a call of started.
	// (not in asyncio)
	ErrNotStarted = errors.New("asyncio: the task has ended and did not call started: call it when it is ready")

	// ErrGroupClosed is the error of a task created in a group that is finished, or
	// is cancelling its tasks. (the RuntimeError of TaskGroup.create_task)
	ErrGroupClosed = errors.New("asyncio: task group takes no more tasks")

	// ErrGoexit is the error of a task that called runtime.Goexit, as t.FailNow
	// does. Of a Go task that is all; a loop task's Goexit ends Run as well, and the
	// other tasks are cancelled. (not in asyncio, where SystemExit comes closest)
	ErrGoexit = engine.ErrGoexit
)

var errDoneAlready = fmt.Errorf("%w: done already", ErrInvalidState)
