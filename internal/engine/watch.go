package engine

// Watch is a callback of a future's end that costs no closure, for use by the
// owner of the future's loop alone.
type Watch struct {
	to      Watcher
	i       int32 // which of its watches it is
	dropped bool
}

// Watcher is told by its i-th Watch, one turn after the future is done.
type Watcher interface{ FutureDone(i int) }

// Start has to told when f is done, by the number i.
func (w *Watch) Start(f *Future, to Watcher, i int) {
	w.to, w.i = to, int32(i)
	f.loop.addListener(f, w)
}

// Stop takes it back. Who watches does not ask how f has ended, if it has.
func (w *Watch) Stop(f *Future) {
	w.dropped = true
	f.loop.dropListener(f, w)
}

// counter is a Watcher that can tell whether its FutureDone would do nothing but count.
// When that comes makes no difference to anybody: see explorer.
type counter interface{ Counts(i int) bool }

// counts reports whether the watch is such a one now.
func (w *Watch) counts() bool {
	c, ok := w.to.(counter)
	return ok && !w.dropped && c.Counts(int(w.i))
}

func (w *Watch) done(l *Loop) { l.wake(w) }

func (w *Watch) run(*Loop) {
	if !w.dropped {
		w.to.FutureDone(int(w.i))
	}
}
