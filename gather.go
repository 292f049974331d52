package asyncio

import (
	"context"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// Outcome is how a task or future has ended. (what asyncio.gather has of each with
// return_exceptions=True)
type Outcome[T any] struct {
	Value T
	Err   error
}

// Gather waits until all are done and returns their values in the order given. It is
// an await point unless that is so already. Tasks, Go tasks and futures can be mixed
// as []Awaitable[T]. (asyncio.gather)
//
// When one fails or is cancelled, Gather returns its error at once; the others go
// on, and their errors count as seen, unless the caller is cancelled before it goes on, and
// so is told of none. To have them cancelled use [WithTaskGroup]. If
// the caller is cancelled, all are, and Gather returns when they have ended, with
// the *CancelledError of the first request, or the first other error. If ctx is a scope that ends it
// returns its cause, and all go on. It returns ErrDeadlock if
// one of them waits for the caller, ErrNotInTask in a callback, and ErrLoopClosed once
// the loop is closed.
func Gather[A Awaitable[T], T any](ctx context.Context, aws ...A) ([]T, error) {
	if err := gather(ctx, cores(aws), false); err != nil {
		return nil, err
	}
	values := make([]T, len(aws))
	for i, aw := range aws {
		values[i], _ = aw.Result()
	}
	return values, nil
}

// GatherAll waits until all are done and returns how each has ended, in the order
// given. It is an await point as [Gather] is, but only a cancellation of the caller, or a
// scope, makes it fail: then no error of theirs counts as seen.
// (asyncio.gather(return_exceptions=True))
func GatherAll[A Awaitable[T], T any](ctx context.Context, aws ...A) ([]Outcome[T], error) {
	if err := gather(ctx, cores(aws), true); err != nil {
		return nil, err
	}
	all := make([]Outcome[T], len(aws))
	for i, aw := range aws {
		all[i].Value, all[i].Err = aw.Result()
	}
	return all, nil
}

// gathering is completed by the first error, or by the last end.
type gathering struct {
	watching
	left     int
	outcomes bool // failures are results like others
	told     bool // the caller was, of an error
}

// gathered is the error of a gathering: an await may return others.
type gathered struct{ error }

func (g *gathered) Unwrap() error { return g.error }

func gather(ctx context.Context, fs []*engine.Future, outcomes bool) error {
	if len(fs) == 0 {
		return nil
	}
	g := &gathering{left: len(fs), outcomes: outcomes}
	g.init(fs, engine.Gathered)
	g.Passes = true
	g.Loop().Do(g.begin)
	err := g.Await(ctx)
	if err == nil {
		return nil // who gathers asks each
	}
	own, ok := err.(*gathered) //nolint:errorlint // as it is
	if ok {
		err = own.error
	}
	if ok && !outcomes {
		g.Loop().Do(g.heard)
	} else {
		g.Loop().Do(g.end)
	}
	return err
}

func (g *gathering) begin() {
	for i := range g.each {
		if x := g.find(i); x.near.Finished() { // asked once: other goroutines complete futures too
			x.near = nil
		} else {
			x.Start(x.near, g, i)
		}
	}
	for i := range g.each {
		if g.each[i].near == nil {
			g.FutureDone(i)
		}
	}
}

// heard takes note that the caller was told of one error: with that the others count as seen.
func (g *gathering) heard() {
	g.told = true
	for _, f := range g.Parts {
		if f.Finished() {
			_ = f.Outcome()
		}
	}
}

// end lets go of all: the caller was told of none.
func (g *gathering) end() {
	for i := range g.each {
		g.letGo(i)
	}
}

// Counts is for the engine, which explores orders: whether FutureDone would only count.
func (g *gathering) Counts(i int) bool {
	return g.left > 1 && g.each[i].f.State() == engine.Succeeded
}

// FutureDone is the end of one.
func (g *gathering) FutureDone(i int) {
	g.left--
	f := g.each[i].f
	err := f.Peek() // who gathers is told, if not cancelled first
	if !f.Finished() {
		err = ErrLoopClosed
	}
	switch {
	case g.told:
		_ = f.Outcome() // it was asked for together with the others
	case g.Finished():
	case err != nil && !g.outcomes:
		g.complete(&gathered{err})
	case g.left > 0:
	case g.Request() != nil:
		g.complete(&gathered{newCancelledError(g.Request())})
	default:
		g.complete(nil)
	}
}
