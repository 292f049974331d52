package order_test

import (
	"context"
	"testing"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// A sequence has no place for an error, so the loop just ends. In CPython it raises the
// cancellation.
func TestTheCancellationComesAfterTheLoopOverAsCompleted(t *testing.T) {
	testutil.RunScenarios(t, []testutil.Scenario{{
		Name: "at the next await",
		Want: []string{
			"a sleeps", "b sleeps", "10ms a wakes", "10ms p has a", "20ms p is out of the loop",
			"20ms p gets cancelled(stop)", "20ms p cancelling 1", "20ms main gets cancelled(stop)",
			"30ms b wakes", "30ms main gets b",
		},
		Main: func(ctx context.Context, tr *testutil.Trace) error {
			a := asyncio.CreateTask(ctx, tr.Sleeper("a", 10))
			b := asyncio.CreateTask(ctx, tr.Sleeper("b", 30))
			p := asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
				for t := range asyncio.AsCompleted(ctx, []*asyncio.Task[string]{a, b}) {
					tr.Add("p has %s", testutil.Outcome(t.Result()))
				}
				tr.Add("p is out of the loop")
				err := asyncio.Sleep(ctx, testutil.Millis(5))
				tr.Add("p gets %s", testutil.Show(err))
				tr.Add("p cancelling %d", asyncio.CurrentTask(ctx).Cancelling())
				return "", err
			})
			tr.Sleep(ctx, 20)
			p.Cancel("stop")
			tr.Get(ctx, "main", p)
			tr.Get(ctx, "main", b)
			return nil
		},
	}})
}
