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

func try(tr *testutil.Trace, who string, l acquirer) { tr.Add("%s tries %t", who, l.TryAcquire()) }

func release(tr *testutil.Trace, l acquirer) { tr.Add("main releases, %v", l.Release()) }

// passer is a coroutine that acquires and releases.
func passer(tr *testutil.Trace, who string, l acquirer) asyncio.Coroutine[string] {
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
	testutil.RunScenarios(t, []testutil.Scenario{
		{
			Name: "trying a lock",
			Want: []string{
				"main tries true", "main tries false", "a asks", "main releases, <nil>", "locked false",
				"main tries false", "a has it and releases", "main tries true", "b asks", "main releases, <nil>",
				"main tries true", "main gets a", "main releases, <nil>", "b gets cancelled(b)",
			},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				lock := &asyncio.Lock{}
				try(tr, "main", lock)
				try(tr, "main", lock)
				a := asyncio.CreateTask(ctx, passer(tr, "a", lock))
				tr.Sleep(ctx, 0)
				release(tr, lock)
				tr.Add("locked %t", lock.Locked())
				try(tr, "main", lock)
				tr.Sleep(ctx, 0)
				try(tr, "main", lock)
				b := asyncio.CreateTask(ctx, passer(tr, "b", lock))
				tr.Sleep(ctx, 0)
				b.Cancel("b")
				release(tr, lock)
				try(tr, "main", lock)
				tr.Get(ctx, "main", a)
				release(tr, lock)
				return nil
			},
		},
		{
			Name: "trying a semaphore",
			Want: []string{
				"one tries true", "two tries true", "three tries false", "a asks", "main releases, <nil>",
				"main releases, <nil>", "four tries false", "a has it and releases", "main gets a",
				"five tries true", "six tries true", "seven tries false",
			},
			Main: func(ctx context.Context, tr *testutil.Trace) error {
				s := asyncio.NewSemaphore(2)
				for _, who := range []string{"one", "two", "three"} {
					try(tr, who, s)
				}
				a := asyncio.CreateTask(ctx, passer(tr, "a", s))
				tr.Sleep(ctx, 0)
				release(tr, s)
				release(tr, s)
				try(tr, "four", s)
				tr.Get(ctx, "main", a)
				for _, who := range []string{"five", "six", "seven"} {
					try(tr, who, s)
				}
				return nil
			},
		},
	})
}
