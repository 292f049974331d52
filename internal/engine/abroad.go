package engine

import "context"

// How a future of another loop is waited for: by a mirror on one's own, which a request for
// cancellation comes to as well. How that goes on from there is in walk.go.

// awaitAbroad waits for a future of another loop. A cancellation is passed on to
// it as if it were of the same one.
func (t *Task) awaitAbroad(f *Future, ctx context.Context) error {
	here := t.loop.mirror(f)
	defer here.leave()
	if err := here.Await(ctx); err != nil {
		return err
	}
	if !f.Finished() {
		return ErrLoopClosed
	}
	return f.retrieve()
}

// image is a future's mirror on another loop.
type image struct {
	Joint
	of   [1]*Future
	over prompt
	stop func() bool
}

// mirror returns a future of l that is done, without an error, when f, of another
// loop, is, or when that loop is closed.
func (l *Loop) mirror(f *Future) *image {
	m := &image{of: [1]*Future{f}}
	m.Init(l)
	m.Parts, m.Passes = m.of[:], true
	m.Play(Mirrored)
	m.stop = context.AfterFunc(&f.loop.root, m.settle)
	m.over = prompt{tell: func() {
		m.stop()
		m.settle()
	}, image: m}
	f.loop.do((*reflected)(m))
	return m
}

func (m *image) settle() {
	if m.Claim() {
		m.Settle(Succeeded, nil)
	}
}

func (m *image) leave() {
	m.stop()
	m.of[0].loop.dropListener(m.of[0], &m.over)
}

// reflected is a mirror that arrives at the loop of what it shows.
type reflected image

func (m *reflected) run(l *Loop) {
	f := m.of[0]
	known := f.abroad()
	l.addListener(f, &m.over)
	if !known && !f.Finished() {
		l.chase(f)
	}
}

// Near returns f if it is a future of l, else one of l that is done when f is, or
// cannot be any more because its loop is closed. leave, not nil then, lets go of it.
func (l *Loop) Near(f *Future) (near *Future, leave func()) {
	if f.loop == l {
		return f, nil
	}
	m := l.mirror(f)
	return &m.Future, m.leave
}
