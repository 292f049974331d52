package asyncio

import (
	"context"
	"errors"
	"time"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// ReturnWhen says what ends a [Wait]. (return_when=)
type ReturnWhen uint8

// The ends of a Wait. (asyncio.ALL_COMPLETED, FIRST_COMPLETED, FIRST_EXCEPTION)
const (
	AllCompleted   ReturnWhen = iota // all are done
	FirstCompleted                   // one is done, in whatever way
	FirstException                   // one has failed, or all are done; a cancelled one has not failed
)

// WaitOptions says when [Wait] returns. The zero value waits for all, for ever. (timeout=,
// return_when=)
type WaitOptions struct {
	// Timeout on the loop's clock; zero is none, less than zero has passed already.
	Timeout time.Duration
	// ReturnWhen is what to wait for; AllCompleted if it is not set.
	ReturnWhen ReturnWhen
}

// Wait waits for tasks and futures, and returns those that are done and those that
// are not, each once and in the order given. It is an await point, also if all are done. A
// timeout is no error, and nothing is cancelled by it. Mixed kinds are given as
// []AnyFuture. (asyncio.wait)
//
// If the caller is cancelled, Wait returns the *CancelledError; if ctx is a scope
// that ends, its cause. What was waited for goes on. It returns an error if fs is
// empty, ErrNotInTask in a callback, and ErrLoopClosed once the loop of the first, or
// of one that is not done, is closed.
func Wait[F AnyFuture](ctx context.Context, fs []F, o WaitOptions) (done, pending []F, err error) {
	if len(fs) == 0 {
		return nil, nil, errors.New("asyncio: Wait for nothing: give it at least one task or future")
	}
	if o.ReturnWhen > FirstException {
		return nil, nil, errors.New("asyncio: Wait with an unknown ReturnWhen")
	}
	fs = distinct(fs)
	w := newWaiting(cores(fs), o)
	if err := w.await(ctx); err != nil {
		return nil, nil, err
	}
	for _, f := range fs {
		if f.Done() {
			done = append(done, f)
		} else {
			pending = append(pending, f)
		}
	}
	return done, pending, nil
}

// distinct leaves out what was given before.
func distinct[F AnyFuture](fs []F) []F {
	seen := make(map[*engine.Future]bool, len(fs))
	var all []F
	for i, f := range fs {
		if seen[coreOf(f)] {
			if all == nil {
				all = append(all, fs[:i]...)
			}
			continue
		}
		seen[f.core()] = true
		if all != nil {
			all = append(all, f)
		}
	}
	if all == nil {
		return fs
	}
	return all
}

func cores[F AnyFuture](fs []F) []*engine.Future {
	all := make([]*engine.Future, len(fs))
	for i, f := range fs {
		all[i] = coreOf(f)
	}
	return all
}

// coreOf is core of what a user has given, which may be nil.
func coreOf(f AnyFuture) *engine.Future {
	if f != nil {
		if c := f.core(); c != nil {
			_ = c.Loop() // not that of a zero Task or Future
			return c
		}
	}
	panic("asyncio: a nil task or future cannot be awaited")
}

// waiting is the future that is completed when a wait is over. It belongs to the
// loop of the first that is waited for; all but the future is for its owner.
type waiting struct {
	engine.Joint
	loop   *engine.Loop
	o      WaitOptions
	left   int
	each   []waited
	hears  hears          // written before await
	heard  bool           // the wait has ended well; of who waits, until that has ended
	over   bool           // it has
	first  *engine.Future // to end
	closed bool           // the loop of one was closed before it has ended
	timer  *engine.Handle
}

// hears is whose ends the caller is told of, by a wait that ends well. Of another the caller
// is told of none.
type hears uint8

const (
	hearsAll hears = iota
	hearsFirst
	hearsNone
)

// waited is one of those that are waited for.
type waited struct {
	engine.Watch
	in    *waiting
	i     int
	f     *engine.Future // as it was given
	near  *engine.Future
	leave func() // nil if f is of this loop
	asked bool   // for its error, by who waits for the first
}

// String is what its timer is called.
func (w *waiting) String() string { return "the timeout of a Wait" }

func newWaiting(fs []*engine.Future, o WaitOptions) *waiting {
	need := engine.All
	switch {
	case o.Timeout != 0:
		need = engine.Nothing
	case o.ReturnWhen != AllCompleted:
		need = engine.Any // for FirstException: each might fail
	}
	return newWaitingFor(fs, o, need)
}

func newWaitingFor(fs []*engine.Future, o WaitOptions, need engine.Need) *waiting {
	w := &waiting{loop: fs[0].Loop(), o: o, left: len(fs), each: make([]waited, len(fs))}
	w.Init(w.loop)
	w.Parts, w.Need = fs, need
	w.Play(engine.Waited)
	for i, f := range fs {
		x := &w.each[i]
		x.in, x.i, x.f = w, i, f
		x.near, x.leave = w.loop.Near(f)
	}
	w.loop.Do(w.begin)
	return w
}

func (w *waiting) begin() {
	if w.o.Timeout != 0 {
		w.timer = &engine.Handle{}
		w.timer.Init(w.loop, w.complete, w)
		w.timer.At(w.loop.Deadline(max(w.o.Timeout, 0)))
	}
	for i := range w.each {
		w.each[i].Start(w.each[i].near, &w.each[i])
	}
}

// await waits, and lets go of all that it has waited for. It is called once.
func (w *waiting) await(ctx context.Context) error {
	defer w.loop.Do(w.end)
	err := w.Await(ctx)
	if err == nil && w.closed {
		err = ErrLoopClosed
	}
	w.heard = err == nil
	return err
}

func (w *waiting) end() {
	if w.timer != nil {
		w.timer.Cancel()
	}
	for i := range w.each {
		x := &w.each[i]
		if x.f.Finished() && w.tells(x.f) {
			if x.asked {
				_ = x.f.Outcome()
			}
			continue // what has just failed is still taken note of: see FutureDone
		}
		x.Stop(x.near)
		if x.leave != nil {
			x.leave()
		}
	}
	w.over = true
}

// unheard is for a caller that was told of the first, and is not to tell of it after all.
func (w *waiting) unheard() {
	if f := w.first; w.heard && f != nil {
		f.Loop().Do(f.Missed)
	}
}

// tells reports whether the caller is told of the end of f.
func (w *waiting) tells(f *engine.Future) bool {
	return w.heard && (w.hears == hearsAll || w.hears == hearsFirst && w.first == f)
}

// Counts is for the engine, which explores orders: whether FutureDone would only count.
func (x *waited) Counts() bool {
	return x.in.first != nil && x.in.left > 1 && x.in.o.ReturnWhen == AllCompleted && x.f.Finished()
}

// Completes is for the engine's picture of who waits for whom.
func (x *waited) Completes() *engine.Future { return &x.in.Future }

// FutureDone is the end of one.
func (x *waited) FutureDone() {
	w := x.in
	if !x.f.Finished() {
		if w.Claim() { // or it is read already
			w.closed = true
			w.Settle(engine.Succeeded, nil)
		}
		return
	}
	if w.left--; w.first == nil {
		w.first = x.f
	}
	if w.left > 0 && w.o.ReturnWhen != FirstCompleted {
		if w.o.ReturnWhen == AllCompleted {
			return
		}
		if x.f.State() != engine.Failed {
			w.Strike(x.i)
			return
		}
		if x.asked = true; w.over {
			_ = x.f.Outcome() // as in CPython, who has asked for the first error has seen it
		}
	}
	if w.timer != nil {
		w.timer.Cancel()
	}
	w.complete()
}

func (w *waiting) complete() {
	if w.Claim() {
		w.Settle(engine.Succeeded, nil)
	}
}
