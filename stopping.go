package asyncio

import (
	"context"
	"sync"
	"time"

	"github.com/asyncio-go/asyncio/internal/engine"
)

// Stopping returns the event by which the task of ctx is asked to stop before it is
// cancelled: that of the group it was created in ([TaskGroup.Shutdown]), which is
// set too when a group around that or the loop is asked, else that of the loop
// ([WithDrain]).
// Without a loop in ctx it panics.
func Stopping(ctx context.Context) *Event { return &stopNodeOf(ctx).asked }

// WithDrain makes Run, and Runner.Close, first ask the tasks that are left when main
// has ended to stop, by the event of [Stopping], and cancel only those that are
// still there when d has passed on the loop's clock. These are reported by name to
// the exception handler. Meanwhile a warning names them, as at the end of [Run]. Without it they are cancelled at once.
func WithDrain(d time.Duration) Option {
	return func(o *options) { o.drain = d }
}

// stopNode is who can be asked to stop: a group or a loop. What it is asked, those
// inside are asked too.
type stopNode struct {
	asked Event

	mu          sync.Mutex
	first, last *stopNode // inside
	prev, next  *stopNode // beside; under mu of the one around
}

func stopNodeOf(ctx context.Context) *stopNode {
	if k, ok := engine.GroupOf(ctx).(*groupKeeper); ok {
		return &k.stop
	}
	return &RunningLoop(ctx).stop
}

func (n *stopNode) ask() {
	// With no lock held, since it may take a loop; and before the list is read, so
	// that who is added then sees it.
	n.asked.Set()
	for _, k := range n.inside() {
		k.ask()
	}
}

func (n *stopNode) inside() (all []*stopNode) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for k := n.first; k != nil; k = k.next {
		all = append(all, k)
	}
	return all
}

func (n *stopNode) add(k *stopNode) {
	n.mu.Lock()
	k.prev = n.last
	if n.last == nil {
		n.first = k
	} else {
		n.last.next = k
	}
	n.last = k
	n.mu.Unlock()
	if n.asked.IsSet() {
		k.asked.Set()
	}
}

func (n *stopNode) remove(k *stopNode) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if k.prev == nil {
		n.first = k.next
	} else {
		k.prev.next = k.next
	}
	if k.next == nil {
		n.last = k.prev
	} else {
		k.next.prev = k.prev
	}
}
