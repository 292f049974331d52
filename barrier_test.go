package asyncio_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// expectRound checks that the numbers are 0 to n-1, each once.
func expectRound(t *testing.T, what string, numbers []int, n int) {
	t.Helper()
	want := make([]int, n)
	for i := range want {
		want[i] = i
	}
	if got := slices.Sorted(slices.Values(numbers)); !slices.Equal(got, want) {
		t.Errorf("%s: %v, want 0 to %d", what, numbers, n-1)
	}
}

func TestBarrierNumbersThoseWhoAreThere(t *testing.T) {
	for _, leaves := range []struct {
		name string
		end  func(ctx context.Context, b *asyncio.Barrier, parties []*asyncio.Task[int]) []*asyncio.Task[int]
	}{
		{"one is cancelled", func(ctx context.Context, _ *asyncio.Barrier, p []*asyncio.Task[int]) []*asyncio.Task[int] {
			p[1].Cancel()
			p[1].Await(ctx)
			return slices.Delete(p, 1, 2)
		}},
		{"all but the last are cancelled", func(ctx context.Context, _ *asyncio.Barrier, p []*asyncio.Task[int]) []*asyncio.Task[int] {
			for _, x := range p[:len(p)-1] {
				x.Cancel()
			}
			asyncio.Wait(ctx, p[:len(p)-1], asyncio.WaitOptions{})
			return p[len(p)-1:]
		}},
		{"one is cancelled and has not run since", func(_ context.Context, _ *asyncio.Barrier, p []*asyncio.Task[int]) []*asyncio.Task[int] {
			p[0].Cancel()
			return p
		}},
		{"the round is reset", func(ctx context.Context, b *asyncio.Barrier, p []*asyncio.Task[int]) []*asyncio.Task[int] {
			b.Reset()
			asyncio.GatherAll(ctx, p...)
			return nil
		}},
	} {
		t.Run(leaves.name, func(t *testing.T) {
			testutil.Succeed(t, func(ctx context.Context) error {
				const n = 5
				b := asyncio.NewBarrier(n)
				var parties []*asyncio.Task[int]
				for range n - 1 {
					parties = append(parties, asyncio.CreateTask(ctx, b.Wait))
				}
				asyncio.Sleep(ctx, 0)
				parties = leaves.end(ctx, b, parties)
				for range 2 { // the next round is like the first
					var numbers []int
					for len(parties) < n {
						parties = append(parties, asyncio.CreateTask(ctx, b.Wait))
					}
					asyncio.Sleep(ctx, time.Millisecond)
					for b.Waiting() > 0 { // for those who were cancelled
						parties = append(parties, asyncio.CreateTask(ctx, b.Wait))
						asyncio.Sleep(ctx, time.Millisecond)
					}
					for _, p := range parties {
						if i, err := p.Await(ctx); err == nil {
							numbers = append(numbers, i)
						}
					}
					expectRound(t, leaves.name, numbers, n)
					parties = nil
				}
				return nil
			})
		})
	}
}

func TestBarrierNumbersGoroutinesThatGiveUp(t *testing.T) {
	const n = 4
	b := asyncio.NewBarrier(n)
	for range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		var gone sync.WaitGroup
		for range n - 1 {
			gone.Go(func() { b.Wait(ctx) })
		}
		testutil.Until(t, "they wait", func() bool { return b.Waiting() == n-1 })
		cancel()
		gone.Wait()
		var mu sync.Mutex
		var numbers []int
		for range n {
			gone.Go(func() {
				i, err := b.Wait(t.Context())
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				numbers = append(numbers, i)
			})
		}
		testutil.Within(t, gone.Wait)
		expectRound(t, "goroutines", numbers, n)
	}
}

// The numbers are those of the order of arrival, whoever goes on first.
func TestBarrierNumbersInOrderOfArrival(t *testing.T) {
	testutil.Succeed(t, func(ctx context.Context) error {
		b := asyncio.NewBarrier(4)
		leaver := asyncio.CreateTask(ctx, b.Wait)
		var parties []*asyncio.Task[int]
		for i := range 4 {
			if parties = append(parties, asyncio.CreateTask(ctx, b.Wait)); i == 1 {
				asyncio.Sleep(ctx, 0)
				leaver.Cancel()
				leaver.Await(ctx)
			}
		}
		numbers, err := asyncio.Gather(ctx, parties...)
		if !slices.Equal(numbers, []int{0, 1, 2, 3}) {
			t.Error(numbers)
		}
		return err
	})
}
