package engine

import "context"

// link is the place of who ends with a context: in the list of a node, or far.
type link struct {
	who        scoped // written once
	in         *links
	prev, next *link
	far        *lookout // for the end of a foreign context
}

// scoped is what ends with a context. What ends with that in turn it adds to the way of the
// request: see Loop.deliver.
type scoped interface {
	scopeEnded(r *Request)
}

// links is a list of them, in the order in which they came.
type links struct{ head, tail *link }

// join has who end with ctx: at once if that has ended, never if it is nil.
func (n *link) join(l *Loop, ctx context.Context) {
	over, list := l.linksOf(ctx)
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

// linksOf returns who ends with a node of this loop, and by what it has ended, nil if it
// has not; of another context nothing.
func (l *Loop) linksOf(ctx context.Context) (over *Request, list *links) {
	if t, ok := ctx.(*Task); ok && t.loop == l {
		return t.endedBy(), &t.more().links
	}
	if s := scopeOf(ctx); s != nil && s.loop == l {
		return s.over, &s.links
	}
	return nil, nil
}

func (k *links) add(n *link) {
	n.in, n.prev = k, k.tail
	if k.tail == nil {
		k.head = n
	} else {
		k.tail.next = n
	}
	k.tail = n
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
	if n.prev == nil {
		n.in.head = n.next
	} else {
		n.prev.next = n.next
	}
	if n.next == nil {
		n.in.tail = n.prev
	} else {
		n.next.prev = n.prev
	}
	n.in, n.prev, n.next = nil, nil, nil
}
