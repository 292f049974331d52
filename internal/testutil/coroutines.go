package testutil

import (
	"context"
	"errors"
	"time"

	"github.com/asyncio-go/asyncio"
)

// Forever sleeps for all time, which the virtual clock never reaches.
func Forever(ctx context.Context) error { return asyncio.Sleep(ctx, 1<<63-1) }

// Fail is a coroutine that fails.
func Fail(err error) asyncio.Coroutine[asyncio.None] {
	return asyncio.Void(func(context.Context) error { return err })
}

// Noop is a coroutine that returns at once.
func Noop(context.Context) (asyncio.None, error) { return asyncio.None{}, nil }

var ErrTest = errors.New("test error")

// Task groups and timeouts beyond what CPython's have, and as contexts. That they
// are CPython's is for the order tests.

func Sleepy(d time.Duration) asyncio.Coroutine[asyncio.None] {
	return asyncio.Void(func(ctx context.Context) error { return asyncio.Sleep(ctx, d) })
}

// Where a context of the standard library ends a wait, the wait is for what never
// comes: the virtual clock does not know that such an end is under way, and would
// jump ahead of it.

type Key struct{}
