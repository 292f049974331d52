package main

import (
	"context"
	"fmt"
	"time"

	"github.com/asyncio-go/asyncio"
)

// fetcher asks a backend for many keys. It is an await point.
type fetcher func(ctx context.Context, keys []string) (map[string]string, error)

// batcher asks a backend for many keys at once instead of once for each: for all that are
// wanted within a few milliseconds. Only loop tasks touch it, one at a time: it has no lock.
type batcher struct {
	fetch          fetcher
	scope          context.Context // of the batches, which are nobody's own
	wait           time.Duration
	keys           []string                         // of the batch that fills
	batch          *asyncio.Task[map[string]string] // which it is
	asked, fetched int
}

// get is an await point.
func (b *batcher) get(ctx context.Context, key string) (string, error) {
	if b.batch == nil || b.batch.Done() {
		b.keys, b.batch = nil, asyncio.CreateTask(b.scope, b.fill)
	}
	b.asked++
	b.keys = append(b.keys, key)
	values, err := asyncio.Shield(ctx, b.batch) // who gives up does not cancel it for the others
	return values[key], err
}

// fill is the task of a batch.
func (b *batcher) fill(ctx context.Context) (map[string]string, error) {
	if err := asyncio.Sleep(ctx, b.wait); err != nil {
		return nil, err
	}
	keys := b.keys
	b.batch = nil // who comes from now on is the next one's
	b.fetched++
	return b.fetch(ctx, keys)
}

// tell is a task that says every second how it goes.
func (b *batcher) tell(ctx context.Context) error {
	for {
		if err := asyncio.Sleep(ctx, time.Second); err != nil {
			return err
		}
		fmt.Printf("%d questions, %d calls of the backend\n", b.asked, b.fetched)
	}
}
