package asyncio_test

import (
	"context"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/internal/testutil"
)

// TestWaitDeadline: a moment is one also if it is now or has passed, and the first of the
// two ends counts.
func TestWaitDeadline(t *testing.T) {
	const s = time.Second
	for name, c := range map[string]struct {
		in      time.Duration // the Deadline, from now
		timeout time.Duration
		want    time.Duration // what the wait takes; the task takes ten seconds
	}{
		"ahead":                    {in: 3 * s, want: 3 * s},
		"now":                      {in: 0, want: 0},
		"passed":                   {in: -s, want: 0},
		"long ago":                 {in: -1000 * time.Hour, want: 0},
		"after the end":            {in: time.Hour, want: 10 * s},
		"before the Timeout":       {in: 3 * s, timeout: 5 * s, want: 3 * s},
		"after the Timeout":        {in: 5 * s, timeout: 3 * s, want: 3 * s},
		"passed, with a Timeout":   {in: -s, timeout: 3 * s, want: 0},
		"with a Timeout of less":   {in: 5 * s, timeout: -1, want: 0},
		"with one beyond all time": {in: 5 * s, timeout: 1<<63 - 1, want: 5 * s},
	} {
		testutil.Succeed(t, func(ctx context.Context) error {
			loop := asyncio.RunningLoop(ctx)
			asyncio.Sleep(ctx, s)
			tasks := []asyncio.AnyFuture{asyncio.CreateTask(ctx, asyncio.Delay(10*s, 1))}
			began := loop.Time()
			for _, zone := range []*time.Location{time.UTC, time.FixedZone("there", 3600)} {
				o := asyncio.WaitOptions{Timeout: c.timeout, Deadline: began.Add(c.in).In(zone)}
				done, pending, err := asyncio.Wait(ctx, tasks, o)
				if err != nil || len(done)+len(pending) != 1 || (len(done) == 1) != (c.want == 10*s) {
					t.Errorf("%s: %d done, %d pending, %v", name, len(done), len(pending), err)
				}
				if took := loop.Time().Sub(began); took != c.want && zone == time.UTC {
					t.Errorf("%s: took %v, want %v", name, took, c.want)
				}
			}
			return testutil.EndAll(ctx)
		})
	}
}

// Who waits with a deadline is in no circle: it ends by itself.
func TestWaitWithADeadlineClosesNoCircle(t *testing.T) {
	testutil.Succeed(t, func(ctx context.Context) error {
		self := asyncio.CurrentTask(ctx)
		back := asyncio.CreateTask(ctx, func(ctx context.Context) (int, error) {
			_, _, err := asyncio.Wait(ctx, []asyncio.AnyFuture{self}, asyncio.WaitOptions{})
			return 0, err
		})
		_, pending, err := asyncio.Wait(ctx, []asyncio.AnyFuture{back},
			asyncio.WaitOptions{Deadline: asyncio.RunningLoop(ctx).Time().Add(time.Minute)})
		if len(pending) != 1 || err != nil {
			t.Errorf("%d pending, %v", len(pending), err)
		}
		return testutil.EndAll(ctx)
	})
}

func TestWaitDeadlineOfAGoroutine(t *testing.T) {
	testutil.NoLeaks(t)
	l := testutil.RunningLoop(t)
	f := asyncio.NewFuture[int](l.Context())
	testutil.Within(t, func() {
		for _, in := range []time.Duration{-time.Hour, 0, time.Millisecond} {
			_, pending, err := asyncio.Wait(context.Background(), []asyncio.AnyFuture{f},
				asyncio.WaitOptions{Deadline: l.Time().Add(in)})
			if len(pending) != 1 || err != nil {
				t.Errorf("in %v: %d pending, %v", in, len(pending), err)
			}
		}
	})
	f.Cancel()
}
