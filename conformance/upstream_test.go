// The tests in this package's files named after CPython's own (tasks_test.go for
// test_tasks.py, and so on) check what those demand where no other test of the
// repository does. ledger.tsv has the list.
package conformance_test

import (
	"context"
	"time"

	"github.com/asyncio-go/asyncio"
)

// elapsed is the time on the clock of ctx's loop since begin.
func elapsed(ctx context.Context, begin time.Time) time.Duration {
	return asyncio.RunningLoop(ctx).Time().Sub(begin)
}
