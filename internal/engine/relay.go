package engine

import (
	"context"
	"unsafe"
)

// Relay is a future that hands a request for cancellation to others instead of
// ending by it.
type Relay struct {
	Future
	// Pass is called by the owner. It reports whether anybody took the request.
	Pass func(*Request) bool
}

// Init attaches a new relay to l.
func (r *Relay) Init(l *Loop) { r.loop, r.kind = l, kindRelay }

func (f *Future) relay() *Relay {
	return (*Relay)(unsafe.Pointer(f)) // Future is the first field; kind was checked
}

// mirror returns a future of l that is done when f, of another loop, is, or when
// that loop is closed. Its outcome is nil, or ErrLoopClosed.
func (l *Loop) mirror(f *Future) (here *Relay, leave func()) {
	here = &Relay{Pass: f.Cancel}
	here.Init(l)
	settle := func() {
		switch {
		case !here.Claim():
		case f.Finished():
			here.Settle(Succeeded, nil)
		default:
			here.Settle(Failed, ErrLoopClosed)
		}
	}
	over := &prompt{settle}
	f.loop.addWaiter(f, over)
	stop := context.AfterFunc(&f.loop.root, settle)
	return here, func() {
		stop()
		f.loop.dropWaiter(f, over)
	}
}

// Near returns f if it is a future of l, else one of l that is done when f is, which
// leave, not nil then, lets go of.
func (l *Loop) Near(f *Future) (near *Future, leave func()) {
	if f.loop == l {
		return f, nil
	}
	here, leave := l.mirror(f)
	return &here.Future, leave
}
