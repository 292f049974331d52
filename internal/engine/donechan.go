package engine

import (
	"runtime"
	"sync"
	"weak"
)

// doneChans are the channels that somebody has asked for, of futures that were pending
// then. They are beside the futures, which would be bigger, and keep none of them, nor a
// loop: of a future that nobody can complete any more, nothing stays.
//
// Invariant: a channel that is in the map is open, and its future tells it at the end, or
// is about to be asked to. Whoever takes it out closes it, unless the future is gone.
var doneChans struct {
	mu sync.Mutex
	of map[weak.Pointer[Future]]chan struct{}
}

// DoneChan returns a channel that is closed when the future is done. Any goroutine may call
// it, and waits for nobody. Who has the channel of a pending future is one of those who are
// to be told of its error: see failure.
func (f *Future) DoneChan() <-chan struct{} {
	l := f.Loop()
	if f.Finished() {
		return alwaysClosed
	}
	key := weak.Make(f)
	c, made := doneChanOf(key)
	if made {
		gone := runtime.AddCleanup(f, forgetDoneChan, key)
		l.addListener(f, &prompt{tell: func() {
			gone.Stop()
			forgetDoneChan(key)
			close(c)
		}})
	}
	return c
}

func doneChanOf(key weak.Pointer[Future]) (c chan struct{}, made bool) {
	d := &doneChans
	d.mu.Lock()
	defer d.mu.Unlock()
	if c = d.of[key]; c != nil {
		return c, false
	}
	if d.of == nil {
		d.of = map[weak.Pointer[Future]]chan struct{}{}
	}
	c = make(chan struct{})
	d.of[key] = c
	return c, true
}

// forgetDoneChan is also a clean-up: it only takes note.
func forgetDoneChan(key weak.Pointer[Future]) {
	doneChans.mu.Lock()
	defer doneChans.mu.Unlock()
	delete(doneChans.of, key)
}

var alwaysClosed = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()
