// Package goroutines is how the workloads are done with what Go has by itself:
// goroutines, channels, contexts and package sync.
package goroutines

import (
	"fmt"
	"sync"

	"github.com/asyncio-go/asyncio/bench/internal/worker/measure"
)

// Workloads returns what there is to do with goroutines. A run of an empty
// program and done callbacks are nothing here, and of a goroutine that has ended
// nothing is left.
func Workloads() measure.Workloads {
	return measure.Merge(spawning, switching, timing, threads, programs, memory)
}

// Hello runs one goroutine, which prints hello.
func Hello() error {
	var wg sync.WaitGroup
	wg.Go(func() { fmt.Println("hello") })
	wg.Wait()
	return nil
}

var spawning = measure.Workloads{
	"spawn_await":      measure.One(batch),
	"spawn_await_heap": measure.WithHeap(measure.One(batch)),
	"spawn_gather":     measure.Each(batch),
	"group":            measure.Whole(batch),
}

// batch starts a goroutine for each result and waits for all.
func batch(results []int) error {
	var wg sync.WaitGroup
	wg.Add(len(results))
	for i := range results {
		go func() {
			results[i] = 1
			wg.Done()
		}()
	}
	wg.Wait()
	return nil
}
