//go:build bug

package account

import (
	"context"
	"testing"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
)

// A transfer locks both accounts, in whichever order they are given.
func transfer(ctx context.Context, from, to *asyncio.Lock) error {
	return from.With(ctx, func() error {
		if err := approve(ctx, 10); err != nil {
			return err
		}
		return to.With(ctx, func() error { return nil })
	})
}

func TestTransfers(t *testing.T) {
	asynciotest.Run(t, func(ctx context.Context) error {
		var alice, bob asyncio.Lock
		return asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
			tg.CreateTask(func(ctx context.Context) error {
				return transfer(ctx, &alice, &bob)
			}, asyncio.WithName("rent"))
			tg.CreateTask(func(ctx context.Context) error {
				return transfer(ctx, &bob, &alice)
			}, asyncio.WithName("refund"))
			return nil
		})
	})
}
