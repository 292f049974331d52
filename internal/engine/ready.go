package engine

// runnable is an entry of the ready queue or of the inbox.
type runnable interface {
	run(l *Loop)
}

// ring is a first-in first-out queue that grows by doubling.
type ring struct {
	buf  []runnable // length is a power of two, or zero
	head int
	n    int
}

func (r *ring) push(x runnable) {
	if r.n == len(r.buf) {
		r.grow()
	}
	r.buf[(r.head+r.n)&(len(r.buf)-1)] = x
	r.n++
}

func (r *ring) peek() runnable { return r.buf[r.head] }

func (r *ring) pop() runnable {
	x := r.buf[r.head]
	r.buf[r.head] = nil
	r.head = (r.head + 1) & (len(r.buf) - 1)
	r.n--
	return x
}

func (r *ring) grow() {
	buf := make([]runnable, max(64, 2*len(r.buf)))
	n := copy(buf, r.buf[r.head:])
	copy(buf[n:], r.buf[:r.head])
	r.buf, r.head = buf, 0
}

// shrink gives back the memory of a burst once the queue is empty.
func (r *ring) shrink() {
	if r.n == 0 && len(r.buf) > 1<<14 {
		*r = ring{}
	}
}
