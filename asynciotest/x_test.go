package asynciotest_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
)

func TestYear(t *testing.T) {
	asynciotest.Run(t, func(ctx context.Context) error {
		for range 1000 {
			asyncio.Sleep(ctx, 24*time.Hour)
		}
		t.Log(asynciotest.Now(ctx))
		return nil
	})
}

func phil(a, b *asyncio.Lock) asyncio.Coroutine[asyncio.None] {
	return asyncio.Void(func(ctx context.Context) error {
		if err := a.Acquire(ctx); err != nil {
			return err
		}
		defer a.Release()
		if err := asyncio.Sleep(ctx, 0); err != nil {
			return err
		}
		if err := b.Acquire(ctx); err != nil {
			return err
		}
		defer b.Release()
		return nil
	})
}

func TestDead(t *testing.T) {
	f := asynciotest.Check(func(ctx context.Context) error {
		var a, b asyncio.Lock
		p := asyncio.CreateTask(ctx, phil(&a, &b), asyncio.WithName("p"))
		q := asyncio.CreateTask(ctx, phil(&b, &a), asyncio.WithName("q"))
		_, err := asyncio.Gather(ctx, p, q)
		return err
	})
	t.Log(f)
	t.Log(f.Text)
}

func TestExp(t *testing.T) {
	r := asynciotest.Search(asynciotest.Options{}, func(ctx context.Context) error {
		x := 0
		add := asyncio.Void(func(ctx context.Context) error {
			v := x
			if v == 0 {
				return fmt.Errorf("%d", v)
			}
			_ = asyncio.Sleep(ctx, 0)
			x = v + 1
			return nil
		})
		_ = add
		var ev asyncio.Event
		a := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			for range 3 {
				asyncio.Sleep(ctx, 0)
			}
			x++
			ev.Set()
			return nil
		}))
		b := asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
			for range 5 {
				asyncio.Sleep(ctx, 0)
			}
			if x == 0 {
				return fmt.Errorf("a has not run")
			}
			return nil
		}))
		_, err := asyncio.Gather(ctx, a, b)
		return err
	})
	t.Log(r.Schedules, r.Distinct, r.Failure)
	if r.Failure != nil {
		t.Log(r.Failure.Text, r.Failure.Schedule, "\n"+r.Failure.Story)
	}
}

func ten(ctx context.Context) error {
	c := asyncio.Void(func(ctx context.Context) error {
		for range 5 {
			asyncio.Sleep(ctx, 0)
		}
		return nil
	})
	a, b := asyncio.CreateTask(ctx, c), asyncio.CreateTask(ctx, c)
	if _, err := a.Await(ctx); err != nil {
		return err
	}
	_, err := b.Await(ctx)
	return err
}

func TestCount(t *testing.T) {
	t.Log(asynciotest.Search(asynciotest.Options{Strategy: asynciotest.Exhaustive}, ten))
}

func BenchmarkTen(b *testing.B) {
	b.ReportAllocs()
	r := asynciotest.Search(asynciotest.Options{Schedules: b.N}, ten)
	if r.Failure != nil {
		b.Fatal(r.Failure.Text)
	}
	b.ReportMetric(float64(r.Schedules)/b.Elapsed().Seconds(), "schedules/s")
	b.ReportMetric(float64(r.Steps)/float64(b.N), "steps")
}
