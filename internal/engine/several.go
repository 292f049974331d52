package engine

import "slices"

// several is more than one waiter of a future, in the order in which they came. It is
// runnable only to stand in a waiter's place.
//
// Who leaves must not cost more for there being many. So the places of those who have
// left stay in the list, where wake passes over them, until they are half of it, and
// in a long list places are found by an index.
//
// Invariant: index, if it is there, has the place of every waiter that is not droppable.
type several struct {
	list  []runnable // nil who has left, but a droppable, which says so itself
	left  int        // how many of them have left
	tasks int        // how many of them are tasks
	index map[runnable]int
}

// droppable is a callback that may have been taken back.
type droppable interface{ Dropped() bool }

func (*several) run(*Loop) { panic("unreachable") }

func isTask(w runnable) bool { _, ok := w.(*Task); return ok }

func isDroppable(w runnable) bool { _, ok := w.(droppable); return ok }

func (s *several) add(w runnable) {
	if isTask(w) {
		s.tasks++
	}
	if s.index != nil && !isDroppable(w) {
		s.index[w] = len(s.list)
	}
	s.list = append(s.list, w)
}

func (s *several) drop(w runnable) {
	if !isDroppable(w) {
		i := s.find(w)
		if i < 0 {
			return
		}
		s.list[i] = nil
		delete(s.index, w)
		if isTask(w) {
			s.tasks--
		}
	}
	if s.left++; s.left > len(s.list)/2 {
		s.left, s.index = 0, nil
		s.list = slices.DeleteFunc(s.list, func(w runnable) bool {
			d, ok := w.(droppable)
			return w == nil || ok && d.Dropped()
		})
	}
}

// wake makes all of them ready, in order.
func (s *several) wake(l *Loop) {
	for _, x := range s.list {
		if x != nil {
			l.wake(x)
		}
	}
}

// find returns the place of w, -1 if it has none.
func (s *several) find(w runnable) int {
	const short = 16
	if len(s.list) <= short {
		return slices.Index(s.list, w)
	}
	if s.index == nil {
		s.index = make(map[runnable]int, len(s.list))
		for i, x := range s.list {
			if x != nil && !isDroppable(x) {
				s.index[x] = i
			}
		}
	}
	if i, ok := s.index[w]; ok {
		return i
	}
	return -1
}
