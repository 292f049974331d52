package asyncio

import (
	"runtime"
	"time"
	"unsafe"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// Handle is a callback that the loop is to run once. (asyncio.Handle,
// asyncio.TimerHandle)
type Handle struct {
	h  engine.Handle
	pc uintptr // of the callback, to name it when the engine has let go of it
}

// tracedHandle is a handle that was made in debug mode. Those that were not are not
// to pay for it.
type tracedHandle struct {
	Handle
	created *engine.Creation
}

func (l *Loop) newHandle(f func()) *Handle {
	if f == nil {
		panic("asyncio: nil callback")
	}
	pc := **(**uintptr)(unsafe.Pointer(&f)) // funcPC, which reflects, takes an eighth of the time of CallSoon
	if l.core().Debug() {
		x := &tracedHandle{created: engine.Callers()}
		x.pc = pc
		x.h.Init(l.core(), f, x)
		return &x.Handle
	}
	h := &Handle{pc: pc}
	h.h.Init(l.core(), f, h)
	return h
}

// callback returns what reports are to name of a handle: the user's handle, nil for
// a done callback, and the callback, 0 for one of this package's own.
func callback(e *engine.Handle) (h *Handle, pc uintptr) {
	switch face := e.Face().(type) {
	case nil, *timeoutDeadline, *waiting:
		return nil, 0
	case engine.CodeAt:
		return nil, uintptr(face)
	case *Handle:
		return face, face.pc
	case *tracedHandle:
		return &face.Handle, face.pc
	default:
		return nil, funcPC(face)
	}
}

// Cancel keeps the callback from running and reports whether it was in time. It
// may be called from any goroutine, and lets go of what the callback has captured.
// (Handle.cancel)
func (h *Handle) Cancel() bool { return h.h.Cancel() }

// Cancelled reports whether Cancel was called, in time or not, or the callback was refused
// by a closed loop. (Handle.cancelled)
func (h *Handle) Cancelled() bool { return h.h.Cancelled() }

// When returns the moment of CallLater or CallAt, the zero time for CallSoon.
// (TimerHandle.when)
func (h *Handle) When() time.Time { return h.h.When() }

// Created returns the frames where the callback was set, innermost first; nil unless
// the loop was in debug mode: see [Loop.SetDebug]. (Handle._source_traceback)
func (h *Handle) Created() []runtime.Frame {
	if x, ok := h.h.Face().(*tracedHandle); ok {
		return x.created.Frames()
	}
	return nil
}

// String shows the moment of CallLater or CallAt and the callback, in debug mode also
// where it was set. Of a cancelled handle the callback is shown in debug mode alone, as
// in CPython.
func (h *Handle) String() string {
	s := "<Handle"
	cancelled, created := h.Cancelled(), h.Created()
	if cancelled {
		s += " cancelled"
	}
	if when := h.When(); !when.IsZero() {
		s += " when=" + when.Format(time.RFC3339Nano)
	}
	if f := funcFrame(h.pc); !cancelled || len(created) > 0 {
		s += " callback=" + f.Function + " at " + position(f)
	}
	if len(created) > 0 {
		s += " created at " + position(created[0])
	}
	return s + ">"
}

// GoString is String.
func (h *Handle) GoString() string { return h.String() }
