package engine

import (
	"runtime"
	"testing"
)

// Nothing stays of a future that is done, or that nobody has any more.
func TestDoneChansAreForgotten(t *testing.T) {
	l := newLoop(t, NewWall())
	count := func() int {
		doneChans.mu.Lock()
		defer doneChans.mu.Unlock()
		return len(doneChans.of)
	}
	before := count()
	f := &Future{loop: l}
	c := f.DoneChan()
	if f.DoneChan() != c || count() != before+1 {
		t.Errorf("%d channels of one future", count()-before)
	}
	if !f.Claim() {
		t.Fatal("not claimed")
	}
	f.Settle(Succeeded, nil)
	<-c
	if count() != before {
		t.Errorf("%d channels of a future that is done", count()-before)
	}
	for range 100 {
		_ = (&Future{loop: l}).DoneChan()
	}
	for range 1000 {
		runtime.GC()
		runtime.Gosched()
		if count() == before {
			return
		}
	}
	t.Errorf("%d channels of futures that nobody has", count()-before)
}
