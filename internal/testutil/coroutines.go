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

// ErrTest is the error of what fails in a test.
var ErrTest = errors.New("test error")

// Sleepy is a coroutine that sleeps.
func Sleepy(d time.Duration) asyncio.Coroutine[asyncio.None] {
	return asyncio.Void(func(ctx context.Context) error { return asyncio.Sleep(ctx, d) })
}

// Key is that of a value which a test puts into a context.
type Key struct{}
