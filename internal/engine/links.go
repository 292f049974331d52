package engine

import "context"

// link ties who ends with a context to that: it is in the list of a node, or far.
type link struct {
	who  scoped // written once
	in   *links // nil if in none
	next *link
	prev **link   // the next of the one before, or the head
	far  *lookout // for the end of a foreign context
}

// scoped is what ends with a context. What ends with that in turn it adds to the way of the
// request: see Loop.deliver.
type scoped interface {
	scopeEnded(r *Request)
}

// links is a list of them, in the order in which they came.
type links struct {
	head *link
	tail **link // the next of the last; nil before there was one
}

// join has who end with ctx: at once if that has ended, never if it is nil.
func (n *link) join(l *Loop, ctx context.Context) {
	var over *Request // by which a node of this loop has ended
	var list *links   // who ends with it
	if t, ok := ctx.(*Task); ok && t.loop == l {
		over, list = t.endedBy(), &t.more().links
	} else if s := scopeOf(ctx); s != nil && s.loop == l {
		over, list = s.over, &s.links
	}
	switch {
	case ctx == nil:
	case over != nil:
		l.deliver(n.who, over)
	case list != nil:
		list.add(n)
	case l.errOf(ctx) != nil:
		l.deliver(n.who, l.endOf(ctx))
	default:
		n.far = l.lookOut(ctx, n.who)
	}
}

func (k *links) add(n *link) {
	if k.tail == nil {
		k.tail = &k.head
	}
	n.in, n.prev = k, k.tail
	*k.tail = n
	k.tail = &n.next
}

// remove takes back join, if there was one, and add.
func (n *link) remove() {
	if n.far != nil {
		n.far.leave()
		n.far = nil
	}
	if n.in == nil {
		return
	}
	*n.prev = n.next
	if n.next == nil {
		n.in.tail = n.prev
	} else {
		n.next.prev = n.prev
	}
	n.in, n.prev, n.next = nil, nil, nil
}
