package order_test

import (
	"context"
	"testing"

	"github.com/asyncio-go/asyncio"
)

// group is a coroutine that is a group with a body, and has the name as its result.
func group(who string, body func(tg *asyncio.TaskGroup) error) coroutine {
	return func(ctx context.Context) (string, error) { return who, asyncio.WithTaskGroup(ctx, body) }
}

// leave is a coroutine that calls another, and adds how that was left.
func (tr *trace) leave(who string, c coroutine) coroutine {
	return func(ctx context.Context) (string, error) {
		_, err := c(ctx)
		return who, tr.left(who, err)
	}
}

func (tr *trace) cancelling(ctx context.Context, who string) {
	tr.Add("%s cancelling %d", who, asyncio.CurrentTask(ctx).Cancelling())
}

// In a story every task has the name that it gives.
func TestOrderOfTaskGroups(t *testing.T) {
	runScenarios(t, []script{
		{
			name: "names of children",
			want: []string{
				"yolo Task-2", "yolo runs", "yola runs", "main leaves",
			},
			main: func(ctx context.Context, tr *trace) error {
				child := func(ctx context.Context) (string, error) {
					tr.Add("%s runs", asyncio.CurrentTask(ctx).Name())
					tr.Sleep(ctx, 0)
					return "", nil
				}
				return tr.left("main", asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
					a, b := tr.named(tg, "yolo", child), tr.spawn(tg, child)
					tr.Add("%s %s", a.Name(), b.Name())
					b.SetName("yola")
					return nil
				}))
			},
		},
	})
}
