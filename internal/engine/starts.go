package engine

import "sync"

// starts is the Go tasks that were started and that no goroutine has begun yet. A
// goroutine whose task has ended takes the next, which is far cheaper than to make one
// for each of many short tasks. None has to wait for another all the same.
//
// Invariant: if there are any, a goroutine has been made and is about to take the first;
// before it runs that, it makes another if there are more.
type starts struct {
	mu    sync.Mutex
	ring  ring      // of tasks
	spare bool      // that goroutine is there
	idle  []*worker // of goroutines that have ended, for others

	work func() // of that goroutine; written once, so that to start it allocates nothing
}

func (s *starts) push(t *Task) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ring.push(t)
	if !s.spare {
		s.spare = true
		go s.work()
	}
}

// maxIdleWorkers bounds what is kept of goroutines that have ended.
const maxIdleWorkers = 1024

// begin is next for the goroutine that was made for it, and with what it is known by.
func (s *starts) begin() (*thread, *worker) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spare = s.ring.n > 1
	if s.spare {
		go s.work()
	}
	n := len(s.idle)
	if n == 0 {
		return s.pop(), &worker{}
	}
	w := s.idle[n-1]
	s.idle = s.idle[:n-1]
	return s.pop(), w
}

func (s *starts) giveBack(w *worker) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.idle) < maxIdleWorkers {
		s.idle = append(s.idle, w)
	}
}

// next returns the first, nil if there is none.
func (s *starts) next() *thread {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pop()
}

func (s *starts) pop() *thread {
	if s.ring.n == 0 {
		s.ring.shrink()
		return nil
	}
	return s.ring.pop().(*Task).threadOf()
}
