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

// cancelRelay has the owner pass a request on.
func (f *Future) cancelRelay(r *Request) bool {
	if f.loop.owned() {
		return f.relay().Pass(r)
	}
	if f.Finished() {
		return false
	}
	f.loop.post(action(func() { f.relay().Pass(r) }))
	return true
}

func (f *Future) relay() *Relay {
	return (*Relay)(unsafe.Pointer(f)) // Future is the first field; kind was checked
}

// mirror returns a future of l that is done, without an error, when f, of another
// loop, is, or when that loop is closed.
func (l *Loop) mirror(f *Future) (here *Relay, leave func()) {
	here = &Relay{Pass: f.Cancel}
	here.Init(l)
	here.Play(Mirrored)
	settle := func() {
		if here.Claim() {
			here.Settle(Succeeded, nil)
		}
	}
	stop := context.AfterFunc(&f.loop.root, settle)
	over := &prompt{func() {
		stop()
		settle()
	}}
	f.loop.addWaiter(f, over)
	return here, func() {
		stop()
		f.loop.dropWaiter(f, over)
	}
}

// Near returns f if it is a future of l, else one of l that is done when f is, or
// cannot be any more because its loop is closed. leave, not nil then, lets go of it.
func (l *Loop) Near(f *Future) (near *Future, leave func()) {
	if f.loop == l {
		return f, nil
	}
	here, leave := l.mirror(f)
	return &here.Future, leave
}
