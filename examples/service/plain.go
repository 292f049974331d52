package main

import (
	"context"
	"sync"
	"time"
)

// plainBatcher is batcher in plain Go, for comparison. Its fetch blocks.
type plainBatcher struct {
	fetch fetcher
	scope context.Context // of the batches, which are nobody's own
	wait  time.Duration

	mu    sync.Mutex
	batch *plainBatch // that fills
}

type plainBatch struct {
	keys   []string
	done   chan struct{} // closed when the rest is there
	values map[string]string
	err    error
}

// get may be called from any goroutine.
func (b *plainBatcher) get(ctx context.Context, key string) (string, error) {
	b.mu.Lock()
	if b.batch == nil {
		b.batch = &plainBatch{done: make(chan struct{})}
		time.AfterFunc(b.wait, b.fill)
	}
	batch := b.batch
	batch.keys = append(batch.keys, key)
	b.mu.Unlock()
	select {
	case <-batch.done:
		return batch.values[key], batch.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// fill is called when a batch has waited.
func (b *plainBatcher) fill() {
	b.mu.Lock()
	batch := b.batch
	b.batch = nil // who comes from now on is the next one's
	b.mu.Unlock()
	batch.values, batch.err = b.fetch(b.scope, batch.keys)
	close(batch.done)
}
