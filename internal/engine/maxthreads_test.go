package engine

import "testing"

// A finishing goroutine that has looked at the first in the queue may come too
// late, and find it there again, waiting to go on: that one is not to be started.
func TestPlacesGiveWhoGoesOnToTheOwnerAlone(t *testing.T) {
	var p places
	task := &Task{}
	var x Thread
	task.OnThread(&x)
	th := &x

	p.push(th, waitingToStart)
	seen := p.first()
	if seen != th || seen.forOwner() {
		t.Fatal("it may be started by anyone")
	}
	if p.next(false) != th {
		t.Fatal("another goroutine starts it")
	}
	p.push(th, waitingToGoOn)
	if p.claim(seen, false) {
		t.Error("it was started twice")
	}
	if p.next(false) != nil {
		t.Error("a goroutine took it")
	}
	if p.next(true) != th || p.next(true) != nil {
		t.Error("the owner takes it once")
	}
}

// An entry that was left behind is passed over, and used again by who comes back.
func TestPlacesPassOverWhoLeft(t *testing.T) {
	var p places
	var all [3]*thread
	for i := range all {
		var x Thread
		(&Task{}).OnThread(&x)
		all[i] = &x
		p.push(all[i], waitingToStart)
	}
	all[0].claim.Store(unclaimed)
	all[1].claim.Store(unclaimed)
	p.push(all[1], waitingToStart)
	if got := p.next(false); got != all[1] {
		t.Error("the second kept its entry and is first now")
	}
	if got := p.next(false); got != all[2] || p.next(false) != nil {
		t.Error("then the third")
	}
}
