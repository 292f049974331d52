package pools

import (
	"github.com/alitto/pond/v2"

	"github.com/asyncio-go/asyncio/bench/internal/worker/measure"
)

// Pond is github.com/alitto/pond. Its pool is made before the measured part.
var Pond = measure.Workloads{
	"spawn_await":  onPond(pondOne, measure.One),
	"spawn_gather": onPond(pondGroup, measure.Each),
	"group":        onPond(pondGroup, measure.Whole),
	"go_batch":     onPond(pondGroup, measure.Each),
}

// pondWorkers is what its documentation has. With no limit batches are slower.
const pondWorkers = 100

func pondOne(p pond.Pool, results []int) error {
	return p.Submit(func() { results[0] = 1 }).Wait()
}

func pondGroup(p pond.Pool, results []int) error {
	g := p.NewGroup()
	for i := range results {
		g.Submit(func() { results[i] = 1 })
	}
	return g.Wait()
}

func onPond(run func(pond.Pool, []int) error, as func(measure.Batch) measure.Func) measure.Func {
	return func(m *measure.M) error {
		p := pond.NewPool(pondWorkers)
		defer p.StopAndWait()
		return as(func(results []int) error { return run(p, results) })(m)
	}
}
