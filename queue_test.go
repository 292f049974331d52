package asyncio_test

import (
	"context"
	"slices"
	"testing"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// As in CPython: see the guide.
func TestQueueRoomIsForWhoComesFirst(t *testing.T) {
	testutil.Succeed(t, func(ctx context.Context) error {
		q := asyncio.NewQueue[int](1)
		q.PutNoWait(1)
		waits := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error { return q.Put(ctx, 2) }))
		asyncio.Sleep(ctx, 0)
		var got []int
		for range 3 {
			v, err := q.Get(ctx)
			if err != nil {
				return err
			}
			if got = append(got, v); len(got) == 1 {
				q.Put(ctx, 3) // takes the room that 2 was woken for
			}
		}
		if !slices.Equal(got, []int{1, 3, 2}) {
			t.Error(got)
		}
		_, err := waits.Await(ctx)
		return err
	})
}

// The memory of a burst is given back when all of it was taken; the queue goes on.
func TestQueueAfterABurst(t *testing.T) {
	q := asyncio.NewQueue[int](0)
	for range 2 {
		for _, n := range []int{5000, 3} {
			for i := range n {
				if err := q.PutNoWait(i); err != nil {
					t.Fatal(err)
				}
			}
			for i := range n {
				if v, err := q.GetNoWait(); v != i || err != nil {
					t.Fatalf("got %d, %v, want %d", v, err, i)
				}
			}
		}
	}
}
