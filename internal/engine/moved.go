package engine

import "context"

// moved is a context that leads to another loop than it would by itself, or to one at all:
// to that it is a foreign one, derived from its root.
type moved struct {
	context.Context
	loop *Loop
}

// Moved returns ctx as one that leads to l.
func Moved(ctx context.Context, l *Loop) context.Context {
	if lookup(ctx).loop == l {
		return ctx
	}
	return &moved{ctx, l}
}

// movedKey is the key under which a context has that which has moved it.
type movedKey struct{}

// Value has the context lead to the root.
func (m *moved) Value(key any) any {
	switch key.(type) {
	case nodeKey:
		return &m.loop.root
	case movedKey:
		return m
	}
	return m.Context.Value(key)
}

// movedEnd returns the request by which ctx, which has ended with the channel of, has done so
// as the moved context of a task of another loop; nil for any other. Whom that task waits for
// gets it in two ways, and is to be asked once.
func movedEnd(ctx context.Context, of <-chan struct{}) (r *Request) {
	defer func() { _ = recover() }()
	if m, ok := ctx.Value(movedKey{}).(*moved); ok && m.Done() == of {
		if t, ok := lookup(m.Context).ends.(*Task); ok {
			return t.endedBy()
		}
	}
	return nil
}
