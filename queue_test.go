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
