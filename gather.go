package asyncio

import (
	"context"
	"unsafe"

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

// gathering is the future that is completed by the ends of others. It belongs to the
// loop of the first; all but the future is for its owner.
type gathering struct {
	engine.Joint
	each     []gathered
	left     int
	outcomes bool // failures are results like others
	told     bool // the caller was, of an error
}

// gathered is one of them.
type gathered struct {
	engine.Watch
	in    *gathering
	f     *engine.Future // as it was given
	near  *engine.Future // on this loop
	leave func()         // nil if f is of this loop
	done  bool           // was so from the start
}

func gather(ctx context.Context, fs []*engine.Future, outcomes bool) error {
	if len(fs) == 0 {
		return nil
	}
	loop := fs[0].Loop()
	g := &gathering{each: make([]gathered, len(fs)), left: len(fs), outcomes: outcomes}
	g.Init(loop)
	g.Play(engine.Gathered)
	g.Parts, g.Passes = fs, true
	loop.Do(g.begin)
	err := g.Await(ctx)
	switch {
	case err == nil: // who gathers asks each
	case !outcomes && g.Finished() && identical(err, g.Peek()):
		loop.Do(g.heard)
	default: // the caller was cancelled, or a scope has ended the wait, or it was refused, or the loop was closed
		loop.Do(g.end)
	}
	return err
}

// identical reports whether a and b are the very same error, of whichever type: some cannot
// be compared.
func identical(a, b error) bool {
	return *(*[2]uintptr)(unsafe.Pointer(&a)) == *(*[2]uintptr)(unsafe.Pointer(&b))
}

func (g *gathering) begin() {
	for i, f := range g.Parts {
		x := &g.each[i]
		x.in, x.f = g, f
		x.near, x.leave = g.Loop().Near(f)
		if x.done = x.near.Finished(); !x.done { // asked once: other goroutines complete futures too
			x.Start(x.near, x)
		}
	}
	for i := range g.each {
		if x := &g.each[i]; x.done {
			x.FutureDone()
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
		x := &g.each[i]
		if !x.done {
			x.Stop(x.near)
		}
		if x.leave != nil {
			x.leave()
		}
	}
}

// Counts is for the engine, which explores orders: whether FutureDone would only count.
func (x *gathered) Counts() bool { return x.in.left > 1 && x.f.State() == engine.Succeeded }

// Completes is for the engine's picture of who waits for whom.
func (x *gathered) Completes() *engine.Future { return &x.in.Future }

// FutureDone is the end of one.
func (x *gathered) FutureDone() {
	g := x.in
	g.left--
	err := x.f.Peek() // who gathers is told, if not cancelled first
	if !x.f.Finished() {
		err = ErrLoopClosed
	}
	switch {
	case g.told:
		_ = x.f.Outcome() // it was asked for together with the others
	case g.Finished():
	case err != nil && !g.outcomes:
		g.complete(err)
	case g.left > 0:
	case g.Request() != nil:
		g.complete(newCancelledError(g.Request()))
	default:
		g.complete(nil)
	}
}

func (g *gathering) complete(err error) {
	if !g.Claim() {
		return
	}
	s := engine.Succeeded
	if err != nil {
		s = engine.Failed
	}
	g.Settle(s, err)
}
