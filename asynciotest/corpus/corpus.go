// Package corpus is classic bugs of asynchronous programs, each beside a twin in which it
// is fixed. It measures asynciotest: no bug shows in the loop's own order, every strategy
// has to find each, and no twin may be accused. The command asynciotest/cmd/bugs does so,
// and has written README.md.
//
// The programs are small but not bent to the test: state is changed where real code changes
// it, and there is an await where real code talks to a database, a peer or a file. What the
// two versions of a bug share is the scenario; what tells them apart is handed to it.
package corpus

import (
	"context"
	"errors"

	"github.com/asyncio-go/asyncio"
)

// Bug is a program in two versions.
type Bug struct {
	Name string
	What string // what goes wrong, in a sentence
	// Buggy returns an error, or comes to a verdict of asynciotest, in some order, but
	// never in the loop's own. Fixed does in none.
	Buggy, Fixed func(context.Context) error
	// Cancel is the Options.Cancel that the bug needs.
	Cancel int
	// Loop is the options for the loop.
	Loop []asyncio.Option
}

// Bugs is all of them.
var Bugs = []Bug{
	{
		Name: "check then act", What: "a seat is found free, paid for, and only then marked as taken",
		Buggy: seats(bookAfterPaying), Fixed: seats(bookBeforePaying),
	},
	{
		Name: "read, modify, write", What: "a balance is read before an await and written after it",
		Buggy: deposits(depositFromBefore), Fixed: deposits(depositAtOnce),
	},
	{
		Name: "ABA", What: "a free list is popped if its top is what it was, though all below has changed",
		Buggy: freeList(takeByTop), Fixed: freeList(takeByVersion),
	},
	{
		Name: "stale cache", What: "a value read before an invalidation is stored after it",
		Buggy: cached(fillAlways), Fixed: cached(fillIfCurrent),
	},
	{
		Name: "late answer", What: "the answer to an old query replaces that to a newer one",
		Buggy: searchAsYouType(showAny), Fixed: searchAsYouType(showLatest),
	},
	{
		Name: "lost wake-up", What: "between finding nothing and waiting there is an await, in which it comes",
		Buggy: mail(collectThenListen), Fixed: mail(listenThenCollect),
	},
	{
		Name: "event cleared late", What: "an event is cleared after the work, with what was set during it",
		Buggy: follow(applyThenClear), Fixed: follow(clearThenApply),
	},
	{
		Name: "condition without re-check", What: "who was notified takes what another has taken before it got the lock",
		Buggy: shelf(takeIf), Fixed: shelf(takeWhile),
	},
	{
		Name: "result dropped at timeout", What: "a job is handed over in the moment in which the wait for it times out",
		Buggy: handover(nextOrTimeout), Fixed: handover(nextAnyway),
	},
	{
		Name: "equal deadlines", What: "a peer is given up at the moment of the next sign of life",
		Buggy: keepAlive(period), Fixed: keepAlive(2 * period),
	},
	{
		Name: "dining philosophers", What: "all have their left fork and wait for the right one",
		Buggy: dinner(leftFirst), Fixed: dinner(lowerFirst),
	},
	{
		Name: "starvation", What: "a limiter that is polled lets the same client in again and again",
		Buggy: limited(enterByPolling), Fixed: limited(enterInLine),
	},
	{
		Name: "lock kept when cancelled", What: "an early return on a cancellation leaves the lock held",
		Buggy: journal(appendBare), Fixed: journal(appendWith), Cancel: 1,
	},
	{
		Name: "place given to the cancelled", What: "a place is handed to a waiter that is cancelled before it runs",
		Buggy: gated(enterOrForget), Fixed: gated(enterOrPassOn), Cancel: 1,
	},
	{
		Name: "half a transfer", What: "a cancellation comes between the writes to two places",
		Buggy: transfers(moveInTwo), Fixed: transfers(moveOrUndo), Cancel: 1,
	},
	{
		Name: "swallowed cancellation", What: "a worker takes its cancellation for a job that has failed",
		Buggy: stopWorker(skipFailures), Fixed: stopWorker(skipFailuresButCancellation),
	},
	{
		Name: "leaked child", What: "the slower of two requests is neither awaited nor cancelled",
		Buggy: hedged(takeFirst), Fixed: hedged(takeFirstCancelRest),
	},
	{
		Name: "queue shutdown", What: "a consumer looks whether there will be more, and waits just before there is not",
		Buggy: drainByFlag, Fixed: drainByShutdown,
	},
	{
		Name: "double close", What: "a connection counts as closed only when it has been flushed",
		Buggy: hangUp(closeAfterFlush), Fixed: hangUp(closeBeforeFlush),
	},
	{
		Name: "order of completion", What: "parts that goroutines load are put together as they come",
		Buggy: parts(joinAsCompleted), Fixed: parts(joinInOrder),
		// One at a time, they end in the order in which they were started.
		Loop: []asyncio.Option{asyncio.WithMaxThreads(1)},
	},
	{
		Name: "late subscriber", What: "a goroutine's result is published before somebody listens",
		Buggy: announce(hearNext), Fixed: announce(hearLast),
	},
}

type none = asyncio.None

type task = *asyncio.Task[none]

func spawn(ctx context.Context, name string, f func(ctx context.Context) error) task {
	return asyncio.CreateTask(ctx, asyncio.Void(f), asyncio.WithName(name))
}

// request stands for a message to a database or a peer, and the answer to it.
func request(ctx context.Context) error { return asyncio.Sleep(ctx, 0) }

// requests is several, each after the answer to the one before it.
func requests(ctx context.Context, n int) error {
	for range n {
		if err := request(ctx); err != nil {
			return err
		}
	}
	return nil
}

// together waits for all, and fails with the first that does.
func together(ctx context.Context, tasks ...task) error {
	_, err := asyncio.Gather(ctx, tasks...)
	return err
}

// settled waits for all, of which some may be cancelled.
func settled(ctx context.Context, tasks ...task) error {
	outcomes, err := asyncio.GatherAll(ctx, tasks...)
	for _, o := range outcomes {
		if err == nil && !errors.Is(o.Err, asyncio.ErrCancelled) {
			err = o.Err
		}
	}
	return err
}
