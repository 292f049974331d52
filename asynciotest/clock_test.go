package asynciotest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
)

func TestSettleWaitsForEverybodyElse(t *testing.T) {
	var tr asynciotest.Trace
	asynciotest.Run(t, func(ctx context.Context) error {
		q := asyncio.NewQueue[int](0)
		a := spawn(ctx, "a", func(ctx context.Context) error {
			for range 3 {
				v, err := q.Get(ctx)
				if err != nil {
					return err
				}
				yield(ctx)
				tr.Add("a has %d", v)
			}
			return nil
		})
		g := asyncio.Go(ctx, func(context.Context) (none, error) {
			tr.Add("the Go task works")
			return none{}, nil
		})
		sleeper := spawn(ctx, "sleeper", func(ctx context.Context) error {
			err := asyncio.Sleep(ctx, time.Second)
			tr.Add("a second is over")
			return err
		})
		for i := range 3 {
			_ = q.PutNoWait(i)
			if err := asynciotest.Settle(ctx); err != nil {
				return err
			}
			tr.Add("settled")
		}
		if now := asynciotest.Now(ctx); !now.Equal(asynciotest.Epoch) {
			t.Errorf("the clock has moved to %v", now)
		}
		if _, err := asyncio.Gather(ctx, a, g); err != nil {
			return err
		}
		_, err := sleeper.Await(ctx)
		return err
	})
	events := tr.Events()
	if events[0] == "a has 0" { // the Go task comes when it comes, but before Settle
		events[0], events[1] = events[1], events[0]
	}
	want := []string{"the Go task works", "a has 0", "settled", "a has 1", "settled", "a has 2", "settled", "a second is over"}
	if fmt.Sprint(events) != fmt.Sprint(want) {
		t.Errorf("%v", events)
	}
}

func TestSettlersComeOneByOne(t *testing.T) {
	var tr asynciotest.Trace
	asynciotest.Run(t, func(ctx context.Context) error {
		settler := func(name string) *asyncio.Task[none] {
			return spawn(ctx, name, func(ctx context.Context) error {
				err := asynciotest.Settle(ctx)
				tr.Add("%s", name)
				return err
			})
		}
		a, b := settler("a"), settler("b")
		_, err := asyncio.Gather(ctx, a, b)
		return err
	})
	tr.Expect(t, "a", "b")
}

func TestCancelledWhileSettling(t *testing.T) {
	asynciotest.Run(t, func(ctx context.Context) error {
		a := spawn(ctx, "a", asynciotest.Settle)
		yield(ctx)
		a.Cancel()
		if _, err := a.Await(ctx); !errors.Is(err, asyncio.ErrCancelled) {
			t.Errorf("Settle: %v", err)
		}
		return asynciotest.Settle(ctx) // who was cancelled is passed over
	})
}

func TestAdvanceFiresWhatIsDue(t *testing.T) {
	var tr asynciotest.Trace
	asynciotest.Run(t, func(ctx context.Context) error {
		ticker := spawn(ctx, "ticker", func(ctx context.Context) error {
			for {
				if err := asyncio.Sleep(ctx, time.Second); err != nil {
					return err
				}
				tr.Add("tick %v", asynciotest.Now(ctx).Sub(asynciotest.Epoch))
			}
		})
		if err := asynciotest.Advance(ctx, 3*time.Second); err != nil {
			return err
		}
		tr.Add("advanced")
		ticker.Cancel()
		return nil
	})
	tr.Expect(t, "tick 1s", "tick 2s", "tick 3s", "advanced")
}

func TestAdvanceOfACancelledTask(t *testing.T) {
	asynciotest.Run(t, func(ctx context.Context) error {
		a := spawn(ctx, "a", func(ctx context.Context) error { return asynciotest.Advance(ctx, time.Hour) })
		yield(ctx)
		a.Cancel()
		_, err := a.Await(ctx)
		if !errors.Is(err, asyncio.ErrCancelled) || !asynciotest.Now(ctx).Equal(asynciotest.Epoch) {
			t.Errorf("%v at %v", err, asynciotest.Now(ctx))
		}
		return nil
	})
}

func TestClock(t *testing.T) {
	asynciotest.Run(t, func(ctx context.Context) error {
		c := asynciotest.NewClock(ctx)
		begin := c.Now()
		fired := 0
		c.AfterFunc(time.Minute, func() { fired++ })
		stop := c.AfterFunc(time.Minute, func() { fired += 10 })
		if !stop() || stop() {
			t.Error("stop reports another thing")
		}
		if err := c.Sleep(ctx, time.Hour); err != nil {
			return err
		}
		if fired != 1 || c.Since(begin) != time.Hour || c.Until(begin) != -time.Hour {
			t.Errorf("fired %d, since %v, until %v", fired, c.Since(begin), c.Until(begin))
		}
		return nil
	})
}

func TestAContextOfNoTest(t *testing.T) {
	_, err := asyncio.Run(context.Background(), asyncio.Void(asynciotest.Settle))
	if err == nil || !strings.Contains(err.Error(), "asynciotest: this context is not of a test") {
		t.Error(err)
	}
}

func TestTrace(t *testing.T) {
	var tr asynciotest.Trace
	tr.Add("a %d", 1)
	tr.Add("b")
	if err := tr.Check("a 1", "b"); err != nil {
		t.Error(err)
	}
	ft := &fakeT{}
	tr.Expect(&errorT{ft}, "a 1", "c", "d")
	contains(t, ft.text(), "the events are not as expected:\n\t  a 1\n\t- c\n\t+ b\n\t- d")
	if err := tr.Check(); err == nil {
		t.Error("events that nobody has expected are no error")
	}
}

// errorT is a fakeT with Error.
type errorT struct{ *fakeT }

func (e *errorT) Error(args ...any) { e.Errorf("%s", fmt.Sprint(args...)) }
