//go:build !bug

package account

import (
	"context"

	"github.com/asyncio-go/asyncio"
)

// Account holds money.
type Account struct {
	Balance int
	lock    asyncio.Lock // from the check to what was checked for
}

// Withdraw takes money out once that was approved.
func (a *Account) Withdraw(ctx context.Context, amount int) error {
	return a.lock.With(ctx, func() error {
		if a.Balance < amount {
			return ErrInsufficient
		}
		if err := approve(ctx, amount); err != nil {
			return err
		}
		a.Balance -= amount
		return nil
	})
}
