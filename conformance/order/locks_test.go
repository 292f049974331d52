package order_test

import (
	"context"
	"testing"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// acquirer is a lock or a semaphore.
type acquirer interface {
	Acquire(ctx context.Context) error
	TryAcquire() bool
	Release() error
}

func (tr *trace) try(who string, l acquirer) { tr.Add("%s tries %t", who, l.TryAcquire()) }

func (tr *trace) release(l acquirer) { tr.Add("main releases, %v", l.Release()) }

// passer is a coroutine that acquires and releases.
func (tr *trace) passer(who string, l acquirer) coroutine {
	return func(ctx context.Context) (string, error) {
		tr.Add("%s asks", who)
		if err := l.Acquire(ctx); err != nil {
			tr.Add("%s gets %s", who, testutil.Show(err))
			return "", err
		}
		tr.Add("%s has it and releases", who)
		return who, l.Release()
	}
}

// TryAcquire is not in CPython, where one asks locked() and acquires without waiting.
func TestOrderOfLocks(t *testing.T) {
	runScenarios(t, []script{
		{
			name: "trying a lock",
			want: []string{
				"main tries true", "main tries false", "a asks", "main releases, <nil>", "locked false",
				"main tries false", "a has it and releases", "main tries true", "b asks", "main releases, <nil>",
				"main tries true", "main gets a", "main releases, <nil>", "b gets cancelled(b)",
			},
			main: func(ctx context.Context, tr *trace) error {
				lock := &asyncio.Lock{}
				tr.try("main", lock)
				tr.try("main", lock)
				a := asyncio.CreateTask(ctx, tr.passer("a", lock))
				tr.Sleep(ctx, 0)
				tr.release(lock)
				tr.Add("locked %t", lock.Locked())
				tr.try("main", lock)
				tr.Sleep(ctx, 0)
				tr.try("main", lock)
				b := asyncio.CreateTask(ctx, tr.passer("b", lock))
				tr.Sleep(ctx, 0)
				b.Cancel("b")
				tr.release(lock)
				tr.try("main", lock)
				tr.Get(ctx, "main", a)
				tr.release(lock)
				return nil
			},
		},
		{
			name: "trying a semaphore",
			want: []string{
				"one tries true", "two tries true", "three tries false", "a asks", "main releases, <nil>",
				"main releases, <nil>", "four tries false", "a has it and releases", "main gets a",
				"five tries true", "six tries true", "seven tries false",
			},
			main: func(ctx context.Context, tr *trace) error {
				s := asyncio.NewSemaphore(2)
				for _, who := range []string{"one", "two", "three"} {
					tr.try(who, s)
				}
				a := asyncio.CreateTask(ctx, tr.passer("a", s))
				tr.Sleep(ctx, 0)
				tr.release(s)
				tr.release(s)
				tr.try("four", s)
				tr.Get(ctx, "main", a)
				for _, who := range []string{"five", "six", "seven"} {
					tr.try(who, s)
				}
				return nil
			},
		},
	})
}
