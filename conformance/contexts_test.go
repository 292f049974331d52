package conformance_test

import (
	"context"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestContextsOfTasks(t *testing.T) {
	t.Run("each of two tasks keeps its own across a sleep", func(t *testing.T) {
		type precision struct{}
		quotient := func(ctx context.Context, x, y float64) string {
			digits, _ := ctx.Value(precision{}).(int)
			return strconv.FormatFloat(x/y, 'g', digits, 64)
		}
		fractions := func(d time.Duration, digits int, x, y float64) asyncio.Coroutine[[]string] {
			return func(ctx context.Context) ([]string, error) {
				ctx = context.WithValue(ctx, precision{}, digits)
				a := quotient(ctx, x, y)
				err := asyncio.Sleep(ctx, d)
				return []string{a, quotient(ctx, x, y*y)}, err
			}
		}
		testutil.Succeed(t, func(ctx context.Context) error {
			begin := asyncio.RunningLoop(ctx).Time()
			got, err := asyncio.Gather(ctx,
				asyncio.CreateTask(ctx, fractions(100*time.Millisecond, 3, 1, 3)),
				asyncio.CreateTask(ctx, fractions(200*time.Millisecond, 6, 1, 3)))
			testutil.ExpectLines(t, slices.Concat(got...), "0.333", "0.111", "0.333333", "0.111111")
			if d := elapsed(ctx, begin); d != 200*time.Millisecond {
				t.Errorf("took %v", d)
			}
			return err
		})
	})
}
