package order_test

import (
	"context"
	"testing"

	"github.com/asyncio-go/asyncio"
)

// napper is a coroutine that takes its naps whatever happens, and returns its name.
func (tr *trace) napper(who string, naps ...int) coroutine {
	return func(ctx context.Context) (string, error) {
		for _, ms := range naps {
			tr.Nap(ctx, who, ms)
		}
		return who, nil
	}
}

// state adds what is known of a task.
func (tr *trace) state(t *task) {
	tr.Add("cancelled %t cancelling %d", t.Cancelled(), t.Cancelling())
}

// In a story nobody can await itself.
func TestOrderWhereACancellationLands(t *testing.T) {
	runScenarios(t, []script{
		{
			name: "cancel oneself and await oneself",
			want: []string{
				"turn 1", "turn 2", "a gets cancelled(self)", "turn 3", "turn 4", "5ms a wakes",
				"5ms main gets a",
			},
			main: func(ctx context.Context, tr *trace) error {
				tr.Tick(4)
				var a *task
				a = asyncio.CreateTask(ctx, func(ctx context.Context) (string, error) {
					a.Cancel("self")
					tr.Get(ctx, "a", a)
					tr.Nap(ctx, "a", 5)
					return "a", nil
				})
				tr.Get(ctx, "main", a)
				tr.Sleep(ctx, 1)
				return nil
			},
		},
	})
}
