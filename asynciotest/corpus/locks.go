package corpus

import (
	"context"
	"errors"
	"fmt"

	"github.com/asyncio-go/asyncio"
)

// Bugs of locks and of what limits how many go in.

// leftFirst and lowerFirst are the order in which philosopher i of n takes forks.
func leftFirst(i, n int) (first, second int)  { return i, (i + 1) % n }
func lowerFirst(i, n int) (first, second int) { return min(i, (i+1)%n), max(i, (i+1)%n) }

func dinner(order func(i, n int) (first, second int)) func(context.Context) error {
	return func(ctx context.Context) error {
		forks := make([]asyncio.Lock, 3)
		var all []task
		for i, name := range []string{"plato", "kant", "hume"} {
			first, second := order(i, len(forks))
			all = append(all, spawn(ctx, name, func(ctx context.Context) error {
				if err := requests(ctx, i); err != nil { // thinks
					return err
				}
				return forks[first].With(ctx, func() error {
					if err := request(ctx); err != nil { // reaches over the table
						return err
					}
					return forks[second].With(ctx, func() error { return nil })
				})
			}))
		}
		return together(ctx, all...)
	}
}

// limiter lets one client in at a time, and counts whom it has let in.
type limiter struct {
	places *asyncio.Semaphore
	served int
}

func enterByPolling(ctx context.Context, l *limiter) error {
	for !l.places.TryAcquire() {
		if err := asyncio.Sleep(ctx, 0); err != nil {
			return err
		}
	}
	return nil
}

func enterInLine(ctx context.Context, l *limiter) error { return l.places.Acquire(ctx) }

func limited(enter func(ctx context.Context, l *limiter) error) func(context.Context) error {
	return func(ctx context.Context) error {
		l := &limiter{places: asyncio.NewSemaphore(1)}
		client := func(ctx context.Context) error {
			for range 4 {
				before := l.served
				if err := enter(ctx, l); err != nil {
					return err
				}
				if overtaken := l.served - before; overtaken > 2 {
					return fmt.Errorf("others were served %d times while one was waiting", overtaken)
				}
				l.served++
				err := request(ctx) // what the place is for
				if err := errors.Join(err, l.places.Release()); err != nil {
					return err
				}
				if err := request(ctx); err != nil { // to store the answer
					return err
				}
			}
			return nil
		}
		return together(ctx, spawn(ctx, "first", client), spawn(ctx, "second", client))
	}
}

// log is a file that several write to.
type log struct {
	lock  asyncio.Lock
	lines int
}

func appendBare(ctx context.Context, l *log) error {
	if err := l.lock.Acquire(ctx); err != nil {
		return err
	}
	if err := request(ctx); err != nil { // to the disk
		return err
	}
	l.lines++
	return l.lock.Release()
}

func appendWith(ctx context.Context, l *log) error {
	return l.lock.With(ctx, func() error {
		if err := request(ctx); err != nil {
			return err
		}
		l.lines++
		return nil
	})
}

func journal(write func(ctx context.Context, l *log) error) func(context.Context) error {
	return func(ctx context.Context) error {
		l := &log{}
		var all []task
		for _, name := range []string{"audit", "access", "error"} {
			all = append(all, spawn(ctx, name, func(ctx context.Context) error { return write(ctx, l) }))
		}
		return settled(ctx, all...)
	}
}

// gate is a semaphore that hands places on to who is first in line.
type gate struct {
	free int
	line []*asyncio.Future[none]
}

func (g *gate) leave() {
	for len(g.line) > 0 {
		first := g.line[0]
		g.line = g.line[1:]
		if first.SetResult(none{}) == nil { // not if it was cancelled
			return
		}
	}
	g.free++
}

func enterOrForget(ctx context.Context, g *gate) error {
	if g.free > 0 {
		g.free--
		return nil
	}
	turn := asyncio.NewFuture[none](ctx)
	g.line = append(g.line, turn)
	_, err := turn.Await(ctx)
	return err
}

func enterOrPassOn(ctx context.Context, g *gate) error {
	if g.free > 0 {
		g.free--
		return nil
	}
	turn := asyncio.NewFuture[none](ctx)
	g.line = append(g.line, turn)
	_, err := turn.Await(ctx)
	if err != nil && turn.Done() && !turn.Cancelled() {
		g.leave() // the place has come with the cancellation
	}
	return err
}

func gated(enter func(ctx context.Context, g *gate) error) func(context.Context) error {
	return func(ctx context.Context) error {
		g := &gate{free: 1}
		var all []task
		for i := range 3 {
			all = append(all, spawn(ctx, fmt.Sprint("visitor ", i), func(ctx context.Context) error {
				if err := enter(ctx, g); err != nil {
					return err
				}
				defer g.leave()
				return request(ctx)
			}))
		}
		if err := settled(ctx, all...); err != nil {
			return err
		}
		if g.free != 1 {
			return fmt.Errorf("%d places are free when all have left, want 1", g.free)
		}
		return nil
	}
}
