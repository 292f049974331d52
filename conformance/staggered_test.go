package conformance_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// CPython has the staggered race in a module of its own, for connections. The library
// has none. Here one is built, to see that what it is made of fits together.
func TestStaggeredRace(t *testing.T) {
	errValue := errors.New("value")
	win := func(v string) asyncio.Coroutine[string] {
		return func(context.Context) (string, error) { return v, nil }
	}
	lose := func(context.Context) (string, error) { return "", errValue }
	for _, c := range []struct {
		name   string
		delay  time.Duration
		coros  []asyncio.Coroutine[string]
		winner string
		index  int
		errs   []error
		took   time.Duration
	}{
		{
			name:  "of nobody has no winner",
			index: -1,
		},
		{
			name:   "the first wins and the second never starts",
			coros:  []asyncio.Coroutine[string]{win("Res: 0"), win("Res: 1")},
			winner: "Res: 0", index: 0,
			errs: []error{nil},
		},
		{
			name:   "the first fails and the second wins",
			coros:  []asyncio.Coroutine[string]{lose, win("Res: 1")},
			winner: "Res: 1", index: 1,
			errs: []error{errValue, nil},
		},
		{
			name:   "the first is late and the second wins",
			delay:  100 * time.Millisecond,
			coros:  []asyncio.Coroutine[string]{asyncio.Delay(10*time.Second, "Res: 0"), win("Res: 1")},
			winner: "Res: 1", index: 1,
			errs: []error{asyncio.ErrCancelled, nil},
			took: 100 * time.Millisecond,
		},
		{
			name:  "all fail and the race does not",
			coros: []asyncio.Coroutine[string]{lose, lose},
			index: -1,
			errs:  []error{errValue, errValue},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			testutil.Succeed(t, func(ctx context.Context) error {
				begin := asyncio.RunningLoop(ctx).Time()
				winner, index, errs, err := staggeredRace(ctx, c.delay, c.coros)
				if winner != c.winner || index != c.index || len(errs) != len(c.errs) {
					t.Errorf("%q of %d, errors %v", winner, index, errs)
					return err
				}
				for i, e := range errs {
					if !errors.Is(e, c.errs[i]) {
						t.Errorf("error %d is %v, want %v", i, e, c.errs[i])
					}
				}
				if d := elapsed(ctx, begin); d != c.took {
					t.Errorf("took %v, want %v", d, c.took)
				}
				return err
			})
		})
	}
}

// staggeredRace starts each coroutine when the one before has failed, or after the
// delay if there is one. The first that succeeds wins, and the others are cancelled.
// Of those that were started it returns the errors.
func staggeredRace(ctx context.Context, delay time.Duration, coros []asyncio.Coroutine[string]) (
	winner string, index int, errs []error, err error,
) {
	index = -1
	err = asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
		for i, c := range coros {
			var failed asyncio.Event
			errs = append(errs, nil)
			asyncio.CreateTask(tg, asyncio.Void(func(ctx context.Context) error {
				v, err := c(ctx)
				if err != nil {
					errs[i] = err
					failed.Set()
					return nil
				}
				winner, index = v, i
				tg.Cancel()
				return nil
			}))
			next := time.Time{}
			if delay > 0 {
				next = asyncio.RunningLoop(tg).Time().Add(delay)
			}
			err := asyncio.TimeoutAt(tg, next, failed.Wait)
			if err != nil && !errors.Is(err, asyncio.ErrTimeout) {
				return err
			}
		}
		return nil
	})
	return winner, index, errs, err
}
