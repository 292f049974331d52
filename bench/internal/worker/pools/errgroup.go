// Package pools is how the workloads are done with libraries that run functions
// on goroutines and wait for them. They have only these workloads in common with
// tasks.
package pools

import (
	"golang.org/x/sync/errgroup"

	"github.com/asyncio-go/asyncio/bench/internal/worker/measure"
)

// Errgroup is golang.org/x/sync/errgroup, without a limit.
var Errgroup = measure.Workloads{
	"spawn_await":  measure.One(errgroupBatch),
	"spawn_gather": measure.Each(errgroupBatch),
	"group":        measure.Whole(errgroupBatch),
	"go_batch":     measure.Each(errgroupBatch),
}

func errgroupBatch(results []int) error {
	var g errgroup.Group
	for i := range results {
		g.Go(func() error {
			results[i] = 1
			return nil
		})
	}
	return g.Wait()
}
