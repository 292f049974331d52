package asyncio_test

import (
	"context"
	"testing"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestRefusedTaskTakesNoNumber(t *testing.T) {
	testutil.Succeed(t, func(ctx context.Context) error {
		first := asyncio.CreateTask(ctx, testutil.Noop)
		var over *asyncio.TaskGroup
		err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			over = tg
			return nil
		})
		refused := asyncio.CreateTask(over, testutil.Noop)
		testutil.ExpectIs(t, "the refused", refused.Err(), asyncio.ErrGroupClosed)
		next := asyncio.CreateTask(ctx, testutil.Noop)
		testutil.ExpectLines(t, []string{first.Name(), refused.Name(), next.Name()}, "Task-2", "refused task", "Task-3")
		asyncio.Gather(ctx, first, next)
		return err
	})
	late := asyncio.CreateTask(testutil.ClosedLoop(t).Context(), testutil.Noop)
	testutil.ExpectIs(t, "on a closed loop", late.Err(), asyncio.ErrLoopClosed)
	testutil.ExpectLines(t, []string{late.Name()}, "refused task")
}
