package asyncio

import (
	"context"
	"fmt"
	"slices"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// Semaphore lets a number of tasks and goroutines in at a time, first come, first
// served. Make one with [NewSemaphore]; the zero value has no places yet. Every method may be called from any
// goroutine. (asyncio.Semaphore)
type Semaphore struct {
	monitor
	value   int
	bound   int  // the places it was made with
	bounded bool // it is one
	waiters waitQueue

	// Kept only on loops under test and in debug mode: anywhere else the one who takes a
	// free place would pay for it.
	holders []*engine.Task
	vague   bool // somebody else has released for one of several: it is not known for whom
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
		s.hold(ctx)
		s.unlock()
		return nil
	}
	w, err := s.waiters.enter(ctx, &s.monitor, s)
	s.unlock()
	if err != nil {
		return err
	}
	err = w.Wait(ctx)
	s.waiters.leave(w, err)
	if err == nil {
		s.hold(ctx)
		s.giveAll()
	}
	s.unlock()
	return err
}

// mostHolders bounds who is kept account of.
const mostHolders = 1 << 10

func (s *Semaphore) hold(ctx context.Context) {
	if t, ok := engine.Observed(ctx); ok && len(s.holders) < mostHolders {
		s.holders = append(s.holders, t)
	}
}

// letGo takes the caller off the holders, or the first if it is none of them.
func (s *Semaphore) letGo() {
	if len(s.holders) > 0 {
		i := slices.Index(s.holders, engine.Here())
		s.vague = (s.vague || i < 0) && len(s.holders) > 1
		i = max(0, i)
		s.holders = slices.Delete(s.holders, i, i+1)
	}
}

func (s *Semaphore) about() engine.About {
	s.lock()
	a := engine.About{Of: s, Op: "Semaphore.Acquire", Holders: slices.Clone(s.holders)}
	a.Whole = !s.vague && s.value == 0 && len(a.Holders) == s.bound
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

func (s *Semaphore) full() bool { return s.value == 0 || s.waiters.claimed() }

func (s *Semaphore) gaveUp(w *waiter) {
	if w.woken {
		s.value++ // it was given a place
	}
	s.giveAll()
}

func (s *Semaphore) giveAll() {
	for s.value > 0 && s.give() {
	}
}

// give hands a place to the next in line.
func (s *Semaphore) give() bool {
	if !s.waiters.wakeNext(&s.monitor) {
		return false
	}
	s.value--
	return true
}

// Release gives a place back, or adds one. It returns nil, but that of a
// [BoundedSemaphore] with all its places free ErrNotAcquired. (Semaphore.release)
func (s *Semaphore) Release() error {
	s.lock()
	defer s.unlock()
	if s.bounded && s.value >= s.bound {
		return fmt.Errorf("%w: BoundedSemaphore released too often", ErrNotAcquired)
	}
	s.value++
	s.letGo()
	s.give()
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
