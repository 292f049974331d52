// Package account is the program of docs/testing.md: an account from which money is
// drawn after somebody else was asked. With the build tag bug it has the bug that the
// guide finds.
package account

import (
	"context"
	"errors"
	"time"

	"github.com/asyncio-go/asyncio"
)

// ErrInsufficient is returned by Withdraw if there is not enough.
var ErrInsufficient = errors.New("account: not enough money")

// approve asks the bank's fraud department, which takes a second.
func approve(ctx context.Context, amount int) error {
	_ = amount // they have never refused
	return asyncio.Sleep(ctx, time.Second)
}
