package asyncio_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

func TestSemaphoreN(t *testing.T) {
	// visitors come one after the other for so many places each, and keep them.
	type visitors struct {
		s     asyncio.Semaphore
		came  []string
		tasks []*asyncio.Task[asyncio.None]
	}
	come := func(ctx context.Context, v *visitors, wants ...int) {
		for _, n := range wants {
			v.tasks = append(v.tasks, asyncio.CreateTask(ctx, void(func(ctx context.Context) error {
				err := v.s.AcquireN(ctx, n)
				if err == nil {
					v.came = append(v.came, fmt.Sprint(n))
				}
				return err
			})))
			asyncio.Sleep(ctx, 1)
		}
	}
	expect := func(ctx context.Context, t *testing.T, v *visitors, free int, came ...string) {
		t.Helper()
		asyncio.Sleep(ctx, 1)
		testutil.ExpectLines(t, v.came, came...)
		if n := v.s.Free(); n != free {
			t.Errorf("%d are free, want %d", n, free)
		}
	}
	t.Run("takes and gives back several at once", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			s := asyncio.NewBoundedSemaphore(5)
			turned := false
			asyncio.RunningLoop(ctx).CallSoon(func() { turned = true })
			if err := s.AcquireN(ctx, 3); err != nil || turned || s.Free() != 2 {
				t.Error(err, turned, s)
			}
			if s.TryAcquireN(3) || !s.TryAcquireN(2) || s.TryAcquireN(1) || !s.TryAcquireN(0) || s.Free() != 0 {
				t.Error(s)
			}
			testutil.ExpectIs(t, "ReleaseN", s.ReleaseN(6), asyncio.ErrNotAcquired)
			if err := s.ReleaseN(5); err != nil || s.Free() != 5 {
				t.Error(err, s)
			}
			testutil.ExpectIs(t, "ReleaseN", s.ReleaseN(1), asyncio.ErrNotAcquired)
			if err := errors.Join(s.AcquireN(ctx, 0), s.ReleaseN(0)); err != nil {
				t.Error(err)
			}
			return nil
		})
	})
	t.Run("a large one is not starved by small ones behind it", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			v := &visitors{}
			come(ctx, v, 3, 1, 1, 2)
			for i := range 3 {
				expect(ctx, t, v, i)
				if v.s.TryAcquire() || v.s.TryAcquireN(1) {
					t.Error("it has passed who waits")
				}
				v.s.Release()
			}
			expect(ctx, t, v, 0, "3")
			v.s.ReleaseN(3)
			expect(ctx, t, v, 1, "3", "1", "1")
			v.s.ReleaseN(1)
			expect(ctx, t, v, 0, "3", "1", "1", "2")
			return nil
		})
	})
	t.Run("who is cancelled lets those behind go on", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			v := &visitors{}
			come(ctx, v, 3, 1, 1)
			v.s.ReleaseN(2)
			expect(ctx, t, v, 2)
			v.tasks[0].Cancel()
			expect(ctx, t, v, 0, "1", "1")
			return nil
		})
	})
	t.Run("who is cancelled after it was given them passes them on", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			v := &visitors{}
			come(ctx, v, 3, 2, 1)
			v.s.ReleaseN(3)
			v.tasks[0].Cancel()
			expect(ctx, t, v, 0, "2", "1")
			return nil
		})
	})
	t.Run("a goroutine", func(t *testing.T) {
		testutil.Within(t, func() {
			s := asyncio.NewSemaphore(0)
			got := make(chan error)
			go func() { got <- s.AcquireN(context.Background(), 2) }()
			s.Release()
			s.Release()
			if err := <-got; err != nil || s.Free() != 0 {
				t.Error(err, s)
			}
			ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
			defer cancel()
			testutil.ExpectIs(t, "AcquireN", s.AcquireN(ctx, 2), context.DeadlineExceeded)
		})
	})
	t.Run("more than there are, or less than none", func(t *testing.T) {
		testutil.Succeed(t, func(ctx context.Context) error {
			s := asyncio.NewBoundedSemaphore(2)
			if err := s.AcquireN(ctx, 3); err == nil || s.Free() != 2 {
				t.Error(err, s)
			}
			testutil.ExpectPanic(t, func() { s.AcquireN(ctx, -1) }, "-1 places")
			testutil.ExpectPanic(t, func() { s.TryAcquireN(-1) }, "-1 places")
			testutil.ExpectPanic(t, func() { s.ReleaseN(-1) }, "-1 places")
			return nil
		})
	})
}
