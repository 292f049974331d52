package engine

import (
	"context"
	"unsafe"
)

// link ties who ends with a context to that: it is in the list of a node, or far.
type link struct {
	item
	who scoped   // written once
	far *lookout // for the end of a foreign context
}

func linkAt(x *item) *link { return (*link)(unsafe.Pointer(x)) } // item is the first field

// scoped is what ends with a context. What ends with that in turn it adds to the way of the
// request: see Loop.deliver.
type scoped interface {
	scopeEnded(r *Request)
}

// join has who end with ctx: at once if that has ended, never if it is nil.
func (n *link) join(l *Loop, ctx context.Context) {
	var over *Request // by which a node of this loop has ended
	var with *list    // who ends with it
	if t, ok := ctx.(*Task); ok && t.loop == l {
		over, with = t.endedBy(), &t.more().links
	} else if s := scopeOf(ctx); s != nil && s.loop == l {
		over, with = s.over, &s.links
	}
	switch {
	case ctx == nil:
	case over != nil:
		l.deliver(n.who, over)
	case with != nil:
		with.add(&n.item)
	case l.errOf(ctx) != nil:
		l.deliver(n.who, l.endOf(ctx))
	default:
		n.far = l.lookOut(ctx, n.who)
	}
}

// remove takes back join, if there was one.
func (n *link) remove() {
	if n.far != nil {
		n.far.leave()
		n.far = nil
	}
	n.item.remove()
}
