package account

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
)

// twoWithdrawals are a second apart, and there is money for one.
func twoWithdrawals(ctx context.Context) error {
	a := &Account{Balance: 100}
	first := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
		return a.Withdraw(ctx, 80)
	}), asyncio.WithName("first"))
	second := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
		if err := asyncio.Sleep(ctx, time.Second); err != nil {
			return err
		}
		return a.Withdraw(ctx, 80)
	}), asyncio.WithName("second"))
	for _, t := range []*asyncio.Task[asyncio.None]{first, second} {
		if _, err := t.Await(ctx); err != nil && !errors.Is(err, ErrInsufficient) {
			return err
		}
	}
	if a.Balance < 0 {
		return fmt.Errorf("the balance is %d", a.Balance)
	}
	return nil
}

func TestWithdraw(t *testing.T) {
	asynciotest.Run(t, twoWithdrawals)
}

func TestWithdrawInAnyOrder(t *testing.T) {
	asynciotest.Explore(t, asynciotest.Options{}, twoWithdrawals)
}
