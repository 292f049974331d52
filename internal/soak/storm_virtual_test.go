package soak

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/asyncio-go/asyncio"
)

func virtual(s *strike) {
	seed := uint64(s.n(1 << 30))
	s.step("a program on a virtual clock")
	first := s.program(seed)
	s.step("the same again")
	second := s.program(seed)
	if !slices.Equal(first, second) {
		i := 0
		for i < min(len(first), len(second)) && first[i] == second[i] {
			i++
		}
		s.faultf("the same program went two ways from event %d of %d and %d: %q and %q", i, len(first), len(second),
			first[i:min(i+3, len(first))], second[i:min(i+3, len(second))])
	}
}

// program runs a program made of seed and returns what happened, with when.
func (s *strike) program(seed uint64) (trace []string) {
	dice := rand.New(rand.NewPCG(seed, 2))
	err := s.run(func(ctx context.Context) error {
		l := asyncio.RunningLoop(ctx)
		began := l.Time()
		say := func(format string, args ...any) {
			trace = append(trace, fmt.Sprintf("%v ", l.Time().Sub(began))+fmt.Sprintf(format, args...))
		}
		q := asyncio.NewQueue[int](2)
		var lock asyncio.Lock
		var tasks []*asyncio.Task[int]
		for i := range 10 {
			tasks = append(tasks, asyncio.CreateTask(ctx, func(ctx context.Context) (int, error) {
				for range 10 {
					d := time.Duration(dice.IntN(5)) * time.Hour
					var err error
					switch dice.IntN(7) {
					case 0:
						err = asyncio.Sleep(ctx, d)
					case 1:
						err = asyncio.Timeout(ctx, d, func(ctx context.Context) error { return q.Put(ctx, i) })
					case 2:
						scope, cancel := asyncio.WithTimeout(ctx, d)
						_, err = q.Get(scope)
						cancel()
					case 3:
						err = lock.With(ctx, func() error { return asyncio.Sleep(ctx, d) })
					case 4:
						other := dice.IntN(10)
						say("%d cancels %d: %v", i, other, tasks[other].Cancel("go"))
					case 5:
						_, err = asyncio.Shield(ctx, asyncio.CreateTask(ctx, asyncio.Delay(d, 1)))
					default:
						_, err = asyncio.WaitFor(ctx, asyncio.CreateTask(ctx, asyncio.Delay(d, 1)), 2*time.Hour)
					}
					say("%d %v", i, err)
				}
				return i, nil
			}))
		}
		_, err := asyncio.GatherAll(ctx, tasks...)
		return err
	}, asyncio.WithVirtualClock())
	s.check(err == nil, "Run: %v", err)
	return trace
}
