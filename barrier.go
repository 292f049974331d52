package asyncio

import (
	"context"
	"fmt"
	"math"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// Barrier lets tasks and goroutines through in rounds, when a number of them has
// come. Make one with [NewBarrier]. Every method may be called from any goroutine.
// (asyncio.Barrier)
//
// CPython builds it from a Condition. Nobody ever suspends there while holding its
// lock, so here it needs none and Abort and Reset do not wait.
type Barrier struct {
	monitor
	parties int
	state   barrierState
	count   int // who is inside: waiting for the others, or not out yet
	waiters waitQueue

	// Who has come to the round that is filling, in this order; and memory for those who
	// will.
	first, last *party
	spare       *party
}

// party is one of those who have come to a round. Its number is not known before the
// round is complete, since those before it may leave.
type party struct {
	prev, next *party
	number     int
}

// barrierState is where a barrier is in its round.
//
//	filling → draining → filling    enough have come; the last one is out
//	filling, draining → resetting → filling    Reset with some inside; the last one is out
//	any → broken → filling    Abort; Reset with nobody inside, else resetting first
type barrierState string

const (
	filling   barrierState = "filling"
	draining  barrierState = "draining"
	resetting barrierState = "resetting"
	broken    barrierState = "broken"
)

// NewBarrier makes a barrier for so many parties. Less than one is a mistake and
// panics.
func NewBarrier(parties int) *Barrier {
	if parties < 1 {
		panic("asyncio: NewBarrier needs at least one party")
	}
	return &Barrier{parties: parties, state: filling}
}

// Wait waits until all parties have come and returns the caller's number among
// them, from 0 in the order in which they came: each number once, those who have left
// before are not counted. Who comes before the last round is out waits for that first. It is an await point, unless the caller is the one
// that completes the round. (Barrier.wait)
//
// If the barrier is aborted, or reset after the caller was counted, Wait returns
// ErrBrokenBarrier. If the caller is cancelled it returns the *CancelledError, if
// ctx is a scope that ends, its cause; the barrier goes on as if it had not come.
// It returns ErrNotInTask in a callback and ErrLoopClosed once the loop is closed.
func (b *Barrier) Wait(ctx context.Context) (int, error) {
	if b.parties == 0 {
		return 0, fmt.Errorf("%w: the zero Barrier has no parties: make one with NewBarrier", ErrBrokenBarrier)
	}
	b.lock()
	if err := b.until(ctx, func() bool { return b.state != draining && b.state != resetting }); err != nil {
		b.unlock()
		return 0, err
	}
	if b.state == broken {
		b.unlock()
		return 0, ErrBrokenBarrier
	}
	p := b.come()
	locked := true
	defer func() { // also if the task is unwound
		if !locked {
			b.lock()
		}
		b.leave(p)
		b.unlock()
	}()
	if b.count == b.parties {
		b.complete()
		return p.number, nil
	}
	locked = false
	err := b.until(ctx, func() bool { return b.state != filling })
	locked = true
	switch {
	case err != nil:
		return 0, err
	case b.state != draining:
		return 0, fmt.Errorf("%w: aborted or reset", ErrBrokenBarrier)
	}
	return p.number, nil
}

// come counts the caller.
func (b *Barrier) come() *party {
	p := b.spare
	if p == nil {
		p = &party{}
	} else {
		b.spare = p.next
	}
	p.prev, p.next = b.last, nil
	if b.last == nil {
		b.first = p
	} else {
		b.last.next = p
	}
	b.last = p
	b.count++
	return p
}

// complete lets those through who have come, and gives them their numbers.
func (b *Barrier) complete() {
	n := 0
	for p := b.first; p != nil; p = p.next {
		p.number = n
		n++
	}
	b.state = draining
	b.notify(math.MaxInt)
}

// until waits, with the monitor locked before and after, for a state.
func (b *Barrier) until(ctx context.Context, reached func() bool) error {
	for !reached() {
		w, err := b.waiters.enter(ctx, &b.monitor, b)
		if err != nil {
			return err
		}
		b.unlock()
		err = w.Wait(ctx)
		b.waiters.leave(w, err)
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *Barrier) notify(n int) { b.waiters.wakeAll(&b.monitor, n) }

func (b *Barrier) gaveUp(*waiter) { b.notify(1) }

func (b *Barrier) about() engine.About {
	return engine.About{Of: b, Op: "Barrier.Wait", State: b.String()}
}

// leave is the end of a Wait that was counted.
func (b *Barrier) leave(p *party) {
	if p.prev == nil {
		b.first = p.next
	} else {
		p.prev.next = p.next
	}
	if p.next == nil {
		b.last = p.prev
	} else {
		p.next.prev = p.prev
	}
	p.prev, p.next, b.spare = nil, b.spare, p
	if b.count--; b.count > 0 {
		return
	}
	if b.state == resetting || b.state == draining {
		b.state = filling
	}
	b.notify(math.MaxInt)
}

// With waits and then calls f with the caller's number: see [Barrier.Wait].
// (async with barrier as number)
func (b *Barrier) With(ctx context.Context, f func(index int) error) error {
	if f == nil {
		panic("asyncio: With of a nil function")
	}
	index, err := b.Wait(ctx)
	if err != nil {
		return err
	}
	return f(index)
}

// Reset empties the barrier for a new round: those who are inside get
// ErrBrokenBarrier. It does not block. (Barrier.reset)
func (b *Barrier) Reset() {
	b.lock()
	defer b.unlock()
	b.state = filling
	if b.count > 0 {
		b.state = resetting
	}
	b.notify(math.MaxInt)
}

// Abort breaks the barrier: those who are inside, and all who come until Reset,
// get ErrBrokenBarrier. It does not block. (Barrier.abort)
func (b *Barrier) Abort() {
	b.lock()
	defer b.unlock()
	b.state = broken
	b.notify(math.MaxInt)
}

// Parties returns how many have to come. (Barrier.parties)
func (b *Barrier) Parties() int { return b.parties }

// Waiting returns how many have come in the round that is filling.
// (Barrier.n_waiting)
func (b *Barrier) Waiting() int {
	b.lock()
	defer b.unlock()
	return b.waiting()
}

func (b *Barrier) waiting() int {
	if b.state == filling {
		return b.count
	}
	return 0
}

// Broken reports whether the barrier was aborted. (Barrier.broken)
func (b *Barrier) Broken() bool {
	b.lock()
	defer b.unlock()
	return b.state == broken
}

// String shows the state, and how many have come.
func (b *Barrier) String() string {
	b.lock()
	defer b.unlock()
	if b.state == broken {
		return "<Barrier [broken]>"
	}
	return fmt.Sprintf("<Barrier [%s, waiters:%d/%d]>", b.state, b.waiting(), b.parties)
}

// GoString is String.
func (b *Barrier) GoString() string { return b.String() }
