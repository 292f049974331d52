package engine

import "slices"

// listener is who is told when a future is done, at once and by the owner of its loop: a
// *Task, *Handle, *Watch or *stopper, which becomes ready then; a *prompt, which does
// what it has to do; or *several of them.
type listener interface{ done(l *Loop) }

// prompt is a listener that is not of the loop, and is told also by a loop that does not
// run.
type prompt struct {
	tell  func()
	image *image // what it completes, if that is a mirror
}

func (p *prompt) done(*Loop) { p.tell() }

// addListener has w become ready when f is done. Any goroutine may call it.
func (l *Loop) addListener(f *Future, w listener) {
	if !l.owned() {
		l.post(action(func() { l.addListener(f, w) }))
		return
	}
	if f.Finished() {
		f.schedule(l)
		if x, ok := f.err.(*failure); ok {
			x.awaited()
			x.expected()
		}
		w.done(l)
		return
	}
	f.add(w)
}

// dropListener takes back addListener: w does not listen any more, also if f is done. Any
// goroutine may call it.
func (l *Loop) dropListener(f *Future, w listener) {
	switch {
	case !l.owned():
		l.post(action(func() { l.dropListener(f, w) }))
	case f.Finished() && f.listeners == nil:
		f.Missed()
	default:
		f.drop(w)
	}
}

// add appends a listener of a pending future.
func (f *Future) add(w listener) {
	if f.listeners == nil {
		f.listeners = w
	} else {
		f.addAnother(w)
	}
}

func (f *Future) addAnother(w listener) {
	s, ok := f.listeners.(*several)
	if !ok {
		s = &several{list: make([]listener, 0, 4)}
		s.add(f.listeners)
		f.listeners = s
	}
	s.add(w)
}

// drop removes a listener.
func (f *Future) drop(w listener) {
	if x, ok := f.listeners.(*several); ok {
		x.drop(w)
	} else if f.listeners == w {
		f.listeners = nil
	}
}

// audience is how many are to be told of the end.
func (f *Future) audience() int {
	switch x := f.listeners.(type) {
	case nil:
		return 0
	case *several:
		return len(x.list) - x.left
	}
	return 1
}

// awaitedByTask reports whether a task is among the listeners.
func (f *Future) awaitedByTask() bool {
	if x, ok := f.listeners.(*several); ok {
		return x.tasks > 0
	}
	return isTask(f.listeners)
}

// several is more than one listener of a future, in the order in which they came.
//
// Who leaves must not cost more for there being many. So the entries of those who have
// left stay in the list, where done passes over them, until they are half of it, and
// in a long list entries are found by an index.
//
// Invariant: index, if it is there, has the entry of every listener.
type several struct {
	list  []listener // nil who has left
	left  int        // how many of them have left
	tasks int        // how many of them are tasks
	index map[listener]int
}

func isTask(w listener) bool { _, ok := w.(*Task); return ok }

func (s *several) add(w listener) {
	if isTask(w) {
		s.tasks++
	}
	if s.index != nil {
		s.index[w] = len(s.list)
	}
	s.list = append(s.list, w)
}

func (s *several) drop(w listener) {
	i := s.find(w)
	if i < 0 {
		return
	}
	s.list[i] = nil
	delete(s.index, w)
	if isTask(w) {
		s.tasks--
	}
	if s.left++; s.left > len(s.list)/2 {
		s.left, s.index = 0, nil
		s.list = slices.DeleteFunc(s.list, func(w listener) bool { return w == nil })
	}
}

// done tells all of them, in order.
func (s *several) done(l *Loop) {
	for _, x := range s.list {
		if x != nil {
			x.done(l)
		}
	}
}

// find returns the index of w, -1 if it has none.
func (s *several) find(w listener) int {
	const short = 16
	if len(s.list) <= short {
		return slices.Index(s.list, w)
	}
	if s.index == nil {
		s.index = make(map[listener]int, len(s.list))
		for i, x := range s.list {
			if x != nil {
				s.index[x] = i
			}
		}
	}
	if i, ok := s.index[w]; ok {
		return i
	}
	return -1
}
