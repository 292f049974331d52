package main

import (
	"context"
	"iter"
	"strconv"
	"sync"
	"testing"

	"github.com/asyncio-go/asyncio"
)

// BenchmarkUncontended: a primitive that nobody else wants, taken and given back
// by a task; a sync.Mutex.
func BenchmarkUncontended(b *testing.B) {
	var lock asyncio.Lock
	var event asyncio.Event
	sem := asyncio.NewSemaphore(1)
	event.Set()
	queue := asyncio.NewQueue[int](0)
	for _, c := range []struct {
		name string
		op   func(ctx context.Context)
	}{
		{"lock", func(ctx context.Context) { _ = lock.Acquire(ctx); _ = lock.Release() }},
		{"semaphore", func(ctx context.Context) { _ = sem.Acquire(ctx); _ = sem.Release() }},
		{"event", func(ctx context.Context) { _ = event.Wait(ctx) }},
		{"queue", func(ctx context.Context) { _ = queue.Put(ctx, 1); _, _ = queue.Get(ctx) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			onLoop(b, func(ctx context.Context) {
				var mu sync.Mutex
				taken := 0
				versus(b, func(n int) {
					for range n {
						c.op(ctx)
					}
				}, func(n int) {
					for range n {
						mu.Lock()
						taken++
						mu.Unlock()
					}
				})
			})
		})
	}
}

// BenchmarkQueue: one producer and one consumer on the loop; two bare iter.Pull
// round trips an item.
func BenchmarkQueue(b *testing.B) {
	for _, size := range []int{1, 0} {
		b.Run("max="+strconv.Itoa(size), func(b *testing.B) {
			onLoop(b, func(ctx context.Context) {
				next, stop := iter.Pull(func(yield func(struct{}) bool) {
					for yield(struct{}{}) {
					}
				})
				defer stop()
				versus(b, func(n int) {
					q := asyncio.NewQueue[int](size)
					p := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
						for i := range n {
							if err := q.Put(ctx, i); err != nil {
								return err
							}
						}
						return nil
					}))
					for range n {
						_, _ = q.Get(ctx)
					}
					_, _ = p.Await(ctx)
				}, func(n int) {
					for range 2 * n {
						next()
					}
				})
			})
		})
	}
}

// BenchmarkQueueAcross: one producer and one consumer on goroutines; a channel of
// the same size.
func BenchmarkQueueAcross(b *testing.B) {
	for _, size := range []int{1, 100} {
		b.Run("max="+strconv.Itoa(size), func(b *testing.B) {
			ctx := context.Background()
			versus(b, func(n int) {
				q := asyncio.NewQueue[int](size)
				go func() {
					for i := range n {
						_ = q.Put(ctx, i)
					}
				}()
				for range n {
					_, _ = q.Get(ctx)
				}
			}, func(n int) {
				ch := make(chan int, size)
				go func() {
					for i := range n {
						ch <- i
					}
				}()
				for range n {
					<-ch
				}
			})
		})
	}
}
