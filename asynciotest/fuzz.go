package asynciotest

import (
	"testing"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// Fuzz is [Explore] with Go's fuzzer to choose the schedules: each byte of its input is
// a decision. It calls f.Fuzz. Options.Strategy, Schedules and Seed mean nothing here.
//
// Without -fuzz the test runs the loop's own order and what the corpus has.
func Fuzz[F Func](f *testing.F, o Options, fn F) {
	f.Helper()
	f.Add([]byte{})
	f.Add([]byte{1, 0, 1, 2, 3, 1, 1, 0, 2, 1})
	g, pkg := function(fn), packageOfTest()
	f.Fuzz(func(t *testing.T, schedule []byte) {
		s := newSearch(o, g)
		s.failed = t.Failed
		if *replay != "" {
			replayOn(t, s)
			return
		}
		s.o.Schedules, s.strategy = 1, &input{from: schedule}
		if r := s.run(); r.Failure != nil {
			t.Errorf("asynciotest: the schedule fails\n\n%s", r.Failure.full(command(t, pkg)))
		}
	})
}

// input is a schedule as the fuzzer gives it: 0 is the loop's own order, and so is what
// comes after its end.
type input struct{ from []byte }

func (b *input) begin() ([]departure, bool) { return nil, true }
func (b *input) end(*decider)               {}

func (b *input) pick(_ []engine.Step, n int) int {
	if len(b.from) == 0 {
		return 0
	}
	x := b.from[0]
	b.from = b.from[1:]
	return int(x) % n
}
