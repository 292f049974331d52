package asyncio

import (
	"time"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// Handle is a callback that the loop is to run once. (asyncio.Handle,
// asyncio.TimerHandle)
type Handle struct{ h engine.Handle }

// CallSoon has f called on the loop, on its next turn, after what is ready. f must
// not block or await. On a closed loop the handle comes back cancelled.
// (loop.call_soon, loop.call_soon_threadsafe)
func (l *Loop) CallSoon(f func()) *Handle {
	h := l.newHandle(f)
	h.h.Soon()
	return h
}

// CallLater has f called on the loop after d. Callbacks of the same moment run in
// the order in which they were set. (loop.call_later)
func (l *Loop) CallLater(d time.Duration, f func()) *Handle {
	h := l.newHandle(f)
	h.h.At(l.l.Deadline(d))
	return h
}

// CallAt has f called on the loop at a moment of its clock. (loop.call_at)
func (l *Loop) CallAt(when time.Time, f func()) *Handle {
	h := l.newHandle(f)
	h.h.At(l.l.Since(when))
	return h
}

func (l *Loop) newHandle(f func()) *Handle {
	if f == nil {
		panic("asyncio: nil callback")
	}
	h := &Handle{}
	h.h.Init(l.l, f, h)
	return h
}

// Cancel keeps the callback from running and reports whether it was in time. It
// may be called from any goroutine. (Handle.cancel)
func (h *Handle) Cancel() bool { return h.h.Cancel() }

// Cancelled reports whether the callback was cancelled, or refused by a closed
// loop. (Handle.cancelled)
func (h *Handle) Cancelled() bool { return h.h.Dropped() }

// When returns the moment of CallLater or CallAt, the zero time for CallSoon.
// (TimerHandle.when)
func (h *Handle) When() time.Time { return h.h.When() }
