//go:build bug

package account

import "context"

// Account holds money.
type Account struct {
	Balance int
}

// Withdraw takes money out once that was approved.
func (a *Account) Withdraw(ctx context.Context, amount int) error {
	if a.Balance < amount {
		return ErrInsufficient
	}
	if err := approve(ctx, amount); err != nil {
		return err
	}
	a.Balance -= amount
	return nil
}
