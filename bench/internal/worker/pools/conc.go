package pools

import (
	"github.com/sourcegraph/conc"

	"github.com/asyncio-go/asyncio/bench/internal/worker/measure"
)

// Conc is github.com/sourcegraph/conc: its WaitGroup, which takes less than any
// of its pools.
var Conc = measure.Workloads{
	"spawn_await":  measure.One(concBatch),
	"spawn_gather": measure.Each(concBatch),
	"group":        measure.Whole(concBatch),
	"go_batch":     measure.Each(concBatch),
}

func concBatch(results []int) error {
	var wg conc.WaitGroup
	for i := range results {
		wg.Go(func() { results[i] = 1 })
	}
	wg.Wait()
	return nil
}
