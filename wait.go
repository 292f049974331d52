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

	firstSuccess // one has succeeded, or all are done: of FirstSuccess
)

// WaitOptions says when [Wait] returns. The zero value waits for all, for ever. (timeout=,
// return_when=)
type WaitOptions struct {
	// Timeout on the loop's clock; zero is none, and waits for ever; less than zero has passed
	// already. So what is left of some time, which may come out as zero, is no Timeout: see
	// Deadline.
	Timeout time.Duration
	// Deadline is a moment on the loop's clock, which may have passed; the zero time is none. With
	// a Timeout too, whichever is first counts.
	Deadline time.Time
	// ReturnWhen is what to wait for; AllCompleted if it is not set.
	ReturnWhen ReturnWhen
}

// due is the time since the epoch of the loop's clock, Never without one.
func (o WaitOptions) due(l *engine.Loop) time.Duration {
	due := engine.Never
	if o.Timeout != 0 {
		due = l.Deadline(max(o.Timeout, 0))
	}
	if !o.Deadline.IsZero() {
		due = min(due, max(l.Since(o.Deadline), l.Now())) // not before what is due now
	}
	return due
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

// waiting is completed when a wait is over.
type waiting struct {
	watching
	until  ReturnWhen
	due    time.Duration // Never if there is no timeout
	left   int
	hears  hears          // written before await
	heard  bool           // the wait has ended well; of who waits, until that has ended
	over   bool           // it has
	first  *engine.Future // to end, or to succeed if that is what is waited for
	asked  []int          // who have failed, by who waits for the first that ends otherwise or by itself
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

// String is what its timer is called.
func (w *waiting) String() string { return "the timeout of a Wait" }

func newWaiting(fs []*engine.Future, o WaitOptions) *waiting {
	need, due := engine.All, o.due(fs[0].Loop())
	switch {
	case due != engine.Never:
		need = engine.Nothing
	case o.ReturnWhen != AllCompleted:
		need = engine.Any // for FirstException: each might fail
	}
	return newWaitingFor(fs, o.ReturnWhen, due, need)
}

func newWaitingFor(fs []*engine.Future, until ReturnWhen, due time.Duration, need engine.Need) *waiting {
	w := &waiting{until: until, due: due, left: len(fs)}
	w.init(fs, engine.Waited)
	w.Need = need
	for i := range fs {
		w.find(i)
	}
	w.Loop().Do(w.begin)
	return w
}

func (w *waiting) begin() {
	if w.due != engine.Never {
		w.timer = &engine.Handle{}
		w.timer.Init(w.Loop(), func() { w.complete(nil) }, w)
		w.timer.At(w.due)
	}
	for i := range w.each {
		w.each[i].Start(w.each[i].near, w, i)
	}
}

// await waits, and lets go of all that it has waited for. It is called once.
func (w *waiting) await(ctx context.Context) error {
	defer w.Loop().Do(w.end)
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
	for _, i := range w.asked {
		if f := w.each[i].f; (w.heard || w.until == firstSuccess && w.left > 0) && !w.wasInVain(f) {
			_ = f.Outcome()
		}
	}
	for i := range w.each {
		// What has just failed is still taken note of: see FutureDone.
		if f := w.each[i].f; !f.Finished() || !w.tells(f) {
			w.letGo(i)
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

// wasInVain reports whether f has panicked and the caller is not told, since another has
// succeeded or the caller does not wait any more: who has asked for a success takes errors into
// account, but not that.
func (w *waiting) wasInVain(f *engine.Future) bool {
	return w.until == firstSuccess && (w.first != nil || !w.heard) && isPanic(f.Peek())
}

// Counts is for the engine, which explores orders: whether FutureDone would only count.
func (w *waiting) Counts(i int) bool {
	return w.first != nil && w.left > 1 && w.until == AllCompleted && w.each[i].f.Finished()
}

// FutureDone is the end of one.
func (w *waiting) FutureDone(i int) {
	f := w.each[i].f
	if !f.Finished() {
		if w.Claim() { // or it is read already
			w.closed = true
			w.Settle(engine.Succeeded, nil)
		}
		return
	}
	w.left--
	if w.until == firstSuccess {
		w.tried(i)
		return
	}
	if w.first == nil {
		w.first = f
	}
	if w.left > 0 && w.until != FirstCompleted {
		if w.until == AllCompleted {
			return
		}
		if f.State() != engine.Failed {
			w.Strike(i)
			return
		}
		if w.over {
			_ = f.Outcome() // as in CPython, who has asked for the first error has seen it
		} else {
			w.asked = append(w.asked, i)
		}
	}
	if w.timer != nil {
		w.timer.Cancel()
	}
	w.complete(nil)
}

// tried is the end of one for who waits for a success.
func (w *waiting) tried(i int) {
	switch f := w.each[i].f; {
	case w.first != nil:
		return
	case f.State() == engine.Succeeded:
		w.first = f
	case f.State() == engine.Failed:
		w.asked = append(w.asked, i)
	}
	if w.first != nil || w.left == 0 {
		w.complete(nil)
	}
}
