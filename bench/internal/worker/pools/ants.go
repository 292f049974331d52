package pools

import (
	"sync"

	"github.com/panjf2000/ants/v2"

	"github.com/asyncio-go/asyncio/bench/internal/worker/measure"
)

// Ants is github.com/panjf2000/ants. Its pool is made before the measured part.
var Ants = measure.Workloads{
	"spawn_await":  onAnts(measure.One),
	"spawn_gather": onAnts(measure.Each),
	"group":        onAnts(measure.Whole),
	"go_batch":     onAnts(measure.Each),
}

// antsWorkers is the size of most batches. With no limit they are slower.
const antsWorkers = 1000

// init stops the pool that comes with the package and that nobody uses here: its
// goroutines wake up now and then, also while the other peers are measured.
func init() { ants.Release() }

func onAnts(as func(measure.Batch) measure.Func) measure.Func {
	return func(m *measure.M) error {
		p, err := ants.NewPool(antsWorkers)
		if err != nil {
			return err
		}
		defer p.Release()
		return as(func(results []int) error {
			var wg sync.WaitGroup
			wg.Add(len(results))
			for i := range results {
				if err := p.Submit(func() {
					results[i] = 1
					wg.Done()
				}); err != nil {
					return err
				}
			}
			wg.Wait()
			return nil
		})(m)
	}
}
