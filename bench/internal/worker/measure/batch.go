package measure

// A Batch has work done at the same time for every place of results, sets each
// to 1, and returns when all of it is done.
type Batch func(results []int) error

// One measures batches of one; that is an operation.
func One(run Batch) Func {
	return func(m *M) error { return m.repeat(run, 1, 1) }
}

// Each measures batches of the workload's size. One operation is one place.
func Each(run Batch) Func {
	return func(m *M) error { return m.repeat(run, m.Size, m.Size) }
}

// Whole measures batches of the workload's size. One operation is a batch.
func Whole(run Batch) Func {
	return func(m *M) error { return m.repeat(run, m.Size, 1) }
}

// repeat runs batches of a size, which are so many operations each.
func (m *M) repeat(run Batch, size, ops int) error {
	rounds := m.Rounds(ops)
	results := make([]int, size)
	sum := 0
	m.Start()
	for range rounds {
		clear(results)
		if err := run(results); err != nil {
			return err
		}
		for _, v := range results {
			sum += v
		}
	}
	m.Stop(rounds * ops)
	return Equal(sum, rounds*size)
}
