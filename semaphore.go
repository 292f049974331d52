package asyncio

import (
	"context"
	"fmt"
	"math"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// Semaphore lets a number of tasks and goroutines in at a time, first come, first
// served. Make one with [NewSemaphore]; the zero value has no places yet. Every method may be
// called from any goroutine. (asyncio.Semaphore)
type Semaphore struct {
	monitor
	value   int
	bound   int  // the places it was made with
	bounded bool // it is one
	waiters waitQueue

	holders holders
}

// NewSemaphore makes a semaphore with n places. A negative n is a mistake and
// panics.
func NewSemaphore(n int) *Semaphore {
	s := &Semaphore{}
	s.init(n)
	return s
}

func (s *Semaphore) init(n int) {
	if n < 0 {
		panic("asyncio: a semaphore needs a number of places that is not negative")
	}
	s.value, s.bound = n, n
}

// Acquire waits for a place and takes it. It is an await point if none is free, or
// if others wait; otherwise it returns at once. (Semaphore.acquire)
//
// If the caller is cancelled while it waits, Acquire returns the *CancelledError;
// if ctx is a scope that ends, its cause. No place is taken then. It returns
// ErrNotInTask in a callback, and ErrLoopClosed once the loop is closed.
func (s *Semaphore) Acquire(ctx context.Context) error {
	s.lock()
	if s.take() {
		s.holders.add(ctx)
		s.unlock()
		return nil
	}
	return s.wait(ctx, 1)
}

// AcquireN waits for n places and takes them at once. It stands in the same line as Acquire: as long as
// it waits nobody behind it has a place, or it would never see n of them free. It is an
// await point if there are not as many, or if others wait; otherwise it returns at once. (not in
// asyncio)
//
// More than a [BoundedSemaphore] has places is an error, at once. With 0 it returns nil, and a
// negative n panics. All else is as of [Semaphore.Acquire].
func (s *Semaphore) AcquireN(ctx context.Context, n int) error {
	checkPlaces(n)
	s.lock()
	switch {
	case s.bounded && n > s.bound:
		s.unlock()
		return fmt.Errorf("asyncio: AcquireN of %d places: the BoundedSemaphore has %d", n, s.bound)
	case s.takeN(n):
		s.hold(ctx, n)
		s.unlock()
		return nil
	}
	return s.wait(ctx, n)
}

func checkPlaces(n int) {
	if n < 0 || n > math.MaxInt32 {
		panic(fmt.Sprintf("asyncio: %d places of a semaphore: it takes a number from 0 to %d", n, math.MaxInt32))
	}
}

// wait waits for n places. The monitor is locked.
func (s *Semaphore) wait(ctx context.Context, n int) error {
	w, err := s.waiters.enter(ctx, &s.monitor, s)
	if err == nil {
		w.more = int32(n - 1)
	}
	s.unlock()
	if err != nil {
		return err
	}
	err = w.Wait(ctx)
	s.waiters.leave(w, err)
	if err == nil {
		s.hold(ctx, n)
		s.giveAll()
	}
	s.unlock()
	return err
}

func (s *Semaphore) hold(ctx context.Context, n int) {
	for ; n > 0; n-- {
		s.holders.add(ctx)
	}
}

func (s *Semaphore) about() engine.About {
	s.lock()
	a := engine.About{Of: s, Op: "Semaphore.Acquire"}
	a.Holders, a.Whole = s.holders.all(s.bound - s.value)
	s.unlock()
	a.State = s.String()
	return a
}

// TryAcquire takes a place if one is free and nobody waits, and reports whether it
// did. It never blocks. (not in asyncio)
func (s *Semaphore) TryAcquire() bool {
	s.lock()
	defer s.unlock()
	return s.take()
}

func (s *Semaphore) take() bool {
	if s.full() {
		return false
	}
	s.value--
	return true
}

// TryAcquireN takes n places if as many are free and nobody waits, and reports whether it
// did. It never blocks. A negative n panics. (not in asyncio)
func (s *Semaphore) TryAcquireN(n int) bool {
	checkPlaces(n)
	s.lock()
	defer s.unlock()
	return s.takeN(n)
}

func (s *Semaphore) takeN(n int) bool {
	if n > 0 && (s.value < n || s.waiters.claimed()) {
		return false
	}
	s.value -= n
	return true
}

// Free returns how many places are free. If somebody waits for more than that, they are not to
// be had. (not in asyncio)
func (s *Semaphore) Free() int {
	s.lock()
	defer s.unlock()
	return s.value
}

func (s *Semaphore) full() bool { return s.value == 0 || s.waiters.claimed() }

func (s *Semaphore) gaveUp(w *waiter) {
	if w.woken {
		s.value += w.places() // it was given them
	}
	s.giveAll()
}

func (s *Semaphore) giveAll() {
	for s.value > 0 && s.give() {
	}
}

// give hands the next in line what it waits for, if there is as much.
func (s *Semaphore) give() bool {
	w := s.waiters.first()
	if w == nil || s.value < w.places() {
		return false
	}
	s.wake(w)
	s.value -= w.places()
	return true
}

// places is how many it wants.
func (w *waiter) places() int { return 1 + int(w.more) }

// Release gives a place back, or adds one. It returns nil, but that of a
// [BoundedSemaphore] with all its places free ErrNotAcquired. (Semaphore.release)
func (s *Semaphore) Release() error {
	s.lock()
	defer s.unlock()
	if s.bounded && s.value >= s.bound {
		return fmt.Errorf("%w: BoundedSemaphore released too often", ErrNotAcquired)
	}
	s.value++
	s.holders.remove()
	if s.waiters.n > 0 {
		s.give()
	}
	return nil
}

// ReleaseN gives n places back, or adds as many. It returns nil, but that of a [BoundedSemaphore]
// with fewer than n taken ErrNotAcquired: none is given back then. A negative n panics.
// (not in asyncio)
func (s *Semaphore) ReleaseN(n int) error {
	checkPlaces(n)
	s.lock()
	defer s.unlock()
	if s.bounded && n > s.bound-s.value {
		return fmt.Errorf("%w: ReleaseN of %d places of a BoundedSemaphore with %d taken", ErrNotAcquired, n, s.bound-s.value)
	}
	s.value += n
	for range min(n, len(s.holders.tasks)) {
		s.holders.remove()
	}
	s.giveAll()
	return nil
}

// Locked reports whether Acquire would have to wait. (Semaphore.locked)
func (s *Semaphore) Locked() bool {
	s.lock()
	defer s.unlock()
	return s.full()
}

// With calls f while it holds a place: see [Lock.With]. (async with semaphore)
func (s *Semaphore) With(ctx context.Context, f func() error) error { return with(ctx, s, f) }

// String shows how many places are free and how many wait for one.
func (s *Semaphore) String() string {
	s.lock()
	defer s.unlock()
	kind, state := "Semaphore", "locked"
	if s.bounded {
		kind = "BoundedSemaphore"
	}
	if !s.full() {
		state = fmt.Sprintf("unlocked, value:%d", s.value)
	}
	return describe(kind, state, &s.waiters)
}

// GoString is String.
func (s *Semaphore) GoString() string { return s.String() }

// BoundedSemaphore is a semaphore that refuses to have more places than it was
// made with: its Release returns ErrNotAcquired if none was taken. Make one with
// [NewBoundedSemaphore]; the zero value has no places,
// and its Acquire returns ErrNotAcquired. (asyncio.BoundedSemaphore)
type BoundedSemaphore struct{ Semaphore }

// NewBoundedSemaphore makes one with n places. A negative n is a mistake and
// panics.
func NewBoundedSemaphore(n int) *BoundedSemaphore {
	s := &BoundedSemaphore{}
	s.init(n)
	s.bounded = true
	return s
}

// Acquire is as of [Semaphore.Acquire].
func (s *BoundedSemaphore) Acquire(ctx context.Context) error {
	if !s.bounded {
		return errZeroBounded
	}
	return s.Semaphore.Acquire(ctx)
}

// AcquireN is as of [Semaphore.AcquireN].
func (s *BoundedSemaphore) AcquireN(ctx context.Context, n int) error {
	if !s.bounded {
		return errZeroBounded
	}
	return s.Semaphore.AcquireN(ctx, n)
}

// ReleaseN is as of [Semaphore.ReleaseN].
func (s *BoundedSemaphore) ReleaseN(n int) error {
	if !s.bounded {
		return errZeroBounded
	}
	return s.Semaphore.ReleaseN(n)
}

// Release gives a place back. It returns ErrNotAcquired if all are free.
// (BoundedSemaphore.release)
func (s *BoundedSemaphore) Release() error {
	if !s.bounded {
		return errZeroBounded
	}
	return s.Semaphore.Release()
}

// With calls f while it holds a place: see [Lock.With]. (async with semaphore)
func (s *BoundedSemaphore) With(ctx context.Context, f func() error) error { return with(ctx, s, f) }

var errZeroBounded = fmt.Errorf("%w: the zero BoundedSemaphore has no places: make one with NewBoundedSemaphore", ErrNotAcquired)
